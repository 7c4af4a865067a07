"""What the chapter says in a review: which alerts fired, and what the week says of thresholds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from deployspec.base.shown import lasting
from deployspec.chapters.alerts.fixtures.rule_set import RuleSet
from deployspec.chapters.alerts.fixtures.sources import RuleSources
from deployspec.chapters.alerts.judge.fired import Fired, section
from deployspec.chapters.alerts.judge.thresholds import Seen, by_alert
from deployspec.chapters.alerts.judge.thresholds import section as section_of_thresholds
from deployspec.chapters.alerts.measure import fired, seen
from deployspec.chapters.alerts.part import RULES
from deployspec.deployment import PROMETHEUS
from deployspec.languages.prometheus.model import Unavailable
from deployspec.model.review import Section
from deployspec.tools.prometheus.deployed import prometheus_of

if TYPE_CHECKING:
    from deployspec.deployment import Deployment
    from deployspec.languages.rule_files.model import Rule
    from deployspec.model.review import Week
    from deployspec.record.history import History


TIME_LIMIT = 300.0
"""Seconds after which no further threshold is asked about."""


def sections(week: Week, deployment: Deployment | None, _: History) -> Iterator[Section]:
    """Alerts and thresholds; one sentence where there is no Prometheus to ask."""
    if deployment is None or deployment.get(PROMETHEUS) is None:
        text = "No deployment file says which Prometheus watches the deployment, so nothing is known of its alerts."
        yield Section("alerts", "Alerts", (text,), rank=40)
        return
    found = fired_in(week, deployment)
    if isinstance(found, Unavailable):
        # It would not answer about each threshold either, and that takes its time.
        yield Section(
            "alerts",
            "Alerts",
            unmeasured=(f"alerts and thresholds ({found.reason})",),
            rank=40,
        )
        return
    yield section(found, week)
    thresholds, others = by_alert(alerts_of(deployment))
    prometheus = prometheus_of(deployment)
    if thresholds or others:
        end, found_of = time.monotonic() + TIME_LIMIT, list[Seen]()
        for one in thresholds:
            late = time.monotonic() >= end
            why = f"not asked about, as those before it took more than {lasting(TIME_LIMIT)}"
            found_of.append(
                Seen(one, (None,) * len(week.days()), why) if late else seen(prometheus, one, week)
            )
        yield section_of_thresholds(found_of, others, week)


def alerts_of(deployment: Deployment) -> tuple[Rule, ...]:
    """The alerts of the deployment's rule files."""
    rules = deployment.get(RULES)
    if rules is None:
        return ()
    return RuleSet(RuleSources(**vars(rules), folder=deployment.path.parent)).alerts


@lru_cache(maxsize=8)
def fired_in(week: Week, deployment: Deployment) -> Fired | Unavailable:
    """The alerts that fired in a week: asked once, however many sections tell of them."""
    rules = deployment.get(RULES)
    names = None if rules is None else frozenset(rule.name for rule in alerts_of(deployment))
    return fired(prometheus_of(deployment), week, names)
