"""What a Prometheus has counted, asked for by PromQL; few points, aggregated to one series wherever a sum will do."""

from __future__ import annotations

import datetime
import math
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlencode

from deployspec.base.shown import one_line
from deployspec.chapters.slo.judge.census import (
    ALL,
    PART,
    Asked,
    Buckets,
    Census,
    bucket_of,
    chosen_by,
    counted_by,
    duration,
    part_of,
    window_of,
    without_bucket_query,
)
from deployspec.chapters.slo.judge.reconcile import Seen, first_of_each
from deployspec.chapters.slo.judge.selecting import (
    Found,
    asked_labels,
    beside,
    doubt,
    no_counter,
    selector_of,
    written,
)
from deployspec.languages.openslo.model import Objective
from deployspec.languages.prometheus.model import LoadedRules, Unavailable
from deployspec.languages.prometheus.reading import read_loaded
from deployspec.languages.promql.selectors import Matcher, Selector, label_text, names_that_are_no_words
from deployspec.languages.promql.syntax import PromqlError
from deployspec.tools.prometheus.asking import Failed, Prometheus, Questions

MOST_POINTS = 1000
"""Of a question over a range."""
_FINEST = 0.25
"""Seconds between two of them, at least."""
_MISSED = 3
"""Two scrapes may be so many intervals apart without a gap between them."""
_LOOKBACK = 300.0
"""Seconds for which a sample counts at most, as in Prometheus itself."""
_VALUES = 1000
"""How many values of a label are looked at."""
_MANY = 10
"""Values of a label that are too many for a few kinds of requests, if each has a series of its own."""
_INCLUDED = 0.002
"""Seconds by which a range is longer, to have its first sample in it: Prometheus 3 leaves that out at its very edge."""
MOST_JOBS = 100
"""Whose targets and samples one objective is asked of: each takes three more questions."""
POLL = 0.25
"""Seconds between two looks at whether it has scraped."""
_T = TypeVar("_T")


class Counters:
    """The counters of objectives, as a Prometheus has scraped them; each question is within its limits."""

    def __init__(self, prometheus: Prometheus) -> None:
        self._prometheus = prometheus

    def census(self, objective: Objective, asked_window: float) -> Census | Unavailable:
        """Ask how many requests counted for an objective in its window (or the shorter one that is asked for, in
        seconds), how many of them were good, and for how much of the window there is data."""
        return self._counted(lambda counting: counting.census(objective, asked_window))

    def buckets(self, objective: Objective) -> Buckets | Unavailable:
        """Ask for the buckets of a latency objective's histogram."""
        return self._counted(lambda counting: counting.buckets(objective))

    def doubts(self, objective: Objective, asked_window: float) -> tuple[str, ...] | Unavailable:
        """Ask whether its selectors can find what they mean; why not, as sentences."""
        return self._counted(lambda counting: counting.doubts(objective, asked_window))

    def now(self) -> float | Unavailable:
        """Ask for its clock: seconds since the epoch."""
        return self._counted(lambda counting: counting.at)

    def interval_counts(
        self, objectives: Sequence[Objective], begin: float, end: float, patience: float
    ) -> tuple[Seen, float] | Unavailable:
        """Ask what was counted between two moments of its own clock, and how long one scrape is from the next.

        The counters are those of the first objective of latency and of the first of availability; there is one of
        them at least. Waits, at most ``patience`` seconds, until all instances were scraped after the second moment.
        Unavailable where they were not by then, and where a counter began anew or ended in between.
        """
        latency, availability = first_of_each(objectives)
        known = availability or latency
        assert known is not None  # noqa: S101 - asked about at least one

        def ask(counting: Counting) -> tuple[Seen, float] | Unavailable:
            until = time.monotonic() + patience
            while (newest := counting.newest(known)) is None or newest <= end:
                if time.monotonic() > until:
                    none = f": it has no series of {counted_by(known)} now" if newest is None else ""
                    return Unavailable(
                        f"{self._prometheus.who} has not scraped the deployment for {patience:g} s after the run{none}"
                    )
                time.sleep(POLL)
                counting.at = counting.now()
            if counting.ended(known, begin):
                return Unavailable(
                    "series of the deployment ended during the run: an instance was stopped or replaced"
                )
            if counting.resets(known, begin):
                return Unavailable(
                    "a counter of the deployment began anew during the run: an instance was restarted"
                )
            interval = counting.interval(known, counting.at - begin) or 0.0
            after = counting.seen(latency, availability)
            counting.at = begin
            return after.since(counting.seen(latency, availability)), interval

        return self._counted(ask, patience)

    def _counted(
        self, measure: Callable[[Counting], _T | Unavailable], patience: float = 0.0
    ) -> _T | Unavailable:
        def ask(questions: Questions) -> _T | Unavailable:
            try:
                return measure(Counting(questions))
            except (LookupError, TypeError):
                raise Failed("answers in an unexpected form") from None

        return self._prometheus.measured(ask, patience=patience)


