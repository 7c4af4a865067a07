"""What the deployment's Prometheus says of the endpoint: its targets, their scrapes, and the names that it has."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from deployspec.base.shown import one_line
from deployspec.chapters.metrics.judge.bounds import LEAST_POINTS
from deployspec.chapters.metrics.judge.movement import Sums
from deployspec.chapters.metrics.judge.presence import Found, Wanted
from deployspec.chapters.metrics.judge.scraped import (
    OF_TARGETS,
    TEN,
    UP,
    Arrived,
    Quickness,
    Range,
    Taken,
    Target,
)
from deployspec.chapters.metrics.measure.answers import (
    address_of,
    bases_of,
    listed_in,
    matching,
    names_there,
    number_of,
    numbers_of,
    rows_of,
    selector_of,
    targets_of,
    type_of,
)
from deployspec.chapters.metrics.part import METRICS
from deployspec.languages.prometheus.answers import NotUnderstood, field
from deployspec.languages.prometheus.model import Unavailable
from deployspec.languages.promql.selectors import Selector, selectors
from deployspec.languages.promql.syntax import PromqlError, parse, quoted
from deployspec.model.verdict import Unmeasured
from deployspec.tools.prometheus.asking import Questions
from deployspec.tools.prometheus.deployed import prometheus_of
from deployspec.tools.prometheus.ranges import series_over

if TYPE_CHECKING:
    from deployspec.deployment import Deployment

POLL = 0.25
"""Seconds between two looks at whether it has scraped."""
PATIENCE = 40.0
"""Seconds that a scrape is waited for: two of the usual intervals, and some more."""
MOST_SCRAPES = 10_000
"""So many of a target's scrapes are looked at."""
_POINTS = 200
"""Of the growth in the window, at most."""
_T = TypeVar("_T")


