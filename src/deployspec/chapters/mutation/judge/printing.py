"""PromQL text for a tree, with the parentheses that are needed and no others."""

from __future__ import annotations

import json
import math

from deployspec.base.duration import format_duration
from deployspec.chapters.mutation.judge.tree import (
    Aggregation,
    Binary,
    Call,
    Labels,
    Negation,
    Node,
    Number,
    Selector,
    Subquery,
    Text,
)
from deployspec.languages.promql.selectors import label_text

_PRECEDENCE = {
    "or": 1, "and": 2, "unless": 2, "==": 3, "!=": 3, ">": 3, "<": 3, ">=": 3, "<=": 3,
    "+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "atan2": 5, "^": 6,
}  # fmt: skip
"""Prometheus' own: "Operators", "Binary operator precedence"; all associate to the left but ``^``."""


def to_text(node: Node) -> str:
    """Write the expression on one line."""
    match node:
        case Number(value=value):
            return number(value)
        case Text(value=value):
            return _quoted(value)
        case Selector():
            return _selector(node)
        case Subquery(expr=expr, range=range_, step=step, offset=offset, at=at):
            inner = to_text(expr) if isinstance(expr, Selector | Call | Aggregation) else f"({to_text(expr)})"
            return (
                f"{inner}[{format_duration(range_)}:{'' if step is None else format_duration(step)}]"
                + _moved(offset, at)
            )
        case Negation(expr=expr):
            tight = isinstance(expr, Selector | Call | Aggregation)
            return f"-{to_text(expr)}" if tight else f"-({to_text(expr)})"
        case Binary():
            return _binary(node)
        case Aggregation(op=op, expr=expr, param=param, grouping=grouping):
            first = "" if param is None else f"{to_text(param)}, "
            by = "" if grouping is None else f" {_labels(grouping)} "
            return f"{op}{by}({first}{to_text(expr)})"
        case Call(name=name, args=args):
            return f"{name}({', '.join(map(to_text, args))})"


def number(value: float) -> str:
    """A number as PromQL writes it: ``0.05``, ``1000``, ``Inf``."""
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    if math.isnan(value):
        return "NaN"
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def tidy(value: float) -> float:
    """Without the noise of binary fractions: 0.05 * 1.01 is 0.0505."""
    return float(f"{value:.12g}")


def _binary(node: Binary) -> str:
    own = _PRECEDENCE[node.op]
    words = [node.op, "bool" if node.bool else ""]
    words += [_labels(labels) for labels in (node.matching, node.many) if labels is not None]
    between = " ".join(word for word in words if word)
    right_first = node.op == "^"
    return f"{_operand(node.left, own, strict=right_first)} {between} {_operand(node.right, own, strict=not right_first)}"


def _operand(node: Node, own: int, *, strict: bool) -> str:
    text = to_text(node)
    if isinstance(node, Binary):
        inner = _PRECEDENCE[node.op]
        return f"({text})" if inner < own or (strict and inner == own) else text
    # `2 ^ -x` and `-x ^ 2` are read as a person might not expect.
    signed = isinstance(node, Negation) or (isinstance(node, Number) and text.startswith("-"))
    return f"({text})" if signed and own == _PRECEDENCE["^"] else text


def _selector(node: Selector) -> str:
    inner = ", ".join(f"{label_text(m.label)}{m.op}{_quoted(m.value)}" for m in node.matchers)
    braces = f"{{{inner}}}" if inner or not node.name else ""
    range_ = "" if node.range is None else f"[{format_duration(node.range)}]"
    return f"{node.name}{braces}{range_}" + _moved(node.offset, node.at)


def _moved(offset: float, at: str) -> str:
    text = f" @ {at}" if at else ""
    if offset:
        text += f" offset {'-' if offset < 0 else ''}{format_duration(abs(offset))}"
    return text


def _labels(labels: Labels) -> str:
    return f"{labels.word} ({', '.join(map(label_text, labels.names))})"


def _quoted(text: str) -> str:
    # JSON's escapes are a subset of PromQL's.
    return json.dumps(text, ensure_ascii=False)
