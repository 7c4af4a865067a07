"""The command ``deployspec``. A command's module is imported when the command is chosen."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence

from deployspec import __version__
from deployspec.app import chapters, deployment_named
from deployspec.base.errors import DeployspecError
from deployspec.model.chapter import Command, imported, lacking

USAGE = 4
"""The exit status for a wrong command line or a faulty file: pytest's own for the same."""
_CHECK, _PLAN = "check", "plan"
_COMPLETE = "__complete"
"""What the scripts of ``deployspec completion`` call."""
_OURS = {
    "init": Command(
        "ask a service a few questions and write a first deployment file for it",
        "deployspec.scaffold.command:arguments",
    ),
    _CHECK: Command(
        "run the checks, with pytest's own options: -m health --deployment NAME",
        "deployspec.cli.check:arguments",
    ),
    _PLAN: Command(
        "say what check would send, run and write, without doing it: -m health --deployment NAME",
        "deployspec.cli.check:arguments",
    ),
    "probe": Command(
        "run the checks of a schedule, and push what they found as metrics: --deployment NAME",
        "deployspec.probe.command:arguments",
    ),
    "runs": Command("list, show, prune and import kept runs", "deployspec.cli.runs:arguments"),
    "review": Command(
        "make a page of a deployment's week: --since 7d --out DIR --deployment NAME",
        "deployspec.cli.review:arguments",
    ),
    "push": Command("send a kept run of a probe to a sink once more", "deployspec.probe.push:arguments"),
    "list": Command(
        "list the checks, or those that are selected for a deployment", "deployspec.cli.listing:arguments"
    ),
    "explain": Command(
        "say what a check promises, how it is measured and what turns it red",
        "deployspec.cli.explain:arguments",
    ),
    "validate": Command(
        "check deployment files alone, without asking the deployments", "deployspec.cli.files:validate"
    ),
    "windows": Command(
        "list a deployment's next maintenance windows: --deployment NAME", "deployspec.cli.windows:arguments"
    ),
    "schema": Command("print the JSON Schema of deployment files", "deployspec.cli.files:schema"),
    "completion": Command(
        "print a script by which a shell completes commands", "deployspec.cli.completion:arguments"
    ),
}


class Parser(argparse.ArgumentParser):
    """argparse's, with pytest's exit status for a usage error instead of 2."""

    def error(self, message: str) -> None:  # type: ignore[override]
        """Say what is wrong, and end the process."""
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: error: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    said = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if said[:1] in ([_CHECK], [_PLAN]):
            # All that follows is pytest's, whatever it looks like to argparse.
            status: int = imported(f"deployspec.cli.{said[0]}:run")(said[1:])
            _flush()
            return status
        if said[:1] == [_COMPLETE]:
            imported("deployspec.cli.completion:complete")(said[1:])
            return 0
        if hasattr(sys.stdout, "reconfigure"):
            # What a terminal cannot show, checks of one's own may say.
            sys.stdout.reconfigure(errors="backslashreplace")
        parser = parser_for(said)
        options = parser.parse_args(said)
        if options.command is None:
            parser.print_help(sys.stderr)
            return USAGE
        status = options.run(options)
        _flush()
        if arguments is None:
            # The process ends: Python need not look for garbage among all that it has imported.
            gc.freeze()
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


def _flush() -> None:
    # There is none where this process was started with its standard output closed.
    if sys.stdout is not None:
        sys.stdout.flush()


def parser_for(said: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of a command line. It knows the arguments of that command alone which is chosen there."""
    parser = Parser(prog="deployspec", description="An executable specification of a deployment.")
    # For commands of chapters, which know of no other.
    parser.set_defaults(deployment_named=deployment_named)
    parser.add_argument("--version", action="version", version=f"deployspec {__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    chosen = next((word for word in said if not word.startswith("-")), "")
    known = dict(_OURS)
    for chapter in chapters():
        known.update(chapter.commands)
    for name, command in known.items():
        one = commands.add_parser(name, help=command.help)
        if name == chosen:
            imported(command.arguments)(one)
    return parser
