"""The mutants of a rule: the rule, changed in one place. A test suite that does not notice is too weak there."""

from __future__ import annotations

import difflib
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from deployspec.chapters.mutation.judge import combining, comparing, numeric, selecting
from deployspec.chapters.mutation.judge.context import nodes
from deployspec.chapters.mutation.judge.printing import duration, to_text
from deployspec.chapters.mutation.judge.tree import Node, UnreadableError, read, replaced
from deployspec.languages.promql import PromqlError, parse
from deployspec.languages.promql import to_text as laid_out_text
from deployspec.languages.rule_files import Rule

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
    expr: str
    for_: float
    keep_firing_for: float
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    def diff(self) -> str:
        """The change as a unified diff of the rule, its expression laid out by promql-parser."""
        before = _shown(self.rule, to_text(read(self.rule.expr)))
        place = self.rule.place
        lines = difflib.unified_diff(
            before,
            _shown(self, self.expr),
            f"{place.file}:{place.line}",
            f"mutant {self.id}",
            lineterm="",
            n=2,
        )
        return "\n".join(lines)


def mutants(rule: Rule, interval: float = INTERVAL) -> tuple[Mutant, ...]:
    """All mutants of a rule, each once, none of them the rule itself; what promql-parser refuses is among them.

    ``interval``: seconds between two evaluations in the tests, by which ``for`` is moved. Raises UnreadableError for
    an expression that is no PromQL.
    """
    made: dict[str, Mutant] = {}
    seen = {_key(rule, read(rule.expr))}
    for change, mutant in (*_of_expr(rule), *_of_rest(rule, interval)):
        key = _key(mutant, change)
        if key not in seen:
            seen.add(key)
            made[mutant.id] = mutant
    return tuple(made.values())


def valid(mutant: Mutant) -> bool:
    """Whether promql-parser accepts the mutant's expression; promtool may still refuse it."""
    try:
        read(mutant.expr)
    except UnreadableError:
        return False
    return True


def shows_value(rule: Rule) -> bool:
    """Whether the value of the rule's expression is seen by anybody: a recorded one, or one in a template."""
    texts = (*rule.labels.values(), *rule.annotations.values())
    return rule.kind == "record" or any("$value" in text or ".Value" in text for text in texts)


def _of_expr(rule: Rule) -> Iterator[tuple[Node, Mutant]]:
    root = read(rule.expr)
    for node, here in nodes(root, valued=shows_value(rule)):
        for family in (comparing, numeric, combining, selecting):
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
                low, high = duration(min(old, new)), duration(max(old, new))
                what = f"{word.replace('-', '_')} {duration(old)} → {duration(new)}"
                test = (
                    f"looks at the alert between {low} and {high} after its expression began to hold"
                    if word == "for"
                    else f"looks at the alert between {low} and {high} after its expression ceased to hold"
                )
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


def _mutant(rule: Rule, operator: str, what: str, test: str, where: str, **changed: object) -> Mutant:
    labels = json.dumps(dict(rule.labels), sort_keys=True)
    digest = hashlib.sha256("\0".join((rule.group, labels, operator, where)).encode()).hexdigest()[:8]
    values: dict[str, object] = {
        "expr": rule.expr,
        "for_": rule.for_,
        "keep_firing_for": rule.keep_firing_for,
        "labels": rule.labels,
        "annotations": rule.annotations,
    }
    return Mutant(rule, operator, what, test, f"{rule.name}/{operator}/{digest}", **{**values, **changed})  # type: ignore[arg-type]


def _key(rule: Rule | Mutant, root: Node) -> str:
    rest = [rule.for_, rule.keep_firing_for, dict(rule.labels), dict(rule.annotations)]
    return f"{root!r} {json.dumps(rest, sort_keys=True)}"


def _shown(rule: Rule | Mutant, expr: str) -> list[str]:
    kind, name = (rule.kind, rule.name) if isinstance(rule, Rule) else (rule.rule.kind, rule.rule.name)
    try:
        laid_out = laid_out_text(parse(expr))
    except PromqlError:
        laid_out = expr
    lines = [f"- {kind}: {name}", "  expr: |", *(f"    {line}" for line in laid_out.splitlines())]
    lines += [f"  for: {duration(rule.for_)}"] if rule.for_ else []
    lines += [f"  keep_firing_for: {duration(rule.keep_firing_for)}"] if rule.keep_firing_for else []
    for word, values in (("labels", rule.labels), ("annotations", rule.annotations)):
        lines += (
            [
                f"  {word}:",
                *(f"    {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()),
            ]
            if values
            else []
        )
    return lines
