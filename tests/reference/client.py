"""What the tests of the reference share.

Asking it over HTTP, reading its metrics and its logs, and waiting for something to come true.
"""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from reference.process import Reference


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, and how long it took from connecting to its last byte."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def ask(
    reference: Reference,
    path: str,
    *,
    method: str = "GET",
    body: object = None,
    headers: Mapping[str, str] | None = None,
    seller: bool = False,
    limit: float = 10.0,
) -> Answer:
    """Ask on a new connection; redirects are not followed."""
    sent = {**(headers or {}), **(reference.deployment["headers"] if seller else {})}
    if body is not None:
        sent["Content-Type"] = "application/json"
    started = time.monotonic()
    connection = http.client.HTTPConnection(urlsplit(reference.base_url).netloc, timeout=limit)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    found = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, found, content, time.monotonic() - started)


def ask_at_once(reference: Reference, path: str, times: int) -> list[Answer]:
    """Ask `times` times at the same time."""
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(lambda _: ask(reference, path), range(times)))


def in_time(asking: Callable[[], list[Answer]], limit: float) -> list[Answer]:
    """Ask until all answers come within `limit` seconds: a fault delays them each time, a busy machine now and then."""
    return in_rounds(asking, lambda answers: max(answer.seconds for answer in answers) < limit)


def in_rounds(asking: Callable[[], list[Answer]], are_so: Callable[[list[Answer]], bool]) -> list[Answer]:
    """Ask until the answers are so, in five rounds at most: on a busy machine not all that begin at once come at once."""
    for _ in range(5):
        answers = asking()
        if are_so(answers):
            return answers
    raise AssertionError(f"not so in any of 5 rounds; the last: {answers}")


def families(reference: Reference) -> dict[str, Metric]:
    """Scrape, parse, and give the families by name."""
    answer = ask(reference, "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {family.name: family for family in text_string_to_metric_families(answer.body.decode())}


def value(reference: Reference, sample: str, **labels: str) -> float:
    """Give a sample's value, 0 when there is none yet."""
    found = families(reference).values()
    return sum(s.value for family in found for s in family.samples if s.name == sample and s.labels == labels)


def until(condition: Callable[[], Any], limit: float = 10.0) -> Any:
    """Wait until `condition` gives something true, and give it; fail after `limit` seconds."""
    deadline = time.monotonic() + limit
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {limit:g} s"
        time.sleep(0.02)
    return value


def records(reference: Reference, file: str, **wanted: object) -> list[dict[str, Any]]:
    """Give a log file's records whose fields have these values, in order."""
    path: Path = reference.folder / "logs" / file
    everything = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [record for record in everything if wanted.items() <= record.items()]
