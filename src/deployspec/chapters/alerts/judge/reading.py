"""What every judgement of rules begins with: their expressions, and which of them have one name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from deployspec.languages.promql.syntax import PromqlError, parse
from deployspec.languages.rule_files.model import Rule

if TYPE_CHECKING:
    from promql_parser import Expr

MADE_BY_PROMETHEUS = frozenset(("ALERTS", "ALERTS_FOR_STATE"))
"""Metrics that it makes of alerts itself, and has only while one is active."""


def parsed(text: str) -> Expr | None:
    """An expression; None where it cannot be read, which is told elsewhere, by promtool if by nobody else."""
    try:
        return parse(text)
    except PromqlError:
        return None


def read(rule: Rule) -> Expr | None:
    """The rule's expression; None where it cannot be read."""
    return parsed(rule.expr)


def by_name(rules: Iterable[Rule], kind: str) -> dict[str, tuple[Rule, ...]]:
    """The alerts (``alert``) or the recording rules (``record``) among the rules, by name: several may have one."""
    named: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.kind == kind:
            named.setdefault(rule.name, []).append(rule)
    return {name: tuple(several) for name, several in named.items()}
