"""Reads the list of what titles and units promise: ours, and a user's."""

from __future__ import annotations

from pathlib import Path

import yaml

from deployspec.base import shown
from deployspec.chapters.dashboards.judge.meanings import Meanings, MeaningsError, read_meanings
from deployspec.model.verdict import Unmeasured

OURS = Path(__file__).parents[1] / "meanings.yaml"
MOST_BYTES = 1024 * 1024
"""Of a user's list."""


def meanings_of(path: Path | None) -> Meanings:
    """Ours, behind those of a user's file. Raises Unmeasured where that file is no such list."""
    ours = _read(OURS)
    return ours if path is None else _read(path).beside(ours)


def _read(path: Path) -> Meanings:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise Unmeasured(f"{path}: found more than 1 MiB; expected a list of meanings")
        return read_meanings(yaml.safe_load(content))
    except OSError as error:
        raise Unmeasured(f"{path}: {error.strerror}; expected a list of meanings") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, MeaningsError):
            raise Unmeasured(f"{path}: {error}") from None
        raise Unmeasured(
            f"{path}: found no YAML ({shown.one_line(str(error), 160)}); expected a list of meanings"
        ) from None
