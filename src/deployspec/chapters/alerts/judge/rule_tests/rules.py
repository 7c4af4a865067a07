"""The rules that a test file loads, and what reaches them through recording rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache

from deployspec.chapters.alerts.judge.reading import MADE_BY_PROMETHEUS, by_name, parsed, read
from deployspec.languages.promql.results import can_give_a_result
from deployspec.languages.promql.selectors import Selector, selectors
from deployspec.languages.promql.syntax import PromqlError, parse
from deployspec.languages.rule_files.model import Rule, RuleFile

_WORD = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")


class LoadedRules:
    """All rules of the rule files that a test file loads, each file once."""

    def __init__(self, loaded: Mapping[str, Sequence[RuleFile]]) -> None:
        self.loaded = loaded
        """By the text of each entry of ``rule_files``: the files that it matches."""
        self.files = tuple({file.path: file for files in loaded.values() for file in files}.values())
        self.rules = tuple(rule for file in self.files for rule in file.rules)

    @cached_property
    def alerts(self) -> dict[str, tuple[Rule, ...]]:
        """The alerts by name; there may be several of one."""
        return by_name(self.rules, "alert")

    @cached_property
    def names(self) -> dict[str, None]:
        """The names of all metrics that a rule reads or records, each once, as far as they can be listed."""
        names = dict.fromkeys(self._recorded)
        for rule in self.rules:
            if read(rule) is None:
                # What cannot be read may name anything that stands in it.
                names.update(dict.fromkeys(_WORD.findall(rule.expr)))
            for selector in read_by(rule):
                names.update(dict.fromkeys(selector.names() or ()))
        return names

    def names_metric(self, name: str) -> bool:
        """Whether a metric of this name occurs in a rule: read, or recorded."""
        return name in self.names or any(selector.matches_name(name) for selector in self._nameless)

    def reached_from(self, rules: Iterable[Rule]) -> tuple[Rule, ...]:
        """These rules, and those that make what they read: recording rules, and alerts for ``ALERTS``."""
        reached: dict[int, Rule] = {}
        waiting = list(rules)
        while waiting:
            rule = waiting.pop(0)
            if id(rule) not in reached:
                reached[id(rule)] = rule
                waiting.extend(maker for selector in read_by(rule) for maker in self.makers(selector))
        return tuple(reached.values())

    def makers(self, selector: Selector) -> tuple[Rule, ...]:
        """The rules whose results the selector may read. Of a recording rule only its name is looked at."""
        names = selector.names()
        names = tuple(self._recorded) if names is None else names
        made = [
            rule for name in names for rule in self._recorded.get(name, ()) if selector.matches_name(name)
        ]
        if any(map(selector.matches_name, MADE_BY_PROMETHEUS)):
            about = [matcher for matcher in selector.matchers if matcher.label == "alertname"]
            made += [
                rule
                for name, rules in self.alerts.items()
                if all(matcher.matches(name) for matcher in about)
                for rule in rules
            ]
        return tuple(made)

    def can_hold(self, rules: Iterable[Rule], there: Callable[[Selector], bool | None]) -> bool:
        """Whether any of the rules can hold, ``there`` saying of a selector whether input series answer it.

        None: they say nothing about it, so that it depends on the rules that make its metric, and holds where there
        is none. An expression that cannot be read counts as one that can hold.
        """
        wanted = tuple(rules)
        reached = self.reached_from(wanted)
        holding: set[int] = set()

        def answered(selector: Selector) -> bool:
            makers = self.makers(selector)
            found = there(selector)
            return (
                found is True or any(id(rule) in holding for rule in makers) or (found is None and not makers)
            )

        # What rules hold can only grow, so this ends; rules may read each other in a circle.
        while True:
            more = {id(rule) for rule in reached if id(rule) not in holding and _can_hold(rule, answered)}
            if not more:
                return any(id(rule) in holding for rule in wanted)
            holding |= more

    @cached_property
    def _recorded(self) -> dict[str, tuple[Rule, ...]]:
        return by_name(self.rules, "record")

    @cached_property
    def _nameless(self) -> tuple[Selector, ...]:
        return tuple(
            selector for rule in self.rules for selector in read_by(rule) if selector.names() is None
        )


def read_by(rule: Rule) -> tuple[Selector, ...]:
    """The selectors of a rule's expression; none where it cannot be read."""
    return _selectors(rule.expr)


def unreadable(rule: Rule) -> str | None:
    """Why the rule's expression cannot be read; None where it can."""
    try:
        parse(rule.expr)
    except PromqlError as error:
        return str(error)
    return None


def _can_hold(rule: Rule, there: Callable[[Selector], bool]) -> bool:
    expr = read(rule)
    return expr is None or can_give_a_result(expr, there)


@lru_cache(maxsize=4096)
def _selectors(text: str) -> tuple[Selector, ...]:
    expr = parsed(text)
    return () if expr is None else selectors(expr)