class Watching:
    """Asks the deployment's Prometheus. Each method raises Unmeasured where it does not answer."""

    def __init__(self, deployment: Deployment) -> None:
        self._prometheus = prometheus_of(deployment)
        self._promise = deployment.require(METRICS)
        self._url = self._promise.url or deployment.base_url + self._promise.path

    @property
    def who(self) -> str:
        """How a sentence about it begins."""
        return self._prometheus.who

    def _asked(self, measure: Callable[[Questions], _T], *, patience: float = 0.0) -> _T:
        def understood(questions: Questions) -> _T | Unavailable:
            try:
                return measure(questions)
            except NotUnderstood as error:
                return Unavailable(f"{self.who} answers in a form that is not understood: {error}")

        found = self._prometheus.measured(understood, patience=patience)
        if isinstance(found, Unavailable):
            raise Unmeasured(found.reason)
        return found

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """The targets of the endpoint. Raises Unmeasured where none is told by its address, and no job is said."""
        found = tuple(filter(self._is_own, self._asked(targets_of)))
        if not found:
            of = f"of the job {self._promise.job}" if self._promise.job else f"at {one_line(self._url, 120)}"
            raise Unmeasured(
                f"{self.who} has no target {of}; expected metrics.job to be the job that scrapes this endpoint"
            )
        return found

    def _is_own(self, target: Target) -> bool:
        if self._promise.job is not None:
            return target.job == self._promise.job
        return address_of(target.url) == address_of(self._url)

    def quickness(self) -> Sequence[Quickness]:
        """How long scrapes took, in Prometheus' window; or the last ten, if it is shorter. Where one slow scrape of a few
        leaves it open, further ones are waited for, for at most ``PATIENCE`` seconds."""
        targets = self.targets

        def took(questions: Questions, target: Target) -> Quickness:
            reach = min(max(self.window, (TEN + 1) * target.interval), MOST_SCRAPES * target.interval)
            query = f"scrape_duration_seconds{selector_of(target)}[{round(reach * 1000)}ms]"
            return Quickness(target, numbers_of(questions, query))

        def ask(questions: Questions) -> list[Quickness]:
            until = time.monotonic() + PATIENCE
            found = []
            for target in targets:
                one = took(questions, target)
                while one.is_open and time.monotonic() + (TEN - len(one.took)) * target.interval < until:
                    time.sleep(min(target.interval, 1.0))
                    one = took(questions, target)
                found.append(one)
            return found

        return self._asked(ask, patience=PATIENCE)

    def taken(self) -> Sequence[Taken]:
        """How many samples of the last scrapes were kept."""
        targets, drops = self.targets, self._drops

        def ask(questions: Questions) -> list[Taken]:
            return [
                Taken(
                    target,
                    number_of(questions, f"scrape_samples_scraped{selector_of(target)}"),
                    number_of(questions, f"scrape_samples_post_metric_relabeling{selector_of(target)}"),
                    self._limits.get(target.pool),
                    drops.get(target.pool),
                )
                for target in targets
            ]

        return self._asked(ask)

    @property
    def window(self) -> float:
        """How many seconds back it is asked."""
        return self._prometheus.window

    def growth(self, enough: float) -> list[tuple[float, float]]:
        """How many samples a scrape of all targets had over the window, or since it is known. Waits for as many scrapes
        as tell growth, and for ``enough`` seconds of them, where ``PATIENCE`` lets that be. Raises Unmeasured where they
        do not come, as the endpoint is not scraped."""
        jobs = matching("job", sorted({target.job for target in self.targets}))
        instances = matching(
            "instance", sorted({target.labels.get("instance", "") for target in self.targets})
        )
        of = f"{{{jobs}, {instances}}}"
        # A scrape that failed had no samples, and is no fall.
        query = f"sum(scrape_samples_post_metric_relabeling{of}) and min(up{of}) == 1"
        interval = max(one.interval for one in self.targets)

        down = [one for one in self.targets if one.health != "up"]

        def lacking(points: Sequence[tuple[float, float]]) -> float:
            span = points[-1][0] - points[0][0] if points else 0.0
            return max(0.9 * enough - span, interval * (LEAST_POINTS + 1 - len(points)))

        def ask(questions: Questions) -> list[tuple[float, float]]:
            until = time.monotonic() + PATIENCE
            while True:
                points = self._points(questions, query, interval)
                wait = lacking(points)
                if wait <= 0 or down or time.monotonic() + wait > until:
                    return points
                time.sleep(max(POLL, min(interval, 1.0)))

        points = self._asked(ask, patience=PATIENCE)
        if down and lacking(points) > 0:
            raise Unmeasured(
                f"{one_line(down[0].url, 120)} is {down[0].health}, and too few scrapes before went well; see {UP}"
            )
        return points

    def _points(self, questions: Questions, query: str, interval: float) -> list[tuple[float, float]]:
        """What a query gave over the window. Where the endpoint is known for a small part of it, over that, as closely."""
        now, window = number_of(questions, "time()") or time.time(), self.window
        while True:
            step = max(interval, window / _POINTS)
            found = series_over(questions.connection, query, now - window, now, step)
            points = [(at, value) for at, value in found[0].points if math.isfinite(value)] if found else []
            if len(points) > _POINTS / 5 or step <= interval:
                return points
            window = window / 4 if not points else min(window / 4, now - points[0][0] + step)

    def arrived(
        self, names: frozenset[str], brought: Collection[tuple[tuple[str, str], ...]], scraped_at: float
    ) -> Arrived:
        """The names that it has of the targets, with ``honor_labels`` also of series with labels that are ``brought``. Where
        some are missing of ``names``, a scrape after that moment (seconds since 1970) is waited for, for at most
        ``PATIENCE`` seconds."""
        targets, drops = self.targets, self._drops
        of_targets = [selector_of(target) for target in targets]
        for target in targets:
            for own in brought if target.pool in self._honoring else ():
                # A label that the page has as empty, as a Pushgateway does with `instance`, keeps that of the target away.
                empty = ((name, "") for name in OF_TARGETS)
                of_targets += [selector_of(target, own), selector_of(target, (*empty, *own))]
        if down := [one for one in targets if one.health != "up"]:
            raise Unmeasured(
                f"{one_line(down[0].url, 120)} is {down[0].health}, so nothing arrives; see {UP}"
            )

        def ask(questions: Questions) -> Arrived:
            until = time.monotonic() + PATIENCE
            while True:
                there = names_there(questions, of_targets, "label/__name__/values")
                if names <= there or time.monotonic() > until:
                    break
                seen = [one.last_scrape for one in targets_of(questions) if self._is_own(one)]
                if seen and min(seen) > scraped_at + 0.5:
                    there = names_there(questions, of_targets, "label/__name__/values")
                    break
                time.sleep(POLL)
            bases = {name.removesuffix("_bucket") for name in names if name.endswith("_bucket")}
            native = {
                name
                for name in bases & there
                if number_of(questions, f"count(histogram_count({{__name__={quoted(name)}}}))")
            }
            read = (
                frozenset(name for one in self.ranges(questions) for name in one.selector.names() or ())
                if native
                else frozenset()
            )
            return Arrived(
                targets,
                there,
                names_there(questions, of_targets, "labels"),
                frozenset(native),
                read,
                _worst(drops.get(one.pool) for one in targets),
            )

        return self._asked(ask, patience=PATIENCE)

    def rules(self) -> list[Range]:
        """The selectors of all loaded rules."""
        return self._asked(self.ranges)

    def ranges(self, questions: Questions) -> list[Range]:
        """The same, among other questions."""
        found = []
        for group in field(questions.tell("rules"), "groups", "what it says of rules", list):
            for rule in field(group, "rules", "a group", list):
                name = field(rule, "name", "a rule", str)
                try:
                    tree = parse(field(rule, "query", "a rule", str))
                except PromqlError:
                    continue  # said by the chapter of alert rules
                found += [Range(name, one) for one in selectors(tree)]
        return found

    def metric(self, wanted: Wanted) -> tuple[list[Found], frozenset[str]]:
        """What it has of a metric that other exporters have, by the values of its promised labels; and all names."""
        window = f"{round(self._prometheus.window * 1000)}ms"

        def ask(questions: Questions) -> tuple[list[Found], frozenset[str]]:
            names = frozenset(
                map(str, listed_in(questions.tell("label/__name__/values"), "its names of metrics"))
            )
            own = sorted(filter(wanted.is_called, names | bases_of(names)))
            found = []
            for name in own[:50]:
                series = name if name in names else f"{name}_count"
                labels = [*(wanted.labels or ())]
                by = ", ".join(label if label.isidentifier() else quoted(label) for label in labels)
                query = f"group by ({by}) (last_over_time({{__name__={quoted(series)}}}[{window}]))"
                rows = [row["metric"] for row in rows_of(questions, query)]
                found += [Found(name, type_of(questions, name), rows, is_all=False)] if rows else []
            return found, names

        return self._asked(ask)

    def sums(self, by_text: Mapping[str, Selector], patience: float) -> Sums:
        """The sums of series, as of a scrape that began after this call, for which ``patience`` seconds are waited."""

        def ask(questions: Questions) -> Sums:
            began = number_of(questions, "time()") or time.time()
            until = time.monotonic() + patience
            values: dict[str, float] = {}
            for text in by_text:
                while True:
                    at = number_of(questions, f"min(timestamp({text}))")
                    if at is None or at > began:
                        break
                    if time.monotonic() > until:
                        raise NotUnderstood(
                            f"no scrape of {one_line(text, 120)} for {patience:g} s, so nothing new is known"
                        )
                    time.sleep(POLL)
                total = number_of(questions, f"sum({text})")
                if total is not None:
                    values[text] = total
            return Sums(values)

        return self._asked(ask, patience=patience)

    @cached_property
    def _configured(self) -> list[Mapping[str, Any]]:
        import yaml

        def ask(questions: Questions) -> list[Mapping[str, Any]]:
            text = field(questions.tell("status/config"), "yaml", "what it says of its configuration", str)
            try:
                document = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
            except (yaml.YAMLError, ValueError, RecursionError) as error:
                raise NotUnderstood(f"the configuration is not YAML: {one_line(str(error), 80)}") from None
            jobs = field(document, "scrape_configs", "the configuration", list, [])
            return [one for one in jobs if isinstance(one, dict)]

        return self._asked(ask)

    @property
    def _drops(self) -> Mapping[str, bool]:
        return {str(one.get("job_name")): bool(one.get("metric_relabel_configs")) for one in self._configured}

    @property
    def _honoring(self) -> frozenset[str]:
        return frozenset(
            str(one.get("job_name")) for one in self._configured if one.get("honor_labels") is True
        )

    @property
    def _limits(self) -> Mapping[str, float]:
        return {
            str(one.get("job_name")): float(one["sample_limit"])
            for one in self._configured
            if isinstance(one.get("sample_limit"), int)
        }


def _worst(drops: Iterable[bool | None]) -> bool | None:
    """Whether one configuration may drop something; None where that of one is not known, and no other does."""
    found = set(drops)
    return True if True in found else None if None in found else False
