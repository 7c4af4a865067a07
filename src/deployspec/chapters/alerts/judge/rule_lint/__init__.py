"""Lint of alert rules: what promtool accepts and what yet does not do what its author believes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from deployspec.chapters.alerts.judge.reading import read
from deployspec.chapters.alerts.judge.rule_lint import (
    default_route_only,
    dropped_label,
    unaggregated_quantile,
    unaggregated_ratio,
)
from deployspec.chapters.alerts.judge.rule_lint.finding import LintFinding
from deployspec.chapters.alerts.judge.rule_lint.recorded import Recorded
from deployspec.languages.alertmanager import Routes
from deployspec.languages.rule_files.model import Rule, RuleFile, RuleGroup

__all__ = ["LINTS", "LintFinding", "lint"]

LINTS = tuple(
    module.LINT for module in (unaggregated_ratio, unaggregated_quantile, dropped_label, default_route_only)
)


def lint(
    rule_files: Sequence[RuleFile],
    routes: Routes | None = None,
    *,
    sources: Mapping[str, str] | None = None,
) -> tuple[LintFinding, ...]:
    """All findings in the files, each once, in the order of their places.

    ``sources`` are the files' texts by path: with them a finding in a template points at the label itself, without
    them at the template's beginning. An expression that cannot be read is a problem of its file;
    of its rule only the labels are judged here.
    """
    recorded = Recorded(rule for file in rule_files for rule in file.rules)
    found: list[LintFinding] = []
    for file in rule_files:
        source = (sources or {}).get(file.path, "")
        for group in file.groups:
            for rule in group.rules:
                found += _of_rule(rule, group, recorded, routes, source)
    return tuple(sorted(set(found)))


def _of_rule(
    rule: Rule, group: RuleGroup, recorded: Recorded, routes: Routes | None, source: str
) -> Iterator[LintFinding]:
    expr = read(rule)
    if expr is not None:
        yield from unaggregated_ratio.findings(rule, expr, recorded)
        yield from unaggregated_quantile.findings(rule, expr, recorded)
        if rule.kind == "alert":
            yield from dropped_label.findings(rule, expr, recorded, source)
    if rule.kind == "alert" and routes is not None:
        may_have = (lambda _: True) if expr is None else recorded.may_have(expr)
        shared = group.data.get("labels")  # Prometheus 3 gives them to each rule of the group
        labels = (
            {str(name): str(value) for name, value in shared.items()} if isinstance(shared, Mapping) else {}
        )
        yield from default_route_only.findings(rule, {**labels, **rule.labels}, may_have, routes)
