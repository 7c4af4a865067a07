"""What may stand where the deployment file wants a regular expression, a JSON pointer, JSON, a size or a name."""

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


EXPECTED_SIZE = "a size with its unit, such as 500MB, 10GB or 1GiB"
_SIZE = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,3}))?([kMGT]i?)?B")
_THOUSANDS = {"": 0, "k": 1, "M": 2, "G": 3, "T": 4}


def read_size(text: str) -> int:
    """The bytes of a size such as ``10GB`` (a thousand to the third) or ``1GiB`` (1024 to the third), at least 1.

    Raises :class:`Unfit` for anything else.
    """
    found = _SIZE.fullmatch(text)
    if found is None:
        raise Unfit("{}", EXPECTED_SIZE)
    whole, decimals, unit = found[1], found[2] or "", found[3] or ""
    base = 1024 if unit.endswith("i") else 1000
    size: int = int(whole + decimals) * base ** _THOUSANDS[unit[:1]] // 10 ** len(decimals)
    if size < 1:
        raise Unfit("{}", "a size of at least 1B")
    return size


def check_sink_name(text: str) -> None:
    """Raise :class:`Unfit` unless ``text`` can be a sink's name: a label's value, and a file's name."""
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", text):
        raise Unfit("{}", "a name of at most 40 small letters, digits and hyphens, such as gateway")


def _reason(error: BaseException) -> str:
    return error.msg if isinstance(error, re.error) else "too large"
