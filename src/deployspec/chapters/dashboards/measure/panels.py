"""Asks the deployment's Prometheus what the queries of dashboards give, as Grafana would."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from deployspec.base import shown
from deployspec.chapters.dashboards.judge.nothing import to_look_at, unmatched, why_nothing
from deployspec.chapters.dashboards.model import Answer, Curve, Item, Kind, Known, Made
from deployspec.languages.grafana import Chosen, Scope, Unexpanded, choose, expand, options, question
from deployspec.languages.grafana import Kind as What
from deployspec.languages.grafana.variables import answer_text, question_of, scope_of
from deployspec.languages.prometheus.model import LoadedRules
from deployspec.languages.promql.selectors import Matcher, Selector, label_text
from deployspec.languages.promql.syntax import parse, to_text
from deployspec.model.http import FailureKind
from deployspec.tools.prometheus.asking import Failed, Prometheus

if TYPE_CHECKING:
    from deployspec.chapters.dashboards.judge.meanings import Event
    from deployspec.chapters.dashboards.judge.nothing import Reason
    from deployspec.chapters.dashboards.part import Dashboards
    from deployspec.languages.grafana import Dashboard, Question, Variable

LONGEST_RANGE = 3600.0
"""Seconds that are looked at, where the file does not say how many."""
POINTS = 250
"""Of a series in one answer, at most: Grafana asks for as many as the panel has pixels."""
MOST_OPERATIONS = 5
"""Of a query without a result: of so many operations it is asked whether their sides meet."""
MOST_SELECTORS = 20
"""Of one query, that are looked at on their own."""
MOST_LABELS = 20
"""Of one selector, whose values are asked for."""
_SUFFIXES = ("_bucket", "_count", "_sum", "_total")
_REFUSED = (400, 422)
_TOO_MUCH = ("too many samples", "maximum resolution", "exceeds the limit")


@dataclass
class Panels:
    """The queries of the dashboards, each asked once, by the first check that wants it."""

    part: Dashboards
    prometheus: Prometheus
    window: float
    """Seconds within which a series counts as there."""
    events: Sequence[Event] = ()
    _scopes: dict[str, tuple[Scope, Mapping[str, str]]] = field(default_factory=dict)
    _made: dict[str, Made] = field(default_factory=dict)
    _answers: dict[str, Answer] = field(default_factory=dict)
    _reasons: dict[str, tuple[Reason, ...]] = field(default_factory=dict)
    _known: dict[Selector, Known] = field(default_factory=dict)
    _mismatch: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """A query that takes longer than its limit is waited for a moment longer, to say so."""
        self.prometheus.timeout = max(self.prometheus.timeout, self.part.max_query_time + 1.0)

    @property
    def range(self) -> float:
        """The seconds that are looked at."""
        return self.part.range or min(self.window, LONGEST_RANGE)

    def made(self, item: Item) -> Made:
        """The query as Prometheus gets it."""
        if item.id not in self._made:
            self._made[item.id] = self._make(item)
        return self._made[item.id]

    def answer(self, item: Item) -> Answer:
        """What it gives over the range. Only of one that is made."""
        if item.id not in self._answers:
            self._answers[item.id] = self._ask(self.made(item).text, instant=item.query.instant)
        return self._answers[item.id]

    def now(self, item: Item) -> Answer:
        """What it gives at this moment, asked anew."""
        return self._ask(self.made(item).text, instant=True)

    def reasons(self, item: Item) -> tuple[Reason, ...]:
        """Why selectors of the query select nothing, of those where the answer leaves it open. Raises Failed."""
        if item.id not in self._reasons:
            answer = self.answer(item)
            looked = to_look_at(self.made(item).text, shows=bool(answer.curves))
            known = [self.known(one) for one in looked[:MOST_SELECTORS]]
            self._reasons[item.id] = tuple(why_nothing(one, self.events) for one in known if not one.selects)
        return self._reasons[item.id]

    def mismatch(self, item: Item) -> str:
        """Which two sides of an operation both have series, of which none meet; empty where there are none such."""
        if item.id not in self._mismatch:
            self._mismatch[item.id] = self._find_mismatch(item)
        return self._mismatch[item.id]

    def _make(self, item: Item) -> Made:
        whole, lacking = self._scope(item.dashboard)
        scope = scope_of(item.query, whole.values, whole.begin, whole.end, self.part.scrape_interval)
        if isinstance(scope, Unexpanded):
            return _unmade(scope, lacking)
        expanded = expand(item.query.text, scope)
        if isinstance(expanded, Unexpanded):
            return _unmade(expanded, lacking)
        variable = item.dashboard.variable(item.query.place.name)
        if item.query.place.kind is not What.VARIABLE or variable is None:
            return Made(expanded.text)
        # Of the series that a variable's values are read from, one thing is wanted: that there are some.
        asked = question_of(variable.query.strip())
        return Made(expanded.text if asked.kind == "query" else f"group({expanded.text})")

    @property
    def _step(self) -> float:
        return max(self.part.scrape_interval, self.range / POINTS)

    def _scope(self, dashboard: Dashboard) -> tuple[Scope, Mapping[str, str]]:
        """What is chosen of a dashboard's variables; and why not, of those of which nothing is."""
        if dashboard.file not in self._scopes:
            end = time.time()
            chosen: dict[str, Chosen] = {}
            lacking: dict[str, str] = {}
            scope = Scope(chosen, end - self.range, end, self._step, scrape=self.part.scrape_interval)
            for name, said in self.part.variables.items():
                chosen[name] = Chosen(said, many=len(said) > 1)
            for variable in dashboard.variables:
                found = self._choose(variable, scope)
                if isinstance(found, Chosen):
                    chosen[variable.name] = found
                elif variable.name not in chosen:
                    lacking[variable.name] = found
            self._scopes[dashboard.file] = scope, lacking
        return self._scopes[dashboard.file]

    def _choose(self, variable: Variable, scope: Scope) -> Chosen | str:
        wanted = self.part.variables.get(variable.name, ())
        asked = question(variable, scope)
        if isinstance(asked, Unexpanded) and not wanted:
            return f"its own query needs {shown.names(list(asked.names))}"
        answers: Sequence[str] = ()
        if asked is not None and not isinstance(asked, Unexpanded) and not wanted:
            try:
                answers = self._values(asked)
            except Failed as failed:
                return f"{self.prometheus.who} {failed.reason}"
        offered = options(variable, answers, scope)
        if offered is None:
            return "its regular expression cannot be read"
        return choose(variable, offered, wanted) or "Prometheus has no value for it"

    def _values(self, asked: Question) -> list[str]:
        """What Prometheus answers a variable's query. Raises Failed."""
        since = [("start", f"{time.time() - max(self.window, self.range):.3f}")]
        match = [("match[]", asked.match)] if asked.match else []
        if asked.kind == "label_values":
            path = f"label/{quote(asked.label, safe='')}/values?{urlencode(match + since)}"
            return _texts(self.prometheus.answer(path))
        if asked.kind == "label_names":
            return _texts(self.prometheus.answer(f"labels?{urlencode(match + since)}"))
        if asked.kind == "metrics":
            names = sorted(self.names)
            try:
                return [name for name in names if re.search(asked.pattern, name)]
            except re.error:
                return []
        if asked.kind == "series":
            found = self.prometheus.answer(f"series?{urlencode(match + since)}")
            return (
                [answer_text(one, "", 0).rsplit(" ", 2)[0] for one in found if isinstance(one, dict)]
                if isinstance(found, list)
                else []
            )
        answer = self._ask(asked.match, instant=True)
        if answer.kind is not Kind.ANSWERED:
            raise Failed(answer.reason)
        return [
            answer_text(curve.labels, f"{curve.last:.17g}", curve.points[-1][0]) for curve in answer.curves
        ]

    def _ask(self, text: str, *, instant: bool = False) -> Answer:
        end = time.time()
        values = {"query": text}
        if instant:
            path = f"query?{urlencode(values | {'time': f'{end:.3f}'})}"
        else:
            span = {"start": f"{end - self.range:.3f}", "end": f"{end:.3f}", "step": f"{self._step:.3f}"}
            path = f"query_range?{urlencode(values | span)}"
        began = time.monotonic()
        try:
            data = self.prometheus.answer(path)
        except Failed as failed:
            return self._failed(failed, time.monotonic() - began)
        seconds = time.monotonic() - began
        try:
            return Answer(Kind.ANSWERED, seconds, _curves(data))
        except (LookupError, TypeError, ValueError, AttributeError):
            return Answer(
                Kind.UNAVAILABLE,
                seconds,
                reason=f"{self.prometheus.who} answers with something other than series",
            )

    def _failed(self, failed: Failed, seconds: float) -> Answer:
        reason = failed.reason
        limit = shown.seconds(self.part.max_query_time)
        if failed.kind is FailureKind.TIMEOUT or (failed.status == 503 and "timed out" in reason):
            return Answer(
                Kind.SLOW, seconds, reason=f"no answer within {shown.seconds(seconds)}, and it has {limit}"
            )
        if failed.kind is FailureKind.TOO_LARGE or any(text in reason for text in _TOO_MUCH):
            return Answer(Kind.TOO_MUCH, seconds, reason=reason)
        if failed.status in _REFUSED:
            return Answer(Kind.REFUSED, seconds, reason=reason)
        return Answer(Kind.UNAVAILABLE, seconds, reason=f"{self.prometheus.who} {reason}")

    @cached_property
    def names(self) -> frozenset[str]:
        """All names of metrics in the window. Raises Failed."""
        return frozenset(_texts(self.prometheus.answer(f"label/__name__/values?{self._since}")))

    @cached_property
    def types(self) -> Mapping[str, str]:
        """The types of all metrics, as targets declare them; empty where Prometheus does not say."""
        try:
            found = self.prometheus.answer("metadata?limit_per_metric=1")
        except Failed:
            return {}
        return {
            str(name): str(declared[0].get("type", ""))
            for name, declared in (found.items() if isinstance(found, dict) else ())
            if isinstance(declared, list) and declared and isinstance(declared[0], dict)
        }

    @cached_property
    def _recorded(self) -> frozenset[str]:
        loaded = self.prometheus.loaded_rules()
        return loaded.recorded if isinstance(loaded, LoadedRules) else frozenset()

    @property
    def _since(self) -> str:
        # No end: its clock may be ahead of ours, and what it has just seen counts.
        return urlencode({"start": f"{time.time() - max(self.window, self.range):.3f}"})

    def known(self, selector: Selector) -> Known:
        """What Prometheus knows of a selector: no more than is needed to say why it selects nothing. Raises Failed."""
        if selector not in self._known:
            self._known[selector] = self._look(selector)
        return self._known[selector]

    def _look(self, selector: Selector) -> Known:
        text = _plain(selector)
        window = f"{max(self.window, self.range) * 1000:.0f}ms"
        for query in (f"count({text})", f"count(last_over_time({text}[{window}]))"):
            answer = self._ask(query, instant=True)
            if answer.kind is not Kind.ANSWERED:
                raise Failed(answer.reason)
            if answer.curves:
                return Known(selector, selects=True)
        names = self.names
        if not any(map(selector.matches_name, names)):
            name = selector.name or ""
            return Known(
                selector,
                selects=False,
                named=False,
                recorded=name in self._recorded,
                type=self._type(name),
                names=names,
            )
        by_name = _by_name(selector)
        match = urlencode({"match[]": by_name})
        labels = frozenset(_texts(self.prometheus.answer(f"labels?{match}&{self._since}")))
        wanted = dict.fromkeys(one.label for one in selector.matchers if one.label != "__name__")
        values: dict[str, frozenset[str] | None] = {}
        for label in list(wanted)[:MOST_LABELS]:
            values[label] = self._values_of(label, by_name, window) if label in labels else None
        return Known(
            selector,
            selects=False,
            type=self._type(selector.name or ""),
            values=values,
            labels=labels - {"__name__"},
        )

    def _values_of(self, label: str, by_name: str, window: str) -> frozenset[str]:
        answer = self._ask(
            f"group by ({label_text(label)}) (last_over_time({by_name}[{window}]))", instant=True
        )
        if answer.kind is not Kind.ANSWERED:
            raise Failed(answer.reason)
        return frozenset(curve.labels[label] for curve in answer.curves if label in curve.labels)

    def _type(self, name: str) -> str:
        """What its targets declare a metric to be; empty where nobody does."""
        if not name:
            return ""
        bases = [name, *(name.removesuffix(end) for end in _SUFFIXES if name.endswith(end))]
        for base in bases:
            found: Any = self.prometheus.answer(f"metadata?{urlencode({'metric': base, 'limit': 1})}")
            declared = found.get(base) if isinstance(found, dict) else None
            if isinstance(declared, list) and declared and isinstance(declared[0], dict):
                return str(declared[0].get("type", ""))
        return ""

    def _find_mismatch(self, item: Item) -> str:
        answer = self.answer(item)
        if answer.kind is not Kind.ANSWERED or answer.curves:
            return ""
        for number, (node, left, right) in enumerate(unmatched(parse(self.made(item).text))):
            if number == MOST_OPERATIONS:
                break
            sides = [self._ask(to_text(side)) for side in (left, right)]
            if all(side.curves for side in sides) and not self._ask(to_text(node)).curves:
                told = " and ".join(_labels(side.curves[0]) for side in sides)
                return (
                    f"both sides of `{shown.one_line(str(getattr(node, 'op', '')), 8)}` have series, and none of one meets one of "
                    f"the other: they have {told}"
                )
        return ""


