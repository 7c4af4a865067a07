"""The problems of one file, and of those that it is made from: where they are, collected, put in order, and told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import NamedTuple, Protocol

MOST_SHOWN = 100
"""Problems of one file: as many as anyone reads."""
_LONGEST_SHOWN = 60


class Positioned(Protocol):
    """What stands somewhere in a file. Lines and columns count from 1, columns in characters."""

    @property
    def line(self) -> int: ...

    @property
    def column(self) -> int: ...

    @property
    def file(self) -> str:
        """Its name in messages; empty for the file that the problems are of."""
        ...


class Position(NamedTuple):
    """A character in a text."""

    line: int
    column: int

    @property
    def file(self) -> str:
        """That of the problems."""
        return ""


class Place(NamedTuple):
    """A character in a file. Line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Problem(NamedTuple):
    """What is wrong with a file, at one place."""

    place: Place
    found: str
    expected: str
    """Empty where ``found`` says all."""
    kind: str = "file"
    """``file``: promtool refuses the file too, or does not see what it says. ``promql``: an expression that
    deployspec's own parser cannot read; whether it is valid is promtool's to say."""

    def __str__(self) -> str:
        return f"{self.place}: " + (
            f"found {self.found}; expected {self.expected}" if self.expected else self.found
        )


class Problems(list[Problem]):
    """What was found wrong with one file so far."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.not_shown = 0
        """How many more there are, beyond what anyone would read."""

    def place(self, at: Positioned | None) -> Place:
        """Where a node begins; the file's beginning where there is none."""
        return Place(self.path) if at is None else Place(at.file or self.path, at.line, at.column)

    def add(self, at: Positioned | None, found: str, expected: str, kind: str = "file") -> None:
        """Note a problem where ``at`` begins."""
        self.append(Problem(self.place(at), found, expected, kind))

    def in_words(self) -> str:
        """All of them in the file's order, one a line, each once: an alias leads to the same place twice."""
        lines = [str(problem) for problem in sorted(set(self))]
        more = max(0, len(lines) - MOST_SHOWN) + self.not_shown
        if more > 0:
            lines[MOST_SHOWN:] = [f"{self.path}: and {more} more problems"]
        return "\n".join(lines)

    def in_order(self) -> tuple[Problem, ...]:
        """They in the file's order, as many as anyone reads."""
        ordered = sorted(self, key=lambda problem: problem.place)
        if len(ordered) > MOST_SHOWN:
            ordered[MOST_SHOWN:] = [
                Problem(Place(self.path), f"and {len(ordered) - MOST_SHOWN} more problems", "")
            ]
        return tuple(ordered)


def position(text: str, offset: int) -> Position:
    """Where the character ``offset`` of a text stands."""
    return Position(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def shown(text: str) -> str:
    """A harmless value, as it stands in a message: short, on one line, in quotes where it is not one word."""
    if not text:
        return "an empty text"
    if len(text) > _LONGEST_SHOWN:
        text = text[: _LONGEST_SHOWN - 1] + "…"
    return text if re.fullmatch(r"[!-~…]+", text) else json.dumps(text)


def listed(names: Iterable[str], joint: str = "or") -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    *most, last = names
    return f"{', '.join(most)} {joint} {last}" if most else last


def suggestion(word: str, known: Iterable[str], shortest: int = 3) -> str | None:
    """The known word that was probably meant, if one is near."""
    import difflib

    if not shortest <= len(word) <= 40:
        return None
    simplified = {_simplified(name): name for name in known}
    near = difflib.get_close_matches(_simplified(word), simplified, n=1, cutoff=0.6)
    return simplified[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str], prefix: str = "") -> str:
    """The known word that was probably meant, as the end of a sentence; empty where none is near."""
    near = suggestion(word, known)
    return f"; did you mean {prefix}{near}?" if near else ""


def _simplified(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")
