"""What must be so before anything else can be judged, and what to say when it is not.

One root cause is BREACHED in the check that owns it; every check that cannot judge because of it is UNMEASURED and
names that check. The chain, each link presuming those before it:

1. the prober could ask at all: else UNMEASURED everywhere;
2. there is a complete answer: ``answers_in_time``;
3. it comes from the deployment's own host and path: ``answer_is_its_own``;
4. its body is strict JSON, where it is to be JSON: ``body_is_strict_json``;
5. its fields are there and have their types: ``body_fits_schema``.

A judge asks for the link it needs. The functions here return it or raise ``CannotJudgeError``, which ``judge`` turns
into the verdict. So a judge cannot forget: what is not there is never MET.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, lru_cache, wraps
from typing import Any, ParamSpec, TypeGuard, TypeVar
from urllib.parse import SplitResult, urlsplit

from deployspec.base import strict_json
from deployspec.base.shown import cut, excerpt, one_line, place, seconds, value
from deployspec.chapters.health.model import HealthPromise, Pointer
from deployspec.model.http import Answer, Call, Failure, FailureKind
from deployspec.model.verdict import Outcome, Verdict, breached, met, unmeasured

_P = ParamSpec("_P")
_T = TypeVar("_T")

_KEEP_PARSED = 16_384
"""Bytes. Documents of larger bodies are parsed anew for each check, rather than kept in memory."""

TYPES: dict[str, set[type]] = {
    "a string": {str},
    "true or false": {bool},
    "a number": {int, float},
    "null": {type(None)},
}
"""The types of values, by what they are called. Themselves, and not what is derived: in JSON, true is not a number."""
NUMBER_OR_NULL = ("a number", "null")
_ABSENT = object()
_INDEX = re.compile("0|[1-9][0-9]{0,6}")
"""A position in an array, as RFC 6901 writes it."""
_SEE = re.compile(r" \(see health\.[\w-]+\)$")


class CannotJudgeError(Exception):
    """A link of the chain is missing. ``str()`` is the reason, with the check that owns it."""


def judge(function: Callable[_P, Verdict]) -> Callable[_P, Verdict]:
    """Make a judge of a function: what it cannot judge is UNMEASURED, and its reason is one line that may be shown."""

    @wraps(function)
    def judged(*args: _P.args, **kwargs: _P.kwargs) -> Verdict:
        try:
            verdict = function(*args, **kwargs)
        except CannotJudgeError as error:
            verdict = unmeasured(str(error))
        # Their pieces are masked where they are put in: masking the whole again would take our words for a secret's.
        return replace(verdict, reason=cut(verdict.reason, 400), measured=cut(verdict.measured, 200))

    return judged


def verdict_of(fault: str | None, otherwise: str, *, measured: str = "", limit: str = "") -> Verdict:
    """BREACHED by a fault, MET where there is none."""
    if fault:
        return breached(fault, measured=measured, limit=limit)
    return met(otherwise, measured=measured, limit=limit)


def named(found: _T | None, what: str) -> _T:
    """What the deployment file says, where it does."""
    if found is None:
        raise CannotJudgeError(f"the deployment file names no {what}")
    return found


def see(check: str) -> str:
    """The pointer from a check that cannot judge to the one that owns the cause."""
    return f"(see health.{check})"


def without_see(reason: str, instead: str = "") -> str:
    """A reason that points to no check: something is said instead of its pointer, or nothing."""
    return _SEE.sub(f" {instead}" if instead else "", reason)


def failure_text(failure: Failure) -> str:
    """What went wrong with a call: its reason, the phase, and the time until then.

    The reason of a time limit that ran out names the phase itself.
    """
    most = 300 if failure.kind is FailureKind.PROBER else 130
    reason = one_line(failure.reason, most) or failure.kind.value
    phase = "" if failure.kind is FailureKind.TIMEOUT else f"{failure.phase.value}, "
    return f"{reason} ({phase}after {seconds(failure.timings.total)})"


def is_prober_failure(result: Answer | Failure) -> TypeGuard[Failure]:
    """Whether a call taught nothing about the deployment."""
    return isinstance(result, Failure) and result.kind is FailureKind.PROBER


def answer_of(call: Call) -> Answer:
    """The complete answer, wherever it came from."""
    result = call.result
    if isinstance(result, Answer):
        return result
    if is_prober_failure(result):
        raise CannotJudgeError(f"the prober could not ask: {failure_text(result)}")
    raise CannotJudgeError(f"no answer: {failure_text(result)} {see('answers-in-time')}")


def own_answer(call: Call, promise: HealthPromise) -> Answer:
    """The complete answer of the deployment itself."""
    answer = answer_of(call)
    if stranger := not_its_own(answer.url, promise):
        raise CannotJudgeError(f"{stranger} {see('answer-is-its-own')}")
    return answer


def answered(calls: Sequence[Call], promise: HealthPromise) -> list[tuple[int, Call, Answer]]:
    """Those of the calls with an answer of the deployment's own, each with its number; the first must be one."""
    if not calls:
        raise CannotJudgeError("no call was made")
    own_answer(calls[0], promise)
    found = []
    for number, call in enumerate(calls, 1):
        with suppress(CannotJudgeError):
            found.append((number, call, own_answer(call, promise)))
    return found


def document_of(call: Call, promise: HealthPromise) -> object:
    """The strict JSON that is the body of the deployment's own answer: an object, unless the fields say otherwise."""
    answer = own_answer(call, promise)
    if fault := body_fault(answer.body, promise):
        raise CannotJudgeError(f"{fault} {see('body-is-strict-json')}")
    parsed = parse(answer.body)
    assert isinstance(parsed, strict_json.Parsed)  # noqa: S101 - for the types: it has no fault
    return parsed.value


