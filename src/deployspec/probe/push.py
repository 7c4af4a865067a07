"""``deployspec push``: send a kept run to a sink once more."""

from __future__ import annotations

import argparse
import os
import time

from deployspec.base.arguments import duration, folder
from deployspec.base.errors import UsageError
from deployspec.base.problems import did_you_mean, listed
from deployspec.probe.options import deployment_of, state_of
from deployspec.probe.status import FAILED, MET


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    parser.description = (
        "Send a kept run of a probe to a sink of its deployment file. A run that has arrived there, or that is older than "
        "one that has, is not sent: it would be taken for news. Exit status: 0 it arrived, 1 it did not, 4 it cannot be sent."
    )
    parser.add_argument(
        "record", metavar="RUN", help="an id, how one begins, latest, or a path (deployspec runs list)"
    )
    parser.add_argument("--to", metavar="NAME", required=True, help="the sink's name in the deployment file")
    parser.add_argument(
        "--deployment",
        metavar="NAME",
        default=os.environ.get("DEPLOYMENT"),
        help="the deployment (default: $DEPLOYMENT)",
    )
    parser.add_argument("--time-limit", type=duration, default=30.0, metavar="DURATION", help="default: 30s")
    parser.add_argument(
        "--state", type=folder, metavar="DIR", help="the state folder (default: as for a probe)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Send it; returns the exit status."""
    from deployspec.app import chapters, sinks
    from deployspec.base.moments import seconds_of
    from deployspec.deployment.push import PUSH, RUNS
    from deployspec.probe.pushing import Pushing
    from deployspec.probe.saying import Says
    from deployspec.probe.state import State
    from deployspec.probe.verdicts import status_of
    from deployspec.record.store import read, store_of
    from deployspec.sinks.metrics import Progress

    deployment = deployment_of(options.deployment)
    state = state_of(options.state)
    pushes = {push.name: push for push in deployment.get(PUSH) or ()}
    if options.to not in pushes:
        known = (
            listed(sorted(pushes)) if pushes else f"a sink under push in {deployment.path}, which has none"
        )
        raise UsageError(f"--to: found {options.to}; expected {known}{did_you_mean(options.to, pushes)}")
    if next(sink for sink in sinks() if sink.kind == pushes[options.to].kind).now_only:
        raise UsageError(
            f"--to: found {options.to}, which tells that a probe runs now; expected a sink that tells what one found"
        )
    store = store_of(deployment.get(RUNS), options.state, os.environ)
    path = store.find(options.record, deployment.name)
    found = read(path, chapters())
    if found.kind != "probe" or found.deployment != deployment.name:
        raise UsageError(
            f"{path}: found a run of {found.deployment or 'no deployment'} that {'a probe' if found.kind == 'probe' else 'no probe'} "
            f"made; expected one of a probe of {deployment.name}"
        )
    there = State(state, deployment.name, found.location)
    try:
        lock = there.lock()
    except OSError as error:
        raise UsageError(
            f"{error.filename or there.folder}: {error.strerror}; expected a state folder that can be written: --state DIR"
        ) from None
    if lock is None:
        raise UsageError(
            f"a probe of {deployment.name} at {found.location} is running, and will push what is newer"
        )
    try:
        others = [name for name in pushes if name != options.to]
        pushing = Pushing(
            [pushes[options.to]], there.folder / "sinks", deployment.name, found.location, others
        )
        last = pushing.last(options.to)
        if last and (last["started"], last["id"]) >= (found.started, found.id):
            was = (
                "this run has"
                if last["id"] == found.id
                else f"a newer one ({last['id']}, begun {last['started']}) has"
            )
            raise UsageError(f"{path}: {was} arrived at {options.to}; expected a run that is news there")
        kept = there.known()[0]
        completed = kept.last_completion if found.cut_short else seconds_of(found.finished)
        progress = Progress(found.interval or 0.0, completed, kept.last_success, there.skipped())
        deadline = time.monotonic() + options.time_limit
        return (
            MET
            if pushing.send(found, progress, status_of(found), deadline, Says(verbose=True, as_json=False))
            else FAILED
        )
    finally:
        os.close(lock)
