"""The forms in which variables write what they ask of Prometheus."""

from __future__ import annotations

from deployspec.languages.grafana.document import Node

_LABEL_NAMES, _LABEL_VALUES, _METRICS, _QUERY, _SERIES, _CLASSIC = range(6)
"""``qryType`` of the form with fields."""


def query_of(node: Node, definition: str = "") -> str:
    """A variable's query as the one text that it was before Grafana had fields for it: ``label_values(up, job)``.

    ``node`` is a text, an object with a text, or one with fields.
    """
    if not isinstance(node.value, dict):
        return node.text() or definition
    written = node.text("query") or node.text("__legacyStringValue") or node.text("expr")
    kind = node.whole("qryType")
    metric = node.text("metric")
    filters = ",".join(
        f'{one.text("label")}{one.text("op") or "="}"{one.text("value")}"'
        for one in node.each("labelFilters")
    )
    match kind:
        case _ if written:
            return written
        case 0:
            return f"label_names({node.text('match')})"
        case 1:
            selector = f"{metric}{{{filters}}}" if filters else metric
            return f"label_values({selector + ', ' if selector else ''}{node.text('label')})"
        case 2:
            return f"metrics({node.text('metricFilter')})"
        case 3:
            return f"query_result({node.text('varQuery')})"
        case 4:
            return node.text("seriesQuery")
        case _:
            return node.text("classicQuery") or definition
