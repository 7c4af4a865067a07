"""The HTTP probe's retries, and its concurrent calls."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from deployspec.model.http import Answer, Failure, FailureKind
from deployspec.tools.http import call, call_concurrently
from tests.raw_server import serve
from tests.tools.http.asking import PATIENT, SLACK, TIMEOUT, assert_readable, request_to, resolver


def test_no_retry_by_default() -> None:
    """Unless it is told to, the probe asks once."""
    with serve("resets-then-ok") as server:
        made = call(request_to(server))
        assert server.connections == 1
    assert [type(attempt) for attempt in made.attempts] == [Failure]
    assert not made.flaky


def test_retries_keep_every_attempt() -> None:
    """Transport failures are retried; every attempt is kept, and an answer after them is flaky."""
    with serve("resets-then-ok") as server:
        made = call(request_to(server, retries=5))
        assert server.connections == 3
    assert [type(attempt) for attempt in made.attempts] == [Failure, Failure, Answer]
    assert made.flaky
    starts = [attempt.sent_at for attempt in made.attempts]
    assert starts == sorted(starts)


def test_retries_run_out() -> None:
    """One retry too few leaves a failure."""
    with serve("resets-then-ok") as server:
        made = call(request_to(server, retries=1))
        assert server.connections == 2
    assert [type(attempt) for attempt in made.attempts] == [Failure, Failure]
    assert not made.flaky


def test_each_attempt_has_the_whole_time() -> None:
    """A time-out is retried, with the whole time limit again."""
    with serve("accepts-never-answers") as server:
        made = call(request_to(server, retries=1, timeout=TIMEOUT))
    assert len(made.attempts) == 2
    for attempt in made.attempts:
        assert isinstance(attempt, Failure)
        assert attempt.kind is FailureKind.TIMEOUT
        assert TIMEOUT - 0.01 <= attempt.timings.total <= TIMEOUT + SLACK


@pytest.mark.parametrize("fault", ["body-200mb", "broken-gzip", "redirect-loop"])
def test_failures_of_the_answer_are_not_retried(fault: str) -> None:
    """What another attempt would only repeat is not retried."""
    with serve(fault) as server:
        assert len(call(request_to(server, retries=3)).attempts) == 1


@pytest.mark.parametrize("fault", ["refused", "short-body", "expired"])
def test_failures_of_the_transport_are_retried(fault: str) -> None:
    """What may have been the network's mood is retried."""
    with serve(fault) as server:
        assert len(call(request_to(server, retries=1)).attempts) == 2


def test_an_answer_is_never_retried() -> None:
    """Any answer ends the call, whatever its status."""
    with serve() as server:
        made = call(request_to(f"{server.base_url}/nowhere", retries=3))
    assert len(made.attempts) == 1
    assert isinstance(made.result, Answer)
    assert made.result.status == 404


def test_concurrent_calls_are_concurrent() -> None:
    """Five calls at once are open at the same time, each on a connection of its own."""
    with serve("answers-late") as server:
        made = call_concurrently(request_to(server), 5)
        assert server.connections == 5
        assert server.peak == 5
    assert [type(one.result) for one in made] == [Answer] * 5


def test_queueing_shows_in_the_times() -> None:
    """A server that answers one at a time shows it: the last of four calls waits for all of them."""
    with serve("answers-one-at-a-time") as server:
        made = call_concurrently(request_to(server), 4)
    assert max(one.result.timings.total for one in made) >= 4 * 0.3 - 0.1


def test_concurrent_calls_over_tls() -> None:
    """Concurrent calls share the loaded certificates and nothing else."""
    with serve("tls-ok") as server:
        made = call_concurrently(request_to(server), 5)
    assert [type(one.result) for one in made] == [Answer] * 5


def test_concurrent_calls_keep_their_time_limit() -> None:
    """A server that never answers costs concurrent calls one time limit, not five."""
    began = time.monotonic()
    with serve("accepts-never-answers") as server:
        made = call_concurrently(request_to(server, timeout=TIMEOUT), 5)
    assert time.monotonic() - began <= TIMEOUT + SLACK
    for one in made:
        assert isinstance(one.result, Failure)
        assert one.result.kind is FailureKind.TIMEOUT


def test_concurrent_lookups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each concurrent call looks up the name itself."""
    asked: list[object] = []
    with serve() as server:
        known = resolver(("127.0.0.1", server.port))

        def resolve(*question: Any, **more: Any) -> Any:
            asked.append(question)
            return known(*question, **more)

        monkeypatch.setattr("socket.getaddrinfo", resolve)
        made = call_concurrently(request_to("http://deal-scout.test/health"), 3)
    assert len(asked) == 3
    assert all(isinstance(one.result, Answer) for one in made)


@pytest.mark.parametrize("concurrent", [False, True], ids=["lookup", "concurrent-calls"])
def test_no_threads_left(monkeypatch: pytest.MonkeyPatch, concurrent: bool) -> None:
    """A prober that can start no thread says so, and blames nobody else."""
    with serve() as server:

        def start(self: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        with monkeypatch.context() as patched:
            patched.setattr("threading.Thread.start", start)
            if concurrent:
                made = call_concurrently(request_to(server), 3)
            else:
                made = (call(request_to("http://deal-scout.test/", timeout=PATIENT)),)
    assert len(made) == (3 if concurrent else 1)
    for one in made:
        assert isinstance(one.result, Failure)
        assert one.result.kind is FailureKind.PROBER
        assert "thread" in one.result.reason
        assert_readable(one.result)
