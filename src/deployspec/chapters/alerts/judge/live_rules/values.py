"""The values that matchers ask for: seen, or to be expected of a target or of the application."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from deployspec.base import shown
from deployspec.chapters.alerts.judge.live_rules.asking import (
    BOUNDS,
    by_name,
    by_name_and_job,
    of_labels,
    wants_a_value,
)
from deployspec.chapters.alerts.judge.live_rules.bounds import numbers, of_bounds
from deployspec.chapters.alerts.judge.live_rules.telling import Value, code, some
from deployspec.chapters.alerts.judge.reading import MADE_BY_PROMETHEUS
from deployspec.languages.prometheus.model import Observed, Unavailable
from deployspec.languages.prometheus.targets import MADE_BY_SCRAPES, Targets
from deployspec.languages.promql.selectors import Matcher, Selector


@dataclass(frozen=True)
class Values:
    """What is known of them in one Prometheus."""

    observed: Observed
    targets: Targets | Unavailable
    recorded: Collection[str]
    """The metrics that recording rules make: these may give their series any label."""

    def of(self, selector: Selector) -> list[Value]:
        """The matchers whose values were not seen, or were written otherwise, and what follows."""
        found = list(self._one_by_one(selector))
        if isinstance(self.targets, Targets) and not any(one.fault or not one.known for one in found):
            found += self._together(selector, self.targets)
        return found

    def _one_by_one(self, selector: Selector) -> Iterator[Value]:
        for matcher in of_labels(selector):
            seen = self.observed.values.get((by_name(selector), matcher.label))
            if not seen:
                continue
            own = self.observed.values.get((by_name_and_job(selector), matcher.label)) or seen
            bounds = numbers(own) if matcher.label in BOUNDS else None
            if bounds is not None:
                found = of_bounds(matcher, bounds, open_=selector.name in self.recorded)
                if found is not None:
                    yield found
                    continue
            if not wants_a_value(matcher) or any(map(matcher.matches, seen)):
                continue
            unseen = f"{selector.name or ''}{{{matcher}}}"
            yield self._of_targets(selector, matcher) or Value(
                f"not seen yet: {code(unseen)} (seen: {some(sorted(seen))})"
            )

    def _of_targets(self, selector: Selector, matcher: Matcher) -> Value | None:
        """What is known of a value that was not seen, where it would come from a target; None where it would not."""
        label, targets = matcher.label, self.targets
        if not self._is_scraped(selector):
            return None
        what = f"no series of {code(selector.name)} has {code(matcher)}"
        if isinstance(targets, Unavailable):
            if selector.name not in MADE_BY_SCRAPES and label not in ("job", "instance"):
                return None
            return Value(
                f"{what}, and it is not known whether a target may bring it: {targets.reason}", known=False
            )
        there = targets.values(label)
        if not self._brings(targets, selector, label) or any(map(matcher.matches, there)):
            return None
        if job := targets.without_target(matcher):
            return Value(
                f"no target now: job {code(job)} is configured there, and none of its targets has {code(matcher)}"
            )
        beside = shown.nearest(matcher.value, there) or f" (targets there have: {some(sorted(there))})"
        if why := _may_come(selector, targets, [label]):
            return Value(
                f"{what}, and no target now{beside}; it is not known whether one will: {why}", known=False
            )
        return Value(f"no target there has {code(matcher)}{beside}", fault=True, never=True)

    def _together(self, selector: Selector, targets: Targets) -> Iterator[Value]:
        """What is known of values that targets have, and none has together; nothing where one has, or may have had."""
        if not self._is_scraped(selector):
            return
        wanted = [
            one
            for one in of_labels(selector)
            if wants_a_value(one) and self._brings(targets, selector, one.label)
        ]
        if targets.together(wanted) or not all(targets.together([one]) for one in wanted):
            return
        matchers = " and ".join(map(code, wanted))
        if why := _may_come(selector, targets, [one.label for one in wanted]):
            yield Value(
                f"no target now has {matchers} together; it is not known whether one will: {why}",
                known=False,
            )
        else:
            yield Value(f"no target there has {matchers} together", fault=True, never=True)

    def _is_scraped(self, selector: Selector) -> bool:
        """Whether its series come from targets, as far as the metric's name tells."""
        name = selector.name
        return name is not None and name not in self.recorded and name not in MADE_BY_PROMETHEUS

    def _brings(self, targets: Targets, selector: Selector, label: str) -> bool:
        jobs = self.observed.values.get((by_name(selector), "job"), frozenset())
        return selector.name in MADE_BY_SCRAPES or targets.bring(label, jobs)


def _may_come(selector: Selector, targets: Targets, labels: Sequence[str]) -> str:
    """How a series may come whose labels no target has now; empty where none may."""
    if targets.elsewhere:
        return targets.elsewhere
    if selector.name in MADE_BY_SCRAPES and targets.federating:
        return f"job {code(targets.federating)} takes over those of another Prometheus"
    of_job = [one for one in of_labels(selector) if one.label == "job"]
    job = next(filter(None, (targets.may_come(label, of_job) for label in labels)), "")
    return job and f"job {code(job)} may discover targets that bring {'it' if len(labels) == 1 else 'them'}"
