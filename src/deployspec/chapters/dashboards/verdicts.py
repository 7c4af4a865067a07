"""A verdict for each promise of the dashboards: what is read of the files, and what Prometheus answers, once a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deployspec.base.disclosure import mask
from deployspec.chapters.alerts.api import rules_of
from deployspec.chapters.dashboards.judge.alerts import alert_metrics_are_shown, is_drawn
from deployspec.chapters.dashboards.judge.answers import answers, is_sound, nothing_now, parses
from deployspec.chapters.dashboards.judge.files import file_is_read
from deployspec.chapters.dashboards.judge.lints import LintFinding, lint
from deployspec.chapters.dashboards.judge.meanings import Meanings, is_mirrored, shows_what_it_says
from deployspec.chapters.dashboards.judge.nothing import leaves_out
from deployspec.chapters.dashboards.judge.ranges import holds_four_scrapes
from deployspec.chapters.dashboards.measure.files import left_out
from deployspec.chapters.dashboards.measure.meanings import meanings_of
from deployspec.chapters.dashboards.measure.moving import Moving
from deployspec.chapters.dashboards.measure.panels import Panels
from deployspec.chapters.dashboards.model import Kind
from deployspec.deployment import PROMETHEUS
from deployspec.model.entry import Evidence
from deployspec.model.verdict import Outcome, Verdict, unmeasured
from deployspec.tools.prometheus.asking import Failed
from deployspec.tools.prometheus.deployed import curl, prometheus_of

if TYPE_CHECKING:
    from deployspec.chapters.dashboards.items import Read
    from deployspec.chapters.dashboards.model import File, Item, Movement
    from deployspec.deployment import Deployment
    from deployspec.languages.grafana import Dashboard
    from deployspec.model.judge import Judge


class Dashboards:
    """The dashboards of a deployment, and a verdict for each promise."""

    def __init__(self, read: Read, deployment: Deployment, config: pytest.Config) -> None:
        self.read, self._deployment, self._config = read, deployment, config
        self._panels: Panels | None = None
        self._meanings: Meanings | None = None
        self._findings: dict[str, tuple[LintFinding, ...]] = {}

    @property
    def meanings(self) -> Meanings:
        """What titles and units promise. Raises Unmeasured where the user's list is none."""
        if self._meanings is None:
            self._meanings = meanings_of(self.read.part.meanings)
        return self._meanings

    @property
    def panels(self) -> Panels:
        """What Prometheus answers. Raises Unmeasured where the file describes none."""
        if self._panels is None:
            window = self._deployment.require(PROMETHEUS).window
            events = self.meanings.events
            self._panels = Panels(self.read.part, prometheus_of(self._deployment), window, events)
        return self._panels

    def judge_file(self, judge: Judge, file: File) -> None:
        """Whether a file is a dashboard."""
        queries = sum(item.dashboard is file.dashboard for item in self.read.items)
        judge(file_is_read(file, queries, left_out(file, self.read.part)))

    def judge_query(self, judge: Judge, item: Item, which: str) -> None:
        """One promise of a query: ``parses``, ``answers``, ``says``, ``sound`` or ``ranges``."""
        made = self.panels.made(item)
        verdict = parses(made)
        if which != "parses" and verdict.outcome is not Outcome.MET:
            verdict = unmeasured("it cannot be asked; query-parses tells why")
        elif which == "sound":
            verdict = is_sound([one for one in self._lint(item.dashboard) if one.place == item.query.place])
        elif which == "ranges":
            verdict = holds_four_scrapes(made.text, self.read.part.scrape_interval)
        elif which != "parses":
            try:
                verdict = self._of_answer(item, which)
            except Failed as failed:
                verdict = unmeasured(f"{self.panels.prometheus.who} {failed.reason}")
        evidence = [
            Evidence("where it stands", mask(str(item.query.place))),
            Evidence("as it is written", mask(item.query.text)),
        ]
        if not made.is_made:
            judge(verdict, evidence=evidence)
            return
        asked = mask(made.text)
        evidence.append(Evidence("as it is asked", asked))
        judge(verdict, evidence=evidence, reproduce=curl(self._deployment, asked))

    def _lint(self, dashboard: Dashboard) -> tuple[LintFinding, ...]:
        if dashboard.file not in self._findings:
            self._findings[dashboard.file] = lint(dashboard, self.panels.types)
        return self._findings[dashboard.file]

    def _of_answer(self, item: Item, which: str) -> Verdict:
        answer = self.panels.answer(item)
        answered = answer.kind is Kind.ANSWERED
        reasons = self.panels.reasons(item) if answered else ()
        text = self.panels.made(item).text
        filters = leaves_out(text)
        if which == "answers":
            mismatch = self.panels.mismatch(item) if answered and not reasons else ""
            part = self.read.part
            return answers(answer, reasons, mismatch, part.max_series, part.max_query_time, filters=filters)
        nothing = nothing_now(answer, reasons, filters=filters)
        return shows_what_it_says(item, answer, self.meanings, nothing, mirrored=is_mirrored(text))

    def judge_alerts(self, judge: Judge) -> None:
        """Whether every metric of an alert is on a panel."""
        made = [self.panels.made(item) for item in self.read.items if is_drawn(item)]
        texts = [one.text for one in made if parses(one).outcome is Outcome.MET]
        rules = rules_of(self._config)
        judge(alert_metrics_are_shown(rules, texts, len(made) - len(texts), self.read.part.unshown))

    def judge_movement(self, judge: Judge, movement: Movement) -> None:
        """Whether the panels show a fault."""
        judge(Moving(self._deployment, self.panels, self.read.items, movement).verdict())
