"""`python -m reference.faults`: break the reference deployment on purpose, and mend it."""

import argparse
import sys
from pathlib import Path

from . import control
from .metrics.faults import FAULTS as METRICS_FAULTS
from .registry import health_faults
from .switch import HEALTH, METRICS, QUERIES, SLOW_QUERIES, TRAFFIC
from .traffic.faults import FAULTS as TRAFFIC_FAULTS

_SWITCHES = {"health": HEALTH, "traffic": TRAFFIC, "metrics": METRICS, "queries": QUERIES}


def main() -> int:
    """Do one thing; give the exit status."""
    arguments = _parser().parse_args()
    try:
        if arguments.action == "list":
            _list()
        elif arguments.action in _SWITCHES:
            _SWITCHES[arguments.action].turn(arguments.folder, arguments.name)
        else:
            control.ask(arguments.folder, arguments.action, arguments.name)
    except control.FaultError as error:
        print(f"{arguments.action}: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reference.faults",
        description="Break a running reference deployment on purpose. Each command returns when it is in effect.",
    )
    actions = parser.add_subparsers(dest="action", required=True)
    for action, does in (("inject", "break a dependency"), ("restore", "mend a dependency")):
        command = actions.add_parser(action, help=does)
        command.add_argument("name", choices=list(control.FAULTS), help="which fault")
        _add_folder(command)
    for action, part in (
        ("health", "health endpoint"),
        ("traffic", "traffic"),
        ("metrics", "metrics endpoint"),
        ("queries", "queries"),
    ):
        command = actions.add_parser(action, help=f"switch a fault of the {part} on, or `none`")
        command.add_argument("name", help="a name that `list` gives, or none")
        _add_folder(command)
    actions.add_parser("list", help="name all faults, with a line about each")
    return parser


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder", type=Path, required=True, help="the deployment's folder: where its deployment.yaml lies"
    )


def _list() -> None:
    print("dependencies (inject, restore):")
    for name, does in control.FAULTS.items():
        print(f"  {name:24} {does}")
    print("health endpoint (health):")
    for name, (_, does) in health_faults().items():
        print(f"  {name:24} {does}")
    print("traffic (traffic):")
    for name, (_, does) in TRAFFIC_FAULTS.items():
        print(f"  {name:24} {does}")
    print("metrics endpoint (metrics):")
    for name, (_, does) in METRICS_FAULTS.items():
        print(f"  {name:24} {does}")
    print("queries (queries):")
    print(f"  {SLOW_QUERIES:24} Each query of the API takes 0.6 s longer.")


if __name__ == "__main__":
    sys.exit(main())
