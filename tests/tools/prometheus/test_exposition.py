"""What the rules of expositions say of two versions of Prometheus, seen in both: each page is a target of its own."""

from __future__ import annotations

import json
import math
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from deployspec.languages.exposition import Effect, Format, read
from deployspec.languages.exposition.media_type import media_type
from deployspec.languages.exposition.model import taken_apart
from tests.languages.exposition.cases import CASES, Case, O, T
from tests.probe.servers import Server, running
from tests.prometheus_versions import ON_PATH, THREE, Version, versions

pytestmark = pytest.mark.xdist_group("expositions")
CONTENT_TYPES = {
    T: "text/plain; version=0.0.4; charset=utf-8",
    O: "application/openmetrics-text; version=1.0.0; charset=utf-8",
}
MEDIA_TYPES = (
    *CONTENT_TYPES.values(),
    *(
        "text/plain",
        "TEXT/PLAIN; VERSION=0.0.4",
        'text/plain; version="0.0.4";',
        "text/plain; version=9",
        "text/plain;",
    ),
    *(
        "text/plain; version=1.0.0; escaping=allow-utf-8",
        "application/openmetrics-text",
        "Application/OpenMetrics-Text",
    ),
    *(
        "",
        "foo",
        "*/*",
        "text/html",
        "application/json",
        "text/csv",
        "text/plain; version",
        "text/plain version=0.0.4",
    ),
    *("text/plain, text/plain", "text / plain"),
)
_LONGEST = 120.0
_REFUSED = 10
"""So many requests of each Prometheus are refused: into an empty storage it would take the oldest samples."""
Stored = Mapping[tuple[str, frozenset[tuple[str, str]]], bool]
"""The series that are stored, and whether a query for now finds them."""


