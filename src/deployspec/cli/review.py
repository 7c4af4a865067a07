"""``deployspec review``: a page of a week, from the store of runs and what watches the deployment."""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
import time
from datetime import UTC, datetime, timedelta, tzinfo
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from deployspec import __version__
from deployspec.app import chapters, deployment_named
from deployspec.base.arguments import duration, folder
from deployspec.base.durable import write_durably
from deployspec.base.duration import format_duration
from deployspec.base.errors import DeployspecError, UsageError
from deployspec.base.places import Places
from deployspec.base.problems import did_you_mean, listed, shown
from deployspec.base.shown import printable
from deployspec.base.texts import read_last
from deployspec.base.unfit import Unfit
from deployspec.model.chapter import imported
from deployspec.model.review import Review, Span
from deployspec.record.store import store_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from deployspec.deployment import Deployment
    from deployspec.deployment.push import Push
    from deployspec.record.history import History
    from deployspec.record.store import Store

_DAY = 24 * 3600.0
_SHORTEST, _LONGEST = 3600.0, 92 * _DAY
_LIBRARIES = {"markdown": ("numpy",), "html": ("numpy", "jinja2", "matplotlib")}
"""Modules of the extra report that a format needs."""
_FILES = {"html": "review.html", "markdown": "review.md"}
_MESSAGES = "slack"
"""The kind of sinks that take a message."""
NOT_SENT = 74
"""The exit status where the page is there and the message was not taken: a probe's for the same."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    parser.description = (
        "Make a page of a deployment's week, from the store of runs and from Prometheus, where the deployment file names one. It is "
        "no gate: exit status 0 says that the page is there, whatever is on it; 4, that the command line or a file is wrong; "
        f"{NOT_SENT}, that the page is there and --post-to failed."
    )
    parser.add_argument(
        "--since",
        type=duration,
        default=7 * _DAY,
        metavar="DURATION",
        help="how long a time the page is of (7d)",
    )
    parser.add_argument(
        "--until",
        metavar="MOMENT",
        help="when that ends: a time with its offset, or a day, which is included (now)",
    )
    parser.add_argument(
        "--deployment",
        action="append",
        default=[],
        metavar="NAME",
        help="whose week; may be left out where the store has runs of one alone",
    )
    parser.add_argument(
        "--compare-deployments",
        action="store_true",
        help="one page of several: of each --deployment, or of all that have runs",
    )
    parser.add_argument(
        "--out", type=folder, metavar="DIR", help="the folder of review.html and review.md, which is made"
    )
    parser.add_argument(
        "--format", choices=tuple(_FILES), help="this one alone; markdown without --out is printed"
    )
    parser.add_argument(
        "--allure",
        action="store_true",
        help="also make an Allure report of the week's history in DIR/allure, by Allure 3's own command on PATH",
    )
    parser.add_argument(
        "--post-to", metavar="NAME", help="send it in short to this sink of the deployment file (kind slack)"
    )
    parser.add_argument(
        "--state",
        type=folder,
        metavar="DIR",
        help="the state folder, whose runs/ is the store (default: as for a run)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """``deployspec review``. Raises DeployspecError where it cannot be made."""
    formats = [options.format] if options.format else list(_FILES)
    if options.out is None and formats != ["markdown"]:
        raise UsageError("found no --out; expected --out DIR, or --format markdown, which is printed")
    if options.allure and options.out is None:
        raise UsageError("found --allure without --out; expected --out DIR, in which the report is made")
    _insist(formats)
    try:
        return _run(options, formats)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise UsageError(f"the review cannot be made: {error}; expected another --state or --out") from None


def _run(options: argparse.Namespace, formats: list[str]) -> int:
    # So that a run that began this very second is in it.
    now = float(math.ceil(time.time()))
    names = _names(options)
    # All of what may be wrong, before anything is measured.
    each = [_deployment(name, options.state) for name in names]
    posts = (
        [_sender(options.post_to, deployment) for _, deployment, _ in each]
        if options.post_to is not None
        else []
    )
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    made = [
        _review(name, deployment, store, _span(options, deployment, now)) for name, deployment, store in each
    ]
    reviews = [review for review, _ in made]
    for format_ in formats:
        text: str = imported(f"deployspec.outputs.review:{format_}")(reviews)
        if options.out is None:
            sys.stdout.write(text)
        else:
            write_durably(options.out / _FILES[format_], text.encode("utf-8", "replace"), None)
    if options.out:
        for review in reviews:
            print(printable(f"{review.week.deployment}: {review.sentence}"))
        for format_ in formats:
            print(f"review: {options.out / _FILES[format_]}")
    if options.allure:
        for (_, deployment, _), (review, history) in zip(each, made, strict=True):
            _allure(deployment, review, history, options.out, alone=len(each) == 1)
    return _post(posts, reviews)


def _insist(formats: list[str]) -> None:
    """Raise UsageError where this installation has not what these formats need."""
    needed = dict.fromkeys(name for format_ in formats for name in _LIBRARIES[format_])
    if missing := [name for name in needed if find_spec(name) is None]:
        are = "is" if len(missing) == 1 else "are"
        raise UsageError(
            f"review needs {listed(missing, 'and')}, which {are} not installed; "
            "expected: pip install 'deployspec[report]'"
        )


def _names(options: argparse.Namespace) -> list[str]:
    """The deployments that are meant, each once."""
    named = list(dict.fromkeys(options.deployment))
    if len(named) > 1 and not options.compare_deployments:
        raise UsageError(f"found --deployment {len(named)} times; expected --compare-deployments with them")
    if named:
        return named
    store = store_of(None, options.state, os.environ)
    there = [name for name in store.deployments() if any(store.runs(name))]
    if options.compare_deployments:
        there = sorted([*there, *_elsewhere(options.state, there)])
    there = there or _files()
    if not there:
        raise UsageError(
            f"found no runs in {store.folder}; expected --deployment NAME, or another --state DIR"
        )
    if len(there) > 1 and not options.compare_deployments:
        raise UsageError(f"found no --deployment; expected one of {listed(there)}, or --compare-deployments")
    return there


def _elsewhere(state: Path | None, known: Collection[str]) -> Iterator[str]:
    """The other deployments that have runs, in stores that their files name. One whose file cannot be used is left out, which a
    line says."""
    from deployspec.deployment.push import RUNS

    for name in sorted({*_files()} - {*known}):
        try:
            runs = deployment_named(name).get(RUNS)
        except DeployspecError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
            continue
        if any(store_of(runs, state, os.environ).runs(name)):
            yield name


def _files() -> list[str]:
    from deployspec.deployment import names_in

    return names_in(Places(Path()).deployments)


def _deployment(said: str, state: Path | None) -> tuple[str, Deployment | None, Store]:
    """Its name, what its file says, and where its runs are. One without a file has had runs all the same."""
    from deployspec.deployment.push import RUNS

    files = _files()
    if "/" in said or said.endswith((".yaml", ".yml")) or said in files:
        deployment = deployment_named(said)
        return deployment.name, deployment, store_of(deployment.get(RUNS), state, os.environ)
    store = store_of(None, state, os.environ)
    if not any(store.runs(said, unfinished=True)):
        known = sorted({*files, *(name for name in store.deployments() if any(store.runs(name)))})
        raise UsageError(
            f"found no deployment {shown(said)}, neither a file nor runs in {store.folder}; "
            f"expected {listed(known) if known else 'a run of it'}{did_you_mean(said, known)}"
        )
    return said, None, store


def _span(options: argparse.Namespace, deployment: Deployment | None, now: float) -> Span:
    """The time that the page is of. Whole days until a day are those of the calendar."""
    from deployspec.review.reading import clocks_of

    since = options.since
    if not _SHORTEST <= since <= _LONGEST:
        raise UsageError(f"found --since {format_duration(since)}; expected at least 1h, and at most 92d")
    if options.until is None:
        return Span(now - since, now)
    zone = clocks_of(deployment).zone
    try:
        end = read_last(options.until, zone)
    except Unfit as unfit:
        raise UsageError(
            f"--until: found {unfit.found.replace('{}', shown(options.until))}; expected {unfit.expected}"
        ) from None
    is_day = re.fullmatch(r"\d{4}-\d\d-\d\d", options.until, re.ASCII) is not None
    # A day's last second is included.
    end += is_day
    begin = _days_before(end, since / _DAY, zone) if is_day and since % _DAY == 0 else end - since
    # Of a day that is not over there is what there has been of it.
    latest = end - _DAY if is_day else end
    if latest > now:
        raise UsageError(
            f"--until: found {shown(options.until)}, which is to come; expected a time that has passed"
        )
    if begin < 0:
        raise UsageError(f"--until: found {shown(options.until)}; expected a time --since after 1970 began")
    return Span(begin, min(end, now))


def _days_before(midnight: float, days: float, zone: tzinfo) -> float:
    """The midnight so many days before, as the calendar counts them."""
    # Half a day before, so that no clock that is set moves it to another day.
    last = datetime.fromtimestamp(midnight, zone) - timedelta(hours=12)
    first = last - timedelta(days=days - 1)
    return first.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).timestamp()


def _review(name: str, deployment: Deployment | None, store: Store, span: Span) -> tuple[Review, History]:
    # Here, because their imports take a while.
    from deployspec.review.assembly import Making, judged, review
    from deployspec.review.reading import entries_of, sections_of, week_of
    from deployspec.review.streams import LATE

    week = week_of(name, deployment, span)
    # A probe of once a day tells of an hour that begins a day later.
    history = _history(name, store, Span(min(week.before.begin, span.begin - LATE * _DAY), span.end))
    found = judged(week, history)
    sections, asked, unknown = sections_of(week, deployment, history, chapters())
    making = Making(
        datetime.now(UTC).replace(microsecond=0),
        __version__,
        str(store.folder),
        tuple(name for name, why in asked.items() if not why),
        tuple(f"{name}: {why}" for name, why in asked.items() if why),
        tuple(unknown),
    )
    return review(found, entries_of(found, chapters()), sections, making), history


def _allure(
    deployment: Deployment | None, review: Review, history: History, out: Path, *, alone: bool
) -> None:
    """An Allure report beside the page, in a folder of its own where there are several. Where there is none, a line says why."""
    from urllib.parse import quote

    from deployspec.outputs.allure import Facts
    from deployspec.review.allure import FOLDER, report

    name = review.week.deployment
    folder = out / FOLDER if alone else out / FOLDER / quote(name, safe="")
    said = deployment.data.get("report", {}) if deployment else {}
    why = report(history, review.week, Facts(**said), folder, chapters())
    print(
        printable(f"{name}: {why}" if why else f"Allure report: {folder / 'index.html'}"),
        file=sys.stderr if why else None,
    )


def _history(name: str, store: Store, span: Span) -> History:
    from deployspec.record.index import Index

    return Index(store, chapters()).history(name, *span)


def _sender(name: str, deployment: Deployment | None) -> Push:
    """The sink of a name that takes messages. Raises UsageError where the deployment's file has none."""
    from deployspec.deployment.push import PUSH

    there = (deployment.get(PUSH) if deployment else None) or ()
    able = [push.name for push in there if push.kind == _MESSAGES]
    found = next((push for push in there if push.name == name and push.kind == _MESSAGES), None)
    if found is None:
        whose = deployment.path if deployment else "a deployment without a file"
        raise UsageError(
            f"--post-to: found {shown(name)}, which is no sink of the kind {_MESSAGES} in {whose}; "
            f"expected {listed(able) if able else 'a deployment file with one under push'}"
        )
    return found


def _post(posts: list[Push], reviews: list[Review]) -> int:
    """Send each review in short, and say what was not taken."""
    from deployspec.sinks.sending import NotSent

    status = 0
    for push, review in zip(posts, reviews, strict=False):
        text = imported("deployspec.outputs.review:message")(review)
        try:
            imported("deployspec.sinks.slack:post_text")(push, text)
        except NotSent as error:
            print(f"--post-to {push.name}: {error}", file=sys.stderr)
            status = NOT_SENT
    return status
