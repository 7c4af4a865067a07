"""Which data source a query asks, and whether it speaks PromQL."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from deployspec.languages.grafana.document import Node
from deployspec.languages.grafana.model import Language

PROMQL_TYPES = frozenset(
    {
        "prometheus",
        "grafana-amazonprometheus-datasource",
        "grafana-azureprometheus-datasource",
        "victoriametrics-datasource",
        "victoriametrics-metrics-datasource",
        "mimir",
        "thanos",
    }
)
"""Types of data source that take PromQL. VictoriaMetrics' take MetricsQL too, which is more."""
_VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)(?::\w+)?\}|\[\[(\w+)(?::\w+)?\]\]")
_NAMES = {
    "__expr__": "__expr__",
    "-- grafana --": "grafana",
    "grafana": "grafana",
    "-- dashboard --": "dashboard",
    "-- mixed --": "mixed",
}
_TOLD_BY_NAME = re.compile(
    r"(loki|prometheus|thanos|mimir|influx|elastic|opensearch|tempo|jaeger|graphite|cloudwatch|stackdriver|zabbix)",
    re.IGNORECASE,
)
_LOGQL = re.compile(r"\}\s*(?:\|[=~]|!=|!~|\|\s*\w)|\[[^\]]*\]\s*\)?\s*\|\s*\w|\|[=~]\s*[\"`]")


class Source(NamedTuple):
    """A data source as written, and its type where the file tells it."""

    name: str
    type: str


DEFAULT = Source("", "")


class Sources:
    """What a dashboard tells of its data sources: inputs of an export, variables, what it requires."""

    def __init__(self, dashboard: Node) -> None:
        self._types: dict[str, str] = {}
        for one in dashboard.each("__inputs"):
            if one.text("type") == "datasource":
                self._types[one.text("name")] = one.text("pluginId")
        classic = list(dashboard.each("templating", "list")) if dashboard.at("templating") else []
        newer = [one.at("spec") for one in dashboard.each("variables")] if dashboard.at("elements") else []
        for variable in classic:
            if variable.text("type") == "datasource":
                self._types[variable.text("name")] = variable.text("query")
        for variable in newer:
            if variable.text("pluginId"):
                self._types[variable.text("name")] = variable.text("pluginId")
        required = Counter(
            one.text("id") for one in dashboard.each("__requires") if one.text("type") == "datasource"
        )
        self._only = next(iter(required)) if len(required) == 1 else ""

    def source(self, node: Node, around: Source = DEFAULT) -> Source:
        """The source that a ``datasource`` names; that of the panel around it where it names none."""
        if isinstance(node.value, dict):
            name = node.text("uid") or node.text("name")
            kind = node.text("type")
            if not name and not kind:
                return around
            # What Grafana has of its own (-- Mixed --) is of the type datasource.
            if name.lower() in _NAMES:
                return Source(name, _NAMES[name.lower()])
            return Source(name, self._variable_type(kind) if "$" in kind else kind or self._type(name))
        name = node.text()
        if not name or name == "default":
            return around
        return Source(name, self._type(name))

    def _type(self, name: str) -> str:
        if name.lower() in _NAMES:
            return _NAMES[name.lower()]
        if kind := self._variable_type(name):
            return kind
        told = _TOLD_BY_NAME.search(name)
        if told:
            word = told[1].lower()
            return "prometheus" if word in ("prometheus", "thanos", "mimir") else word
        return self._only

    def _variable_type(self, name: str) -> str:
        match = _VARIABLE.fullmatch(name)
        return self._types.get(match[1] or match[2] or match[3], "") if match else ""


def language_of(source: Source, target: Node) -> Language:
    """What a target is written in: told by its source's type, else by what it holds."""
    if source.type == "__expr__":
        return Language.EXPRESSION
    if source.type in PROMQL_TYPES:
        return Language.PROMQL
    # Of a mixed panel, a target that names no source goes to the default one.
    if source.type and source.type != "mixed":
        return Language.OTHER
    expr = target.text("expr")
    if not expr or _LOGQL.search(expr):
        return Language.OTHER
    return Language.PROMQL


def text_of(language: Language, target: Node) -> str:
    """The query that a target holds, in whichever of its keys the language has it."""
    if language is Language.PROMQL:
        return target.text("expr")
    keys = ("expression",) if language is Language.EXPRESSION else ("expr", "query", "rawSql", "target")
    return next((text for key in keys if (text := target.text(key))), "")
