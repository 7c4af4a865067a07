"""Whatever is answered, every judge returns a verdict that may be shown."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.chapters.health.judge.clock import time_moves_on
from deployspec.chapters.health.judge.outage import outage_is_told_and_over
from deployspec.chapters.health.model import Outage
from deployspec.model.http import Answer, Call, Failure, FailureKind, Phase, Timings
from deployspec.model.verdict import Outcome
from tests.chapters.health.answers import GUIDE, NOW, URL, answered, promise
from tests.chapters.health.test_chain import ALL, judged
from tests.trials import trials

REDIS = Outage("redis-hung", "redis")

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.just("redis://:hunter2@cache"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
near_misses = st.dictionaries(st.sampled_from([*GUIDE, "note"]), anything, max_size=4).map(
    lambda fields: json.dumps(GUIDE | fields).encode()
)
headers = st.lists(
    st.tuples(st.sampled_from(["content-type", "age", "cache-control", "x"]), st.text(max_size=20)),
    max_size=4,
)
answers = st.builds(
    Answer,
    url=st.just(URL) | st.text(max_size=20) | st.text(max_size=12).map("http://".__add__),
    status=st.sampled_from([200, 503]) | st.integers(100, 999),
    headers=headers.map(tuple),
    body=near_misses | st.binary(max_size=60),
    sent_at=st.floats(NOW - 10, NOW),
    received_at=st.floats(NOW, NOW + 10),
    timings=st.builds(Timings, st.dictionaries(st.sampled_from(Phase), st.floats(0, 9)), st.floats(0, 9)),
)
failures = st.builds(
    Failure,
    url=st.text(max_size=20),
    kind=st.sampled_from(FailureKind),
    phase=st.sampled_from(Phase),
    reason=st.text(max_size=40) | st.just("no answer from redis://:hunter2@cache"),
    sent_at=st.floats(NOW - 10, NOW + 10),
    timings=st.builds(Timings, st.just({}), st.floats(0, 9)),
)


def assert_presentable(verdict):
    """One line, not long, with nothing that a terminal would obey, and no secret."""
    for text in (verdict.reason, verdict.measured, verdict.limit):
        assert text.isprintable()
        assert len(text) <= 400
        assert "hunter2" not in text
    assert verdict.reason


@settings(deadline=None, max_examples=trials(400))
@given(answers, answers)
def test_no_answer_makes_a_judge_raise(first, other):
    """Any status, headers, body and URL give a verdict."""
    first, other = Call((first,)), Call((other,))
    for verdict in judged(first).values():
        assert_presentable(verdict)
    assert_presentable(time_moves_on(first, other, promise()))
    assert_presentable(outage_is_told_and_over(answered(), first, [other], REDIS, NOW, promise()))


@settings(deadline=None, max_examples=trials(200))
@given(failures)
def test_no_failure_is_ever_met(failure):
    """Without an answer nothing is met, and only the time limit is breached, unless it was the prober's own fault."""
    call = Call((failure,))
    verdicts = judged(call)
    for verdict in verdicts.values():
        assert_presentable(verdict)
    breached = {check for check, verdict in verdicts.items() if verdict.outcome is Outcome.BREACHED}
    assert breached == (set() if failure.kind is FailureKind.PROBER else {"answers_in_time"})
    unmeasured = {check for check, verdict in verdicts.items() if verdict.outcome is Outcome.UNMEASURED}
    assert unmeasured == ALL - breached
    told = outage_is_told_and_over(answered(), call, [call], REDIS, NOW, promise())
    assert told.outcome is not Outcome.MET
    assert_presentable(told)
