"""What a service's answers say of it. Pure: answers in, a description out.

What is claimed here becomes a promise in the deployment file, so that doubt means: not claimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from urllib.parse import urljoin, urlsplit

from deployspec.base import rfc3339, strict_json
from deployspec.base.shown import one_line
from deployspec.base.unfit import Unfit
from deployspec.chapters.health.judge.changing import differences
from deployspec.deployment.http import check_path
from deployspec.model.http import Answer, Failure

HEALTH_PATHS = (
    "/health",
    "/healthz",
    "/health/ready",
    "/readyz",
    "/livez",
    "/-/healthy",
    "/up",
    "/ping",
    "/status",
    "/actuator/health",
    "/q/health",
    "/api/health",
    "/_health",
)
"""Where health endpoints usually are. The first that can be described is taken."""
METRICS_PATHS = ("/metrics", "/actuator/prometheus", "/q/metrics", "/-/metrics")
OPENAPI_PATHS = ("/openapi.json", "/v3/api-docs", "/swagger.json", "/api/openapi.json")
MOST_REQUESTS = 10
"""Candidates for a load run: as many as anyone chooses from."""

_OK = ("ok", "healthy", "up", "alive", "ready")
_VERSION = ("version", "release", "build")
_QUEUE_DEPTH = ("queue_depth", "queue_length", "queue_size", "queue", "backlog")
_CLOCK = ("time", "timestamp", "now", "date", "datetime", "current_time", "server_time")
_SKEW = 5
"""Seconds: ``health.max_clock_skew``'s default."""
_HEALTH_LIKE = re.compile(
    r"health|healthz|health-?_?check|ready|readyz|readiness|live|livez|liveness|alive|heartbeat|up|ping|status",
    re.IGNORECASE,
)
_SAMPLE = re.compile(r"^# (?:HELP|TYPE) [a-zA-Z_:]", re.MULTILINE)
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Health:
    """A health endpoint that the deployment file's part ``health`` can describe."""

    path: str
    ok: str | None = None
    ok_is: bool = True
    """What the field ``ok`` said."""
    parts: tuple[str, ...] = ()
    queue_depth: str | None = None
    time: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class Found:
    """What is known of a service."""

    health: Health | None = None
    why_not: str = ""
    """Why ``health`` is None, as a sentence without its full stop."""
    health_path: str = ""
    """The path that ``why_not`` speaks of; empty where it speaks of none."""
    metrics: str = ""
    """The path of its metrics; empty where none were found."""
    openapi: str = ""
    """The path of its OpenAPI document; empty where none was found."""
    requests: tuple[str, ...] = ()
    """Paths that a load run may ask."""


Answers = Mapping[str, Answer | Failure]
"""By path, in the order in which they were asked."""


def media_type(answer: Answer) -> str:
    """The media type without its parameters, in small letters; empty where the answer has none."""
    return (answer.header("content-type") or "").partition(";")[0].strip().lower()


def is_alike(answer: Answer, nonsense: Answer | Failure | None) -> bool:
    """Whether an answer says no more than ``nonsense``, the answer to a path that cannot exist.

    Bodies may repeat the path or tell the time, so only JSON objects with other fields count as different.
    """
    if not isinstance(nonsense, Answer):
        return False
    return (answer.status, media_type(answer), _keys(answer)) == (
        nonsense.status,
        media_type(nonsense),
        _keys(nonsense),
    )


def further_paths(answers: Answers, nonsense: Answer | Failure | None, base_url: str) -> tuple[str, ...]:
    """What else to ask: where redirects on the same host lead, and what OpenAPI lists that sounds like health."""
    led = []
    for path in (*HEALTH_PATHS, *METRICS_PATHS):
        answer = answers.get(path)
        if isinstance(answer, Answer) and answer.status in _REDIRECTS and not is_alike(answer, nonsense):
            led.append(_below(base_url, path, answer.header("location") or ""))
    _, operations = _openapi(answers, nonsense, base_url)
    listed = [path for path in operations if is_health_like(path)]
    return tuple(dict.fromkeys(path for path in (*led, *listed) if path and path not in answers))


def best_health(answers: Answers, nonsense: Answer | Failure | None) -> str | None:
    """The path of the first answer that can be described."""
    for path, answer in answers.items():
        if _is_of_others(path):
            continue
        if isinstance(answer, Answer) and not is_alike(answer, nonsense) and not fault_of(answer):
            return path
    return None