@dataclass(frozen=True)
class Seen:
    """What became of a page."""

    is_up: bool
    stored: Stored


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        served = self.server.served[self.headers["User-Agent"]]  # type: ignore[attr-defined]
        served[self.path[1:]] += 1
        if served.total() <= _REFUSED:
            self.send_error(503)
            return
        kind, _, number = self.path[1:].partition("/")
        case = CASES[int(number)] if kind == "case" else None
        page = case.at(self.server.now) if case else b"x 1\n# EOF\n"  # type: ignore[attr-defined]
        content_type = CONTENT_TYPES[case.form] if case else MEDIA_TYPES[int(number)]
        self.send_response(200)
        if content_type:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def pages() -> Iterator[Any]:
    """A server of all the pages: ``now`` is the time that they call so, ``served`` how often which was asked for by whom."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    server.daemon_threads = True
    server.now = time.time()  # type: ignore[attr-defined]
    server.served = defaultdict(Counter)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def seen(pages: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Seen]]:
    """By version and page, what became of it: all versions at once."""
    programs = [one for one in (ON_PATH, THREE) if one is not None]
    folders = [tmp_path_factory.mktemp("prometheus") for _ in programs]
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda one: _scraped(*one, pages), zip(programs, folders, strict=True))
        return dict(zip([one.id for one in programs], found, strict=True))


def _scraped(version: Version, folder: Path, pages: Any) -> dict[str, Seen]:
    address = f"127.0.0.1:{pages.server_address[1]}"
    names = [f"case/{number}" for number in range(len(CASES))] + [
        f"type/{number}" for number in range(len(MEDIA_TYPES))
    ]
    targets = [
        {"targets": [address], "labels": {"__metrics_path__": f"/{one}", "page": one}} for one in names
    ]
    config = {
        "global": {"scrape_interval": "3s", "scrape_timeout": "3s"},
        "scrape_configs": [{"job_name": "pages", "static_configs": targets}],
    }
    file = folder / "prometheus.yml"
    file.write_text(json.dumps(config))
    options = [f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}"]
    with running(version.prometheus, *options, path="/-/ready") as server:
        deadline = time.monotonic() + _LONGEST
        # Who asks for a page the third time has stored the one before, which was none of those that were refused.
        while min(_times(pages, version, name) for name in names) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        up = {one["metric"]["page"]: one["value"][1] == "1" for one in _ask(server, "up")}
        now = {_series(one["metric"]) for one in _ask(server, '{page!=""}')}
        stored: dict[str, dict[Any, bool]] = {name: {} for name in names}
        for one in _ask(server, 'last_over_time({page!="",__name__!~"up|scrape_.*"}[3h] offset -15m)'):
            name, labels = _series(one["metric"])
            stored[one["metric"]["page"]][name, labels - {("page", one["metric"]["page"])}] = (
                name,
                labels,
            ) in now
    return {name: Seen(up[name], stored[name]) for name in names}


def _times(pages: Any, version: Version, name: str) -> int:
    served = dict(pages.served)
    return sum(times[name] for agent, times in served.items() if agent.startswith(f"Prometheus/{version.id}"))


def _series(metric: dict[str, str]) -> tuple[str, frozenset[tuple[str, str]]]:
    rest = {key: value for key, value in metric.items() if key not in ("__name__", "job", "instance")}
    return metric["__name__"], frozenset(rest.items())


def _ask(server: Server, query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(server.get(f"/api/v1/query?query={quote(query)}"))["data"][
        "result"
    ]
    return found


def _alike(series: tuple[str, frozenset[tuple[str, str]]]) -> tuple[str, frozenset[tuple[str, str]]]:
    """The same for all spellings of a bound: Prometheus 3 has one of its own."""
    name, labels = series
    return name, frozenset(
        (key, _bound(value) if key in ("le", "quantile") else value) for key, value in labels
    )


def _bound(text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        return text
    return "+Inf" if number == math.inf and text == "+Inf" else text if math.isinf(number) else repr(number)


def _effect(case: Case, seen: Seen, now: float) -> Effect:
    """What became of a page, in the words of the rules."""
    if not seen.is_up:
        return Effect.REFUSES
    page = read([case.at(now)], case.form)
    texts = [text.encode() for text in case.meant] or list(page.index)
    meant = {(name, frozenset(labels.items())) for name, labels in map(taken_apart, texts)}
    if len(seen.stored) < (case.samples or len(meant)):
        return Effect.LOSES
    if {_alike(one) for one in seen.stored} != {_alike(one) for one in meant}:
        return Effect.ALTERS
    return Effect.NOTHING if all(seen.stored.values()) else Effect.UNSEEN


@pytest.mark.parametrize("version", versions())
@pytest.mark.parametrize("number", [pytest.param(number, id=case.id) for number, case in enumerate(CASES)])
def test_a_server_makes_of_a_page_what_the_rules_say(
    version: Version | None, number: int, seen: dict[str, dict[str, Seen]], pages: Any
) -> None:
    """Of each page, the worst that its troubles say is what the server does."""
    assert version is not None
    case, now = CASES[number], pages.now
    troubles = read([case.at(now)], case.form, now=now).troubles
    order = (Effect.REFUSES, Effect.LOSES, Effect.ALTERS, Effect.UNSEEN, Effect.NOTHING)
    said = min(
        [one.old if version.major == 2 else one.new for one in troubles],
        key=order.index,
        default=Effect.NOTHING,
    )
    assert _effect(case, seen[version.id][f"case/{number}"], now) is said


@pytest.mark.parametrize("version", versions())
@pytest.mark.parametrize(
    "number", [pytest.param(number, id=text or "none") for number, text in enumerate(MEDIA_TYPES)]
)
def test_a_content_type_is_accepted_by_prometheus_3_where_we_say_so(
    version: Version | None, number: int, seen: dict[str, dict[str, Seen]]
) -> None:
    """Prometheus 2 takes any, and Prometheus 3 those that have no trouble."""
    assert version is not None
    written = MEDIA_TYPES[number]
    found = media_type((written,) if written else ())
    is_up = seen[version.id][f"type/{number}"].is_up
    assert is_up is (version.major == 2 or not found.trouble)
    assert found.form in (Format.TEXT, Format.OPENMETRICS)
