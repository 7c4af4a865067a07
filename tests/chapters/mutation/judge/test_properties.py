"""What holds for the mutants of any rule."""

from __future__ import annotations

import promql_parser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.chapters.mutation.judge.mutants import mutants, valid
from deployspec.chapters.mutation.judge.printing import to_text
from deployspec.chapters.mutation.judge.tree import read
from tests.chapters.mutation.judge.made import rule
from tests.trials import trials

_METRICS = st.sampled_from(
    ["up", "x_total", 'x{a="b", c=~"d|e"}', 'x{a!="", c!~"q.*"} offset 5m', "job:x:rate5m"]
)
_LABELS = st.sampled_from(["job", "job, pod", ""])


def _bigger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "%", "^", "and", "or", "unless", ">", "<", ">=", "==", "!="]), inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["+", "*", "^", "> bool", "and on (job)", "/ ignoring (pod) group_left (a)"]), inner),
        st.builds("{} by ({}) ({})".format, st.sampled_from(["sum", "avg", "count", "max"]), _LABELS, inner),
        st.builds("{} without ({}) ({})".format, st.sampled_from(["sum", "min"]), _LABELS, inner),
        st.builds("topk by ({}) (2, {})".format, _LABELS, inner),
        st.builds("{}(x[5m])".format, st.sampled_from(["rate", "increase", "delta", "changes", "absent_over_time"])),
        st.builds("histogram_quantile(0.9, {})".format, inner),
        st.builds("max_over_time({}[1h:1m])".format, _METRICS),
        st.builds("{}({})".format, st.sampled_from(["absent", "abs", "ceil", "-", "vector(3) - "]), inner),
        st.builds("{} {} {}".format, inner, st.sampled_from([">", "<=", "==", "*"]), st.sampled_from(["0", "0.05", "1000", "-3"])),
    )  # fmt: skip


EXPRESSIONS = st.recursive(_METRICS, _bigger, max_leaves=6).filter(lambda text: _reads(text))


def _reads(text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


@settings(max_examples=trials(300), deadline=None)
@given(EXPRESSIONS)
def test_printing_keeps_the_meaning(text: str) -> None:
    """What is printed reads as the same tree, and nothing that promql-parser saw is lost."""
    tree = read(text)
    assert read(to_text(tree)) == tree
    assert _bare(promql_parser.parse(to_text(tree))) == _bare(promql_parser.parse(text))


def _bare(expr: object) -> str:
    """The parser's own text without parentheses."""

    def visit(node: object) -> object:
        return node.expr if isinstance(node, promql_parser.ParenExpr) else None

    text = str(promql_parser.transform(expr, post_visit=visit).prettify())  # type: ignore[arg-type]
    return "".join(text.split())


@settings(max_examples=trials(200), deadline=None)
@given(EXPRESSIONS, st.sampled_from(["0s", "5m"]))
def test_mutants_of_any_rule(text: str, wait: str) -> None:
    """Every mutant differs from its rule and from every other one, has an id of its own, and the next run has the same."""
    made = mutants(rule(text, **{"for": wait}))
    own = read(text)
    seen = {(read(each.changed.expr), each.changed.for_) for each in made if valid(each)}
    assert (own, 0.0 if wait == "0s" else 300.0) not in seen
    assert len(seen) == len([each for each in made if valid(each)])
    assert len({each.id for each in made}) == len(made)
    assert [each.id for each in mutants(rule(text, **{"for": wait}))] == [each.id for each in made]


@pytest.mark.parametrize(
    "text",
    [
        "a - (b - c)", "(a - b) - c", "a ^ (b ^ c)", "(a ^ b) ^ c", "(-a) ^ 2", "-a ^ 2", "-(a + b)", "2 ^ -x", "(a or b) and c",
        "(a > 1) < 5", "a / on () b", "(a + b)[5m:]", "x @ end()", "x @ 123.5", "x[5m] @ start() offset -1m", 'count_values("v", x)',
        '{__name__=~"a|b"}', r'x{a="\"\\n"}', "sum without () (x)", "x == Inf", "x > 1e-05", "x[1d]", "x[1h:]",
        'label_replace(x, "a", "$1", "b", "(.*)")', "a atan2 b",
    ],
)  # fmt: skip
def test_printed_and_read(text: str) -> None:
    """Operators, signs, escapes and modifiers survive printing."""
    assert read(to_text(read(text))) == read(text)
