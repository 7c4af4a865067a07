"""docs/exposition.md has each rule, with the check that judges it and what both servers make of it."""

from __future__ import annotations

from deployspec.languages.exposition import Effect
from deployspec.languages.exposition.rules import RULES, Aspect
from tests.suite import ROOT

CHECKS = {
    Aspect.SYNTAX: "well-formed",
    Aspect.SERIES: "series-once",
    Aspect.TYPES: "types-constant",
    Aspect.TIMES: "timestamps-fresh",
    Aspect.SUMS: "sums-add-up",
}
WORDS = {
    Effect.NOTHING: "takes",
    Effect.LOSES: "loses",
    Effect.ALTERS: "alters",
    Effect.UNSEEN: "hides",
    Effect.REFUSES: "refuses",
}


def _effects(both: tuple[Effect, Effect] | None) -> str:
    if both is None:
        return "\u2013"
    old, new = (WORDS[one] for one in both)
    return old if old == new else f"{old}, {new}"


def test_the_table_of_rules_is_that_of_the_code() -> None:
    """In its order, and each with a meaning of its own."""
    text = (ROOT / "docs/exposition.md").read_text(encoding="utf-8").partition("\n## Rules\n")[2]
    rows = [
        [one.strip() for one in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| `")
    ]
    expected = []
    for name, rule in RULES.items():
        if name.startswith("limit-"):
            expected.append([f"`{name}`", "is-whole", "", ""])
        else:
            check = "listed" if rule.is_listed else CHECKS[rule.aspect]
            expected.append([f"`{name}`", check, _effects(rule.text), _effects(rule.openmetrics)])
    assert [[*row[:2], *row[3:]] for row in rows] == expected
    meanings = [row[2] for row in rows]
    assert all(len(one) > 8 for one in meanings)
    assert len(set(meanings)) == len(meanings)
