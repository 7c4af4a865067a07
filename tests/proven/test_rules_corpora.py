"""A checkout of rules: what is found in it, what is passed over, and what is no checkout."""

from __future__ import annotations

import pytest

from proven.rules_corpora import look, main

RULES = """
groups:
  - name: g
    rules:
      - {alert: Low, expr: "a > 9", for: 5m}
      - {alert: Many, expr: "sum by (job) (b) > 9", annotations: {summary: "{{ $labels.pod }} has many"}}
"""
TESTS = """
rule_files: [%s]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: a, values: "1x30"}
    alert_rule_test:
      - {alertname: Low, eval_time: 4m}
      - {alertname: Low, eval_time: 9m}
"""


@pytest.fixture
def checkout(tmp_path):
    """Rules and their tests in folders of their own, beside a template and another tool's file."""
    for name, text in {
        "alerts/low.rules.yml": RULES,
        "alerts/templated.rules.yml": "groups:\n  {{- if .Values.on }}\n  - name: g\n    rules: [{alert: A, expr: a}]\n",
        "tests/low.test.yml": TESTS % "low.rules.yml",
        "tests/templated.test.yml": TESTS % "templated.rules.yml",
        "other.yml": "scrape_configs: []\nrule_files: [alerts/low.rules.yml]\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_what_is_found(checkout):
    """Guards look at the tests with the rules of that name, lints at the rules; templates are passed over."""
    looked = look(checkout)
    assert [one.name for one in looked.found] == ["dropped-label", "silent-before-for"]
    assert looked.found[1].place.endswith("tests/low.test.yml:9:9")
    assert looked.figures == (
        "1 rule files with 2 rules, 1 test files with 2 cases; 1 rule files that cannot be read; 1 test files whose rules"
        " cannot be read"
    )


def test_rules_that_a_test_makes_of_others(checkout):
    """Where no file has the name, all rules of the checkout are loaded."""
    (checkout / "tests/low.test.yml").write_text(TESTS % "../made/all.yml")
    assert [one.name for one in look(checkout).found] == ["dropped-label", "silent-before-for"]


def test_what_is_printed(checkout, capsys):
    """Figures by folder and by name; with `--list` each finding."""
    assert main([str(checkout)]) == 0
    assert f"silent-before-for: 1 ({checkout.name} 1)" in capsys.readouterr().out.splitlines()
    assert main([str(checkout), "--list"]) == 0
    assert "low.test.yml:9:9: silent-before-for: Low cannot fire at 4m" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "found"), [("empty", "found no rules in"), ("nowhere", "found no folder")])
def test_no_rules(tmp_path, capsys, name, found):
    """One clear error."""
    (tmp_path / "empty").mkdir()
    assert main([str(tmp_path / name)]) == 2
    assert capsys.readouterr().err.startswith(f"{found} {tmp_path / name}")
