"""The result of a load run: all that is known of it, versioned, as JSON (``schemas/load-result.schema.json``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import cached_property
from typing import Any

from deployspec.base import shown
from deployspec.chapters.slo.load.histogram import Histogram
from deployspec.chapters.slo.load.plan import BIN_SECONDS, Plan, Traffic
from deployspec.chapters.slo.load.tally import RouteTally, Tally

FORMAT = "deployspec.load/2"
FORMATS = ("deployspec.load/1", FORMAT)
"""Those that can be read. The first does not know which requests are bad whatever the generator did, nor on which
connections they went."""
LATE = 10_000
"""In microseconds: a generator whose 99th percentile of lateness is above this is late."""
DISPATCHED = 0.99
"""The share of arrivals that a generator has to dispatch."""

_AS_THEY_ARE = ("started", "elapsed", "cut_short", "trouble", "reconciliation")
"""The fields of a result that a document has in the same form."""
_ELSEWHERE = ("routes", "rate", "poisson")
"""The fields of a plan's traffic that a description does not have in the same form."""
_OF_SPANS = ("bins", "undispatched_bins", "unfinished", "certain", "paces")


@dataclass(frozen=True)
class Second:
    """What one second of the run looked like from outside. Latencies are in seconds."""

    elapsed: float
    """Seconds since the origin, warm-up included."""
    offered: int
    """Arrivals that were due in it."""
    ended: int
    """Requests that ended in it, and count."""
    failed: int
    in_flight: int
    p50: float | None
    p95: float | None
    longest: float | None


@dataclass(frozen=True)
class Process:
    """One process of the generator."""

    share: int
    pid: int
    cpu: float
    """Seconds of processor time."""
    peak: int
    """Bytes of memory at most."""
    ended: bool
    """Whether it has told of its last request."""


