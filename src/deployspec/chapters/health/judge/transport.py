"""Is there an answer, in time, and whose is it?"""

from __future__ import annotations

from collections.abc import Sequence

from deployspec.base.shown import one_line, seconds
from deployspec.chapters.health.judge.reading import (
    answer_of,
    answered,
    failure_text,
    is_prober_failure,
    judge,
    named,
    not_its_own,
    own_url,
    verdict_of,
)
from deployspec.chapters.health.model import HealthPromise
from deployspec.model.http import Call, Failure, Timings
from deployspec.model.verdict import Verdict, breached, met


@judge
def answers_in_time(call: Call, promise: HealthPromise) -> Verdict:
    """A complete answer within ``timeout``, from name lookup to last byte. At the limit is within it.

    It says nothing of what the answer is, or whose. The last attempt counts.
    """
    limit = f"at most {seconds(promise.timeout)}"
    result = call.result
    total = seconds(result.timings.total, promise.timeout)
    if is_prober_failure(result):
        answer_of(call)
    if isinstance(result, Failure):
        fault = f"no complete answer: {failure_text(result)}"
        return breached(fault, measured=f"no answer in {total}", limit=limit)
    fault = ""
    if result.timings.total > promise.timeout:
        fault = f"answered after {total}, expected {limit}{_longest(result.timings)}"
    return verdict_of(fault, f"answered after {total}", measured=total, limit=limit)


@judge
def answers_within_max_response_time(steady: Sequence[Call], promise: HealthPromise) -> Verdict:
    """The slowest of the calls that were answered took at most ``max_response_time``. At the limit is MET.

    ``steady[0]`` is the shared first call. Calls without an answer belong to ``answers_in_time`` and ``steady``,
    answers from elsewhere to ``answer_is_its_own``.
    """
    longest = named(promise.max_response_time, "max_response_time")
    seen = answered(steady, promise)
    number, _, answer = max(seen, key=lambda one: one[2].timings.total)
    slowest = answer.timings
    limit = f"at most {seconds(longest)}"
    total = seconds(slowest.total, longest)
    measured = f"{total} (call {number} of {len(steady)}{_longest(slowest)})"
    # A call without an answer took longer than any of these, perhaps: it is not passed over in silence.
    which = "call" if len(seen) == len(steady) else f"of {len(seen)} answered calls"
    found = f"the slowest {which} took {measured}"
    fault = f"{found}, expected {limit}" if slowest.total > longest else ""
    return verdict_of(fault, found, measured=measured, limit=limit)


@judge
def answer_is_its_own(call: Call, promise: HealthPromise) -> Verdict:
    """The final answer comes from the deployment's own host and path: a login page is not health."""
    answer = answer_of(call)
    limit = one_line(own_url(promise), 100)
    if stranger := not_its_own(answer.url, promise):
        hops = len(answer.hops)
        how = f", after {hops} redirect{'' if hops == 1 else 's'}" if hops else ""
        return breached(f"{stranger}{how}", measured=stranger, limit=limit)
    return met("answered by its own host and path", limit=limit)


def late(call: Call, promise: HealthPromise) -> str | None:
    """Why a call did not bring a complete answer within ``timeout``; None if it did, or if the prober failed."""
    verdict = answers_in_time(call, promise)
    return verdict.reason if verdict.outcome == "BREACHED" else None


def _longest(timings: Timings) -> str:
    """The phase that took longest, for a reason: where to look first."""
    if not timings.phases:
        return ""
    phase, took = max(timings.phases.items(), key=lambda item: item[1])
    return f", {seconds(took)} of it {phase.value}"
