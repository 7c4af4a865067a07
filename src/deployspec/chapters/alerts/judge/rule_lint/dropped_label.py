"""``dropped-label``: a template that uses a label which the expression's result cannot have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deployspec.base.problems import Place, position
from deployspec.base.shown import cut
from deployspec.chapters.alerts.judge.rule_lint.recorded import Recorded
from deployspec.chapters.alerts.judge.rule_lint.templates import Use, used_labels
from deployspec.languages.rule_files.model import Rule

if TYPE_CHECKING:
    from promql_parser import Expr


def findings(rule: Rule, expr: Expr, recorded: Recorded, source: str) -> Iterator[tuple[Place, str]]:
    """A finding at each use of such a label, in annotations and in labels. ``source`` is the rule file's text."""
    may_have = recorded.may_have(expr)
    for kind, values in (("annotations", rule.annotations), ("labels", rule.labels)):
        for name, template in values.items():
            for use in used_labels(template):
                if not may_have(use.label):
                    place = _place(source, rule.places.get(f"{kind}.{name}", rule.place), template, use)
                    yield place, _message(rule, f"{kind}.{name}", use)


def _message(rule: Rule, where: str, use: Use) -> str:
    used = f"{cut(where, 60)} uses {cut(use.text, 60)}"
    label = cut(use.label, 40)
    if use.label == "alertname" or use.label in rule.labels:
        return (
            f"{used}, but templates see the labels of the expression's result, and not those that the rule itself "
            f"adds: it is empty in every message. Write the value of {label} itself"
        )
    return (
        f"{used}, a label that the expression's result cannot have: it is empty in every message, and nobody learns "
        f"which {label} is meant. Keep the label, for example with sum by ({label}) (…), or leave it out of the text"
    )


def _place(source: str, begin: Place, template: str, use: Use) -> Place:
    """Where the use stands in the file: the same occurrence of its text, counted from where the value begins.

    However YAML folds and quotes the value, a name without blanks stands there as it is. Where it does not (written
    with escapes), the value's beginning is told.
    """
    lines = source.split("\n")
    if len(lines) < begin.line:
        return begin
    at = sum(len(line) + 1 for line in lines[: begin.line - 1]) + begin.column - 2
    before = re.findall(f"(?={re.escape(use.text)})", template[: use.offset])
    for _ in range(len(before) + 1):
        at = source.find(use.text, at + 1)
        if at < 0:
            return begin
    return Place(begin.file, *position(source, at))
