"""Durations, as Prometheus writes them: ``500ms``, ``2s``, ``1h30m``, ``1d``.

The grammar is that of ``ParseDuration`` in github.com/prometheus/common/model: whole numbers, each unit at most
once, from the largest to the smallest; a day has 24 hours, a week 7 days, a year 365 days.
"""

from __future__ import annotations

import re

from deployspec.base.unfit import Unfit

_UNITS = {
    "y": 31_536_000_000,
    "w": 604_800_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1_000,
    "ms": 1,
}
"""In milliseconds, from the largest to the smallest."""
_WHOLE = re.compile("".join(f"(?:([0-9]+){unit})?" for unit in _UNITS))
_PIECES = re.compile(r"[0-9]+([^0-9]+)")
_LONGEST = 2**63 // 1_000_000
"""Prometheus counts nanoseconds in 64 bits: about 292 years, here in milliseconds."""
_LONGEST_TEXT = 100
"""In characters: the search for the exact reason takes time that grows with the square."""
EXPECTED = "a duration such as 2s, 500ms or 1h30m"


def read_duration(text: str) -> float | None:
    """The duration in seconds, also 0; None for a text that Prometheus takes for none."""
    if text == "0":
        return 0.0
    match = _WHOLE.fullmatch(text)
    if not text or match is None:
        return None
    counts = [(digits or "").lstrip("0") for digits in match.groups()]
    # Digits beyond these cannot be in range, and a conversion of very many is refused by Python.
    if any(len(digits) > 18 for digits in counts):
        return None
    pairs = zip(counts, _UNITS.values(), strict=True)
    milliseconds = sum(int(digits or 0) * unit for digits, unit in pairs)
    return None if milliseconds > _LONGEST else milliseconds / 1000


def parse_duration(text: str) -> float:
    """The duration in seconds, above 0.

    Raises :class:`Unfit` with the specific reason for anything else, also for ``0``, which Prometheus accepts but
    which is no useful limit.
    """
    seconds = read_duration(text)
    if seconds is None:
        raise _objection(text)
    if seconds == 0:
        raise Unfit("{}", "a duration longer than 0")
    return seconds


def format_duration(seconds: float, largest: str = "y") -> str:
    """As Prometheus writes it, to the millisecond: ``format_duration(5400)`` is ``1h30m``.

    Years and weeks are used only where nothing else is left over, as Prometheus does; units above the ``largest``
    not at all.
    """
    rest, text = max(0, round(seconds * 1000)), ""
    for unit, size in _UNITS.items():
        if size <= _UNITS[largest] and not (unit in ("y", "w") and rest % size):
            count, rest = divmod(rest, size)
            text += f"{count}{unit}" if count else ""
    return text or "0s"


def _objection(text: str) -> Unfit:
    """What exactly is wrong with a text that is not a duration."""
    if text and _WHOLE.fullmatch(text):
        return Unfit("{}, which is out of range", "at most about 292 years")
    if len(text) > _LONGEST_TEXT:
        return Unfit("{}, which is too long for a duration", EXPECTED)
    if not text.strip():
        return Unfit("an empty duration", EXPECTED)
    if any(letter.isspace() for letter in text):
        return Unfit("{} with a space in it", f"{EXPECTED}, without spaces")
    if text.startswith("-"):
        return Unfit("{}, which is negative", "a duration longer than 0")
    if re.fullmatch(r"[0-9]*[.,][0-9]+[a-z]*|[0-9]+\.", text):
        return Unfit("{} with a fraction", "whole numbers, such as 1500ms for one and a half seconds")
    if re.fullmatch(r"[0-9]+", text):
        return Unfit("{} without a unit", EXPECTED)
    units = _PIECES.findall(text)
    if re.fullmatch(r"([0-9]+[^0-9]+)+", text) is None:
        if units and re.fullmatch(r"([0-9]+[a-z]+)+[0-9]+", text):
            return Unfit("{}, whose last number has no unit", EXPECTED)
        return Unfit("{}, which is not a duration", EXPECTED)
    unknown = next((unit for unit in units if unit not in _UNITS), None)
    if unknown is not None:
        return Unfit("{} with an unknown unit", f"{EXPECTED}; the units are y, w, d, h, m, s and ms")
    if len(set(units)) < len(units):
        return Unfit("{} with a unit given twice", f"{EXPECTED}, each unit once")
    return Unfit("{} with its units out of order", f"{EXPECTED}, from the largest unit to the smallest")
