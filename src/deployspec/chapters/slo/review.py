"""What the chapter says in a review: budgets, latencies, and alerts beside both, by Prometheus; else what load runs say."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from deployspec.base.shown import lasting
from deployspec.chapters.alerts.review import alerts_of, fired_in
from deployspec.chapters.slo import stored
from deployspec.chapters.slo.judge import beside
from deployspec.chapters.slo.judge.past import Past, merged, pieces_of, whole_span
from deployspec.chapters.slo.judge.review.budgets import objectives
from deployspec.chapters.slo.judge.review.latency import latency
from deployspec.chapters.slo.judge.review.objective import Reviewed, judged_span
from deployspec.chapters.slo.measure.objectives import objectives_in
from deployspec.chapters.slo.measure.past import TIMEOUT, past_of
from deployspec.chapters.slo.part import SLOS
from deployspec.deployment import PROMETHEUS
from deployspec.deployment.windows import between
from deployspec.languages.prometheus.model import Unavailable
from deployspec.model.review import Section, Span
from deployspec.model.verdict import Outcome
from deployspec.record.history import ABSENT, VERDICTS
from deployspec.tools.prometheus.deployed import prometheus_of

if TYPE_CHECKING:
    from pathlib import Path

    from deployspec.deployment import Deployment
    from deployspec.languages.openslo.model import Objective
    from deployspec.model.review import Week
    from deployspec.record.history import History

TIME_LIMIT = 600.0
"""Seconds after which no further objective is asked about: forty take some two minutes of a Prometheus that is well."""
_ALONE = "No deployment file says which Prometheus counts the requests to the deployment, so this is what load runs have counted."


def sections(week: Week, deployment: Deployment | None, history: History) -> Iterator[Section]:
    """Objectives, latencies, alerts beside objectives; load runs alone where there is no Prometheus to ask."""
    if deployment is None or deployment.get(PROMETHEUS) is None:
        yield from _of_load_runs(week, history, _ALONE)
        return
    wanted, problems = _objectives(deployment)
    if problems:
        text = "; ".join(problems)
        yield Section(
            "objectives-files", "Objectives", (text,), unmeasured=(f"objectives ({text})",), rank=10
        )
    if not wanted:
        yield from _of_load_runs(
            week, history, "The deployment file names no objective, so this is what load runs have counted."
        )
        return
    told, failed = _asked(week, deployment, wanted)
    yield objectives(told, failed, week)
    if failed:
        why = "Prometheus does not say all that it is asked for, so this is what load runs have counted."
        yield from _of_load_runs(week, history, why)
    if (of_latency := latency(told, week)) is not None:
        yield of_latency
    # It has said already why it does not answer.
    fired = None if not told else fired_in(week, deployment)
    if fired is not None and not isinstance(fired, Unavailable):
        known = [one.past for one in told if one.counted]
        yield beside.section(fired.firings, alerts_of(deployment), known, probed_in(history), week)


def probed_in(history: History) -> beside.Probed:
    """Tells of the runs of a history what alerts on probes are held against."""
    places = {check.id: place for place, check in enumerate(history.checks)}
    met = VERDICTS.index(Outcome.MET)

    def probed(check: str, location: str, span: Span) -> tuple[int, int]:
        if check not in places:
            return 0, 0
        own = [
            int(history.verdicts[number, places[check]])
            for number, run in enumerate(history.runs)
            if span.begin <= run.started <= span.end and location in ("", run.location)
        ]
        made = [verdict for verdict in own if verdict != ABSENT]
        return len(made), sum(verdict != met for verdict in made)

    return probed


def _of_load_runs(week: Week, history: History, why: str) -> Iterator[Section]:
    found = stored.section(week, history, why)
    if found is not None:
        yield found


def _objectives(deployment: Deployment) -> tuple[list[Objective], list[str]]:
    part = deployment.get(SLOS)
    if part is None:
        return [], []
    here = os.getcwd()  # noqa: PTH109

    def shown(path: Path) -> str:
        return os.path.relpath(path, here) if str(path).startswith(f"{here}{os.sep}") else str(path)

    return objectives_in(part.files, deployment.path.parent, shown)


def _asked(
    week: Week, deployment: Deployment, wanted: Sequence[Objective]
) -> tuple[list[Reviewed], list[tuple[Objective, Unavailable]]]:
    """What Prometheus knows of each; and of which it does not say so, with the reason."""
    prometheus, window = prometheus_of(deployment), deployment.require(PROMETHEUS).window
    whole = whole_span(week)
    open_ = between(deployment.maintenance_windows, whole.begin, whole.end)
    paused = merged(
        [
            *(Span(max(one.start, whole.begin), min(one.end, whole.end)) for one in open_),
            *(span for _, span in week.maintenance),
        ]
    )
    pieces = pieces_of(week, paused)
    told: list[Reviewed] = []
    failed: list[tuple[Objective, Unavailable]] = []
    silent: Unavailable | None = None
    end = time.monotonic() + TIME_LIMIT
    for objective in wanted:
        if silent is not None:
            failed.append((objective, silent))
            continue
        if time.monotonic() >= end:
            why = f"not asked about, as those before it took more than {lasting(TIME_LIMIT)}"
            failed.append((objective, Unavailable(why)))
            continue
        judged = judged_span(week, window, objective)
        began = time.monotonic()
        past = past_of(prometheus, objective, week, pieces, judged.seconds)
        if isinstance(past, Past):
            told.append(Reviewed(past, week, judged))
        else:
            failed.append((objective, past))
            # One that does not answer is not waited for forty times. What is wrong with one objective alone says nothing of others.
            if time.monotonic() - began > TIMEOUT or isinstance(prometheus.version(), Unavailable):
                silent = past
    return told, failed
