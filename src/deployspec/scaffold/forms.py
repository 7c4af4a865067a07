"""The form of a health endpoint, recognized by two of its answers. Pure.

What is claimed here becomes a promise in the deployment file, so that doubt means: not claimed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deployspec.base import strict_json
from deployspec.base.shown import names as listed_names
from deployspec.base.shown import one_line
from deployspec.base.unfit import Unfit
from deployspec.chapters.health.forms import FORMS
from deployspec.chapters.health.judge.changing import differences
from deployspec.deployment.http import check_media_type
from deployspec.model.http import Answer, Failure
from deployspec.scaffold.fields import SICK, fields_of, is_plain

_MOST_WORD = 80
"""Bytes of a body that is no page, whatever it is called."""
REDIRECTS = (301, 302, 303, 307, 308)
_KUBERNETES = ("livez", "readyz", "healthz")
_SIMPLE_PARAMETERS = re.compile(r'(\s*;\s*[\w-]+="?[\w.+-]+"?)*[\s;]*', re.ASCII)


@dataclass(frozen=True)
class Health:
    """A health endpoint that the deployment file's part ``health`` can describe."""

    path: str
    kind: str = "a JSON object"
    """What its body is."""
    said: Mapping[str, Any] = field(default_factory=dict)
    """What the part ``health`` says of it beside the path, as plain data."""
    named: tuple[str, ...] = ()
    """What is checked beyond status and form, in words."""
    says_state: bool = False
    """Whether the body says how the service is."""
    status: int = 200
    just_now: str = ""
    """What the service says that is wrong with it, in words; empty where all is well."""


def media_type(answer: Answer) -> str:
    """The media type without its parameters, in small letters; empty where the answer has none."""
    return (answer.header("content-type") or "").partition(";")[0].strip().lower()


def document(answer: Answer) -> Any:
    """The body as JSON; None where it is not strict JSON."""
    parsed = strict_json.parse(answer.body)
    return parsed.value if isinstance(parsed, strict_json.Parsed) else None


def fault_of(answer: Answer) -> str:
    """Why an answer cannot be described as healthy, as the end of a sentence; empty where it can."""
    kind = one_line(media_type(answer), 60)
    if answer.status in REDIRECTS:
        to = one_line((answer.header("location") or "nowhere").partition("?")[0], 80)
        return f"status {answer.status}, which leads to {to}"
    if answer.status in (401, 403):
        return f"status {answer.status}; it asks for credentials, which --header can send"
    if answer.status not in (200, 204):
        return f"status {answer.status}, where a healthy service answers 200"
    if not _body(answer):
        said = f"{_shown_body(answer)}{f' as {kind}' if kind else ''}"
        return f"{said}; only JSON, a text as text/plain and an empty body can be described"
    return ""


def described(
    path: str,
    first: Answer,
    second: Answer | Failure | None,
    version: Mapping[str, str] | None = None,
    *,
    sure: bool = False,
) -> Health | str:
    """What two answers, one after the other, allow to promise; a text says why nothing.

    ``version`` is where another path says the version: its ``path``, and ``at``. With ``sure``, somebody has said that
    this path is the health endpoint, and an array that says nothing of parts is one that stays as it is.
    """
    if second is None:
        return "gave one answer, and no time was left to ask for a second one"
    if isinstance(second, Failure):
        return f"gave one answer, but not a second one: {second.reason}"
    if fault := fault_of(second):
        return f"gave two different answers; the second was {fault}"
    if (_body(first), first.status) != (_body(second), second.status):
        return "gave two answers of different forms"
    if _body(first) == "none":
        return _none(path, first, version)
    if _body(first) == "text":
        return _text(path, first, second, version)
    return _json(path, first, second, version, sure=sure)


def _none(path: str, answer: Answer, version: Mapping[str, str] | None) -> Health:
    status = {"status": {"healthy": [204]}} if answer.status == 204 else {}
    said: dict[str, Any] = {"body": "none"} | status | _version_alone(version)
    return Health(path, "no body", said, _in_words(said.get("fields", {})), status=answer.status)


def _version_alone(version: Mapping[str, str] | None) -> dict[str, Any]:
    return {"fields": {"version": dict(version)}} if version else {}


def _text(path: str, first: Answer, second: Answer, version: Mapping[str, str] | None) -> Health | str:
    was, now = (one.body.decode("utf-8") for one in (first, second))
    line = was.strip()
    # A digit may be a time or a version, which another day is another.
    lasts = line == now.strip() and len(line) <= 80 and is_plain(line) and not re.search(r"\d", line)
    says_state = lasts and not SICK.search(line)
    said: dict[str, Any] = {"body": "text"}
    if says_state and line == "ok" and was.startswith("ok") and path.rpartition("/")[2] in _KUBERNETES:
        said = {"form": "livez"}
    elif says_state:
        escaped = re.sub(r"[][.^$*+?{}\\|()]", r"\\\g<0>", line)
        simple = f"^{escaped}$"
        said["expect_text"] = simple if re.search(simple, was) else rf"^\s*{escaped}\s*$"
    elif changed := differences(was.split(), now.split()):
        return f"gave two different texts: {one_line(changed[0], 80)}"
    allowed = _type(first, second, ("text/plain",))
    if allowed is not None:
        said["content_type"] = allowed or None
    said |= _version_alone(version)
    named = (*(("that text",) if says_state else ()), *_in_words(_version_alone(version).get("fields", {})))
    kind = f'the text "{line}"' if says_state else "a text"
    sick = f'it says "{line}"' if lasts and not says_state else ""
    return Health(path, kind, said, named, says_state, just_now=sick)


