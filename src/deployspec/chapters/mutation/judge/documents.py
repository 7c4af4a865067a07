"""Documents for promtool in which a rule stands beside its mutants, and what promtool's answer says of each.

Most of promtool's time goes into the storage that it makes for each test group. So the mutants do not get a run each:
all of them stand in one rule file, each under a name of its own, and every case is asked of each. Number 0 is the rule
as it is: where that fails, nothing is known of the others. Where names cannot be given (:mod:`dependents`), a document
holds one mutant under the rule's own name.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from deployspec.base.duration import format_duration
from deployspec.chapters.mutation.judge.dependents import Reach, metrics_of
from deployspec.chapters.mutation.judge.mutants import Mutant
from deployspec.chapters.mutation.judge.printing import to_text
from deployspec.chapters.mutation.judge.tree import UnreadableError, read, renamed
from deployspec.languages.promtool.prepared import CASE_LISTS, with_cases, yaml_text
from deployspec.languages.rule_files.model import Case, Rule, RuleFile, TestFile, TestGroup

_Names: TypeAlias = Mapping[str, dict[str, str]]
"""New names by kind: ``alert`` and ``record``."""
_Raw: TypeAlias = Mapping[str, Any]
"""A rule or a case, as its file has it."""


@dataclass(frozen=True)
class Bench:
    """A rule, a test file whose cases touch it, and the rule files that this test file loads."""

    rule: Rule
    test_file: TestFile
    rule_files: Sequence[RuleFile]
    reached: Reach
    cases: Sequence[Case]

    @property
    def mark(self) -> str:
        """A word that stands in none of the files, so that it marks our names alone."""
        text = json.dumps(
            [self.test_file.data, *(g.data for f in self.rule_files for g in f.groups)], default=str
        )
        mark = hashlib.sha256(text.encode()).hexdigest()[:12]
        while mark in text:
            mark = hashlib.sha256(mark.encode()).hexdigest()[:12]
        return f"x{mark}_"

    @property
    def evaluations(self) -> int:
        """How often promtool evaluates each rule for these cases."""
        ends: dict[int, float] = {}
        for case in self.cases:
            ends[case.group] = max(ends.get(case.group, 0.0), case.eval_time)
        return sum(1 + int(end / (self.test_file.evaluation_interval or 60.0)) for end in ends.values())


def beside(bench: Bench, versions: Mapping[int, Mutant | None], stem: str) -> dict[str, str]:
    """The files in which each version stands under a name of its own: ``m<number><mark><name>``.

    The test file is ``<stem>.test.yml``. None is the rule as it is.
    """
    mark = bench.mark
    names = {number: _names(bench, f"m{number}{mark}") for number in versions}

    def rules(rule: Rule, raw: _Raw) -> list[_Raw]:
        if rule.name in (bench.reached.alerts if rule.kind == "alert" else bench.reached.metrics):
            return [
                _renamed_rule(_version(bench, rule, raw, mutant), rule, names[number])
                for number, mutant in versions.items()
            ]
        return [raw] if rule.kind == "record" and rule.name in bench.reached.needed else []

    def cases(case: Case, raw: _Raw) -> list[_Raw]:
        return [_renamed_case(raw, case, names[number]) for number in versions]

    return _files(bench, stem, rules, cases)


def alone(bench: Bench, mutant: Mutant | None, stem: str) -> dict[str, str]:
    """The files with one version under the rule's own name, and all other rules as they are."""
    return _files(
        bench,
        stem,
        lambda rule, raw: [_version(bench, rule, raw, mutant)],
        lambda _, raw: [raw],
    )


def noticed(output: str, mark: str) -> tuple[set[int], set[int]]:
    """Which numbers promtool's output for :func:`beside` speaks of: those of which a case failed, and those that could
    not be evaluated on the cases' data; promtool then leaves the rest of that group out."""
    number = rf"m(\d+){mark}"
    failed = re.findall(rf"^ *alertname: {number}", output, re.M) + re.findall(
        rf"^ *expr: \".*?{number}", output, re.M
    )
    errors = re.findall(rf"^ *rule: {number}.*, err: ", output, re.M)
    return set(map(int, failed)), set(map(int, errors))


