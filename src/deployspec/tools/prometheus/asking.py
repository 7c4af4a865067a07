"""Questions to a Prometheus, within limits: what metrics it has, which rules it evaluates, what it has counted.

Questions go through prometheus-api-client, over a transport that is handed in: so they keep the HTTP probe's limits,
certificates, proxies and secrecy, and the two probes know nothing of each other.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from deployspec.base import shown
from deployspec.languages.prometheus.model import LoadedRules, Observed, Unavailable
from deployspec.languages.prometheus.reading import read_loaded
from deployspec.languages.prometheus.targets import Targets, read_targets
from deployspec.model.http import Answer, Failure, FailureKind

if TYPE_CHECKING:
    from prometheus_api_client import PrometheusConnect

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
"""Bytes of an answer that is not JSON: more than are shown, so that no secret is cut before it is hidden."""
_T = TypeVar("_T")


class Send(Protocol):
    """The transport: one GET, within limits of time (seconds) and size (bytes)."""

    def __call__(self, url: str, *, timeout: float, max_body: int) -> Answer | Failure:
        """Ask, with whatever headers, certificates and proxies the deployment's Prometheus wants."""
        ...


class Failed(Exception):  # noqa: N818 - a signal within this package
    """A question without an answer that can be used. Raised through prometheus-api-client, which lets it pass."""

    def __init__(
        self, reason: str, kind: FailureKind | None = None, status: int | None = None, error: str = ""
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind
        self.status = status
        """The status of an answer that tells of an error; None where there is no such answer."""
        self.error = error
        """What Prometheus itself says of it; empty where it says nothing, or something else answered."""


@dataclass(frozen=True)
class Questions:
    """How to ask, until a limit of time is over."""

    connection: PrometheusConnect
    tell: Callable[[str], object]
    """Asks what prometheus-api-client has no call for: the path below ``/api/v1/``, with its query. Raises Failed."""


@dataclass
class Prometheus:
    """A Prometheus, or what speaks as it does, at ``url``, a path prefix included. Windows and limits are in seconds."""

    url: str
    send: Send
    _: KW_ONLY
    window: float
    timeout: float = TIMEOUT
    time_limit: float = TIME_LIMIT
    max_body: int = MAX_BODY

    def __post_init__(self) -> None:
        """Paths are put behind the address."""
        self.url = self.url.rstrip("/")

    def observe(self, wanted: Mapping[str, frozenset[str]]) -> Observed | Unavailable:
        """Ask for all metric names, and for the label names of each wanted selector's series, and labels' values.

        ``wanted`` has the labels whose values are wanted of each selector, such as ``{__name__="up"}``. That makes one
        question, one for each selector, and one for each wanted label that is there; four at a time. A label with
        more values than an answer may hold is left out of the values.
        """
        from deployspec.tools.prometheus.names import observe

        return self.measured(lambda questions: observe(questions.connection, wanted, self.window))

    def loaded_rules(self) -> LoadedRules | Unavailable:
        """Ask for the loaded rules, for which prometheus-api-client has no call."""
        return self._read(read_loaded, "rules")

    def targets(self) -> Targets | Unavailable:
        """Ask what it scrapes: its active targets, its configuration, and whether others may write into it."""
        return self._read(read_targets, "targets?state=active", "status/config", "status/flags")

    def version(self) -> str | Unavailable:
        """Ask for its version."""

        def read(data: object) -> str | Unavailable:
            version = data.get("version") if isinstance(data, dict) else None
            return (
                version
                if isinstance(version, str)
                else Unavailable(f"{self.who} does not report its version")
            )

        return self._read(read, "status/buildinfo")

    def answer(self, path: str) -> object:
        """The data of one answer: the path below ``/api/v1/``, with its query. Raises Failed."""
        return self._tell(path, time.monotonic() + self.time_limit)

    def measured(
        self, measure: Callable[[Questions], _T | Unavailable], *, patience: float = 0.0
    ) -> _T | Unavailable:
        """What ``measure`` finds by questions of its own, all within the limit of time, and ``patience`` seconds more."""
        import prometheus_api_client  # noqa: F401 - takes its time on a busy machine, which is not Prometheus' to lose

        def ask(deadline: float) -> _T | Unavailable:
            return measure(Questions(self._connection(deadline), lambda path: self._tell(path, deadline)))

        return self._within_limits(ask, patience)

    @property
    def who(self) -> str:
        """How a sentence about it begins."""
        return f"Prometheus at {self.url}"

    def _read(self, read: Callable[..., _T | Unavailable], *paths: str) -> _T | Unavailable:
        """What is read from the answers to these paths."""
        return self._within_limits(lambda deadline: read(*(self._tell(path, deadline) for path in paths)))

    def _within_limits(
        self, measure: Callable[[float], _T | Unavailable], patience: float = 0.0
    ) -> _T | Unavailable:
        try:
            return measure(time.monotonic() + self.time_limit + patience)
        except Failed as failed:
            return Unavailable(f"{self.who} {failed.reason}")
        except OSError as error:  # as the library's own exceptions are, of a URL that it does not like, say
            return Unavailable(f"{self.who} could not be asked: {shown.one_line(str(error))}")

    def _tell(self, path: str, deadline: float) -> object:
        document: Any = _json(self._ask(f"{self.url}/api/v1/{path}", deadline).body)
        return document["data"]

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
        late = Failed(f"did not answer all queries within {self.time_limit:g} s")
        left = deadline - time.monotonic()
        if left <= 0:
            raise late
        result = self.send(url, timeout=min(self.timeout, left), max_body=self.max_body)
        if isinstance(result, Failure):
            if result.kind is FailureKind.TIMEOUT and left < self.timeout:
                raise late
            what = "could not be asked" if result.kind is FailureKind.PROBER else "did not answer"
            raise Failed(f"{what}: {result.reason}", result.kind)
        _check(result)
        return result


def _check(answer: Answer) -> None:
    """Raise Failed unless this is a success as Prometheus tells it, without a warning that something is left out."""
    if answer.status in (401, 403):
        raise Failed(
            f"rejected the credentials (status {answer.status}); see prometheus.headers or prometheus.auth in the deployment file"
        )
    document = _json(answer.body)
    content = document if isinstance(document, dict) else {}
    if content.get("status") == "error" or answer.status != 200:
        error = shown.one_line(str(content["error"])) if "error" in content else ""
        told = f": {error}" if error else ""
        raise Failed(
            f"answers with an error (status {answer.status}){told}", status=answer.status, error=error
        )
    if document is None:
        page = answer.body.lstrip()[:1] == b"<"
        raise Failed(
            "answers with a web page instead of JSON: is it a login page, or something else's address?"
            if page
            else f"answers with something that is not JSON: {shown.one_line(answer.body[:_LOOKED_AT].decode(errors='replace'), 80)}"
        )
    if content.get("status") != "success" or "data" not in content:
        raise Failed("answers with JSON in a form that is not Prometheus': no status success with data")
    warnings = content.get("warnings") or []
    # Prometheus 2.47 to 2.55 has remarks on a query, such as on a counter's name, among its warnings.
    listed = warnings if isinstance(warnings, list) else [warnings]
    warnings = [one for one in listed if not str(one).startswith("PromQL info:")]
    if warnings and all(str(one).startswith("PromQL warning:") for one in warnings):
        # Nothing is left out of its data: what the query makes of them is not what it seems to be.
        raise Failed(f"has a warning about the query: {shown.one_line('; '.join(map(str, warnings)))}")
    if warnings:
        raise Failed(f"answers only in part, with a warning: {shown.one_line('; '.join(map(str, warnings)))}")


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
