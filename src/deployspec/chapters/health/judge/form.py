"""The form of the answer: its media type, its JSON, its schema, its way here, and what it gives away."""

from __future__ import annotations

import re
from collections.abc import Sequence

from deployspec.base.disclosure import findings
from deployspec.base.shown import counted, names, one_line
from deployspec.chapters.health.judge.reading import (
    body_fault,
    document_of,
    judge,
    named,
    own_answer,
    root,
    verdict_of,
)
from deployspec.chapters.health.judge.schema import asks_nothing, violations
from deployspec.chapters.health.model import HealthPromise
from deployspec.languages.json_schema import SchemaUnusableError
from deployspec.model.http import Answer, Call
from deployspec.model.verdict import Verdict, breached, met, unmeasured

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110's word for a name
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PARAMETERS = rf"(?:[ \t]*;)*[ \t]*(?:{_TOKEN}=(?:{_TOKEN}|{_QUOTED})[ \t]*(?:;[ \t]*)*)*"
_PARAMETER = rf"({_TOKEN})=({_TOKEN}|{_QUOTED})"
_DIRECTIVE = rf"({_TOKEN})(?:[ \t]*=[ \t]*(?:({_QUOTED})|([^\s,\"]+)))?"
"""A directive's name, and its value quoted or plain. A name inside another's quotes is none."""
_REASON_ROOM = 180


@judge
def content_type_is_expected(call: Call, promise: HealthPromise) -> Verdict:
    """One ``Content-Type`` with one of the media types of ``content_type``, or with one of its suffixes.

    The charset of JSON, where one is given, is UTF-8 (``utf8`` is understood). Other parameters don't matter.
    """
    allowed = named(promise.content_type, "content_type")
    limit = " or ".join(f"a type in {one}" if one.startswith("+") else one for one in allowed)
    values = _header(own_answer(call, promise), "content-type")
    if not values:
        return breached(f"no Content-Type; expected {limit}", measured="none", limit=limit)
    shown = one_line(", ".join(values), 80)
    media_type, _, parameters = values[0].partition(";")
    fault = ""
    if len(values) > 1:
        fault = f"{len(values)} Content-Type headers: {shown}; expected one"
    elif not _is_among(media_type.strip().lower(), allowed):
        fault = f"Content-Type is {shown or 'empty'}; expected {limit}"
    elif not re.fullmatch(_PARAMETERS, parameters, re.DOTALL):
        fault = f"Content-Type is malformed: {shown}"
    elif promise.body == "json" and not _charsets(parameters) <= {"utf-8", "utf8"}:
        fault, limit = f"Content-Type is {shown}; JSON is UTF-8", f"{limit}, in UTF-8"
    return verdict_of(fault, f"Content-Type is {shown}", measured=shown, limit=limit)


def _is_among(media_type: str, allowed: Sequence[str]) -> bool:
    if media_type in map(str.lower, allowed):
        return True
    # It describes an error (RFC 9457), so it has to be listed by its name.
    suffixes = [
        one.lower() for one in allowed if one.startswith("+") and media_type != "application/problem+json"
    ]
    return "/" in media_type and media_type.endswith(tuple(suffixes))


@judge
def body_is_strict_json(call: Call, promise: HealthPromise) -> Verdict:
    """The body is strict JSON, as ``deployspec.base.strict_json`` defines it: an object, unless the fields say otherwise."""
    limit = f"strict JSON: {root(promise)}"
    return verdict_of(
        body_fault(own_answer(call, promise).body, promise), f"the body is {limit}", limit=limit
    )


@judge
def body_is_empty(call: Call, promise: HealthPromise) -> Verdict:
    """The answer has no body."""
    body = own_answer(call, promise).body
    limit = "no body"
    size = counted(len(body), "byte")
    fault = (
        f"the body has {size}: {one_line(body[:200].decode('utf-8', 'replace'), 72)}; expected {limit}"
        if body
        else ""
    )
    return verdict_of(fault, limit, measured=size, limit=limit)


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
        return unmeasured(str(error), limit=limit)
    if asks_nothing(promise):
        return unmeasured("the schema asks for nothing, and the deployment file names no field", limit=limit)
    if found:
        count = f"{len(found)} violation{'' if len(found) == 1 else 's'}"
        return breached(f"the body breaks the schema: {_as_many_as_fit(found)}", measured=count, limit=limit)
    return met("the body fits the schema", measured="0 violations", limit=limit)


@judge
def not_from_a_cache(call: Call, promise: HealthPromise) -> Verdict:
    """No cache between here and the deployment, and none invited: no ``Age`` and no ``max-age`` or ``s-maxage`` above 0.

    Only caches write ``Age``, so one that is no number of seconds is BREACHED. A freshness that is not a number counts
    as 0, as RFC 9111 (4.2.1) advises caches. ``no-store`` beside ``max-age=60`` does not excuse it.
    """
    answer = own_answer(call, promise)
    limit = "Age and max-age 0 or absent"
    for age in _members(_header(answer, "age")):
        if age.isascii() and age.isdigit():
            fault = f"{one_line(age, 20)} s: a cache answered, not the deployment" if age.strip("0") else ""
        else:
            fault = f"{one_line(age, 40) or 'empty'}: a cache answered"
        if fault:
            return breached(f"Age is {fault}", measured=f"Age {one_line(age, 20)}", limit=limit)
    directives = ", ".join(_header(answer, "cache-control"))
    for name, quoted, plain in re.findall(_DIRECTIVE, directives, re.DOTALL):
        amount = re.match("[0-9]+", (quoted.strip('"') or plain).strip())
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


def _charsets(parameters: str) -> set[str]:
    found = re.findall(_PARAMETER, parameters, re.DOTALL)
    return {text.strip('"').lower() for name, text in found if name.lower() == "charset"}
