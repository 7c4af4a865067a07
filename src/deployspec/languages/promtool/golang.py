"""Texts as promtool prints them."""

from __future__ import annotations

import re
import unicodedata

_ESCAPES = {"\a": "a", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v", "\\": "\\", '"': '"'}
_CHARACTERS = {letter: character for character, letter in _ESCAPES.items()}
_ESCAPED = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))", re.DOTALL)


def quote(text: str) -> str:
    """A text as Go's ``%q`` prints it."""
    return '"' + "".join(map(_quoted, text)) + '"'


def unquote(text: str) -> str:
    """The inverse, of what stands between the quotes."""
    return _ESCAPED.sub(
        lambda found: (
            chr(int(code, 16))
            if (code := found[1] or found[2] or found[3])
            else _CHARACTERS.get(found[4], found[4])
        ),
        text,
    )


def _quoted(character: str) -> str:
    if character in _ESCAPES:
        return "\\" + _ESCAPES[character]
    if character == " " or unicodedata.category(character)[0] in "LMNPS":
        return character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
