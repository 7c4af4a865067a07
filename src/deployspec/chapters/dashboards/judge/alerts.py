"""Whether everything that an alert looks at can be looked at on a panel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    variables in place; ``unread`` is how many could not be read, behind which a metric may be. UNMEASURED where one may; and
    where an alert reads metrics that its expression does not list, as ``{__name__=~"http_.*"}``, unless a panel reads the same.
    """
    looking = _Looking(queries, rules, unshown)
    unread += looking.panels.unread
    missing: dict[str, list[str]] = {}
    unlisted: dict[str, list[str]] = {}
    seen: set[str] = set()
    for rule in (one for one in rules if one.kind == "alert"):
        read = _Read.of(rule.expr)
        seen |= read.names
        lacking = looking.lacking(read)
        for one in sorted(lacking.names):
            missing.setdefault(one, []).append(rule.name)
        for one in sorted(lacking.patterns):
            unlisted.setdefault(one, []).append(rule.name)
    limit = "every metric of an alert is on a panel, or listed in dashboards.unshown"
    measured = f"{shown.counted(len(seen), 'metric')} of alerts"
    if missing:
        text = f"no panel shows {_told(missing)}"
        if unread:
            queries_ = "1 query" if unread == 1 else f"{unread} queries"
            return unmeasured(
                f"{text}; {queries_} could not be read, and may", measured=measured, limit=limit
            )
        return breached(text, measured=measured, limit=limit)
    if unlisted:
        why = "read metrics that they do not list, and no panel reads the same; list the pattern in dashboards.unshown"
        return unmeasured(f"alerts {why}: {_told(unlisted)}", measured=measured, limit=limit)
    return met("every metric of an alert is on a panel, or listed", measured=measured, limit=limit)


def _told(of_alerts: Mapping[str, Sequence[str]]) -> str:
    told = [f"`{one}` ({', '.join(dict.fromkeys(alerts))})" for one, alerts in sorted(of_alerts.items())]
    more = f" and {len(told) - 3} more" if len(told) > 3 else ""
    return shown.one_line(f"{', '.join(told[:3])}{more}", 300)


@dataclass(frozen=True)
class _Read:
    """What an expression reads."""

    names: frozenset[str]
    """Metrics that it names, those in a list of names included."""
    patterns: frozenset[str]
    """Of selectors whose metrics it does not name: the conditions on the name, or else on all labels."""

    @staticmethod
    def of(text: str) -> _Read:
        """Nothing of one that is not PromQL, nor of what Prometheus makes itself."""
        names: set[str] = set()
        patterns: set[str] = set()
        for one in _selectors(text):
            listed = one.names()
            if listed is None or one.alternatives:
                patterns.add(_pattern(one))
            else:
                names.update(listed)
        return _Read(frozenset(names - MADE_BY_PROMETHEUS), frozenset(patterns))


def _selectors(text: str) -> tuple[Selector, ...]:
    try:
        return selectors(parse(text))
    except PromqlError:
        return ()


def _pattern(selector: Selector) -> str:
    if selector.alternatives:
        return selector.text
    named = [one for one in selector.matchers if one.label == "__name__"]
    return f"{{{', '.join(sorted(map(str, named or selector.matchers)))}}}"


_NOBODYS = ("deployspec_no_metric_has_this_name", "deployspec:no_metric_has_this_name", "zq", "Z9")
"""Names that no metric has: what matches one of them matches no metrics in particular."""


class _Panels:
    """What the queries of panels read: metrics by name, and by patterns of names."""

    def __init__(self, queries: Iterable[str]) -> None:
        self._names: set[str] = set()
        self._by_pattern: list[Selector] = []
        self._patterns: set[str] = set()
        self.unread = 0
        """How many have a pattern that cannot be read here."""
        for text in queries:
            read = _Read.of(text)
            self._names |= read.names
            self._patterns |= read.patterns
            unlisted = [one for one in _selectors(text) if one.names() is None]
            unreadable = [one for one in unlisted if not _is_readable(one)]
            self.unread += bool(unreadable)
            # `{__name__=~".+"}` counts what there is, and shows none of it.
            self._by_pattern += [
                one for one in unlisted if one not in unreadable and not any(map(one.matches_name, _NOBODYS))
            ]

    def show(self, name: str) -> bool:
        """Whether one of them reads this metric."""
        return name in self._names or any(one.matches_name(name) for one in self._by_pattern)

    def show_pattern(self, pattern: str) -> bool:
        """Whether one of them reads metrics by the same pattern."""
        return pattern in self._patterns


def _is_readable(selector: Selector) -> bool:
    return all(one.meets("") is not None for one in selector.matchers if one.label == "__name__")


class _Looking:
    """Looks for what alerts read among what panels, recording rules and the list of what is not shown say."""

    def __init__(self, queries: Iterable[str], rules: Sequence[Rule], unshown: Sequence[str]) -> None:
        self.panels, self._unshown = _Panels(queries), unshown
        self._recording: dict[str, list[_Read]] = {}
        for rule in rules:
            if rule.kind == "record":
                self._recording.setdefault(rule.name, []).append(_Read.of(rule.expr))

    def lacking(self, read: _Read, above: frozenset[str] = frozenset()) -> _Read:
        """What of it no panel shows: metrics that no rule records, and patterns."""
        names: set[str] = set()
        patterns = {
            one for one in read.patterns if not self.panels.show_pattern(one) and one not in self._unshown
        }
        for name in read.names - above:
            if self.panels.show(name) or any(fnmatchcase(name, one) for one in self._unshown):
                continue
            for below in self._recording.get(name, [_Read(frozenset(), frozenset())]):
                if not below.names and not below.patterns:
                    # Recorded of nothing, as `vector(1)` is, or by no rule: itself it would have to be shown.
                    names.add(name)
                    continue
                more = self.lacking(below, above | {name})
                names |= more.names
                patterns |= more.patterns
        return _Read(frozenset(names), frozenset(patterns))
