"""Which cases failed, told from promtool's output; above all, when it cannot be told."""

from __future__ import annotations

import pytest

from deployspec.base.duration import format_duration
from deployspec.languages.promtool.attribution import attribute, refused
from deployspec.languages.promtool.golang import quote, unquote
from deployspec.languages.promtool.model import case_key
from deployspec.languages.rule_files.model import TestFile
from deployspec.languages.rule_files.unit_tests import read_tests

TESTS = """
rule_files: [r.yml]
tests:
  - name: first
    alert_rule_test:
      - {eval_time: 10m, alertname: Down}
      - {eval_time: 90m, alertname: Down}
      - {eval_time: 5m, alertname: Down}
    promql_expr_test:
      - {expr: 'up{job="ä"}', eval_time: 1m}
      - {expr: "sum(", eval_time: 1m}
  - alert_rule_test:
      - {eval_time: 10m, alertname: Down}
      - {eval_time: 10m, alertname: Slow}
"""
NONE = "[]"
ONE = """[
            0:
              Labels:{alertname="Down", job="b", severity="critical"}
              Annotations:{description="d\\n\\n    alertname: Slow, time: 10m, ", summary="x is 3"}
            ]"""
TWO = ONE.replace(
    '3"}\n', '3"},\n            1:\n              Labels:{alertname="Down"}\n              Annotations:{}\n'
)


def alert(time: str, expected: str = ONE, got: str = NONE, *, name: str = "Down", group: str = "") -> str:
    """What promtool prints about a failed alert case."""
    named = f"    name: {group},\n" if group else ""
    return f"{named}    alertname: {name}, time: {time}, \n        exp:{expected}, \n        got:{got}\n\n"


def expr(text: str, rest: str = "\n        exp: nil\n        got: {} 1E+00", time: str = "1m") -> str:
    """What promtool prints about a failed expression."""
    return f"    expr: {text}, time: {time},{rest}\n\n"


def printed(*blocks: str, introduction: str = "Unit Testing:  x.test.yml\n") -> str:
    """What promtool prints about a failed file."""
    return f"{introduction}  FAILED:\n{''.join(blocks)}\n"


def told(output: str, tests: TestFile | None = None) -> list[int] | None:
    """The numbers of the failed cases, from 0 through the file; None where they are not told."""
    file = tests or read_tests(TESTS, "x.test.yml")
    failed = attribute(file, output, 1)
    return None if failed is None else [n for n, case in enumerate(file.cases) if case_key(case) in failed]


def test_a_passed_file() -> None:
    """No case of a passed file failed."""
    assert attribute(read_tests(TESTS, "x"), "", 0) == {}


@pytest.mark.parametrize("introduction", ["", "Unit Testing:  a b.test.yml\n"])
def test_each_failure_has_its_case(introduction: str) -> None:
    """Alerts by time and then expressions, in each group; with and without promtool's first line; in its words."""
    blocks = (
        alert("5m", group="first"),
        alert("1h30m", TWO, ONE, group="first"),
        expr('"up{job=\\"ä\\"}"'),
        expr('"sum("', " err: 1:5: parse error: unclosed left parenthesis"),
        alert("10m", NONE, TWO, name="Slow"),
    )
    output = printed(*blocks, introduction=introduction)
    assert told(output) == [1, 2, 3, 4, 6]
    file = read_tests(TESTS, "x.test.yml")
    failed = attribute(file, output, 1)
    assert failed is not None
    assert failed[case_key(file.cases[6])] == blocks[-1].removesuffix("\n\n")