def text(document: object, at: Pointer) -> str:
    """A value that is a string."""
    found: str = value_of(document, at, ("a string",))
    return found


def number_or_null(document: object, at: Pointer) -> int | float | None:
    """A value that is a number or null."""
    found: int | float | None = value_of(document, at, NUMBER_OR_NULL)
    return found


def value_of(document: object, at: Pointer, types: Sequence[str]) -> Any:
    """The value that is there, of one of the types with these names in ``TYPES``."""
    found = looked_up(document, at)
    if found is _ABSENT:
        raise CannotJudgeError(f"the body has no {one_line(at.name, 80)} {see('body-fits-schema')}")
    if any(type(found) in TYPES[one] for one in types):
        return found
    shown = value(found, name=at.steps[-1] if at.steps else "")
    raise CannotJudgeError(
        f"{one_line(at.name, 80)} is {shown}, not {' or '.join(types)} {see('body-fits-schema')}"
    )


def looked_up(document: object, at: Pointer) -> object:
    """What is at a pointer; ``is_absent`` where there is nothing."""
    for step in at.steps:
        if isinstance(document, dict):
            document = document.get(step, _ABSENT)
        elif isinstance(document, list) and _INDEX.fullmatch(step) and int(step) < len(document):
            document = document[int(step)]
        else:
            return _ABSENT
    return document


def is_absent(found: object) -> bool:
    """Whether ``looked_up`` has found nothing."""
    return found is _ABSENT


def body_fault(body: bytes, promise: HealthPromise) -> str | None:
    """Why a body is not strict JSON of the type that is wanted; None where it is."""
    wanted, types = _root(promise)
    parsed = parse(body)
    if isinstance(parsed, strict_json.Parsed):
        if isinstance(parsed.value, types):
            return None
        return f"the body is {value(parsed.value)}; expected {wanted}"
    if not body:
        return f"{parsed.what}; expected {wanted}"
    where = f"line {parsed.line} column {parsed.column}"
    if parsed.path:
        where += f", at {place(parsed.path)}"
    decoded = body.decode("utf-8", "replace")
    at = (
        parsed.offset
        if not parsed.what.endswith("UTF-8")
        else len(body[: parsed.offset].decode("utf-8", "replace"))
    )
    return f"the body is not strict JSON: {parsed.what} ({where}): {excerpt(decoded, at)}"


def root(promise: HealthPromise) -> str:
    """What the whole document has to be, in words."""
    return _root(promise)[0]


def _root(promise: HealthPromise) -> tuple[str, tuple[type, ...]]:
    """What the whole document has to be: in words, and its types."""
    fields = promise.fields
    if any(not one.steps for one in fields.pointers):
        return "JSON", (object,)
    if fields.pointers or (fields.each is not None and fields.each.each.steps):
        return "one JSON object", (dict,)
    return "one JSON object or array", (dict, list)


def parse(body: bytes) -> strict_json.Parsed | strict_json.Fault:
    """The body's document. The same object may be returned twice: don't change it."""
    return _parse_and_keep(body) if len(body) <= _KEEP_PARSED else strict_json.parse(body)


@lru_cache(maxsize=1024)
def _parse_and_keep(body: bytes) -> strict_json.Parsed | strict_json.Fault:
    return strict_json.parse(body)


def not_its_own(url: str, promise: HealthPromise) -> str | None:
    """Where an answer came from, if not from the deployment's own host and path; None if it did.

    Hosts are compared without regard to case, default ports are equal to no port, and a step up from http to https
    on their default ports is the same host. Paths are compared exactly, queries not at all.
    """
    own, final = _place(own_url(promise)), _place(url)
    if own is not None and final is not None:
        step_up = (own[0], own[2], final[0], final[2]) == ("http", 80, "https", 443)
        if own == final or (step_up and (own[1], own[3]) == (final[1], final[3])):
            return None
    return f"answered by {one_line(_bare(url), 100)}, not by {one_line(_bare(own_url(promise)), 100)}"


def own_url(promise: HealthPromise) -> str:
    """The URL of the health endpoint."""
    return f"{promise.base_url.rstrip('/')}/{promise.path.lstrip('/')}"


def _place(url: str) -> tuple[str, str, int | None, str] | None:
    """Scheme, host, port and path, so that equal places are equal; None where the URL cannot be read."""
    if (parts := _split(url)) is None:
        return None
    scheme = parts.scheme.lower()
    try:
        port = parts.port or {"http": 80, "https": 443}.get(scheme)
        host = (parts.hostname or "").rstrip(".")
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError:
        return None
    return scheme, host.lower(), port, parts.path or "/"


def _bare(url: str) -> str:
    """A URL without credentials, query and fragment: what a login page gets in its query may be a secret."""
    parts = _split(url)
    if parts is None:
        return "a URL that cannot be read"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@cache
def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def worst(*verdicts: Verdict) -> Verdict:
    """Several verdicts on parts of one promise as one: a breach is a breach whatever else could not be measured,
    and what could not be measured is not met. Among equals their reasons are joined."""
    for outcome in (Outcome.BREACHED, Outcome.UNMEASURED, Outcome.MET):
        chosen = [verdict for verdict in verdicts if verdict.outcome is outcome]
        if chosen:
            return Verdict(
                outcome,
                "; ".join(verdict.reason for verdict in chosen),
                "; ".join(verdict.measured for verdict in chosen if verdict.measured),
                "; ".join(dict.fromkeys(verdict.limit for verdict in chosen if verdict.limit)),
            )
    return unmeasured("nothing was measured")
