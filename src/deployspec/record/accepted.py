"""What becomes of a verdict that a team has accepted for the time being, and which acceptances stand for nothing. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from deployspec.base.problems import did_you_mean, listed, shown
from deployspec.base.shown import cut
from deployspec.model.acceptance import Acceptance, matches
from deployspec.model.entry import Accepted, Entry
from deployspec.model.verdict import Outcome

_MOST_NAMED = 5
_LONGEST_LIST = 300


@dataclass(frozen=True)
class Acceptances:
    """The acceptances of a file, on the day of a run."""

    all: tuple[Acceptance, ...] = ()
    day: str = ""
    """The day on which the run began, in UTC: ``2026-12-31``. One that ends after midnight has one day all the same."""

    def applied(self, entry: Entry, deployment: str) -> Entry:
        """The entry, accepted where one of them accepts its verdict. Where one did until it expired, or expects the check
        not to be MET, it says so."""
        own = [one for one in self.all if one.is_for(deployment) and matches(one.check, entry.id)]
        if entry.verdict == Outcome.MET:
            strict = (one for one in own if _is_strict(one, entry))
            return next((replace(entry, met_again=_met_again(one)) for one in strict), entry)
        if not own:
            return entry
        of_it = [one for one in own if one.verdict == entry.verdict]
        if not of_it:
            other = own[0]
            return _told(entry, f"{other.place} accepts that it is {other.verdict}, and no other verdict")
        if entry.defect:
            return _told(entry, f"{of_it[0].place} accepts what cannot be measured, and no defect")
        # Of several, the one that holds longest.
        last = max(of_it, key=lambda one: (one.is_day, one.until))
        if not last.is_day:
            return _told(entry, f"its acceptance names no day, so it counts as expired ({last.place})")
        if last.has_expired(self.day):
            return _told(entry, f"its acceptance expired on {last.until} ({last.place})")
        return replace(entry, accepted=Accepted(last.owner, last.reason, last.until, last.place))

    def hold_for(self, entry: Entry, deployment: str) -> bool:
        """Whether one of them that has not expired is for this check, whatever its verdict is now."""
        return any(
            one.is_for(deployment) and matches(one.check, entry.id) and not one.has_expired(self.day)
            for one in self.all
        )


def _is_strict(acceptance: Acceptance, entry: Entry) -> bool:
    # By an interval, the next run may tell otherwise.
    return entry.proportion is None if acceptance.strict is None else acceptance.strict


def _met_again(acceptance: Acceptance) -> str:
    return (
        f"MET again, and {acceptance.place} accepts that it is {acceptance.verdict}: remove the entry, "
        "or say `strict: false` in it"
    )


def _told(entry: Entry, more: str) -> Entry:
    return replace(entry, reason=f"{entry.reason}; {more}")


def without_a_day(acceptances: Iterable[Acceptance]) -> list[str]:
    """A line for each acceptance whose day is none."""
    return [
        f"{one.place}: found until: {shown(one.until)}, so it counts as expired; expected a day such as 2026-12-31"
        for one in acceptances
        if not one.is_day
    ]


def without_a_deployment(
    acceptances: Iterable[Acceptance], deployment: str, deployments: Collection[str]
) -> list[str]:
    """A line for each acceptance that is for no deployment. ``deployment`` is that of the run, ``deployments`` are the names
    of all."""
    names = {deployment, *deployments} - {""}
    expected = f"one of {_some(sorted(names))}" if names else "`*`, for no deployment has a file here"
    return [
        f"{one.place}: found deployment: {shown(one.deployment)}, which is the name of none; "
        f"expected {expected}{did_you_mean(one.deployment, names)}"
        for one in acceptances
        if not any(map(one.is_for, (deployment, *names)))
    ]


def without_a_check(
    acceptances: Iterable[Acceptance],
    deployment: str,
    deployments: Collection[str],
    collected: Collection[str],
    declared: Collection[str],
) -> list[str]:
    """A line for each acceptance of a check that does not exist for any deployment.

    ``collected`` are the ids of the checks that were collected for the run's deployment, ``declared`` those of all chapters'
    checks, without their parameters. Parameters are another deployment's own affair: they are judged where the entry is for
    the run's deployment alone.
    """
    lines = []
    for one in acceptances:
        if any(matches(one.check, check) for check in (*collected, *declared)):
            continue
        own_alone = not any(map(one.is_for, {*deployments} - {deployment}))
        if expected := _expected(one.check, collected, declared, own_alone=own_alone):
            lines.append(
                f"{one.place}: found check: {shown(one.check)}, and no check has such an id; expected {expected}"
            )
    return lines


def _expected(pattern: str, collected: Collection[str], declared: Collection[str], *, own_alone: bool) -> str:
    """What to write instead of a pattern that no id matches; empty where another deployment may have a check for it."""
    base, bracket, _ = pattern.partition("[")
    names = sorted({check.partition("[")[0] for check in collected} | set(declared))
    if bracket and any(matches(base, name) for name in names):
        like = sorted(check for check in collected if matches(base, check.partition("[")[0]) and "[" in check)
        return f"one of {_some(like)}" if like and own_alone else ""
    return f"an id as `deployspec list` shows it{did_you_mean(base, names)}"


def _some(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return cut(listed([*names[:_MOST_NAMED], f"{more} more"] if more > 0 else names), _LONGEST_LIST)
