"""Moments as our own files and logs write them, in UTC to the millisecond: ``2026-01-31T23:59:59.999Z``.

They sort as text does. What others write, ``rfc3339`` reads.
"""

from __future__ import annotations

import calendar
import re
import time

_WRITTEN = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?Z")


def written(seconds: float | None = None) -> str:
    """A moment in seconds since the epoch; now, where none is given."""
    # To whole milliseconds first: a fraction that is cut may lose one.
    whole, thousandths = divmod(round((time.time() if seconds is None else seconds) * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{thousandths:03d}Z"


def seconds_of(moment: str) -> float | None:
    """Seconds since the epoch; None where the text is no such moment."""
    found = _WRITTEN.fullmatch(moment)
    if found is None:
        return None
    return calendar.timegm(tuple(map(int, found.groups()[:6]))) + float(found[7] or 0)
