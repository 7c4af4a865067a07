"""Whatever a file contains, reading it ends in rules, tests and problems, never in an exception."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.languages.rule_files.rules import read_rules
from deployspec.languages.rule_files.unit_tests import read_tests
from tests.trials import trials

WORDS = st.sampled_from(
    [
        "groups", "name", "rules", "alert", "record", "expr", "for", "limit", "labels", "annotations", "interval",
        "kind", "spec", "items", "apiVersion", "PrometheusRule", "List", "rule_files", "tests", "input_series",
        "series", "values", "alert_rule_test", "promql_expr_test", "eval_time", "alertname", "exp_alerts",
        "exp_labels", "exp_samples", "value", "5m", "up{", "0x99", "1x1e9", "{{}}", "rate(x[5m])", "1e999", "<<",
    ]
)  # fmt: skip
PIECES = st.sampled_from(
    [
        "groups:\n", "- ", "  ", "name: g\n", "rules:\n", "expr: ", "up ", "&a ", "*a", "<<: ", '"', "'", "|\n", ">\n",
        "\\", "\n", "---\n", "...\n", "[", "]", "{", "}", ": ", ", ", "#", "!!binary ", "%YAML 1.1\n", "é", "\U0001f600",
        "\x85", "\u2028", "\ud800", "\x00", "\t", "\r", "tests:\n", "~", "?", "\\U00110000", "\\xff",
    ]
)  # fmt: skip
leaves = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=6)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)
texts = (
    st.text()
    | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape"))
    | st.lists(PIECES | st.text(max_size=3), max_size=30).map("".join)
    | trees.map(lambda tree: json.dumps({"groups": tree, "tests": tree}))
    | trees.map(lambda tree: json.dumps({"groups": [{"name": "g", "rules": [tree]}], "kind": tree}))
    | trees.map(lambda tree: json.dumps({"tests": [{"input_series": [tree], "alert_rule_test": [tree]}]}))
    | st.text(max_size=20).map(
        lambda expr: json.dumps({"groups": [{"name": "g", "rules": [{"expr": expr}]}]})
    )
    | st.text(max_size=20).map(lambda text: json.dumps({"tests": [{"input_series": [{"series": text}]}]}))
)


@settings(max_examples=trials(300), deadline=None)
@given(texts)
def test_reading_never_raises(text: str) -> None:
    """Every problem can be told, and places are those of characters."""
    for file in (read_rules(text, "f"), read_tests(text, "f")):
        for problem in file.problems:
            assert str(problem).startswith("f:")
            assert problem.place.line >= 1
            assert problem.place.column >= 1
            assert problem.found.isprintable()
            assert problem.expected.isprintable()
