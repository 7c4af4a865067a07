"""Days, times of day and time zones that a deployment file names.

Nothing is imported before it is needed: most files name none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployspec.base.unfit import Unfit

if TYPE_CHECKING:
    from datetime import tzinfo

EXPECTED_MOMENT = "a time with its offset, such as 2027-03-01T22:00:00+01:00"
EXPECTED_LAST = f"a day such as 2027-03-01, or {EXPECTED_MOMENT}"
EXPECTED_ZONE = "a time zone such as Europe/Berlin or UTC"
_LATEST = 253_370_764_800
"""The year 9999 begins: what Python's dates can tell ends with it, in any time zone."""


def read_moment(text: str) -> tuple[float, tzinfo]:
    """A time as RFC 3339 writes it, in seconds since 1970, and the offset in which it is said.

    Raises :class:`Unfit` for anything else, and for years before 1970 and after 9998.
    """
    from datetime import datetime

    from deployspec.base.rfc3339 import NotAStamp, parse

    stamp = parse(text)
    if isinstance(stamp, NotAStamp):
        raise Unfit(f"{{}}, which {stamp.why}", EXPECTED_MOMENT)
    if not 0 <= stamp.moment < _LATEST:
        raise Unfit("{}", "a time in one of the years 1970 to 9998")
    offset = "+00:00" if text[-1] in "Zz" else text[-6:]
    zone = datetime.fromisoformat(f"1970-01-01T00:00{offset}").tzinfo
    assert zone is not None  # noqa: S101 - there is an offset
    return float(stamp.moment), zone


def read_last(text: str, zone: tzinfo) -> float:
    """A time as RFC 3339 writes it, or the end of a day in a time zone, in seconds since 1970.

    Raises :class:`Unfit` for anything else.
    """
    import re
    from datetime import datetime

    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        try:
            return read_moment(text)[0]
        except Unfit as unfit:
            raise Unfit(unfit.found, EXPECTED_LAST) from None
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise Unfit("{}, which names a day that does not exist", EXPECTED_LAST) from None
    if not 1970 <= day.year <= 9998:
        raise Unfit("{}", "a day in one of the years 1970 to 9998")
    # The later of two, where the clock shows it twice.
    return day.replace(hour=23, minute=59, second=59, fold=1, tzinfo=zone).timestamp()


def check_last(text: str) -> None:
    """Raise :class:`Unfit` unless :func:`read_last` can read the text."""
    from datetime import UTC

    read_last(text, UTC)


def time_zone(name: str) -> tzinfo:
    """The zone of a name of the IANA database. Raises :class:`Unfit` where there is none by this name."""
    from datetime import UTC

    if name == "UTC":  # also where there is no database
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    # A name that is none is a missing key, a folder, a path that leads out of the database or one that is too long.
    except (KeyError, ValueError, OSError):
        raise _no_zone(name) from None


def _no_zone(name: str) -> Unfit:
    from zoneinfo import available_timezones

    from deployspec.base.problems import did_you_mean

    known = available_timezones()
    if not known:
        return Unfit(
            "{}, and this machine has no time zone database",
            "UTC, or the database: pip install 'deployspec[probes]'",
        )
    cities = {zone.rpartition("/")[2].lower(): zone for zone in sorted(known, reverse=True)}
    city = cities.get(name.strip().lower().replace(" ", "_"))
    near = f"; did you mean {city}?" if city else did_you_mean(name, known)
    return Unfit("{}, which the time zone database does not have", EXPECTED_ZONE + near)
