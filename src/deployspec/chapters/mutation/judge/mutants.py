"""The mutants of a rule: the rule, changed in one place. A test suite that does not notice is too weak there."""

from __future__ import annotations

import difflib
import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from deployspec.base.duration import format_duration
from deployspec.chapters.mutation.judge import combining, numeric, selecting
from deployspec.chapters.mutation.judge.context import Context, nodes
from deployspec.chapters.mutation.judge.printing import to_text
from deployspec.chapters.mutation.judge.tree import Node, UnreadableError, read, replaced
from deployspec.languages.promql.syntax import PromqlError, parse
from deployspec.languages.promql.syntax import to_text as laid_out_text
from deployspec.languages.rule_files.model import Rule

INTERVAL = 60.0
"""promtool's own evaluation interval where nothing says another one, in seconds."""


@dataclass(frozen=True)
class Mutant:
    """A rule with one change."""

    rule: Rule = field(repr=False)
    """The rule as it is."""
    operator: str
    """The kind of change: a kebab-case name of docs/mutation.md."""
    what: str
    """The change in one line: ``threshold 0.05 → 0.0505``."""
    test: str
    """What a case that notices the change would be like: ends the sentence "no case ..."."""
    id: str
    """``<rule>/<operator>/<digest>``: the same as long as the rule around the change stays as it is."""
    changed: Rule = field(repr=False)
    """The rule with the change."""

    def diff(self) -> str:
        """The change as a unified diff of the rule, its expression laid out by promql-parser."""
        before = replace(self.rule, expr=to_text(read(self.rule.expr)))
        names = f"{self.rule.place.file}:{self.rule.place.line}", f"mutant {self.id}"
        return "\n".join(difflib.unified_diff(_shown(before), _shown(self.changed), *names, lineterm="", n=2))


def mutants(rule: Rule, interval: float = INTERVAL) -> tuple[Mutant, ...]:
    """All mutants of a rule, each once, none of them the rule itself; what promql-parser refuses is among them.

    ``interval``: seconds between two evaluations in the tests, by which ``for`` is moved. Raises UnreadableError for
    an expression that is not PromQL.
    """
    made: dict[str, Mutant] = {}
    seen = {_key(rule, read(rule.expr))}
    for change, mutant in (*_of_expr(rule), *_of_rest(rule, interval)):
        key = _key(mutant.changed, change)
        if key not in seen:
            seen.add(key)
            made[mutant.id] = mutant
    return tuple(made.values())


def valid(mutant: Mutant) -> bool:
    """Whether promql-parser accepts the mutant's expression; promtool may still refuse it."""
    try:
        read(mutant.changed.expr)
    except UnreadableError:
        return False
    return True


def shows_value(rule: Rule) -> bool:
    """Whether the value of the rule's expression is seen by anybody: a recorded one, or one in a template."""
    texts = (*rule.labels.values(), *rule.annotations.values())
    return rule.kind == "record" or any("$value" in text or ".Value" in text for text in texts)


def _of_expr(rule: Rule) -> Iterator[tuple[Node, Mutant]]:
    root = read(rule.expr)
    for node, here in nodes(root, Context(valued=shows_value(rule))):
        for family in (numeric, combining, selecting):
            for change in family.changes(node, here):
                tree = replaced(root, here.path, change.node)
                where = f"{'.'.join(map(str, here.path))} {change.what}"
                yield (
                    tree,
                    _mutant(rule, change.operator, change.what, change.test, where, expr=to_text(tree)),
                )


def _of_rest(rule: Rule, interval: float) -> Iterator[tuple[Node, Mutant]]:
    root = read(rule.expr)
    if rule.kind == "alert":
        for key, word, old in (
            ("for_", "for", rule.for_),
            ("keep_firing_for", "keep-firing-for", rule.keep_firing_for),
        ):
            for new in _durations(old, interval, word):
                low, high = format_duration(min(old, new)), format_duration(max(old, new))
                what = f"{word.replace('-', '_')} {format_duration(old)} → {format_duration(new)}"
                turned = "began" if word == "for" else "ceased"
                test = f"looks at the alert between {low} and {high} after its expression {turned} to hold"
                yield root, _mutant(rule, word, what, test, what, **{key: new})
    for name, word in (("labels", "label"), ("annotations", "annotation")):
        values = getattr(rule, name)
        for label in values:
            what = f"{word} {label} removed"
            test = f"expects the {word} {label}" + ("" if rule.kind == "record" else " of a firing alert")
            rest = {each: value for each, value in values.items() if each != label}
            yield root, _mutant(rule, f"{word}-removed", what, test, what, **{name: rest})


def _durations(old: float, interval: float, word: str) -> Iterator[float]:
    """One evaluation more, one less, none, twice: those that take another number of evaluations."""
    if word == "keep-firing-for" and not old:
        return
    for new in (old + interval, old - interval, 0.0, old * 2):
        if new >= 0 and math.ceil(new / interval) != math.ceil(old / interval):
            yield new


def _mutant(rule: Rule, operator: str, what: str, test: str, where: str, **changed: Any) -> Mutant:
    labels = json.dumps(dict(rule.labels), sort_keys=True)
    digest = hashlib.sha256("\0".join((rule.group, labels, operator, where)).encode()).hexdigest()[:8]
    return Mutant(rule, operator, what, test, f"{rule.name}/{operator}/{digest}", replace(rule, **changed))


def _key(rule: Rule, root: Node) -> str:
    rest = [rule.for_, rule.keep_firing_for, dict(rule.labels), dict(rule.annotations)]
    return f"{root!r} {json.dumps(rest, sort_keys=True)}"


def _shown(rule: Rule) -> list[str]:
    try:
        laid_out = laid_out_text(parse(rule.expr))
    except PromqlError:
        laid_out = rule.expr
    lines = [f"- {rule.kind}: {rule.name}", "  expr: |", *(f"    {line}" for line in laid_out.splitlines())]
    lines += [f"  for: {format_duration(rule.for_)}"] if rule.for_ else []
    lines += [f"  keep_firing_for: {format_duration(rule.keep_firing_for)}"] if rule.keep_firing_for else []
    for word, values in (("labels", rule.labels), ("annotations", rule.annotations)):
        lines += [f"  {word}:"] if values else []
        lines += [f"    {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return lines
