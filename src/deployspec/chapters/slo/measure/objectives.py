"""Objectives, read from their files."""

from __future__ import annotations

import glob
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

from deployspec.languages.openslo import read_objectives
from deployspec.languages.openslo.model import Objective

LARGEST = 1024 * 1024
"""Bytes of one file."""


def objectives_in(
    patterns: Sequence[str], folder: Path, shown: Callable[[Path], str] = str
) -> tuple[list[Objective], list[str]]:
    """All objectives of the files that patterns match, relative ones below a folder, in the order of the files; and what is
    wrong, a line each. ``shown`` says how a path is written."""
    found: dict[str, Objective] = {}
    problems: list[str] = []
    # glob's own, since Path.glob takes no absolute pattern.
    found_by = (glob.glob(str(folder / one), recursive=True) for one in patterns)  # noqa: PTH207
    for path in sorted(set(map(Path, chain.from_iterable(found_by)))):
        name = shown(path)
        try:
            text = _text(path)
        except (OSError, ValueError) as error:
            problems.append(f"{name}: found {error}; expected an OpenSLO document")
            continue
        read = read_objectives(text, name)
        problems += map(str, read.problems)
        for objective in read.objectives:
            first = found.setdefault(objective.name, objective)
            if first is not objective:
                problems.append(
                    f"{objective.source}: found the objective {objective.name} for the second time (first: "
                    f"{first.source}); expected a name of its own for each"
                )
    if patterns and not found and not problems:
        problems.append(
            f"{', '.join(shown(Path(one)) for one in patterns)}: found no objective; expected OpenSLO documents of kind SLO"
        )
    return list(found.values()), problems


def _text(path: Path) -> str:
    if not path.is_file():
        raise ValueError("no file")
    with path.open("rb") as file:
        raw = file.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise ValueError("a file of more than 1 MiB")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("bytes that are not UTF-8") from None
