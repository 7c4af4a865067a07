"""Where the nodes of an expression stand in its text: promql-parser's tree does not say."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from deployspec.languages.promql.syntax import fold

if TYPE_CHECKING:
    from promql_parser import Expr

MOST = 50
"""Operators of a kind in an expression that a person wrote. The time to read the sides of each grows with its square."""

_TOKEN = re.compile(
    r"""\#[^\n]*
    | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `[^`]*`
    | (?P<word>[a-zA-Z_:][a-zA-Z0-9_:]*)(?P<call>(?:\s|\#[^\n]*\n)*\()?
    | (?P<operator>[<>=!]=|[/<>])
    """,
    re.VERBOSE | re.DOTALL,
)


def operators(text: str, expr: Expr, wanted: frozenset[str]) -> list[tuple[Any, int]]:
    """Each operation's node whose operator is one of these, such as ``/``, ``<`` or ``and``, and the operator's offset
    in ``text``."""
    # Words are read in either case, as the parser does; a matcher's operator is never `<` or `>`.
    offsets = [
        token.start()
        for token in _TOKEN.finditer(text)
        if (token["operator"] or (token["word"] or "").lower()) in wanted
    ]
    return _placed(expr, lambda node: type(node).__name__ == "BinaryExpr" and str(node.op) in wanted, offsets)


def few_operators(text: str, expr: Expr, wanted: frozenset[str]) -> list[tuple[Any, int]]:
    """The same, but none where there are more than ``MOST``: for what reads all that is below each of them."""
    found = operators(text, expr, wanted)
    return found if len(found) <= MOST else []


def calls(text: str, expr: Expr, name: str) -> list[tuple[Any, int]]:
    """Each call of a function, and the offset of the function's name in ``text``."""
    # Functions' names are read in either case, as the parser does.
    offsets = [t.start() for t in _TOKEN.finditer(text) if t["call"] and t["word"].lower() == name]
    return _placed(expr, lambda node: type(node).__name__ == "Call" and node.func.name == name, offsets)


def _placed(expr: Expr, wanted: Callable[[Any], bool], offsets: list[int]) -> list[tuple[Any, int]]:
    def found(node: Any, below: tuple[tuple[Any, ...], ...]) -> tuple[Any, ...]:
        own = (node,) if wanted(node) else ()
        if type(node).__name__ == "BinaryExpr":
            return (*below[0], *own, *below[1])
        return sum(below, own)

    nodes = fold(expr, found)
    # Both are in the order of the text. Should they ever differ in number, the expression's beginning is no lie.
    return list(zip(nodes, offsets if len(offsets) == len(nodes) else [0] * len(nodes), strict=True))
