"""hidden-by-or: rises that are dropped because another metric's have the same labels, and those that are not."""

from __future__ import annotations

import pytest

from deployspec.chapters.alerts.judge.rule_lint import lint
from tests.chapters.alerts.judge.rule_lint.rules import alert, file

LEFT = "increase(net_receive_errs_total[5m])"
RIGHT = "increase(net_transmit_errs_total[5m])"


@pytest.mark.parametrize(
    ("expr", "column"),
    [
        pytest.param(f"({LEFT} or {RIGHT}) > 0", 53, id="rises"),
        pytest.param(f"sum({LEFT} or {RIGHT}) > 0", 56, id="summed-too-late"),
        pytest.param(f"(sum by (job) ({LEFT}) or sum by (job) ({RIGHT})) > 0", 68, id="same-aggregation"),
        pytest.param(f"({LEFT} * 60 or {RIGHT} * 60) > 0", 58, id="factors"),
        pytest.param(f"({LEFT} or rate(other[5m]) or {RIGHT}) > 0", 72, id="three"),
        pytest.param('(rate(fs_reads_total{a="or"}[5m]) OR rate(fs_writes_total{a="or"}[5m])) > 9', 49, id="matchers"),
    ],
)  # fmt: skip
def test_found(expr, column):
    """One finding, at the ``or``."""
    (finding,) = lint([file(alert(expr))])
    assert (finding.lint, finding.rule) == ("hidden-by-or", "Slow")
    assert str(finding.place) == f"api.rules.yml:6:{column}"
    assert "even at 0" in finding.message


@pytest.mark.parametrize(
    "expr",
    [
        pytest.param(f"{LEFT} > 0 or {RIGHT} > 0", id="compared-first"),
        pytest.param(f"({LEFT} + {RIGHT}) > 0", id="added"),
        pytest.param(f"(sum by (job) ({LEFT}) or sum by (path) ({RIGHT})) > 0", id="other-labels"),
        pytest.param(
            '(rate(fs_reads_total{a="1"}[5m]) or rate(fs_writes_total{a="2"}[5m])) > 9', id="other-matchers"
        ),
        pytest.param("(net_receive_errs_total or net_transmit_errs_total) > 0", id="names-are-kept"),
        pytest.param(f"({LEFT} or on (job) {RIGHT}) > 0", id="on"),
        pytest.param("(rate(node_cpu[5m]) or rate(node_cpu_seconds_total[5m])) > 0", id="renamed"),
        pytest.param("(rate(a_errors_total[5m]) or rate(b_errors_total[5m])) > 0", id="perhaps-renamed"),
        pytest.param("(rate(a_errs_total[5m]) or rate(a_errors_total[5m])) > 0", id="spelt-anew"),
        pytest.param(f"({LEFT} or {LEFT}) > 0", id="the-same"),
    ],
)
def test_sound(expr):
    """Nothing is lost, or an old name stands beside its new one."""
    assert lint([file(alert(expr))]) == ()
