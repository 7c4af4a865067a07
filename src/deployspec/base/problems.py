"""The problems of one file: collected, put in order, and told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

MOST_TOLD = 100
_LONGEST_SHOWN = 60


class Problem(NamedTuple):
    """One thing that is wrong, at a place. Lines and columns count from 1, columns in characters."""

    line: int
    column: int
    found: str
    expected: str

    def told(self, path: Path) -> str:
        """The line that the user reads."""
        return (
            f"{printable(str(path))}:{self.line}:{self.column}: found {self.found}; expected {self.expected}"
        )


class Problems:
    """What was found so far, each problem once: an alias leads to the same place twice."""

    def __init__(self) -> None:
        self.found: set[Problem] = set()
        self.untold = 0
        """How many more there are, beyond what anyone would read."""

    def add(self, place: tuple[int, int], found: str, expected: str) -> None:
        """Note a problem at ``place``, a line and a column."""
        self.found.add(Problem(*place, found, expected))

    def told(self, path: Path) -> str:
        """All of them in the file's order, one a line."""
        lines = [problem.told(path) for problem in sorted(self.found)]
        more = max(0, len(lines) - MOST_TOLD) + self.untold
        if more > 0:
            lines[MOST_TOLD:] = [f"{printable(str(path))}: and {more} more problems"]
        return "\n".join(lines)


def shown(text: str) -> str:
    """A harmless value, as it stands in a message: short, on one line, in quotes where it is not one word."""
    if not text:
        return "an empty text"
    if len(text) > _LONGEST_SHOWN:
        text = text[: _LONGEST_SHOWN - 1] + "…"
    return text if re.fullmatch(r"[!-~…]+", text) else json.dumps(text)


def printable(text: str) -> str:
    """``text`` with control characters escaped: a message must not move a terminal's cursor."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def listed(names: Iterable[str]) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def suggestion(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, if one is near."""
    import difflib

    if not 3 <= len(word) <= 40:
        return None
    simplified = {_simplified(name): name for name in known}
    near = difflib.get_close_matches(_simplified(word), simplified, n=1, cutoff=0.6)
    return simplified[near[0]] if near else None


def _simplified(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")
