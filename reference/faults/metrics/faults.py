"""The faults of the metrics endpoint, by name. Each is wrong in one way; the rest of the page stays the real one."""

import asyncio
import hashlib
import re
import time
from collections.abc import Callable, Iterable
from typing import ClassVar, TypeVar

from ..answer import Answer

EOF = b"# EOF"
"""How a page of OpenMetrics ends."""
SLOW = 0.7
"""Seconds: more than half of the second between two scrapes, less than all of it."""
MANY = 3000
GROWING = 25
"""Series a second."""


class Fault:
    """One fault. An instance lives from the moment it is switched on until it is switched off."""

    text_only: ClassVar[bool] = False
    """Whether the page is in the text format, whatever is asked for."""

    def saw(self, path: str, agent: str) -> None:
        """Note a request to another path."""

    async def delay(self) -> None:
        """Wait, before the page is made."""

    def alter(self, page: Answer) -> Answer:
        """Change the real page."""
        return page


FAULTS: dict[str, tuple[type[Fault], str]] = {}
"""By name: the class, and what the fault does, in one line."""
_Class = TypeVar("_Class", bound=type[Fault])


def _named(name: str) -> Callable[[_Class], _Class]:
    def register(kind: _Class) -> _Class:
        assert kind.__doc__ is not None and name not in FAULTS, name  # noqa: S101, PT018 - a slip in this module
        FAULTS[name] = (kind, kind.__doc__.splitlines()[0])
        return kind

    return register


def is_openmetrics(page: Answer) -> bool:
    """Whether the page is of OpenMetrics."""
    return page.body.rstrip().endswith(EOF)


def _with_lines(page: Answer, lines: Iterable[str]) -> Answer:
    """The page with more lines at its end."""
    more = "".join(f"{line}\n" for line in lines).encode()
    body = page.body
    if is_openmetrics(page):
        at = body.rindex(EOF)
        return page.with_body(body[:at] + more + body[at:])
    return page.with_body(body + more)


def _samples(page: Answer, alter: Callable[[bytes, bytes], bytes | None], name: str) -> Answer:
    """The page with the samples whose names begin with `name` altered: `alter` gets series and value, and gives the
    line; None leaves it out."""
    lines = []
    for line in page.body.split(b"\n"):
        series, _, value = line.rpartition(b" ")
        if line.startswith(name.encode()) and series:
            altered = alter(series, value)
            if altered is not None:
                lines.append(altered)
        else:
            lines.append(line)
    return page.with_body(b"\n".join(lines))


class _Frozen(Fault):
    """The samples of some metrics stay as they were at the first scrape."""

    names = ""

    def __init__(self) -> None:
        self._first: dict[bytes, bytes] = {}

    def alter(self, page: Answer) -> Answer:
        """Give each series its first value; those that come later are left out."""
        is_first = not self._first

        def frozen(series: bytes, value: bytes) -> bytes | None:
            if is_first:
                self._first[series] = value
            return series + b" " + self._first[series] if series in self._first else None

        return _samples(page, frozen, self.names)


@_named("metrics-500")
class Broken(Fault):
    """The endpoint answers with status 500."""

    def alter(self, page: Answer) -> Answer:
        """Change the status."""
        return page.with_status(500)


@_named("metrics-as-json")
class AsJson(Fault):
    """The page is right, and is sent as application/json."""

    text_only = True

    def alter(self, page: Answer) -> Answer:
        """Change the Content-Type."""
        return page.with_header(b"content-type", b"application/json")


@_named("metrics-endless-line")
class EndlessLine(Fault):
    """The last line is a comment of 2 MB."""

    def alter(self, page: Answer) -> Answer:
        """Add it; OpenMetrics has no comments, so to a help text there."""
        word = "HELP deal_scout_words " if is_openmetrics(page) else ""
        return _with_lines(page, [f"# {word}{'word ' * 400_000}end"])


