"""The same question again: one after the other, and all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from deployspec.contracts.health.promise import HealthPromise
from deployspec.contracts.health.reading import (
    CannotJudgeError,
    document_of,
    failure_text,
    flag,
    is_prober_failure,
    judge,
    own_answer,
)
from deployspec.contracts.health.transport import late
from deployspec.contracts.http import Answer, Call, Failure
from deployspec.contracts.verdict import Verdict, breached, met, unmeasured


@judge
def steady(calls: Sequence[Call], promise: HealthPromise) -> Verdict:
    """All calls, each on a new connection, agree on status, ``ok`` and every part. ``calls[0]`` is the shared first.

    Where the first has no answer, that is ``answers_in_time``'s; where only another has none, it is BREACHED here.
    See ``chance_of_seeing`` for what a small number of calls can and cannot see: 5 calls meet an instance that fails
    1 call in 10 with 41%.
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
    """Each of several calls at once brings a complete answer within ``timeout``, with the same status, ``ok`` and
    parts as the single call before: kubelet, load balancer and prober ask at the same time."""
    own_answer(call, promise)
    if len(concurrent) < 2:
        return unmeasured(f"{len(concurrent)} concurrent calls made; it takes 2 to be concurrent")
    return _agree(call, concurrent, promise, kind="concurrent call", offset=1, timed=True)


def chance_of_seeing(share: float, calls: int) -> float:
    """How likely ``calls`` independent calls are to meet at least once a fault that strikes this share of all calls:
    ``1 - (1 - share) ** calls``.

    At 1 in 10, 5 calls see it with 41%, 10 with 65%, 29 with 95%. A steady check that is run often sees in time what
    one run misses.
    """
    return float(1 - (1 - share) ** calls)


class _Said(NamedTuple):
    """What is compared: the status, and the fields that say how it is; None where they cannot be read."""

    status: int
    flags: dict[str, bool] | None

    def differs(self, other: _Said) -> list[str]:
        said = [f"status {other.status} instead of {self.status}"] if other.status != self.status else []
        if self.flags and other.flags:
            said += [
                f"{name} {str(flag).lower()} instead of {str(self.flags[name]).lower()}"
                for name, flag in other.flags.items()
                if flag is not self.flags[name]
            ]
        return said


def _agree(
    first: Call, others: Sequence[Call], promise: HealthPromise, *, kind: str, offset: int, timed: bool
) -> Verdict:
    """One proven difference is a breach, whatever else could not be measured."""
    said, unreadable = _said(first, promise)
    total = len(others) + offset - 1
    limit = f"all {total} agree on status, {', '.join(promise.flags)}" + (
        " and answer in time" if timed else ""
    )
    faults: list[str] = []
    for position, other in enumerate(others, offset):
        if is_prober_failure(other):
            unreadable = unreadable or CannotJudgeError(f"{kind} {position}: {_no_answer(other)}")
            continue
        if fault := _fault(said, other, promise, timed=timed):
            faults.append(f"{kind} {position}: {fault}")
    if faults:
        count = (
            f"{len(faults)} of {total} {kind}s differ" if len(faults) > 1 else f"1 of {total} {kind}s differs"
        )
        return breached(f"{count}: {faults[0]}", measured=count, limit=limit)
    if unreadable:
        raise unreadable
    return met(f"{total} {kind}s agree", measured=f"{total} of {total}", limit=limit)


def _said(call: Call, promise: HealthPromise) -> tuple[_Said, CannotJudgeError | None]:
    answer = own_answer(call, promise)
    try:
        document = document_of(call, promise)
        return _Said(answer.status, {name: flag(document, name) for name in promise.flags}), None
    except CannotJudgeError as error:
        return _Said(answer.status, None), error


def _fault(said: _Said, other: Call, promise: HealthPromise, *, timed: bool) -> str | None:
    """What another call did otherwise than the first one; None where they agree as far as can be compared."""
    if isinstance(other.result, Failure):
        return f"no answer: {_no_answer(other)}"
    if timed and (why := late(other, promise)):
        return why
    try:
        own_answer(other, promise)
    except CannotJudgeError as error:
        return str(error)
    now, unreadable = _said(other, promise)
    if differences := said.differs(now):
        return ", ".join(differences)
    return str(unreadable) if unreadable and said.flags else None


def _no_answer(call: Call) -> str:
    return failure_text(call.result) if not isinstance(call.result, Answer) else ""
