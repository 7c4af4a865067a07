"""dropped-label: templates that use labels which the expression's result cannot have."""

from __future__ import annotations

import pytest

from deployspec.base.problems import Place
from deployspec.chapters.alerts.judge.rule_lint import lint
from deployspec.languages.rule_files.rules import read_rules
from tests.chapters.alerts.judge.rule_lint.rules import FILE, alert, file, record

BY_JOB = "sum by (job) (up) > 0"


@pytest.mark.parametrize(
    ("expr", "label"),
    [
        pytest.param(BY_JOB, "instance", id="sum-by"),
        pytest.param("sum(up)", "job", id="sum"),
        pytest.param("sum without (instance) (up)", "instance", id="sum-without"),
        pytest.param('absent(up{job="api"})', "instance", id="absent"),
        pytest.param('absent(up{job=~"api"})', "job", id="absent-of-an-expression"),
        pytest.param("up / ignoring(instance) sum without (instance) (up)", "instance", id="ignoring"),
        pytest.param("up / on(job) other", "instance", id="on"),
        pytest.param(
            "histogram_quantile(0.9, sum by (le, job) (rate(x_bucket[5m])))", "le", id="quantile-takes-le"
        ),
        pytest.param("job:up:sum > 0", "instance", id="recorded"),
        pytest.param("avg_over_time(job:up:sum[5m]) > 0", "instance", id="recorded-range"),
        pytest.param("vector(1)", "job", id="vector"),
    ],
)
def test_found(expr, label):
    """The label cannot be there, so the template has an empty text in its place."""
    rule = alert(expr, annotations={"summary": f"on {{{{ $labels.{label} }}}}"})
    (finding,) = lint([file(rule, record("job:up:sum", "sum by (job) (up)", {"team": "x"}))])
    assert finding.lint == "dropped-label"
    assert finding.message.startswith(
        f"annotations.summary uses $labels.{label}, a label that the expression's result"
    )


@pytest.mark.parametrize(
    ("expr", "label"),
    [
        pytest.param(BY_JOB, "job", id="sum-by"),
        pytest.param("up == 0", "instance", id="selector"),
        pytest.param("sum without (instance) (up)", "job", id="sum-without"),
        pytest.param('absent(up{job="api"})', "job", id="absent"),
        pytest.param("topk(3, up)", "instance", id="topk"),
        pytest.param("up * on(job) group_left(version) build", "version", id="group-left"),
        pytest.param('label_replace(sum by (job) (up), "host", "$1", "job", "(.*)")', "host", id="label-replace"),
        pytest.param('count_values("version", build)', "version", id="count-values"),
        pytest.param(f"{BY_JOB} or up", "instance", id="or"),
        pytest.param("job:up:sum > 0", "job", id="recorded"),
        pytest.param("job:up:sum > 0", "team", id="label-of-the-recording-rule"),
        pytest.param('label_replace(job:up:sum, "host", "$1", "job", "(.*)")', "host", id="made-of-the-recorded"),
        pytest.param("job:up:sum + on() group_right up", "instance", id="recorded-and-raw"),
        pytest.param("job:other:sum > 0", "instance", id="recorded-elsewhere"),
        pytest.param("not promql (", "x", id="unreadable-is-told-elsewhere"),
    ],
)  # fmt: skip
def test_sound(expr, label):
    """A label that the result may have."""
    rule = alert(expr, annotations={"summary": f"on {{{{ $labels.{label} }}}}"})
    assert lint([file(rule, record("job:up:sum", "sum by (job) (up)", {"team": "x"}))]) == ()


@pytest.mark.parametrize("label", ["severity", "alertname"])
def test_the_rules_own_labels_are_not_in_templates(label):
    """Prometheus' templates see what the expression gives; promtool leaves these empty."""
    rule = alert(
        BY_JOB, labels={"severity": "critical"}, annotations={"summary": f"{{{{ $labels.{label} }}}}"}
    )
    (finding,) = lint([file(rule)])
    assert f"uses $labels.{label}, but templates see the labels of the expression's result" in finding.message


def test_labels_are_templates_too():
    """A label's template is looked at as well, and the place is its own."""
    (finding,) = lint([file(alert(BY_JOB, labels={"host": "{{ .Labels.instance }}"}))])
    assert finding.message.startswith("labels.host uses .Labels.instance, a label that")
    assert finding.place == Place(FILE, 25, 9)


def test_recording_rules_have_no_templates():
    """A recording rule's labels are texts."""
    assert lint([file(record("x", BY_JOB, {"a": "{{ $labels.instance }}"}))]) == ()


SOURCE = """\
groups:
  - name: g
    rules:
      - alert: Slow
        expr: sum by (job) (up) > 0
        annotations:
          plain: on {{ $labels.instance }} and {{ $labels.instance_id }}, again {{ $labels.instance }}
          quoted: "on \\"{{ $labels.instance }}\\" and {{ index $labels \\"zone\\" }}"
          folded: >-
            on {{ $labels.job }}
            and é {{ $labels.instance }}
          literal: |
            on
              {{ .Labels.instance }}
          escaped: "{{ $\\x6cabels.instance }}"
"""


def test_places_in_the_file():
    """With the file's text the place is the label itself, however YAML writes the value; else the value's beginning."""
    rules = read_rules(SOURCE, FILE)
    assert rules.problems == ()
    found = [(finding.place.line, finding.place.column) for finding in lint([rules], sources={FILE: SOURCE})]
    lines = SOURCE.split("\n")
    assert [(line, lines[line - 1][column - 1 :].split()[0].strip(",\\")) for line, column in found] == [
        (7, "$labels.instance"), (7, "$labels.instance_id"), (7, "$labels.instance"), (8, "$labels.instance"), (8, "$labels"),
        (11, "$labels.instance"), (14, ".Labels.instance"), (15, '{{'),
    ]  # fmt: skip
    assert found[0] == (7, 24)
    assert {finding.place for finding in lint([rules])} == {
        rules.rules[0].places[f"annotations.{key}"]
        for key in ("plain", "quoted", "folded", "literal", "escaped")
    }


@pytest.mark.parametrize("source", ["", "groups:", "\n" * 100], ids=["none", "short", "another"])
def test_a_text_that_is_another(source):
    """Where the text does not fit the rules, the value's beginning is told."""
    rule = alert(BY_JOB, annotations={"summary": "{{ $labels.instance }}"})
    (finding,) = lint([file(rule)], sources={FILE: source})
    assert finding.place == Place(FILE, 35, 9)
