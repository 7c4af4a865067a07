"""Unit tests of rules that others wrote, in parts and whole: `python -m proven.rules_slices FOLDER [FOLDER ...] [--longest N]`.

Each FOLDER is a checkout of a repository with rules and their unit tests. Every case is judged both ways; a case on which
they differ is printed, and ends this with 1. Test files that take promtool more than N evaluations (2,000,000 without it) are
left out, and counted.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from deployspec.languages.promtool.prepared import rules_documents, tests_document
from deployspec.languages.rule_files.model import RuleFile, TestFile
from deployspec.languages.rule_files.rules import read_rules
from deployspec.languages.rule_files.unit_tests import read_tests
from deployspec.tools.promtool import CaseRuns, find
from proven.rules_corpora import loaded_by, look

Tested = tuple[TestFile, list[RuleFile]]


def main(arguments: list[str] | None = None) -> int:
    """Prints figures for each folder, and each case whose two verdicts differ."""
    parser = argparse.ArgumentParser(prog="python -m proven.rules_slices", description=__doc__)
    parser.add_argument("folders", metavar="FOLDER", nargs="+", type=Path)
    parser.add_argument("--longest", metavar="N", type=float, default=2e6)
    options = parser.parse_args(arguments)
    differing = 0
    for folder in options.folders:
        with tempfile.TemporaryDirectory() as made:
            try:
                tested, left_out = written(folder, Path(made), options.longest)
            except ValueError as error:
                print(error, file=sys.stderr)
                return 2
            parts, seconds_of_parts = judged(tested, slices=True)
            whole, seconds = judged(tested, slices=False)
            different = [key for key in whole if whole[key] != parts[key]]
            # Without an order of groups, promtool's own verdict may change from run to run.
            again = [judged(tested, slices=False)[0] for _ in range(5 if different else 0)]
        unsettled = [key for key in different if any(one[key] != whole[key] for one in again)]
        different = [key for key in different if key not in unsettled]
        differing += len(different)
        verdicts = Counter(
            {0: "passed", 1: "failed", None: "not judged"}[status] for status, _ in whole.values()
        )
        told = ", ".join(f"{number} {name}" for name, number in sorted(verdicts.items()))
        print(
            f"{folder.name}: {len(tested)} test files ({left_out} left out), {len(whole)} cases ({told}): "
            f"{seconds:.1f} s whole, {seconds_of_parts:.1f} s in parts, {len(different)} differ"
            f"{f', and {len(unsettled)} on which promtool differs from itself' if unsettled else ''}"
        )
        for key in different:
            print(f"  {key}: whole {whole[key]}, in parts {parts[key]}")
    return int(differing > 0)


def written(folder: Path, to: Path, longest: float) -> tuple[list[Tested], int]:
    """The test files of a folder, each with its rules, written where promtool finds them; and how many were left out."""
    rules: dict[str, list[RuleFile]] = {}
    tested: list[Tested] = []
    looked = look(folder)
    for number, test in enumerate(looked.test_files):
        loaded: list[RuleFile] = []
        for file in loaded_by(test, looked):
            if file.path not in rules:
                rules[file.path] = []
                for document in rules_documents(file):
                    path = to / f"{len(rules)}-{len(rules[file.path])}-{Path(file.path).name}"
                    path.write_text(document)
                    rules[file.path].append(read_rules(document, str(path)))
            loaded += rules[file.path]
        ends = [max((case.eval_time for case in group.cases), default=0.0) for group in test.groups]
        evaluations = sum(1 + end / test.evaluation_interval for end in ends) * sum(
            len(file.rules) for file in loaded
        )
        if evaluations <= longest:
            path = to / f"{number}.test.yml"
            path.write_text(tests_document(test, [file.path for file in loaded]))
            tested.append((read_tests(path.read_text(), str(path)), loaded))
    return tested, len(looked.test_files) - len(tested)


def judged(tested: list[Tested], *, slices: bool) -> tuple[dict[str, tuple[int | None, str]], float]:
    """Status and promtool's words on each case, and the seconds that it took."""
    began = time.perf_counter()
    with closing(CaseRuns(find(os.environ), tested, timeout=1800, slices=slices)) as runs:
        runs.start()
        found = {
            f"{Path(test.path).name}: tests[{case.group}], {case.kind} {case.number}": (
                (run := runs.of(test, case)).status,
                run.text,
            )
            for test, _ in tested
            for case in test.cases
        }
    return found, time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
