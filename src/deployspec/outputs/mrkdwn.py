"""Texts in Slack's own markup that stay texts."""

from __future__ import annotations

import re

MOST_TEXT = 40_000
"""Characters of a message, after which Slack cuts it."""
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_BREAK = "\u2060"
"""A word joiner, which is not seen: it takes a text's meaning away."""


def escaped(text: str) -> str:
    """A text that calls nobody, links nowhere and ends no block of code."""
    text = re.sub(r"@(?=(?:here|channel|everyone|all|group)\b)", f"@{_BREAK}", text, flags=re.IGNORECASE)
    return text.replace("```", f"`{_BREAK}`{_BREAK}`").translate(_ESCAPES)