@dataclass(frozen=True)
class LoadResult:
    """A load run that was made, or at least begun."""

    plan: Mapping[str, Any]
    """What was asked for, without headers and bodies: see ``described``."""
    started: str
    """The origin: RFC 3339, UTC. Empty where the run never began."""
    tally: Tally
    seconds: tuple[Second, ...] = ()
    processes: tuple[Process, ...] = ()
    trouble: str = ""
    """What kept the generator from doing its work; empty where nothing did."""
    cut_short: str = ""
    """Why the run ended before its time; empty where it did not."""
    elapsed: float = 0.0
    """Seconds that counted, so far as requests were offered; after the warm-up."""
    reconciliation: Mapping[str, str] | None = None
    """The counts beside the deployment's own: ``text``, a table, and ``disagreement``, a sentence or an empty text."""

    @property
    def disagreement(self) -> str:
        """In what the deployment's own metrics say something else; empty where they don't, or were not asked."""
        return "" if self.reconciliation is None else self.reconciliation["disagreement"]

    @property
    def route_names(self) -> list[str]:
        """The kinds of requests, in the order of the deployment file."""
        return [route["name"] for route in self.plan["routes"]]

    @cached_property
    def total(self) -> RouteTally:
        """All kinds of requests together."""
        return self._together(self.tally.routes)

    def of(self, route: str | None) -> RouteTally:
        """One kind of request, by its name; None for all together."""
        return self.total if route is None else self.tally.routes[self.route_names.index(route)]

    def connections(self) -> dict[str, RouteTally]:
        """All kinds together, by the connections they went on: chosen for a new one, needed one, and all others."""
        chosen, needed = self._together(self.tally.chosen), self._together(self.tally.needed)
        return {"chosen": chosen, "needed": needed, "kept": self.total.without(chosen, needed)}

    def _together(self, routes: Iterable[RouteTally]) -> RouteTally:
        total = RouteTally(self.tally.thresholds)
        for route in routes:
            total.add(route)
        return total

    @cached_property
    def histograms(self) -> list[Histogram]:
        """Latencies of each kind of request."""
        return [Histogram.of(route.latencies) for route in self.tally.routes]

    @cached_property
    def histogram(self) -> Histogram:
        """Latencies of all kinds together: their histograms added up."""
        return Histogram.merged(self.histograms)

    @cached_property
    def lateness(self) -> Histogram:
        """How much later than intended requests were dispatched."""
        return Histogram.of(self.tally.lateness)

    @property
    def dispatched_share(self) -> float | None:
        """The share of arrivals that were dispatched or turned away; None where there were none."""
        known, lost = self.total.total(), self.total.undispatched.total()
        return known / (known + lost) if known + lost else None

    @property
    def late(self) -> str:
        """In what way the generator could not keep its schedule; empty where it could."""
        reasons = []
        # By the histogram's three digits, which a result that was read back knows, too: both say the same.
        late = sum(count for value, count in self.lateness.counts().items() if value > LATE)
        if late > 0.01 * self.tally.lateness.total():
            part = shown.percentage(Fraction(late, self.tally.lateness.total()), Fraction(1, 100))
            longest = shown.seconds((self.lateness.longest or 0) / 1e6, LATE / 1e6)
            reasons.append(
                f"{part} of the requests were dispatched more than 10 ms late (at most 1%), the latest of them {longest}"
            )
        share = self.dispatched_share
        if share is not None and share < DISPATCHED:
            why = ", ".join(f"{count} {why}" for why, count in self.total.undispatched.most_common(3))
            part = shown.percentage(Fraction(share), Fraction(99, 100))
            reasons.append(f"it dispatched {part} of the arrivals (at least 99%; {why})")
        return "; ".join(reasons)

    def document(self) -> dict[str, Any]:
        """The result as JSON data."""
        return {
            "format": FORMAT,
            **{name: getattr(self, name) for name in _AS_THEY_ARE},
            "plan": dict(self.plan),
            "thresholds": list(self.tally.thresholds),
            "bin_seconds": BIN_SECONDS,
            "routes": [
                {"name": name, **_route(tally)}
                for name, tally in zip(self.route_names, self.tally.routes, strict=True)
            ],
            "total": _route(self.total, bins=False),
            "connections": {name: _route(tally, bins=False) for name, tally in self.connections().items()}
            | {
                "chosen_routes": list(map(_route, self.tally.chosen)),
                "needed_routes": list(map(_route, self.tally.needed)),
            },
            "seconds": [vars(second) for second in self.seconds],
            "generator": {
                "late": self.late,
                "dispatched_share": self.dispatched_share,
                "lateness": self.lateness.document(),
                "warm_up": dict(self.tally.warm_up),
                "processes": [vars(process) for process in self.processes],
            },
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> LoadResult:
        """Read back what ``document`` gave. Raises KeyError, TypeError or ValueError for anything else."""
        if document["format"] not in FORMATS:
            raise ValueError(f"the format {document['format']!r}; expected {FORMAT}")
        thresholds = document["thresholds"]
        generator = document["generator"]
        if document["format"] == FORMATS[0]:
            routes = [{"certain": [], **route} for route in document["routes"]]
            connections = dict.fromkeys(("chosen_routes", "needed_routes"), ())
        else:
            routes, connections = document["routes"], document["connections"]
        tally = Tally(
            thresholds,
            _routes_from(routes, thresholds),
            Histogram.from_document(generator["lateness"]).counts(),
            Counter(generator["warm_up"]),
            *(_routes_from(connections[name], thresholds) for name in ("chosen_routes", "needed_routes")),
        )
        return cls(
            plan=document["plan"],
            tally=tally,
            seconds=tuple(Second(**second) for second in document["seconds"]),
            processes=tuple(Process(**process) for process in generator["processes"]),
            **{name: document[name] for name in _AS_THEY_ARE},
        )


def described(plan: Plan, redact: Callable[[str], str] = str) -> dict[str, Any]:
    """What a plan asks for, as a result tells it: no headers, no bodies, and paths without secrets."""
    return {
        "base_url": redact(plan.base_url),
        "arrival_rate": plan.rate,
        "arrivals": "poisson" if plan.poisson else "constant",
        **{each.name: getattr(plan, each.name) for each in fields(Traffic) if each.name not in _ELSEWHERE},
        "proxy": "" if plan.proxy is None else f"http://{plan.proxy[0]}:{plan.proxy[1]}",
        "routes": [
            {"name": route.name, "method": route.method, "path": redact(route.target), "weight": route.weight}
            for route in plan.routes
        ],
    }


def _route(tally: RouteTally, *, bins: bool = True) -> dict[str, Any]:
    counts = tally.document()
    return {
        "requests": tally.total(),
        "failed": tally.total(1),
        "slow": [
            {"of": tally.total(place), "slow": tally.total(place + 1)}
            for place in range(2, 2 + 2 * len(tally.thresholds), 2)
        ],
        **{name: counts[name] for name in ("statuses", "errors", "undispatched")},
        "latency": Histogram.of(tally.latencies).document(),
        **({name: sorted(counts[name]) for name in _OF_SPANS} if bins else {}),
    }


def _routes_from(documents: Iterable[Mapping[str, Any]], thresholds: Sequence[int]) -> list[RouteTally]:
    return [
        RouteTally.from_document(
            {**document, "latencies": Histogram.from_document(document["latency"]).counts()},
            tuple(thresholds),
        )
        for document in documents
    ]
