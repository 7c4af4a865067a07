"""What of a detector's match is to be hidden, if it tells anything."""

from __future__ import annotations

import re

from deployspec.base import disclosure
from deployspec.chapters.logs.judge.secret_patterns import Detector

Span = tuple[str, int, int]
"""Kind, start and end."""


def confirmed(detector: Detector, match: re.Match[str], text: str) -> Span | None:
    """What a detector finds; None where that tells nothing."""
    if detector.kind == "a connection string" and not _CREDENTIALS.search(match[0]):
        return None
    span = _hide(match, text) if detector.own else match.span()
    return None if span is None else (detector.kind, *span)


def _hide(match: re.Match[str], text: str) -> tuple[int, int] | None:
    """What is to be hidden of a match of one of our rules; None where its value tells nothing."""
    name = match.lastgroup
    if name is None:
        return match.span()
    value = match[name]
    if name == "hide":
        return None if value == "git" else match.span(name)
    if disclosure.is_innocuous(value) or _TELLS_NOTHING.fullmatch(value):
        return None
    start, end = match.span(name)
    if (
        name == "hide3"
        and text[start - 2 : start] == ": "
        and _PROSE.fullmatch(value)
        and _GOES_ON.match(text, end)
    ):
        return None
    if value.startswith("/") and match[0][:3].lower() == "pwd":
        return None  # the working directory
    return start, end


_CREDENTIALS = re.compile(
    r"//(?![^\s/?#@]*:?\*+@)[^\s/?#@]+@|(?:password|passwd|pwd|accountkey|accesskey)\s{0,4}=\s{0,4}[^\s*;&]",
    re.IGNORECASE,
)
"""Celery and others log where they are connected to; without a user or a password that is not a secret."""
_TELLS_NOTHING = re.compile(r"(?:redacted|masked|hidden|filtered|removed|not set|\W*)", re.IGNORECASE)
_PROSE = re.compile(r"[A-Za-z][a-z]+[.,]?")
_GOES_ON = re.compile(r" [a-z]+")
"""``invalid token: expected a string`` is a sentence, no token."""
