"""never-matching: sides of and and unless whose labels can never be equal, and those that can."""

from __future__ import annotations

import pytest

from deployspec.chapters.alerts.judge.rule_lint import lint
from tests.chapters.alerts.judge.rule_lint.rules import alert, file, record

HAS = "one side of `{}` has the label {} in each series"


@pytest.mark.parametrize(
    ("expr", "column", "message"),
    [
        pytest.param("sum by (job) (x) > 1 and sum by (path) (y) > 1", 36, HAS.format("and", "job"), id="apart"),
        pytest.param("sum by (code) (x) unless sum by (path) (y)", 33, "nothing is ever taken away", id="unless"),
        pytest.param("sum by (job, path) (x) and max by (path) (y)", 38, HAS.format("and", "job"), id="finer"),
        pytest.param("max by (path) (y) AND sum by (instance, path) (x)", 33, HAS.format("and", "instance"), id="coarser"),
        pytest.param("sum(rate(x[5m])) > 1 and y > 2", 36, "the labels job and instance", id="one-side-by-series"),
        pytest.param('max by (queue) (x{queue="a"}) > 9 unless hour() < 6', 49, HAS.format("unless", "queue"), id="demanded"),
        pytest.param('x{path=~"/a.+"} and sum by (job) (y)', 31, HAS.format("and", "path"), id="demanded-by-series"),
        pytest.param("up == 0 and hour() > 8", 23, "the labels job and instance", id="hour"),
        pytest.param("up == 0 and absent(y)", 23, "stays silent for ever", id="absent"),
    ],
)  # fmt: skip
def test_found(expr, column, message):
    """One finding, at the operator."""
    (finding,) = lint([file(alert(expr))])
    assert (finding.lint, finding.rule) == ("never-matching", "Slow")
    assert str(finding.place) == f"api.rules.yml:6:{column}"
    assert message in finding.message


@pytest.mark.parametrize(
    "expr",
    [
        pytest.param("sum by (job) (x) > 1 and on () sum by (path) (y) > 1", id="on"),
        pytest.param("sum by (job, path) (x) and ignoring (job) sum by (path) (y)", id="ignoring"),
        pytest.param("sum by (job) (x) and sum by (job) (y)", id="equal"),
        pytest.param("x > 1 and y > 1", id="by-series"),
        pytest.param('x{path=~".*"} and sum by (job) (y)', id="a-label-that-may-be-empty"),
        pytest.param('sum by (job) (x{path="/a"}) and sum by (job) (y)', id="demanded-and-gone"),
        pytest.param("sum(x) > 1 and sum(y) > 1", id="no-labels"),
        pytest.param("sum by (cluster, job) (x) and sum by (job) (y)", id="a-label-that-may-not-be-there"),
        pytest.param("sum by (job) (a:b) and sum(y)", id="recorded-elsewhere"),
        pytest.param("sum without (job) (x) and y", id="without"),
        pytest.param('sum by (job) (x) and label_replace(sum(y), "job", "a", "", "")', id="label-replaced"),
        pytest.param("hour() > 8 and vector(1)", id="numbers"),
        pytest.param('ALERTS{alertname="X"} and sum(y)', id="made-by-Prometheus"),
        pytest.param("sum by (job) (x) or sum(y)", id="or"),
        pytest.param('absent(up{job="a"}) and sum by (job) (y)', id="absent-has-the-label"),
        pytest.param("sum by (job) (x or vector(0)) and sum(y)", id="zero-without-labels"),
    ],
)
def test_sound(expr):
    """They can match, or it is not sure that they cannot."""
    assert lint([file(alert(expr))]) == ()


def test_a_metric_that_a_rule_records():
    """What labels it has is the rule's affair."""
    assert lint([file(alert("sum by (job) (x) and sum(y)"), record("x", "sum(z)"))]) == ()


@pytest.mark.parametrize("word", ["and", "or"])
def test_an_expression_without_end_is_not_read_again_and_again(word):
    """Hundreds of operators take no minutes; nothing is said of them."""
    assert lint([file(alert(f" {word} ".join(["sum by (job) (x)"] * 300 + ["sum(y)"])))]) == ()
