"""Alertmanager's matchers: one label, one operator, one value.

The syntax is the one that all versions of Alertmanager read, ``severity="critical"`` with the quotes optional, and
names in quotes, which versions since 0.27 read. Source: Alertmanager's documentation, "Configuration", chapter
"Matcher".
"""

from __future__ import annotations

import re

from deployspec.languages.promql.selectors import Matcher

_MATCHER = re.compile(
    r'(?:"(?P<quoted>(?:[^"\\]|\\.)+)"|(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*))\s*'
    r"(?P<op>=~|!=|!~|=)"
    r'\s*(?:"(?P<text>(?:[^"\\]|\\.)*)"|(?P<bare>(?:[^"\\]|\\.|\\\Z)*))\Z',
    re.DOTALL,
)
_ESCAPES = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """The matchers of one entry: one, or several with commas between them, in braces or not.

    Raises ``ValueError`` with what could not be read.
    """
    text = text.strip().removeprefix("{").removesuffix("}")
    matchers = []
    for piece in _pieces(text):
        found = _MATCHER.match(piece.strip())
        if found is None:
            raise ValueError(piece.strip() or text)
        name = found["name"] if found["quoted"] is None else _unescaped(found["quoted"])
        value = found["bare"] if found["text"] is None else found["text"]
        matchers.append(Matcher(name, found["op"], _unescaped(value)))
    return tuple(matchers)


def _pieces(text: str) -> list[str]:
    """The text between commas that stand outside quotes; a comma at the end is allowed."""
    pieces = [""]
    for piece in re.findall(r'"(?:[^"\\]|\\.)*"|\\.|.', text, re.DOTALL):
        if piece == ",":
            pieces.append("")
        else:
            pieces[-1] += piece
    return pieces if pieces[-1].strip() else pieces[:-1]


def _unescaped(text: str) -> str:
    r"""The text with ``\n``, ``\"`` and ``\\`` replaced; any other backslash is itself."""
    return re.sub(r"\\.", lambda found: _ESCAPES.get(found[0], found[0]), text, flags=re.DOTALL)
