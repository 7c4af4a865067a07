"""The time in the answer: is it now, and does it move on?"""

from __future__ import annotations

from fractions import Fraction

from deployspec.base.rfc3339 import NotAStamp, Stamp, from_epoch, parse
from deployspec.base.shown import seconds, value
from deployspec.chapters.health.judge.reading import (
    CannotJudgeError,
    document_of,
    judge,
    named,
    own_answer,
    see,
    text,
    value_of,
    verdict_of,
)
from deployspec.chapters.health.model import HealthPromise
from deployspec.model.http import Call
from deployspec.model.verdict import Verdict, breached, met, unmeasured

CLOCK_MARGIN = 0.02
"""Seconds added to a stamp's precision before a clock must have moved: some tick only every 16 ms, whatever they
print, and a clock that is being slewed runs slower than ours by up to 0.05%."""

_FORMATS = {
    "rfc3339": ("RFC 3339", "RFC 3339 with an offset"),
    "epoch_s": ("seconds since 1970", "seconds since 1970"),
    "epoch_ms": ("milliseconds since 1970", "milliseconds since 1970"),
}
"""What a time is to be, in a few words and in full."""
_READING = 0.005
"""Seconds that a caller waits beyond that: two readings of the prober's own clock must not decide the verdict."""


@judge
def time_is_current(call: Call, promise: HealthPromise) -> Verdict:
    """In its format (RFC 3339 with an offset, or a number since 1970), and at most ``max_clock_skew`` from the prober's clock.

    The stamp may be from any moment between the request's start and the answer's end, and its clock may have stood
    anywhere in ``[t, t + precision)``: whole seconds are cut off, not rounded. What is judged, exactly, is the
    smallest skew that is consistent with that; at the limit is MET.
    """
    field = named(promise.fields.time, "field for the time")
    name, (wanted, full) = field.at.name, _FORMATS[field.format]
    answer = own_answer(call, promise)
    written, stamp = _read(call, promise)
    allowed = f"at most {seconds(promise.max_clock_skew)} from the prober's clock"
    limit = f"{wanted}, {allowed}"
    if isinstance(stamp, NotAStamp):
        return breached(f"{name} {value(written)} {stamp.why}; expected {full}", limit=limit)
    ahead = stamp.moment - Fraction(answer.received_at)
    behind = Fraction(answer.sent_at) - (stamp.moment + stamp.precision)
    skew = max(ahead, behind, Fraction(0))
    # Beyond what a float holds there is no difference to show.
    shown = seconds(float(skew), promise.max_clock_skew)
    measured = f"{shown} {'ahead' if ahead > behind else 'behind'}" if skew else "no skew"
    fault = f"{name} is {measured}, expected {allowed}" if skew > Fraction(promise.max_clock_skew) else ""
    return verdict_of(fault, f"{name} is current", measured=measured, limit=limit)


@judge
def time_moves_on(call: Call, later: Call, promise: HealthPromise) -> Verdict:
    """The later call's time is after the first call's.

    Any later time is MET, however soon. A time that went back by more than its own precision is BREACHED, however
    soon. A time that stands still, or cannot be told from it, is BREACHED once ``needed_pause`` has passed between
    the first call's end and the later call's start, as an honest clock must have moved by then; before, nothing is
    known and it is UNMEASURED.
    """
    first, second = _stamp(call, promise), _stamp(later, promise)
    gap = Fraction(own_answer(later, promise).sent_at) - Fraction(own_answer(call, promise).received_at)
    name = named(promise.fields.time, "field for the time").at.name
    limit = "later than the call before"
    moved = second.moment - first.moment
    if gap < 0:
        return unmeasured("the second call began before the first one ended", limit=limit)
    if second.order > first.order:
        # Through a leap second, a later stamp may have an earlier number.
        measured = seconds(float(max(moved, Fraction(0))))
        return met(f"{name} moved on by {measured}", measured=measured, limit=limit)
    if moved <= -second.precision:
        back = seconds(float(-moved))
        found = f"{name} went back by {back} in {seconds(float(gap))}"
        return breached(f"{found}; expected it to move on", measured=f"{back} back", limit=limit)
    pause = max(first.precision, second.precision) + Fraction(CLOCK_MARGIN)
    if gap < pause:
        return unmeasured(
            f"the calls were {seconds(float(gap))} apart; this clock needs {seconds(float(pause))} to show that it moves",
            limit=limit,
        )
    return breached(
        f"{name} stood still for {seconds(float(gap))}; expected it to move on",
        measured="no move",
        limit=limit,
    )


def needed_pause(call: Call, promise: HealthPromise) -> float | None:
    """Seconds between the first call's end and the later call's start after which an honest clock must show a later
    time: the precision of the first stamp (1 for whole seconds, 0.001 for milliseconds), ``CLOCK_MARGIN`` and 5 ms.

    None where waiting is of no use, because the first call has no readable time: ``time_moves_on`` then cannot judge.
    """
    try:
        return float(_stamp(call, promise).precision) + CLOCK_MARGIN + _READING
    except CannotJudgeError:
        return None


def _stamp(call: Call, promise: HealthPromise) -> Stamp:
    written, stamp = _read(call, promise)
    if isinstance(stamp, NotAStamp):
        name = named(promise.fields.time, "field for the time").at.name
        raise CannotJudgeError(f"{name} {value(written)} {stamp.why} {see('time-is-current')}")
    return stamp


def _read(call: Call, promise: HealthPromise) -> tuple[str | float, Stamp | NotAStamp]:
    """The time as the answer has it, and the moment that it is."""
    field = named(promise.fields.time, "field for the time")
    document = document_of(call, promise)
    if field.format == "rfc3339":
        written = text(document, field.at)
        return written, parse(written)
    number: int | float = value_of(document, field.at, ("a number",))
    return number, from_epoch(number, 1 if field.format == "epoch_s" else 1000)
