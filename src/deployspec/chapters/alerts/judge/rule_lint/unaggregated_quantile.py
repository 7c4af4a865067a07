"""``unaggregated-quantile``: a quantile of each series' own histogram, or of buckets that lost their bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deployspec.base.problems import Place
from deployspec.base.shown import cut, names
from deployspec.chapters.alerts.judge.rule_lint.expressions import calls
from deployspec.chapters.alerts.judge.rule_lint.recorded import Recorded
from deployspec.chapters.alerts.judge.rule_lint.templates import used_labels
from deployspec.languages.promql.selectors import metric_names, selectors
from deployspec.languages.rule_files.model import Rule

if TYPE_CHECKING:
    from promql_parser import Expr

_OF_MANY = frozenset(("le", "job", "cluster", "namespace"))
"""Labels that say where a service is: many of its series have one value of them."""


def findings(rule: Rule, expr: Expr, recorded: Recorded) -> Iterator[tuple[Place, str]]:
    """A finding at each ``histogram_quantile`` whose buckets were not added up, or were added up without ``le``.

    Where the alert's text names a label of the series, one alert for each is what its author means.
    """
    for node, offset in calls(rule.expr, expr, "histogram_quantile"):
        buckets = node.args[1]
        metrics = tuple(dict.fromkeys(str(selector.name) for selector in recorded.origins(buckets)))
        if metrics and _one_alert_each(rule, expr, recorded):
            continue
        if metrics:
            message = (
                f"histogram_quantile of {cut(names(metrics), 120)} takes one quantile per series: a path that one "
                "request in an hour takes fires like all traffic, and no series shows what the users see. Add the "
                "buckets up first: histogram_quantile(φ, sum by (le) (rate(…))), with the labels to keep beside le"
            )
        elif any(name.endswith("_bucket") for name in metric_names(buckets)) and not recorded.may_have(
            buckets
        )("le"):
            message = (
                "histogram_quantile of buckets that were added up without le: their bounds are gone, it never has a "
                "result, and the rule stays silent for ever. Keep the bounds: sum by (le) (rate(…))"
            )
        else:
            continue
        yield rule.place_in_expr(offset), message


def _one_alert_each(rule: Rule, expr: Expr, recorded: Recorded) -> bool:
    """Whether the alert's annotations or labels use a label that its result keeps and that tells series apart."""
    fixed = {matcher.label for one in selectors(expr) for matcher in one.matchers if matcher.op == "="}
    may_have = recorded.may_have(expr)
    return rule.kind == "alert" and any(
        use.label not in _OF_MANY | fixed | rule.labels.keys() and may_have(use.label)
        for template in (*rule.annotations.values(), *rule.labels.values())
        for use in used_labels(template)
    )
