"""What the deployment's Prometheus says of the endpoint: its targets, their scrapes, and the names that it has."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

from deployspec.base.duration import read_duration
from deployspec.base.rfc3339 import Stamp
from deployspec.base.rfc3339 import parse as parse_time
from deployspec.base.shown import one_line
from deployspec.chapters.metrics.judge.movement import Sums
from deployspec.chapters.metrics.judge.presence import Found, Wanted
from deployspec.chapters.metrics.judge.scraped import OF_TARGETS, UP, Arrived, Quickness, Range, Taken, Target
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
        found = tuple(filter(self._is_own, self._asked(_targets)))
        if not found:
            of = f"of the job {self._promise.job}" if self._promise.job else f"at {one_line(self._url, 120)}"
            raise Unmeasured(
                f"{self.who} has no target {of}; expected metrics.job to be the job that scrapes this endpoint"
            )
        return found

    def _is_own(self, target: Target) -> bool:
        if self._promise.job is not None:
            return target.job == self._promise.job
        return _address(target.url) == _address(self._url)

    def quickness(self) -> Sequence[Quickness]:
        """How long scrapes took, in Prometheus' window."""
        targets, window = self.targets, f"{round(self._prometheus.window * 1000)}ms"

        def ask(questions: Questions) -> list[Quickness]:
            found = []
            for target in targets:
                of = _of(target)
                longest = _value(questions, f"quantile_over_time(0.9, scrape_duration_seconds{of}[{window}])")
                scrapes = _value(questions, f"count_over_time(scrape_duration_seconds{of}[{window}])")
                found.append(Quickness(target, longest, int(scrapes or 0)))
            return found

        return self._asked(ask)

    def taken(self) -> Sequence[Taken]:
        """How many samples of the last scrapes were kept."""
        targets, drops = self.targets, self._drops

        def ask(questions: Questions) -> list[Taken]:
            return [
                Taken(
                    target,
                    _value(questions, f"scrape_samples_scraped{_of(target)}"),
                    _value(questions, f"scrape_samples_post_metric_relabeling{_of(target)}"),
                    self._limits.get(target.job),
                    drops.get(target.job, False),
                )
                for target in targets
            ]

        return self._asked(ask)

    def growth(self) -> list[tuple[float, float]]:
        """How many samples a scrape of all targets had over the window. Waits for as many scrapes as tell growth, for
        at most ``PATIENCE`` seconds, where their interval lets that be."""
        jobs = _matching("job", sorted({target.job for target in self.targets}))
        instances = _matching(
            "instance", sorted({target.labels.get("instance", "") for target in self.targets})
        )
        query = f"sum(scrape_samples_post_metric_relabeling{{{jobs}, {instances}}})"
        window, interval = self._prometheus.window, max(one.interval for one in self.targets)
        step = max(interval, window / _POINTS)

        def ask(questions: Questions) -> list[tuple[float, float]]:
            until = time.monotonic() + (PATIENCE if 6 * interval < PATIENCE else 0)
            while True:
                now = _value(questions, "time()") or time.time()
                found = series_over(questions.connection, query, now - window, now, step)
                points = found[0].points if found else []
                if len(points) > 5 or time.monotonic() > until:
                    return [(at, value) for at, value in points if math.isfinite(value)]
                time.sleep(min(interval, 1.0))

        return self._asked(ask, patience=PATIENCE)

    def arrived(
        self, names: frozenset[str], brought: Collection[tuple[tuple[str, str], ...]], scraped_at: float
    ) -> Arrived:
        """The names that it has of the targets, with ``honor_labels`` also of series with labels that are ``brought``. Where
        some are missing of ``names``, a scrape after that moment (seconds since 1970) is waited for, for at most
        ``PATIENCE`` seconds."""
        targets, drops = self.targets, self._drops
        matching = [_of(target) for target in targets]
        for target in targets:
            for own in brought if target.job in self._honoring else ():
                # A label that the page has as empty, as a Pushgateway does with `instance`, keeps that of the target away.
                matching += [_of(target, own), _of(target, (*((name, "") for name in OF_TARGETS), *own))]
        if down := [one for one in targets if one.health != "up"]:
            raise Unmeasured(
                f"{one_line(down[0].url, 120)} is {down[0].health}, so nothing arrives; see {UP}"
            )

        def ask(questions: Questions) -> Arrived:
            until = time.monotonic() + PATIENCE
            while True:
                there = _names(questions, matching, "label/__name__/values")
                if names <= there or time.monotonic() > until:
                    break
                last = min(one.last_scrape for one in _targets(questions) if self._is_own(one))
                if last > scraped_at + 0.5:
                    there = _names(questions, matching, "label/__name__/values")
                    break
                time.sleep(POLL)
            bases = {name.removesuffix("_bucket") for name in names if name.endswith("_bucket")}
            native = {
                name
                for name in bases & there
                if _value(questions, f"count(histogram_count({{__name__={quoted(name)}}}))")
            }
            read = (
                frozenset(name for one in self.ranges(questions) for name in one.selector.names() or ())
                if native
                else frozenset()
            )
            return Arrived(
                targets,
                there,
                _names(questions, matching, "labels"),
                frozenset(native),
                read,
                any(drops.get(one.job, False) for one in targets),
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
                map(str, _list(questions.tell("label/__name__/values"), "its names of metrics"))
            )
            own = sorted(filter(wanted.is_called, names | _bases(names)))
            found = []
            for name in own[:50]:
                series = name if name in names else f"{name}_count"
                labels = [*(wanted.labels or ())]
                by = ", ".join(label if label.isidentifier() else quoted(label) for label in labels)
                query = f"group by ({by}) (last_over_time({{__name__={quoted(series)}}}[{window}]))"
                rows = [row["metric"] for row in _rows(questions, query)]
                found += [Found(name, _type(questions, name), rows, is_all=False)] if rows else []
            return found, names

        return self._asked(ask)

    def sums(self, by_text: Mapping[str, Selector], patience: float) -> Sums:
        """The sums of series, as of a scrape that began after this call, for which ``patience`` seconds are waited."""

        def ask(questions: Questions) -> Sums:
            began = _value(questions, "time()") or time.time()
            until = time.monotonic() + patience
            values: dict[str, float] = {}
            for text in by_text:
                while True:
                    at = _value(questions, f"min(timestamp({text}))")
                    if at is None or at > began:
                        break
                    if time.monotonic() > until:
                        raise NotUnderstood(
                            f"no scrape of {one_line(text, 120)} for {patience:g} s, so nothing new is known"
                        )
                    time.sleep(POLL)
                total = _value(questions, f"sum({text})")
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


