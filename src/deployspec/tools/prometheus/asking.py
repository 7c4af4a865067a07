"""Questions to a Prometheus, within limits: what metrics it has, which rules it evaluates, what it has counted.

Questions go through prometheus-api-client, over a transport that is handed in: so they keep the HTTP probe's limits,
certificates, proxies and secrecy, and the two probes know nothing of each other.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from deployspec.base import shown
from deployspec.chapters.alerts.judge.live_rules import (
    LoadedRules,
    Observed,
    Targets,
    Unavailable,
    read_loaded,
    read_targets,
)
from deployspec.chapters.slo.judge.census import counted_by
from deployspec.languages.openslo.model import AvailabilityIndicator, LatencyIndicator, Objective
from deployspec.model.http import Answer, Failure, FailureKind

if TYPE_CHECKING:
    from prometheus_api_client import PrometheusConnect

    from deployspec.chapters.slo.judge.census import Buckets, Census
    from deployspec.chapters.slo.judge.reconcile import Seen
    from deployspec.chapters.slo.measure.window import Counting

MIB = 1024 * 1024
TIMEOUT = 10.0
"""Seconds for one question."""
TIME_LIMIT = 60.0
"""Seconds for all questions of one measurement."""
MAX_BODY = 16 * MIB
"""Bytes of one answer: some 300,000 names."""
CONNECTIONS = 4
"""Questions that are asked at once."""
_LOOKED_AT = 64 * 1024
"""Bytes of an answer that is no JSON: more than are shown, so that no secret is cut before it is hidden."""
_POLL = 0.25
"""Seconds between two looks at whether it has scraped."""
_T = TypeVar("_T")


class Send(Protocol):
    """The transport: one GET, within limits of time (seconds) and size (bytes)."""

    def __call__(self, url: str, *, timeout: float, max_body: int) -> Answer | Failure:
        """Ask, with whatever headers, certificates and proxies the deployment's Prometheus wants."""
        ...