def describe(
    answers: Answers, second: Answer | Failure | None, nonsense: Answer | Failure | None, base_url: str
) -> Found:
    """All that is known. ``second`` is a later answer of ``best_health``'s path."""
    openapi, operations = _openapi(answers, nonsense, base_url)
    metrics = next((path for path, answer in answers.items() if _has_metrics(answer, nonsense)), "")
    path = best_health(answers, nonsense) or ""
    first = answers.get(path)
    health: Health | str
    if isinstance(first, Answer):
        health = described(path, first, second)
    else:
        path, health = _why_not(answers, nonsense)
    requests = [one for one in operations if not is_health_like(one) and not _is_of_others(one)]
    return Found(
        health=health if isinstance(health, Health) else None,
        why_not=health if isinstance(health, str) else "",
        health_path=path,
        metrics=metrics,
        openapi=openapi,
        requests=tuple(requests[:MOST_REQUESTS]),
    )


def fault_of(answer: Answer) -> str:
    """Why an answer cannot be described as healthy, as the end of a sentence; empty where it can."""
    kind = one_line(media_type(answer), 60)
    if answer.status in _REDIRECTS:
        to = one_line((answer.header("location") or "nowhere").partition("?")[0], 80)
        return f"status {answer.status}, which leads to {to}"
    if answer.status in (401, 403):
        return f"status {answer.status}; it asks for credentials, which --header can send"
    if answer.status != 200:
        return f"status {answer.status}, where a healthy service answers 200"
    document = _document(answer)
    if not isinstance(document, dict):
        said = _shown_body(answer)
        return f"{said}{f' as {kind}' if kind else ''}; only a JSON object can be described yet"
    if kind != "application/json":
        return f"a JSON object as {kind or 'no media type'}; only application/json can be described yet"
    return ""


def described(path: str, first: Answer, second: Answer | Failure | None) -> Health | str:
    """What two answers, one after the other, allow to promise; a text says why nothing."""
    if second is None:
        return "gave one answer, and no time was left to ask for a second one"
    if isinstance(second, Failure):
        return f"gave one answer, but not a second one: {second.reason}"
    if fault := fault_of(second):
        return f"gave two different answers; the second was {fault}"
    was, now = _document(first), _document(second)
    both = {name: (was[name], now[name]) for name in was if name in now and _is_plain(name)}
    flags = {name: values for name, values in both.items() if all(type(one) is bool for one in values)}
    ok = _named(_OK, flags) or (next(iter(flags)) if len(flags) == 1 and all(*flags.values()) else None)
    # A flag that is false while all is well, such as `debug`, is no part; while all is not, it may be the reason.
    well = ok is None or all(flags[ok])
    parts = tuple(name for name in flags if name != ok and (all(flags[name]) or not well))
    if not ok and not parts and (changed := differences(was, now)):
        return (
            f"names no field that says whether all is well, and its body changes: {one_line(changed[0], 80)}"
        )
    versions = [name for name, (one, other) in both.items() if _is_text(one) and one == other]
    depths = [name for name, values in both.items() if all(type(one) is int and one >= 0 for one in values)]
    return Health(
        path,
        ok=ok,
        ok_is=well,
        parts=parts,
        queue_depth=_named(_QUEUE_DEPTH, depths),
        time=_clock(both, first, second),
        version=_named(_VERSION, versions),
    )


def _clock(both: Mapping[str, tuple[Any, Any]], first: Answer, second: Answer) -> str | None:
    """The field that is the service's clock, rather than the time of its start or its build."""
    stamps = {}
    for name, (was, now) in both.items():
        one, other = (rfc3339.parse(text) if isinstance(text, str) else None for text in (was, now))
        if isinstance(one, rfc3339.Stamp) and isinstance(other, rfc3339.Stamp):
            moved = other.order > one.order
            current = _is_current(one, first) and _is_current(other, second)
            stamps[name] = (moved, current)
    by_its_name = _named(_CLOCK, [name for name, seen in stamps.items() if any(seen)])
    return by_its_name or next((name for name, seen in stamps.items() if all(seen)), None)


def _is_current(stamp: rfc3339.Stamp, answer: Answer) -> bool:
    early, late = Fraction(answer.sent_at) - _SKEW - 1, Fraction(answer.received_at) + _SKEW
    return early <= stamp.moment <= late


def _named(names: Iterable[str], fields: Iterable[str]) -> str | None:
    by_name = {field.lower().replace("-", "_"): field for field in fields}
    return next((by_name[name] for name in names if name in by_name), None)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_plain(text: str) -> bool:
    """Whether a word of the service's may be written down: short, on one line, and without secrets."""
    return bool(text) and one_line(text, 120) == text


def _document(answer: Answer) -> Any:
    parsed = strict_json.parse(answer.body)
    return parsed.value if isinstance(parsed, strict_json.Parsed) else None


