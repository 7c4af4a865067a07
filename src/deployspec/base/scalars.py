"""What a plain YAML scalar, one without quotes, stands for: by one narrow reading that all YAML versions share."""

from __future__ import annotations

import math
import re

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,40})?(?:[eE][-+]?[0-9]{1,3})?")
_NOT_TEXT = re.compile(
    r"""~|null|true|false|yes|no|on|off|             # null and the booleans of YAML 1.1
        [-+]?[0-9][0-9_]*|                           # whole numbers, also octal ones with a leading 0
        [-+]?0[box][0-9a-f_]+|
        [-+]?(?:[0-9][0-9_]*)?\.[0-9_]*(?:e[-+]?[0-9]+)?|
        [-+]?[0-9][0-9_]*e[-+]?[0-9]+|
        [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|  # numbers to the base 60: 1:30
        [-+]?\.(?:inf|nan)|
        [0-9]{4}-[0-9]{2}-[0-9]{2}|                  # dates
        ()""",
    re.VERBOSE | re.IGNORECASE,
)


def is_null(text: str) -> bool:
    """Whether a plain scalar stands for nothing."""
    return _NULL.fullmatch(text) is not None


def is_text(text: str) -> bool:
    """Whether every YAML reader takes this plain scalar as a text: ``1.10``, ``no`` and ``2024-01-01`` are none."""
    return _NOT_TEXT.fullmatch(text) is None


def cast(text: str, types: tuple[str, ...]) -> int | float | bool | None:
    """``text`` as the first of ``types`` (``integer``, ``number``, ``boolean``) that it is, else None."""
    if "boolean" in types and text in _BOOLEANS:
        return _BOOLEANS[text]
    if ("integer" in types or "number" in types) and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in types and _NUMBER.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else None
    return None