@pytest.mark.parametrize(
    "blocks",
    [
        pytest.param((), id="no failure at all"),
        pytest.param((alert("10m"), "something\n\n"), id="a line that is not understood"),
        pytest.param(("    rule: Down, time: 1m0s, err: x\n\n",), id="a rule that could not be evaluated"),
        pytest.param((alert("10m", name="Other"),), id="an alert of no case"),
        pytest.param((alert("5m"),), id="a time of no case in that group"),
        pytest.param((alert("10m", group="other"),), id="a group of no case"),
        pytest.param((alert("10m", name="Slow"), alert("10m")), id="another order than the cases'"),
        pytest.param((alert("10m"), alert("10m")), id="the same case twice"),
        pytest.param((expr('"sum("'), alert("5m", group="first")), id="an expression before an alert of its group"),
        pytest.param((alert("10m").replace("got:", "found:"),), id="another word"),
        pytest.param((alert("10m", ONE.replace("0:", "1:")),), id="another number"),
        pytest.param((alert("10m", TWO.replace("},\n", "}\n")),), id="a missing comma"),
        pytest.param((alert("10m", ONE.replace('"x is 3"', '"x is "3"')),), id="a broken quotation"),
        pytest.param((alert("10m").rstrip("\n") + "\n",), id="a missing empty line before the end"),
        pytest.param((expr('"sum("', "\n        exp: nil"),), id="an expression without what was got"),
        pytest.param((expr('"sum("', "\n        got: nil\n        exp: nil"),), id="got before expected"),
        pytest.param((expr('"sum("', "", time="1m") + "x",), id="an expression without anything"),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_not_told(blocks: tuple[str, ...]) -> None:
    """Nothing is attributed where one thing is not as promtool prints it."""
    output = printed(*blocks)
    if blocks and blocks[0].endswith("]\n"):
        output = output.removesuffix("\n") + "x"
    assert told(output) is None


def test_without_the_word_failed() -> None:
    """Output that does not begin as a failure is none."""
    assert told(printed(alert("10m")).replace("  FAILED:\n", "")) is None
    assert told(printed(alert("10m"), introduction="  WARNING: no file match pattern x\n")) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{eval_time: 5m, alertname: A}", "{eval_time: 5m, alertname: A}"),
        ("{eval_time: 5m, alertname: A}", "{eval_time: 300s, alertname: A}"),
    ],
)
def test_cases_that_look_alike(one: str, other: str) -> None:
    """A failure that two cases of the file could have is nobody's, in one group or in two; others are told."""
    together = f"tests: [{{alert_rule_test: [{one}, {other}, {{eval_time: 6m, alertname: A}}]}}]"
    apart = f"tests: [{{alert_rule_test: [{one}]}}, {{alert_rule_test: [{other}, {{eval_time: 6m, alertname: A}}]}}]"
    for text in (together, apart):
        file = read_tests(text, "x")
        assert told(printed(alert("5m", name="A")), file) is None
        assert told(printed(alert("6m", name="A")), file) == [2]


@pytest.mark.parametrize(
    "name", ['"a\\nb"', '"x,\\n    alertname: Down, time: 5m, "', '"a\\u2028b"', '"\\eb"']
)
def test_names_with_line_breaks(name: str) -> None:
    """Where a group's or an alert's name has a control character, no failure of the file is told."""
    for text in (
        f"tests: [{{name: {name}, alert_rule_test: [{{eval_time: 1m, alertname: A}}]}}, ",
        f"tests: [{{alert_rule_test: [{{eval_time: 1m, alertname: {name}}}]}}, ",
    ):
        file = read_tests(text + "{alert_rule_test: [{eval_time: 6m, alertname: A}]}]", "x")
        assert len(file.cases) == 2
        assert told(printed(alert("6m", name="A")), file) is None


def test_errors_that_quote_line_breaks() -> None:
    """An expression with line breaks may fail with samples, but its errors are not believed: they may quote it."""
    file = read_tests('tests: [{promql_expr_test: [{expr: "a\\nb", eval_time: 1m}]}]', "x")
    assert told(printed(expr('"a\\nb"')), file) == [0]
    assert told(printed(expr('"a\\nb"', " err: 1:1: parse error")), file) is None


@pytest.mark.parametrize(
    ("words", "is_refusal"),
    [
        ("yaml: unmarshal errors:\n  line 3: field x not found in type main.unitTestFile\n\n", True),
        ("group name repeated in evaluation order: a\n\n", True),
        ("syntax error in pattern\n\n", True),
        ("r.yml: yaml: line 2: mapping values are not allowed in this context\n\n", False),
        (alert("5m"), False),
    ],
)
def test_refusals(words: str, is_refusal: bool) -> None:
    """A test file that promtool cannot read is told from cases that fail."""
    assert refused(printed(words)) is is_refusal
    assert refused(printed(words, introduction="  WARNING: no file match pattern x\n")) is is_refusal
    assert refused("  SUCCESS\n\n" + printed(words)) is False


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"), (0.001, "1ms"), (1, "1s"), (59.5, "59s500ms"), (60, "1m"), (90, "1m30s"), (3600, "1h"),
        (3660.25, "1h1m250ms"), (86400, "1d"), (90061, "1d1h1m1s"), (7 * 86400, "1w"), (8 * 86400, "8d"),
        (365 * 86400, "1y"), (366 * 86400, "366d"), (372 * 86400, "372d"),
    ],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    """Durations are printed as Prometheus prints them: weeks and years only where nothing remains."""
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("", '""'),
        ('a"b\\c', r'"a\"b\\c"'),
        ("a\n\t\r\a\b\f\v", r'"a\n\t\r\a\b\f\v"'),
        ("é☃😀", '"é☃😀"'),
        ("\x01\x7f", r'"\x01\x7f"'),
        ("\x85\xa0\u200b\ue000", r'"\u0085\u00a0\u200b\ue000"'),
        ("\U000e0001", r'"\U000e0001"'),
        ("\ufffd", '"\ufffd"'),
    ],
)
def test_quoting(text: str, quoted: str) -> None:
    """Texts are quoted as Go quotes them, and read back."""
    assert quote(text) == quoted
    assert unquote(quoted[1:-1]) == text
