"""Whether the loaded rules can be evaluated."""

from __future__ import annotations

from collections.abc import Sequence

from deployspec.base import shown
from deployspec.chapters.alerts.judge.live_rules.spelling import rule_lines
from deployspec.languages.prometheus.model import LoadedRule, LoadedRules, Unavailable
from deployspec.languages.rule_files.model import Rule
from deployspec.model.verdict import Verdict, breached, met, unmeasured


def evaluates(rules: Sequence[Rule], loaded: LoadedRules | Unavailable) -> Verdict:
    """BREACHED where the last evaluation of one of the repository's rules failed there, as of a many-to-many match.

    UNMEASURED where one is not loaded, or has not been evaluated yet: nothing is known of it then. How the rules of
    other teams fare is not looked at.
    """
    limit = "no evaluation error"
    if isinstance(loaded, Unavailable):
        return unmeasured(loaded.reason, limit=limit)
    if not rules:
        return unmeasured("there is no rule whose evaluation could be checked", limit=limit)
    failing, missing, waiting = list[str](), list[str](), list[str]()
    for rule in rules:
        found = _loaded(rule, loaded)
        name = f"{rule.name} (group {rule.group})"
        if not found:
            missing.append(name)
        # Of a rule that is loaded twice, one failure is enough.
        failed = [one.last_error for one in found if one.health == "err"]
        failing += [f"{name}: {shown.one_line(error, 240)}" for error in failed[:1]]
        if any(one.health not in ("ok", "err") for one in found):
            waiting.append(name)
    if failing:
        more = f"; and {shown.counted(len(failing) - 1, 'more rule')}" if failing[1:] else ""
        return breached(
            f"its evaluation fails there: {failing[0]}{more}",
            measured=f"{len(failing)} of {shown.counted(len(rules), 'rule')} fail{'s' if len(failing) == 1 else ''}",
            limit=limit,
        )
    for names, what in ((missing, "not loaded there"), (waiting, "not evaluated there yet")):
        if names:
            more = f", and {len(names) - 1} more" if len(names) > 1 else ""
            return unmeasured(f"{what}: {names[0]}{more}", limit=limit)
    return met(
        f"the last evaluation there of {'each rule' if len(rules) > 1 else rules[0].name} went well",
        limit=limit,
    )


def _loaded(rule: Rule, loaded: LoadedRules) -> list[LoadedRule]:
    named = [
        one
        for group in loaded.groups
        if group.name == rule.group
        for one in group.rules
        if (one.kind, one.name) == (rule.kind, rule.name)
    ]
    # Somebody else may have a rule of this name in a group of this name.
    same = [one for one in named if rule_lines(one) == rule_lines(rule)] if len(named) > 1 else []
    return same or named