_FAILED_CASE = re.compile(r"^ *(alertname: .*, time: |expr: \".*\", time: |rule: .*, err: )", re.M | re.S)


def case_failed(output: str) -> bool:
    """Whether promtool's output for :func:`alone` tells of a case that failed."""
    return _FAILED_CASE.search(output) is not None and not refused(output)


def refused(output: str) -> bool:
    """Whether promtool's output says that it does not accept an expression of the rule file."""
    return re.search(r'^.*group ".*", rule \d+, ".*": could not parse expression: ', output, re.M) is not None


def _files(
    bench: Bench,
    stem: str,
    rules: Callable[[Rule, _Raw], list[_Raw]],
    cases: Callable[[Case, _Raw], list[_Raw]],
) -> dict[str, str]:
    """The files, with what takes each rule's and each case's place."""

    def asked(group: TestGroup, kind: str) -> list[_Raw]:
        raw = group.data.get(CASE_LISTS[kind]) or ()
        own = [case for case in bench.cases if case.group == group.index and case.kind == kind]
        return [made for case in own for made in cases(case, raw[case.number])]

    files: dict[str, str] = {}
    for index, file in enumerate(bench.rule_files):
        groups = []
        for group in file.groups:
            pairs = zip(group.rules, group.data["rules"], strict=True)
            if made := [one for rule, raw in pairs for one in rules(rule, raw)]:
                groups.append({**group.data, "rules": made})
        if groups:
            files[f"{stem}.{index}.rules.yml"] = yaml_text({"groups": groups})
    wanted = {case.group for case in bench.cases}
    tests = [
        with_cases(group.data, {kind: asked(group, kind) for kind in CASE_LISTS})
        for group in bench.test_file.groups
        if group.index in wanted
    ]
    document = {**bench.test_file.data, "rule_files": list(files), "tests": tests}
    return {**files, f"{stem}.test.yml": yaml_text(document)}


def _names(bench: Bench, prefix: str) -> _Names:
    alerts = {name: prefix + name for name in bench.reached.alerts}
    return {"alert": alerts, "record": {name: prefix + name for name in bench.reached.metrics}}


def _version(bench: Bench, rule: Rule, raw: _Raw, mutant: Mutant | None) -> _Raw:
    if mutant is None or rule.name != bench.rule.name or rule.place != bench.rule.place:
        return raw
    new = mutant.changed
    more = {
        "for": new.for_ and format_duration(new.for_),
        "keep_firing_for": new.keep_firing_for and format_duration(new.keep_firing_for),
        "labels": dict(new.labels),
        "annotations": dict(new.annotations),
    }
    return {rule.kind: rule.name, "expr": new.expr} | {key: value for key, value in more.items() if value}


def _renamed_rule(raw: _Raw, rule: Rule, names: _Names) -> _Raw:
    expr = raw["expr"]
    if isinstance(expr, str) and (metrics_of(expr) or frozenset()) & names["record"].keys():
        expr = to_text(renamed(read(expr), names["record"]))
    return {**raw, rule.kind: names[rule.kind][rule.name], "expr": expr}


def _renamed_case(raw: _Raw, case: Case, names: _Names) -> _Raw:
    if case.kind == "alert":
        return {**raw, "alertname": names["alert"][case.subject]}
    made = {**raw, "expr": to_text(renamed(read(case.subject), names["record"]))}
    if raw.get("exp_samples"):
        made["exp_samples"] = [_renamed_sample(sample, names["record"]) for sample in raw["exp_samples"]]
    return made


def _renamed_sample(raw: _Raw, metrics: dict[str, str]) -> _Raw:
    try:
        return {**raw, "labels": to_text(renamed(read(str(raw.get("labels", ""))), metrics))}
    except UnreadableError:
        return raw  # `{}` and nothing at all are no expressions, and name nothing
