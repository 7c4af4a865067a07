"""What came of requests, counted: by each process as it goes, added up by whoever judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TURNED_AWAY, NO_ANSWER = "turned away", "no answer within"
"""Why a request failed that is slow by any measure; the second goes on with the limit."""
STATUS, WITHOUT_TEXT = "status ", "an answer without the expected text"
"""Why a request failed that was answered in full; the first goes on with the status."""
ON_KEPT = " on a kept connection"
"""How the reason ends where a connection that was kept from an earlier request was closed meanwhile."""


@dataclass
class RouteTally:
    """Of one kind of request, those that count. Latencies run from the intended start to the last byte."""

    thresholds: Sequence[int]
    """In nanoseconds."""
    bins: dict[int, list[int]] = field(default_factory=dict)
    """By span of time of the intended start: requests, failed ones, and for each threshold those that tell something
    of it, and those of them that were too slow."""
    latencies: Counter[int] = field(default_factory=Counter)
    """In microseconds, rounded up, of the requests that were sent and have ended, failed ones included."""
    statuses: Counter[str] = field(default_factory=Counter)
    """Answers by their status, whole ones only."""
    errors: Counter[str] = field(default_factory=Counter)
    """Failed requests by why they failed."""
    undispatched: Counter[str] = field(default_factory=Counter)
    """Arrivals that the generator did not send, by why: they tell nothing of the deployment."""
    undispatched_bins: Counter[int] = field(default_factory=Counter)
    unfinished: dict[int, list[int]] = field(default_factory=dict)
    """By span of time, those that nobody waited for any longer when the run was ended early: all of them, and for each
    threshold those that had not yet waited for so long, so that nothing is known of them."""
    certain: dict[int, list[int]] = field(default_factory=dict)
    """By span of time, those that are bad whatever the generator did, only spans with bad ones: failed ones, and for each
    threshold those that were too slow."""

    def add_request(
        self,
        span: int,
        elapsed: int,
        status: str,
        error: str,
        *,
        given_up: bool = False,
        waited: int | None = None,
        excused: bool = False,
    ) -> None:
        """One request has ended: after ``elapsed`` nanoseconds, with a whole answer or not, failed or not.

        One that failed sooner than a threshold tells nothing of that: how long a success takes is not known from it.
        One that was answered too late, or that was ``given_up`` because its time was over, is too slow whatever else it
        was: also by a threshold that is longer than its time.

        ``waited`` are the nanoseconds that it waited for the deployment at the very least, without all that the generator
        may have added (``elapsed`` where that is nothing). ``excused``: the generator may have made it fail.
        """
        counts = self._counts(span)
        counts[0] += 1
        counts[1] += bool(error)
        place, bad = 2, bool(error)
        for threshold in self.thresholds:
            slow = given_up or elapsed >= threshold
            bad = bad or slow
            counts[place] += slow or not error
            counts[place + 1] += slow
            place += 2
        if bad:
            self._certainly(span, elapsed if waited is None else waited, error, given_up, excused)
        self.latencies[-(-elapsed // 1000)] += 1
        if status:
            self.statuses[status] += 1
        if error:
            self.errors[error] += 1

    def add_turned_away(self, span: int) -> None:
        """The deployment keeps so many waiting that this one was not sent: failed, and too slow by any measure."""
        counts = self._counts(span)
        for place in range(len(counts)):
            counts[place] += 1
        self.errors[TURNED_AWAY] += 1

    def _certainly(self, span: int, waited: int, error: str, given_up: bool, excused: bool) -> None:
        known = self.certain.get(span)
        if known is None:
            known = self.certain[span] = [0] * (1 + len(self.thresholds))
        known[0] += bool(error) and not excused
        for place, threshold in enumerate(self.thresholds, 1):
            known[place] += waited >= threshold or (given_up and not excused)

    def add_unfinished(self, span: int, elapsed: int, waited: int | None = None) -> None:
        """It was due ``elapsed`` nanoseconds ago, and nobody waits for it any longer: only that it is slow may be known.

        ``waited`` as of ``add_request``.
        """
        self._certainly(span, elapsed if waited is None else waited, "", False, False)
        counts = self._counts(span)
        unknown = self.unfinished.setdefault(span, [0] * (1 + len(self.thresholds)))
        unknown[0] += 1
        for place, threshold in enumerate(self.thresholds):
            slow = elapsed >= threshold
            counts[2 + 2 * place] += slow
            counts[3 + 2 * place] += slow
            unknown[1 + place] += not slow

    def add_undispatched(self, span: int, why: str) -> None:
        """The generator did not send it."""
        self.undispatched[why] += 1
        self.undispatched_bins[span] += 1

    def add(self, other: RouteTally) -> None:
        """Add what another process, or a later second, counted."""
        for span, more in other.bins.items():
            counts = self._counts(span)
            for place, count in enumerate(more):
                counts[place] += count
        self.latencies.update(other.latencies)
        self.statuses.update(other.statuses)
        self.errors.update(other.errors)
        self.undispatched.update(other.undispatched)
        self.undispatched_bins.update(other.undispatched_bins)
        for span, more in other.unfinished.items():
            known = self.unfinished.setdefault(span, [0] * len(more))
            known[:] = map(sum, zip(known, more, strict=True))
        for span, more in other.certain.items():
            known = self.certain.setdefault(span, [0] * len(more))
            known[:] = map(sum, zip(known, more, strict=True))

    def without(self, *others: RouteTally) -> RouteTally:
        """Those that are in none of the others, which are parts of this: requests, latencies, statuses and errors."""
        rest = RouteTally(self.thresholds)
        rest.add(self)
        for other in others:
            for span, less in other.bins.items():
                counts = rest._counts(span)
                counts[:] = (mine - theirs for mine, theirs in zip(counts, less, strict=True))
            rest.latencies.subtract(other.latencies)
            rest.statuses.subtract(other.statuses)
            rest.errors.subtract(other.errors)
        rest.latencies, rest.statuses, rest.errors = +rest.latencies, +rest.statuses, +rest.errors
        return rest

    def _counts(self, span: int) -> list[int]:
        counts = self.bins.get(span)
        if counts is None:
            counts = self.bins[span] = [0] * (2 + 2 * len(self.thresholds))
        return counts

    def document(self) -> dict[str, Any]:
        """As JSON data; mappings whose keys are numbers become lists of pairs."""
        return {
            "bins": [[span, *counts] for span, counts in self.bins.items()],
            "latencies": list(self.latencies.items()),
            "statuses": dict(self.statuses),
            "errors": dict(self.errors),
            "undispatched": dict(self.undispatched),
            "undispatched_bins": list(self.undispatched_bins.items()),
            "unfinished": [[span, *counts] for span, counts in self.unfinished.items()],
            "certain": [[span, *counts] for span, counts in self.certain.items()],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any], thresholds: Sequence[int]) -> RouteTally:
        """Read back what ``document`` gave."""
        return cls(
            thresholds,
            {span: counts for span, *counts in document["bins"]},
            Counter(dict(document["latencies"])),
            Counter(document["statuses"]),
            Counter(document["errors"]),
            Counter(document["undispatched"]),
            Counter(dict(document["undispatched_bins"])),
            {span: counts for span, *counts in document["unfinished"]},
            {span: counts for span, *counts in document["certain"]},
        )


@dataclass
class Tally:
    """Of all kinds of requests, and of the generator itself."""

    thresholds: Sequence[int]
    routes: list[RouteTally]
    lateness: Counter[int] = field(default_factory=Counter)
    """In microseconds: how much later than intended requests were dispatched, warm-up excluded."""
    warm_up: Counter[str] = field(default_factory=Counter)
    """Requests of the warm-up by what came of them: ok, or why they failed."""
    chosen: list[RouteTally] = field(default_factory=list)
    """Of each route those, counted there too, that the plan puts on a new connection: a random sample of them."""
    needed: list[RouteTally] = field(default_factory=list)
    """Of each route those, counted there too, that went on a new connection because no other was free: no sample of
    anything, for there is none when the deployment is busy."""

    def __post_init__(self) -> None:
        """Where nothing is said of connections, nothing was counted of them."""
        self.chosen = self.chosen or [RouteTally(self.thresholds) for _ in self.routes]
        self.needed = self.needed or [RouteTally(self.thresholds) for _ in self.routes]

    @classmethod
    def empty(cls, thresholds: Sequence[int], routes: int) -> Tally:
        """Nothing counted yet, of so many routes."""
        return cls(thresholds, [RouteTally(thresholds) for _ in range(routes)])

    def add(self, other: Tally) -> None:
        """Add what another process, or a later second, counted."""
        for mine, theirs in zip(self.routes, other.routes, strict=True):
            mine.add(theirs)
        for mine, theirs in zip((*self.chosen, *self.needed), (*other.chosen, *other.needed), strict=True):
            mine.add(theirs)
        self.lateness.update(other.lateness)
        self.warm_up.update(other.warm_up)

    def document(self) -> dict[str, Any]:
        """As JSON data."""
        return {
            "routes": [route.document() for route in self.routes],
            "lateness": list(self.lateness.items()),
            "warm_up": dict(self.warm_up),
            "chosen": [route.document() for route in self.chosen],
            "needed": [route.document() for route in self.needed],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any], thresholds: Sequence[int]) -> Tally:
        """Read back what ``document`` gave."""
        return cls(
            thresholds,
            [RouteTally.from_document(route, thresholds) for route in document["routes"]],
            Counter(dict(document["lateness"])),
            Counter(document["warm_up"]),
            [RouteTally.from_document(route, thresholds) for route in document["chosen"]],
            [RouteTally.from_document(route, thresholds) for route in document["needed"]],
        )
