"""``deployspec validate`` and ``deployspec schema``: deployment files, without asking the deployments."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from deployspec.app import chapters, deployment_named, sinks
from deployspec.base.errors import DeployspecError
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
        nargs="+",
        metavar="FILE",
        help="a path, or the name of a file in deployments/ without its suffix",
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
    status = 0
    for name in options.files:
        try:
            deployment = deployment_named(name)
        except DeployspecError as error:
            sys.stdout.flush()
            print(error, file=sys.stderr)
            status = USAGE
        else:
            print(f"{deployment.path}: valid; {_summary(deployment)}")
    return status


def _summary(deployment: Deployment) -> str:
    """What a deployment file describes and allows, in one line."""
    described = [part for part in deployment.parts if deployment.describes(part)]
    return (
        f"describes {', '.join(described) or 'nothing but base_url'}; "
        f"allows {', '.join(sorted(deployment.allow)) or 'nothing but reading'}"
    )
