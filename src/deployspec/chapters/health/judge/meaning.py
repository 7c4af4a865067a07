"""What the answer says of the deployment: each field's value, and whether they agree with one another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from deployspec.base.shown import names, one_line, value
from deployspec.chapters.health.judge.reading import (
    CannotJudgeError,
    answered,
    document_of,
    judge,
    named,
    number_or_null,
    own_answer,
    text,
    verdict_of,
)
from deployspec.chapters.health.judge.state import any_of, part_state, service, states, wanted
from deployspec.chapters.health.model import HealthPromise
from deployspec.model.http import Call
from deployspec.model.verdict import Verdict, breached, met, unmeasured

_COUNT = "a whole number of at least 0"


def statuses(of: Iterable[int]) -> str:
    """``200 or 204``."""
    return " or ".join(map(str, of))


@judge
def healthy_now(call: Call, promise: HealthPromise) -> Verdict:
    """A status of a healthy service, and ``ok``, every part and the text say so too.

    Where the deployment file names none of these, the body is not read. An unhealthy status, or one part that is not
    healthy, settles it, whatever else could not be read.
    """
    status = own_answer(call, promise).status
    wrong = [f"status {status}"] if status not in promise.status.healthy else []
    unreadable: CannotJudgeError | None = None
    try:
        seen = states(call, promise)
        wrong += [one.told for one in seen.all if not one.well]
        unreadable = seen.unreadable
    except CannotJudgeError as error:
        unreadable = error
    well = wanted(promise)
    limit = f"status {statuses(promise.status.healthy)}" + (f"; {well}" if well else "")
    if wrong:
        return breached(f"{', '.join(wrong)}; expected {limit}", measured=", ".join(wrong), limit=limit)
    if unreadable:
        raise unreadable
    if not well:
        return met(f"status {status}; body not read", measured=f"status {status}; body not read", limit=limit)
    return met(f"status {status}, {well}", measured="healthy", limit=limit)


@judge
def status_tells_ok(calls: Sequence[Call], promise: HealthPromise) -> Verdict:
    """In every answer seen, the status is a healthy service's exactly when ``ok`` (or the text) says that it is
    healthy, and an unhealthy one's when not.

    ``calls[0]`` is the shared first call. Any other status is BREACHED, whatever the body. Calls without an answer
    of the deployment's own are left to the checks that own them.
    """
    limit = _when(promise)
    unreadable: CannotJudgeError | None = None
    seen = answered(calls, promise)
    for number, call, answer in seen:
        status = answer.status
        where = f"call {number} of {len(calls)}: " if len(calls) > 1 else ""
        if status not in (*promise.status.healthy, *promise.status.unhealthy):
            return breached(
                f"{where}status {status}; expected {limit}", measured=f"status {status}", limit=limit
            )
        try:
            ok = service(call, promise)
        except CannotJudgeError as error:
            unreadable = unreadable or error
            continue
        if ok.well is not (status in promise.status.healthy):
            found = f"status {status} while {ok.told}"
            return breached(f"{where}{found}; expected {limit}", measured=found, limit=limit)
    if unreadable:
        raise unreadable
    name = "text" if promise.fields.ok is None else promise.fields.ok.name
    return met(f"status and {name} agree", measured=f"{len(seen)} of {len(calls)} calls", limit=limit)


def _when(promise: HealthPromise) -> str:
    healthy, unhealthy = statuses(promise.status.healthy), statuses(promise.status.unhealthy)
    if promise.expect_text is not None:
        pattern = one_line(promise.expect_text, 60)
        return f"{healthy} when the text matches {pattern}, {unhealthy} when it does not"
    ok = named(promise.fields.ok, "field that says whether all is well")
    otherwise = "false" if ok.healthy == (True,) else "not"
    return f"{healthy} when {ok.name} is {any_of(ok.healthy)}, {unhealthy} when it is {otherwise}"


@judge
def ok_is_all_parts(call: Call, promise: HealthPromise) -> Verdict:
    """``ok`` is healthy exactly when every part is, of those that the endpoint depends on."""
    if promise.fields.ok is None or not promise.fields.says_parts:
        return unmeasured("the deployment file names no ok or no parts")
    seen = states(call, promise)
    ok = service(call, promise)
    parts = [one for one in seen.parts if promise.depends_on is None or one.name in promise.depends_on]
    down = [one.name for one in parts if not one.well]
    if not down:
        seen.complete()
        told = [one.name for one in parts]
        if unknown := [one for one in promise.depends_on or () if one not in told]:
            raise CannotJudgeError(f"the body names no part {names(unknown)}, which depends_on names")
    those = "every part" if promise.fields.each else " and ".join(one.name for one in parts)
    limit = f"{ok.name} = {those}" if parts else f"{ok.name} {any_of(ok.healthy)}, whatever its parts say"
    true, false = words(promise)
    if ok.well and down:
        verb = "is" if len(down) == 1 else "are"
        found = f"{ok.told} while {names(down)} {verb} {false}"
    elif not ok.well and not down:
        up = [one.name for one in parts]
        found = ok.told
        if up:
            found += f" while {names(up)} {'are' if len(up) > 1 else 'is'} {true}"
    else:
        return met(ok.told + (", as its parts say" if parts else ""), measured=ok.shown, limit=limit)
    return breached(f"{found}; expected {limit}", measured=found, limit=limit)


def words(promise: HealthPromise) -> tuple[str, str]:
    """What parts are called that are well, and that are not."""
    healthy = [one.healthy for one in promise.fields.parts]
    if promise.fields.each is not None:
        healthy.append(promise.fields.each.healthy)
    return ("true", "false") if set(healthy) <= {(True,)} else ("healthy", "not healthy")


@judge
def queue_depth_is_known(call: Call, promise: HealthPromise) -> Verdict:
    """A whole number of at least 0 while its part is up, null exactly while it is down.

    ``42.0`` is a whole number: JSON has one kind of number, and JSON Schema's ``integer`` takes it too. A number
    while the part is down is BREACHED: nobody can know it then, so it is old or made up.
    """
    depth = named(promise.fields.queue_depth, "field for the queue's depth")
    fault = queue_depth_fault(call, promise)
    limit = _COUNT + (f"; null while {depth.part} is down" if depth.part else "")
    measured = value(number_or_null(document_of(call, promise), depth.at))
    return verdict_of(fault, f"{depth.at.name} is {measured}", measured=measured, limit=limit)


def queue_depth_fault(call: Call, promise: HealthPromise) -> str | None:
    """What is wrong with the queue's depth, as a reason; None where nothing is, or no field is named."""
    if promise.fields.queue_depth is None:
        return None
    at, part = promise.fields.queue_depth.at, promise.fields.queue_depth.part
    depth = number_or_null(document_of(call, promise), at)
    found = f"{at.name} is {value(depth)}"
    if part is not None:
        up = part_state(call, part, promise).well
        while_ = f"{found} while {part} is {'up' if up else 'down'}"
        if not up:
            return None if depth is None else f"{while_}: nobody can know it then; expected null"
        if depth is None:
            found = while_
    if depth is None or depth < 0 or (isinstance(depth, float) and not depth.is_integer()):
        return f"{found}; expected {_COUNT}"
    return None


