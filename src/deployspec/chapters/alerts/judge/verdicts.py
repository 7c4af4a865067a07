"""The verdicts of the chapter alerts that need no more than what was read: files, cases, lints, the routing table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from deployspec.base.shown import counted
from deployspec.chapters.alerts.judge.rule_lint import LintFinding
from deployspec.chapters.alerts.judge.rule_tests import EXPLAINING, OF_RUNS, Finding
from deployspec.chapters.alerts.judge.words import listed
from deployspec.languages.alertmanager.routes import Routes
from deployspec.languages.alertmanager.routing import RoutingTable, uncovered
from deployspec.languages.rule_files.model import Case, Rule, RuleFile, TestFile
from deployspec.model.verdict import Outcome, Verdict, breached, met

_MOST = 20
"""How many findings a reason tells one by one."""


def rule_file_is_sound(file: RuleFile) -> Verdict:
    """MET when the file is read without an objection and has a rule."""
    if file.problems:
        return breached(listed(file.problems, _MOST))
    if not file.rules:
        return breached(f"{file.path} has no rule")
    alerts = sum(rule.kind == "alert" for rule in file.rules)
    return met("read", measured=f"{counted(alerts, 'alert')}, {len(file.rules) - alerts} recording")


def test_file_is_sound(file: TestFile, findings: Sequence[Finding]) -> Verdict:
    """MET when the file is read without an objection, and no guard objects to the file or to one of its groups.

    ``findings`` are the guards' on this file; those about single cases belong to these, and notes are only told.
    """
    if file.problems:
        return breached(listed(file.problems, _MOST))
    about = [finding for finding in findings if not finding.note and not isinstance(finding.about, Case)]
    if about:
        return breached(listed(_lines(about), _MOST))
    if not file.cases:
        return breached(f"{file.path} has no case")
    notes = _lines(finding for finding in findings if finding.note)
    return met(
        f"read; worth knowing: {listed(notes, _MOST)}" if notes else "read",
        measured=f"{counted(len(file.groups), 'group')}, {counted(len(file.cases), 'case')}",
    )


def case_holds(promtool: Verdict, findings: Sequence[Finding]) -> Verdict:
    """promtool's verdict on a case, and the guards': a case that could not have failed has shown nothing.

    Where promtool could not judge, that comes first: what a guard says would not mend it. Where it fails the case, the
    guards that say why add it.
    """
    if promtool.outcome is Outcome.BREACHED and (why := [one for one in findings if one.guard in EXPLAINING]):
        return replace(promtool, reason=f"{promtool.reason}; {listed(_lines(why), _MOST)}")
    if promtool.outcome is not Outcome.MET or not findings:
        return promtool
    but = "the case cannot fail" if any(one.guard not in OF_RUNS for one in findings) else "not for certain"
    return breached(f"promtool passes this case, but {but}: {listed(_lines(findings), _MOST)}")


def runbook_has_alert(page: str, alerts: Sequence[Rule]) -> Verdict:
    """MET when there is an alert of the page's name."""
    if any(alert.name == page for alert in alerts):
        return met("belongs to an alert")
    return breached(f"{page}.md is the runbook of no alert; expected an alert called {page}, or no such page")


def no_finding(findings: Sequence[LintFinding], files: Sequence[RuleFile]) -> Verdict:
    """MET when a lint found nothing in these files."""
    if findings:
        return breached(listed(map(str, findings), _MOST))
    rules = sum(len(file.rules) for file in files)
    return met("nothing found", measured=f"{counted(rules, 'rule')} checked")


def routing_is_complete(table: RoutingTable, routes: Routes) -> Verdict:
    """MET when both files are read, every receiver is reached by a row, and one row is the default route's."""
    problems = [*table.problems, *routes.problems]
    if problems:
        return breached(listed(problems, _MOST))
    left_out = uncovered(table.rows, routes)
    if left_out:
        return breached(listed(left_out, _MOST))
    return met(
        "complete",
        measured=f"{counted(len(table.rows), 'row')}, {counted(len(routes.receivers), 'receiver')}",
    )


def _lines(findings: Iterable[Finding]) -> list[str]:
    return [
        f"{finding.place}: {finding.reason} (`deployspec explain {finding.guard}`)" for finding in findings
    ]
