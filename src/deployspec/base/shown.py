"""How a piece of a stranger's answer is shown to a person: on one line, short, without secrets, without tricks."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from deployspec.base.disclosure import HIDDEN, mask, masked_window, redact, tells_something
from deployspec.base.problems import listed

if TYPE_CHECKING:
    from fractions import Fraction

_CANDIDATES = 1000
"""Among how many names the nearest is looked for letter by letter."""


def one_line(text: str, limit: int = 200) -> str:
    """A text on one line of at most ``limit`` characters, its secrets hidden.

    What a terminal would obey rather than show is escaped: control characters, escape sequences, line and paragraph
    separators, marks that turn the direction of writing, half surrogates.
    """
    return cut(mask(text), limit)


def cut(text: str, limit: int) -> str:
    """The text on one line of at most ``limit`` characters. It hides only what is known to be secret."""
    text = printable(redact(text)[: limit + 1])
    return text if len(text) <= limit else text[: limit - 1] + "…"


def printable(text: str) -> str:
    """The text with every character escaped that does not print as itself."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def excerpt(text: str, at: int, width: int = 48) -> str:
    """About ``width`` characters of a text around a place in it, masked, on one line. Ellipses show the cuts."""
    start, end = max(0, at - width // 2), min(len(text), at + width // 2)
    shown = one_line(masked_window(text, start, end), 2 * width)
    return f"{'…' if start else ''}{shown}{'…' if end < len(text) else ''}"


def value(found: object, *, name: str = "", limit: int = 40) -> str:
    """A JSON value as a reason shows it. ``name`` is the field that holds it: a password's value stays hidden."""
    match found:
        case dict():
            return f"an object of {counted(len(found), 'field')}"
        case list():
            return f"an array of {counted(len(found), 'item')}"
        case str() | int() | float() if tells_something(name, str(found)):
            return HIDDEN
        case str():
            return f'"{one_line(found, limit)}"'
        case _:
            return one_line(json.dumps(found), limit)


def place(path: tuple[str | int, ...]) -> str:
    """A path into a JSON document: ``$.parts[2].name``. Its keys are the document's, so they are masked."""
    steps = []
    for step in path[:8]:
        if isinstance(step, int):
            steps.append(f"[{step}]")
        elif re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", step):
            steps.append(f".{one_line(step, 40)}")
        else:
            steps.append(f'["{one_line(step, 40)}"]')
    return cut("$" + "".join(steps) + ("…" if len(path) > 8 else ""), 64)


def seconds(amount: float, limit: float | None = None) -> str:
    """Seconds for a person. Never rounded onto or across a limit: 1.0004 s beside a limit of 1 s stays above it, and
    0.9996 s below."""
    for digits in (3, 6, 9, 12, 15):
        text = f"{amount:.{digits}f}"
        if limit is None or (
            (float(text) > limit) == (amount > limit) and (float(text) < limit) == (amount < limit)
        ):
            break
    text = text.rstrip("0").rstrip(".")
    return f"{'0' if text == '-0' else text} s"


def lasting(amount: float) -> str:
    """A span of seconds for a person, in its two largest units: ``35 s``, ``12 min``, ``7 h 12 min``, ``168 h``.

    Never longer than it is, unless that is nothing at all: what lasts is told when it has.
    """
    if 0 < amount < 1:
        return "less than 1 s"
    # A sum of floats may be a hair short of what it stands for.
    whole = int(amount + 1e-6)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    pieces = [(hours, "h"), (minutes, "min")] if hours else [(minutes, "min"), (rest, "s")]
    return " ".join(f"{number} {unit}" for number, unit in pieces if number) or "0 s"


def percentage(share: Fraction | float, limit: Fraction | float, least: int = 2) -> str:
    """A share as a percentage, for a person. Never rounded onto or across the limit, and never to none.

    ``least`` digits after the point, or as many more as that takes.
    """
    from fractions import Fraction

    share, limit = Fraction(share), Fraction(limit)
    for digits in range(least, 40):
        rounded = Fraction(round(share * 100 * 10**digits), 100 * 10**digits)
        same_side = (rounded > limit) == (share > limit) and (rounded < limit) == (share < limit)
        if same_side and bool(rounded) == bool(share):
            break
    whole, rest = divmod(round(share * 100 * 10**digits), 10**digits)
    return f"{whole}.{rest:0{digits}}%"


def counted(number: int, thing: str, form: str = "") -> str:
    """``1 call``, ``2 calls``; the number in the ``form`` of a format specification."""
    return f"{number:{form}} {thing}{'' if number == 1 else 's'}"


def names(words: tuple[str, ...] | list[str]) -> str:
    """``ok, db and redis``."""
    return listed(words, "and") if words else "nothing"


def nearest(name: str, there: Collection[str]) -> str:
    """The one of these names that is most like another, as the end of a sentence; empty where none is like it."""
    import difflib
    import heapq

    if len(there) > _CANDIDATES:  # a thorough look at a hundred thousand names would take many seconds
        pieces = {name[start : start + 3] for start in range(max(1, len(name) - 2))}

        def likeness(other: str) -> float:
            return sum(piece in other for piece in pieces) - abs(len(other) - len(name)) / 4

        there = heapq.nlargest(_CANDIDATES, there, key=likeness)
    found = difflib.get_close_matches(name, there, 1)
    return f"; nearest is `{one_line(found[0], 120)}`" if found else ""
