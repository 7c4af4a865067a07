"""Mutants a second: many in one run of promtool, against one run of promtool for each."""

from __future__ import annotations

import copy
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.processes import spread
from bench.rules import _peak
from bench.rules_corpus import write
from deployspec.base.duration import format_duration
from deployspec.chapters.mutation.judge.mutants import Mutant, valid
from deployspec.chapters.mutation.judge.score import MutationResult
from deployspec.chapters.mutation.measure import MutationRuns
from deployspec.languages.rule_files.model import Rule, RuleFile, TestFile
from deployspec.languages.rule_files.rules import read_rules
from deployspec.languages.rule_files.unit_tests import read_tests
from deployspec.tools.promtool import TestRunner, Workspace, find

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = int(os.environ.get("BENCH_MUTANTS_ROUNDS", "5"))
SEED = 7
LIMIT = 3.0
MEMORY_LIMIT = 250
Tests = list[tuple[TestFile, list[RuleFile]]]


def run() -> str:
    """Measure, and return the results as Markdown."""
    dice = random.Random(SEED)  # noqa: S311 - no secret
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write(folder)
        own, corpus = _read(ROOT / "rules"), _read(folder)
        _ours(own[-1:], [_rules(own[-1:])[0]])  # warms the page cache
        speeds: dict[str, list[float]] = {"plain": [], "ours": []}
        count = 0
        for number in range(ROUNDS):
            # Half of a round's rules are the project's own, whose tests are long.
            rules = dice.sample(_rules(own), 2) + dice.sample(_rules(corpus), 4)
            times: dict[str, float] = {}
            found: dict[str, dict[str, str]] = {}
            for name in ("plain", "ours") if number % 2 else ("ours", "plain"):
                began = time.perf_counter()
                found[name] = (_plain if name == "plain" else _ours)(own + corpus, rules)
                times[name] = time.perf_counter() - began
            if found["plain"] != found["ours"]:
                raise SystemExit("the two ways disagree about a mutant: no figure counts")
            for name, seconds in times.items():
                speeds[name].append(len(found[name]) / seconds)
            count += len(found["ours"])
            print(f"mutants: round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
        began = time.perf_counter()
        everything = len(_ours(own, _rules(own)))
        whole = time.perf_counter() - began
        record = str(folder / "record.json")
        checks = [sys.executable, "-m", "pytest", "checks", "-m", "mutation", "-q", "-p", "no:cacheprovider", "--record", record]  # fmt: skip
        peak = _peak(checks, ROOT, dict(os.environ))
    ratios = [ours / plain for ours, plain in zip(speeds["ours"], speeds["plain"], strict=True)]
    kept = "kept" if statistics.median(ratios) >= LIMIT else "NOT kept"
    held = "kept" if peak <= MEMORY_LIMIT else "NOT kept"
    return f"""## Mutants of rules

{ROUNDS} rounds after a warm-up, alternating. In each, all mutants of 6 rules (seed {SEED}): 2 of the project's own and
4 of the generated corpus; {count} mutants in all. Both ways killed the same ones. Median (smallest to largest).

| way | mutants a second |
| --- | --- |
| plain: one promtool after the other, each with one mutant and the whole test file | {spread(speeds["plain"])} |
| `-m mutation`: mutants beside each other, the cheapest groups first, two promtools at a time | {spread(speeds["ours"])} |

- Ratio, round by round: **{spread(ratios)}**; limit at least {LIMIT:g}: {kept}.
- All {everything} mutants of the project's own rules: {whole:.1f} s.
- Peak memory of `pytest checks -m mutation` and its promtools together, sampled: {peak:.0f} MB; limit {MEMORY_LIMIT} MB: {held}.
"""


def _read(folder: Path) -> Tests:
    tests: Tests = []
    for path in sorted(folder.glob("*.test.yml")):
        test_file = read_tests(path.read_text(), str(path))
        names = [path.parent / entry.text for entry in test_file.rule_files]
        tests.append((test_file, [read_rules(name.read_text(), str(name)) for name in names]))
    return tests


def _rules(tests: Tests) -> list[Rule]:
    return [rule for _, files in tests for file in files for rule in file.rules]


def _ours(tests: Tests, rules: list[Rule]) -> dict[str, str]:
    results: list[MutationResult] = []
    with Workspace() as workspace, TestRunner(find(os.environ)) as runner:
        runs = MutationRuns(runner.submit, workspace.path, tests)
        try:
            runs.start(rules)
            results = [runs.of(rule) for rule in rules]
        finally:
            runs.close()
    assert not any(result.problem for result in results)  # noqa: S101 - a bench
    return {_key(run.mutant): run.status for result in results for run in result.runs if valid(run.mutant)}


def _plain(tests: Tests, rules: list[Rule]) -> dict[str, str]:
    runs = MutationRuns(lambda path: TestRunner(find(os.environ)).submit(path), "", tests)
    found: dict[str, str] = {}
    for rule in rules:
        test_file, (rule_file,) = next(each for each in tests if rule in each[1][0].rules)
        if subprocess.run(
            ["promtool", "test", "rules", test_file.path], capture_output=True, check=False
        ).returncode:
            raise SystemExit(f"{test_file.path} fails without any mutation: no figure counts")
        for mutant in filter(valid, runs.mutants(rule)):
            with tempfile.TemporaryDirectory() as made:
                here = Path(made)
                (here / Path(rule_file.path).name).write_text(_mutated(rule_file, mutant))
                path = here / Path(test_file.path).name
                path.write_text(Path(test_file.path).read_text())
                done = subprocess.run(
                    ["promtool", "test", "rules", str(path)], capture_output=True, check=False
                )
            found[_key(mutant)] = "killed" if done.returncode else "survived"
    runs.close()
    return found


def _key(mutant: Mutant) -> str:
    return f"{mutant.rule.place} {mutant.id}"


def _mutated(rule_file: RuleFile, mutant: Mutant) -> str:
    groups: list[Any] = []
    for group in rule_file.groups:
        data = copy.deepcopy(dict(group.data))
        for rule, raw in zip(group.rules, data["rules"], strict=True):
            if rule is mutant.rule:
                new = mutant.changed
                raw.update(expr=new.expr, labels=dict(new.labels), annotations=dict(new.annotations))
                if rule.kind == "alert":
                    raw["for"] = format_duration(new.for_)
                else:
                    del raw["annotations"]
        groups.append(data)
    return json.dumps({"groups": groups})
