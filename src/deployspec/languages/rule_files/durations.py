"""Durations as Prometheus writes them: ``30s``, ``5m``, ``1h30m``, ``0``.

The grammar is that of ``ParseDuration`` in github.com/prometheus/common/model: whole numbers, each unit at most
once, from the largest to the smallest; a day has 24 hours, a week 7 days, a year 365 days.
"""

from __future__ import annotations

import re

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
_WHOLE = re.compile("".join(f"(?:([0-9]{{1,24}}){unit})?" for unit in _UNITS))
_LONGEST = 2**63 // 1_000_000
"""Prometheus counts nanoseconds in 64 bits: about 292 years, here in milliseconds."""


def parse_duration(text: str) -> float | None:
    """The duration in seconds, or None for a text that promtool takes for none."""
    if text == "0":
        return 0.0
    match = _WHOLE.fullmatch(text)
    if not text or match is None:
        return None
    pairs = zip(match.groups(), _UNITS.values(), strict=True)
    milliseconds = sum(int(digits) * unit for digits, unit in pairs if digits)
    return None if milliseconds > _LONGEST else milliseconds / 1000
