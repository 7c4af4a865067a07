"""Fields of what Prometheus answers, read strictly: what was not understood must not pass for nothing."""

from __future__ import annotations

from typing import Any

from deployspec.base import shown

NUMBER = int | float
_WORDS = {list: "list", str: "text", NUMBER: "number", dict: "object"}


class NotUnderstood(Exception):  # noqa: N818 - a signal to who reads a whole answer
    """Why an answer could not be understood, on one line."""


def field(found: object, key: str, where: str, kind: Any, default: object = None) -> Any:
    """A field of an object, of one of the kinds that ``_WORDS`` has; the default where it is missing or null."""
    if not isinstance(found, dict):
        raise NotUnderstood(f"{where} is {shown.value(found)}, not an object")
    value = default if found.get(key) is None else found[key]
    if isinstance(value, bool) or not isinstance(value, kind):
        raise NotUnderstood(f"{where} has no {_WORDS[kind]} {key}")
    return value
