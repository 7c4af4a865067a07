"""Alertmanager's matchers: one label, one operator, one value.

The syntax is the one that all versions of Alertmanager read, ``severity="critical"`` with the quotes optional, and
names in quotes, which versions since 0.27 read. Source: Alertmanager's documentation, "Configuration", chapter
"Matcher".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from deployspec.base.problems import Place

_MATCHER = re.compile(
    r'(?:"(?P<quoted>(?:[^"\\]|\\.)+)"|(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*))\s*'
    r"(?P<op>=~|!=|!~|=)"
    r'\s*(?:"(?P<text>(?:[^"\\]|\\.)*)"|(?P<bare>(?:[^"\\]|\\.|\\\Z)*))\Z',
    re.DOTALL,
)
_ESCAPES = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}


@dataclass(frozen=True, slots=True)
class Matcher:
    """What an alert's label has to be. A label that the alert does not have is the empty text."""

    label: str
    op: str
    """``=``, ``!=``, ``=~`` or ``!~``. A regular expression has to match the whole value."""
    value: str
    place: Place

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.label}{self.op}"{escaped}"'

    def matches(self, value: str) -> bool | None:
        """Whether a label's value is matched. None: its regular expression cannot be evaluated here."""
        if self.op in ("=", "!="):
            return (self.value == value) == (self.op == "=")
        matched = _fullmatch(self.value, value)
        return None if matched is None else matched == (self.op == "=~")


def parse_matchers(text: str, place: Place) -> tuple[Matcher, ...]:
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
        matchers.append(Matcher(name, found["op"], _unescaped(value), place))
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


@lru_cache(maxsize=4096)
def _fullmatch(pattern: str, value: str) -> bool | None:
    # The engine of jsonschema-rs, like that of Go, takes time linear in the value, and reads nearly the same syntax.
    # Python's own can take for ever.
    import jsonschema_rs

    if "[:" in pattern or "\\Q" in pattern:
        return None  # read in another way there
    try:
        schema = {"pattern": f"^(?:{pattern})$"}
        return jsonschema_rs.validator_for(schema, pattern_options=jsonschema_rs.RegexOptions()).is_valid(
            value
        )
    except ValueError:  # it does not read this expression
        return None
