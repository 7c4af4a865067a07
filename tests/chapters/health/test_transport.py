"""Is there an answer, in time, and whose is it?"""

from __future__ import annotations

import pytest

from deployspec.chapters.health.judge.transport import (
    answer_is_its_own,
    answers_in_time,
    answers_within_max_response_time,
)
from deployspec.model.http import FailureKind, Phase
from deployspec.model.verdict import Outcome
from tests.chapters.health.answers import TIMED_OUT, answered, failed, promise


@pytest.mark.parametrize(
    ("took", "outcome", "reason"),
    [
        pytest.param(1.999_999, Outcome.MET, "answered after 1.999999 s", id="just-below"),
        pytest.param(2.0, Outcome.MET, "answered after 2 s", id="at-the-limit"),
        pytest.param(
            2.000_001, Outcome.BREACHED, "answered after 2.000001 s, expected at most 2 s", id="just-above"
        ),
    ],
)
def test_an_answer_is_in_time_up_to_the_limit(took, outcome, reason):
    """Within the time limit is at most the time limit, unrounded."""
    verdict = answers_in_time(answered(took=took), promise())
    assert verdict.outcome is outcome
    assert verdict.reason.startswith(reason)
    assert verdict.limit == "at most 2 s"


@pytest.mark.parametrize(
    "kind", [kind for kind in FailureKind if kind is not FailureKind.PROBER], ids=lambda kind: kind.name
)
def test_every_failure_of_the_deployment_is_breached_with_its_reason(kind):
    """No complete answer is a breach, and the reason says why, where and after how long."""
    verdict = answers_in_time(failed(kind, Phase.TLS, "certificate has expired", took=0.25), promise())
    assert verdict.outcome is Outcome.BREACHED
    where = "" if kind is FailureKind.TIMEOUT else "TLS handshake, "  # a time limit's own reason says where
    assert verdict.reason == f"no complete answer: certificate has expired ({where}after 0.25 s)"


@pytest.mark.parametrize(
    ("slowest", "outcome", "measured"),
    [
        pytest.param(0.999, Outcome.MET, "0.999 s (call 2 of 3, 0.6 s of it name lookup)", id="just-below"),
        pytest.param(1.0, Outcome.MET, "1 s (call 2 of 3, 0.6 s of it name lookup)", id="at-the-limit"),
        pytest.param(
            1.0001, Outcome.BREACHED, "1.0001 s (call 2 of 3, 0.6 s of it name lookup)", id="just-above"
        ),
    ],
)
def test_the_slowest_steady_call_is_judged(slowest, outcome, measured):
    """The slowest answer counts, at the limit is met, and the longest phase is named; calls without one don't count."""
    calls = [answered(), answered(took=slowest, phases={Phase.CONNECT: 0.1, Phase.LOOKUP: 0.6}), TIMED_OUT]
    verdict = answers_within_max_response_time(calls, promise())
    assert verdict.outcome is outcome
    assert verdict.measured == measured
    assert verdict.reason.startswith("the slowest of 2 answered calls took ")
    assert answers_within_max_response_time(calls[:2], promise()).reason.startswith("the slowest call took ")


def test_no_calls_have_no_response_time():
    """Without a call, nothing is known."""
    assert answers_within_max_response_time([], promise()).outcome is Outcome.UNMEASURED


# base: the deployment file's base_url; its path is /health.
@pytest.mark.parametrize(
    ("base", "url", "own"),
    [
        pytest.param("http://scout.example", "http://scout.example/health", True, id="same"),
        pytest.param("http://scout.example/", "http://scout.example/health?full=1", True, id="query-does-not-matter"),
        pytest.param("http://Scout.Example", "http://scout.EXAMPLE:80/health", True, id="case-and-default-port"),
        pytest.param("http://scout.example", "http://scout.example./health", True, id="root-dot"),
        pytest.param("http://scout.example/api", "http://scout.example/api/health", True, id="base-with-a-path"),
        pytest.param("http://scout.example", "https://scout.example/health", True, id="step-up-to-https"),
        pytest.param("http://scout.example:80", "https://scout.example:443/health", True, id="step-up-with-ports"),
        pytest.param("http://b\u00fccher.example", "http://xn--bcher-kva.example/health", True, id="idna"),
        pytest.param("http://[::1]:8000", "http://[::1]:8000/health", True, id="ipv6"),
        pytest.param("https://scout.example", "http://scout.example/health", False, id="step-down-to-http"),
        pytest.param("http://scout.example:8000", "https://scout.example/health", False, id="step-up-from-another-port"),
        pytest.param("https://scout.example:80", "https://scout.example/health", False, id="another-port-of-https"),
        pytest.param("http://scout.example", "https://scout.example:8443/health", False, id="step-up-to-another-port"),
        pytest.param("http://scout.example", "http://scout.example:8080/health", False, id="another-port"),
        pytest.param("http://scout.example", "http://www.scout.example/health", False, id="another-host"),
        pytest.param("http://scout.example", "http://scout.example.evil.example/health", False, id="longer-host"),
        pytest.param("http://scout.example", "http://scout.example/health/", False, id="slash-at-the-end"),
        pytest.param("http://scout.example", "http://scout.example/Health", False, id="case-of-the-path"),
        pytest.param("http://scout.example", "http://scout.example/login?next=/health", False, id="login"),
        pytest.param("http://scout.example", "http://[::1/health", False, id="url-that-cannot-be-read"),
        pytest.param("http://scout.example", "http://scout.example:99999/health", False, id="port-that-is-none"),
    ],
)  # fmt: skip
def test_an_answer_is_its_own_or_not(base, url, own):
    """Own is the deployment's host and exact path; the reason says who answered instead."""
    verdict = answer_is_its_own(answered(url=url), promise(base_url=base))
    assert verdict.outcome is (Outcome.MET if own else Outcome.BREACHED)
    assert own or verdict.reason.startswith("answered by ")


def test_where_a_redirect_ended_is_told_without_its_secrets():
    """The reason names the final place, without credentials and without the query."""
    verdict = answer_is_its_own(answered(url="https://me:hunter2@login.example/in?token=abcdef"), promise())
    assert verdict.reason == (
        "answered by https://login.example/in, not by http://deal-scout.example:8000/health"
    )
