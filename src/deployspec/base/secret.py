"""A value that cannot be printed by accident, and the removal of such values from text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, ClassVar, NoReturn

MASK = "***"
SHORTEST_REDACTED = 4
"""In characters. A shorter value would blank out pieces of ordinary words and hide nothing."""
_SHORTEST_BASE64 = 8
"""The same for a piece of base64."""
_PIECE = 8
"""Characters of a piece that tells too much, where others may have cut a value."""


class Secret:
    """A text that ``repr``, ``str``, formatting, JSON, pickle and copies never give away.

    Only :meth:`reveal` returns it: call that where the value is put to use, and nowhere else. Two secrets
    compare in constant time. A secret has no hash: a hash can be printed, and a guess tested against it.
    """

    __slots__ = ("_value",)
    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __init__(self, value: str) -> None:
        object.__setattr__(self, "_value", value)

    def reveal(self) -> str:
        """The value itself."""
        value: str = object.__getattribute__(self, "_value")
        return value

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac  # loads OpenSSL: only for who compares

        return hmac.compare_digest(_bytes(self), _bytes(other))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Secret does not change")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a Secret does not change")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __getstate__(self) -> NoReturn:
        raise TypeError("a Secret is not written anywhere")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Secret is not written anywhere")


def _bytes(secret: Secret) -> bytes:
    return secret.reveal().encode("utf-8", "surrogatepass")


def redact(text: str, secrets: Iterable[Secret]) -> str:
    """``text`` with every occurrence of a secret replaced by ``***``.

    Also found are the forms in which programs write a value down: percent-encoded, escaped for JSON, Python, HTML or a
    shell, also several times over, base64 with or without something before it, and what a URL makes of it. Occurrences
    that overlap vanish together, so that no tail of one remains. Values shorter than four characters stay.
    """
    __tracebackhide__ = True
    return _without(text, Finder(secrets)(text))


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    pieces, at = [], 0
    for start, end in spans:
        if start >= at:
            pieces += [text[at:start], MASK]
        at = max(at, end)
    return "".join([*pieces, text[at:]])


class Finder:
    """Says where secrets are in a text, as ``redact`` finds them; spans may overlap.

    Its ``repr`` gives none away. It can be pickled: for a process of our own, over a connection that is ours.
    """

    __slots__ = ("_values",)

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._values = frozenset(secret.reveal() for secret in secrets)

    def add(self, secret: Secret) -> None:
        """Find this one too."""
        self._values |= {secret.reveal()}

    def __call__(self, text: str) -> list[tuple[int, int]]:
        __tracebackhide__ = True
        found = []
        for run, pattern in _patterns(self._values):
            match = pattern.search(text) if run in text else None
            while match:
                found.append(match.span())
                match = pattern.search(text, match.start() + 1)
        return sorted(found)

    def without_pieces(self, text: str) -> str:
        """The text with ``***`` for every secret, and for what else has eight characters in common with one.

        For a text in which values may have been cut or broken up. It hides words that a secret happens to have.
        """
        __tracebackhide__ = True
        pieces = _pieces(self._values)
        cut = [(at, at + _PIECE) for at in range(len(text) - _PIECE + 1) if text[at : at + _PIECE] in pieces]
        return _without(text, sorted([*self(text), *cut]))


@lru_cache(maxsize=16)
def _pieces(values: frozenset[str]) -> frozenset[str]:
    """All pieces of all values, as they are and as Python and JSON write them; not those of little but signs."""
    import json

    written = {form for value in values for form in (value, repr(value)[1:-1], json.dumps(value)[1:-1])}
    pieces = {form[at : at + _PIECE] for form in written for at in range(len(form) - _PIECE + 1)}
    return frozenset(piece for piece in pieces if sum(map(str.isalnum, piece)) >= _PIECE // 2)


@lru_cache(maxsize=16)
def _patterns(values: frozenset[str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """A pattern for each form of each value, and a piece of text without which there is no match."""
    from urllib.parse import unquote

    patterns = []
    for value in values:
        if len(value) < SHORTEST_REDACTED:
            continue
        raw = value.encode("utf-8", "surrogatepass")
        # A URL's percent-escapes are resolved by who takes it apart; headers are read as Latin-1.
        for form in {value, unquote(value), raw.decode("latin-1")}:
            if len(form) >= SHORTEST_REDACTED:
                # Letters and digits are escaped by nobody, so that the longest run of them has to be there.
                run = max(re.findall(r"[A-Za-z0-9]+", form), key=len, default="")
                patterns.append((run, re.compile(_written(form))))
        patterns += [(form, re.compile(re.escape(form))) for form in _base64(raw)]
    return tuple(patterns)


_ESCAPE = r"(?:\\|%(?:25)*5[Cc])"
"""What stands before a character that is escaped, as often as texts were put into one another."""
_WHITE = (
    r"(?:\s|\+|%(?:25)*(?:20|0[AaDd9])|&(?:amp;)*(?:nbsp|#(?:32|10|13|9|x20|x0?[AaDd9]));"
    rf"|{_ESCAPE}++(?:[nrtfv]|(?:u00|x)(?:20|0[9A-Da-d])|[ \n]))+"
)
_ENTITIES = {'"': "quot", "&": "amp", "'": "apos", "<": "lt", ">": "gt"}


def _written(value: str) -> str:
    """A regular expression for all ways of writing ``value`` down, linear in the text."""
    parts = []
    for match in re.finditer(r"(\\*)(?:(\s+)|(.)|\Z)", value, re.DOTALL):
        backslashes, white, character = match.groups()
        if not match[0]:
            continue
        if white:
            parts.append((f"{_ESCAPE}++" if backslashes else "") + _WHITE)
        elif character is None:
            parts.append(f"{_ESCAPE}++")
        elif character.isascii() and character.isalnum():
            parts.append((f"{_ESCAPE}++" if backslashes else "") + character)
        else:
            parts.append(f"{_ESCAPE}{'++' if backslashes else '*+'}{_escaped(character)}")
    return "".join(parts)


def _escaped(character: str) -> str:
    code, raw = ord(character), character.encode("utf-8", "surrogatepass")
    units = character.encode("utf-16-be", "surrogatepass").hex()
    ways = [
        "".join(f"%(?:25)*(?i:{byte:02x})" for byte in raw),
        rf"{_ESCAPE}*+".join(f"u(?i:{units[at : at + 4]})" for at in range(0, len(units), 4)),
        rf"{_ESCAPE}*+".join(f"x(?i:{byte:02x})" for byte in raw),
        f"U(?i:{code:08x})",
        f"&(?:amp;)*(?:#0*{code}|#[xX]0*(?i:{code:x})|{_ENTITIES.get(character, '#0')});",
        re.escape(character),
    ]
    if code < 256:
        ways.append(f"x(?i:{code:02x})")
    if character == "'":  # a shell's
        ways[:0] = [rf"'{_ESCAPE}++''", rf"""'{_ESCAPE}*+"'{_ESCAPE}*+"'"""]
    return f"(?:{'|'.join(ways)})"


def _base64(raw: bytes) -> set[str]:
    """The base64 of it: whole, and what is the same whatever stands before and after it."""
    import base64

    forms = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    for before in range(3):
        bits = 8 * (before + len(raw))
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            sure = encode(b"\0" * before + raw).decode()[-(-8 * before // 6) : bits // 6]
            if len(sure) >= _SHORTEST_BASE64:
                forms.add(sure)
    return forms
