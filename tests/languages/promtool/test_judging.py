"""A failed case in a person's words, and the verdicts."""

from __future__ import annotations

import pytest

from deployspec.languages.promtool.difference import difference, own_words, summary
from deployspec.languages.promtool.judging import judge_case
from deployspec.languages.promtool.model import CaseRun
from deployspec.languages.rule_files.model import Case
from deployspec.languages.rule_files.unit_tests import read_tests
from deployspec.model.verdict import Outcome
from tests.languages.promtool.test_attribution import NONE, ONE, TWO, alert, expr, printed


def case(text: str) -> Case:
    """The only case of a test file."""
    (only,) = read_tests(f"tests: [{text}]", "x.test.yml").cases
    return only


SILENT = case("{alert_rule_test: [{eval_time: 10m, alertname: Down}]}")
FIRING = case("{alert_rule_test: [{eval_time: 600s, alertname: Down, exp_alerts: [{}, {}]}]}")
EXPR = case("{promql_expr_test: [{eval_time: 10m, expr: up}]}")


def run(status: int | None, text: str = "", *, trouble: str = "") -> CaseRun:
    """What promtool made of a case."""
    return CaseRun(status, text, "promtool test rules x", 1.0, text, trouble)


CHANGED = ONE.replace("critical", "warning").replace("x is 3", 'x is "4"')
"""The same alert, with another severity and another summary."""
CHANGED = CHANGED.replace('"x is "4""', r'"x is \"4\""')


@pytest.mark.parametrize(
    ("block", "lines", "reason"),
    [
        pytest.param(
            alert("10m", ONE, NONE),
            ['missing alert {alertname="Down", job="b", severity="critical"}'],
            "expected 1 alert, got none",
            id="silence",
        ),
        pytest.param(
            alert("10m", NONE, TWO, group="a group"),
            [
                'unexpected alert {alertname="Down", job="b", severity="critical"}',
                'unexpected alert {alertname="Down"}',
            ],
            "expected 0 alerts, got 2",
            id="two too many",
        ),
        pytest.param(
            alert("10m", ONE, CHANGED),
            [
                'alert {alertname="Down", job="b", severity="critical"}:',
                '  annotations.summary: expected "x is 3", got "x is \\"4\\""',
                '  labels.severity: expected "critical", got "warning"',
            ],
            'annotations.summary: expected "x is 3", got "x is \\"4\\"" (and 1 more)',
            id="another label and annotation",
        ),
        pytest.param(
            alert("10m", ONE, ONE.replace(', summary="x is 3"', "")),
            [
                'alert {alertname="Down", job="b", severity="critical"}:',
                '  annotations.summary: expected "x is 3", got none',
            ],
            'annotations.summary: expected "x is 3", got none',
            id="a missing annotation",
        ),
        pytest.param(
            alert("10m", TWO, CHANGED),
            [
                'alert {alertname="Down", job="b", severity="critical"}:',
                '  annotations.summary: expected "x is 3", got "x is \\"4\\""',
                '  labels.severity: expected "critical", got "warning"',
                'missing alert {alertname="Down"}',
            ],
            "expected 2 alerts, got 1",
            id="one changed and one missing",
        ),
        pytest.param(
            expr('"up"', '\n        exp: {__name__="up", job="a"} 3E+00\n        got: {__name__="up", job="a"} 3.0000000000000004E+00'),
            ['sample {__name__="up", job="a"} 3:', "  value: expected 3, got 3.0000000000000004"],
            "value: expected 3, got 3.0000000000000004",
            id="another value, all digits kept",
        ),
        pytest.param(
            expr('"up"', '\n        exp: {a="b, {c} 1"} 1E+00, {} +Inf\n        got: {a="b, {c} 1"} 1E+00, {"x.y"="1"} {{count:3 sum:1}}'),
            ["sample {} inf:", '  labels.x.y: expected none, got "1"', "  value: expected inf, got {{count:3 sum:1}}"],
            'labels.x.y: expected none, got "1" (and 1 more)',
            id="samples with hard labels, an infinity, a histogram",
        ),
        pytest.param(
            expr('"up"', "\n        exp: {} 1E+00\n        got: nil"),
            ["missing sample {} 1"],
            "expected 1 sample, got none",
            id="no sample",
        ),
        pytest.param(
            expr('"sum("', " err: 1:5: parse error: unclosed left parenthesis"),
            ["1:5: parse error: unclosed left parenthesis"],
            "1:5: parse error: unclosed left parenthesis",
            id="an error",
        ),
    ],
)  # fmt: skip
def test_what_differs(block: str, lines: list[str], reason: str) -> None:
    """Each label, annotation and value that differs is named, in promtool's whole output and in its block alone."""
    for text in (block, block.removesuffix("\n\n"), printed(block), printed(block, introduction="")):
        assert difference(text).splitlines() == lines
        assert summary(text) == reason


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("    rule: Down, time: 1m0s, err: vector cannot\n\n", "rule: Down, time: 1m0s, err: vector cannot"),
        (
            "yaml: unmarshal errors:\n  line 3: field x not found\n  line 4: y\n\n",
            "yaml: unmarshal errors: line 3: field x not found",
        ),
        ("a \x1b[31mred\n\n", r"a \x1b[31mred"),
        ("", "promtool fails it without saying why"),
        (alert("10m") + alert("5m"), "alertname: Down, time: 10m,"),
    ],
)
def test_what_is_not_understood_is_promtools_own(words: str, reason: str) -> None:
    """Other output is shown as it is, without the lines that only say that a file failed; its first line is the reason."""
    introduction = "Unit Testing:  x.test.yml\n  WARNING: no file match pattern y\n"
    output = printed(words, introduction=introduction)
    assert difference(output) == own_words(output) == words.strip("\n")
    assert summary(output) == reason


