"""Whether an expression can be read, and where it is broken."""

from __future__ import annotations

import re
from typing import NamedTuple

from deployspec.base.shown import cut

_TOKENS = re.compile(
    r"""\#[^\n]*
    |   (?P<quoted>"(?:\\.|[^"\\\n])*(?P<closed>")?|'(?:\\.|[^'\\\n])*(?P<closed1>')?|`[^`]*(?P<closed2>`)?)
    |   (?P<bracket>[(){}\[\]])
    """,
    re.VERBOSE | re.DOTALL,
)
_CLOSES = {")": "(", "}": "{", "]": "["}
_NAMED = re.compile(r"function '(\w+)'|function with name '(\w+)'|aggregate operation '(\w+)'")


class Fault(NamedTuple):
    """Why an expression cannot be read."""

    offset: int
    """Where in the expression; 0 where that is not known."""
    reason: str


def fault_in(expr: str) -> Fault | None:
    """What keeps deployspec's parser from reading an expression, None where it can."""
    from deployspec.languages.promql.syntax import PromqlError, parse

    try:
        parse(expr)
    except PromqlError as error:
        reason = cut(str(error), 160)
        return Fault(_place(expr, reason), reason)
    except BaseException as error:
        # A panic of the parser, which is written in Rust, is no Exception.
        if isinstance(error, Exception) or type(error).__name__ != "PanicException":
            raise
        return Fault(0, "the parser breaks down on it")
    return None


def _place(expr: str, reason: str) -> int:
    """The bracket or the quote that has no partner, or the function that the reason names."""
    brackets: list[tuple[str, int]] = []
    for token in _TOKENS.finditer(expr):
        if token["quoted"] is not None:
            if not (token["closed"] or token["closed1"] or token["closed2"]):
                return token.start()
        elif (bracket := token["bracket"]) is not None:
            if bracket not in _CLOSES:
                brackets.append((bracket, token.start()))
            elif not brackets or brackets.pop()[0] != _CLOSES[bracket]:
                return token.start()
    if brackets:
        return brackets[-1][1]
    named = _NAMED.search(reason)
    if named:
        name = next(group for group in named.groups() if group)
        found = re.search(rf"\b{re.escape(name)}\b", expr)
        return found.start() if found else 0
    return 0
