"""Whether the rules that a Prometheus has loaded are the repository's."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from deployspec.base import shown
from deployspec.chapters.alerts.judge.live_rules.spelling import lines, spelled
from deployspec.languages.prometheus.model import LoadedGroup, LoadedRules, Unavailable
from deployspec.languages.rule_files.model import RuleFile, RuleGroup
from deployspec.model.verdict import Verdict, breached, met, unmeasured


@dataclass(frozen=True, slots=True)
class Drift:
    """The verdict on the loaded rules, and how they differ."""

    verdict: Verdict
    diff: str = ""
    """A unified diff from the repository's rules to the loaded ones; empty where there is none."""
    others: tuple[str, ...] = ()
    """The groups that were not compared, as ``name (file)``: they are in files that hold no rule of ours."""


def drift(files: Sequence[RuleFile], loaded: LoadedRules | Unavailable) -> Drift:
    """Compare the repository's rules with the loaded ones, group by group and by meaning.

    Two rules mean the same when kind, name, parsed expression, ``for``, ``keep_firing_for``, labels and annotations
    are equal, and they stand in the same order in a group of the same name. The group's interval counts where the
    repository gives one. Paths and the order of files and groups do not count, as a deployment may pack rules anew.

    A Prometheus may serve several teams. A group that the repository does not have is drift where its file there also
    holds rules of the repository (one that was removed here and not there), and somebody else's where it does not:
    then it is listed, and not compared.
    """
    if isinstance(loaded, Unavailable):
        return Drift(unmeasured(loaded.reason))
    for file in files:
        if file.problems:
            return Drift(unmeasured(f"the repository's rules cannot be compared: {file.problems[0]}"))
    ours = [group for file in files for group in file.groups]
    if not ours:
        return Drift(unmeasured("the repository has no rules to compare with the loaded ones"))
    pairs, extra, others = _paired(ours, loaded.groups)
    differing = [(our, their) for our, their in pairs if their is None or not _same(our, their)]
    listed = tuple(sorted(f"{group.name} ({group.file})" for group in others))
    beside = (
        f"; not compared: {shown.names(_few(listed))}, of files without a rule of the repository"
        if listed
        else ""
    )
    if not differing and not extra:
        rules = sum(len(group.rules) for group in ours)
        return Drift(
            met(
                f"the rules loaded there are the repository's: {shown.counted(rules, 'rule')} in {shown.counted(len(ours), 'group')}"
                f"{beside}",
                measured=f"{shown.counted(rules, 'rule')} equal",
            ),
            others=listed,
        )
    diff = "".join(_diff(our, their) for our, their in [*differing, *((None, group) for group in extra)])
    unread = [
        expr
        for our, their in differing
        for expr in [rule.expr for rule in our.rules] + [rule.expr for rule in (their.rules if their else ())]
        if not spelled(expr)[1]
    ]
    if unread and not extra and all(their is not None for _, their in differing):
        reason = f"an expression that cannot be parsed cannot be compared: {shown.one_line(unread[0], 80)}"
        return Drift(unmeasured(reason), diff, listed)
    missing = [our.name for our, their in differing if their is None]
    changed = [our.name for our, their in differing if their is not None]
    found = [
        f"{shown.counted(len(names), 'group')} {how}: {shown.names(_few(sorted(names)))}"
        for how, names in (
            ("not loaded", missing),
            ("loaded with different content", changed),
            ("loaded but not in the files", [group.name for group in extra]),
        )
        if names
    ]
    reason = f"the rules loaded there are not the repository's: {'; '.join(found)}{beside}"
    measured = f"{shown.counted(len(differing) + len(extra), 'group')} not equal"
    return Drift(breached(reason, measured=measured), diff, listed)


_Pair = tuple[RuleGroup, LoadedGroup | None]


def _paired(
    ours: Sequence[RuleGroup], theirs: Sequence[LoadedGroup]
) -> tuple[list[_Pair], list[LoadedGroup], list[LoadedGroup]]:
    """Give each of our groups the loaded one that it is; then the groups that are left: in our files, in others."""
    left = list(theirs)
    found: dict[int, LoadedGroup] = {}
    files: set[str] = set()

    for alike in (True, False):
        for position, our in enumerate(ours):
            named = [
                group for group in left if group.name == our.name and not (alike and not _same(our, group))
            ]
            if not alike:
                # Of several, the likeliest: in a file of ours, and with the most rules of the same names.
                named.sort(key=lambda group: (group.file not in files, -_common(our, group)))
            if named and position not in found:
                found[position] = named[0]
                left.remove(named[0])
                files |= {named[0].file} if _common(our, named[0]) else set()
    pairs = [(our, found.get(position)) for position, our in enumerate(ours)]
    extra = [group for group in left if group.file in files]
    return pairs, extra, [group for group in left if group.file not in files]


def _common(our: RuleGroup, their: LoadedGroup) -> int:
    return len({rule.name for rule in our.rules} & {rule.name for rule in their.rules})


def _same(our: RuleGroup, their: LoadedGroup) -> bool:
    timed = our.interval is not None
    return lines(our, interval=timed) == lines(their, interval=timed)


def _diff(our: RuleGroup | None, their: LoadedGroup | None) -> str:
    timed = our is None or our.interval is not None
    before = [] if our is None else lines(our, interval=timed)
    after = [] if their is None else lines(their, interval=timed)
    where = ("the repository" if our is None else our.place.file), ("loaded" if their is None else their.file)
    return "".join(f"{line}\n" for line in difflib.unified_diff(before, after, *where, lineterm=""))


def _few(names: Sequence[str]) -> list[str]:
    shorter = [shown.one_line(name, 60) for name in names[:5]]
    return [*shorter, f"{len(names) - 5} more"] if len(names) > 5 else shorter
