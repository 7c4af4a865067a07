"""What the guards and lints say of rules that others wrote: `python -m proven.rules_corpora FOLDER [FOLDER ...] [--list]`.

Each FOLDER is a checkout of a repository with rules and their unit tests. No test is run: whether it passes is promtool's
verdict. `--list` prints every finding with its place and its reason.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deployspec.base.problems import Problem
from deployspec.chapters.alerts.judge.rule_lint import lint
from deployspec.chapters.alerts.judge.rule_tests import findings
from deployspec.languages.rule_files.kinds import Kind, kind_of_file
from deployspec.languages.rule_files.model import RuleFile, RuleFileEntry, TestFile
from deployspec.languages.rule_files.rules import read_rules
from deployspec.languages.rule_files.unit_tests import read_tests
from deployspec.tools.rule_files import read_text, rule_files_of

_SUFFIXES = {".yml", ".yaml", ".rule", ".rules"}


@dataclass(frozen=True, order=True)
class Found:
    """A guard's or a lint's finding."""

    name: str
    """The guard's or the lint's, with `(note)` behind it where it is no breach."""
    place: str
    """The line of the rule or the test."""
    reason: str


@dataclass(frozen=True)
class Looked:
    """What a folder holds, and what was found in it."""

    rule_files: tuple[RuleFile, ...]
    """Those that could be read, and have rules."""
    test_files: tuple[TestFile, ...]
    """Those that could be read, and whose rules are there."""
    passed_over: Mapping[str, int]
    """How many files could not be judged, by the reason."""
    found: tuple[Found, ...]
    """Every finding, sorted."""

    @property
    def figures(self) -> str:
        """What there is, in one line."""
        rules = sum(len(file.rules) for file in self.rule_files)
        cases = sum(len(file.cases) for file in self.test_files)
        over = "".join(f"; {number} {why}" for why, number in sorted(self.passed_over.items()))
        return (
            f"{len(self.rule_files)} rule files with {rules} rules, {len(self.test_files)} test files with {cases} cases"
            f"{over}"
        )


def look(folder: Path) -> Looked:
    """What the guards and the lints say of the rules below a folder.

    Files that cannot be read, Helm's templates above all, are counted and passed over. So is a test whose rules are
    among them. Raises `ValueError` where the folder is none, or no rule in it can be read.
    """
    if not folder.is_dir():
        raise ValueError(f"found no folder {folder}; expected one with rules and their unit tests")
    over: Counter[str] = Counter()
    rules: dict[Path, RuleFile] = {}
    tests: list[TestFile] = []
    texts: dict[str, str] = {}
    unread: set[str] = set()
    for path in sorted(path for path in folder.rglob("*") if path.suffix in _SUFFIXES and path.is_file()):
        text = read_text(path)
        if isinstance(text, Problem):
            continue
        kind = kind_of_file(text, str(path))
        if kind is Kind.TESTS:
            file = read_tests(text, str(path))
            if file.problems:
                over["test files that cannot be read"] += 1
            else:
                tests.append(file)
        elif kind is Kind.RULES and "expr" in text:
            read = read_rules(text, str(path))
            if read.problems:
                unread.add(path.name)
                over["rule files that cannot be read"] += 1
            elif read.rules:
                rules[path.resolve()] = read
                texts[read.path] = text
    if not rules:
        passed = "".join(f"; {number} {why}" for why, number in sorted(over.items()))
        raise ValueError(
            f"found no rules in {folder}{passed}; expected .yml or .yaml files with groups of rules"
        )
    found = [
        Found(one.lint, str(one.place), f"{one.rule}: {one.message}")
        for one in lint(tuple(rules.values()), sources=texts)
    ]
    judged = []
    for test in tests:
        loaded = {
            entry.entry.text: tuple(_rules_of(entry.entry, entry.files, Path(test.path), rules, unread))
            for entry in rule_files_of(test)
        }
        if not all(loaded.values()):
            over["test files whose rules cannot be read"] += 1
            continue
        judged.append(test)
        found += [
            Found(f"{one.guard} (note)" if one.note else one.guard, str(one.place), one.reason)
            for one in findings(test, loaded)
        ]
    return Looked(tuple(rules.values()), tuple(judged), over, tuple(sorted(set(found))))


def _rules_of(
    entry: RuleFileEntry,
    files: tuple[Path, ...],
    test: Path,
    rules: Mapping[Path, RuleFile],
    unread: set[str],
) -> Iterator[RuleFile]:
    """What an entry of `rule_files` loads: what it names or, as repositories copy their rules beside the tests before
    they run them, the file of that name that shares most of the test's path. Where no file has that name, it is made of
    others: then all that there are. Nothing where the one that it names could not be read."""
    name = Path(entry.text).name
    there = [path for file in files if (path := file.resolve()) in rules]
    if not there:
        near = set(test.resolve().parts)
        there = sorted(
            (path for path in rules if path.name == name), key=lambda path: -len(near & set(path.parts))
        )[:1]
    if not there and name not in unread:
        there = list(rules)
    yield from (rules[path] for path in there)


def loaded_by(test: TestFile, looked: Looked) -> list[RuleFile]:
    """The rule files that a test file loads, each once."""
    rules = {Path(file.path).resolve(): file for file in looked.rule_files}
    found = (
        file
        for entry in rule_files_of(test)
        for file in _rules_of(entry.entry, entry.files, Path(test.path), rules, set())
    )
    return list({file.path: file for file in found}.values())


def main(arguments: list[str] | None = None) -> int:
    """Prints the figures, and what was found by name; ends with 2 where a folder has no rules."""
    parser = argparse.ArgumentParser(prog="python -m proven.rules_corpora", description=__doc__)
    parser.add_argument(
        "folders", metavar="FOLDER", nargs="+", type=Path, help="a checkout of rules and their tests"
    )
    parser.add_argument("--list", action="store_true", help="print every finding")
    options = parser.parse_args(arguments)
    status = 0
    numbers: dict[str, Counter[str]] = defaultdict(Counter)
    for folder in options.folders:
        try:
            looked = look(folder)
        except ValueError as error:
            print(error, file=sys.stderr)
            status = 2
            continue
        print(f"{folder.name}: {looked.figures}")
        for one in looked.found:
            numbers[one.name][folder.name] += 1
            if options.list:
                print(f"{one.place}: {one.name}: {one.reason}")
    for name, by_folder in sorted(numbers.items()):
        print(f"{name}: {by_folder.total()} ({', '.join(f'{one} {n}' for one, n in by_folder.items())})")
    return status


if __name__ == "__main__":
    sys.exit(main())
