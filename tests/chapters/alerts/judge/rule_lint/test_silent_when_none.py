"""silent-when-none: alerts for too few that have no value at none, and those that have one."""

from __future__ import annotations

import pytest

from deployspec.chapters.alerts.judge.rule_lint import lint
from tests.chapters.alerts.judge.rule_lint.rules import alert, file, record


@pytest.mark.parametrize(
    ("expr", "column"),
    [
        pytest.param("count(up == 1) < 2", 30, id="count"),
        pytest.param("sum(up == 1) <= 1", 28, id="sum"),
        pytest.param("2 > count(up == 1)", 17, id="turned-round"),
        pytest.param("count by (job) ((up > 0)) < 2", 41, id="by"),
        pytest.param("count(up == 1) / count(up) < 0.5", 42, id="share"),
        pytest.param("100 * (count(up == 1) / count(up)) < 50", 50, id="percent"),
        pytest.param("count(up == 1) < count(up) / 2", 30, id="against-half"),
        pytest.param("(count(up != 0) < 2) and on() vector(1) > 0", 31, id="and"),
        pytest.param("count(up == 1) < 2 unless on() maintenance == 1", 30, id="unless"),
    ],
)
def test_found(expr, column):
    """One finding, at the comparison."""
    (finding,) = lint([file(alert(expr))])
    assert (finding.lint, finding.rule) == ("silent-when-none", "Slow")
    assert str(finding.place) == f"api.rules.yml:6:{column}"
    assert "is silent when there is none at all" in finding.message


@pytest.mark.parametrize(
    "expr",
    [
        pytest.param("(count(up == 1) or vector(0)) < 2", id="or-zero"),
        pytest.param("count((up == 1) or vector(0)) < 2", id="or-zero-within"),
        pytest.param("count(up == 1) < 2 or absent(up == 1)", id="or-absent"),
        pytest.param("sum(up == bool 1) < 2", id="bool"),
        pytest.param("sum(up) < 2", id="no-filter"),
        pytest.param("count(up) < 2", id="count-of-all"),
        pytest.param("count(up == 1) > 2", id="too-many"),
        pytest.param("count(up == 0) <= count(up) / 2", id="of-the-sick-there-may-be-none"),
        pytest.param("count(errors > 5) > 0 and count(errors > 5) < 3", id="between-bounds"),
        pytest.param("sum(x) / sum(y > 0) < 0.5", id="guarded-divisor"),
        pytest.param("up == 0 unless on() count(up == 1) < 2", id="taken-away"),
        pytest.param("absent(count(up == 1) < 2)", id="absent"),
        pytest.param("max(up == 1) < 2", id="no-count"),
        pytest.param("(count(up == 1) < bool 2) == 1", id="bool-of-the-comparison"),
    ],
)
def test_sound(expr):
    """They fire at none, or need not."""
    assert [one for one in lint([file(alert(expr))]) if one.lint == "silent-when-none"] == []


def test_recording_rules_may_be_silent():
    """What is recorded is no alert."""
    assert lint([file(record("few", "count(up == 1) < 2"))]) == ()
