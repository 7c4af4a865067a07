"""The reference's metrics."""

import pytest

from reference.faults.switch import NONE, QUERIES, SLOW_QUERIES
from reference.process import Reference

from .client import ask, families, until, value

pytestmark = pytest.mark.xdist_group("deal-scout")


def test_the_guides_metrics_are_there(reference: Reference) -> None:
    """Right after the start, with one request made, everything that the guide names is there, each with a help text."""
    ask(reference, "/ping")
    found = families(reference)
    assert {
        "deal_scout_requests": "counter",
        "deal_scout_request_duration_seconds": "histogram",
        "celery_task": "counter",
        "celery_task_duration_seconds": "histogram",
        "celery_queue_length": "gauge",
        "celery_workers": "gauge",
        "celery_task_sent": "counter",
        "sqlalchemy_pool_size": "gauge",
        "sqlalchemy_pool_checked_out": "gauge",
        "sqlalchemy_query_duration_seconds": "histogram",
        "sqlalchemy_transaction_rollbacks": "counter",
        "process_cpu_seconds": "counter",
    }.items() <= {name: family.type for name, family in found.items()}.items()
    assert all(family.documentation for family in found.values())
    assert [s.labels for s in found["celery_queue_length"].samples] == [{"queue": "celery"}]


def test_latency_has_a_bucket_at_the_alerts_limit(reference: Reference) -> None:
    """The histogram of request durations can tell how many took at most 0.5 seconds."""
    ask(reference, "/ping")
    samples = families(reference)["deal_scout_request_duration_seconds"].samples
    bounds = {s.labels["le"] for s in samples if s.name.endswith("_bucket")}
    assert {"0.5", "+Inf"} <= bounds


def test_requests_are_counted_by_route_template(reference: Reference) -> None:
    """The path label is the route's template, and one value for all that match none; odd methods share one."""

    def counts() -> list[float]:
        name = "deal_scout_requests_total"
        return [
            value(reference, name, method="GET", path="/seller/snap/{snap_id}", status="404"),
            value(reference, name, method="GET", path="unmatched", status="404"),
            value(reference, name, method="other", path="/ping", status="405"),
        ]

    before = counts()
    ask(reference, "/seller/snap/a", seller=True)
    ask(reference, "/seller/snap/b", seller=True)
    ask(reference, "/wp-admin")
    ask(reference, "/.env")
    ask(reference, "/ping", method="BREW")
    assert [now - then for now, then in zip(counts(), before, strict=True)] == [2, 2, 1]
    paths = {s.labels["path"] for s in families(reference)["deal_scout_requests"].samples}
    assert not paths & {"/seller/snap/a", "/wp-admin", "/.env"}


def test_the_workers_tasks_are_counted(reference: Reference) -> None:
    """A task that the worker did shows at the API's metrics, with its duration."""
    task = {"name": "deal_scout.price_snap"}
    before = value(reference, "celery_task_total", **task, state="succeeded")
    durations = value(reference, "celery_task_duration_seconds_count", **task)
    body = {"title": "Atlas", "category": "books"}
    ask(reference, "/seller/snap", method="POST", body=body, seller=True)
    until(lambda: value(reference, "celery_task_total", **task, state="succeeded") == before + 1)
    until(lambda: value(reference, "celery_task_duration_seconds_count", **task) == durations + 1)
    assert value(reference, "celery_task_sent_total", **task) > 0


def test_workers_are_counted_that_take_tasks(reference: Reference) -> None:
    """One that stands still is none after three seconds, and one again when it goes on."""
    until(lambda: value(reference, "celery_workers") == 1)
    with reference.broken("worker-hung"):
        until(lambda: value(reference, "celery_workers") == 0)
    until(lambda: value(reference, "celery_workers") == 1)


def test_slow_queries_are_measured_as_slow(reference: Reference) -> None:
    """The fault is inside what the application measures, and over when it is switched off."""
    name = "sqlalchemy_query_duration_seconds_sum"
    before = value(reference, name)
    QUERIES.turn(reference.folder, SLOW_QUERIES)
    try:
        ask(reference, "/listings")
    finally:
        QUERIES.turn(reference.folder, NONE)
    slow = value(reference, name)
    assert slow - before >= 0.6
    ask(reference, "/listings")
    assert value(reference, name) - slow < 0.6