def test_very_many_alerts() -> None:
    """A thousand differing alerts are listed, and not compared each with each."""
    items = ",\n".join(
        f'            {n}:\n              Labels:{{alertname="A", n="{n}"}}\n              Annotations:{{}}'
        for n in range(1000)
    )
    block = alert("10m", f"[\n{items}\n            ]", f"[\n{items}\n            ]".replace('"A"', '"B"'))
    lines = difference(block).splitlines()
    assert (len(lines), lines[0]) == (2000, 'missing alert {alertname="A", n="0"}')


@pytest.mark.parametrize(
    ("tested", "reason"),
    [
        (SILENT, "promtool finds no alert firing at 10m, as expected"),
        (FIRING, "promtool finds 2 alerts firing at 600s, as expected"),
        (EXPR, "promtool finds the expected samples at 10m"),
    ],
)
def test_met(tested: Case, reason: str) -> None:
    """What promtool passed is MET, and says what it found."""
    verdict = judge_case(tested, run(0))
    assert (verdict.outcome, verdict.reason) == (Outcome.MET, reason)


def test_breached() -> None:
    """What promtool failed is BREACHED, with what differs, on one line."""
    verdict = judge_case(FIRING, run(1, alert("10m", ONE, NONE)))
    assert (verdict.outcome, verdict.reason) == (Outcome.BREACHED, "expected 1 alert, got none")


def test_breached_by_a_refusal() -> None:
    """What promtool refuses to read is BREACHED, with promtool's words."""
    verdict = judge_case(SILENT, run(1, "yaml: line 3: did not find expected key\n"))
    assert (verdict.outcome, verdict.reason) == (Outcome.BREACHED, "yaml: line 3: did not find expected key")


def test_unmeasured() -> None:
    """What promtool did not judge is UNMEASURED, with the reason, whatever was printed."""
    verdict = judge_case(SILENT, run(None, "  SUCCESS\n\n", trouble="promtool did not end within 60 s"))
    assert (verdict.outcome, verdict.reason) == (Outcome.UNMEASURED, "promtool did not end within 60 s")
