"""What a service's answers say of it. Pure: answers in, a description out.

What is claimed here becomes a promise in the deployment file, so that doubt means: not claimed. What a health endpoint's
own answers say is in ``forms``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from deployspec.base.unfit import Unfit
from deployspec.deployment.http import check_path
from deployspec.model.http import Answer, Failure
from deployspec.scaffold.fields import is_plain, is_text
from deployspec.scaffold.forms import (
    REDIRECTS,
    Health,
    described,
    document,
    fault_of,
    media_type,
)

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
    "/__heartbeat__",
    "/healthcheck",
)
"""Where health endpoints usually are. The first that can be described is taken."""
RARE_PATHS = ("/_health", "/__lbheartbeat__", "/health_check", "/api/healthcheck")
"""Where they sometimes are: asked where none of the others can be described."""
METRICS_PATHS = ("/metrics", "/-/metrics", "/actuator/prometheus", "/q/metrics")
OPENAPI_PATHS = ("/openapi.json", "/v3/api-docs", "/swagger.json", "/api/openapi.json")
OTHER_PATHS = (METRICS_PATHS[0], *OPENAPI_PATHS, "/__version__", "/actuator/info")
"""What is asked beside a health endpoint that is known."""
FIRST_PATHS = (*HEALTH_PATHS, METRICS_PATHS[0], *OPENAPI_PATHS)
"""What is asked of every service."""
_COMPANIONS = {
    "/-/healthy": ("/-/ready", "/-/metrics"),
    "/actuator/health": ("/actuator/info", "/actuator/prometheus"),
    "/q/health": ("/q/metrics",),
    "/__heartbeat__": ("/__version__",),
}
"""What a service often has that has the path before it."""
_VERSIONS = {"/__version__": ("version",), "/actuator/info": ("build", "version")}
"""Where a path beside health says which version is running."""
MOST_REQUESTS = 10
"""Candidates for a load run: as many as anyone chooses from."""

_HEALTH_LIKE = re.compile(
    r"health|healthz|health-?_?check|ready|readyz|readiness|live|livez|liveness|alive|heartbeat|up|ping|status",
    re.IGNORECASE,
)
_OTHERS = {*METRICS_PATHS, *OPENAPI_PATHS, *_VERSIONS}
_SAMPLE = re.compile(r"^# (?:HELP|TYPE) [a-zA-Z_:]", re.MULTILINE)


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
    """What else to ask, the likeliest first.

    It is where redirects on the same host lead, what OpenAPI lists that sounds like health, what is usual beside the
    paths that answered, and, where nothing can be described as health yet, ``RARE_PATHS``.
    """
    led = []
    for path in (*HEALTH_PATHS, *METRICS_PATHS):
        answer = answers.get(path)
        if isinstance(answer, Answer) and answer.status in REDIRECTS and not is_alike(answer, nonsense):
            led.append(_below(base_url, path, answer.header("location") or ""))
    _, operations = _openapi(answers, nonsense, base_url)
    listed = [path for path in operations if is_health_like(path)]
    beside = [
        one
        for path, companions in _COMPANIONS.items()
        if isinstance(answer := answers.get(path), Answer)
        and answer.status not in (404, 405, 410)
        and not is_alike(answer, nonsense)
        for one in companions
    ]
    rare = RARE_PATHS if best_health(answers, nonsense) is None else ()
    paths = dict.fromkeys((*led, *beside, *listed, *rare))
    return tuple(path for path in paths if path and path not in answers)


def best_health(answers: Answers, nonsense: Answer | Failure | None) -> str | None:
    """The path of the first answer that can be described."""
    for path, answer in answers.items():
        if _is_of_others(path):
            continue
        if isinstance(answer, Answer) and not is_alike(answer, nonsense) and not fault_of(answer):
            return path
    return None


def describe(
    answers: Answers,
    second: Answer | Failure | None,
    nonsense: Answer | Failure | None,
    base_url: str,
    health_path: str = "",
) -> Found:
    """All that is known. ``second`` is a later answer of ``best_health``'s path; ``health_path`` is one that was said."""
    openapi, operations = _openapi(answers, nonsense, base_url)
    metrics = next((path for path, answer in answers.items() if _has_metrics(answer, nonsense)), "")
    path = best_health(answers, nonsense) or ""
    first = answers.get(path)
    health: Health | str
    if isinstance(first, Answer):
        health = described(path, first, second, _version_of(answers, nonsense), sure=bool(health_path))
    elif health_path:
        path, health = health_path, _why_not_this(answers.get(health_path))
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


def _version_of(answers: Answers, nonsense: Answer | Failure | None) -> dict[str, str] | None:
    """Where a path beside health says the version, as the deployment file has it; None where none does."""
    for path, steps in _VERSIONS.items():
        answer = answers.get(path)
        if not isinstance(answer, Answer) or answer.status != 200 or is_alike(answer, nonsense):
            continue
        found = document(answer)
        for step in steps:
            found = found.get(step) if isinstance(found, dict) else None
        if is_text(found):
            return {"at": "/" + "/".join(steps), "path": path}
    return None


def _keys(answer: Answer) -> frozenset[str]:
    found = document(answer)
    return frozenset(found) if isinstance(found, dict) else frozenset()


def _why_not(answers: Answers, nonsense: Answer | Failure | None) -> tuple[str, str]:
    """The path that comes nearest to a health endpoint, and what is against it; no path where there is none."""
    for path, answer in answers.items():
        if _is_of_others(path) or not isinstance(answer, Answer):
            continue
        if answer.status not in (404, 405, 410) and not is_alike(answer, nonsense):
            return path, f"answered with {fault_of(answer)}"
    if isinstance(nonsense, Answer) and (below := _led_below(nonsense)):
        return "", f"every path leads to the same one below {below}, so give the URL that ends in {below}"
    if isinstance(nonsense, Answer) and nonsense.status not in (404, 405, 410):
        return "", f"every path, even one that cannot exist, is answered alike: {_alike(nonsense)}"
    return "", "none of the usual paths answered"


def _led_below(nonsense: Answer) -> str:
    """The path below which a redirect of a path that cannot exist finds the same path, such as ``/v1``; or empty."""
    if nonsense.status not in REDIRECTS:
        return ""
    last = "/" + urlsplit(nonsense.url).path.rpartition("/")[2]
    try:
        led = urlsplit(urljoin(nonsense.url, nonsense.header("location") or ""))
    except ValueError:
        return ""
    below = led.path.removesuffix(last)
    same = led.netloc.lower() == urlsplit(nonsense.url).netloc.lower() and led.path.endswith(last)
    return below if same and _fits(below) and below != urlsplit(nonsense.url).path.removesuffix(last) else ""


def _why_not_this(answer: Answer | Failure | None) -> str:
    """Why the path that was said to be the health endpoint cannot be described."""
    if isinstance(answer, Answer):
        fault = fault_of(answer) or "what every path answers, even one that cannot exist"
        return f"answered with {fault}"
    return f"gave no answer: {'no time was left' if answer is None else answer.reason}"


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
    return path.rstrip("/") in _OTHERS


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
        found = document(answer)
        if isinstance(found, dict) and ("openapi" in found or "swagger" in found):
            return path, tuple(dict.fromkeys(_operations(found, base_url)))
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
    return is_plain(path) and "{" not in path
