"""The command ``deployspec``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deployspec import __version__
from deployspec.app import chapters
from deployspec.base.errors import DeployspecError
from deployspec.base.places import Places
from deployspec.cli import check, plan
from deployspec.model.chapter import imported, lacking
from deployspec.scaffold import command as scaffold

if TYPE_CHECKING:
    from deployspec.deployment import Deployment

USAGE = 4
"""The exit status for a wrong command line or a faulty file: pytest's own for the same."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        """As argparse's, with pytest's exit status for a usage error instead of 2."""
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: error: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status. Each subcommand is a function below."""
    said = list(sys.argv[1:] if arguments is None else arguments)
    if said[:1] == ["check"]:
        # All that follows is pytest's, whatever it looks like to argparse.
        return check.run(said[1:], Places(Path.cwd()))
    try:
        if said[:1] == ["plan"]:
            status = plan.run(said[1:], Places(Path.cwd()))
        else:
            parser = _parser()
            options = parser.parse_args(said)
            if options.command is None:
                parser.print_help(sys.stderr)
                return USAGE
            status = options.run(options)
        sys.stdout.flush()
    except DeployspecError as error:
        print(error, file=sys.stderr)
        return USAGE
    except ModuleNotFoundError as error:
        said_so = [
            text for chapter in chapters() if error.name in chapter.libraries and (text := lacking(chapter))
        ]
        if not said_so:
            raise
        print(said_so[0], file=sys.stderr)
        return USAGE
    except BrokenPipeError:
        # Who read our output has gone. Python would complain once more when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="deployspec", description="An executable specification of a deployment.")
    parser.add_argument("--version", action="version", version=f"deployspec {__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")

    scaffold.add_to(commands)
    commands.add_parser("check", help=check.HELP)
    commands.add_parser("plan", help=plan.HELP)

    validate = commands.add_parser(
        "validate",
        help="check deployment files alone, without asking the deployments",
        description="Check deployment files: prints one line for each valid one, and every problem of the others. "
        f"Exit status 0 if all are valid, else {USAGE}.",
    )
    validate.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a path, or the name of a file in deployments/ without its suffix",
    )
    validate.set_defaults(run=_validate)

    commands.add_parser(
        "schema",
        help="print the JSON Schema of deployment files",
        description="Print the JSON Schema of deployment files.",
    ).set_defaults(run=_schema)

    for chapter in chapters():
        for command in chapter.commands:
            imported(command)(commands)
    return parser


def _schema(_: argparse.Namespace) -> int:
    """``deployspec schema``."""
    import json

    from deployspec.deployment.schema import assembled

    files = [chapter.schema for chapter in chapters() if chapter.schema is not None]
    print(json.dumps(assembled(files), indent=2))
    return 0


def _validate(options: argparse.Namespace) -> int:
    """``deployspec validate FILE…``."""
    from deployspec.deployment import find, load

    status = 0
    for name in options.files:
        try:
            deployment = load(find(name, Places(Path()).deployments), os.environ, chapters())
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
