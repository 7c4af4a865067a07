"""Whether an expression can fail. tests/tools/promtool/test_slices.py holds the same against promtool itself."""

from __future__ import annotations

import pytest

from deployspec.languages.promql.failing import facts
from deployspec.languages.promql.labels import Labels
from deployspec.languages.promql.selectors import Selector
from deployspec.languages.promql.syntax import parse

LABELS = {"a": ("x", "y"), "b": ("x", "z"), "one": ()}


def series(selector: Selector) -> Labels | None:
    """Series of a, b and one, whatever else a selector says."""
    found = [labels for name, labels in LABELS.items() if selector.matches_name(name)]
    return Labels(frozenset(label for labels in found for label in labels), all_but=False) if found else None


@pytest.mark.parametrize(
    ("expr", "fails"),
    [
        ("a / a", False),  # all labels count
        ("a / on(x) b", True),  # y and z tell series apart, and do not count
        ("a / on(x) gone", False),  # one side is empty: the other one is not looked at
        ("a / on(x, y) sum by (x, y) (b)", False),
        ("sum by (x) (a) / on(x) sum by (x) (b)", False),
        ("sum by (x, y) (a) / on(x) sum by (x) (b)", True),
        ("sum by (x) (a) / ignoring(y) sum by (x) (b)", False),
        ("a / ignoring(y) b", True),
        ("a * on(x) group_left sum by (x) (b)", False),
        ("a * on(x) group_left b", True),
        ("a * on(x) group_left(z) sum by (x, z) (b)", True),
        ("a * on(x) group_left(k) max by (x) (b)", False),
        ("a * on(x) group_left(y) max by (x) (b)", True),
        ("sum by (x) (a) * on(x) group_right b", False),
        ("a and on(x) b", False),
        ("a or on(x) b", False),
        ("a unless b", False),
        ("-a", False),
        ('-{__name__=~"a|b"}', True),
        ('{__name__=~"a|b"} > 1', False),
        ('{__name__=~"a|b"} > bool 1', True),
        ('rate({__name__=~"a|b"}[5m])', True),
        ('last_over_time({__name__=~"a|b"}[5m])', False),
        ('sum({__name__=~"a|b"})', False),
        ('-sum by (__name__) ({__name__=~"a|b"})', True),
        ("-(a or b)", False),
        ("max_over_time((a or b)[5m:1m])", True),  # a series may have been the other one's before
        ("max_over_time((a + 0 or b + 0)[5m:1m])", False),
        ('label_replace(a, "k", "$1", "x", "(.*)")', False),
        ('label_replace(a, "y", "$1", "x", "(.*)")', True),
        ('label_replace(gone, "y", "$1", "x", "(.*)")', False),
        ('label_join(a, "x", "-", "y")', True),
        ("topk(1, a)", False),
        ("topk(scalar(one), a)", True),
        ("topk(scalar(one), gone)", False),
        ("topk(NaN, a)", True),
        ("holt_winters(a[5m], 0.5, 0.5)", True),
        ("histogram_quantile(0.9, a)", False),
        ("absent(a) * on() group_left one", False),
        ("vector(1) / vector(2)", False),
    ],
)
def test_what_can_fail(expr: str, fails: bool) -> None:
    """The whole of an expression, with series of a, b and one, and none of anything else."""
    assert facts(parse(expr), series).fails is fails


@pytest.mark.parametrize(
    ("expr", "can", "unique"),
    [
        ("a", True, True),
        ("gone", False, True),
        ('{__name__=~"a|b"}', True, False),
        ("a or b", True, True),
        ("gone + a", False, True),
        ("absent(gone)", True, True),
        ("count_values('__name__', a)", True, False),
    ],
)
def test_what_else_is_known(expr: str, can: bool, unique: bool) -> None:
    """Whether there can be a result, and whether its series differ in more than their names."""
    found = facts(parse(expr), series)
    assert (found.can, found.unique) == (can, unique)
