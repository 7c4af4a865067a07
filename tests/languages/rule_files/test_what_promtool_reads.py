"""Where promtool refuses a file, so does deployspec; where promtool accepts what checks nothing, deployspec says so.

The tables hold for promtool 2.42, 2.53 and 3.5.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from deployspec.languages.rule_files.rules import read_rules
from deployspec.languages.rule_files.unit_tests import read_tests

HEAD = "groups:\n- name: g\n  rules:\n"
A = HEAD + "  - alert: A\n    expr: up\n"
ACCEPTED = {
    "sound": A,
    "texts that look like something else": A
    + "    labels: {a: 1, b: yes, c: ~, d: 1.50, e: 2024-01-01, f: 0x1F}\n",
    "no value": A + "    labels:\n    for:\n    annotations: ~\n",
    "for 0": A + "    for: 0\n",
    "a leading zero": A + "    for: 05m\n",
    "all units": A + "    for: 1y2w3d4h5m6s7ms\n",
    "the longest duration": A + "    for: 9223372036854ms\n",
    "a record for 0": HEAD + "  - {record: a, expr: up, for: 0s, annotations: {}}\n",
    "a number as expression": HEAD + "  - {record: a, expr: 1}\n",
    "a number as name": "groups:\n- name: 1\n  rules: [{alert: 5, expr: up}]\n",
    "an empty name beside the other": HEAD + '  - {alert: A, record: "", expr: up}\n',
    "limit 1.0": "groups:\n- name: g\n  limit: 1.0\n  rules: [{alert: A, expr: up}]\n",
    "the same alert twice": A + "  - alert: A\n    expr: up == 0\n",
    "an alias": HEAD + "  - {alert: A, expr: &e up}\n  - {alert: B, expr: *e}\n",
    "an anchor twice": HEAD + "  - {alert: &a A, expr: up}\n  - {alert: &a B, expr: *a}\n",
    "a merge key": HEAD + "  - &a {alert: A, expr: up}\n  - {<<: *a, alert: B}\n",
    "a tag": A + "    labels: {a: !!int 5}\n",
    "an empty document behind": A + "---\n",
    "a byte order mark": "\ufeff" + A,
    "NEL": HEAD + '  - {alert: A, expr: "up\x85"}\n',
}
REFUSED = {
    "a word": "hello\n",
    "a list": "- a\n",
    "unknown field": A + "    fr: 5m\n",
    "case": HEAD + "  - {Alert: A, expr: up}\n",
    "group twice": A + "- name: g\n",
    "key twice": A + "    expr: up\n",
    "label twice": A + "    labels: {a: b, a: c}\n",
    "no name": HEAD + "  - expr: up\n",
    "two names": A + "    record: b\n",
    "null name": HEAD + "  - {alert: , expr: up}\n",
    "no expression": HEAD + "  - alert: A\n",
    "null expression": HEAD + "  - {alert: A, expr: }\n",
    "list as expression": HEAD + "  - {alert: A, expr: [up]}\n",
    "broken expression": HEAD + "  - {alert: A, expr: 'up('}\n",
    "no unit": A + "    for: 5\n",
    "no duration": A + '    for: ""\n',
    "fraction": A + "    for: 1.5m\n",
    "negative": A + "    for: -5m\n",
    "order": A + "    for: 5s5m\n",
    "one millisecond more than the longest": A + "    for: 9223372036855ms\n",
    "too long": A + "    for: 300y\n",
    "blank": A + "    for: 5 m\n",
    "for of a record": HEAD + "  - {record: a, expr: up, for: 5m}\n",
    "keep_firing_for of a record": HEAD + "  - {record: a, expr: up, keep_firing_for: 5m}\n",
    "annotations of a record": HEAD + "  - {record: a, expr: up, annotations: {a: b}}\n",
    "braces": HEAD + "  - {record: 'a{}', expr: up}\n",
    "metric name as label": A + "    labels: {__name__: b}\n",
    "empty label name": A + '    labels: {"": b}\n',
    "list label": A + "    labels: {a: [b]}\n",
    "list of labels": A + "    labels: [a]\n",
    "group without a name": "groups:\n- rules: []\n",
    "group is a word": "groups: [a]\n",
    "rule is a word": HEAD + "  - a\n",
    "limit in quotes": "groups:\n- name: g\n  limit: '5'\n  rules: []\n",
    "Thanos alone": "groups:\n- name: g\n  partial_response_strategy: 5\n  fo: a\n",
    "Kubernetes without spec": "kind: PrometheusRule\n",
    "tab": "groups:\n\t- name: g\n",
    "control character": HEAD + '  - {alert: A, expr: "up\x01"}\n',
    "unknown alias": "groups: *a\n",
}
NOTHING_CHECKED = {
    "empty": "",
    "no group": "groups: []\n",
    "no rule": HEAD,
    "null rule": HEAD + "  -\n",
    "second document": A + "---\n" + A.replace("up", "broken("),
    "behind an empty document": "---\n---\n" + A,
}


def written(folder: Path, texts: dict[str, str]) -> list[Path]:
    """Each text in a file of its own."""
    files = [folder / f"{index:03}.yml" for index in range(len(texts))]
    for file, text in zip(files, texts.values(), strict=True):
        file.write_text(text, encoding="utf-8")
    return files


def said(files: list[Path], what: str) -> str:
    """What one run of `promtool check rules` or `promtool test rules` says of the files."""
    run = subprocess.run(
        ["promtool", what, "rules", *map(str, files)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return run.stdout


def checked(folder: Path, texts: dict[str, str]) -> dict[str, bool]:
    """Which of the texts `promtool check rules` accepts."""
    parts = re.split(r"^Checking .*/[0-9]+\.yml$", said(written(folder, texts), "check"), flags=re.M)[1:]
    # A rule that is there twice is said to have FAILED a lint, and is accepted.
    told = ["SUCCESS" in part or "lint error" in part for part in parts]
    return dict(zip(texts, told, strict=True))


def accepted_and_refused(folder: Path, texts: dict[str, str]) -> tuple[int, int]:
    """How many of the texts `promtool test rules` accepts, and how many it refuses. 3.5 does not say which."""
    told = said(written(folder, texts), "test").splitlines()
    return told.count("  SUCCESS"), told.count("  FAILED:")


def test_what_promtool_accepts_has_no_problem(tmp_path: Path) -> None:
    """No false alarm: sound files, and those that only look odd."""
    assert checked(tmp_path, ACCEPTED) == dict.fromkeys(ACCEPTED, True)
    assert {name: read_rules(text, "f").problems for name, text in ACCEPTED.items()} == dict.fromkeys(
        ACCEPTED, ()
    )


def test_what_promtool_refuses_has_a_problem(tmp_path: Path) -> None:
    """Nothing that promtool refuses is read as sound."""
    assert checked(tmp_path, REFUSED) == dict.fromkeys(REFUSED, False)
    assert [name for name, text in REFUSED.items() if not read_rules(text, "f").problems] == []


def test_what_promtool_accepts_without_checking_anything_has_a_problem(tmp_path: Path) -> None:
    """Files without a rule, and documents that Prometheus passes over in silence."""
    assert checked(tmp_path, NOTHING_CHECKED) == dict.fromkeys(NOTHING_CHECKED, True)
    assert [name for name, text in NOTHING_CHECKED.items() if not read_rules(text, "f").problems] == []


SERIES = "  input_series: [{series: up, values: 0x9}]\n"
ALERT = "  alert_rule_test: [{eval_time: 5m, alertname: A, exp_alerts: [%s]}]\n"
SAMPLE = "  promql_expr_test: [{eval_time: 5m, expr: up, exp_samples: [%s]}]\n"
GROUP = "rule_files: []\ntests:\n- interval: 1m\n" + SERIES
TESTS_ACCEPTED = {
    "sound": GROUP + SAMPLE % "{labels: up, value: 0}",
    "numbers": GROUP + SAMPLE % "{labels: up, value: 0e5}",
    "intervals": "evaluation_interval: 0\n"
    + GROUP
    + "  name: 5\n  external_labels: {a: 1}\n  external_url: http://x\n",
    "silence": GROUP + "  alert_rule_test: [{alertname: A}, {eval_time: 0, alertname: B, exp_alerts: }]\n",
    "empty document behind": GROUP + SAMPLE % "{labels: up, value: 0}" + "---\n",
    "merge key": "tests:\n- &g\n  interval: 1m\n" + SERIES + "- <<: *g\n  name: a\n",
    # A sample of exactly 5m ago is seen by Prometheus 2, and no more by Prometheus 3.
    "values that are a number": GROUP.replace("0x9", "0")
    + SAMPLE.replace("5m", "4m") % "{labels: up, value: 0}",
}
TESTS_REFUSED = {
    "unknown field": "test: []\n",
    "rule_files is a word": "rule_files: a\n",
    "tests is a mapping": "tests: {a: b}\n",
    "unknown field of a group": GROUP + "  nme: a\n",
    "unknown field of a case": GROUP + "  alert_rule_test: [{alertname: A, exp_alert: []}]\n",
    "unknown field of an alert": GROUP + ALERT % "{exp_label: {}}",
    "unknown field of a sample": GROUP + SAMPLE % "{label: up}",
    "no alert": GROUP + "  alert_rule_test: [{eval_time: 5m}]\n",
    "no expression": GROUP + "  promql_expr_test: [{eval_time: 5m}]\n",
    "time without a unit": GROUP + "  alert_rule_test: [{eval_time: 5, alertname: A}]\n",
    "negative time": GROUP + "  alert_rule_test: [{eval_time: -5m, alertname: A}]\n",
    "key twice": GROUP + "  interval: 2m\n",
    "label twice": GROUP + ALERT % "{exp_labels: {a: b, a: b}}",
    "list as labels": GROUP + ALERT % "{exp_labels: [a]}",
    "value in quotes": GROUP + SAMPLE % "{labels: up, value: '0'}",
    "value Inf": GROUP + SAMPLE % "{labels: up, value: Inf}",
    "mapping as labels of a sample": GROUP + SAMPLE % "{labels: {a: b}, value: 0}",
    "no series": GROUP.replace("series: up, ", ""),
    "values is a list": GROUP.replace("0x9", "[1]"),
    "two lines of values": GROUP.replace("0x9", '"1\\n2"'),
}
TESTS_UNREAD = {
    "empty": "",
    "second document": GROUP + "---\n" + GROUP + "  nme: a\n",
    "behind an empty document": "---\n---\n" + GROUP + "  nme: a\n",
    "a series in the values": GROUP.replace("0x9", '"1\\n  down 1"'),
    "values in the series": GROUP.replace("series: up", "series: up 5"),
}


def test_tests_that_promtool_accepts_have_no_problem(tmp_path: Path) -> None:
    """No false alarm: sound files, and those that only look odd."""
    assert accepted_and_refused(tmp_path, TESTS_ACCEPTED) == (len(TESTS_ACCEPTED), 0)
    assert [name for name, text in TESTS_ACCEPTED.items() if read_tests(text, "f").problems] == []


def test_tests_that_promtool_refuses_have_a_problem(tmp_path: Path) -> None:
    """Nothing that promtool refuses to read is read as sound."""
    assert accepted_and_refused(tmp_path, TESTS_REFUSED) == (0, len(TESTS_REFUSED))
    assert [name for name, text in TESTS_REFUSED.items() if not read_tests(text, "f").problems] == []


def test_tests_that_promtool_passes_over_have_a_problem(tmp_path: Path) -> None:
    """promtool says SUCCESS of what it has not read, or has read as something else."""
    assert accepted_and_refused(tmp_path, TESTS_UNREAD) == (len(TESTS_UNREAD), 0)
    assert [name for name, text in TESTS_UNREAD.items() if not read_tests(text, "f").problems] == []


def test_promtool_reads_the_data_as_it_reads_the_file(tmp_path: Path) -> None:
    """Written anew as JSON, which is YAML, the data of a sound file are accepted as the file is."""
    rules = {name: read_rules(text, "f") for name, text in ACCEPTED.items()}
    again = {
        name: json.dumps({"groups": [group.data for group in file.groups]}) for name, file in rules.items()
    }
    assert checked(tmp_path, again) == dict.fromkeys(again, True)
    tests = {name: json.dumps(read_tests(text, "f").data) for name, text in TESTS_ACCEPTED.items()}
    assert accepted_and_refused(tmp_path, tests) == (len(tests), 0)
