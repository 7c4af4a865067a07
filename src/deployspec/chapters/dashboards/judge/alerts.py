"""Whether everything that an alert looks at can be looked at on a panel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from deployspec.base import shown
from deployspec.chapters.dashboards.judge.nothing import MADE_BY_PROMETHEUS
from deployspec.chapters.dashboards.model import Item
from deployspec.languages.grafana import Kind, Language
from deployspec.languages.promql.selectors import Selector, selectors
from deployspec.languages.promql.syntax import PromqlError, parse
from deployspec.languages.rule_files.model import Rule
from deployspec.model.verdict import Verdict, breached, met, unmeasured


def is_drawn(item: Item) -> bool:
    """Whether what a query gives is drawn: by its panel, as an annotation, or, of a hidden one, by an expression of its
    panel's. A variable's query is not."""
    query = item.query
    if query.place.kind is Kind.VARIABLE:
        return False
    beside = (one for one in item.dashboard.queries if one.panel is query.panel)
    return not query.hidden or any(one.language is Language.EXPRESSION and not one.hidden for one in beside)


def alert_metrics_are_shown(
    rules: Sequence[Rule], queries: Iterable[str], unread: int, unshown: Sequence[str]
) -> Verdict:
    """BREACHED where an alert reads a metric that no panel reads, and that is not listed as unshown.

    A metric that a recording rule makes is shown by itself, or by all that the rule reads. ``queries`` are those of panels,
    variables in place; ``unread`` is how many could not be read, behind which a metric may be.
    """
    panels = _Panels(queries)
    recording: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.kind == "record":
            recording.setdefault(rule.name, []).append(rule)
    missing: dict[str, list[str]] = {}
    seen: set[str] = set()
    for rule in (one for one in rules if one.kind == "alert"):
        for name in sorted(metrics_of(rule.expr)):
            seen.add(name)
            for one in sorted(_lacking(name, panels, recording, unshown, frozenset())):
                missing.setdefault(one, []).append(rule.name)
    limit = "every metric of an alert is on a panel, or listed in dashboards.unshown"
    measured = f"{len(seen)} metrics of alerts"
    if not missing:
        return met("every metric of an alert is on a panel, or listed", measured=measured, limit=limit)
    told = [f"`{name}` ({', '.join(dict.fromkeys(of))})" for name, of in sorted(missing.items())]
    more = f" and {len(told) - 3} more" if len(told) > 3 else ""
    text = shown.one_line(f"no panel shows {', '.join(told[:3])}{more}", 300)
    if unread:
        queries_ = shown.counted(unread, "query").replace("querys", "queries")
        return unmeasured(f"{text}; {queries_} could not be read, and may", measured=measured, limit=limit)
    return breached(text, measured=measured, limit=limit)


def metrics_of(text: str) -> frozenset[str]:
    """The metrics that an expression reads by name, those in a list of names included; none of one that is not PromQL."""
    return frozenset(name for one in _selectors(text) for name in one.names() or ()) - MADE_BY_PROMETHEUS


def _selectors(text: str) -> tuple[Selector, ...]:
    try:
        return selectors(parse(text))
    except PromqlError:
        return ()


class _Panels:
    """What the queries of panels read: metrics by name, and by patterns of names."""

    def __init__(self, queries: Iterable[str]) -> None:
        read = [one for text in queries for one in _selectors(text)]
        self._names = frozenset(name for one in read for name in one.names() or ())
        # `{__name__=~".+"}` counts what there is, and shows none of it.
        self._patterns = [one for one in read if one.names() is None and not one.matches_name(_NOBODYS)]

    def show(self, name: str) -> bool:
        """Whether one of them reads this metric."""
        return name in self._names or any(one.matches_name(name) for one in self._patterns)


_NOBODYS = "deployspec:no_metric_has_this_name"


def _lacking(
    name: str,
    panels: _Panels,
    recording: dict[str, list[Rule]],
    unshown: Sequence[str],
    above: frozenset[str],
) -> set[str]:
    if panels.show(name) or name in above or any(fnmatchcase(name, pattern) for pattern in unshown):
        return set()
    rules = recording.get(name)
    if not rules:
        return {name}
    below: set[str] = set()
    for rule in rules:
        for one in metrics_of(rule.expr):
            below |= _lacking(one, panels, recording, unshown, above | {name})
    return below
