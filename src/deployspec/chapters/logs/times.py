"""What the formats of times are called, and whether a pattern or a zone can be used."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from deployspec.chapters.logs.form import RFC3339

EPOCHS = {"epoch": 1, "epoch_ms": 10**3, "epoch_us": 10**6, "epoch_ns": 10**9}
"""The formats that are numbers since 1970: how many make a second."""
NAMES = (RFC3339, "iso8601", *EPOCHS)
"""The formats of times that have names; any other is a pattern of strptime."""


def zone_of(name: str) -> tzinfo:
    """A time zone. Raises ValueError where there is none of this name."""
    if name in ("UTC", "Z"):
        return UTC
    if match := re.fullmatch(r"([+-])(\d\d):?(\d\d)", name):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset)
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise ValueError("expected UTC, an offset such as +02:00, or a name such as Europe/Berlin") from None


def says_year(pattern: str) -> bool:
    """Whether the times of a pattern of strptime have their year."""
    return any(directive in pattern for directive in ("%Y", "%y", "%c", "%x", "%G"))


def check_pattern(pattern: str) -> None:
    """Raises ValueError for a pattern that no time has."""
    moment = datetime(2026, 10, 21, 20, 40, 50, 60_000, UTC)
    expected = f"expected {', '.join(NAMES)}, or a pattern of strptime such as %Y-%m-%d %H:%M:%S,%f"
    if "%" not in pattern:
        raise ValueError(expected)
    dated = pattern if says_year(pattern) else f"%Y {pattern}"
    try:
        read = datetime.strptime(moment.strftime(dated), dated)  # noqa: DTZ007 - its zone may be said elsewhere
    except (ValueError, re.error) as error:
        raise ValueError(f"{str(error).replace(dated, pattern)}; {expected}") from None
    if (read.month, read.day, read.hour, read.minute) != (10, 21, 20, 40):
        raise ValueError("expected a pattern that says the day and the time of day")
