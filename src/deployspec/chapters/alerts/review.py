"""What the chapter says in a review: which alerts fired, and what the week says of thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from deployspec.chapters.alerts.fixtures.rule_set import RuleSet
from deployspec.chapters.alerts.fixtures.sources import RuleSources
from deployspec.chapters.alerts.judge.fired import Fired, section
from deployspec.chapters.alerts.judge.thresholds import by_alert
from deployspec.chapters.alerts.judge.thresholds import section as section_of_thresholds
from deployspec.chapters.alerts.measure import all_seen, fired
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
    made = section(found, week)
    if why := "; ".join(_problems(deployment)):
        parts = (f"Not all of the deployment's alerts are known: {why}.", *made.parts)
        made = replace(made, parts=parts, unmeasured=(*made.unmeasured, f"alerts ({why})"))
    yield made
    thresholds, others = by_alert(alerts_of(deployment))
    prometheus = prometheus_of(deployment)
    if thresholds or others:
        yield section_of_thresholds([*all_seen(prometheus, thresholds, week)], others, week)


def alerts_of(deployment: Deployment) -> tuple[Rule, ...]:
    """The alerts of the deployment's rule files."""
    rules = _rules_of(deployment)
    return () if rules is None else rules.alerts


def _rules_of(deployment: Deployment) -> RuleSet | None:
    rules = deployment.get(RULES)
    return None if rules is None else RuleSet(RuleSources(**vars(rules), folder=deployment.path.parent))


def _problems(deployment: Deployment) -> list[str]:
    """Why alerts may be missing among those of the rule files, a line each."""
    rules = _rules_of(deployment)
    if rules is None:
        return []
    found = [f"{pattern}: {reason}" for pattern, reason in rules.trouble.items()]
    problems = [problem for file in rules.rule_files for problem in file.problems]
    return found + [str(problem) for problem in problems if problem.kind == "file"]


@lru_cache(maxsize=8)
def fired_in(week: Week, deployment: Deployment) -> Fired | Unavailable:
    """The alerts that fired in a week: asked once, however many sections tell of them."""
    rules = deployment.get(RULES)
    names = None if rules is None else frozenset(rule.name for rule in alerts_of(deployment))
    return fired(prometheus_of(deployment), week, names)
