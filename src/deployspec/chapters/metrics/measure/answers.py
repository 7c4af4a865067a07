"""Questions to Prometheus about targets, names and numbers, and what its answers say. Each raises NotUnderstood for an answer in
another form."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from deployspec.base.duration import read_duration
from deployspec.base.rfc3339 import Stamp
from deployspec.base.rfc3339 import parse as parse_time
from deployspec.base.shown import one_line
from deployspec.chapters.metrics.judge.scraped import OF_TARGETS, Target
from deployspec.languages.prometheus.answers import NotUnderstood, field
from deployspec.languages.promql.syntax import quoted
from deployspec.tools.prometheus.asking import Questions


def targets_of(questions: Questions) -> tuple[Target, ...]:
    """All active targets."""
    found = []
    for one in field(
        questions.tell("targets?state=active"), "activeTargets", "what it says of targets", list
    ):
        labels = field(one, "labels", "a target", dict)
        found.append(
            Target(
                job=str(labels.get("job", "")),
                pool=field(one, "scrapePool", "a target", str, str(labels.get("job", ""))),
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


def address_of(url: str) -> tuple[str, int, str]:
    """Host, port and path, by which a target is told."""
    parts = urlsplit(url)
    host = (parts.hostname or "").replace("localhost", "127.0.0.1")
    return host, parts.port or (443 if parts.scheme == "https" else 80), parts.path or "/"


def selector_of(target: Target, own: Iterable[tuple[str, str]] = ()) -> str:
    """The selector of what Prometheus makes of a target's scrapes; ``own`` are labels that take the place of the target's."""
    labels = {name: text for name, text in target.labels.items() if name in OF_TARGETS} | dict(own)
    matchers = [f"{name}={quoted(text)}" for name, text in labels.items()]
    return "{" + ", ".join(matchers) + "}"


def matching(label: str, values: Sequence[str]) -> str:
    if len(values) == 1:
        return f"{label}={quoted(values[0])}"
    # Of RE2: what has a meaning there stands for itself.
    escaped = "|".join(
        "".join(f"\\{one}" if one in r"\.+*?()|[]{}^$" else one for one in text) for text in values
    )
    return f"{label}=~{quoted(escaped)}"


def names_there(questions: Questions, matching: Sequence[str], path: str) -> frozenset[str]:
    """The names of metrics or labels that series of these selectors had in the last ten minutes."""
    matched = "&".join("match[]=" + quote(one) for one in matching)
    since = time.time() - 600
    return frozenset(map(str, listed_in(questions.tell(f"{path}?start={since:.0f}&{matched}"), "its names")))


def listed_in(found: object, what: str) -> list[Any]:
    """A list, which a message calls ``what``."""
    if not isinstance(found, list):
        raise NotUnderstood(f"{what} are no list")
    return found


def rows_of(questions: Questions, query: str) -> list[dict[str, Any]]:
    """The series that a query gives."""
    found = questions.connection.custom_query(query)
    if not isinstance(found, list) or not all(
        isinstance(one, dict) and isinstance(one.get("metric"), dict) for one in found
    ):
        raise NotUnderstood(f"{one_line(query, 80)} gives no series")
    return found


def number_of(questions: Questions, query: str) -> float | None:
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


def numbers_of(questions: Questions, query: str) -> list[float]:
    """The numbers that a range of one series has."""
    data = questions.tell("query?query=" + quote(query))
    try:
        return [
            float(value)
            for one in field(data, "result", "the answer to a query", list)
            for _, value in one["values"]
        ]
    except (LookupError, TypeError, ValueError):
        raise NotUnderstood(f"{one_line(query, 80)} gives no numbers") from None


def bases_of(names: frozenset[str]) -> frozenset[str]:
    """The names of the histograms and summaries among them, which have a sum as well as a count."""
    bases = {name.removesuffix("_count") for name in names if name.endswith("_count")}
    return frozenset(name for name in bases if f"{name}_sum" in names)


def type_of(questions: Questions, name: str) -> str:
    """The type of a metric; empty where Prometheus does not know it."""
    found = questions.tell("metadata?limit_per_metric=1&metric=" + quote(name))
    try:
        return str(found[name][0]["type"])  # type: ignore[index]
    except (LookupError, TypeError):
        return ""