@_named("metrics-no-last-newline")
class NoLastNewline(Fault):
    """The page in the text format has no newline at its end."""

    def alter(self, page: Answer) -> Answer:
        """Take it away."""
        return page if is_openmetrics(page) else page.with_body(page.body.rstrip(b"\n"))


@_named("metrics-blank-before")
class BlankBefore(Fault):
    """One sample has a blank before it."""

    def alter(self, page: Answer) -> Answer:
        """Add such a metric."""
        lines = ["# HELP deal_scout_blank One.", "# TYPE deal_scout_blank gauge", " deal_scout_blank 1"]
        return _with_lines(page, lines)


@_named("metrics-series-twice")
class SeriesTwice(Fault):
    """A sample stands there twice, with two values."""

    def alter(self, page: Answer) -> Answer:
        """Repeat it."""

        def twice(series: bytes, value: bytes) -> bytes:
            return series + b" " + value + b"\n" + series + b" 77"

        return _samples(page, twice, "sqlalchemy_pool_size ")


@_named("metrics-type-twice")
class TypeTwice(Fault):
    """A metric has a second TYPE."""

    def alter(self, page: Answer) -> Answer:
        """Put it behind the first."""
        line = b"# TYPE sqlalchemy_pool_size gauge\n"
        return page.with_body(page.body.replace(line, 2 * line))


@_named("metrics-stale")
class Stale(Fault):
    """A sample has a timestamp of half an hour ago."""

    def alter(self, page: Answer) -> Answer:
        """Add it: in seconds for OpenMetrics, in milliseconds for the text format."""
        then = time.time() - 1800
        stamp = f" {then:.3f}" if is_openmetrics(page) else f" {then * 1000:.0f}"
        return _samples(
            page, lambda series, value: series + b" " + value + stamp.encode(), "sqlalchemy_pool_size "
        )


@_named("metrics-not-cumulative")
class NotCumulative(Fault):
    """A bucket of a histogram has more than the next one."""

    def alter(self, page: Answer) -> Answer:
        """Add a million to it."""
        name = 'sqlalchemy_query_duration_seconds_bucket{le="0.01"}'
        return _samples(page, lambda series, value: series + b" %.1f" % (float(value) + 1e6), name)


@_named("metrics-counter-falls")
class CounterFalls(Fault):
    """A counter is lower at each scrape."""

    def __init__(self) -> None:
        self._value = 1_000_000

    def alter(self, page: Answer) -> Answer:
        """Count down."""
        self._value -= 1
        return _samples(
            page, lambda series, _: series + b" %d.0" % self._value, "sqlalchemy_query_errors_total"
        )


@_named("metrics-badly-named")
class BadlyNamed(Fault):
    """A gauge's name ends in _total."""

    def alter(self, page: Answer) -> Answer:
        """Add such a metric."""
        lines = ["# HELP deal_scout_sellers_total Sellers.", "# TYPE deal_scout_sellers_total gauge"]
        return _with_lines(page, [*lines, "deal_scout_sellers_total 3"])


@_named("metrics-without-workers")
class WithoutWorkers(Fault):
    """The number of Celery's workers is missing."""

    def alter(self, page: Answer) -> Answer:
        """Leave it out."""
        return page.with_body(re.sub(rb"(?m)^(# \w+ )?celery_workers\b.*\n", b"", page.body))


@_named("metrics-of-another-type")
class OfAnotherType(Fault):
    """A gauge is said to be untyped."""

    def alter(self, page: Answer) -> Answer:
        """Change its TYPE."""
        other = b"unknown" if is_openmetrics(page) else b"untyped"
        return page.with_body(
            page.body.replace(b"# TYPE sqlalchemy_pool_size gauge", b"# TYPE sqlalchemy_pool_size " + other)
        )


@_named("metrics-with-a-strange-value")
class WithAStrangeValue(Fault):
    """A label has a value that is not promised."""

    def alter(self, page: Answer) -> Answer:
        """Call the queue otherwise."""
        return page.with_body(page.body.replace(b'queue="celery"', b'queue="celeri"'))


