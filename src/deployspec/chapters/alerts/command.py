"""``deployspec rules plain``: a unit test and its rules as promtool reads them."""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its description and arguments."""
    of_rules = parser.add_subparsers(title="commands", dest="rules_command", metavar="COMMAND", required=True)
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


def _rules_plain(options: argparse.Namespace) -> int:
    """``deployspec rules plain FILE --to FOLDER``."""
    from deployspec.base.errors import UsageError
    from deployspec.base.problems import Problem
    from deployspec.languages.rule_files.rules import read_rules
    from deployspec.languages.rule_files.unit_tests import read_tests
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
