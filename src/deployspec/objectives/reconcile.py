"""A load run's counts beside the deployment's own: where they differ, one of the two sides is blind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deployspec.contracts.live_rules import Unavailable
from deployspec.contracts.load.result import LoadResult
from deployspec.contracts.load.tally import STATUS, WITHOUT_TEXT
from deployspec.objectives.load import threshold_of
from deployspec.objectives.model import Objective

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


def seen_by(result: LoadResult, objectives: Sequence[Objective]) -> Seen:
    """What the load run has seen, its warm-up included, for which the share within the threshold is not known: it is
    taken to be that of the rest."""
    statuses, warm_up = result.total.statuses, result.tally.warm_up.items()
    answered = statuses.total() + sum(
        count for why, count in warm_up if why == "ok" or why.startswith((STATUS, WITHOUT_TEXT))
    )
    failed = sum(count for status, count in statuses.items() if status.startswith("5"))
    failed += sum(count for why, count in warm_up if why.startswith(f"{STATUS}5"))
    threshold = next(filter(None, map(threshold_of, objectives)), None)
    if threshold is None:
        return Seen(answered, failed, answered)
    place = 2 + 2 * list(result.tally.thresholds).index(threshold)
    of, slow = (sum(counts[place + more] for counts in result.total.bins.values()) for more in (0, 1))
    return Seen(answered, failed, answered * ((of - slow) / of if of else 1.0))


def reconcile(client: Seen, deployment: Seen | Unavailable, slack: float) -> Reconciliation:
    """Compare; ``slack`` requests are more or less explained by the moments at which counters were scraped."""
    if isinstance(deployment, Unavailable):
        return Reconciliation(f"not compared: {deployment.reason}", "")
    rows = [
        ("", "load run", "its own metrics"),
        ("requests answered", f"{client.requests:,.0f}", f"{deployment.requests:,.0f}"),
        ("of them with 5xx", _count(client.failed), _count(deployment.failed)),
        ("share within the threshold", _share(client), _share(deployment)),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        f"{label.ljust(widths[0])}  {mine.rjust(widths[1])}  {theirs.rjust(widths[2])}"
        for label, mine, theirs in rows
    ]
    lines.append(f"scraping explains a difference of {slack:,.0f} requests")
    if deployment.requests > client.requests * (1 + _SHARE) + slack:
        lines.append("the deployment has counted more: it has other traffic, too")
    return Reconciliation("\n".join(lines), _disagreement(client, deployment, slack))


def _disagreement(client: Seen, deployment: Seen, slack: float) -> str:
    if deployment.requests < client.requests * (1 - _SHARE) - slack:
        return (
            f"the deployment's metrics are blind: they have counted {deployment.requests:,.0f} requests, and it has "
            f"answered {client.requests:,.0f} of the load run alone (one instance of several, sampling, or other paths)"
        )
    unseen = _difference(client.failed, deployment.failed)
    if unseen is not None and unseen > client.requests * _SHARE + slack:
        return (
            f"the deployment's metrics are blind to failures: the load run was answered with 5xx "
            f"{_count(client.failed)} times, and they have counted {_count(deployment.failed)} (a proxy before the application?)"
        )
    # With other traffic its share is that of others.
    alone = deployment.requests <= client.requests * (1 + _SHARE) + slack
    mine, theirs = client.share, deployment.share
    if alone and mine is not None and theirs is not None and mine < theirs - _SHARE - slack / client.requests:
        return (
            f"the deployment's metrics are blind to time before the application (its queue, the network, a proxy): "
            f"{1 - mine:.1%} of the answers were slow for the load run, and {1 - theirs:.1%} by its own metrics"
        )
    hidden = _difference(deployment.failed, client.failed)
    if alone and hidden is not None and hidden > client.requests * _SHARE + slack:
        return (
            f"the load run is blind to failures: the deployment's metrics have counted {_count(deployment.failed)} with "
            f"5xx, and it was answered so {_count(client.failed)} times (a proxy that repeats requests, or a cache?)"
        )
    if alone and mine is not None and theirs is not None and theirs < mine - _SHARE - slack / client.requests:
        return (
            f"the load run is blind to slowness: {1 - theirs:.1%} of the requests were slow by the deployment's own "
            f"metrics, and {1 - mine:.1%} of the answers to it (a cache, or a proxy that asks twice?)"
        )
    return ""


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _count(number: float | None) -> str:
    return "-" if number is None else f"{number:,.0f}"


def _share(seen: Seen) -> str:
    return "-" if seen.share is None else f"{seen.share:.3%}"
