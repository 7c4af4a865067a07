"""A load run beside the deployment's own metrics, as its Prometheus has scraped them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from deployspec.base.disclosure import redact
from deployspec.chapters.alerts.fixtures.live import prometheus_of

if TYPE_CHECKING:
    from deployspec.contracts.load.result import LoadResult
    from deployspec.deployment import Deployment
    from deployspec.languages.openslo.model import Objective
    from deployspec.objectives.reconcile import Seen

PATIENCE = 40.0
"""Seconds that a scrape after the run is waited for: two of Prometheus' usual intervals, and some more."""


class Compared:
    """Notes Prometheus' time before a load run, and compares after it."""

    def __init__(self, deployment: Deployment, objectives: Sequence[Objective]) -> None:
        from deployspec.chapters.alerts.judge.live_rules import Unavailable

        self._objectives = _one_of_each(objectives)
        self._prefix = urlsplit(deployment.base_url).path.rstrip("/")
        self._prometheus = None if deployment.prometheus is None else prometheus_of(deployment)
        self._begin = Unavailable("") if self._prometheus is None else self._prometheus.now()

    def with_metrics(self, result: LoadResult) -> dict[str, str] | None:
        """The table, and what it says; None where the deployment file describes no Prometheus."""
        from deployspec.chapters.alerts.judge.live_rules import Unavailable
        from deployspec.objectives.reconcile import reconcile, seen_by

        if self._prometheus is None or not self._objectives:
            return None
        end = self._prometheus.now()
        counted: tuple[Seen, float] | Unavailable
        if isinstance(self._begin, Unavailable):
            counted = self._begin
        elif isinstance(end, Unavailable):
            counted = end
        else:
            counted = self._prometheus.interval_counts(self._objectives, self._begin, end, PATIENCE)
        theirs = counted if isinstance(counted, Unavailable) else counted[0]
        interval = 0.0 if isinstance(counted, Unavailable) else counted[1]
        slack = 2 * interval * result.plan["arrival_rate"]
        mine = seen_by(result, self._objectives, self._prefix)
        told = asdict(reconcile(mine, theirs, slack))
        return {name: redact(text) for name, text in told.items()}


def _one_of_each(objectives: Sequence[Objective]) -> list[Objective]:
    """The first objective of latency, and the first of availability, that speak of all requests."""
    found: dict[type, Objective] = {}
    for objective in objectives:
        if not objective.routes:
            found.setdefault(type(objective.indicator), objective)
    return list(found.values())
