"""What came of requests, counted: by each process as it goes, added up by whoever judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log2
from typing import Any

TURNED_AWAY, NO_ANSWER = "turned away", "no answer within"
"""Why a request failed that is slow by any measure; the second goes on with the limit."""
STATUS, WITHOUT_TEXT = "status ", "an answer without the expected text"
"""Why a request failed that was answered in full; the first goes on with the status."""
ON_KEPT = " on a kept connection"
"""How the reason ends where a connection that was kept from an earlier request was closed meanwhile."""

_BY_SPAN = ("bins", "unfinished", "certain")
_BY_NUMBER = ("latencies", "undispatched_bins")
_BY_NAME = ("statuses", "errors", "undispatched")
"""The fields of a ``RouteTally``: lists of counts by span of time, and single counts."""
_STEPS = 32
"""By how many steps a latency doubles: each is 2.2% above the one before."""


def step_of(latency: int) -> int:
    """The step that a latency, in microseconds, belongs to: it is at least ``2**(step / 32)``."""
    return int(_STEPS * log2(max(latency, 1)))


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
    paces: dict[int, Counter[int]] = field(default_factory=dict)
    """The same latencies by span of time of the intended start, as steps (``step_of``): whether neighbours are slow
    together does not need three digits."""
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
        latency = -(-elapsed // 1000)
        self.latencies[latency] += 1
        pace = self.paces.get(span) or self.paces.setdefault(span, Counter())
        pace[step_of(latency)] += 1
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
        known = self.certain.get(span) or self.certain.setdefault(span, [0] * (1 + len(self.thresholds)))
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
        for name in _BY_SPAN:
            mine = getattr(self, name)
            for span, more in getattr(other, name).items():
                counts = mine.setdefault(span, [0] * len(more))
                counts[:] = map(sum, zip(counts, more, strict=True))
        for span, pace in other.paces.items():
            self.paces.setdefault(span, Counter()).update(pace)
        for name in (*_BY_NUMBER, *_BY_NAME):
            getattr(self, name).update(getattr(other, name))

    def total(self, place: int = 0) -> int:
        """Of all spans of time, what is counted at one place of ``bins``: at the first one, the requests."""
        return sum(counts[place] for counts in self.bins.values())

    def without(self, *others: RouteTally) -> RouteTally:
        """Those that are in none of the others, which are parts of this: requests, latencies, statuses and errors."""
        rest = RouteTally(self.thresholds)
        rest.add(self)
        for other in others:
            for span, less in other.bins.items():
                counts = rest._counts(span)
                counts[:] = (mine - theirs for mine, theirs in zip(counts, less, strict=True))
            for name in ("latencies", "statuses", "errors"):
                setattr(rest, name, getattr(rest, name) - getattr(other, name))
        return rest

    def _counts(self, span: int) -> list[int]:
        return self.bins.get(span) or self.bins.setdefault(span, [0] * (2 + 2 * len(self.thresholds)))

    def document(self) -> dict[str, Any]:
        """As JSON data; mappings whose keys are numbers become lists of pairs."""
        spans = {name: [[span, *counts] for span, counts in getattr(self, name).items()] for name in _BY_SPAN}
        numbered = {name: list(getattr(self, name).items()) for name in _BY_NUMBER}
        paces = [
            [span, *(number for item in sorted(pace.items()) for number in item)]
            for span, pace in self.paces.items()
        ]
        return spans | numbered | {"paces": paces} | {name: dict(getattr(self, name)) for name in _BY_NAME}

    @classmethod
    def from_document(cls, document: Mapping[str, Any], thresholds: Sequence[int]) -> RouteTally:
        """Read back what ``document`` gave."""
        counts: dict[str, Any] = {name: Counter(dict(document[name])) for name in (*_BY_NUMBER, *_BY_NAME)}
        for name in _BY_SPAN:
            counts[name] = {span: counted for span, *counted in document[name]}
        # Results of before they were counted have none.
        counts["paces"] = {
            span: Counter(dict(zip(pace[::2], pace[1::2], strict=True)))
            for span, *pace in document.get("paces", ())
        }
        return cls(thresholds, **counts)


_OF_ROUTES = ("routes", "chosen", "needed")
"""The fields of a ``Tally`` that have a ``RouteTally`` for each route."""


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
        for name in _OF_ROUTES:
            for mine, theirs in zip(getattr(self, name), getattr(other, name), strict=True):
                mine.add(theirs)
        self.lateness.update(other.lateness)
        self.warm_up.update(other.warm_up)

    def document(self) -> dict[str, Any]:
        """As JSON data."""
        routes = {name: [route.document() for route in getattr(self, name)] for name in _OF_ROUTES}
        return {**routes, "lateness": list(self.lateness.items()), "warm_up": dict(self.warm_up)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any], thresholds: Sequence[int]) -> Tally:
        """Read back what ``document`` gave."""
        routes, chosen, needed = (
            [RouteTally.from_document(route, thresholds) for route in document[name]] for name in _OF_ROUTES
        )
        lateness = Counter[int](dict(document["lateness"]))
        return cls(thresholds, routes, lateness, Counter(document["warm_up"]), chosen, needed)