def _unmade(what: Unexpanded, lacking: Mapping[str, str]) -> Made:
    reasons = [
        f"{shown.one_line(why, 160)}"
        for name, why in lacking.items()
        if any(name in one for one in what.names)
    ]
    return Made(names=tuple(what.names), reason="; ".join(reasons))


def _curves(data: Any) -> tuple[Curve, ...]:
    kind, result = data["resultType"], data["result"]
    if kind in ("scalar", "string"):
        return (Curve({}, ((float(result[0]), float(result[1])),)),)
    return tuple(
        Curve(
            {str(name): str(value) for name, value in one["metric"].items()},
            tuple(
                (float(moment), float(value))
                for moment, value in (one["values"] if kind == "matrix" else [one["value"]])
            ),
        )
        for one in result
        # A native histogram has no values.
        if "values" in one or "value" in one
    )


def _texts(found: object) -> list[str]:
    return [str(one) for one in found] if isinstance(found, list) else []


def _labels(curve: Curve) -> str:
    names = sorted(name for name in curve.labels if name != "__name__")
    return f"({', '.join(names)})" if names else "no labels"


def _plain(selector: Selector) -> str:
    """The selector without range and offset."""
    named = [] if selector.name is None else [Matcher("__name__", "=", selector.name)]
    others = [one for one in selector.matchers if one.label != "__name__" or selector.name is None]
    return f"{{{','.join(map(str, (*named, *others)))}}}"


def _by_name(selector: Selector) -> str:
    if selector.name is not None:
        return f"{{{Matcher('__name__', '=', selector.name)}}}"
    named = [str(one) for one in selector.matchers if one.label == "__name__"]
    return "{" + ",".join(named or ['__name__=~".+"']) + "}"
