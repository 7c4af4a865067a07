"""Each rule has a page that breaks it, and nothing else; sound pages break none."""

from __future__ import annotations

import pytest

from deployspec.languages.exposition import Format, read
from deployspec.languages.exposition.rules import RULES
from tests.languages.exposition.cases import BROKEN, CASES, NOW, SOUND, Case


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
@pytest.mark.parametrize("is_exact", [False, True], ids=["quick", "exact"])
def test_a_page_breaks_the_rules_that_it_breaks(case: Case, is_exact: bool) -> None:
    """Read by either way, each case breaks its rules, beginning with its line, and no other."""
    page = read([case.at(NOW)], case.form, now=NOW, is_exact=is_exact)
    assert tuple(one.rule for one in page.troubles) == case.rules
    assert [one.line for one in page.troubles][:1] == [case.line][: len(case.rules)]
    assert all("{}" not in one.text and len(one.text) > 10 for one in page.troubles)


def test_every_rule_has_a_page_in_each_format_that_has_it() -> None:
    """A rule that no page breaks would be one that nothing shows to be true. (Limits have tests of their own.)"""
    shown = {(rule, case.form) for case in BROKEN for rule in case.rules}
    asked = {
        (name, form)
        for name, rule in RULES.items()
        for form in Format
        if not rule.allows(form) and not name.startswith("limit-")
    }
    assert shown == asked


def test_ids_are_unique() -> None:
    """A case is found by its id."""
    assert len({case.id for case in CASES}) == len(SOUND) + len(BROKEN)


@pytest.mark.parametrize("is_exact", [False, True], ids=["quick", "exact"])
def test_of_many_troubles_the_first_are_kept_and_all_are_counted(is_exact: bool) -> None:
    """Thirty histograms without a count, and thirty series that stand there already."""
    lines = [f'h_bucket{{a="{number}",le="+Inf"}} 1\nh_sum{{a="{number}"}} 1\n' for number in range(30)]
    again = [f'x{{a="{number}"}} 1\n' for number in range(30)] * 2
    page = read(["".join(["# TYPE h histogram\n", *lines, *again]).encode()], Format.TEXT, is_exact=is_exact)
    assert page.counts == {"histogram-count": 30, "series-twice": 30}
    kept = [one.rule for one in page.troubles]
    assert [kept.count(rule) for rule in page.counts] == [20, 20]
    assert page.troubles[0].line == 2
