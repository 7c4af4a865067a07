"""A load run's counts beside the deployment's own: where they differ, one of the two sides is blind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from deployspec.base import shown
from deployspec.chapters.slo.judge.census import counted_by, part_of
from deployspec.chapters.slo.judge.leaving_out import counts
from deployspec.chapters.slo.judge.load_run import threshold_of
from deployspec.chapters.slo.judge.selecting import selector_of
from deployspec.chapters.slo.judge.table import table
from deployspec.chapters.slo.load.result import LoadResult
from deployspec.chapters.slo.load.tally import STATUS, WITHOUT_TEXT
from deployspec.languages.openslo.model import AvailabilityIndicator, LatencyIndicator, Objective
from deployspec.languages.prometheus.model import Unavailable

_SHARE = 0.01
"""Shares, and counts relative to each other, may differ by so much without a word."""


@dataclass(frozen=True)
class Seen:
    """What one side has counted."""

    requests: float
    """Answered ones."""
    failed: float | None
    """Those with a status of 5xx; None where nobody has counted them."""
    within: float | None
    """Those that took no longer than the threshold; None where nobody has counted them."""
    timed: float | None = None
    """Those of which it is known how long they took; None for all."""
    apart: tuple[str, ...] = ()
    """Sentences about those of the load run's requests that are in no number here."""
    unsure: bool = False
    """Whether the other side may have counted some of these."""

    @property
    def share(self) -> float | None:
        """The share within the threshold; None where it is not known."""
        of = self.requests if self.timed is None else self.timed
        return self.within / of if of and self.within is not None else None

    def since(self, before: Seen) -> Seen:
        """What came after ``before``."""
        return Seen(
            self.requests - before.requests,
            _difference(self.failed, before.failed),
            _difference(self.within, before.within),
            _difference(self.timed, before.timed),
        )


@dataclass(frozen=True)
class Reconciliation:
    """Both sides' counts, and what their difference means."""

    text: str
    """A small table."""
    disagreement: str
    """One sentence, with which side is blind; empty where they agree as far as scraping lets them."""


def first_of_each(objectives: Sequence[Objective]) -> tuple[Objective | None, Objective | None]:
    """The first objective of latency, and the first of availability."""
    latency, availability = (
        next((one for one in objectives if isinstance(one.indicator, kind)), None)
        for kind in (LatencyIndicator, AvailabilityIndicator)
    )
    return latency, availability


def seen_by(result: LoadResult, objectives: Sequence[Objective], prefix: str = "") -> Seen:
    """What the load run has seen of what the objectives count; ``prefix`` is the path of the deployment's ``base_url``.

    Its warm-up is included where all kinds of requests count. Of that the share within the threshold is not known: it
    is taken to be that of the rest.
    """
    latency, availability = first_of_each(objectives)
    known = availability or latency
    assert known is not None  # noqa: S101 - asked about at least one
    answers = _Counted.of(result, counted_by(known), prefix)
    answered, all_count = answers.yes.total(), not answers.no and not answers.unknown
    apart = [*answers.apart(known.name)]
    warm_up = result.tally.warm_up.items()
    if all_count:
        answered += sum(
            count for why, count in warm_up if why == "ok" or why.startswith((STATUS, WITHOUT_TEXT))
        )
    # Of failures, those that the selector of bad ones counts.
    by_bad = availability is not None and not availability.counts_good
    bad = (
        answers
        if availability is None or not by_bad
        else _Counted.of(result, part_of(availability), prefix, "5")
    )
    failed = float(sum(count for (_, status), count in bad.yes.items() if status.startswith("5")))
    if all_count and not bad.no and not bad.unknown:
        failed += sum(count for why, count in warm_up if why.startswith(f"{STATUS}5"))
    if bad is not answers:
        apart += bad.among(answers.yes).apart(f"{known.name}'s failures")
    seen = Seen(answered, failed, None, apart=tuple(apart), unsure=bool(answers.unknown or bad.unknown))
    if latency is None:
        return seen
    timed = answers if availability is None else _Counted.of(result, counted_by(latency), prefix)
    if timed is not answers and (more := timed.apart(latency.name)) != answers.apart(latency.name):
        seen = replace(seen, apart=(*seen.apart, *more))
    routes = {route for route, _ in timed.yes}
    if timed.unknown or routes & {route for route, _ in timed.no}:
        return replace(seen, unsure=True)
    threshold = threshold_of(latency)
    assert threshold is not None  # noqa: S101 - narrows the type
    place = 2 + 2 * list(result.tally.thresholds).index(threshold)
    of, slow = (sum(result.of(route).total(place + more) for route in routes) for more in (0, 1))
    own = answered if not timed.no and all_count else float(timed.yes.total())
    return replace(
        seen, within=own * (of - slow) / of if of else None, timed=None if own == answered else own
    )


