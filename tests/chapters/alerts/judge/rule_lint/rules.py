"""Rules made for the lints' tests."""

from __future__ import annotations

from collections.abc import Mapping

from deployspec.base.problems import Place
from deployspec.languages.rule_files.model import Rule, RuleFile, RuleGroup

FILE = "api.rules.yml"


def alert(
    expr: str,
    *,
    name: str = "Slow",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    kind: str = "alert",
    line: int = 5,
) -> Rule:
    """A rule whose name stands at ``line``, its expression one line below, in column 15; more lines in column 11."""
    labels, annotations = labels or {}, annotations or {}
    places = {"": Place(FILE, line, 7), "name": Place(FILE, line, 14), "expr": Place(FILE, line + 1, 15)}
    places |= {f"labels.{key}": Place(FILE, line + 20 + at, 9) for at, key in enumerate(labels)}
    places |= {f"annotations.{key}": Place(FILE, line + 30 + at, 9) for at, key in enumerate(annotations)}
    lines, offset = [], 0
    for at, text in enumerate(expr.split("\n")):
        lines.append((offset, Place(FILE, line + 1 + at, 11 if at else 15)))
        offset += len(text) + 1
    return Rule(kind, name, expr, 0, 0, labels, annotations, "g", places, tuple(lines))


def record(name: str, expr: str, labels: Mapping[str, str] | None = None) -> Rule:
    """A recording rule."""
    return alert(expr, name=name, labels=labels, kind="record", line=100)


def file(*rules: Rule, data: Mapping[str, object] | None = None) -> RuleFile:
    """A file with one group of these rules."""
    return RuleFile(FILE, (RuleGroup("g", None, rules, Place(FILE, 2, 5), data or {}),), True, ())
