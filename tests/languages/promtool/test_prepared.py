"""Documents for promtool: what promtool reads in them is what the user's files say."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import pytest
import yaml

from deployspec.languages.promtool.prepared import rules_documents, yaml_text
from deployspec.languages.promtool.prepared import tests_document as prepared_tests
from deployspec.languages.rule_files.model import RuleFile, TestFile
from deployspec.languages.rule_files.rules import read_rules
from deployspec.languages.rule_files.unit_tests import read_tests

KUBERNETES = """
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: a}
spec:
  groups:
    - name: same
      interval: 30s
      limit: 7
      rules:
        - alert: Down
          expr: up == 0
          for: 5m
          labels: {severity: 1, note: "a\\u2028b\\u0085c\\x7f😀"}
          annotations: {summary: 'He said: "no"'}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: b}
spec: {groups: [{name: same, rules: [{record: "a:b", expr: up}]}]}
"""
TESTS = """
rule_files: [rules/*.yml]
evaluation_interval: 30s
group_eval_order: [b, a]
fuzzy_compare: true
tests:
  - name: first
    interval: 1m
    external_labels: {cluster: x}
    external_url: http://x/
    input_series: [{series: up, values: 0+0x9}]
    alert_rule_test:
      - {eval_time: 0s, alertname: Down}
      - {eval_time: 5m, alertname: Down, exp_alerts: [{exp_labels: {severity: 1}}]}
    promql_expr_test:
      - {expr: up, eval_time: 1m, exp_samples: [{labels: up, value: .inf}, {labels: up, value: .nan}, {labels: up, value: 1e3}]}
  - name: second
    promql_expr_test:
      - {expr: up, eval_time: 2m}
      - {expr: up, eval_time: 3m}
"""


def _tests(text: str = TESTS) -> TestFile:
    file = read_tests(text, "some/x.test.yml")
    assert file.problems == ()
    return file


def _rules(text: str = KUBERNETES) -> RuleFile:
    file = read_rules(text, "x.yml")
    assert file.problems == ()
    assert not file.plain
    return file


def test_rules_keep_what_the_groups_say() -> None:
    """A Kubernetes document becomes one in Prometheus' own format, with every value, line separators included."""
    (group,), (other,) = (yaml.safe_load(text)["groups"] for text in rules_documents(_rules()))
    assert (group["name"], group["interval"], group["limit"], group["rules"][0]["for"]) == (
        "same",
        "30s",
        7,
        "5m",
    )
    assert group["rules"][0]["labels"] == {"severity": "1", "note": "a\u2028b\x85c\x7f😀"}
    assert group["rules"][0]["annotations"] == {"summary": 'He said: "no"'}
    assert other["rules"] == [{"record": "a:b", "expr": "up"}]


def test_groups_named_alike_are_kept_apart(tmp_path: Path) -> None:
    """promtool refuses two groups of one name in a file; two Kubernetes documents may have them."""
    paths = [tmp_path / name for name in ("together.yml", "0.yml", "1.yml")]
    together = yaml_text({"groups": [group.data for group in _rules().groups]})
    for path, text in zip(paths, (together, *rules_documents(_rules())), strict=True):
        path.write_text(text, encoding="utf-8")
    checks = [
        subprocess.run(["promtool", "check", "rules", str(path)], capture_output=True) for path in paths
    ]
    assert [check.returncode for check in checks] == [1, 0, 0]
    assert b"repeated in the same file" in checks[0].stderr


def test_everything_but_the_rule_files_is_kept() -> None:
    """All cases: the same document with other rule files, which are no patterns."""
    written = yaml.safe_load(prepared_tests(_tests(), ["/a[1]/*.yml"]))
    original = yaml.safe_load(TESTS)
    assert written.pop("rule_files") == ["/a\\[1]/\\*.yml"]
    assert (written["group_eval_order"], written["fuzzy_compare"]) == (["b", "a"], True)
    assert {key: written["tests"][0][key] for key in ("external_labels", "external_url", "input_series")} == {
        key: original["tests"][0][key] for key in ("external_labels", "external_url", "input_series")
    }
    values = [sample["value"] for sample in written["tests"][0]["promql_expr_test"][0]["exp_samples"]]
    assert values[0] == math.inf
    assert math.isnan(values[1])
    assert values[2] == 1000


def test_cases_alone() -> None:
    """Only the wanted cases stay, with their groups; an interval, a name and series stay with them."""
    cases = _tests().cases
    (group,) = yaml.safe_load(prepared_tests(_tests(), [], [cases[1]]))["tests"]
    assert [case["eval_time"] for case in group["alert_rule_test"]] == ["5m"]
    assert "promql_expr_test" not in group
    assert (group["name"], group["interval"]) == ("first", "1m")
    first, second = yaml.safe_load(prepared_tests(_tests(), [], [cases[4], cases[2]]))["tests"]
    assert [case["eval_time"] for case in first["promql_expr_test"]] == ["1m"]
    assert "alert_rule_test" not in first
    assert [case["eval_time"] for case in second["promql_expr_test"]] == ["3m"]


def test_a_case_of_another_file() -> None:
    """A case that the file does not have is refused, not passed over."""
    case = _tests().cases[-1]
    with pytest.raises(ValueError, match="the group has no case 1 under promql_expr_test"):
        prepared_tests(_tests(TESTS.replace("      - {expr: up, eval_time: 3m}\n", "")), [], [case])


def test_promtool_reads_them(tmp_path: Path) -> None:
    """promtool judges the prepared copies as it would the originals: characters, durations, infinities."""
    rules, tests = tmp_path / "[r].yml", tmp_path / "t.yml"
    rules.write_text(rules_documents(_rules())[0], encoding="utf-8")
    note = '"a\\u2028b\\u0085c\\x7f😀"'
    text = f"""
tests:
  - interval: 30s
    input_series: [{{series: up, values: 0x20}}, {{series: big, values: +Infx3}}]
    alert_rule_test:
      - {{eval_time: 4m30s, alertname: Down}}
      - eval_time: 5m
        alertname: Down
        exp_alerts: [{{exp_labels: {{severity: 1, note: {note}}}, exp_annotations: {{summary: 'He said: "no"'}}}}]
    promql_expr_test:
      - {{expr: "1 / 0", eval_time: 1m, exp_samples: [{{labels: "{{}}", value: +Inf}}]}}
      - {{expr: "-1 / 0", eval_time: 1m, exp_samples: [{{labels: "{{}}", value: -.inf}}]}}
"""
    file = read_tests(text.replace("+Infx3", "1x3").replace("+Inf", ".inf"), "t.yml")
    assert file.problems == ()
    tests.write_text(prepared_tests(file, [str(rules)]), encoding="utf-8")
    done = subprocess.run(["promtool", "test", "rules", str(tests)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
