"""The answer of `/api/v1/rules`, as data."""

from __future__ import annotations

from typing import Any

import pytest

from deployspec.languages.prometheus.model import LoadedGroup, LoadedRule, LoadedRules, Unavailable
from deployspec.languages.prometheus.reading import read_loaded
from tests.chapters.alerts.judge.live_rules.building import answer_group, answer_rule

# As Prometheus 2.42 tells it; 3.5 has groupNextToken and more fields beside.
ANSWER = {
    "groups": [
        {
            "name": "api", "file": "/etc/api.yml", "interval": 15, "limit": 0, "evaluationTime": 0.0004,
            "lastEvaluation": "2026-11-24T00:09:07.1Z",
            "rules": [
                {
                    "state": "inactive", "name": "Down", "query": "up == 0", "duration": 60, "keepFiringFor": 30,
                    "labels": {"severity": "critical"}, "annotations": {"summary": "{{ $labels.job }} is down"},
                    "alerts": [], "health": "err", "lastError": "many-to-many", "evaluationTime": 0.0002,
                    "lastEvaluation": "2026-11-24T00:09:07.1Z", "type": "alerting",
                },
                {"name": "job:up", "query": "sum(up)", "health": "ok", "type": "recording"},
            ],
        }
    ]
}  # fmt: skip


def test_what_prometheus_tells() -> None:
    """Every field that is used is read; a recording rule has neither for nor annotations."""
    alert = LoadedRule(
        "alert", "Down", "up == 0", 60.0, 30.0, {"severity": "critical"}, {"summary": "{{ $labels.job }} is down"},
        "err", "many-to-many",
    )  # fmt: skip
    recording = LoadedRule("record", "job:up", "sum(up)", 0.0, 0.0, {}, {}, "ok", "")
    read = read_loaded(ANSWER)
    assert read == LoadedRules((LoadedGroup("api", "/etc/api.yml", 15.0, (alert, recording)),))
    assert read.recorded == {"job:up"}


@pytest.mark.parametrize("data", [{"groups": []}, {"groups": None}, {"groups": [], "groupNextToken": "x"}])
def test_no_rules_at_all(data: Any) -> None:
    """A Prometheus without rules is an answer."""
    assert read_loaded(data) == LoadedRules(())


# id, the data, what is said.
NOT_UNDERSTOOD: list[tuple[str, Any, str]] = [
    ("nothing", None, "the answer is null, not an object"),
    ("list", [], "the answer is an array of 0 items, not an object"),
    ("no-groups", {}, "the answer has no list groups"),
    ("group-no-object", {"groups": ["api"]}, 'groups[0] is "api", not an object'),
    ("no-interval", {"groups": [answer_group() | {"interval": "15s"}]}, "groups[0] has no number interval"),
    ("boolean-interval", {"groups": [answer_group() | {"interval": True}]}, "groups[0] has no number interval"),
    ("no-rules", {"groups": [{"name": "a", "interval": 1}]}, "groups[0] has no list rules"),
    ("rule-no-object", {"groups": [answer_group(), answer_group(7)]}, "groups[1].rules[0] is 7, not an object"),  # type: ignore[arg-type]
    ("new-type", {"groups": [answer_group(answer_rule("up", kind="derived"))]},
     'groups[0].rules[0] is of the type "derived", neither alerting nor recording'),
    ("no-query", {"groups": [answer_group(answer_rule("up", query=None))]}, "groups[0].rules[0] has no text query"),
    ("no-health", {"groups": [answer_group(answer_rule("up", health=1))]}, "groups[0].rules[0] has no text health"),
    ("duration-as-text", {"groups": [answer_group(answer_rule("up", duration="5m"))]},
     "groups[0].rules[0] has no number duration"),
    ("labels-as-list", {"groups": [answer_group(answer_rule("up", labels=[]))]},
     "groups[0].rules[0] has labels whose values are not texts"),
    ("label-as-number", {"groups": [answer_group(answer_rule("up", labels={"a": 1}))]},
     "groups[0].rules[0] has labels whose values are not texts"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "said"), [pytest.param(data, said, id=name) for name, data, said in NOT_UNDERSTOOD]
)
def test_what_is_not_understood_is_said(data: Any, said: str) -> None:
    """Rules that were not understood never pass for none."""
    assert read_loaded(data) == Unavailable(f"the loaded rules could not be understood: {said}")
