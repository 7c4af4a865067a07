"""What may stand where the deployment file wants a regular expression, a JSON pointer, or JSON."""

from __future__ import annotations

import re

from deployspec.base.unfit import Unfit


def check_regex(text: str) -> None:
    """Raise :class:`Unfit` unless ``text`` is a regular expression of Python's that is not empty."""
    expected = "a regular expression in Python's syntax"
    if not text:
        raise Unfit("an empty text", expected)
    if "\b" in text:
        # YAML makes one of "\b" in double quotes, and no line of a text has one.
        raise Unfit("a backspace, which \\b in double quotes is", "the expression in single quotes")
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise Unfit(f"{{}}, which is not a regular expression ({_reason(error)})", expected) from None


def check_pointer(text: str) -> None:
    """Raise :class:`Unfit` unless ``text`` is a JSON pointer (RFC 6901), or a field's name, which has no / before it."""
    if text.startswith("/") and re.search("~(?![01])", text):
        raise Unfit(
            "{}, which has a ~ that is neither ~0 nor ~1", "~0 where a key has a ~, and ~1 where it has a /"
        )


def check_json(text: str) -> None:
    """Raise :class:`Unfit` unless ``text`` is JSON."""
    import json

    try:
        json.loads(text)
    except (ValueError, RecursionError):
        # The text itself is never quoted by the parser's message, but the place in it helps nobody here.
        raise Unfit("a text that is not JSON", """JSON in quotes, such as '{"title": "Atlas"}'""") from None


def _reason(error: BaseException) -> str:
    return error.msg if isinstance(error, re.error) else "too large"