@dataclass(frozen=True)
class _Counted:
    """The answers to a load run without its warm-up, by kind of request and status, as a selector counts them."""

    selector: str
    yes: Counter[tuple[str, str]]
    no: Counter[tuple[str, str]]
    unknown: Counter[tuple[str, str]]

    @classmethod
    def of(cls, result: LoadResult, text: str, prefix: str, statuses: str = "") -> _Counted:
        """Of those whose status begins with ``statuses``."""
        selector = selector_of(text)
        answers = cls(text, Counter(), Counter(), Counter())
        for route, tally in zip(result.plan["routes"], result.tally.routes, strict=True):
            for status, number in tally.statuses.items():
                if status.startswith(statuses):
                    found = counts(selector, route["method"], route["path"], status, prefix)
                    kind = {True: answers.yes, False: answers.no, None: answers.unknown}[found]
                    kind[route["name"], status] += number
        return answers

    def among(self, those: Counter[tuple[str, str]]) -> _Counted:
        """What is left of it beside these kinds of answers."""
        of = (
            Counter({kind: n for kind, n in one.items() if kind in those})
            for one in (self.yes, self.no, self.unknown)
        )
        return _Counted(self.selector, *of)

    def apart(self, name: str) -> list[str]:
        """What does not count for the objective of this name, and what may or may not."""
        return [
            f"{words}: {shown.one_line(self.selector, 120)} {which} {_kinds(counted)}"
            for words, which, counted in (
                (f"left out by {name}", "does not count", self.no),
                (f"not known of {name}", "may or may not count", self.unknown),
            )
            if counted
        ]


def _kinds(counted: Counter[tuple[str, str]]) -> str:
    by_route = Counter[str]()
    for (route, _), number in counted.items():
        by_route[route] += number
    most = by_route.most_common(5)
    kinds = [
        f"{shown.counted(number, 'answer', ',')} to {shown.one_line(route, 80)}" for route, number in most
    ]
    if others := by_route.total() - sum(number for _, number in most):
        kinds.append(f"{others:,} to others")
    return ", ".join(kinds)


def reconcile(client: Seen, deployment: Seen | Unavailable, slack: float) -> Reconciliation:
    """Compare; ``slack`` requests are more or less explained by the moments at which counters were scraped."""
    if isinstance(deployment, Unavailable):
        return Reconciliation(f"not compared: {deployment.reason}", "")
    if client.apart and not client.requests:
        whether = "it is not known whether any request" if client.unsure else "no request"
        why = f"not compared: {whether} of the load run counts for the deployment's metrics"
        return Reconciliation("\n".join((why, *client.apart)), "")
    rows = [
        ("", "load run", "its own metrics"),
        (
            "of what counts, answered" if client.apart else "requests answered",
            f"{client.requests:,.0f}",
            f"{deployment.requests:,.0f}",
        ),
        ("of them with 5xx", _count(client.failed), _count(deployment.failed)),
        ("share within the threshold", _share(client), _share(deployment)),
    ]
    lines = table(rows)
    lines.append(f"scraping explains a difference of {shown.counted(round(slack), 'request', ',')}")
    if deployment.requests > client.requests * (1 + _SHARE) + slack:
        lines.append(
            "the deployment has counted more: what is not known, or other traffic"
            if client.unsure
            else "the deployment has counted more: it has other traffic, too"
        )
    lines += client.apart
    disagreement = _disagreement(client, deployment, slack)
    if disagreement and client.apart:
        disagreement += "; of the load run, only the requests that the objectives' own matchers count"
    return Reconciliation("\n".join(lines), disagreement)


def _disagreement(client: Seen, deployment: Seen, slack: float) -> str:
    most = client.requests * _SHARE + slack
    # With other traffic its share is that of others.
    alone = not client.unsure and deployment.requests <= client.requests + most
    unseen = _difference(client.failed, deployment.failed) or 0.0
    # In requests, without the noise of a division.
    sooner = round((_difference(deployment.share, client.share) or 0.0) * client.requests, 6)
    if client.requests - deployment.requests > most:
        return (
            f"the deployment's metrics are blind: they have counted {shown.counted(round(deployment.requests), 'request', ',')}, and it has "
            f"answered {client.requests:,.0f} of the load run alone (one instance of several, sampling, or other paths)"
        )
    if unseen > most:
        return (
            f"the deployment's metrics are blind to failures: the load run was answered with 5xx "
            f"{_times(client.failed)}, and they have counted {_count(deployment.failed)} (a proxy before the application?)"
        )
    if alone and sooner > most:
        return (
            f"the deployment's metrics are blind to time before the application (its queue, the network, a proxy): "
            f"{_slow(client)} of the answers were slow for the load run, and {_slow(deployment)} by its own metrics"
        )
    if alone and -unseen > most:
        return (
            f"the load run is blind to failures: the deployment's metrics have counted {_count(deployment.failed)} with "
            f"5xx, and it saw 5xx {_times(client.failed)} (a proxy that repeats requests, or a cache?)"
        )
    if alone and -sooner > most:
        return (
            f"the load run is blind to slowness: {_slow(deployment)} of the requests were slow by the deployment's own "
            f"metrics, and {_slow(client)} of the answers to it (a cache, or a proxy that asks twice?)"
        )
    return ""


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _count(number: float | None) -> str:
    return "-" if number is None else f"{number:,.0f}"


def _times(number: float | None) -> str:
    return f"{_count(number)} time{'' if number == 1 else 's'}"


def _share(seen: Seen) -> str:
    return "-" if seen.share is None else f"{seen.share:.3%}"


def _slow(seen: Seen) -> str:
    return "-" if seen.share is None else f"{1 - seen.share:.1%}"
