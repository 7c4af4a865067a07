"""Reading, walking and writing PromQL."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from deployspec.languages.promql.syntax import MAX_OPERATORS, PromqlError, is_scalar, parse, to_text, walk
from tests.trials import trials


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param("(a - (b - c)) ^ -d", "(a - (b - c)) ^ -d", id="parentheses"),
        pytest.param("-a ^ 2", "-a ^ 2", id="sign-binds-looser-than-power"),
        pytest.param("sum(a) by (job)", "sum by (job) (a)", id="by-behind"),
        pytest.param("sum without () (a)", "sum without () (a)", id="without-nothing-is-not-sum"),
        pytest.param("max_over_time(a[1h:] offset 5m)", "max_over_time(a[1h:] offset 5m)", id="subquery"),
        pytest.param("a[90s]", "a[1m30s]", id="duration"),
        pytest.param("a > bool on() 1 * b", "a > bool on () 1 * b", id="bool-on-nothing"),
        pytest.param(r'a{b="q\"\\\n"}', r'a{b="q\"\\\n"}', id="escapes"),
        pytest.param(r'a{b=~`\d+\."`}', r'a{b=~"\\d+\\.\""}', id="raw-string"),
        pytest.param("a # `not a string\n+ b", "a + b", id="comment"),
        pytest.param('{"a.b", c="d"}', '{__name__="a.b",c="d"}', id="quoted-name"),
        pytest.param("a offset 0s + max_over_time(b[5m:] offset -0h0m)", "a + max_over_time(b[5m:])", id="offset-of-nothing"),
        pytest.param("1_000 * 0x1_F + 1e1_0 + 1.5_0", "1000 * 31 + 10000000000 + 1.5", id="grouped-digits"),
        pytest.param('a_1_000{b="1_000 offset 0s"} + c:1_0', 'a_1_000{b="1_000 offset 0s"} + c:1_0', id="digits-of-names"),
        pytest.param("a @ 1.5 offset -5m", "a @ 1.500 offset -5m", id="moment"),
        pytest.param("a @ -1", "a @ -1.000", id="moment-before-1970"),
        pytest.param("a[5m:1m] @ -1.25 offset 1w", "a[5m:1m] @ -1.250 offset 1w", id="subquery-before-1970"),
        pytest.param("holt_winters(a[5m], 0.5, 0.1)", "holt_winters(a[5m], 0.5, 0.1)", id="function-of-prometheus-2"),
    ],
)  # fmt: skip
def test_to_text_reads_back_as_the_same(text, written):
    """An expression is written with what its meaning needs, and reads back to the same text."""
    assert to_text(parse(text)) == written
    assert to_text(parse(written)) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param("a @ -1 + b @ 0 - c @ -2", "a @ -1.000 + b @ 0.000 - c @ -2.000", id="in-order"),
        pytest.param("topk(scalar(a @ -1), b @ -2)", "topk(scalar(a @ -1.000), b @ -2.000)", id="parameter-first"),
        pytest.param("(a @ -1)[5m:1m] @ -3", "(a @ -1.000)[5m:1m] @ -3.000", id="inner-before-outer"),
        pytest.param("a @ start() + b @ -3", "a @ start() + b @ -3.000", id="start-has-no-number"),
        pytest.param('a{b="@ 0.000"} @ -2', 'a{b="@ 0.000"} @ -2.000', id="not-in-a-string"),
        pytest.param("a[5m] @ -7 offset 1m", "a[5m] @ -7.000 offset 1m", id="range"),
    ],
)  # fmt: skip
def test_moments_before_1970_are_written_where_they_stand(text, written):
    """Each @ keeps its own number."""
    assert to_text(parse(text)) == written
    assert to_text(parse(written)) == written


_METRICS = st.sampled_from(["a", "b:c", 'a{b="c"}', 'a{b=~"x|y",c!=""}', '{"d e"}', r'a{b="\\d\"\n@ 0.000"}'])
_MOMENTS = st.sampled_from(
    [
        "",
        " @ -1",
        " @ 0",
        " @ -86400.5",
        " @ 1609746000.123",
        " @ start()",
        " @ end()",
        " offset 5m",
        " offset -1w",
        " @ -3 offset 90s",
        " offset 1500ms @ 7",
    ]
)
_NUMBERS = st.sampled_from(["1", "-1", "0.5", "1e-7", "0x1F", "NaN", "-Inf", "1e300"])


def _larger(expr: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def made(form: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.tuples(*parts).map(lambda values: form.format(*values))

    return st.one_of(
        made("({})", expr),
        made("-({})", expr),
        made("({}) {} ({})", expr, st.sampled_from(["+", "^", "> bool", "and on ()", "/ ignoring (x) group_left (y)", "or"]), expr),
        made("sum by (x, y) ({})", expr),
        made("topk without (x) (scalar({}), {})", expr, expr),
        made('count_values("x\\"y", {})', expr),
        made("max_over_time(({})[1h:{}]{})", expr, st.sampled_from(["", "30s"]), _MOMENTS),
        made('label_replace({}, "x", "$1", "y", "(.*)\\\\d")', expr),
        made("{} * {}", _NUMBERS, expr),
    )  # fmt: skip


@given(
    st.recursive(
        st.one_of(
            st.tuples(_METRICS, _MOMENTS).map("".join),
            st.tuples(_METRICS, _MOMENTS).map(lambda pair: f"rate({pair[0]}[5m]{pair[1]})"),
        ),
        _larger,
        max_leaves=6,
    )
)
@settings(max_examples=trials(200), deadline=None)
def test_what_is_written_reads_back_as_the_same_tree(text):
    """Whatever the expression: the tree that is read back says the same of itself, but for the order of matchers."""
    try:
        tree = parse(text)
    except PromqlError:
        assume(False)
        raise
    again = parse(to_text(tree))
    assert [type(node).__name__ for node in walk(again)] == [type(node).__name__ for node in walk(tree)]
    assert sorted(repr(again).splitlines()) == sorted(repr(tree).splitlines())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("sum(a", "unclosed left parenthesis", id="unclosed"),
        pytest.param("", "no expression found in input", id="empty"),
        pytest.param("nosuch(a)", "unknown function with name 'nosuch'", id="unknown-function"),
        pytest.param("rate(a)", "expected type matrix in call to function 'rate', got vector", id="type"),
        pytest.param("{}", "vector selector must contain at least one non-empty matcher", id="selects-all"),
        pytest.param('a{b="x', "unterminated quoted string", id="open-string"),
        pytest.param("a[1_0m]", "bad number or duration syntax", id="grouped-duration"),
        pytest.param("1_000_", "bad number or duration syntax", id="grouped-to-nothing"),
        pytest.param("a[1e19]", "is not in the required range", id="range-beyond-64-bits"),
        pytest.param("a offset 1e18", "number too large to fit in target type", id="offset-beyond-words"),
        pytest.param(
            "a offset 1e400", "the parser broke down: cannot convert float", id="offset-beyond-measure"
        ),
    ],
)
def test_what_is_no_promql_says_why(text, reason):
    """The parser's own reason, on one line."""
    with pytest.raises(PromqlError) as raised:
        parse(text)
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("operators", [MAX_OPERATORS, MAX_OPERATORS + 1])
def test_an_expression_is_read_up_to_a_number_of_operators(operators):
    """At the limit an expression is read; just above it the limit is named."""
    text = "-" * operators + "a"
    if operators <= MAX_OPERATORS:
        assert sum(type(node).__name__ == "UnaryExpr" for node in walk(parse(text))) == operators
    else:
        with pytest.raises(PromqlError, match="the expression has 1001 operators and brackets; at most 1000"):
            parse(text)


