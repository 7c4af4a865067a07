"""What a deployment file may say under ``maintenance_windows``, and what it is told where it cannot be used."""

from __future__ import annotations

import math
import sys
import zoneinfo
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from deployspec.deployment.windows import Window
from tests.deployment.conftest import BASE, Reader, Refusal
from tests.suite import ROOT

PAGE = ROOT / "docs" / "deployment-file.md"


def test_what_windows_become(read: Reader) -> None:
    """Times are seconds since 1970, durations seconds; a day of ``until`` is included, in the window's time zone."""
    there = read(
        BASE + "maintenance_windows:\n"
        "  - {name: a, cron: 0 2 * * SUN, duration: 2h, time_zone: Europe/Berlin, until: 2027-03-01}\n"
        '  - {name: b, cron: "*/5 * * * *", duration: 1m, until: 2027-03-01T00:00:00Z}\n'
        "  - {name: c, start: 2027-01-01T00:00:00+05:30, duration: 90m}\n"
        "  - {name: d, start: 2027-01-01T00:00:00z, end: 2027-01-01T01:00:00-01:00}\n"
    )
    moment = datetime(2027, 1, 1, tzinfo=UTC).timestamp()
    assert there.maintenance_windows == (
        Window("a", 7200.0, ZoneInfo("Europe/Berlin"), cron="0 2 * * SUN", until=datetime(2027, 3, 1, 22, 59, 59, tzinfo=UTC).timestamp()),
        Window("b", 60.0, UTC, cron="*/5 * * * *", until=datetime(2027, 3, 1, tzinfo=UTC).timestamp()),
        Window("c", 5400.0, timezone(timedelta(minutes=330)), start=moment - 330 * 60),
        Window("d", 7200.0, UTC, start=moment),
    )  # fmt: skip
    assert read(BASE).maintenance_windows == ()
    assert there.maintenance_windows[3].until == math.inf


