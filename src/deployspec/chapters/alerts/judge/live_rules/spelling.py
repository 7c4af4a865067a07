"""Rules in one spelling, so that two are equal when they mean the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

from deployspec.base import shown
from deployspec.chapters.alerts.judge.reading import parsed
from deployspec.languages.prometheus.model import LoadedGroup, LoadedRule
from deployspec.languages.promql.syntax import to_text
from deployspec.languages.rule_files.model import Rule, RuleGroup


@lru_cache(maxsize=4096)
def spelled(expr: str) -> tuple[str, bool]:
    """An expression in one spelling, and whether it could be parsed. One that could not only loses its line breaks."""
    tree = parsed(expr)
    return (" ".join(expr.split()), False) if tree is None else (to_text(tree), True)


def lines(group: RuleGroup | LoadedGroup, *, interval: bool) -> list[str]:
    """A group as lines of text, rule by rule in its own order, for in a group the order is part of the meaning."""
    written = [f"group {json.dumps(group.name, ensure_ascii=False)}"]
    if interval and group.interval is not None:
        written.append(f"  interval: {shown.seconds(group.interval)}")
    # Prometheus 3 gives a group's labels to its rules, and tells of them there.
    shared = (group.data.get("labels") or {}) if isinstance(group, RuleGroup) else {}
    for rule in group.rules:
        written += [f"  {line}" for line in rule_lines(rule, shared)]
    return written


def rule_lines(rule: Rule | LoadedRule, shared: Mapping[str, str] | None = None) -> list[str]:
    """A rule as lines of text, with the labels that it shares with its group.

    What it leaves out is not written, nor is what means nothing: a ``for`` of no time, a label without a value.
    """
    first, *more = spelled(rule.expr)[0].splitlines()
    written = [f"{rule.kind}: {rule.name}", f"  expr: {first}", *(f"        {line}" for line in more)]
    for name, seconds in (("for", rule.for_), ("keep_firing_for", rule.keep_firing_for)):
        if seconds:
            written.append(f"  {name}: {shown.seconds(seconds)}")
    labels = {name: value for name, value in {**(shared or {}), **rule.labels}.items() if value}
    return written + _mapping("labels", labels) + _mapping("annotations", rule.annotations)


def _mapping(title: str, texts: Mapping[str, str]) -> list[str]:
    if not texts:
        return []
    return [
        f"  {title}:",
        *(f"    {name}: {json.dumps(texts[name], ensure_ascii=False)}" for name in sorted(texts)),
    ]
