"""Texts in Markdown that stay texts, whatever they are."""

from __future__ import annotations

import re

from deployspec.base.shown import cut, printable

LONGEST, LONGEST_CELL = 2000, 300
"""Characters of a text, and of one in a table."""
_PLAIN = re.compile(r"[A-Za-z0-9(][A-Za-z0-9 ,.;:%()/?+=\"'…-]*")
_MEANS_MORE = re.compile(
    r"//|www\.|:\S+:|\b[A-Za-z]+-\d|\b[0-9a-f]{7,}\b|^\d+[.)](\s|$)|^[A-Za-z]+:\S|mailto:|xmpp:",
    re.IGNORECASE,
)
"""What some reader of Markdown makes something of: addresses, emoji, issues, commits, lists."""


def row(cells: tuple[str, ...]) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |"


def head(columns: tuple[str, ...]) -> str:
    """The first two lines of a table."""
    return f"{row(columns)}\n{row(('---',) * len(columns))}"


def cell(text: str) -> str:
    """A text as code in a table, where a vertical line ends a cell even in code."""
    return code(text, LONGEST_CELL).replace("|", "\\|")


def code(text: str, limit: int = LONGEST) -> str:
    """A text as inline code, on one line, whatever it is; nothing where it is blank."""
    text = cut(text, limit)
    if not text.strip():
        return ""
    fence = "`" * (_longest_fence(text) + 1)
    # One space at each end is Markdown's, where there is one at both.
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def said(text: str, limit: int = LONGEST) -> str:
    """A text as it is, where no reader of Markdown could make anything else of it, and else as code."""
    text = cut(text, limit)
    if _PLAIN.fullmatch(text) and text == text.strip() and not _MEANS_MORE.search(text):
        return text
    return code(text, limit)


def block(text: str, language: str) -> str:
    """A text of several lines as a block of code."""
    fence = "`" * max(3, _longest_fence(text) + 1)
    return "\n".join([f"{fence}{language}", *map(printable, text.splitlines()), fence])


def _longest_fence(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
