"""The health endpoint of the reference, with its dependencies up and down."""

from datetime import UTC, datetime

import pytest

from reference.process import Reference

from .client import Answer, ask, ask_at_once, in_time, until

pytestmark = pytest.mark.xdist_group("deal-scout")

ANSWER_LIMIT = 1.2
"""Seconds: the service promises one; the rest is for connecting on a busy machine."""
FAULTS = [
    ("redis-stopped", {"db": True, "redis": False}),
    ("redis-hung", {"db": True, "redis": False}),
    ("postgres-stopped", {"db": False, "redis": True}),
    ("postgres-hung", {"db": False, "redis": True}),
]


def assert_down(answer: Answer, parts: dict[str, bool]) -> None:
    """It is a 503 with these parts, and a queue depth exactly if Redis is up."""
    assert answer.status == 503
    assert {**answer.json, **parts, "ok": False} == answer.json
    assert (answer.json["queue_depth"] is None) == (not parts["redis"])


def test_healthy_answer_is_as_the_guide_gives_it(reference: Reference) -> None:
    """The fields are the guide's, in its order and types; nothing may cache the answer."""
    answer = ask(reference, "/health")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert list(answer.json) == ["ok", "db", "redis", "queue_depth", "version", "time"]
    told = answer.json.pop("time")
    assert answer.json | {"time": ""} == {
        "ok": True,
        "db": True,
        "redis": True,
        "queue_depth": 0,
        "version": "0.1.0",
        "time": "",
    }
    moment = datetime.strptime(told, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 5


@pytest.mark.parametrize(("fault", "parts"), FAULTS, ids=[name for name, _ in FAULTS])
def test_outage_is_told_in_time_and_ends(reference: Reference, fault: str, parts: dict[str, bool]) -> None:
    """A broken dependency is named within the limit, by ten callers at once too, and forgotten on its return."""
    with reference.broken(fault):
        for asking in (
            lambda: [ask(reference, "/health") for _ in range(2)],
            lambda: ask_at_once(reference, "/health", 10),
        ):
            for answer in in_time(asking, ANSWER_LIMIT):
                assert_down(answer, parts)
    until(lambda: ask(reference, "/health").status == 200, limit=5.0)
    assert all(answer.status == 200 for answer in ask_at_once(reference, "/health", 5))


@pytest.mark.parametrize("first", ["redis", "postgres"])
def test_hung_part_that_ends_and_returns(reference: Reference, first: str) -> None:
    """A part that hangs, is then stopped, and started anew, is found again like any other."""
    with reference.broken(f"{first}-stopped"), reference.broken(f"{first}-hung"):
        pass
    with reference.broken(f"{first}-hung"):
        assert ask(reference, "/health").status == 503
        with reference.broken(f"{first}-stopped"):
            assert ask(reference, "/health").status == 503
    until(lambda: ask(reference, "/health").status == 200, limit=5.0)


@pytest.mark.parametrize("fault", ["postgres-hung", "redis-hung"])
def test_metrics_do_not_hang(reference: Reference, fault: str) -> None:
    """A scrape is answered while a dependency hangs; the queue's length is absent when Redis is the one."""
    with reference.broken(fault):
        [answer] = in_time(lambda: [ask(reference, "/metrics")], ANSWER_LIMIT)
    assert answer.status == 200
    assert (b"celery_queue_length{" in answer.body) == (fault != "redis-hung")


@pytest.mark.parametrize("fault", ["postgres-stopped", "postgres-hung"])
def test_listings_say_so_when_the_database_is_away(reference: Reference, fault: str) -> None:
    """A route that needs the database answers 503 in time, tells nothing of it, and works again afterwards."""
    with reference.broken(fault):
        answer = ask(reference, "/listings")
    assert answer.status == 503
    assert answer.json == {"detail": "A part of the service is down; try again later."}
    until(lambda: ask(reference, "/listings").status == 200, limit=5.0)


@pytest.mark.parametrize("fault", ["redis-stopped", "redis-hung"])
def test_snap_says_so_when_the_queue_is_away(reference: Reference, fault: str) -> None:
    """A snap that cannot be queued is refused with 503; after the outage the worker works again by itself."""
    body = {"title": "Atlas", "category": "books"}
    with reference.broken(fault):
        assert ask(reference, "/seller/snap", method="POST", body=body, seller=True).status == 503
    accepted = ask(reference, "/seller/snap", method="POST", body=body, seller=True)
    path = f"/seller/snap/{accepted.json['id']}"
    until(lambda: ask(reference, path, seller=True).json["status"] == "ready")
