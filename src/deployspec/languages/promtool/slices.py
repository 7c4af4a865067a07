"""Of the rules that a test file loads, those that can have to do with the verdict on a test group.

promtool evaluates every rule at every step of every group, also those that nothing in the group looks at. Those can
fail the group in one way only: by an evaluation that ends in an error. So a slice has the rules that the group's cases
look at, what these read, and whatever can end in an error on the group's series.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from deployspec.languages.promql.failing import Facts, facts
from deployspec.languages.promql.labels import ANY, NONE, Labels
from deployspec.languages.promql.selectors import Selector, selectors
from deployspec.languages.promql.syntax import PromqlError, parse
from deployspec.languages.rule_files.model import Rule, RuleFile, RuleGroup, Series, TestFile, TestGroup

OF_ALERTS = ("ALERTS", "ALERTS_FOR_STATE")
"""The series that Prometheus itself makes of every alert."""
_QUERY = re.compile(r"\bquery\b")
_ASKED = re.compile(r'\bquery\s+(?:"((?:\\.|[^"\\])*)"|`([^`]*)`)')


class Position(NamedTuple):
    """Where a rule stands."""

    file: int
    """The index of its file among the rule files."""
    group: int
    """The index of its group in the file."""
    rule: int
    """Its own index in the group."""


Slice = frozenset[Position]


@dataclass(frozen=True)
class _Rule:
    position: Position
    rule: Rule
    group: RuleGroup

    @cached_property
    def alone(self) -> Facts:
        """What is known of its expression where it finds no series at all."""
        return facts(parse(self.rule.expr), lambda _: None)

    @cached_property
    def read(self) -> tuple[Selector, ...] | None:
        return _read(self.rule.expr)


class Rules:
    """The rules of some files, for any number of groups."""

    def __init__(self, rule_files: Sequence[RuleFile]) -> None:
        self._rules = [
            _Rule(Position(number, index, place), rule, group)
            for number, file in enumerate(rule_files)
            for index, group in enumerate(file.groups)
            for place, rule in enumerate(group.rules)
        ]
        self._recorded: dict[str, list[_Rule]] = defaultdict(list)
        self._alerts: dict[str, list[_Rule]] = defaultdict(list)
        for one in self._rules:
            (self._recorded if one.rule.kind == "record" else self._alerts)[one.rule.name].append(one)
        self._readers: dict[str, list[_Rule]] = {}
        self.all: Slice = frozenset(one.position for one in self._rules)

    def places_of(self, rule: Rule) -> Slice:
        """Where a rule stands."""
        return frozenset(
            one.position for one in self._rules if (one.rule.name, one.rule.place) == (rule.name, rule.place)
        )

    def of(self, group: TestGroup) -> Slice:
        """The rules that can have to do with a group's verdict: all of them, where that cannot be told."""
        if any(
            not series.name or series.name in OF_ALERTS or "{{" in series.values for series in group.series
        ):
            return self.all
        wanted = self._asked(group)
        if wanted is None or any(one.read is None for one in self._rules):
            return self.all
        waiting = [*wanted, *(self._failing(group))]
        kept: dict[Position, _Rule] = {}
        while waiting:
            one = waiting.pop()
            if one.position in kept:
                continue
            kept[one.position] = one
            feeding = self._feeding(one.read or ())
            if feeding is None:
                return self.all
            waiting += feeding
        return frozenset(kept)

    def across(self, kept: Slice) -> tuple[str, ...]:
        """The names of these rules' groups, in their order, where a rule of one group reads what one of another makes, or makes
        the same: empty where the order of the groups can make no difference."""
        found = [one for one in self._rules if one.position in kept]
        names = tuple(dict.fromkeys(one.group.name for one in found))
        makers: dict[tuple[str, str], set[str]] = defaultdict(set)
        for one in found:
            makers[one.rule.kind, one.rule.name].add(one.group.name)
        if any(len(groups) > 1 for groups in makers.values()):
            return names
        for one in found if len(names) > 1 else ():
            feeding = None if one.read is None else self._feeding(one.read)
            if feeding is None or any(
                other.position in kept and other.group.name != one.group.name for other in feeding
            ):
                return names
        return ()

    def _asked(self, group: TestGroup) -> list[_Rule] | None:
        """What the cases look at; None where that cannot be told."""
        found: list[_Rule] = []
        texts: list[str] = []
        for case in group.cases:
            if case.kind == "expr":
                texts.append(case.subject)
                continue
            for one in self._alerts.get(case.subject, ()):
                found.append(one)
                queries = _queries(one.rule)
                if queries is None:
                    return None
                texts += queries
        for text in texts:
            read = _read(text)
            feeding = None if read is None else self._feeding(read)
            if feeding is None:
                return None
            found += feeding
        return found

    def _feeding(self, read: Iterable[Selector]) -> list[_Rule] | None:
        """The rules that record what these selectors read; None where they read what is made of alerts."""
        found: list[_Rule] = []
        for selector in read:
            if any(map(selector.matches_name, OF_ALERTS)):
                return None
            names = (
                (selector.name,)
                if selector.name is not None
                else filter(selector.matches_name, self._recorded)
            )
            for name in names:
                found += self._recorded.get(name, ())
        return found

    def _failing(self, group: TestGroup) -> Iterator[_Rule]:
        """The rules whose evaluation can end in an error on the group's series."""
        given: dict[str, list[Series]] = defaultdict(list)
        for series in group.series:
            given[series.name].append(series)
        recorded = {one.rule.name for one in self._rules if one.rule.kind == "record" and one.alone.can}

        def found_by(selector: Selector) -> Labels | None:
            if _named(selector, recorded):
                return ANY
            matching = [
                one
                for name in _named(selector, given)
                for one in given[name]
                if selector.matches(name, one.labels)
            ]
            if not matching:
                return None
            return Labels(frozenset(label for one in matching for label in one.labels), all_but=False)

        # What is recorded grows until nothing more is, and with it what the expressions find.
        known: dict[Position, Facts] = {}
        waiting = {*given, *recorded}
        while waiting:
            readers = {one.position: one for name in waiting for one in self._reading(name)}
            waiting = set()
            for one in readers.values():
                known[one.position] = facts(parse(one.rule.expr), found_by)
                if one.rule.kind == "record" and known[one.position].can and one.rule.name not in recorded:
                    recorded.add(one.rule.name)
                    waiting.add(one.rule.name)
        all_known = [(one, known.get(one.position, one.alone)) for one in self._rules]
        made = Counter((one.rule.kind, one.rule.name) for one, of_it in all_known if of_it.can)
        for one, of_it in all_known:
            rule = one.rule
            again = made[rule.kind, rule.name] > 1 or (rule.kind == "record" and rule.name in given)
            troubled = again or not of_it.unique or _merges(one, of_it) or "limit" in one.group.data
            if of_it.fails or (of_it.can and troubled):
                yield one

    def _reading(self, name: str) -> list[_Rule]:
        """The rules that read series of this name, whatever their labels."""
        if name not in self._readers:
            self._readers[name] = [
                one for one in self._rules if any(selector.matches_name(name) for selector in one.read or ())
            ]
        return self._readers[name]