@_named("metrics-frozen")
class Frozen(_Frozen):
    """The requests' series stay as they were at the first scrape."""

    names = "deal_scout_request"


@_named("metrics-counted-twice")
class CountedTwice(Fault):
    """Each request is counted twice."""

    def alter(self, page: Answer) -> Answer:
        """Double the counter."""
        return _samples(
            page, lambda series, value: series + b" %.1f" % (2 * float(value)), "deal_scout_requests_total"
        )


@_named("metrics-jobs-frozen")
class JobsFrozen(_Frozen):
    """The series of Celery's tasks stay as they were at the first scrape."""

    names = "celery_task"


@_named("metrics-workers-made-up")
class WorkersMadeUp(Fault):
    """The number of workers is always 1."""

    def alter(self, page: Answer) -> Answer:
        """Make it up."""
        return _samples(page, lambda series, _: series + b" 1.0", "celery_workers")


@_named("metrics-queries-frozen")
class QueriesFrozen(_Frozen):
    """The histogram of query durations stays as it was at the first scrape."""

    names = "sqlalchemy_query_duration_seconds"


class _BySent(Fault):
    """There is a series for each of what callers have sent."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def _count(self, sent: str) -> None:
        self._counts[sent] = self._counts.get(sent, 0) + 1

    def _lines(self, name: str, label: str) -> Iterable[str]:
        yield f"# HELP {name} Requests."
        # Not a counter: OpenMetrics has another name for the family then.
        yield f"# TYPE {name} gauge"
        for sent, count in self._counts.items():
            quoted = sent.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            yield f'{name}{{{label}="{quoted}"}} {count}'


@_named("metrics-by-path")
class ByPath(_BySent):
    """Requests are counted by the path as it was sent."""

    def saw(self, path: str, agent: str) -> None:  # noqa: ARG002
        """Count it."""
        self._count(path)

    def alter(self, page: Answer) -> Answer:
        """Add the series."""
        return _with_lines(page, self._lines("deal_scout_paths", "path"))


@_named("metrics-by-agent")
class ByAgent(_BySent):
    """Requests are counted by a fingerprint of the user agent."""

    def saw(self, path: str, agent: str) -> None:  # noqa: ARG002
        """Count it."""
        self._count(hashlib.sha256(agent.encode()).hexdigest()[:12])

    def alter(self, page: Answer) -> Answer:
        """Add the series."""
        return _with_lines(page, self._lines("deal_scout_agents", "client"))


@_named("metrics-many")
class Many(Fault):
    """There are 3,000 series more."""

    def alter(self, page: Answer) -> Answer:
        """Add them."""
        head = ["# HELP deal_scout_items Items.", "# TYPE deal_scout_items gauge"]
        return _with_lines(page, [*head, *(f'deal_scout_items{{item="{one}"}} 1' for one in range(MANY))])


@_named("metrics-growing")
class Growing(Fault):
    """There are 25 series more each second."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def alter(self, page: Answer) -> Answer:
        """Add as many as there are by now."""
        number = round((time.monotonic() - self._since) * GROWING)
        head = ["# HELP deal_scout_visits Visits.", "# TYPE deal_scout_visits gauge"]
        return _with_lines(page, [*head, *(f'deal_scout_visits{{visit="{one}"}} 1' for one in range(number))])


@_named("metrics-slow")
class Slow(Fault):
    """A scrape takes 0.7 s."""

    async def delay(self) -> None:
        """Take it."""
        await asyncio.sleep(SLOW)


@_named("metrics-own-job")
class OwnJob(Fault):
    """A metric has a label job of its own."""

    def alter(self, page: Answer) -> Answer:
        """Add such a metric."""
        head = ["# HELP deal_scout_last_export One.", "# TYPE deal_scout_last_export gauge"]
        return _with_lines(page, [*head, 'deal_scout_last_export{job="nightly"} 1'])
