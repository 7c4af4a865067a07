"""Rows of texts in columns, for a person."""

from __future__ import annotations

from collections.abc import Sequence


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of columns: the first to the left, the others to the right."""
    first, *others = (max(map(len, column)) for column in zip(*rows, strict=True))
    return [
        "  ".join((label.ljust(first), *map(str.rjust, cells, others))).rstrip() for label, *cells in rows
    ]