def _targets(questions: Questions) -> tuple[Target, ...]:
    found = []
    for one in field(
        questions.tell("targets?state=active"), "activeTargets", "what it says of targets", list
    ):
        labels = field(one, "labels", "a target", dict)
        found.append(
            Target(
                job=str(labels.get("job", "")),
                url=field(one, "scrapeUrl", "a target", str),
                labels={str(name): str(text) for name, text in labels.items()},
                health=field(one, "health", "a target", str),
                last_error=field(one, "lastError", "a target", str, ""),
                last_scrape=_moment(field(one, "lastScrape", "a target", str, "")),
                interval=read_duration(field(one, "scrapeInterval", "a target", str)) or 0.0,
                timeout=read_duration(field(one, "scrapeTimeout", "a target", str)) or 0.0,
            )
        )
    return tuple(found)


def _moment(text: str) -> float:
    """Seconds since 1970; 0 where there was none (Prometheus says the year 1)."""
    if not text or text.startswith("0001-"):
        return 0.0
    stamp = parse_time(text)
    return float(stamp.moment) if isinstance(stamp, Stamp) else 0.0


def _address(url: str) -> tuple[str, int, str]:
    parts = urlsplit(url)
    host = (parts.hostname or "").replace("localhost", "127.0.0.1")
    return host, parts.port or (443 if parts.scheme == "https" else 80), parts.path or "/"


def _of(target: Target, own: Iterable[tuple[str, str]] = ()) -> str:
    """The selector of what Prometheus makes of a target's scrapes; ``own`` are labels that take the place of the target's."""
    labels = {name: text for name, text in target.labels.items() if name in OF_TARGETS} | dict(own)
    matchers = [f"{name}={quoted(text)}" for name, text in labels.items()]
    return "{" + ", ".join(matchers) + "}"


def _matching(label: str, values: Sequence[str]) -> str:
    if len(values) == 1:
        return f"{label}={quoted(values[0])}"
    # Of RE2: what has a meaning there stands for itself.
    escaped = "|".join(
        "".join(f"\\{one}" if one in r"\.+*?()|[]{}^$" else one for one in text) for text in values
    )
    return f"{label}=~{quoted(escaped)}"


def _names(questions: Questions, matching: Sequence[str], path: str) -> frozenset[str]:
    matched = "&".join("match[]=" + quote(one) for one in matching)
    since = time.time() - 600
    return frozenset(map(str, _list(questions.tell(f"{path}?start={since:.0f}&{matched}"), "its names")))


def _list(found: object, what: str) -> list[Any]:
    if not isinstance(found, list):
        raise NotUnderstood(f"{what} are no list")
    return found


def _rows(questions: Questions, query: str) -> list[dict[str, Any]]:
    found = questions.connection.custom_query(query)
    if not isinstance(found, list) or not all(
        isinstance(one, dict) and isinstance(one.get("metric"), dict) for one in found
    ):
        raise NotUnderstood(f"{one_line(query, 80)} gives no series")
    return found


def _value(questions: Questions, query: str) -> float | None:
    """The number that a query gives; None where it gives nothing."""
    data = questions.tell("query?query=" + quote(query))
    result = field(data, "result", "the answer to a query", list)
    if field(data, "resultType", "the answer to a query", str) == "scalar":
        return float(result[1])
    if not result:
        return None
    try:
        return float(result[0]["value"][1])
    except (LookupError, TypeError, ValueError):
        raise NotUnderstood(f"{one_line(query, 80)} gives no number") from None


def _bases(names: frozenset[str]) -> frozenset[str]:
    """The names of the histograms and summaries among them."""
    return frozenset(name.removesuffix("_count") for name in names if name.endswith("_count"))


def _type(questions: Questions, name: str) -> str:
    found = questions.tell("metadata?limit_per_metric=1&metric=" + quote(name))
    try:
        return str(found[name][0]["type"])  # type: ignore[index]
    except (LookupError, TypeError):
        return ""
