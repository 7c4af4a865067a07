"""Whether a selector counts a request of the load run, as far as its matchers and the request tell."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import product
from urllib.parse import unquote

from deployspec.languages.promql.selectors import Matcher, Selector

_METHODS = frozenset(["method", "http_method", "http_request_method", "request_method", "verb"])
_STATUSES = frozenset(
    ["status", "code", "status_code", "http_status", "http_status_code", "http_response_status_code"]
)
_OF_THE_SERVICE = frozenset(["__name__", "job"])
"""Labels that say whose metrics are meant, and nothing of the request."""
_NAMED = r"[^{}/]*[A-Za-z][^{}/]*"
_TEMPLATED = re.compile(rf"\\?\{{{_NAMED}\}}|:[A-Za-z_]\w*|<[^<>/]+>")
"""A part of a path that frameworks write where a request has any value: ``{id}``, ``:id``, ``<int:id>``."""
_BARE = re.compile(rf"(?<!\\)(?<!\\[pPx])\{{({_NAMED}?)\}}")
"""``{id}`` in a regular expression, which RE2 takes for these characters, and our own engine for an error."""
_VALUES = ("1", "x", "{id}")
"""What may stand in a label where the plan has ``{NAME}``."""
_MOST = 2000
"""Readings of a path that are looked at; of one that has more, nothing is known."""


def counts(selector: Selector, method: str, target: str, status: str, prefix: str = "") -> bool | None:
    """Whether it counts a request with this answer; None where that cannot be told.

    ``prefix`` is the path of ``base_url``, which a proxy may take off before the service sees it.
    """
    held = [_holds(matcher, method, target, status, prefix) for matcher in selector.matchers]
    if False in held:
        return False
    return None if None in held or selector.alternatives else True


def _holds(matcher: Matcher, method: str, target: str, status: str, prefix: str) -> bool | None:
    if matcher.label in _OF_THE_SERVICE:
        return True
    negative = matcher.op in ("!=", "!~")
    if matcher.op in ("=~", "!~"):
        matcher = replace(matcher, value=_BARE.sub(r"\\{\1\\}", matcher.value))
        if all(replace(matcher, op=op).matches("") for op in ("=~", "!~")):
            # It cannot be read here.
            return None
    if matcher.label in _METHODS:
        found = [matcher.matches(method.upper()), matcher.matches(method.lower())]
        return all(found) if negative else any(found)
    if matcher.label in _STATUSES:
        # The label has statuses or their classes: one of both readings is its own, and the other finds nothing.
        found = [matcher.matches(status), matcher.matches(f"{status[:1]}xx")]
        return (all(found) if negative else any(found)) if re.search(r"\d", matcher.value) else None
    if "/" not in matcher.value:
        return True if not negative and all(map(matcher.matches, ("", "x", "/"))) else None
    path = re.split("[?#]", target, maxsplit=1)[0]
    answers = set()
    for one in {path, path.removeprefix(prefix) or "/"}:
        certain, possible = _readings(one, matcher.value)
        # A template that the matcher does not mean is none that the label need have.
        answers |= {matcher.matches(value) for value in certain}
        answers |= {matcher.matches(value) for value in possible} & {not negative}
        if not certain:
            return None
    return answers.pop() if len(answers) == 1 else None


def _readings(path: str, pattern: str) -> tuple[set[str], set[str]]:
    """What a label of paths, or of templates of paths, has for this path, and what it may have by the pattern.

    A part that has a digit, or ``{NAME}`` of the plan, may stand for any value; any part may be what the pattern has as
    a template. None where there are too many.
    """
    templates = sorted({found.replace("\\", "") for found in _TEMPLATED.findall(pattern)})
    choices: list[list[str]] = []
    for part in path.split("/"):
        if "{" in part:
            choices.append([re.sub(r"\{[^{}]*\}", value, part) for value in _VALUES])
        else:
            choices.append(
                list(dict.fromkeys([part, unquote(part), *(["{id}"] if re.search(r"\d", part) else [])]))
            )
    wider = [[*own, *(templates if own[0] else [])] for own in choices]
    if math.prod(map(len, wider)) > _MOST:
        return set(), set()
    certain, possible = ({"/".join(parts) for parts in product(*of)} for of in (choices, wider))
    return certain, possible - certain
