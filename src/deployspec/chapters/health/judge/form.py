"""The form of the answer: its media type, its JSON, its schema, its way here, and what it gives away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from deployspec.base.disclosure import findings
from deployspec.base.shown import names, one_line
from deployspec.chapters.health.judge.promise import HealthPromise
from deployspec.chapters.health.judge.reading import body_fault, document_of, judge, own_answer
from deployspec.chapters.health.judge.schema import SchemaUnusableError, asks_nothing, violations
from deployspec.model.http import Answer, Call
from deployspec.model.verdict import Verdict, breached, met, unmeasured

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110's word for a name
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_REASON_ROOM = 180


@judge
def content_type_is_json(call: Call, promise: HealthPromise) -> Verdict:
    """``Content-Type: application/json``, once. Its charset, where one is given, is UTF-8 (``utf8`` is understood).

    Other parameters don't matter; other types do, ``application/problem+json`` too: they say it is something else.
    """
    limit = "application/json"
    values = _header(own_answer(call, promise), "content-type")
    if not values:
        return breached(f"no Content-Type; expected {limit}", measured="none", limit=limit)
    shown = one_line(", ".join(values), 80)
    if len(values) > 1:
        return breached(
            f"{len(values)} Content-Type headers: {shown}; expected one", measured=shown, limit=limit
        )
    media_type, _, parameters = values[0].partition(";")
    if media_type.strip().lower() != limit:
        return breached(f"Content-Type is {shown or 'empty'}; expected {limit}", measured=shown, limit=limit)
    if not _parameters().fullmatch(parameters):
        return breached(f"Content-Type is malformed: {shown}", measured=shown, limit=limit)
    charsets = [
        found.strip('"').lower()
        for name, found in _parameter().findall(parameters)
        if name.lower() == "charset"
    ]
    if any(charset not in ("utf-8", "utf8") for charset in charsets):
        return breached(f"Content-Type is {shown}; JSON is UTF-8", measured=shown, limit=f"{limit}, in UTF-8")
    return met(f"Content-Type is {shown}", measured=shown, limit=limit)


@judge
def body_is_strict_json(call: Call, promise: HealthPromise) -> Verdict:
    """The body is one strict JSON object, as ``deployspec.base.strict_json`` defines it."""
    limit = "one strict JSON object"
    if fault := body_fault(own_answer(call, promise).body):
        return breached(fault, limit=limit)
    return met("the body is one strict JSON object", limit=limit)


@judge
def body_fits_schema(call: Call, promise: HealthPromise) -> Verdict:
    """The body fits the schema, and has the fields that the deployment file names, with their types.

    The second half holds whatever a user's schema leaves out, so that a missing field is always breached here. The
    reason lists the violations as far as there is room; ``schema.violations`` gives all of them, for evidence.
    """
    document = document_of(call, promise)
    limit = "fits the schema"
    try:
        found = violations(document, promise)
    except SchemaUnusableError as error:
        return unmeasured(f"the schema cannot be used: {error}", limit=limit)
    if asks_nothing(promise):
        return unmeasured("the schema asks for nothing, and the deployment file names no field", limit=limit)
    if found:
        count = f"{len(found)} violation{'' if len(found) == 1 else 's'}"
        return breached(f"the body breaks the schema: {_as_many_as_fit(found)}", measured=count, limit=limit)
    return met("the body fits the schema", measured="0 violations", limit=limit)


@judge
def not_from_a_cache(call: Call, promise: HealthPromise) -> Verdict:
    """No cache between here and the deployment, and none invited: no ``Age`` and no ``max-age`` or ``s-maxage`` above 0.

    Only caches write ``Age``, so one that is no number of seconds is BREACHED. A freshness that is no number counts
    as 0, as RFC 9111 (4.2.1) advises caches. ``no-store`` beside ``max-age=60`` does not excuse it.
    """
    answer = own_answer(call, promise)
    limit = "Age and max-age 0 or absent"
    for age in _members(_header(answer, "age")):
        if not (age.isascii() and age.isdigit()):
            return breached(
                f"Age is {one_line(age, 40) or 'empty'}: a cache answered",
                measured=f"Age {one_line(age, 20)}",
                limit=limit,
            )
        if age.strip("0"):
            return breached(
                f"Age is {one_line(age, 20)} s: a cache answered, not the deployment",
                measured=f"Age {one_line(age, 20)}",
                limit=limit,
            )
    for name, quoted, plain in _directive().findall(", ".join(_header(answer, "cache-control"))):
        amount = _leading_digits().match((quoted.strip('"') or plain).strip())
        if name.lower() in ("max-age", "s-maxage") and amount and amount[0].strip("0"):
            shown = f"{name.lower()}={one_line(amount[0], 20)}"
            return breached(
                f"Cache-Control has {shown}: a cache may answer for the deployment; expected no-store or 0",
                measured=shown,
                limit=limit,
            )
    return met("Age and max-age are 0 or absent", limit=limit)


@judge
def discloses_nothing(call: Call, promise: HealthPromise) -> Verdict:
    """No credentials, connection strings or stack traces in the body, JSON or not."""
    body = own_answer(call, promise).body
    limit = "no credentials, connection strings or stack traces"
    # A body in UTF-16 is ASCII with a zero beside each character.
    found = findings(body.decode("utf-8", "replace").replace("\0", ""))
    if not found:
        return met(f"found {limit} in the body", limit=limit)
    kinds = names([finding.kind for finding in found])
    return breached(
        f"the body discloses {one_line(kinds, 120)}: {one_line(found[0].context, 72)}",
        measured=kinds,
        limit=limit,
    )


def _as_many_as_fit(lines: Sequence[str]) -> str:
    shown: list[str] = []
    for line in lines:
        if shown and sum(map(len, shown)) + len(line) > _REASON_ROOM:
            return f"{'; '.join(shown)}; and {len(lines) - len(shown)} more"
        shown.append(line)
    return "; ".join(shown)


def _header(answer: Answer, name: str) -> list[str]:
    return [found.strip(" \t") for key, found in answer.headers if key.lower() == name]


def _members(values: Sequence[str]) -> list[str]:
    return [member.strip(" \t") for found in values for member in found.split(",")]


@cache
def _parameters() -> re.Pattern[str]:
    return re.compile(rf"(?:[ \t]*;)*[ \t]*(?:{_TOKEN}=(?:{_TOKEN}|{_QUOTED})[ \t]*(?:;[ \t]*)*)*", re.DOTALL)


@cache
def _parameter() -> re.Pattern[str]:
    return re.compile(rf"({_TOKEN})=({_TOKEN}|{_QUOTED})", re.DOTALL)


@cache
def _directive() -> re.Pattern[str]:
    """A directive's name, and its value quoted or plain. A name inside another's quotes is none."""
    return re.compile(rf"({_TOKEN})(?:[ \t]*=[ \t]*(?:({_QUOTED})|([^\s,\"]+)))?", re.DOTALL)


@cache
def _leading_digits() -> re.Pattern[str]:
    return re.compile(r"[0-9]+")
