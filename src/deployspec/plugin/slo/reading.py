"""The objectives of this run, read once."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deployspec.plugin.deployments import is_asked, obtain

if TYPE_CHECKING:
    from deployspec.languages.openslo.model import Objective

_OBJECTIVES: pytest.StashKey[list[Objective]] = pytest.StashKey()
LARGEST = 1024 * 1024
"""Bytes of one file."""


def objectives_of(config: pytest.Config) -> list[Objective]:
    """All objectives that this run is about, in the order of their files.

    None where a deployment is named whose file names none, and in a project without a folder of its own for them.
    Raises pytest.UsageError, which ends the run with status 4, for a file that cannot be used, and where patterns match none.
    """
    known = config.stash.get(_OBJECTIVES, None)
    if known is None:
        known = config.stash[_OBJECTIVES] = _read(config)
    return known


def _read(config: pytest.Config) -> list[Objective]:
    from deployspec.languages.openslo import read_objectives

    found: dict[str, Objective] = {}
    problems: list[str] = []
    folder, patterns = _patterns(config)
    for path in _files(folder, patterns):
        shown = _shown(path, config)
        try:
            text = _text(path)
        except (OSError, ValueError) as error:
            problems.append(f"{shown}: found {error}; expected an OpenSLO document")
            continue
        read = read_objectives(text, shown)
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
            f"{', '.join(_shown(Path(one), config) for one in patterns)}: found no objective; expected OpenSLO documents of kind SLO"
        )
    if problems:
        raise pytest.UsageError("\n".join(problems))
    return list(found.values())


def _patterns(config: pytest.Config) -> tuple[Path, Sequence[str]]:
    """The folder and the patterns below it: the command line's, the deployment file's, or the project's own."""
    if said := config.getoption("--slos"):
        return Path(config.invocation_params.dir), said
    root = config.rootpath
    if is_asked(config):
        named = obtain(config).slos
        return root, () if named is None else named.files
    return root, ["slos/*.yaml", "slos/*.yml"] if (root / "slos").is_dir() else ()


def _files(folder: Path, patterns: Sequence[str]) -> list[Path]:
    return sorted({Path(path) for pattern in patterns for path in _matching(folder / pattern)})


def _matching(pattern: Path) -> list[str]:
    return glob.glob(str(pattern), recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern


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
        raise ValueError("bytes that are no UTF-8") from None


def _shown(path: Path, config: pytest.Config) -> str:
    root = config.rootpath
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
