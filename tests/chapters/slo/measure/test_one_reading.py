"""The same bytes are read alike by whoever asks: the health checks' parser, the load generator's, and the rule of both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deployspec.chapters.slo.load.plan import Route
from deployspec.chapters.slo.load.tally import RouteTally
from deployspec.model.http import Answer, Failure
from tests.chapters.slo.measure.making import make
from tests.languages.http_answers import ANSWERS
from tests.raw_server import Connection, Server, serve
from tests.tools.http.asking import ask

BYTES = [one.values[0] for one in ANSWERS]
ROUTES = [Route(str(one.id), "GET", f"/{number}", 1.0) for number, one in enumerate(ANSWERS)]


def answer_by_number(connection: Connection) -> None:
    """The path names the answer."""
    connection.send(BYTES[int(connection.read_head().target[1:])])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """It gives each of the answers."""
    with serve(answer_by_number) as serving:
        yield serving


@pytest.fixture(scope="module")
def counted(server: Server) -> dict[str, RouteTally]:
    """What one load run has seen of each answer, some ten times."""
    result = make(server.base_url, *ROUTES, rate=50.0, duration=5.0)
    assert not result.trouble
    return {route.name: tally for route, tally in zip(ROUTES, result.tally.routes, strict=True)}


def _errors(seen: RouteTally) -> list[str]:
    """Without what a busy machine made wait for too long."""
    return [error for error in seen.errors if not error.startswith("no answer within")]


@pytest.mark.xdist_group("one-reading")
@pytest.mark.parametrize(
    ("asked", "why"),
    [pytest.param(route, one.values[1], id=route.name) for route, one in zip(ROUTES, ANSWERS, strict=True)],
)
def test_one_reading_of_the_same_bytes(
    asked: Route, why: str, server: Server, counted: dict[str, RouteTally]
) -> None:
    """A health check and a load run both take them for an answer, or both do not, in the same words."""
    called, seen = ask(server.base_url + asked.target), counted[asked.name]
    if why:
        assert isinstance(called, Failure)
        assert why in called.reason
        # A busy machine may break a connection, too: that is no reading of these bytes.
        read = [error for error in _errors(seen) if error.startswith("not HTTP: ")]
        assert len(read) == 1, dict(seen.errors)
        assert why in read[0]
        assert not seen.statuses
    else:
        assert isinstance(called, Answer)
        assert called.status == 200
        assert set(seen.statuses) == {"200"}
        assert not _errors(seen)
