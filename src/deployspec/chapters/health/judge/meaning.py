"""What the answer says of the deployment: each field's value, and whether they agree with one another."""

from __future__ import annotations

from collections.abc import Sequence

from deployspec.base.shown import names, one_line, value
from deployspec.chapters.health.judge.reading import (
    CannotJudgeError,
    answered,
    document_of,
    flag,
    judge,
    named,
    number_or_null,
    own_answer,
    text,
    verdict_of,
)
from deployspec.chapters.health.model import HealthPromise
from deployspec.model.http import Call
from deployspec.model.verdict import Verdict, breached, met, unmeasured

_COUNT = "a whole number of at least 0"


@judge
def healthy_now(call: Call, promise: HealthPromise) -> Verdict:
    """Status 200, and ``ok`` and every part true. Where the deployment file names none of them, the body is not read.

    A status other than 200, or one part that is false, settles it, whatever else could not be read.
    """
    status = own_answer(call, promise).status
    wrong = [f"status {status}"] if status != 200 else []
    unreadable: CannotJudgeError | None = None
    try:
        document = document_of(call, promise) if promise.flags else {}
        for name in promise.flags:
            try:
                wrong += [] if flag(document, name) else [f"{name} is false"]
            except CannotJudgeError as error:
                unreadable = unreadable or error
    except CannotJudgeError as error:
        unreadable = error
    limit = "status 200" + (f"; {names(promise.flags)} true" if promise.flags else "")
    if wrong:
        return breached(f"{', '.join(wrong)}; expected {limit}", measured=", ".join(wrong), limit=limit)
    if unreadable:
        raise unreadable
    if not promise.flags:
        return met("status 200; body not read", measured="status 200; body not read", limit=limit)
    return met(limit.replace(";", ","), measured="healthy", limit=limit)


@judge
def status_tells_ok(calls: Sequence[Call], promise: HealthPromise) -> Verdict:
    """In every answer seen, the status is 200 exactly when ``ok`` is true and 503 when it is false.

    ``calls[0]`` is the shared first call. Any other status is BREACHED, whatever the body. Calls without an answer
    of the deployment's own are left to the checks that own them.
    """
    name = named(promise.fields.ok, "field that says whether all is well")
    limit = f"200 when {name} is true, 503 when it is false"
    unreadable: CannotJudgeError | None = None
    seen = answered(calls, promise)
    for number, call, answer in seen:
        status = answer.status
        where = f"call {number} of {len(calls)}: " if len(calls) > 1 else ""
        if status not in (200, 503):
            return breached(
                f"{where}status {status}; expected {limit}", measured=f"status {status}", limit=limit
            )
        try:
            ok = flag(document_of(call, promise), name)
        except CannotJudgeError as error:
            unreadable = unreadable or error
            continue
        if ok is not (status == 200):
            found = f"status {status} while {name} is {str(ok).lower()}"
            return breached(f"{where}{found}; expected {limit}", measured=found, limit=limit)
    if unreadable:
        raise unreadable
    return met(f"status and {name} agree", measured=f"{len(seen)} of {len(calls)} calls", limit=limit)


@judge
def ok_is_all_parts(call: Call, promise: HealthPromise) -> Verdict:
    """``ok`` is true exactly when every part is."""
    if promise.fields.ok is None or not promise.fields.parts:
        return unmeasured("the deployment file names no ok or no parts")
    document = document_of(call, promise)
    ok = flag(document, promise.fields.ok)
    down = [name for name in promise.fields.parts if document.get(name) is False]
    if not down:
        for name in promise.fields.parts:
            flag(document, name)
    limit = f"{promise.fields.ok} = {' and '.join(promise.fields.parts)}"
    if ok and down:
        verb = "is" if len(down) == 1 else "are"
        found = f"{promise.fields.ok} is true while {names(down)} {verb} false"
    elif not ok and not down:
        found = f"{promise.fields.ok} is false while {names(promise.fields.parts)} {'are' if len(promise.fields.parts) > 1 else 'is'} true"
    else:
        return met(
            f"{promise.fields.ok} is {str(ok).lower()}, as its parts say",
            measured=str(ok).lower(),
            limit=limit,
        )
    return breached(f"{found}; expected {limit}", measured=found, limit=limit)


@judge
def queue_depth_is_known(call: Call, promise: HealthPromise) -> Verdict:
    """A whole number of at least 0 while its part is up, null exactly while it is down.

    ``42.0`` is a whole number: JSON has one kind of number, and JSON Schema's ``integer`` takes it too. A number
    while the part is down is BREACHED: nobody can know it then, so it is old or made up.
    """
    depth = named(promise.fields.queue_depth, "field for the queue's depth")
    document = document_of(call, promise)
    fault = queue_depth_fault(document, promise)
    limit = _COUNT + (f"; null while {depth.part} is down" if depth.part else "")
    measured = value(document[depth.field])
    return verdict_of(fault, f"{depth.field} is {measured}", measured=measured, limit=limit)


def queue_depth_fault(document: dict[str, object], promise: HealthPromise) -> str | None:
    """What is wrong with the queue's depth, as a reason; None where nothing is, or no field is named."""
    if promise.fields.queue_depth is None:
        return None
    name, part = promise.fields.queue_depth.field, promise.fields.queue_depth.part
    depth = number_or_null(document, name)
    found = f"{name} is {value(depth)}"
    if part is not None:
        up = flag(document, part)
        while_ = f"{found} while {part} is {'up' if up else 'down'}"
        if not up:
            return None if depth is None else f"{while_}: nobody can know it then; expected null"
        if depth is None:
            found = while_
    if depth is None or depth < 0 or (isinstance(depth, float) and not depth.is_integer()):
        return f"{found}; expected {_COUNT}"
    return None


@judge
def version_is_stated(call: Call, promise: HealthPromise) -> Verdict:
    """The version is not empty, and not only whitespace."""
    name = named(promise.fields.version, "field for the version")
    version = text(document_of(call, promise), name)
    found = f"{name} is {value(version)}"
    fault = "" if version.strip() else f"{found}; expected one that is not empty"
    return verdict_of(fault, found, measured=value(version))


@judge
def version_is_expected(call: Call, promise: HealthPromise) -> Verdict:
    """The version is ``expect_version``, character by character."""
    name = named(promise.fields.version, "field for the version")
    expected = named(promise.expect_version, "expect_version")
    version = text(document_of(call, promise), name)
    found, limit = f"{name} is {value(version)}", f'"{one_line(expected, 40)}"'
    fault = "" if version == expected else f"{found}; expected {limit}"
    return verdict_of(fault, found, measured=value(version), limit=limit)
