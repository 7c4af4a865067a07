"""The objectives of this run, read once."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from deployspec.objectives.model import Objective

_OBJECTIVES: pytest.StashKey[list[Objective]] = pytest.StashKey()
LARGEST = 1024 * 1024
"""Bytes of one file."""


def objectives_of(config: pytest.Config) -> list[Objective]:
    """All objectives, in the order of their files.

    Raises pytest.UsageError, which ends the run with status 4, for a file that cannot be used, and where there is none.
    """
    known = config.stash.get(_OBJECTIVES, None)
    if known is None:
        known = config.stash[_OBJECTIVES] = _read(config)
    return known


def _read(config: pytest.Config) -> list[Objective]:
    from deployspec.objectives.openslo import read_objectives

    found: dict[str, Objective] = {}
    problems: list[str] = []
    for path in _files(config):
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
    if not found and not problems:
        problems.append(f"{_said(config)}: found no objective; expected OpenSLO documents of kind SLO")
    if problems:
        raise pytest.UsageError("\n".join(problems))
    return list(found.values())


def _files(config: pytest.Config) -> list[Path]:
    said = config.getoption("--slos")
    folder = Path(config.invocation_params.dir) if said else config.rootpath
    patterns = said or ["slos/*.yaml", "slos/*.yml"]
    paths = [Path(path) for pattern in patterns for path in _matching(folder / pattern)]
    return sorted(dict.fromkeys(paths))


def _matching(pattern: Path) -> list[str]:
    return glob.glob(str(pattern), recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern


def _said(config: pytest.Config) -> str:
    said = config.getoption("--slos")
    return f"--slos {' --slos '.join(said)}" if said else "slos/*.yaml"


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
