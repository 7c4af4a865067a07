"""The guards on names: what a test file speaks of must be there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from deployspec.base.problems import Place
from deployspec.base.shown import cut
from deployspec.chapters.alerts.judge.rule_tests.finding import Finding
from deployspec.chapters.alerts.judge.rule_tests.rules import LoadedRules, unreadable
from deployspec.chapters.alerts.judge.rule_tests.times import duration, is_silent, milliseconds
from deployspec.languages.rule_files.model import Case, TestFile, TestGroup

_COSTLY = 1_000_000
"""Items of a series: 90 MB and a fifth of a second of promtool's (2.42)."""


def empty_file(test_file: TestFile, _: LoadedRules) -> Iterator[Finding]:
    """A test file without any group. One whose problems kept groups from being read is told by these."""
    if not test_file.groups and not test_file.problems:
        yield Finding(
            Place(test_file.path),
            "the file has no group of tests, so it tests nothing; add tests or remove it",
        )


def empty_rule_files(test_file: TestFile, rules: LoadedRules) -> Iterator[Finding]:
    """An entry of ``rule_files`` that matches no file; a test file without any entry."""
    if not test_file.rule_files and not test_file.problems:
        yield Finding(Place(test_file.path), "rule_files is empty, so no rule is tested")
    for entry in test_file.rule_files:
        if not rules.loaded.get(entry.text):
            reason = f"rule_files: {_shown(entry.text)} matches no file, and promtool says nothing about it"
            yield Finding(entry.place, reason)


def empty_group(test_file: TestFile, _: LoadedRules) -> Iterator[Finding]:
    """A group without any case. One whose problems kept cases from being read is told by these."""
    for group in test_file.groups:
        if not group.cases and not test_file.problems:
            named = f" {_shown(group.name)}" if group.name else ""
            yield Finding(
                group.place,
                f"the group{named} has neither an alert_rule_test nor a promql_expr_test, so it tests nothing",
                group,
            )


def missing_interval(test_file: TestFile, case: Case) -> Iterator[Finding]:
    """A case whose group has input series and no ``interval``: no guard of every run, but for a promtool before 2.49,
    which then puts all items at time 0. Later ones take the ``evaluation_interval`` (prometheus/prometheus#13011)."""
    for group in test_file.groups:
        if group.index == case.group and group.series and not group.timed:
            yield Finding(
                group.place,
                "the group has no interval, so this promtool puts every item of its series at time 0; set interval:"
                f" {duration(milliseconds(group.interval))}",
                case,
                "missing-interval",
            )


def unknown_alert(test_file: TestFile, rules: LoadedRules) -> Iterator[Finding]:
    """A case for an alert that exists in none of the test file's rule files: it is always silent."""
    for case in test_file.cases:
        if case.kind == "alert" and case.subject not in rules.alerts:
            broken = [file.path for file in rules.files if file.problems]
            unread = f" (not all of {_shown(broken[0])} could be read)" if broken else ""
            where = ", ".join(file.path for file in rules.files[:3]) or "no rule file is loaded"
            more = f" and {len(rules.files) - 3} more" if len(rules.files) > 3 else ""
            yield Finding(
                case.place,
                f"alertname {_shown(case.subject)} exists in none of the rule files ({cut(where, 120)}{more})"
                f"{unread}{_nearest(case.subject, rules.alerts)}",
                case,
            )


def unused_series(test_file: TestFile, rules: LoadedRules) -> Iterator[Finding]:
    """An input series whose metric's name occurs in no rule of the test file's rule files: neither read nor recorded.

    An expression of the test itself is no rule: a case in which it reads only what no rule knows tests no rule. A case
    that expects alerts or samples would fail without its data, and so it shows that the other series are right: there,
    the series is worth a note. So it is where the group has all that a silent alert needs in order to fire. What stays in
    doubt are the silent cases that may lack the data that the series was meant to be.
    """
    for group in test_file.groups:
        firing = {case.subject for case in group.cases if not is_silent(case, group)}
        doubted = [
            case
            for case in group.cases
            if case.subject not in firing and not _has_its_data(case, group, rules)
        ]
        harmless = len(doubted) < len(group.cases)
        seen: set[str] = set()
        for series in group.series:
            if series.name in seen or rules.names_metric(series.name):
                continue
            seen.add(series.name)
            named = (
                f"the metric {_shown(series.name)}"
                if series.name
                else f"a metric without a name ({series.text})"
            )
            reason = (
                f"{cut(named, 120)} occurs in no rule of the test's rule files"
                f"{_nearest(series.name, rules.names)}"
            )
            yield Finding(series.place, reason, group, note=harmless)
            if harmless:
                yield from (Finding(series.place, reason, case) for case in doubted)


def costly_series(test_file: TestFile, _: LoadedRules) -> Iterator[Finding]:
    """A note on a series of a million items or more: promtool holds each of them in memory."""
    for group in test_file.groups:
        for series in group.series:
            if series.items >= _COSTLY:
                yield Finding(
                    series.place,
                    f"{cut(series.text, 120)} has {series.items} items, which cost promtool some"
                    f" {series.items // 11_000} MB; a series needs to reach no further than the last eval_time",
                    group,
                    note=True,
                )


def _has_its_data(case: Case, group: TestGroup, rules: LoadedRules) -> bool:
    """Whether the group's series are enough for the alert to fire. Of an expression, that is never sure."""
    alerts = [rule for rule in rules.alerts.get(case.subject, ()) if unreadable(rule) is None]
    return case.kind == "alert" and rules.can_hold(
        alerts, lambda selector: any(selector.matches(one.name, one.labels) for one in group.series)
    )


def _nearest(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1) if name else []
    return f"; did you mean {_shown(close[0])}?" if close else ""


def _shown(text: str) -> str:
    return cut(text, 120) if text else '""'
