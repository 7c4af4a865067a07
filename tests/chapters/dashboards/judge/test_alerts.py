"""Which metrics of alerts are on a panel."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deployspec.chapters.dashboards.judge.alerts import is_drawn
from deployspec.chapters.dashboards.model import Item
from deployspec.languages.grafana import Language, read

EXPRESSION = {"refId": "C", "datasource": {"type": "__expr__", "uid": "__expr__"}, "expression": "$A / 2"}


def items(targets: list[dict[str, Any]], **board: Any) -> list[Item]:
    """The queries in PromQL of a dashboard with one panel."""
    document = {"title": "T", "schemaVersion": 39, "panels": [{"title": "P", "targets": targets}], **board}
    made = read(json.dumps(document), "t.json")
    assert not isinstance(made, tuple)
    return [Item(one.place.path, made, one) for one in made.queries if one.language is Language.PROMQL]


@pytest.mark.parametrize(
    ("targets", "drawn"),
    [
        ([{"refId": "A", "expr": "x"}], [True]),
        ([{"refId": "A", "expr": "x", "hide": True}, {"refId": "B", "expr": "y"}], [False, True]),
        ([{"refId": "A", "expr": "x", "hide": True}, EXPRESSION], [True]),
        ([{"refId": "A", "expr": "x", "hide": True}, EXPRESSION | {"hide": True}], [False]),
    ],
)
def test_a_hidden_query_is_drawn_by_an_expression_alone(
    targets: list[dict[str, Any]], drawn: list[bool]
) -> None:
    """By nothing else."""
    assert list(map(is_drawn, items(targets))) == drawn


def test_a_variables_query_is_on_no_panel() -> None:
    """An annotation's is drawn over panels."""
    variable = {"name": "v", "type": "query", "query": "label_values(x, job)"}
    annotation = {"name": "a", "datasource": {"type": "prometheus"}, "expr": "y > 0"}
    made = items([], templating={"list": [variable]}, annotations={"list": [annotation]})
    assert {item.query.text: is_drawn(item) for item in made} == {"x": False, "y > 0": True}
