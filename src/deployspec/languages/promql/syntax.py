"""PromQL's syntax tree: promql-parser's nodes, read, walked and written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from promql_parser import Expr

T = TypeVar("T")

MAX_OPERATORS = 1000
"""Operators and opening brackets in one expression. The parser's time grows with the square of their nesting, and
20,000 of them end the process."""

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |   (?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |   `(?P<raw>[^`]*)`
    |   (?P<now>\boffset\s+[-+]?(?:0+(?:ms|[smhdwy])?)+(?![\w.]))
    |   (?P<grouped>(?<![\w:])[0-9][0-9a-fx]*(?:_[0-9a-f]+)+(?!\w))
    |   (?P<operator>[-+*/%^(<>=!]|\b(?:and|or|unless|atan2)\b)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)

_BEFORE_1970 = "@ 0.000"
_MOMENT = re.compile(r"""(?P<quoted>"(?:\\.|[^"\\])*")|@ (?P<moment>[0-9]+\.[0-9]{3})""", re.DOTALL)
_SYSTEM_TIME = re.compile(r"tv_sec: (-?[0-9]+),\s*tv_nsec: ([0-9]+)")


class PromqlError(ValueError):
    """A text that is not a PromQL expression. Its text is the parser's, on one line."""


@lru_cache(maxsize=4096)
def parse(text: str) -> Expr:
    """The syntax tree of an expression. Trees are shared: nobody may change one (``promql_parser.transform`` copies).

    Raises PromqlError, also for an expression of more than ``MAX_OPERATORS`` operators and brackets.
    """
    operators = 0

    def plain(token: re.Match[str]) -> str:
        nonlocal operators
        operators += token["operator"] is not None
        if token["now"] is not None:
            return ""
        if token["grouped"] is not None:
            return token["grouped"].replace("_", "")
        return token[0] if token["raw"] is None else quoted(token["raw"])

    # The parser reads escapes in raw strings too (`\d` is an error to it), where Prometheus takes them as written; and it
    # refuses `offset 0s` and `1_000`, which are no errors to Prometheus 3.
    readable = _TOKEN.sub(plain, text)
    if operators > MAX_OPERATORS:
        raise PromqlError(
            f"the expression has {operators} operators and brackets; at most {MAX_OPERATORS} are read"
        )
    try:
        tree: Expr = _parser().parse(readable)
        # An offset of 1e18 seconds is read, but can neither be asked for nor written: now is the time to say so.
        tree.prettify()
        for node in walk(tree):
            getattr(node, "offset", None)
    except (ValueError, OverflowError) as error:
        raise PromqlError(_reason(error)) from None
    except BaseException as error:
        # A breakdown of the parser itself, as by a duration beyond all measure, is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise PromqlError(f"the parser broke down: {_reason(error)}") from None
    return tree


def to_text(expr: Expr) -> str:
    """The expression as PromQL that reads back as the same tree. A long one has several lines."""
    # str() of a node is not PromQL: it leaves quotes in labels' values as they are, and drops the colon of [1h:].
    text: str = expr.prettify()
    if _BEFORE_1970 not in text:
        return text
    # The parser reads `x @ -1`, and writes the beginning of 1970 for it.
    told: tuple[str, ...] = fold(expr, _moments)
    moments = iter(told)

    def written(token: re.Match[str]) -> str:
        return f"@ {moment}" if token["moment"] and (moment := next(moments, "")) else token[0]

    return _MOMENT.sub(written, text)


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and every part of it, each once, depth first, in the order of the text."""
    waiting = [expr]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(parts(node)))


def walk_selectors_once(expr: Expr) -> Iterator[Expr]:
    """``walk`` without the vector selectors that range selectors hold."""
    within_range = False
    for node in walk(expr):
        kind = type(node).__name__
        if not (within_range and kind == "VectorSelector"):
            yield node
        within_range = kind == "MatrixSelector"


def fold(expr: Expr, result: Callable[[Any, tuple[T, ...]], T]) -> T:
    """The result for an expression, ``result`` giving it for a node from the results for its ``parts``.

    It does not recurse: a sum of 500 terms is 500 nodes deep.
    """
    done: list[T] = []
    waiting: list[tuple[Expr, bool]] = [(expr, False)]
    while waiting:
        node, ready = waiting.pop()
        below = parts(node)
        if below and not ready:
            waiting.append((node, True))
            waiting.extend((part, False) for part in reversed(below))
            continue
        first = len(done) - len(below)
        done[first:] = [result(node, tuple(done[first:]))]
    return done[0]


def parts(node: Expr) -> tuple[Expr, ...]:
    """The nodes directly below a node, in the order of the text."""
    found: Any = node
    match type(node).__name__:
        case "BinaryExpr":
            return found.lhs, found.rhs
        case "AggregateExpr":
            return (found.expr,) if found.param is None else (found.param, found.expr)
        case "ParenExpr" | "UnaryExpr" | "SubqueryExpr":
            return (found.expr,)
        case "MatrixSelector":
            return (found.vector_selector,)
        case "Call":
            return tuple(found.args)
        case _:
            return ()


def literal(node: Any) -> str:
    """The text of a string, which may stand in parentheses."""
    while type(node).__name__ == "ParenExpr":
        node = node.expr
    return str(node.val)


def fills(node: Any) -> bool:
    """Whether a binary operation gives a value to series that have no partner."""
    fill = node.modifier.fill_values if node.modifier is not None else None
    return fill is not None and (fill.lhs is not None or fill.rhs is not None)


def is_scalar(expr: Expr) -> bool:
    """Whether the expression is a single number without labels, such as ``1``, ``time()`` or ``scalar(up)``."""
    return fold(expr, is_scalar_node)


def is_scalar_node(node: Any, below: tuple[bool, ...]) -> bool:
    """``is_scalar`` of a node, given that of its parts."""
    match type(node).__name__:
        case "NumberLiteral":
            return True
        case "Call":
            return bool(node.func.return_type == _parser().ValueType.Scalar)
        case "BinaryExpr" | "ParenExpr" | "UnaryExpr":
            return all(below)
        case _:
            return False


def _moments(node: Any, below: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """What stands behind each ``@`` that has a number, in the order of the text; empty where that cannot be told.

    The number itself is only in what the node says for debugging: to ask for one before 1970 ends in a panic.
    """
    inner = tuple(moment for part in below for moment in part)
    at = node.at if type(node).__name__ in ("VectorSelector", "SubqueryExpr") else None
    if at is None or not str(at.type).endswith(".At"):
        return inner
    # A subquery's own comes after all those within it.
    found = _SYSTEM_TIME.findall(repr(node))
    seconds, nanoseconds = found[-1] if found else ("0", "0")
    moment = int(seconds) + int(nanoseconds) / 1e9
    return (*inner, f"{moment:.3f}" if moment < 0 else "")


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()) or "the parser gives no reason"


def quoted(text: str) -> str:
    """A text as PromQL's string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


@cache
def _parser() -> Any:
    import promql_parser

    # Prometheus 2 calls it so; Prometheus 3 renamed it to double_exponential_smoothing.
    scalar, vector, matrix = (
        getattr(promql_parser.ValueType, kind) for kind in ("Scalar", "Vector", "Matrix")
    )
    promql_parser.register_extra_functions(
        [promql_parser.Function("holt_winters", [matrix, scalar, scalar], vector)]
    )
    return promql_parser
