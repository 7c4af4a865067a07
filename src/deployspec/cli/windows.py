"""``deployspec windows``: a deployment's maintenance windows, those to come and the one that is open."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from itertools import pairwise
from typing import TYPE_CHECKING

from deployspec.app import deployment_named
from deployspec.base.arguments import count
from deployspec.base.shown import printable

if TYPE_CHECKING:
    from deployspec.deployment.windows import Occurrence, Window


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    parser.description = (
        "List the next maintenance windows of a deployment, and those that are open now: one a line, from when to when, in the "
        "window's own time zone and in UTC. Nothing is sent to the deployment."
    )
    parser.add_argument(
        "--deployment",
        required=True,
        metavar="NAME",
        help="a file in deployments/ without its suffix, or a path",
    )
    parser.add_argument("--count", type=count, default=10, metavar="N", help="how many, at most 1000 (10)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of the list (text)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """``deployspec windows``. Raises DeployspecError where the deployment file cannot be used."""
    deployment = deployment_named(options.deployment)
    windows = deployment.maintenance_windows
    now = time.time()
    found: list[Occurrence] = []
    over: list[Window] = []
    if windows:
        # Here, because its imports are those of windows.
        from deployspec.deployment.windows import upcoming

        found = upcoming(windows, now, options.count)
        over = [window for window in windows if not upcoming([window], now, 1)]
    if options.format == "json":
        text = json.dumps(_document(deployment.name, found, over, now), indent=2, ensure_ascii=False)
        print(deployment.redact(text))
        return 0
    if not windows:
        print("no maintenance windows")
    for line in _text(found, over, now):
        print(deployment.redact(line))
    return 0


def _text(found: Sequence[Occurrence], over: Sequence[Window], now: float) -> Iterator[str]:
    for one in found:
        here, there = (_span(one, zone) for zone in (one.window.zone, UTC))
        yield f"{here}  ({there})  {printable(one.window.name)}{', open now' if one.start <= now else ''}"
    for window in over:
        yield f"over: {printable(window.name)}"
    for window in dict.fromkeys(one.window for one in found):
        if any(first.end >= then.start for first, then in pairwise(o for o in found if o.window is window)):
            yield f"begins again before it has ended: {printable(window.name)}"


def _span(one: Occurrence, zone: tzinfo) -> str:
    return " to ".join(_told(moment, zone) for moment in (one.start, one.end))


def _told(moment: float, zone: tzinfo) -> str:
    """A time of day with its offset, as RFC 3339 writes it."""
    text = datetime.fromtimestamp(moment, zone).isoformat(timespec="seconds")
    return text.replace("+00:00", "Z") if zone is UTC else text


def _document(
    name: str, found: Sequence[Occurrence], over: Sequence[Window], now: float
) -> dict[str, object]:
    return {
        "deployment": name,
        "windows": [
            {
                "name": one.window.name,
                "start": _told(one.start, one.window.zone),
                "end": _told(one.end, one.window.zone),
                "start_utc": _told(one.start, UTC),
                "end_utc": _told(one.end, UTC),
                "open": one.start <= now,
            }
            for one in found
        ],
        "over": [window.name for window in over],
    }
