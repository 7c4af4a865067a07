"""The heartbeat: what is sent at a run's start and end, and what counts as an answer."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from deployspec.sinks.sending import NotSent
from tests.sinks.recording import SECRET, Answer, entry, recording, report_of, run_of, sender

RID = "rid=0e1f2a3b-0000-4000-8000-000000000001"


def test_a_run_is_told_at_its_start_and_by_its_exit_status(tmp_path: Path) -> None:
    """Both with the run's id, so that the service can measure how long it took; the memory is left as it is."""
    with recording() as server:
        sink = sender(tmp_path, "heartbeat", f"{server.url}/{SECRET}")
        run = run_of(1)
        sink.begin(report_of(run))
        run.entries = {
            "a": entry("a", "MET"),
            "b": entry("b", "BREACHED", "https://there/secret is down"),
            "c": entry("c[https://there/x]", "UNMEASURED"),
        }
        assert sink.send(report_of(run, status=1), {"kept": 1}) == {"kept": 1}
    start, end = server.asked
    assert (start.method, start.path, start.body) == ("POST", f"/{SECRET}/start?{RID}", b"")
    assert (end.method, end.path) == ("POST", f"/{SECRET}/1?{RID}")
    assert end.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert end.body.decode().splitlines() == [
        "deployment production, location cellar, exit status 1",
        "3 checks: 1 MET, 1 BREACHED, 1 UNMEASURED",
        "BREACHED b",
        "UNMEASURED c[(URL)",
    ]


@pytest.mark.parametrize(
    ("status", "more", "ending"),
    [
        (0, {}, "0"),
        (5, {}, "5"),
        (1, {"cut_short": "the time limit of 55s was reached"}, "fail"),
        # Nothing outside the window is known to be bad.
        (0, {"maintenance": "nightly"}, "0"),
        (0, {"maintenance": "nightly", "cut_short": "the time limit of 55s was reached"}, "0"),
        (-9, {}, "fail"),
    ],
)
def test_what_is_told_is_the_probes_status(
    status: int, more: dict[str, str], ending: str, tmp_path: Path
) -> None:
    """An incomplete run has failed, except where a maintenance window makes all of it well; the text says both."""
    with recording() as server:
        sink = sender(tmp_path, "heartbeat", f"{server.url}/{SECRET}/")
        sink.send(report_of(run_of(1, {"a": "BREACHED"}, **more), status), None)
    (asked,) = server.asked
    assert asked.path == f"/{SECRET}/{ending}?{RID}"
    for text in more.values():
        assert text in asked.body.decode()


def test_the_urls_own_query_stays_and_an_id_that_is_no_uuid_is_left_out(tmp_path: Path) -> None:
    """A service that makes checks as they are needed is told so; healthchecks.io refuses a rid of any other form."""
    with recording() as server:
        sink = sender(tmp_path, "heartbeat", f"{server.url}/ping/key/shop?create=1")
        run = run_of(1)
        sink.send(report_of(run, 0), None)
        run.id = ""
        sink.send(report_of(run, 0), None)
    assert [asked.path for asked in server.asked] == [
        f"/ping/key/shop/0?create=1&{RID}",
        "/ping/key/shop/0?create=1",
    ]


def test_the_text_is_bounded(tmp_path: Path) -> None:
    """A thousand failing checks, of the longest names: ten thousand bytes, and how many are missing."""
    with recording() as server:
        sink = sender(tmp_path, "heartbeat", server.url)
        sink.send(report_of(run_of(1, {f"{'ü' * 300}{number}": "BREACHED" for number in range(1000)})), None)
    (asked,) = server.asked
    lines = asked.body.decode().splitlines()
    assert 9_000 < len(asked.body) <= 10_000
    assert lines[-1] == f"and {1000 - (len(lines) - 3)} more"


@pytest.mark.parametrize(
    ("answer", "reason", "final", "after"),
    [
        # What healthchecks.io says of a UUID that it does not know, and of too many pings.
        (Answer(200, b"OK (not found)"), "status 200: OK (not found); expected OK", True, None),
        (Answer(200, b"OK (rate limited)"), "status 200: OK (rate limited); expected OK", False, None),
        (Answer(404, b"not found"), "status 404: not found", True, None),
        (Answer(429, b"slow", {"Retry-After": "7"}), "status 429: slow", False, 7.0),
        (Answer(500, b""), "status 500", False, None),
        (Answer(500, f"no /{SECRET}/0 and no {SECRET}".encode()), "status 500: no /***/0 and no ***", False, None),
        (Answer(301, b"", {"Location": "/"}), "status 301", True, None),
        (Answer(502, b"<html>"), "status 502: an HTML page, so this may not be what it is taken for", False, None),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_told_without_the_secret(
    answer: Answer, reason: str, final: bool, after: float | None, tmp_path: Path
) -> None:
    """Also where the receiver repeats the path that it was asked for."""
    with recording(answer) as server:
        sink = sender(tmp_path, "heartbeat", f"{server.url}/{SECRET}")
        for ask in (sink.begin, lambda report: sink.send(report, None)):
            with pytest.raises(NotSent) as raised:
                ask(report_of(run_of(1), 0))
            assert (raised.value.reason, raised.value.final, raised.value.after) == (reason, final, after)
    assert len(server.asked) == 2


def test_no_answer_ends_at_the_time_limit(tmp_path: Path) -> None:
    """That of the request, or what the probe has left; past that, nothing is asked."""
    with recording(None) as server:
        sink = sender(tmp_path, "heartbeat", f"{server.url}/{SECRET}", ", timeout: 200ms")
        for limit in (10.0, 0.1):
            begun = time.monotonic()
            with pytest.raises(NotSent) as raised:
                sink.send(report_of(run_of(1), 0, limit), None)
            assert time.monotonic() - begun < 5
            assert not raised.value.final
            assert SECRET not in raised.value.reason
        with pytest.raises(NotSent, match="the time limit was reached"):
            sink.send(report_of(run_of(1), 0, -1), None)
    assert len(server.asked) == 2
