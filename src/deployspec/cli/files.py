"""``deployspec validate`` and ``deployspec schema``: deployment files, without asking the deployments."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deployspec.app import chapters, deployment_named, sinks, unset_variables
from deployspec.base.errors import DeployspecError, UsageError
from deployspec.base.places import Places
from deployspec.cli import USAGE

if TYPE_CHECKING:
    from deployspec.deployment import Deployment


def validate(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    parser.description = (
        "Check deployment files: prints one line for each valid one, and every problem of the others. "
        f"Exit status 0 if all are valid, else {USAGE}."
    )
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="a path, or the name of a file in deployments/ without its suffix (default: all in deployments/, and accepted.yaml)",
    )
    parser.add_argument(
        "--allow-unset",
        action="store_true",
        help="pass over the values that need variables that are not set, as where there are no secrets",
    )
    parser.set_defaults(run=_validate)


def schema(parser: argparse.ArgumentParser) -> None:
    """Its description; it has no arguments."""
    parser.description = "Print the JSON Schema of deployment files."
    parser.set_defaults(run=_schema)


def _schema(_: argparse.Namespace) -> int:
    """``deployspec schema``."""
    import json

    from deployspec.deployment.schema import assembled

    files = [chapter.schema for chapter in chapters() if chapter.schema is not None]
    print(json.dumps(assembled(files, sinks()), indent=2))
    return 0


def _validate(options: argparse.Namespace) -> int:
    """``deployspec validate FILE…``."""
    from deployspec.base.problems import listed
    from deployspec.deployment import names_in

    status = 0
    folder = Places(Path()).deployments
    names = options.files or names_in(folder)
    if not names:
        raise UsageError(
            f"found no deployment file in {folder}; expected one: `deployspec init NAME URL` writes it"
        )
    for name in names:
        try:
            unset = unset_variables(name) if options.allow_unset else ()
            if unset:
                print(
                    f"{name}: valid, apart from the values of {listed(sorted(unset), 'and')}, which are not set"
                )
                continue
            deployment = deployment_named(name)
        except DeployspecError as error:
            sys.stdout.flush()
            print(error, file=sys.stderr)
            status = USAGE
        else:
            print(f"{deployment.path}: valid; {_summary(deployment)}")
    return status if options.files else max(status, _validate_accepted(Places(Path()).accepted))


def _validate_accepted(path: Path) -> int:
    """The accepted breaches, where there is such a file."""
    if not (path.exists() or path.is_symlink()):
        return 0
    from datetime import UTC, datetime

    from deployspec.base.shown import counted
    from deployspec.deployment.accepted import read_accepted
    from deployspec.record.accepted import without_a_day

    try:
        found = read_accepted(path)
    except DeployspecError as error:
        sys.stdout.flush()
        print(error, file=sys.stderr)
        return USAGE
    for line in without_a_day(found):
        print(line, file=sys.stderr)
    today = datetime.now(UTC).date().isoformat()
    expired = sum(one.is_day and one.has_expired(today) for one in found)
    print(f"{path}: valid; {counted(len(found), 'acceptance')}" + (f", {expired} expired" if expired else ""))
    return USAGE if without_a_day(found) else 0


def _summary(deployment: Deployment) -> str:
    """What a deployment file describes and allows, in one line."""
    described = [part for part in deployment.parts if deployment.describes(part)]
    return (
        f"describes {', '.join(described) or 'nothing but base_url'}; "
        f"allows {', '.join(sorted(deployment.allow)) or 'nothing but reading'}"
    )