def of_another_path(
    single: Callable[[Call, HealthPromise], Verdict],
) -> Callable[[Call, HealthPromise], Verdict]:
    """What ``single`` says of an answer that is asked for the version alone: its status has to be 200."""

    @judge
    def judged(call: Call, promise: HealthPromise) -> Verdict:
        status = own_answer(call, promise).status
        if status != 200:
            found = f"status {status} of {one_line(promise.path, 60)}"
            return breached(f"{found}; expected 200", measured=found, limit="status 200")
        return single(call, promise)

    return judged


@judge
def version_is_stated(call: Call, promise: HealthPromise) -> Verdict:
    """The version is not empty, and not only whitespace."""
    field = named(promise.fields.version, "field for the version")
    name, version = field.at.name, text(document_of(call, promise), field.at)
    found = f"{name} is {value(version)}"
    fault = "" if version.strip() else f"{found}; expected one that is not empty"
    return verdict_of(fault, found, measured=value(version))


@judge
def version_is_expected(call: Call, promise: HealthPromise) -> Verdict:
    """The version is ``expect_version``, character by character."""
    field = named(promise.fields.version, "field for the version")
    expected = named(promise.expect_version, "expect_version")
    name, version = field.at.name, text(document_of(call, promise), field.at)
    found, limit = f"{name} is {value(version)}", f'"{one_line(expected, 40)}"'
    fault = "" if version == expected else f"{found}; expected {limit}"
    return verdict_of(fault, found, measured=value(version), limit=limit)