# columns: an item of the list, the column, a piece of what was found, a piece of what was expected
@pytest.mark.parametrize(
    ("item", "column", "found", "expected"),
    [
        ('{name: a, cron: "61 * * * *", duration: 1h}', 21, '"61 * * * *" with a bad minute;', "minute, hour, day-of-month"),
        ("{name: a, cron: 0 0 31 2 *, duration: 1h}", 21, '"0 0 31 2 *" with a bad day-of-month;', "0 2 * * SUN"),
        ("{name: a, cron: 0 0 * * FRI-MON, duration: 1h}", 21, "with a bad day-of-week;", "Debian's cron"),
        ('{name: a, cron: "* * */20 * 1L", duration: 1h}', 21, '"* * */20 * 1L", which never happens;', "minute, hour"),
        ("{name: a, cron: 0 0 2 * * *, duration: 1h}", 21, "with 6 fields instead of 5;", "minute, hour"),
        ("{name: a, cron: nightly, duration: 1h}", 21, "nightly with 1 field instead of 5;", "minute, hour"),
        (f"{{name: a, cron: {'0' * 5000} 2 * * *, duration: 1h}}", 21, "with more than 200 characters;", "minute, hour"),
        ("{name: a, cron: 5, duration: 1h}", 21, "5 without quotes;", "quotes around a text"),
        ('{name: a, cron: "", duration: 1h}', 21, "an empty text;", "a text that is not empty"),
        ("{name: a, cron: 0 2 * * *}", 5, "no key duration;", "duration: 2h"),
        ("{name: a, cron: 0 2 * * *, duration: 7d1ms}", 42, "7d1ms, which is longer than 7d;", "at most 7d"),
        ("{name: a, cron: 0 2 * * *, duration: 2}", 42, "2 without a unit;", "a duration such as"),
        ("{name: a, cron: 0 2 * * *, duration: 1h, end: 2027-01-01T00:00:00Z}", 46, "end beside cron;", "end only beside start"),
        ("{name: a, cron: 0 2 * * *, duration: 1h, time_zone: Berlin}", 57, "Berlin, which the time zone database does not have;", "did you mean Europe/Berlin?"),
        ("{name: a, cron: 0 2 * * *, duration: 1h, time_zone: Europe/Berln}", 57, "Europe/Berln, which", "did you mean Europe/Berlin?"),
        ("{name: a, cron: 0 2 * * *, duration: 1h, time_zone: Europe}", 57, "Europe, which the", "a time zone such as"),
        ("{name: a, cron: 0 2 * * *, duration: 1h, time_zone: ../../../etc/hostname}", 57, "../../../etc/hostname, which", "a time zone such as"),
        ("{name: a, cron: 0 2 * * *, duration: 1h, time_zone: +01:00}", 57, "+01:00, which", "a time zone such as"),
        ("{name: a, cron: 0 2 * * *, duration: 1h, until: 2027-02-30}", 53, "2027-02-30, which names a day that does not exist;", "a day such as"),
        ("{name: a, cron: 0 2 * * *, duration: 1h, until: 0000-01-01}", 53, "0000-01-01, which names a day", "a day such as"),
        ("{name: a, cron: 0 2 * * *, duration: 1h, until: 9999-12-31}", 53, "9999-12-31;", "the years 1970 to 9998"),
        ("{name: a, cron: 0 2 * * *, duration: 1h, until: 2027-02-20T00:00:00}", 53, "which has no offset", "or a time with its offset"),
        ("{name: a, start: 2027-01-01T00:00:00, duration: 1h}", 22, "which has no offset", "a time with its offset"),
        ("{name: a, start: 2027-01-01, duration: 1h}", 22, "which is not an RFC 3339 date and time;", "a time with its offset"),
        ("{name: a, start: 9999-01-01T00:00:00Z, duration: 1h}", 22, "9999-01-01T00:00:00Z;", "the years 1970 to 9998"),
        ("{name: a, start: 2027-01-01T00:00:00Z}", 5, "no key duration or end;", "duration: 2h"),
        ("{name: a, start: 2027-01-01T00:00:00Z, duration: 1h, end: 2027-01-01T01:00:00Z}", 58, "end beside duration;", "one of the two"),
        ("{name: a, start: 2027-01-01T00:00:00Z, end: 2027-01-01T01:00:00+01:00}", 49, "which is not after start;", "a time after start"),
        ("{name: a, start: 2027-01-01T00:00:00Z, end: 2027-01-08T00:00:01Z}", 49, "which is more than 7d after start;", "at most 7d"),
        ("{name: a, start: 2027-01-01T00:00:00Z, duration: 1h, until: 2027-01-02}", 58, "until beside start;", "until only beside cron"),
        ("{name: a, start: 2027-01-01T00:00:00Z, duration: 1h, time_zone: UTC}", 58, "time_zone beside start;", "time_zone only beside cron"),
        ("{name: a, start: 2027-01-01T00:00:00Z, cron: 0 2 * * *, duration: 1h}", 15, "cron and start;", "exactly one of the keys cron or start"),
        ("{name: a, duration: 1h}", 5, "neither cron nor start;", "exactly one of the keys cron or start"),
        ("{cron: 0 2 * * *, duration: 1h}", 5, "no key name;", "name: a text"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_one_error(
    refusal: Refusal, item: str, column: int, found: str, expected: str
) -> None:
    """It names the place, what was found and what was expected."""
    (line,) = refusal(f"{BASE}maintenance_windows:\n  - {item}\n")
    assert line.startswith(f"3:{column}: found ")
    assert found in line
    assert expected in line.split("; expected ")[1]


def test_two_of_one_name_and_all_problems_at_once(refusal: Refusal) -> None:
    """Each window has a name of its own: the run record says which one it was."""
    lines = refusal(
        BASE + "maintenance_windows:\n"
        "  - {name: a, cron: 0 2 * * *, duration: 1h}\n"
        "  - {name: a, cron: 0 2 * *, duration: 8d}\n"
    )
    assert [line.split(";")[0] for line in lines] == [
        "4:12: found the name a for the second time",
        '4:21: found "0 2 * *" with 4 fields instead of 5',
        "4:40: found 8d, which is longer than 7d",
    ]


def test_a_window_that_is_over_is_no_error(read: Reader) -> None:
    """A file that was valid yesterday is valid today."""
    item = "{name: a, cron: 0 2 * * *, duration: 1h, until: 1999-01-01}"
    assert read(f"{BASE}maintenance_windows: [{item}]").maintenance_windows[0].name == "a"


def test_without_the_library(refusal: Refusal, read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says what to install; a window that is there once does without."""
    monkeypatch.setitem(sys.modules, "cronsim", None)
    items = ["{name: a, cron: 0 2 * * *, duration: 1h}", "{name: b, cron: 0 2 * * *, duration: 1h}"]
    (line,) = refusal(f"{BASE}maintenance_windows: [{', '.join(items)}]")
    assert line == (
        "2:33: found cron, for which cronsim is needed, which is not installed; "
        "expected pip install 'deployspec[probes]'"
    )
    once = "{name: a, start: 2027-01-01T00:00:00Z, duration: 1h}"
    assert read(f"{BASE}maintenance_windows: [{once}]").maintenance_windows


def test_without_a_time_zone_database(refusal: Refusal, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said how to get one."""

    def none_found(name: str) -> None:
        raise zoneinfo.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(zoneinfo, "ZoneInfo", none_found)
    monkeypatch.setattr(zoneinfo, "available_timezones", set)
    item = "{name: a, cron: 0 2 * * *, duration: 1h, time_zone: Europe/Berlin}"
    (line,) = refusal(f"{BASE}maintenance_windows: [{item}]")
    assert "Europe/Berlin, and this machine has no time zone database" in line
    assert "UTC, or the database: pip install 'deployspec[probes]'" in line


def test_the_page_has_a_valid_example(read: Reader) -> None:
    """The example of the section is a part of a deployment file that is understood."""
    example = PAGE.read_text().split("\n## Maintenance windows\n")[1].split("```yaml\n")[1].split("```")[0]
    assert [window.name for window in read(BASE + example).maintenance_windows] == ["weekly", "move"]