def _named(selector: Selector, names: Collection[str]) -> Collection[str]:
    """Those of the names that a selector reads."""
    if selector.name is not None:
        return {selector.name}.intersection(names)
    return list(filter(selector.matches_name, names))


def _merges(one: _Rule, of_it: Facts) -> bool:
    """Whether the labels that a rule sets can make two series of its result one."""
    labels = of_it.labels or NONE
    own = {*one.rule.labels, *(one.group.data.get("labels") or ())}
    if one.rule.kind == "alert":
        own.add("alertname")
    return any(map(labels.may_have, own))


def _read(text: str) -> tuple[Selector, ...] | None:
    """What an expression reads; None where it cannot be read itself."""
    try:
        return selectors(parse(text))
    except PromqlError:
        return None


def _queries(rule: Rule) -> list[str] | None:
    """The queries in an alert's templates; None where they cannot be told."""
    queries: list[str] = []
    for text in (*rule.labels.values(), *rule.annotations.values()):
        asked = _ASKED.findall(text)
        if len(asked) != len(_QUERY.findall(text)):
            return None
        queries += [raw or _unescaped(quoted) for quoted, raw in asked]
    return queries


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


WORTH_A_RUN = 200
"""How many evaluations of a rule cost about as much as one more test file."""


class Part(NamedTuple):
    """Groups of a test file that are to be run with a slice of its rules."""

    groups: tuple[int, ...]
    """Their indices in the file."""
    rules: Slice


def parts_of(test_file: TestFile, rules: Rules) -> list[Part]:
    """The parts that a test file is best run in; none, where that saves nothing over the whole of it."""
    steps = {
        group.index: 1
        + max((case.eval_time for case in group.cases), default=0.0) / test_file.evaluation_interval
        for group in test_file.groups
    }
    by_slice: dict[Slice, list[int]] = defaultdict(list)
    for group in test_file.groups:
        by_slice[rules.of(group)].append(group.index)
    apart = [Part(tuple(groups), one) for one, groups in by_slice.items()]
    together = [Part(tuple(steps), frozenset().union(*by_slice))]

    def cost(parts: Sequence[Part]) -> float:
        evaluations = sum(steps[index] * len(part.rules) for part in parts for index in part.groups)
        return evaluations + WORTH_A_RUN * len(parts)

    best = min(together, apart, key=cost)
    # What promtool would not load, it is to refuse: one run more.
    whole = sum(steps.values()) * len(rules.all)
    return best if steps and cost(best) + len(rules.all) < whole else []


def sliced(rule_files: Sequence[RuleFile], kept: Slice) -> list[RuleFile]:
    """The rule files with these rules alone, in the order in which they stand; files without any are left out."""
    found = []
    for number, file in enumerate(rule_files):
        groups = []
        for index, group in enumerate(file.groups):
            chosen = [place for place in range(len(group.rules)) if Position(number, index, place) in kept]
            if chosen:
                data = {**group.data, "rules": [group.data["rules"][place] for place in chosen]}
                groups.append(replace(group, rules=tuple(group.rules[place] for place in chosen), data=data))
        if groups:
            found.append(replace(file, groups=tuple(groups), plain=False))
    return found
