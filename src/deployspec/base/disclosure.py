"""What a body must not tell the world: credentials, connection strings, stack traces. And how to hide them.

The rules know the shapes of secrets; they don't guess by entropy, so versions, request ids and queue names are left
alone. A value that tells nothing (``"token": true``, ``"secret": "expired"``, ``password=***``) is no finding.

Every rule runs in time linear in the text, and is compiled only when one of its words occurs in it: a clean body
costs no regular expression at all.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from types import MappingProxyType
from typing import NamedTuple

from deployspec.base.disclosure_rules import NAMES, RULES, SAYS_NOTHING
from deployspec.base.secret import Finder, Secret

HIDDEN = "***"
_NAMED_SECRET = r"(?i:" + NAMES + r")s?\Z"
_PLACEHOLDER = r"[*•.…]*|[xX]{3,}|<.*>|\[.*\]|\$\{.*\}|-?\d{1,3}(?:\.\d+)?"
_ESCAPE = r"\\(?:u([0-9a-fA-F]{4})|(.))"

Span = tuple[int, int]


def nothing(_: str) -> list[Span]:
    """Where secrets are in a text while none are known."""
    return []


class _Known:
    """Where the values stand in a text that whoever uses the contracts knows to be secret."""

    spans: Callable[[str], list[Span]] = staticmethod(nothing)
    variables: Mapping[str, Secret] = MappingProxyType({})


def hide(spans: Callable[[str], list[Span]], variables: Mapping[str, Secret] = MappingProxyType({})) -> None:
    """Hide, from here on, what ``spans`` finds, wherever a text is masked or put on one line for a person.

    ``variables`` are those of the environment that gave some of it, by name. It changes no verdict: what is judged is not
    masked.
    """
    _Known.spans = staticmethod(spans)
    _Known.variables = variables


def hide_also(secret: Secret) -> None:
    """Hide this value too, from here on: one that became known only in the course of a run."""
    if isinstance(_Known.spans, Finder):
        _Known.spans.add(secret)
    else:
        known, more = _Known.spans, Finder([secret])
        hide(more if known is nothing else lambda text: [*known(text), *more(text)], _Known.variables)


def hidden() -> Callable[[str], list[Span]]:
    """What was given to ``hide``: for another process, which has to do the same."""
    return _Known.spans


def variable_of(value: str) -> str | None:
    """The name of a variable of the environment that gave this secret value, as ``hide`` was told; None without one."""
    known = _Known.variables.items()
    return next((name for name, secret in known if secret.reveal() == value), None)


def redact(text: str) -> str:
    """The text without what ``hide`` was told of. On the whole text: a piece of a value is not known as one."""
    known = _Known.spans(text)
    return _render(text, 0, len(text), merged(known)) if known else text


class Finding(NamedTuple):
    """Something that should not be shown, and may not be: ``context`` has it hidden."""

    kind: str
    """What it is, with its article: ``a URL with credentials``."""
    context: str
    """The text around it, with everything hidden that is to be hidden. May hold control characters."""


def findings(text: str) -> tuple[Finding, ...]:
    """Everything in a text that should not be told, also behind JSON's escapes: the first of each kind.

    Where two rules find the same piece, the first of them names it: a connection string is a URL with credentials, too.
    """
    found: dict[str, Finding] = {}
    for layer in _layers(text):
        spans = _spans(layer)
        whole_spans = merged([span for _, span in spans])
        shown = merged([*whole_spans, *_Known.spans(layer)]) if spans else []
        claimed: set[Span] = set()
        for kind, (start, _) in spans:
            whole = whole_spans[bisect_right(whole_spans, start, key=lambda span: span[0]) - 1]
            if whole not in claimed and kind not in found:
                around = max(0, whole[0] - 24), min(len(layer), whole[1] + 24)
                found[kind] = Finding(kind, _render(layer, *around, shown))
            claimed.add(whole)
    return tuple(found.values())


def mask(text: str) -> str:
    """The text with every finding hidden. What comes out has no finding left.

    Where a finding shows only once JSON's escapes are resolved, they are resolved in what comes out, too.
    """
    text = redact(text)
    for _ in range(8):
        layers = [layer for layer in _layers(text) if _spans(layer)]
        if not layers:
            return text
        layer = layers[0]
        text = _render(layer, 0, len(layer), merged([span for _, span in _spans(layer)]))
    return HIDDEN


def masked_window(text: str, start: int, end: int) -> str:
    """``text[start:end]`` with every finding hidden, also one that the window cuts in two."""
    hidden = merged([*(span for _, span in _spans(text)), *_Known.spans(text)])
    if any(_spans(layer) for layer in _layers(_render(text, 0, len(text), hidden))[1:]):
        return HIDDEN  # something hides behind escapes: its place in the window cannot be told
    return mask(_render(text, max(0, start), min(len(text), end), hidden))


def tells_something(name: str, value: str) -> bool:
    """Whether a field of this name with this value discloses a credential."""
    return bool(_compiled(_NAMED_SECRET).search(name)) and not is_innocuous(value)


def is_innocuous(value: str) -> bool:
    """Whether the value of a field that is named like a credential tells nothing: ``expired``, ``***``."""
    value = value.strip()
    return value.lower().rstrip(".,:") in SAYS_NOTHING or bool(_compiled(_PLACEHOLDER).fullmatch(value))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _spans(text: str) -> list[tuple[str, Span]]:
    return list(_spans_again(text) if len(text) <= _SHORT else _spans_of(text))


def _spans_of(text: str) -> tuple[tuple[str, Span], ...]:
    lowered = text.lower()
    return tuple(
        (rule.kind, span)
        for rule in RULES
        if any(word in lowered for word in rule.words)
        for match in _compiled(rule.pattern).finditer(text)
        if (span := _hide(match)) is not None
    )


_spans_again = lru_cache(512)(_spans_of)
"""A run says the same short texts, such as names and values of headers, again and again."""
_SHORT = 500


def _hide(match: re.Match[str]) -> Span | None:
    """What is to be hidden of a match; None where its value tells nothing."""
    groups = {name: value for name, value in match.groupdict().items() if value is not None}
    if not match.re.groupindex or not groups:
        return match.span()
    name, value = groups.popitem()
    if name != "hide" and is_innocuous(value):
        return None
    return match.span(name)


def merged(spans: list[Span]) -> list[Span]:
    """Spans in order, those that touch one another made one."""
    apart: list[Span] = []
    for start, end in sorted(spans):
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart


def _render(text: str, start: int, end: int, hidden: list[Span]) -> str:
    pieces = []
    for hide_from, hide_to in hidden:
        if hide_to <= start or hide_from >= end:
            continue
        pieces += [text[start : max(start, hide_from)], HIDDEN]
        start = min(hide_to, end)
    return "".join([*pieces, text[start:end]])


def _layers(text: str) -> list[str]:
    """The text as it is, and with JSON's escapes resolved as often as there are any: JSON is put into JSON."""
    layers = [text]
    while "\\" in layers[-1] and len(layers) < 4:
        layers.append(_compiled(_ESCAPE).sub(_resolve, layers[-1]))
    return layers


def _resolve(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}.get(match[2], match[2])