def _json(
    path: str, first: Answer, second: Answer, version: Mapping[str, str] | None, *, sure: bool
) -> Health | str:
    was, now = document(first), document(second)
    fields, just_now = fields_of(was, now, first, second, version)
    says_state = bool(fields.keys() & {"ok", "parts"})
    if not says_state and isinstance(was, list) and not sure:
        return "gave a JSON array, of which no entry says whether a part is well"
    if not says_state and not isinstance(was, dict | list):
        return "gave JSON that does not say whether all is well"
    if not says_state and (changed := differences(was, now)):
        return (
            f"names no field that says whether all is well, and its body changes: {one_line(changed[0], 80)}"
        )
    form = _form(path, first, fields)
    usual = FORMS[form]["fields"]
    differing = {key: fields.get(key) for key in usual if fields.get(key) != usual[key]}
    if form in ("actuator", "health-json"):
        # The form says which words are healthy.
        differing.pop("ok", None)
    if form == "health-json" and isinstance(parts := differing.get("parts"), dict):
        # A warning is one of a healthy part, as it is of a healthy service.
        differing["parts"] = parts | (
            {"healthy": ["pass", "warn"]} if parts.get("healthy") == ["pass"] else {}
        )
    said: dict[str, Any] = {"form": form}
    if (allowed := _type(first, second, ("application/json", "+json"))) is not None:
        said["content_type"] = allowed or None
    if differing:
        said["fields"] = differing
    kind = "a JSON array" if isinstance(was, list) else "a JSON object" if isinstance(was, dict) else "JSON"
    return Health(path, kind, said, _in_words(fields), says_state, just_now=just_now)


def _form(path: str, answer: Answer, fields: Mapping[str, Any]) -> str:
    """The known form, if what it says of ``ok`` is what was seen."""
    kind, ok = media_type(answer), fields.get("ok")
    form = "json"
    if path.endswith("/__heartbeat__"):
        return "dockerflow"
    if "/actuator/health" in path or "vnd.spring-boot.actuator" in kind:
        form = "actuator"
    elif kind == "application/health+json":
        form = "health-json"
    usual = FORMS[form]["fields"]["ok"]
    if usual is None:
        return form
    fits = isinstance(ok, dict) and ok["at"] == usual["at"] and set(ok["healthy"]) <= set(usual["healthy"])
    return form if fits else "json"


def _body(answer: Answer) -> str:
    """json, text or none, as the deployment file calls it; empty for what cannot be described."""
    if not answer.body:
        return "none"
    kind = media_type(answer)
    if kind == "text/html" and len(answer.body) <= _MOST_WORD and b"<" not in answer.body:
        kind = "text/plain"  # a word that a framework calls a page
    if answer.status == 204 or kind in ("text/html", "application/xhtml+xml", "application/problem+json"):
        return ""
    found = document(answer)
    is_json = kind.endswith(("/json", "+json"))
    if isinstance(found, dict | list) or (is_json and isinstance(found, str)):
        return "json"
    if kind != "text/plain" or answer.body.lstrip().startswith((b"<", b"{", b"[")):
        return ""
    try:
        return "text" if answer.body.decode("utf-8").strip() else ""
    except UnicodeDecodeError:
        return ""


def _type(first: Answer, second: Answer, usual: tuple[str, ...]) -> list[str] | None:
    """The media types to be said; None where those of the body are right, an empty list where any must do."""
    kinds = set()
    for answer in (first, second):
        headers = [value for key, value in answer.headers if key.lower() == "content-type"]
        parameters = headers[0].partition(";") if len(headers) == 1 else ("", "", "?")
        wrong = not _SIMPLE_PARAMETERS.fullmatch(parameters[1] + parameters[2])
        charset = re.search(r'charset="?([\w.+-]+)', parameters[2], re.IGNORECASE)
        if charset and "+json" in usual:
            wrong = wrong or charset[1].lower() not in ("utf-8", "utf8")
        kinds.add("" if wrong else media_type(answer))
    kind = kinds.pop()
    if kinds or not kind:
        return []
    if kind.endswith(tuple(one for one in usual if one.startswith("+"))) or kind in usual:
        return None
    try:
        check_media_type(kind)
    except Unfit:
        return []
    return [kind] if is_plain(kind) else []


def _in_words(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """What is checked of the fields, for people to read."""
    said = []
    for key, value in fields.items():
        if value is None:
            continue
        at = value if isinstance(value, str) else ""
        if isinstance(value, Mapping):
            at = str(value.get("at", value.get("field", ""))).removeprefix("/")
        if key == "ok":
            words = f' "{value["healthy"][0]}"' if isinstance(value, Mapping) else ""
            said.append(f"{at or 'the text'}{words}")
        elif key == "parts":
            each = isinstance(value, Mapping) and "each" in value
            where = str(value["each"]).removeprefix("/") if each else ""
            said.append(
                f"each part in {where or 'the body'}" if each else f"parts {listed_names(list(value))}"
            )
        elif isinstance(value, Mapping) and "path" in value:
            said.append(f"{at.replace('/', '.')} of {value['path']}")
        else:
            said.append(at)
    return tuple(said)


def _shown_body(answer: Answer) -> str:
    text = answer.body.decode("utf-8", "replace").strip()
    if not text:
        return "an empty body"
    if text.startswith("<"):
        return "a page"
    if text.startswith("{") and document(answer) is None:
        return "something like a JSON object, but not strict JSON,"
    return f'the text "{one_line(text, 40)}"'
