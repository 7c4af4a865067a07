"""Pushes to Debian's Pushgateway, and to what is none."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deployspec.record.record import Run
from deployspec.sinks.metrics import Progress, families
from deployspec.sinks.sending import NotSent, Report
from tests.sinks.recording import Answer, recording, run_of, sender
from tests.sinks.servers import group, pushgateway, scraped

pytestmark = pytest.mark.xdist_group("pushgateway")

VERDICT = "deployspec_check_verdict"


@pytest.fixture(scope="module")
def gateway() -> Iterator[str]:
    """A Pushgateway, for tests that push to groups of their own."""
    with pushgateway() as url:
        yield url


def report(run: Run, deployment: str = "production", location: str = "cellar", limit: float = 20.0) -> Report:
    """The run, as a sink that sends metrics is given it."""
    told = families(run, Progress(300, 1_700_000_000.5, push_failures={"there": 2}))
    return Report(run, told, deployment, location, 1, time.monotonic() + limit)


@pytest.mark.parametrize(
    ("deployment", "location"),
    [
        ("production", "cellar"),
        ("shop/eu", "cellar/2"),
        ("a//b", "/"),
        ("..", "."),
        ("Läden", "東京 🗼"),
        ("100%2F", "a b?c=d#e&f;g"),
        ("empty", ""),
        ("", "empty"),
        # What base64 has / or + for.
        ("ÿÿÿ", "~~>?"),
        ("a@base64", "-"),
    ],
)
def test_each_deployment_and_location_has_its_group(
    deployment: str, location: str, gateway: str, tmp_path: Path
) -> None:
    """Whatever they are called: the labels come out as the names went in."""
    sink = sender(tmp_path, "pushgateway", gateway)
    sink.send(report(run_of(1, {"a": "MET"}), deployment, location), None)
    found = group(scraped(gateway), VERDICT, deployment=deployment, location=location)
    assert [one["verdict"] for one in found] == ["breached", "met", "unmeasured"]
    assert {one["job"] for one in found} == {"deployspec"}


def test_what_a_run_no_longer_says_goes_and_no_other_group_does(gateway: str, tmp_path: Path) -> None:
    """Neither that of another location or deployment, nor one of another job."""
    sink = sender(tmp_path, "pushgateway", f"{gateway}/")
    other_job = sender(tmp_path, "pushgateway", gateway, ", job: 'a/b'")
    both = run_of(1, {"a": "MET", "b": "BREACHED"})
    for deployment, location in (("goes", "here"), ("goes", "there"), ("stays", "here")):
        sink.send(report(both, deployment, location), None)
    other_job.send(report(both, "goes", "here"), None)
    sink.send(report(run_of(2, {"b": "MET"}), "goes", "here"), None)
    series = scraped(gateway)

    def checks(job: str, deployment: str, location: str) -> list[str]:
        found = group(series, "deployspec_check_info", job=job, deployment=deployment, location=location)
        return sorted(one["check"] for one in found)

    assert checks("deployspec", "goes", "here") == ["b"]
    assert checks("deployspec", "goes", "there") == ["a", "b"]
    assert checks("deployspec", "stays", "here") == ["a", "b"]
    assert checks("a/b", "goes", "here") == ["a", "b"]
    key = {"check": "b", "chapter": "health", "deployment": "goes", "location": "here", "instance": ""}
    values = {
        verdict: series[VERDICT][tuple(sorted({**key, "job": "deployspec", "verdict": verdict}.items()))]
        for verdict in ("met", "breached", "unmeasured")
    }
    assert values == {"met": 1, "breached": 0, "unmeasured": 0}


def test_the_reason_of_a_400_is_told(tmp_path: Path) -> None:
    """Another group has one of our names with another type: it is refused for good, and the Pushgateway says why."""
    with pushgateway() as url:
        body = b"# TYPE deployspec_run_interval_seconds counter\ndeployspec_run_interval_seconds 1\n"
        httpx.post(f"{url}/metrics/job/other", content=body, timeout=20, trust_env=False).raise_for_status()
        with pytest.raises(NotSent) as raised:
            sender(tmp_path, "pushgateway", url).send(report(run_of(1, {"a": "MET"})), None)
        assert VERDICT not in scraped(url)
    assert raised.value.final
    assert raised.value.reason.startswith("status 400: ")
    assert "deployspec_run_interval_seconds" in raised.value.reason
    # It may name the innocent one of the two.
    assert raised.value.reason.endswith(("is not a COUNTER", "is not a GAUGE"))


def test_an_address_that_is_no_pushgateways_is_told(gateway: str, tmp_path: Path) -> None:
    """Mostly it has the path that is put behind it."""
    with pytest.raises(NotSent) as raised:
        sender(tmp_path, "pushgateway", f"{gateway}/metrics").send(report(run_of(1)), None)
    assert raised.value.final
    assert raised.value.reason == (
        "status 404: 404 page not found; expected the address of a Pushgateway without /metrics, such as http://pushgateway:9091"
    )


def test_who_sends_is_proved(tmp_path: Path) -> None:
    """With the password it is taken; without one it is refused for good, as it is with another."""
    web = tmp_path / "web.yml"
    # Of the password geheim.
    web.write_text(
        "basic_auth_users: {probe: $2b$04$Jk4oFtmZj5mCnsfMAEA95uu.F76xSXbglX5YGLH76rpH44EpEKEnm}\n"
    )
    with pushgateway(f"--web.config.file={web}") as url:
        right = sender(tmp_path, "pushgateway", url, ", auth: {basic: {user: probe, password: geheim}}")
        right.send(report(run_of(1)), None)
        for more in ("", ", auth: {basic: {user: probe, password: falsch}}"):
            with pytest.raises(NotSent) as raised:
                sender(tmp_path, "pushgateway", url, more).send(report(run_of(1)), None)
            assert (raised.value.reason, raised.value.final) == ("status 401: Unauthorized", True)


@pytest.mark.parametrize(
    ("answer", "reason", "final", "after"),
    [
        (Answer(401, b"<html>log in</html>"), "status 401: an HTML page, so this may not be what it is taken for", True, None),
        (Answer(200, b"\n<!DOCTYPE html>"), "status 200: an HTML page, so this may not be what it is taken for", False, None),
        (Answer(500, b"disk\nfull"), "status 500: disk full", False, None),
        (Answer(503, b"", {"Retry-After": "7"}), "status 503", False, 7.0),
        (Answer(429, b"", {"Retry-After": "\xb2"}), "status 429", False, None),
        (Answer(429, b"", {"Retry-After": "Sun, 29 Nov 2026 05:00:00 GMT"}), "status 429", False, None),
        (Answer(307, b"", {"Location": "/metrics/job/other"}), "status 307", True, None),
    ],
)  # fmt: skip
def test_what_is_no_success_is_told(
    answer: Answer, reason: str, final: bool, after: float | None, tmp_path: Path
) -> None:
    """A redirect, which would lead into another group, is not followed."""
    with recording(answer) as server:
        with pytest.raises(NotSent) as raised:
            sender(tmp_path, "pushgateway", server.url).send(report(run_of(1)), None)
        assert [asked.method for asked in server.asked] == ["PUT"]
    assert (raised.value.reason, raised.value.final, raised.value.after) == (reason, final, after)


def test_no_answer_ends_at_the_time_limit(tmp_path: Path) -> None:
    """That of the file, or what is left of the probe's."""
    with recording(None) as server:
        for more, limit in ((", timeout: 100ms", 20.0), ("", 0.1)):
            sink = sender(tmp_path, "pushgateway", server.url, more)
            began = time.monotonic()
            with pytest.raises(NotSent) as raised:
                sink.send(report(run_of(1), limit=limit), None)
            assert time.monotonic() - began < 4
            assert not raised.value.final
            # No more digits than anybody reads.
            assert re.search(r"the time limit of 0\.\d{1,3} s ran out", raised.value.reason)


def test_500_checks_are_one_push(gateway: str, tmp_path: Path) -> None:
    """All of them arrive."""
    run = run_of(1, {f"check-{number}[{'x' * number}]": "MET" for number in range(500)})
    sender(tmp_path, "pushgateway", gateway).send(report(run, "large"), None)
    assert len(group(scraped(gateway), VERDICT, deployment="large")) == 1500
