"""Two bodies of the same service: do they say the same, but for times and counters, which change with every answer?

What is a time or a counter is seen by its value alone, in both bodies, as no field is named here:

- a number: uptimes, counters, gauges, times since an epoch. So a state that is told as a number is not compared;
- a text that has a digit and, beside digits and signs, nothing but units of time and size, names of days and months
  and words for time zones: ``2024-01-15T10:30:45Z``, ``Mon, 15 Jan 2024 10:30:45 GMT``, ``3 days, 4:05:06``,
  ``PT1H2M``, ``12.5 MB``, ``41%``. A version (``1.2.3``), an address or a commit's hash is none, and is compared;
- a UUID, which names one answer or one request.

All else is compared: which fields there are, how long an array is, true, false and null, every other text.
"""

from __future__ import annotations

import re

from deployspec.base.shown import place, value

_UNITS = """
ns us µs μs ms s sec secs second seconds m min mins minute minutes h hr hrs hour hours d day days w week weeks
b byte bytes k kb mb gb tb kib mib gib tib
"""
_OF_TIMES = """
t z p pt utc gmt am pm ago e mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday
jan feb mar apr may jun jul aug sep oct nov dec
january february march april june july august september october november december
"""
_WORDS = frozenset((_UNITS + _OF_TIMES).split())
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_VERSION_OR_HASH = r".*\d\.\d+\.\d.*|(?=\d*[a-f])[0-9a-f]{7,}"
"""``1.2.3``, ``10.0.0.1`` or ``3e5d7b1``, which would pass for a number with units."""
_Path = tuple[str | int, ...]


def differences(first: object, other: object) -> list[str]:
    """Where the other document says something else than the first, and what: ``$.status "DOWN" instead of "UP"``."""
    found: list[str] = []
    # A stack of its own: a document may be nested deeper than the interpreter's reaches.
    open_: list[tuple[_Path, object, object]] = [((), first, other)]
    while open_:
        at, was, now = open_.pop()
        if isinstance(was, dict) and isinstance(now, dict):
            found += [f"{place((*at, name))} is missing" for name in was if name not in now]
            found += [f"{place((*at, name))} is new" for name in now if name not in was]
            open_ += [((*at, name), was[name], now[name]) for name in reversed(was) if name in now]
        elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
            open_ += [((*at, index), was[index], now[index]) for index in reversed(range(len(was)))]
        elif not _same(was, now):
            name = str(at[-1]) if at else ""
            found.append(f"{place(at)} {value(now, name=name)} instead of {value(was, name=name)}")
    return found


def _same(was: object, now: object) -> bool:
    if isinstance(was, bool) or isinstance(now, bool):
        return was is now
    if isinstance(was, str) and isinstance(now, str):
        return was == now or (_changes(was) and _changes(now))
    if isinstance(was, int | float) and isinstance(now, int | float):
        return True
    return was is None and now is None


def _changes(text: str) -> bool:
    """Whether a text is a time, a counter or a UUID, by its looks."""
    if len(text) > 64:
        return False
    if re.fullmatch(_UUID, text, re.IGNORECASE):
        return True
    if not re.search(r"\d", text) or re.fullmatch(_VERSION_OR_HASH, text, re.IGNORECASE):
        return False
    return all(word.lower() in _WORDS for word in re.findall(r"[^\W\d_]+", text))
