"""A checkout of dashboards: what is counted, what is missed, and what is no checkout."""

from __future__ import annotations

import json

import pytest
import yaml

from proven.dashboards_corpora import look, main

DASHBOARD = {
    "title": "T",
    "panels": [
        {"title": "Load", "targets": [{"expr": "rate(node_load1[5m])"}, {"expr": "sum by () (a @ -1)"}]},
        {"title": "Broken", "targets": [{"expr": 'topk_last(a{b="$nosuch"})'}, {"expr": "sum("}]},
        {"title": "Alert", "alert": {"expr": "not a query"}},
    ],
}


@pytest.fixture
def checkout(tmp_path):
    """The same dashboard in two files, another in a ConfigMap, a file of another kind."""
    (tmp_path / "a.json").write_text(json.dumps(DASHBOARD))
    (tmp_path / "copy.json").write_text(json.dumps(DASHBOARD))
    (tmp_path / "package.json").write_text('{"name": "x"}')
    maps = {
        "kind": "ConfigMapList",
        "items": [{"kind": "ConfigMap", "data": {"b.json": '{"panels": [{"targets": [{"expr": "up"}]}]}'}}],
    }
    (tmp_path / "maps.yaml").write_text(yaml.safe_dump(maps))
    return tmp_path


def test_what_is_counted(checkout):
    """Each dashboard once; each key expr; what cannot be read, with the reason."""
    looked = look(checkout)
    assert (looked.dashboards, looked.queries.total(), looked.expressions, looked.read) == (2, 5, 6, 3)
    assert looked.missed == ["a.json: panels[2].alert.expr: not a query"]
    assert ["$nosuch" in looked.unread[0], "unclosed left parenthesis" in looked.unread[1]] == [True, True]
    assert looked.not_read_back == []
    assert [one.lint for one in looked.found] == ["rate-of-gauge"]


def test_what_is_printed(checkout, tmp_path_factory, capsys):
    """A line for each folder and each lint; 2 where a folder has no dashboards."""
    empty = tmp_path_factory.mktemp("empty")
    assert main([str(checkout), str(empty), "--list", "--promtool", "promtool"]) == 2
    printed = capsys.readouterr()
    assert f"{checkout.name}: 2 dashboards, 5 queries, 5 of them of panels and in PromQL" in printed.out
    assert f"{checkout.name}: of 4 different queries promtool refuses 1, our parser 1, both 1" in printed.out
    assert f"rate-of-gauge: 1 ({checkout.name} 1)" in printed.out
    assert "found no dashboard in" in printed.err