class Counting:
    """Questions about sums, at one moment of Prometheus' own clock."""

    def __init__(self, questions: Questions, at: float | None = None) -> None:
        self._questions = questions
        self._connection = questions.connection
        self.at = self.now() if at is None else at

    def now(self) -> float:
        """Its clock, in seconds since the epoch."""
        # A scalar: prometheus-api-client gives the pair itself.
        return _value(self._connection.custom_query("time()"))

    def census(self, objective: Objective, asked_window: float) -> Census:
        """The requests that count for an objective, in its window, and the good ones of them."""
        self._understands(objective)
        asked = Asked(objective, window_of(objective, asked_window))
        counts = self._counts(asked.counts())
        total, part = counts.get(ALL) or 0.0, counts.get(PART)
        began, began_part = (self._total(asked.began(one)) for one in asked.counters)
        covered, least = self._covered(asked)
        doubts = [self._no_counter(asked, one) for one in asked.counters]
        doubts += [self._doubt(asked, one) for one in chosen_by(objective)]
        counted = Census(
            (part or 0.0) if objective.counts_good else total - (part or 0.0),
            total,
            covered,
            began_good=began_part if objective.counts_good else began - began_part,
            began_total=began,
            doubts=tuple(filter(None, doubts))[:1],
            least=least,
            split_by=self._split_by(asked) if began else "",
        )
        if not objective.is_latency:
            return counted
        without = self._series(without_bucket_query(objective, asked.window))
        p95 = self._sum(asked.quantile())
        return replace(
            counted,
            without_bucket=without,
            native=self._series(asked.native()),
            bucket_for_a_time=self._series(asked.bucket_for_a_time()),
            p95=p95 if p95 is not None and math.isfinite(p95) else None,
            boundaries=self._boundaries(objective) if without else (),
        )

    def doubts(self, objective: Objective, asked_window: float) -> tuple[str, ...]:
        """Why its selectors do not say what it means: sentences."""
        self._understands(objective)
        asked = Asked(objective, window_of(objective, asked_window))
        return tuple(filter(None, (self._doubt(asked, one) for one in chosen_by(objective))))

    def _understands(self, objective: Objective) -> None:
        """Raise Failed where it names what this Prometheus cannot have."""
        try:
            read = [selector_of(one) for one in chosen_by(objective)]
        except PromqlError:
            return  # it says so itself
        names = [name for one in read for name in names_that_are_no_words(one)]
        answer = self._answer("status/buildinfo", {}) if names else None
        version = answer.get("version") if isinstance(answer, dict) else None
        if isinstance(version, str) and version.startswith(("1.", "2.")):
            raise Failed(
                f"is of version {one_line(version, 20)}, which has no names such as `{one_line(names[0], 80)}`; Prometheus 3 has"
            )

    def _no_counter(self, asked: Asked, text: str) -> str:
        """Why what a selector finds is not a counter."""
        falls = self._total(f"sum(resets({text}[{asked.span}]))")
        samples = self._total(f"sum(count_over_time({text}[{asked.span}]))")
        endings = ("_count", "_bucket") if asked.objective.is_latency else ()
        for name in selector_of(text).names() or ():
            # A histogram is declared by its own name.
            family = next((name.removesuffix(one) for one in endings if name.endswith(one)), name)
            answer = self._answer("metadata", {"metric": family})
            entries = answer.get(family) if isinstance(answer, dict) else None
            kinds = frozenset(str(one.get("type")) for one in entries or () if isinstance(one, dict))
            why = no_counter(name, self._recorded, kinds, falls, samples)
            if why:
                return why
        return ""

    @cached_property
    def _recorded(self) -> Mapping[str, list[str]]:
        """The expressions of recording rules, by what they record; none where they are not told."""
        rules = read_loaded(self._answer("rules", {"type": "record"}))
        found: dict[str, list[str]] = {}
        for group in rules.groups if isinstance(rules, LoadedRules) else ():
            for rule in group.rules:
                found.setdefault(rule.name, []).append(rule.expr)
        return found

    def _answer(self, path: str, params: Mapping[str, str]) -> Any:
        """What an endpoint tells that not all that speak as Prometheus does have; None where it does not."""
        try:
            return self._questions.tell(f"{path}?{urlencode(params)}" if params else path)
        except Failed:
            return None

    def _doubt(self, asked: Asked, text: str) -> str:
        """Why what a selector finds does not say what the objective means."""

        def there(selector: str) -> bool:
            return bool(self._sum(f"count(last_over_time({selector}[{asked.span}]))"))

        selector, matched = selector_of(text), there(text)
        among = beside(asked.objective, selector, matched)
        labels = asked_labels(selector, matched)
        if matched and not labels:
            return ""
        any_there = matched or there(written(among))
        values = {label: self._values(among, label, asked.span) for label in labels} if any_there else {}
        found = Found(selector, matched, among, any_there, values)
        since = {"start": f"{self.at - asked.window:.3f}"}
        if not any_there:
            found = replace(found, known=frozenset(_texts(self._connection.all_metrics(params=since))))
        elif not all(values.values()):
            names = self._connection.get_label_names(params=since | {"match[]": written(among)})
            found = replace(found, known=frozenset(_texts(names)) - {"__name__"})
        return doubt(found)

    def _values(self, selector: Selector, label: str, span: str) -> frozenset[str]:
        one = written(selector, str(Matcher(label, "!=", "")))
        found = self._ask(f"topk({_VALUES}, count by ({label_text(label)}) (last_over_time({one}[{span}])))")
        return frozenset(_labels(each).get(label, "") for each in found) - {""}

    def _split_by(self, asked: Asked) -> str:
        """The label that has nearly one value for each series that began within the window and never increased."""
        for selector in dict.fromkeys(reversed(asked.counters)):
            found = map(_labels, self._ask(asked.never_increased(selector, _VALUES)))
            series = [{name: value for name, value in labels.items() if name != "le"} for labels in found]
            values = Counter(name for name, _ in {pair for labels in series for pair in labels.items()})
            name, count = min(values.items(), key=lambda one: (-one[1], one[0]), default=("", 0))
            if count >= max(_MANY, len(series) / 2):
                more = "at least " if len(series) == _VALUES else ""
                return f"`{one_line(name, 80)}` ({more}{count:,} values)"
        return ""

    def buckets(self, objective: Objective) -> Buckets:
        """The series of a latency objective's histogram, and those without a bucket at its threshold."""
        self._understands(objective)
        series = self._total(f"count({counted_by(objective)})")
        without = self._series(without_bucket_query(objective))
        native = self._series(Asked(objective, _LOOKBACK).native())
        return Buckets(round(series), without, self._boundaries(objective), native)

    def _boundaries(self, objective: Objective) -> tuple[str, ...]:
        found = self._ask(f"group by (le) ({bucket_of(objective)})")
        return tuple(sorted((str(_labels(one).get("le", "")) for one in found), key=_boundary))

    def seen(self, latency: Objective | None, availability: Objective | None) -> Seen:
        """All that the counters of two objectives have counted up to this moment."""
        requests, failed, within, timed = 0.0, None, None, None
        if latency is not None:
            requests = timed = self._total(f"sum({counted_by(latency)})")
            # A share of which some series know nothing is none.
            if not self._series(without_bucket_query(latency)):
                within = self._total(f"sum({part_of(latency)})")
        if availability is not None:
            requests, part = self._total(f"sum({counted_by(availability)})"), part_of(availability)
            # What is not good may be a failure with another status than 5xx: that is no number to compare.
            if not availability.counts_good and not self._doubt(Asked(availability, _LOOKBACK), part):
                failed = self._total(f"sum({part})")
        return Seen(requests, failed, within, timed)

    def _total(self, query: str) -> float:
        """The one value of a sum; counters that are not there have counted nothing."""
        return self._sum(query) or 0.0

    def newest(self, objective: Objective, of: str = "min") -> float | None:
        """When its counters were scraped last, each of them, in seconds since the epoch; with ``max``, any of them."""
        return self._sum(f"{of}(timestamp({counted_by(objective)}))")

    def resets(self, objective: Objective, begin: float) -> float:
        """How often its counters began anew since ``begin``, in seconds since the epoch."""
        # From the scrape before it: otherwise an instance that is restarted before the next one has not been another.
        before = Counting(self._questions, begin).newest(objective)
        seconds = self.at - (begin if before is None else min(before, begin)) + _INCLUDED
        return self._total(f"sum(resets({counted_by(objective)}[{duration(seconds)}]))")

    def ended(self, objective: Objective, begin: float) -> float:
        """How many of the series that counted at ``begin``, in seconds since the epoch, are no longer there."""
        counted = counted_by(objective)
        return self._total(f"count({counted} offset {duration(self.at - begin)} unless {counted})")

    def interval(self, objective: Objective, seconds: float) -> float | None:
        """How long it takes from one scrape to the next, in seconds, on average."""
        scrapes = self._sum(f"max(count_over_time({counted_by(objective)}[{duration(seconds)}]))")
        return seconds / scrapes if scrapes else None

    def _covered(self, asked: Asked) -> tuple[float, str]:
        """The least share of the window for which there is data, of each target and each job that has the counter,
        and whose it is.

        Of a target it is the share of scrapes that did not fail (``up``); one that Prometheus did not know all the
        time, as instances are replaced, has as many to lose as the one that was scraped most often. Of a job it is the
        share of the window in which any of its targets was up, and of all its targets' scrapes. Targets without the
        counter do not matter. Metrics that are pushed have no ``up``: for a job without it, it is the share in which
        there were any. Looking back for 5 minutes, as Prometheus does by itself, would hide every gap of a short
        window: a sample counts for as long as three scrapes take.
        """
        (counted, _), span = asked.counters, asked.span
        having = f"group by (job, instance) (last_over_time({counted}[{span}] @ {self.at:.3f}))"
        targets = [_target(one) for one in self._ask(having)]
        if not targets:
            return 0.0, ""
        jobs = sorted({job for job, _ in targets})
        if len(jobs) > MOST_JOBS:
            raise Failed(
                f"has {len(jobs)} jobs with {one_line(counted, 80)}; at most {MOST_JOBS} are asked about"
            )
        up = f"up{{{Matcher('job', '=~', '|'.join(map(re.escape, jobs)))}}}"
        # Of each target all scrapes, and those that did not fail.
        scrapes, succeeded = (
            {_target(one): _value(one["value"]) for one in self._ask(query)}
            for query in (
                f"max by (job, instance) ({function}_over_time({up}[{span}])) and on (job, instance) {having}"
                for function in ("count", "sum")
            )
        )
        shares: list[tuple[float, str]] = []
        for job in jobs:
            of_job = [target for target in targets if target[0] == job]
            own = {target: scrapes[target] for target in of_job if target in scrapes}
            came = {target: succeeded.get(target, 0.0) for target in own}
            name = _written({"job": job})
            if own:
                most = max(own.values())
                shares += [
                    (
                        1 - (count - came[job, instance]) / most,
                        f"the target {_written({'job': job, 'instance': instance})}",
                    )
                    for (_, instance), count in own.items()
                ]
                shares.append((sum(came.values()) / sum(own.values()), f"all targets of {name}"))
                query = f"(max by (job, instance) (last_over_time(up{{{Matcher('job', '=', job)}}}[LASTS])) and on (job, instance) {having}) == 1"
                shares.append((self._present(query, most, asked.window), f"any target of {name}"))
            if len(own) < len(of_job):
                # Of the series that is there the least often.
                series = written(selector_of(counted), str(Matcher("job", "=", job))) if job else counted
                least = self._sum(f"min(count_over_time({series}[{span}]))") or 1.0
                query = f"last_over_time({series}[LASTS])" + (
                    f" unless on (job, instance) {up}" if own else ""
                )
                shares.append((self._present(query, least, asked.window), f"the series of {name}"))
        # Of equal ones the first, which is a target.
        return min(shares, key=lambda one: round(one[0], 9))

    def _present(self, query: str, scrapes: float, window: float) -> float:
        """The share of the window in which a query has any result, where each sample lasts for so many scrapes."""
        lasts = duration(min(_LOOKBACK, max(_FINEST, _MISSED * window / scrapes)))
        start, end, step = grid(self.at, window)
        moment = datetime.datetime.now(datetime.UTC)  # is not used: see below
        found = self._connection.custom_query_range(
            f"group({query.replace('[LASTS]', f'[{lasts}]')})",
            moment,
            moment,
            f"{step / 1000:.3f}",
            # The library rounds to whole seconds, which is much of a short window.
            params={"start": f"{start / 1000:.3f}", "end": f"{end / 1000:.3f}"},
        )
        if not isinstance(found, list) or len(found) > 1:
            raise Failed("answers a range query with something other than one series")
        values = [_value(pair) for one in found for pair in one["values"]]
        # Points that are missing count as 0, and so does what is not a number.
        asked_for = (end - start) // step + 1
        return min(1.0, sum(value for value in values if math.isfinite(value)) / asked_for)

    def _ask(self, query: str) -> list[Any]:
        found = self._connection.custom_query(query, params={"time": f"{self.at:.3f}"})
        if not isinstance(found, list):
            raise Failed(f"answers {one_line(query, 80)} with something other than a list of series")
        return found

    def _sum(self, query: str) -> float | None:
        """The one value of a sum; None where there was nothing to add up."""
        found = self._ask(query)
        if len(found) > 1:
            raise Failed(f"answers {one_line(query, 80)} with {len(found)} series; expected one")
        return _value(found[0]["value"]) if found else None

    def _counts(self, query: str) -> dict[str, float]:
        """The sums that the label ``counts`` tells apart; those of nothing are not there."""
        found = self._ask(query)
        sums = {_labels(one).get("counts", ""): _value(one["value"]) for one in found}
        if len(sums) < len(found) or not sums.keys() <= {ALL, PART}:
            raise Failed(f"answers {one_line(query, 80)} with other series; expected two sums")
        return sums

    def _series(self, query: str) -> tuple[str, ...]:
        """The labels of every series, as PromQL writes them."""
        return tuple(_written(_labels(one)) for one in self._ask(query))


def grid(at: float, window: float) -> tuple[int, int, int]:
    """The first and the last point of a question over a window, and their distance, in milliseconds.

    Counted in whole milliseconds, as Prometheus does: a rounded step would lose a point, which is much of a few.
    """
    end, length = round(at * 1000), round(window * 1000)
    step = max(round(_FINEST * 1000), -(-length // MOST_POINTS))
    points = max(1, length // step)
    return end - (points - 1) * step, end, step


def _target(series: Any) -> tuple[str, str]:
    labels = _labels(series)
    return labels.get("job", ""), labels.get("instance", "")


def _written(labels: Mapping[str, str]) -> str:
    return "{" + ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items())) + "}"


def _texts(found: object) -> list[str]:
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _value(pair: Any) -> float:
    try:
        return float(pair[1])
    except (TypeError, ValueError, LookupError, KeyError):
        raise Failed("answers with something other than a value at a time") from None


def _labels(series: Any) -> Mapping[str, str]:
    labels = series.get("metric") if isinstance(series, dict) else None
    if not isinstance(labels, dict):
        raise Failed("answers with something other than a series")
    return {name: str(value) for name, value in labels.items() if name != "__name__"}


def _boundary(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.inf
