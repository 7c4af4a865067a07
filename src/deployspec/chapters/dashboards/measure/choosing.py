"""Chooses the values of dashboards' variables, as Grafana does: those that are read from Prometheus are asked."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from deployspec.base import shown
from deployspec.base.disclosure import hide_also, tells_something
from deployspec.base.secret import Secret
from deployspec.chapters.dashboards.measure.asking import texts
from deployspec.chapters.dashboards.model import Kind
from deployspec.languages.grafana import Chosen, Scope, Unexpanded, choose, options, question
from deployspec.languages.grafana.variables import answer_text, fitting, wants_all
from deployspec.tools.prometheus.asking import Failed

if TYPE_CHECKING:
    from deployspec.chapters.dashboards.measure.asking import Asking
    from deployspec.languages.grafana import Dashboard, Question, Variable


class Choosing:
    """What is chosen of each dashboard's variables, once."""

    def __init__(self, asking: Asking) -> None:
        self._asking, self._wanted = asking, asking.part.variables
        self._scopes: dict[str, tuple[Scope, Mapping[str, str]]] = {}

    def scope(self, dashboard: Dashboard) -> tuple[Scope, Mapping[str, str]]:
        """What is chosen of a dashboard's variables; and why not, of those of which nothing is."""
        if dashboard.file not in self._scopes:
            asking, end = self._asking, time.time()
            chosen: dict[str, Chosen] = {}
            lacking: dict[str, str] = {}
            scope = Scope(chosen, end - asking.range, end, asking.step, scrape=asking.part.scrape_interval)
            for name, said in self._wanted.items():
                chosen[name] = Chosen(said, many=len(said) > 1)
            for variable in dashboard.variables:
                found = self._choose(variable, scope)
                if isinstance(found, Chosen):
                    chosen[variable.name] = found
                elif variable.name not in chosen:
                    lacking[variable.name] = found
            for variable in dashboard.variables:
                _hide(variable, chosen.get(variable.name))
            self._scopes[dashboard.file] = scope, lacking
        return self._scopes[dashboard.file]

    def _choose(self, variable: Variable, scope: Scope) -> Chosen | str:
        wanted = self._wanted.get(variable.name, ())
        asked = None if wanted and not wants_all(variable, wanted) else question(variable, scope)
        if isinstance(asked, Unexpanded):
            return f"its own query needs {shown.names(list(asked.names))}"
        answers: Sequence[str] = ()
        if asked is not None:
            try:
                answers = self._values(asked)
            except Failed as failed:
                return f"{self._asking.prometheus.who} {failed.reason}"
        offered = options(variable, answers, scope)
        if offered is None and not wanted:
            return "its regular expression cannot be read"
        return choose(variable, offered or (), wanted) or "Prometheus has no value for it"

    def _values(self, asked: Question) -> Sequence[str]:
        """What Prometheus answers a variable's query. Raises Failed."""
        asking = self._asking
        since = [("start", f"{time.time() - asking.longest:.3f}")]
        match = [("match[]", asked.match)] if asked.match else []
        if asked.kind == "label_values":
            path = f"label/{quote(asked.label, safe='')}/values?{urlencode(match + since)}"
            return texts(asking.data(path))
        if asked.kind == "label_names":
            return texts(asking.data(f"labels?{urlencode(match + since)}"))
        if asked.kind == "metrics":
            return fitting(asked.pattern, sorted(asking.names))
        if asked.kind == "series":
            found = asking.data(f"series?{urlencode(match + since)}")
            return (
                [answer_text(one, "", 0).rsplit(" ", 2)[0] for one in found if isinstance(one, dict)]
                if isinstance(found, list)
                else []
            )
        answer = asking.query(asked.match, instant=True)
        if answer.kind is not Kind.ANSWERED:
            raise Failed(answer.reason)
        return [
            answer_text(curve.labels, f"{curve.last:.17g}", curve.points[-1][0]) for curve in answer.curves
        ]


def _hide(variable: Variable, chosen: Chosen | None) -> None:
    """The value that a person wrote for a variable that is named as secrets are is shown nowhere."""
    if chosen is None or variable.type not in ("constant", "textbox"):
        return
    for value in chosen.values:
        if tells_something(variable.name, value):
            hide_also(Secret(value))
