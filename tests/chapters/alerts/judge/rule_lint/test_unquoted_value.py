"""unquoted-value: words in a PrometheusRule that Kubernetes takes for no text."""

from __future__ import annotations

import pytest

from deployspec.chapters.alerts.judge.rule_lint import lint
from deployspec.languages.rule_files.rules import read_rules

GROUPS = """groups:
  - name: shop
    rules:
      - alert: Down
        expr: up == 0
        labels: {%s}
        annotations: {%s}
"""
KUBERNETES = (
    "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: shop}\nspec:\n  "
    + GROUPS.replace("\n", "\n  ")
)


def found(text):
    """What the lints find in a file of this text."""
    read = read_rules(text, "shop.yml")
    assert not read.problems
    return lint([read], sources={"shop.yml": text})


@pytest.mark.parametrize(
    ("labels", "annotations", "place", "message"),
    [
        pytest.param("page: No", "", "10:26", "labels.page is No without quotes: Kubernetes reads a boolean", id="No"),
        pytest.param("page: yes", "", "10:26", 'Write "yes"', id="yes"),
        pytest.param("page: ON", "", "10:26", "a boolean", id="ON"),
        pytest.param("page: true", "", "10:26", "a boolean", id="true"),
        pytest.param("severity: 1", "", "10:30", "a number", id="whole-number"),
        pytest.param("limit: 0.5", "", "10:27", "a number", id="fraction"),
        pytest.param("a: b", "paged: off", "11:32", "annotations.paged is off", id="annotation"),
        pytest.param("No: x", "", "10:20", "labels has the name No without quotes", id="name"),
    ],
)  # fmt: skip
def test_found(labels, annotations, place, message):
    """One finding, at the word."""
    (finding,) = found(KUBERNETES % (labels, annotations))
    assert (finding.lint, finding.rule) == ("unquoted-value", "Down")
    assert str(finding.place) == f"shop.yml:{place}"
    assert message in finding.message


@pytest.mark.parametrize(
    ("labels", "annotations"),
    [
        pytest.param('page: "No"', "paged: 'off'", id="quoted"),
        pytest.param("page: !!str No", "a: b", id="tagged"),
        pytest.param("page: nO", "a: No answer", id="texts"),
        pytest.param("page: 1.2.3", "a: 5m", id="neither-number"),
        pytest.param("1: x", "a: b", id="a-number-as-name-becomes-its-text"),
    ],
)
def test_sound(labels, annotations):
    """What every reader takes for a text."""
    assert found(KUBERNETES % (labels, annotations)) == ()


def test_names_of_groups_and_of_lists():
    """A name is a text, too, and a group's labels are; a list of documents is looked through."""
    (finding,) = found((KUBERNETES % ("", "")).replace("name: shop\n", "name: off\n"))
    assert finding.message.startswith("`name` is off without quotes")
    inner = "\n".join(f"    {line}" for line in (KUBERNETES % ("page: No", "")).splitlines())
    (finding,) = found(f"apiVersion: v1\nkind: List\nitems:\n  -\n{inner}\n")
    assert str(finding.place) == "shop.yml:14:30"


def test_prometheus_takes_the_word():
    """Its own format is read by promtool and Prometheus, to which No is a text."""
    assert found(GROUPS % ("page: No", "paged: on")) == ()