def _keys(answer: Answer) -> frozenset[str]:
    document = _document(answer)
    return frozenset(document) if isinstance(document, dict) else frozenset()


def _shown_body(answer: Answer) -> str:
    document = _document(answer)
    if isinstance(document, list):
        return "a JSON array"
    text = answer.body.decode("utf-8", "replace").strip()
    if not text:
        return "an empty body"
    if text.startswith("<"):
        return "a page"
    if text.startswith("{"):
        return "something like a JSON object, but not strict JSON,"
    return f'the text "{one_line(text, 40)}"'


def _why_not(answers: Answers, nonsense: Answer | Failure | None) -> tuple[str, str]:
    """The path that comes nearest to a health endpoint, and what is against it; no path where there is none."""
    for path, answer in answers.items():
        if _is_of_others(path) or not isinstance(answer, Answer):
            continue
        if answer.status not in (404, 405, 410) and not is_alike(answer, nonsense):
            return path, f"answered with {fault_of(answer)}"
    if isinstance(nonsense, Answer) and nonsense.status not in (404, 405, 410):
        return "", f"every path, even one that cannot exist, is answered alike: {_alike(nonsense)}"
    return "", "none of the usual paths answered"


def _alike(nonsense: Answer) -> str:
    return (
        fault_of(nonsense) if nonsense.status != 200 else f"status 200, {media_type(nonsense) or 'no type'}"
    )


def _has_metrics(answer: Answer | Failure | None, nonsense: Answer | Failure | None) -> bool:
    if not isinstance(answer, Answer) or answer.status != 200 or is_alike(answer, nonsense):
        return False
    return _SAMPLE.search(answer.body.decode("utf-8", "replace")) is not None


def _is_of_others(path: str) -> bool:
    """Whether a path is asked for something else than health."""
    return path.rstrip("/") in (*METRICS_PATHS, *OPENAPI_PATHS)


def is_health_like(path: str) -> bool:
    """Whether a path's last word is one that health endpoints have."""
    return _HEALTH_LIKE.fullmatch(path.rstrip("/").rpartition("/")[2]) is not None


def _openapi(
    answers: Answers, nonsense: Answer | Failure | None, base_url: str
) -> tuple[str, tuple[str, ...]]:
    """Where the OpenAPI document is, and the paths of its GET operations that need no parameter."""
    for path in OPENAPI_PATHS:
        answer = answers.get(path)
        if not isinstance(answer, Answer) or answer.status != 200 or is_alike(answer, nonsense):
            continue
        document = _document(answer)
        if isinstance(document, dict) and ("openapi" in document or "swagger" in document):
            return path, tuple(dict.fromkeys(_operations(document, base_url)))
    return "", ()


def _operations(document: Mapping[str, Any], base_url: str) -> Iterator[str]:
    paths = document.get("paths")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        operation = item.get("get") if isinstance(item, dict) else None
        if not isinstance(operation, dict) or "{" in path:
            continue
        if any(_is_needed(one) for holder in (item, operation) for one in _list(holder.get("parameters"))):
            continue
        if place := _placed(document, path, base_url):
            yield place


def _is_needed(parameter: object) -> bool:
    """Whether a parameter is required, or may be: one that stands elsewhere is not looked up."""
    return not isinstance(parameter, dict) or "$ref" in parameter or parameter.get("required") is True


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _placed(document: Mapping[str, Any], path: str, base_url: str) -> str | None:
    """An operation's path as the deployment file has it, below ``base_url``; None where it is elsewhere."""
    servers = _list(document.get("servers"))
    server = servers[0].get("url") if servers and isinstance(servers[0], dict) else document.get("basePath")
    if not isinstance(server, str) or server.strip("/") == "":
        return path if _fits(path) else None
    return _below(base_url, "/", server.rstrip("/") + path)


def _below(base_url: str, path: str, reference: str) -> str | None:
    """The path below ``base_url`` to which a reference that was found at ``path`` leads; None where it leads elsewhere."""
    try:
        base, parts = urlsplit(base_url), urlsplit(urljoin(base_url + path, reference))
    except ValueError:
        return None
    if (base.scheme.lower(), base.netloc.lower()) != (parts.scheme.lower(), parts.netloc.lower()):
        return None
    if not parts.path.startswith(f"{base.path}/"):
        return None
    path = parts.path[len(base.path) :]
    return path if _fits(path) else None


def _fits(path: str) -> bool:
    try:
        check_path(path)
    except Unfit:
        return False
    return _is_plain(path) and "{" not in path
