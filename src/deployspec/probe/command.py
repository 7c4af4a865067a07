"""``deployspec probe``: what cron runs."""

from __future__ import annotations

import argparse
import os
import time

from deployspec.base.arguments import duration, folder
from deployspec.base.duration import EXPECTED, read_duration
from deployspec.base.errors import DeployspecError, UsageError
from deployspec.probe.options import name_of
from deployspec.probe.status import OURS

_SHORTEST_LIMIT = 2.0
_LONGEST_NAME = 64


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    parser.description = (
        "Run the checks that a schedule asks for, keep their record, and push what they found. Prints a line for each check that "
        "fails, and nothing when all is well. Exit status: 0 all is well or accepted, or the run is complete and a maintenance window is "
        "open; 1 a check fails, or the run is incomplete; 3 an error of ours; 4 a wrong command line or deployment file; 5 no check was selected; "
        "74 all is well, but a push failed (--strict-push); 75 not started, because one was running."
    )
    parser.add_argument(
        "--deployment",
        metavar="NAME",
        default=os.environ.get("DEPLOYMENT"),
        help="the deployment (default: $DEPLOYMENT)",
    )
    parser.add_argument(
        "-m",
        dest="markers",
        type=_markers,
        metavar="EXPRESSION",
        help="which chapters (default: those that are cheap)",
    )
    parser.add_argument(
        "--time-limit",
        type=duration,
        default=55.0,
        metavar="DURATION",
        help="for checks and pushes together (default: 55s)",
    )
    parser.add_argument(
        "--accept",
        metavar="FILE",
        help="the file of accepted breaches (default: accepted.yaml beside deployments/, where it is there)",
    )
    parser.add_argument(
        "--jitter",
        type=_duration_or_none,
        default=0.0,
        metavar="DURATION",
        help="wait at random, so long at most, before it begins (default: 0)",
    )
    parser.add_argument(
        "--interval",
        type=duration,
        default=300.0,
        metavar="DURATION",
        help="how often the schedule runs it; after three times that, its silence is an alarm (default: 5m)",
    )
    parser.add_argument(
        "--location",
        type=_location,
        default="default",
        metavar="NAME",
        help="where it runs: letters, digits, and . _ - (default: default)",
    )
    parser.add_argument(
        "--state",
        type=folder,
        metavar="DIR",
        help="the state folder (default: deployspec in $XDG_STATE_HOME, or in ~/.local/state)",
    )
    parser.add_argument(
        "--with-load", action="store_true", help="make load, too, where the deployment file allows it"
    )
    parser.add_argument(
        "--with-faults", action="store_true", help="inject faults, too, where the deployment file allows it"
    )
    parser.add_argument(
        "--strict-push", action="store_true", help="end with 74 where all is well, but a push failed"
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="print the whole summary, and what was pushed"
    )
    parser.add_argument(
        "--log-json", action="store_true", help="print records of JSON, as a log has them, instead"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Probe once; returns the exit status."""
    name = name_of(options.deployment)
    if options.time_limit < _SHORTEST_LIMIT:
        raise UsageError(
            f"--time-limit: found {options.time_limit:g}s; expected at least {_SHORTEST_LIMIT:g}s"
        )
    if options.jitter:
        import random

        time.sleep(random.uniform(0, options.jitter))  # noqa: S311 - no secret
    from deployspec.base.signals import signals_to
    from deployspec.probe.probing import Probe, Stopping

    stopping = Stopping()
    with signals_to(stopping):
        try:
            return Probe(options, name, stopping).run()
        except (DeployspecError, ModuleNotFoundError):
            raise
        except Exception:  # noqa: BLE001 - whoever reads the status alone must not take it for a verdict
            import sys
            import traceback

            from deployspec.base.disclosure import redact

            print(redact(traceback.format_exc()), file=sys.stderr)
            return OURS


def _markers(text: str) -> str:
    """An expression: an empty one, as a variable that is not set gives it, would choose all chapters."""
    if not text.strip():
        raise argparse.ArgumentTypeError(
            "found an empty expression; expected chapters, such as health or logs"
        )
    return text


def _duration_or_none(text: str) -> float:
    found = read_duration(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"found {text!r}; expected {EXPECTED}, or 0")
    return found


def _location(text: str) -> str:
    """A name that is a label's value and a folder's name."""
    if (
        not text
        or len(text) > _LONGEST_NAME
        or not all(one.isascii() and (one.isalnum() or one in "._-") for one in text)
        or not text[0].isalnum()
    ):
        raise argparse.ArgumentTypeError(
            f"found {text!r}; expected at most {_LONGEST_NAME} letters, digits, and . _ - with a letter or a digit first"
        )
    return text
