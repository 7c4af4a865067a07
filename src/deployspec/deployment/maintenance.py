"""The deployment file's part ``maintenance_windows``: when a deployment may be as it should not be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deployspec.base.duration import parse_duration
from deployspec.base.texts import read_last, read_moment, time_zone
from deployspec.deployment.part import Check, Part
from deployspec.deployment.values import Steps
from deployspec.deployment.windows import LONGEST, Window

KEY = "maintenance_windows"
_EXPECTED_CRON = (
    "minute, hour, day-of-month, month and day-of-week, as Debian's cron reads them, such as 0 2 * * SUN"
)
_LONGEST_CRON = 200
"""In characters."""


def _windows(items: Sequence[Mapping[str, Any]], _folder: Path) -> tuple[Window, ...]:
    return tuple(_recurring(item) if "cron" in item else _once(item) for item in items)


def _recurring(item: Mapping[str, Any]) -> Window:
    zone = time_zone(item["time_zone"])
    bounds = {"until": read_last(item["until"], zone)} if "until" in item else {}
    return Window(item["name"], parse_duration(item["duration"]), zone, cron=item["cron"], **bounds)


def _once(item: Mapping[str, Any]) -> Window:
    start, zone = read_moment(item["start"])
    lasts = read_moment(item["end"])[0] - start if "end" in item else parse_duration(item["duration"])
    return Window(item["name"], lasts, zone, start=start)


def _check(check: Check, data: Mapping[str, Any]) -> None:
    items = data[KEY]
    check.unique_names(items, KEY)
    for index, item in enumerate(items):
        at: Steps = (KEY, index)
        own, others = ("cron", ("end",)) if "cron" in item else ("start", ("time_zone", "until"))
        for key in others:
            # Not in the item, which has defaults.
            if key_at := check.values.keys.get((*at, key)):
                there = "start" if own == "cron" else "cron"
                check.problems.add(key_at, f"{key} beside {own}", f"{key} only beside {there}")
        if own == "start" and "end" in item:
            _check_end(check, at, item)
        elif "duration" not in item:
            or_end = " or end" if own == "start" else ""
            check.add(at, f"no key duration{or_end}", f"duration{or_end}, such as duration: 2h")
        elif parse_duration(item["duration"]) > LONGEST:
            path = (*at, "duration")
            check.add(path, f"{check.shown(path, '')}, which is longer than 7d", "at most 7d")
    _check_crons(check, items)


def _check_end(check: Check, at: Steps, item: Mapping[str, Any]) -> None:
    path = (*at, "end")
    end = check.shown(path, "")
    lasts = _once(item).duration
    if "duration" in item:
        check.problems.add(check.values.keys[path], "end beside duration", "one of the two")
    elif lasts <= 0:
        check.add(path, f"{end}, which is not after start", "a time after start")
    elif lasts > LONGEST:
        check.add(path, f"{end}, which is more than 7d after start", "at most 7d")


def _check_crons(check: Check, items: Sequence[Mapping[str, Any]]) -> None:
    for index, item in enumerate(items):
        if "cron" not in item:
            continue
        path = (KEY, index, "cron")
        shown = check.shown(path, "")
        try:
            wrong = _fault_of(item["cron"])
        except ModuleNotFoundError:
            found = "cron, for which cronsim is needed, which is not installed"
            check.problems.add(check.values.keys[path], found, "pip install 'deployspec[probes]'")
            return
        if wrong:
            check.add(path, shown + wrong, _EXPECTED_CRON)


def _fault_of(cron: str) -> str:
    """What is wrong with a schedule, as the end of what was found; empty where nothing is."""
    from datetime import datetime

    from cronsim import CronSim, CronSimError

    if len(cron) > _LONGEST_CRON:
        return f" with more than {_LONGEST_CRON} characters"
    # cronsim would take a sixth for seconds.
    if (fields := len(cron.split())) != 5:
        return f" with {fields} {'field' if fields == 1 else 'fields'} instead of 5"
    try:
        # From a fixed day, so that a file is not valid on one day and faulty on the next; it gives up after 50 years.
        happens = next(CronSim(cron, datetime(2000, 1, 1)), None)  # noqa: DTZ001 - days and clocks are alike anywhere
    except CronSimError as error:
        return f" with a {str(error).lower()}"
    return "" if happens else ", which never happens"


WINDOWS = Part(KEY, _windows, _check)
