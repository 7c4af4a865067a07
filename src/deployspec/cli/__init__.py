"""The command ``deployspec``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deployspec import __version__
from deployspec.base.errors import DeployspecError
from deployspec.chapters.logs import command as logs
from deployspec.chapters.slo import command as load_command

if TYPE_CHECKING:
    from deployspec.deployment import Deployment

USAGE = 4
"""The exit status for a wrong command line or a faulty file: pytest's own for the same."""
_PARTS = ("health", "faults", "prometheus", "rules", "slos", "logs", "load")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        """As argparse's, with pytest's exit status for a usage error instead of 2."""
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: error: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status. Each subcommand is a function below."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help(sys.stderr)
        return USAGE
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except DeployspecError as error:
        print(error, file=sys.stderr)
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

    rules = commands.add_parser("rules", help="alert rules and their unit tests")
    of_rules = rules.add_subparsers(title="commands", dest="rules_command", metavar="COMMAND", required=True)
    plain = of_rules.add_parser(
        "plain",
        help="write a unit test and its rules as promtool reads them",
        description="Write a file of unit tests, and those of its rule files that promtool cannot read as they are "
        "(Kubernetes PrometheusRule documents), into a folder, for promtool to run.",
    )
    plain.add_argument("file", metavar="FILE", help="a file of unit tests in promtool's format")
    plain.add_argument(
        "--to", metavar="FOLDER", required=True, help="where to write; made if it is not there"
    )
    plain.set_defaults(run=_rules_plain)

    logs.add_to(commands)
    load_command.add_to(commands)
    return parser


def _rules_plain(options: argparse.Namespace) -> int:
    """``deployspec rules plain FILE --to FOLDER``."""
    from deployspec.base.errors import UsageError
    from deployspec.languages.rule_files import Problem, read_rules, read_tests
    from deployspec.tools.promtool import export
    from deployspec.tools.rule_files import read_text, rule_files_of

    def text_of(path: Path) -> str:
        text = read_text(path)
        if isinstance(text, Problem):
            raise UsageError(str(text))
        return text

    test = read_tests(text_of(Path(options.file)), options.file)
    paths = [path for entry in rule_files_of(test) for path in entry.files]
    files = [read_rules(text_of(path), str(path)) for path in paths]
    problems = [*test.problems, *(problem for file in files for problem in file.problems)]
    if problems:
        raise UsageError("\n".join(map(str, problems)))
    if (Path(options.to) / Path(options.file).name).exists():
        raise UsageError(
            f"{options.to} has a {Path(options.file).name} already; expected a folder without one"
        )
    try:
        print(export(test, files, options.to))
    except OSError as error:
        raise UsageError(f"{options.to} cannot be written to: {error.strerror}") from None
    return 0


def _validate(options: argparse.Namespace) -> int:
    """``deployspec validate FILE…``."""
    from deployspec.deployment import find, load

    status = 0
    for name in options.files:
        try:
            deployment = load(find(name, Path("deployments")), os.environ)
        except DeployspecError as error:
            sys.stdout.flush()
            print(error, file=sys.stderr)
            status = USAGE
        else:
            print(f"{deployment.path}: valid; {_summary(deployment)}")
    return status


def _summary(deployment: Deployment) -> str:
    """What a deployment file describes and allows, in one line."""
    described = [part for part in _PARTS if deployment.describes(part)]
    return (
        f"describes {', '.join(described) or 'nothing but base_url'}; "
        f"allows {', '.join(sorted(deployment.allow)) or 'nothing but reading'}"
    )
