"""Whether a scrape was answered: a status, or why there is none."""

from __future__ import annotations

import pytest

from deployspec.chapters.metrics.judge.scrape import answers_in_time
from deployspec.model.http import Answer, Call, Failure, FailureKind, Phase, Timings

URL = "http://a/metrics"


def answer(status: int) -> Answer:
    """One of four bytes, after half a second."""
    return Answer(URL, status, (), b"x 1\n", 0.0, 0.5, Timings(total=0.5))


def failure(kind: FailureKind) -> Failure:
    """One that says why."""
    return Failure(URL, kind, Phase.CONNECT, "it is so", 0.0, Timings(total=0.5))


@pytest.mark.parametrize(
    ("results", "verdict", "measured", "reason"),
    [
        pytest.param([answer(200)], "MET", "0.5 s, 4 bytes", "an answer came in 0.5 s, 4 bytes", id="answered"),
        pytest.param([answer(204)], "BREACHED", "status 204", "answers with status 204; expected 200", id="another-good-status"),
        pytest.param([answer(500)], "BREACHED", "status 500", "answers with status 500; expected 200", id="an-error"),
        pytest.param([failure(FailureKind.TIMEOUT)], "BREACHED", "", "no complete answer: it is so", id="too-slow"),
        pytest.param([failure(FailureKind.TOO_LARGE)], "BREACHED", "", "no complete answer: it is so", id="too-large"),
        pytest.param([failure(FailureKind.PROBER)], "UNMEASURED", "", "nothing was learnt: it is so", id="our-own-fault"),
        pytest.param([failure(FailureKind.CONNECT), answer(200)], "MET", "0.5 s, 4 bytes", "", id="after-a-retry"),
    ],
)  # fmt: skip
def test_an_answer(results: list[Answer | Failure], verdict: str, measured: str, reason: str) -> None:
    """Only status 200 is one that Prometheus stores; where the prober itself failed, nobody knows."""
    found = answers_in_time(Call(tuple(results)), 1.0, 1000)
    assert (found.outcome, found.measured, reason in found.reason) == (verdict, measured, True), found.reason
    assert found.limit == "status 200 within 1 s, at most 1,000 bytes"
