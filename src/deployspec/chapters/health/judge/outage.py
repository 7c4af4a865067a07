"""A part of the deployment goes away and comes back: is it told, and is it over in time?

The caller injects the fault, asks, ends the fault, polls, and hands over what it measured.
"""

from __future__ import annotations

from collections.abc import Sequence

from deployspec.base.shown import names, seconds
from deployspec.chapters.health.judge.meaning import healthy_now, queue_depth_fault
from deployspec.chapters.health.judge.reading import (
    CannotJudgeError,
    answer_of,
    document_of,
    flag,
    is_prober_failure,
    judge,
    own_answer,
    verdict_of,
    worst,
)
from deployspec.chapters.health.judge.transport import late
from deployspec.chapters.health.model import HealthPromise
from deployspec.model.http import Answer, Call
from deployspec.model.verdict import Outcome, Verdict, breached, met, unmeasured


@judge
def outage_is_told(before: Call, during: Call, part: str, promise: HealthPromise) -> Verdict:
    """While ``part`` is down: 503 within ``timeout``, ``ok`` and exactly that part false, the queue's depth null
    exactly if it hangs on that part.

    Where the deployment file names no parts, nothing is said of one; where it names others, it is at fault.
    ``before`` must be healthy, or nothing is known of the fault's effect. As the endpoint was well then, an answer
    that cannot be read now is BREACHED here: the outage is not told.
    """
    if promise.fields.parts and part not in promise.fields.parts:
        return unmeasured(
            f"the deployment file names no part {part}; expected the fault's part to be one of {names(promise.fields.parts)}"
        )
    was = healthy_now(before, promise)
    if was.outcome is not Outcome.MET:
        return unmeasured(f"not healthy before {part} went down: {was.reason}")
    if is_prober_failure(during.result):
        answer_of(during)
    flags = [promise.fields.ok] if promise.fields.ok is not None else []
    flags += [f"only {part}" if flags else part] if promise.fields.parts else []
    limit = f"503 within {seconds(promise.timeout)}" + (f", {' and '.join(flags)} false" if flags else "")
    if why := late(during, promise):
        return breached(f"with {part} down: {why}", limit=limit)
    try:
        wrong = _wrong(during, part, promise)
    except CannotJudgeError as error:
        wrong = [str(error)]
    if wrong:
        return breached(
            f"with {part} down: {', '.join(wrong)}; expected {limit}", measured=", ".join(wrong), limit=limit
        )
    took = seconds(answer_of(during).timings.total)
    read = (
        f", only {part} false"
        if promise.fields.parts
        else f", {promise.fields.ok} false"
        if flags
        else "; body not read"
    )
    return met(
        f"with {part} down: 503 in {took}{read}",
        measured=f"503 in {took}{'' if flags else read}",
        limit=limit,
    )


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
    before: Call, during: Call, after: Sequence[Call], part: str, restored_at: float, promise: HealthPromise
) -> Verdict:
    """``outage_is_told`` and ``recovers`` as one promise. Without health before, nothing is said of recovery."""
    outage = outage_is_told(before, during, part, promise)
    if healthy_now(before, promise).outcome is not Outcome.MET:
        return outage
    return worst(outage, recovers(after, restored_at, promise))


def _wrong(during: Call, part: str, promise: HealthPromise) -> list[str]:
    status = own_answer(during, promise).status
    wrong = [f"status {status}"] if status != 503 else []
    if not promise.flags and promise.fields.queue_depth is None:
        return wrong  # nothing of the body is promised for an outage
    try:
        document = document_of(during, promise)
        ok = promise.fields.ok is not None and flag(document, promise.fields.ok)
        down = [name for name in promise.fields.parts if not flag(document, name)]
        depth_fault = queue_depth_fault(document, promise)
    except CannotJudgeError as error:
        return [*wrong, str(error)]
    if ok:
        wrong.append(f"{promise.fields.ok} is true")
    if promise.fields.parts and part not in down:
        wrong.append(f"{part} is true")
    if others := [name for name in down if name != part]:
        wrong.append(f"{names(others)} {'is' if len(others) == 1 else 'are'} false too")
    return [*wrong, depth_fault] if depth_fault else wrong


def _end(call: Call) -> float:
    """When a call ended, by the prober's clock."""
    result = call.result
    return result.received_at if isinstance(result, Answer) else result.sent_at + result.timings.total
