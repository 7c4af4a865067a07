"""Which kinds of case an alert has, and which it lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from posixpath import normpath

from deployspec.base.shown import cut, names
from deployspec.chapters.alerts.judge.rule_tests.rules import LoadedRules, read_by, unreadable
from deployspec.chapters.alerts.judge.rule_tests.silence import says_missing_data
from deployspec.chapters.alerts.judge.rule_tests.times import first_gap, last_number, looked_at
from deployspec.languages.rule_files.model import Case, Rule, RuleFile, TestFile, TestGroup
from deployspec.model.verdict import Verdict, breached, met, unmeasured

FIRES = "fires"
SILENT = "is silent although its data is there"
MISSING = "has missing data"

_WRITE = {
    FIRES: "an alert_rule_test with exp_alerts",
    SILENT: "an alert_rule_test without exp_alerts, at a time when a series that it reads has samples",
    MISSING: "an alert_rule_test without any series that it reads, or with one that has gaps (_ or stale) by then",
}
KINDS: Mapping[str, str] = {"fires": FIRES, "silent": SILENT, "missing": MISSING}
"""The kinds of case by the words of the deployment file's ``rules.coverage``."""


def coverage(
    rule: Rule,
    tests: Sequence[tuple[TestFile, Mapping[str, Sequence[RuleFile]]]],
    kinds: Sequence[str] = tuple(KINDS),
) -> Verdict:
    """An alert has a case in which it fires, one in which it is silent although its data is there, and one with
    missing data; ``kinds`` (words of ``KINDS``) are those of them that it has to have.

    ``tests`` has each test file with the files that the entries of its ``rule_files`` match; those that don't load
    the rule's own file don't count. Data is there while a series that the rule reads, directly or through recording
    rules, still has a number to come or has one just then. A case counts for missing data when no series of its group is one that the
    rule reads, when one of those has a gap (``_`` or ``stale``) by the time that decides it, or when its group's name
    says so. Of several alerts of one name, a case shows that one firing whose plain labels it expects. An alert that reads
    no metric, such as ``vector(1)``, needs only to fire.
    """
    name = cut(rule.name, 120)
    shown: dict[str, Case] = {}
    needed = tuple(KINDS[kind] for kind in KINDS if kind in kinds)
    loads = False
    for test_file, loaded in tests:
        rules = LoadedRules(loaded)
        if not any(normpath(file.path) == normpath(rule.place.file) for file in rules.files):
            continue
        loads = True
        reached = rules.reached_from([rule])
        why = next(((one, why) for one in reached if (why := unreadable(one)) is not None), None)
        if why is not None:
            return unmeasured(f"the expression of {cut(why[0].name, 120)} cannot be read: {cut(why[1], 160)}")
        if not any(map(read_by, reached)):
            needed = tuple(kind for kind in needed if kind == FIRES)
        for group in test_file.groups:
            for case in group.cases:
                if case.kind == "alert" and case.subject == rule.name:
                    for kind in _kinds(case, rule, group, test_file, rules):
                        shown.setdefault(kind, case)
    lacking = [kind for kind in needed if kind not in shown]
    has = "; ".join(f"{kind}: {shown[kind].place}" for kind in needed if kind in shown)
    limit = f"a case each in which it {names(needed)}"
    if not lacking:
        return met(f"{name} has a case of each kind", measured=has, limit=limit)
    if not loads:
        return breached(f"no test file loads {cut(rule.place.file, 120)}, so {name} has no case", limit=limit)
    missing = " nor ".join(f"one in which it {kind}" for kind in lacking).removeprefix("one ")
    write = "; ".join(_WRITE[kind] for kind in lacking)
    return breached(f"{name} has no case {missing}; write {write}", measured=has or "no case", limit=limit)


def _kinds(case: Case, rule: Rule, group: TestGroup, test_file: TestFile, rules: LoadedRules) -> list[str]:
    kinds = []
    if case.expected and _is_of(rule, case, rules):
        kinds.append(FIRES)
    if not case.expected and _data_is_there(case, rule, group, test_file, rules):
        kinds.append(SILENT)
    if says_missing_data(group) or _data_is_missing(case, rule, group, test_file, rules):
        kinds.append(MISSING)
    return kinds


def _is_of(rule: Rule, case: Case, rules: LoadedRules) -> bool:
    """Whether what the case expects can be this rule's alert, and not only that of another rule of the same name."""
    if len(rules.alerts.get(rule.name, ())) < 2:
        return True
    plain = {label: value for label, value in rule.labels.items() if value and "{{" not in value}
    return any(
        all(alert.labels.get(label) == value for label, value in plain.items()) for alert in case.expected
    )


def _data_is_missing(
    case: Case, rule: Rule, group: TestGroup, test_file: TestFile, rules: LoadedRules
) -> bool:
    read = [selector for one in rules.reached_from([rule]) for selector in read_by(one)]
    series = [one for one in group.series if any(wanted.matches(one.name, one.labels) for wanted in read)]
    at = looked_at(case, test_file)
    return bool(read) and (not series or any(0 <= first_gap(one, group) <= at for one in series))


def _data_is_there(case: Case, rule: Rule, group: TestGroup, test_file: TestFile, rules: LoadedRules) -> bool:
    read = [selector for one in rules.reached_from([rule]) for selector in read_by(one)]
    at = looked_at(case, test_file)
    return any(
        last_number(series, group) >= at and any(one.matches(series.name, series.labels) for one in read)
        for series in group.series
    )
