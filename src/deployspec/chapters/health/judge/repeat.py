"""The same question again: one after the other, and all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from deployspec.base.shown import one_line, seconds, value
from deployspec.chapters.health.judge.changing import differences
from deployspec.chapters.health.judge.reading import (
    CannotJudgeError,
    answer_of,
    answered,
    document_of,
    failure_text,
    is_prober_failure,
    judge,
    own_answer,
)
from deployspec.chapters.health.judge.state import State, states
from deployspec.chapters.health.judge.transport import late
from deployspec.chapters.health.model import HealthPromise
from deployspec.model.http import Answer, Call, Failure
from deployspec.model.verdict import Outcome, Verdict, breached, met, unmeasured

_ROOM = 3
"""How many differences, or measured values, are shown; the others are counted."""


@judge
def on_every_call(
    single: Callable[[Call, HealthPromise], Verdict], calls: Sequence[Call], promise: HealthPromise
) -> Verdict:
    """What ``single`` says of each of the calls, as one verdict: a breach of one is a breach, and names its call.

    ``calls[0]`` is the shared first call. Others without an answer of the deployment's own are left to the checks that
    own them: ``steady`` and ``holds_under_concurrency``.
    """
    verdicts = [(position, single(call, promise)) for position, call, _ in answered(calls, promise)]
    for outcome in (Outcome.BREACHED, Outcome.UNMEASURED):
        found = [(position, verdict) for position, verdict in verdicts if verdict.outcome is outcome]
        if found:
            position, verdict = found[0]
            if len(found) == len(verdicts):
                return verdict
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            return replace(verdict, reason=f"call {position} of {len(calls)}{more}: {verdict.reason}")
    first = verdicts[0][1]
    seen = list(dict.fromkeys(verdict.measured for _, verdict in verdicts if verdict.measured))
    measured = ", ".join(seen[:_ROOM]) + (f" and {len(seen) - _ROOM} more" if len(seen) > _ROOM else "")
    reason = first.reason if len(seen) < 2 else f"the first call: {first.reason}"
    if len(verdicts) < len(calls):
        count = f"{len(verdicts)} of {len(calls)} calls"
        reason, measured = f"{reason} ({count})", f"{measured}; {count}" if measured else count
    return met(reason, measured=measured, limit=first.limit)


@judge
def steady(calls: Sequence[Call], promise: HealthPromise) -> Verdict:
    """All calls, each on a new connection, agree on status, ``ok`` and every part. ``calls[0]`` is the shared first.

    Where the deployment file names neither ``ok`` nor parts, the whole body is compared, as ``changing`` says.
    Where the first has no answer, that is ``answers_in_time``'s; where only another has none, it is BREACHED here.
    A small number of calls can miss a fault: one that strikes a share of all calls is seen by n of them with a chance
    of ``1 - (1 - share) ** n``. At 1 in 10, 5 calls see it with 41%, 10 with 65%, 29 with 95%. A steady check that is
    run often sees in time what one run misses.
    """
    if not calls:
        return unmeasured("no call was made")
    own_answer(calls[0], promise)
    if len(calls) < 2:
        return unmeasured(
            f"{len(calls)} call{'' if len(calls) == 1 else 's'} made; it takes 2 to see a difference"
        )
    return _agree(calls[0], calls[1:], promise, kind="call", offset=2, timed=False)


@judge
def holds_under_concurrency(call: Call, concurrent: Sequence[Call], promise: HealthPromise) -> Verdict:
    """Each of several calls at once brings a complete answer within ``max_response_time``, or within ``timeout`` where
    none is given, and says the same as the single call before: kubelet, load balancer and prober ask at the same time.

    The same is what it is for ``steady``. At the limit is within it.
    """
    own_answer(call, promise)
    if len(concurrent) < 2:
        return unmeasured(f"{len(concurrent)} concurrent calls made; it takes 2 to be concurrent")
    return _agree(call, concurrent, promise, kind="concurrent call", offset=1, timed=True)


class _Words(list[str]):
    """The words of a text."""

    @property
    def shown(self) -> str:
        """As a reason shows it."""
        return value(" ".join(self))


class _Said(NamedTuple):
    """What is compared: the status, and what the answer says of the service and its parts, or the whole body where the
    deployment file names nothing of that; None where it cannot be read."""

    status: int
    states: dict[tuple[bool, str], State] | None
    body: object
    """A JSON document, or ``_Words``."""

    def differs(self, other: _Said) -> list[str]:
        said = [f"status {other.status} instead of {self.status}"] if other.status != self.status else []
        if self.states and other.states:
            said += [f"{one.name} is missing" for key, one in self.states.items() if key not in other.states]
            said += [f"{one.name} is new" for key, one in other.states.items() if key not in self.states]
            said += [
                f"{now.name} {now.shown} instead of {self.states[key].shown}"
                for key, now in other.states.items()
                if key in self.states and now.well is not self.states[key].well
            ]
        elif isinstance(self.body, _Words) and isinstance(other.body, _Words):
            if differences(self.body, other.body):
                said.append(f"the text {other.body.shown} instead of {self.body.shown}")
        elif self.body is not None and other.body is not None:
            found = differences(self.body, other.body)
            said += found[:_ROOM] + ([f"{len(found) - _ROOM} more"] if len(found) > _ROOM else [])
        return said


def _agree(
    first: Call, others: Sequence[Call], promise: HealthPromise, *, kind: str, offset: int, timed: bool
) -> Verdict:
    """One proven difference is a breach, whatever else could not be measured."""
    said, unreadable = _said(first, promise)
    total = len(others) + offset - 1
    limit = f"all {total} agree on {_compared(promise)}" + (f"; each {_in_time(promise)}" if timed else "")
    faults: list[str] = []
    for position, other in enumerate(others, offset):
        if is_prober_failure(other.result):
            unreadable = unreadable or CannotJudgeError(f"{kind} {position}: {failure_text(other.result)}")
        elif fault := _fault(said, other, promise, timed=timed):
            faults.append(f"{kind} {position}: {fault}")
    if faults:
        verb = "fail" if timed else "differ"
        count = f"{len(faults)} of {total} {kind}s {verb}{'' if len(faults) > 1 else 's'}"
        return breached(f"{count}: {faults[0]}", measured=count, limit=limit)
    if unreadable:
        raise unreadable
    if not timed:
        return met(f"{total} {kind}s agree", measured=f"{total} of {total}", limit=limit)
    slowest = seconds(max(answer_of(call).timings.total for call in others), promise.max_response_time)
    return met(
        f"{total} {kind}s agree, the slowest after {slowest}",
        measured=f"{total} of {total}, slowest {slowest}",
        limit=limit,
    )


def _in_time(promise: HealthPromise) -> str:
    """What holds for the time of each concurrent call."""
    if promise.max_response_time is None:
        return f"within {seconds(promise.timeout)} (timeout)"
    return f"within {seconds(promise.max_response_time)} (max_response_time)"


def _compared(promise: HealthPromise) -> str:
    """What all answers agree on, in words."""
    fields = promise.fields
    if promise.expect_text is not None:
        return f"status, and whether the text matches {one_line(promise.expect_text, 60)}"
    flags = [one.name for one in (fields.ok, *fields.parts) if one is not None]
    flags = ["$.status" if name == "status" else name for name in flags]
    if fields.each is not None:
        flags.append(f"every part in {one_line(fields.each.each.name, 60)}")
    if flags:
        return ", ".join(("status", *flags))
    return "status and body, but for times and counters"


def _said(call: Call, promise: HealthPromise) -> tuple[_Said, CannotJudgeError | None]:
    answer = own_answer(call, promise)
    try:
        if promise.says_state:
            seen = states(call, promise).complete()
            return _Said(
                answer.status, {(one is seen.service, one.name): one for one in seen.all}, None
            ), None
        body = (
            document_of(call, promise)
            if promise.body == "json"
            else _Words(answer.body.decode("utf-8", "replace").split())
        )
    except CannotJudgeError as error:
        return _Said(answer.status, None, None), error
    return _Said(answer.status, None, body), None


def _fault(said: _Said, other: Call, promise: HealthPromise, *, timed: bool) -> str | None:
    """What another call did otherwise than the first one; None where they agree as far as can be compared."""
    if isinstance(other.result, Failure):
        return f"no answer: {failure_text(other.result)}"
    if timed and (why := late(other, promise) or _slow(other.result, promise)):
        return why
    try:
        now, unreadable = _said(other, promise)
    except CannotJudgeError as error:
        return str(error)
    if differences := said.differs(now):
        return ", ".join(differences)
    readable = said.states is not None or said.body is not None
    return str(unreadable) if unreadable and readable else None


def _slow(answer: Answer, promise: HealthPromise) -> str | None:
    """Why a call that was answered took longer than ``max_response_time``; None where it did not, or none is given."""
    longest, took = promise.max_response_time, answer.timings.total
    if longest is None or took <= longest:
        return None
    return f"answered after {seconds(took, longest)}, expected at most {seconds(longest)} (max_response_time)"
