"""``${NAME}`` and ``${NAME:-default}`` in values, replaced after parsing: a variable's value is never YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_DOLLAR = r"""(?x)\$(?:
        (?P<escaped>\$)
      | \{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<default>:-[^{}]*)?\}
      | (?P<bare>[A-Za-z_])
      | (?P<broken>\{)
    )"""
"""Compiled where a text has a dollar sign: few have."""


class Interpolated(NamedTuple):
    """A text after interpolation."""

    text: str
    variables: tuple[str, ...] = ()
    """The names of the variables in it, in order."""
    values: tuple[str, ...] = ()
    """What was put in for them."""
    problems: tuple[tuple[str, str], ...] = ()
    """What was found and what was expected, for each variable that could not be replaced."""
    unset: tuple[str, ...] = ()
    """The names of those that are not set, or empty, and have no default."""


def interpolate(text: str, environ: Mapping[str, str], room: int) -> Interpolated:
    """Replace the variables in ``text``.

    ``${NAME}`` must be set and not empty; ``${NAME:-default}`` stands for the default where NAME is unset or
    empty; ``$$`` is one dollar sign; a dollar sign before anything but a letter, ``_`` or ``{`` is itself. The variables' values have ``room`` characters in all.
    """
    if "$" not in text:
        return Interpolated(text)
    variables: list[str] = []
    values: list[str] = []
    problems: list[tuple[str, str]] = []
    unset: list[str] = []

    def replaced(match: re.Match[str]) -> str:
        nonlocal room
        name, default = match["name"], match["default"]
        if match["escaped"]:
            return "$"
        if name is None:
            problems.append(_malformed(bare=match["bare"] is not None))
            return ""
        value = environ.get(name, "")
        variables.append(name)
        room -= len(value)
        if room < 0:
            problems.append(("variables with very long values", "at most 1 MiB in all"))
            value = ""
        elif value:
            if not _is_unicode(value):
                problems.append((f"${{{name}}}, whose value is not UTF-8", "a text in UTF-8"))
        elif default is not None:
            value = default[2:]
        else:
            state = "empty" if name in environ else "not set"
            expected = f"{name} set in the environment, or a default: ${{{name}:-…}}"
            problems.append((f"${{{name}}}, and the variable is {state}", expected))
            unset.append(name)
        values.append(value)
        return value

    result = re.sub(_DOLLAR, replaced, text)
    return Interpolated(result, tuple(variables), tuple(values), tuple(problems), tuple(unset))


def _is_unicode(text: str) -> bool:
    """Whether no byte was kept as half a surrogate pair, as Python does with an environment that is not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _malformed(*, bare: bool) -> tuple[str, str]:
    # Neither is quoted: it may be a password with a dollar sign in it.
    if bare:
        return (
            "a $ before a letter",
            "braces around a variable's name, as in ${NAME}, or $$ for a dollar sign",
        )
    return "a broken ${", "${NAME} or ${NAME:-default}, or $${ for these two characters"