class Failed(Exception):  # noqa: N818 - a signal within this package
    """A question without an answer that can be used. Raised through prometheus-api-client, which lets it pass."""

    def __init__(self, reason: str, kind: FailureKind | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind


class Prometheus:
    """A Prometheus, or what speaks as it does, at ``url``, a path prefix included. Windows and limits are in seconds."""

    def __init__(
        self,
        url: str,
        send: Send,
        *,
        window: float,
        timeout: float = TIMEOUT,
        time_limit: float = TIME_LIMIT,
        max_body: int = MAX_BODY,
    ) -> None:
        self.url = url.rstrip("/")
        self._send = send
        self._window = window
        self._timeout = timeout
        self._time_limit = time_limit
        self._max_body = max_body

    def observe(self, wanted: Mapping[str, frozenset[str]]) -> Observed | Unavailable:
        """Ask for all metric names, and for the label names of each wanted selector's series, and labels' values.

        ``wanted`` has the labels whose values are wanted of each selector, such as ``{__name__="up"}``. That makes one
        question, one for each selector, and one for each wanted label that is there; four at a time. A label with
        more values than an answer may hold is left out of the values.
        """
        import prometheus_api_client  # noqa: F401 - takes its time on a busy machine, which is not Prometheus' to lose

        from deployspec.tools.prometheus.names import observe

        return self._within_limits(lambda deadline: observe(self._connection(deadline), wanted, self._window))

    def loaded_rules(self) -> LoadedRules | Unavailable:
        """Ask for the loaded rules, for which prometheus-api-client has no call."""

        def ask(deadline: float) -> LoadedRules | Unavailable:
            return read_loaded(_data(self._ask(f"{self.url}/api/v1/rules", deadline)))

        return self._within_limits(ask)

    def targets(self) -> Targets | Unavailable:
        """Ask what it scrapes: its active targets, its configuration, and whether others may write into it."""

        def ask(deadline: float) -> Targets | Unavailable:
            asked = ("targets?state=active", "status/config", "status/flags")
            found = (_data(self._ask(f"{self.url}/api/v1/{one}", deadline)) for one in asked)
            return read_targets(*found)

        return self._within_limits(ask)

    def version(self) -> str | Unavailable:
        """Ask for its version."""

        def ask(deadline: float) -> str | Unavailable:
            data = _data(self._ask(f"{self.url}/api/v1/status/buildinfo", deadline))
            version = data.get("version") if isinstance(data, dict) else None
            return (
                version if isinstance(version, str) else Unavailable(f"{self._who} does not tell its version")
            )

        return self._within_limits(ask)

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
        latency, availability = (
            next((one for one in objectives if isinstance(one.indicator, kind)), None)
            for kind in (LatencyIndicator, AvailabilityIndicator)
        )
        known = availability or latency
        assert known is not None  # noqa: S101 - asked about at least one

        def ask(counting: Counting) -> tuple[Seen, float] | Unavailable:
            until = time.monotonic() + patience
            while (newest := counting.newest(known)) is None or newest <= end:
                if time.monotonic() > until:
                    none = f": it has no series of {counted_by(known)} now" if newest is None else ""
                    return Unavailable(
                        f"{self._who} has not scraped the deployment for {patience:g} s after the run{none}"
                    )
                time.sleep(_POLL)
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

        return self._counted(ask, self._time_limit + patience)

    def _counted(
        self, measure: Callable[[Counting], _T | Unavailable], time_limit: float | None = None
    ) -> _T | Unavailable:
        import prometheus_api_client  # noqa: F401 - as in observe

        from deployspec.chapters.slo.measure.window import Counting, UnexpectedError

        def ask(deadline: float) -> _T | Unavailable:
            try:
                return measure(
                    Counting(
                        self._connection(deadline),
                        lambda path: _data(self._ask(f"{self.url}/api/v1/{path}", deadline)),
                    )
                )
            except (UnexpectedError, LookupError, TypeError) as error:
                text = str(error) if isinstance(error, UnexpectedError) else "answers in an unexpected form"
                raise Failed(text) from None

        return self._within_limits(ask, time_limit)

    @property
    def _who(self) -> str:
        return f"Prometheus at {self.url}"

    def _within_limits(
        self, measure: Callable[[float], _T | Unavailable], time_limit: float | None = None
    ) -> _T | Unavailable:
        try:
            return measure(time.monotonic() + (self._time_limit if time_limit is None else time_limit))
        except Failed as failed:
            return Unavailable(f"{self._who} {failed.reason}")
        except OSError as error:  # as the library's own exceptions are, of a URL that it does not like, say
            return Unavailable(f"{self._who} could not be asked: {shown.one_line(str(error))}")

    def _connection(self, deadline: float) -> PrometheusConnect:
        import requests
        from prometheus_api_client import PrometheusConnect

        ask = self._ask

        class Transport(requests.adapters.BaseAdapter):
            def send(  # type: ignore[override]
                self, request: requests.PreparedRequest, **_: Any
            ) -> requests.Response:
                assert request.url is not None  # noqa: S101 - narrows the type
                answer = ask(request.url, deadline)
                response = requests.Response()
                response.status_code = answer.status
                response.url = request.url
                response.request = request
                response.raw = io.BytesIO(answer.body)
                return response

            def close(self) -> None:
                pass

        class Session(requests.Session):
            def get_adapter(self, url: str | bytes) -> Transport:  # noqa: ARG002
                # Whatever is mounted: prometheus-api-client mounts an adapter of its own.
                return Transport()

        session = Session()
        session.trust_env = False  # no password from a .netrc, no other proxies than the transport's
        return PrometheusConnect(url=self.url, session=session)

    def _ask(self, url: str, deadline: float) -> Answer:
        """Ask once. The answer is Prometheus' own, of success, and whole."""
        late = Failed(f"did not answer all questions within {self._time_limit:g} s")
        left = deadline - time.monotonic()
        if left <= 0:
            raise late
        result = self._send(url, timeout=min(self._timeout, left), max_body=self._max_body)
        if isinstance(result, Failure):
            if result.kind is FailureKind.TIMEOUT and left < self._timeout:
                raise late
            raise Failed(f"gave no answer: {result.reason}", result.kind)
        _check(result)
        return result


def _check(answer: Answer) -> None:
    """Raise Failed unless this is a success as Prometheus tells it, without a warning that something is left out."""
    if answer.status in (401, 403):
        raise Failed(
            f"does not let us in: status {answer.status}; see prometheus.headers in the deployment file"
        )
    document = _json(answer.body)
    told = document if isinstance(document, dict) else {}
    if told.get("status") == "error" or answer.status != 200:
        error = f": {shown.one_line(str(told['error']))}" if "error" in told else ""
        raise Failed(f"answers with an error (status {answer.status}){error}")
    if document is None:
        page = answer.body.lstrip()[:1] == b"<"
        raise Failed(
            "answers with a web page instead of JSON: is it a login page, or something else's address?"
            if page
            else f"answers with what is no JSON: {shown.one_line(answer.body[:_LOOKED_AT].decode(errors='replace'), 80)}"
        )
    if told.get("status") != "success" or "data" not in told:
        raise Failed("answers with JSON that is not of Prometheus' form: it has no status success with data")
    warnings = told.get("warnings") or []
    # Prometheus 2.47 to 2.55 has remarks on a query, such as on a counter's name, among its warnings.
    listed = warnings if isinstance(warnings, list) else [warnings]
    warnings = [one for one in listed if not str(one).startswith("PromQL info:")]
    if warnings:
        raise Failed(f"answers in part only; it warns: {shown.one_line('; '.join(map(str, warnings)))}")


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _data(answer: Answer) -> object:
    document: Any = _json(answer.body)
    return document["data"]
