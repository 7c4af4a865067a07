"""The order in which promtool evaluates groups of rules, where a test file leaves it open: another one in each run."""

from __future__ import annotations

from collections.abc import Sequence

from deployspec.languages.rule_files.model import TestFile


def orders(test_file: TestFile, groups: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Two orders that promtool may choose for these groups of rules, by their names: as they stand, and the other way
    round. Empty where the file's ``group_eval_order`` leaves no choice.

    promtool puts a group that ``group_eval_order`` does not name beside the first one that it does name.
    """
    named = test_file.data.get("group_eval_order")
    places = {name: place for place, name in enumerate(named if isinstance(named, list) else ())}
    there = tuple(dict.fromkeys(groups))
    forward, backward = (
        tuple(sorted(names, key=lambda name: places.get(name, 0))) for names in (there, there[::-1])
    )
    return () if forward == backward else (forward, backward)
