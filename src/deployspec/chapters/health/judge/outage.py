"""A part of the deployment goes away and comes back: is it told, and is it over in time?

The caller injects the fault, asks, ends the fault, polls, and hands over what it measured.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from deployspec.base.shown import names, seconds
from deployspec.chapters.health.judge.meaning import healthy_now, queue_depth_fault, statuses, words
from deployspec.chapters.health.judge.reading import (
    CannotJudgeError,
    answer_of,
    is_prober_failure,
    judge,
    own_answer,
    verdict_of,
    worst,
)
from deployspec.chapters.health.judge.state import any_of, states
from deployspec.chapters.health.judge.transport import late
from deployspec.chapters.health.model import HealthPromise, Outage
from deployspec.model.http import Answer, Call
from deployspec.model.verdict import Outcome, Verdict, breached, met, unmeasured


@judge
def was_healthy(before: Call, outage: Outage, promise: HealthPromise) -> Verdict:
    """Whether the endpoint was healthy before the fault: else nothing could be said of its effect."""
    was = healthy_now(before, promise)
    if was.outcome is Outcome.MET:
        return was
    return unmeasured(f"not healthy before {outage.part or outage.name} went down: {was.reason}")


@judge
def outage_is_told(before: Call, during: Call, outage: Outage, promise: HealthPromise) -> Verdict:
    """While a part is down: the status and ``ok`` (or text) of an unhealthy service within ``timeout``, exactly that part
    not healthy, the queue's depth null exactly if it hangs on that part.

    An endpoint that does not depend on the part stays healthy, and says only of that part that it is down, if it names
    it. Where the deployment file names no parts, nothing is said of one; where it names others, it is at fault.
    ``before`` must be healthy, or nothing is known of the fault's effect. As the endpoint was well then, an answer
    that cannot be read now is BREACHED here: the outage is not told.
    """
    was = was_healthy(before, outage, promise)
    if was.outcome is not Outcome.MET:
        return was
    if is_prober_failure(during.result):
        answer_of(during)
    right, well = _expected(outage, promise)
    said = _to_be_said(outage, promise, well=well)
    limit = ", ".join([f"{statuses(right)} within {seconds(promise.timeout)}", *said])
    if why := late(during, promise):
        return breached(f"{outage.told}: {why}", limit=limit)
    try:
        wrong = _wrong(during, outage, promise, right, well=well)
    except CannotJudgeError as error:
        wrong = [str(error)]
    if wrong:
        return breached(
            f"{outage.told}: {', '.join(wrong)}; expected {limit}", measured=", ".join(wrong), limit=limit
        )
    answer = answer_of(during)
    took = f"{answer.status} in {seconds(answer.timings.total)}"
    measured = took if said else f"{took}; body not read"
    return met(f"{outage.told}: {', '.join([measured, *said[-1:]])}", measured=measured, limit=limit)


def _expected(outage: Outage, promise: HealthPromise) -> tuple[tuple[int, ...], bool]:
    """The statuses that are right during the outage, and whether they say that the service is healthy."""
    if promise.is_affected_by(outage.part):
        if outage.expect_status is None:
            return promise.status.unhealthy, False
        return (outage.expect_status,), outage.expect_status in promise.status.healthy
    return promise.status.healthy, True


def _to_be_said(outage: Outage, promise: HealthPromise, *, well: bool) -> list[str]:
    """What the body has to say, in words."""
    said = []
    if (ok := promise.fields.ok) is not None:
        if ok.healthy == (True,):
            said.append(f"{ok.name} {'true' if well else 'false'}")
        else:
            said.append(f"{ok.name} {'' if well else 'not '}{any_of(ok.healthy)}")
    if promise.expect_text is not None:
        said.append("the text of a healthy service" if well else "another text than a healthy service's")
    if _names_part(outage, promise):
        said.append(f"only {outage.part} {words(promise)[1]}")
    return said


def _names_part(outage: Outage, promise: HealthPromise) -> bool:
    named_parts = {one.name for one in promise.fields.parts}
    return outage.part is not None and (outage.part in named_parts or promise.fields.each is not None)


@judge
def recovers(after: Sequence[Call], restored_at: float, promise: HealthPromise) -> Verdict:
    """Healthy again within ``recovery`` of ``restored_at`` (the prober's clock, seconds since the epoch), and from
    then on.

    ``after`` holds the polls in the order of their start; those begun before ``restored_at`` are left out. Recovered
    is the deployment with the first healthy answer that no other kind follows, at its last byte; at the limit is MET.
    Polls that ended before the limit prove no breach.
    """
    limit = f"{promise.well} within {seconds(promise.recovery)} of the return"
    polls = [call for call in after if call.result.sent_at >= restored_at]
    if not polls:
        return unmeasured("no call was made after the return", limit=limit)
    verdicts = [healthy_now(call, promise) for call in polls]
    well = len(polls)
    while well and verdicts[well - 1].outcome is Outcome.MET:
        well -= 1
    if well < len(polls):
        took = _end(polls[well]) - restored_at
        measured = seconds(took, promise.recovery)
        fault = (
            ""
            if took <= promise.recovery
            else f"{promise.well} again only after {measured}, expected {limit}"
        )
        return verdict_of(fault, f"{promise.well} again after {measured}", measured=measured, limit=limit)
    watched = _end(polls[-1]) - restored_at
    last = verdicts[-1]
    if is_prober_failure(polls[-1].result):
        return unmeasured(f"after the return: {last.reason}", limit=limit)
    if watched < promise.recovery:
        return unmeasured(
            f"watched for only {seconds(watched, promise.recovery)} after the return", limit=limit
        )
    return breached(
        f"not healthy {seconds(watched)} after the return: {last.reason}", measured="not healthy", limit=limit
    )


@judge
def outage_is_told_and_over(
    before: Call,
    during: Call,
    after: Sequence[Call],
    outage: Outage,
    restored_at: float,
    promise: HealthPromise,
) -> Verdict:
    """``outage_is_told`` and ``recovers`` as one promise. Without health before, nothing is said of recovery."""
    told_ = outage_is_told(before, during, outage, promise)
    if healthy_now(before, promise).outcome is not Outcome.MET:
        return told_
    return worst(told_, recovers(after, restored_at, promise))


def _wrong(
    during: Call, outage: Outage, promise: HealthPromise, right: Collection[int], *, well: bool
) -> list[str]:
    status = own_answer(during, promise).status
    wrong = [f"status {status}"] if status not in right else []
    if not promise.says_state and promise.fields.queue_depth is None:
        return wrong  # nothing of the body is promised for an outage
    try:
        seen = states(during, promise).complete()
        depth_fault = queue_depth_fault(during, promise)
    except CannotJudgeError as error:
        return [*wrong, str(error)]
    if seen.service is not None and seen.service.well is not well:
        wrong.append(seen.service.told)
    own = [one for one in seen.parts if one.name == outage.part]
    wrong += [one.told for one in own if one.well]
    if not own and _names_part(outage, promise):
        wrong.append(f"the body names no part {outage.part}")
    others = [one.name for one in seen.parts if not one.well and one.name != outage.part]
    if others and outage.part is not None:
        false = words(promise)[1]
        wrong.append(f"{names(others)} {'is' if len(others) == 1 else 'are'} {false} too")
    return [*wrong, depth_fault] if depth_fault else wrong


def _end(call: Call) -> float:
    """When a call ended, by the prober's clock."""
    result = call.result
    return result.received_at if isinstance(result, Answer) else result.sent_at + result.timings.total