def test_operators_in_strings_and_comments_count_for_nothing():
    """A long regular expression or comment is no deep expression."""
    stars = "(*" * MAX_OPERATORS
    assert to_text(parse(f'a{{b="{stars}",c=`{stars}`}} # {stars}')).startswith("a{")


def test_walk_comes_to_every_node_once():
    """Depth first, in the order of the text: parameters, arguments, both sides, what stands in brackets."""
    expr = parse(
        "topk(scalar(k), -(rate(a[5m]) + label_replace(b, 'x', '', 'y', ''))) > max_over_time(c[1h:5m])"
    )
    assert [type(node).__name__ for node in walk(expr)] == [
        "BinaryExpr",
        *("AggregateExpr", "Call", "VectorSelector", "UnaryExpr", "ParenExpr", "BinaryExpr"),
        *("Call", "MatrixSelector", "VectorSelector", "Call", "VectorSelector", *["StringLiteral"] * 4),
        *("Call", "SubqueryExpr", "VectorSelector"),
    ]


@pytest.mark.parametrize("text", ["1", "-(1 + 2)", "time() - 5", "scalar(up)", "1 > bool 2", "pi()"])
def test_is_scalar(text):
    """A number without labels."""
    assert is_scalar(parse(text))


@pytest.mark.parametrize("text", ["up", "up * 1", "vector(1)", "sum(up)", "hour()", "time() - up"])
def test_is_not_scalar(text):
    """A vector, also where it has one element without labels."""
    assert not is_scalar(parse(text))
