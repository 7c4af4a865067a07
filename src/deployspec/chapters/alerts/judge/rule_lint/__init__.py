"""Lint of alert rules: what promtool accepts and what yet does not do what its author believes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from deployspec.base.problems import Place
from deployspec.chapters.alerts.judge.reading import read
from deployspec.chapters.alerts.judge.rule_lint import (
    default_route_only,
    dropped_label,
    hidden_by_or,
    never_matching,
    silent_when_none,
    unaggregated_quantile,
    unaggregated_ratio,
    unquoted_value,
    wrong_metric_type,
)
from deployspec.chapters.alerts.judge.rule_lint.recorded import Recorded
from deployspec.languages.alertmanager.routes import Routes
from deployspec.languages.rule_files.model import Rule, RuleFile, RuleGroup


@dataclass(frozen=True, slots=True, order=True)
class LintFinding:
    """A rule that is valid, and does not do what its author believes."""

    place: Place
    """The exact characters: the division, the quantile's call, the label in the template, the alert's name."""
    lint: str
    """Its name, which is that of its page: ``unaggregated-ratio``, ``dropped-label`` …"""
    rule: str
    """The alert's name, or the recorded metric's."""
    message: str
    """One line: what is wrong, what follows from it, and what to write instead."""

    def __str__(self) -> str:
        return f"{self.place}: {self.rule}: {self.message} (`deployspec explain {self.lint}`)"


def lint(
    rule_files: Sequence[RuleFile],
    routes: Routes | None = None,
    *,
    sources: Mapping[str, str] | None = None,
) -> tuple[LintFinding, ...]:
    """All findings in the files, each once, in the order of their places.

    ``sources`` are the files' texts by path: with them a finding in a template points at the label itself, without
    them at the template's beginning, and ``unquoted-value`` finds nothing. An expression that cannot be read is a problem of its file;
    of its rule only the labels are judged here.
    """
    recorded = Recorded(rule for file in rule_files for rule in file.rules)
    used = wrong_metric_type.Used(rule for file in rule_files for rule in file.rules)
    texts = sources or {}
    found = {
        LintFinding(place, name, rule.name, message)
        for file in rule_files
        for group in file.groups
        for rule in group.rules
        for name, messages in _of_rule(rule, group, recorded, used, routes, texts.get(file.path, ""))
        for place, message in messages
    } | {
        LintFinding(place, "unquoted-value", rule_name, message)
        for file in rule_files
        for place, rule_name, message in unquoted_value.findings(file.path, texts.get(file.path, ""))
    }
    return tuple(sorted(found))


def _of_rule(
    rule: Rule,
    group: RuleGroup,
    recorded: Recorded,
    used: wrong_metric_type.Used,
    routes: Routes | None,
    source: str,
) -> Iterator[tuple[str, Iterable[tuple[Place, str]]]]:
    """What each lint says of a rule, and where."""
    expr = read(rule)
    if expr is not None:
        yield "unaggregated-ratio", unaggregated_ratio.findings(rule, expr, recorded)
        yield "unaggregated-quantile", unaggregated_quantile.findings(rule, expr, recorded)
        yield "wrong-metric-type", wrong_metric_type.findings(rule, expr, used)
        yield "never-matching", never_matching.findings(rule, expr, recorded)
        if rule.kind == "alert":
            yield "silent-when-none", silent_when_none.findings(rule, expr)
            yield "hidden-by-or", hidden_by_or.findings(rule, expr)
            yield "dropped-label", dropped_label.findings(rule, expr, recorded, source)
    if rule.kind == "alert" and routes is not None:
        may_have = (lambda _: True) if expr is None else recorded.may_have(expr)
        shared = group.data.get("labels")  # Prometheus 3 gives them to each rule of the group
        labels = (
            {str(name): str(value) for name, value in shared.items()} if isinstance(shared, Mapping) else {}
        )
        yield (
            "default-route-only",
            default_route_only.findings(rule, {**labels, **rule.labels}, may_have, routes),
        )
