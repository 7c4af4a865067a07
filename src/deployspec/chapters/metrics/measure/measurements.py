"""All that the chapter measures, once a session, and how it is handed to the judges."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from deployspec.base.errors import ToolError
from deployspec.chapters.metrics.judge import form, scraped
from deployspec.chapters.metrics.judge.bounds import telling_span
from deployspec.chapters.metrics.judge.presence import OPENMETRICS_ONLY, Found, Wanted, names_of, on_page
from deployspec.chapters.metrics.judge.scrape import answers_in_time
from deployspec.chapters.metrics.measure.scraping import TEXT, Endpoint, Scrape
from deployspec.languages.exposition import Format
from deployspec.languages.exposition.rules import Aspect
from deployspec.languages.promtool.metrics import metric_lints
from deployspec.model.entry import Evidence
from deployspec.model.http import Answer
from deployspec.model.verdict import Outcome, Unmeasured, Verdict
from deployspec.tools.http import curl_line

if TYPE_CHECKING:
    from deployspec.chapters.metrics.judge.scraped import Arrived, Quickness, Range, Taken, Target
    from deployspec.chapters.metrics.measure.moving import Moved, Mover
    from deployspec.chapters.metrics.measure.unseen import Unseen
    from deployspec.chapters.metrics.measure.watching import Watching
    from deployspec.chapters.metrics.part import Movement
    from deployspec.deployment import Deployment
    from deployspec.languages.exposition.model import Exposition
    from deployspec.model.judge import Judge

_SHOWN = 20
"""Troubles that are shown as evidence."""
_WORST = (Outcome.BREACHED, Outcome.UNMEASURED, Outcome.MET)


@dataclass(frozen=True)
class Of:
    """A metric that is promised, and what there is of it."""

    wanted: Wanted
    found: Sequence[Found]
    there: frozenset[str]
    """The names of all metrics."""
    where: str
    """Where it was looked for."""
    is_whole: bool = True
    """Whether that was read to its end."""


class Measurements:
    """What is measured of a deployment's metrics. A property measures at its first use, and keeps what it got."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.endpoint = Endpoint(deployment)

    # The endpoint.

    def judge_scrape(self, judge: Judge, single: Callable[[Scrape], Verdict]) -> None:
        """Give the verdict on each scrape, in each format that the service has: the worst of them."""
        scrapes = self.endpoint.pages
        verdicts = [single(one) for one in scrapes]
        worst = min(range(len(verdicts)), key=lambda number: _WORST.index(verdicts[number].outcome))
        judge(verdicts[worst], scrapes[worst].call, reproduce=self.curl)

    def judge_in_time(self, judge: Judge) -> None:
        """Give the verdict on whether it answers at all."""
        promise = self.endpoint.promise
        self.judge_scrape(
            judge, lambda one: answers_in_time(one.call, promise.max_scrape_time, promise.max_size)
        )

    def judge_type(self, judge: Judge) -> None:
        """Give the verdict on the Content-Type of each answer with status 200."""

        def single(one: Scrape) -> Verdict:
            answer = one.call.result
            if not isinstance(answer, Answer) or answer.status != 200:
                _ = one.read
            return form.content_type_is_accepted(one.media)

        self.judge_scrape(judge, single)

    def judge_page(
        self,
        judge: Judge,
        single: Callable[[Exposition, Scrape], Verdict],
        aspect: Aspect | None = None,
    ) -> None:
        """Give the verdict on the page in each format that the service has: the worst of them, with its troubles."""
        scrapes = self.endpoint.pages
        verdicts = [single(one.read, one) for one in scrapes]
        worst = min(range(len(verdicts)), key=lambda number: _WORST.index(verdicts[number].outcome))
        verdict, scrape = verdicts[worst], scrapes[worst]
        evidence = []
        if aspect is not None:
            listed = [one for each in scrapes for one in form.listed_troubles(each.read, aspect)]
            shown = {"what every Prometheus takes all the same": listed}
            if verdict.outcome is Outcome.BREACHED:
                broken = form.troubles_of(scrape.read, aspect, has_any_name=scrape.media.has_any_name)
                shown = {"what the format has against it": broken, **shown}
            evidence = [
                Evidence(title, "\n".join(map(form.line_with_rule, troubles[:_SHOWN])))
                for title, troubles in shown.items()
                if troubles
            ]
        judge(verdict, scrape.call, reproduce=self.curl, evidence=evidence)

    @property
    def first(self) -> Exposition:
        """The page in the text format. Raises Unmeasured where there is none."""
        return self.endpoint.plain.read

    @property
    def second(self) -> Exposition:
        """The same, scraped anew."""
        return self.endpoint.later.read

    @property
    def curl(self) -> str:
        """The command that scrapes by hand."""
        return curl_line(self.endpoint.request(TEXT), ours=("Accept",))

    @cached_property
    def _lints(self) -> list[str]:
        from deployspec.tools.promtool.finding import find

        try:
            promtool = find(os.environ)
        except ToolError as error:
            raise Unmeasured(str(error)) from None
        return form.placed(metric_lints(self.endpoint.promtool_prints(promtool)), self.first)

    def judge_lints(self, judge: Judge) -> None:
        """Give the verdict on what promtool finds."""
        found = self._lints
        evidence = [Evidence("promtool check metrics", "\n".join(found[:_SHOWN]))] if found else []
        verdict = form.promtool_finds_nothing(found, is_promise=bool(self.endpoint.promise.promtool))
        judge(verdict, reproduce=f"{self.curl} | promtool check metrics", evidence=evidence)

    # What is promised to be there.

    def exported(self, wanted: Wanted) -> Of:
        """What there is of a metric. Raises Unmeasured where nobody can tell."""
        if wanted.in_prometheus:
            found, there = self.watching.metric(wanted)
            return Of(wanted, found, there, self.watching.who)
        page = self.first
        other = self.endpoint.negotiated.page
        if wanted.type in OPENMETRICS_ONLY and other is not None and other.format is Format.OPENMETRICS:
            page = other
        names = frozenset(name for family in page.families for name in names_of(family))
        return Of(wanted, on_page(wanted, page), names, "the endpoint", page.whole)

    # What moves, and what must not.

    def moved(self, movement: Movement) -> Moved:
        """What came of a movement."""
        return self._mover.moved(movement)

    @cached_property
    def _mover(self) -> Mover:
        from deployspec.chapters.metrics.measure.moving import Mover

        return Mover(self._deployment, self.endpoint)

    @cached_property
    def unseen(self) -> Unseen:
        """What came of requests with what no request had before."""
        from deployspec.chapters.metrics.measure.unseen import send_unseen

        return send_unseen(self._deployment, self.endpoint)

    # Prometheus.

    @cached_property
    def watching(self) -> Watching:
        """The deployment's Prometheus."""
        from deployspec.chapters.metrics.measure.watching import Watching

        return Watching(self._deployment)

    @property
    def targets(self) -> tuple[Target, ...]:
        """The endpoint's targets."""
        return self.watching.targets

    @cached_property
    def quickness(self) -> Sequence[Quickness]:
        """How long its scrapes took."""
        return self.watching.quickness()

    @cached_property
    def taken(self) -> Sequence[Taken]:
        """How many of its samples were kept."""
        return self.watching.taken()

    @cached_property
    def ranges(self) -> Sequence[Range]:
        """The ranges of loaded rules."""
        return self.watching.rules()

    @cached_property
    def arrived(self) -> Arrived:
        """The names that have arrived."""
        page = self.first
        return self.watching.arrived(scraped.sample_names(page), scraped.brought(page), self._scraped_at)

    @property
    def _scraped_at(self) -> float:
        return self.endpoint.plain.call.result.sent_at

    @cached_property
    def growth(self) -> list[tuple[float, float]]:
        """How many samples its scrapes had."""
        return self.watching.growth(telling_span(self.endpoint.promise.max_growth or 0, self.watching.window))

    def curl_of(self, query: str) -> str:
        """The command that asks Prometheus by hand."""
        from deployspec.tools.prometheus.deployed import curl

        return curl(self._deployment, query)
