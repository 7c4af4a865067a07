"""A value that cannot be printed by accident, and the removal of such values from text."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, ClassVar, NoReturn

MASK = "***"
SHORTEST_REDACTED = 4
"""In characters. A shorter value would blank out pieces of ordinary words and hide nothing."""


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

    Also found are the forms in which HTTP libraries, JSON, Python and shells write a value down: percent-encoded,
    escaped, base64. Occurrences that overlap vanish together, so that no tail of one remains. Values shorter
    than four characters stay.
    """
    __tracebackhide__ = True
    values = frozenset(secret.reveal() for secret in secrets)
    spans = []
    for form in _forms(values):
        start = text.find(form)
        while start >= 0:
            spans.append((start, start + len(form)))
            start = text.find(form, start + 1)
    if not spans:
        return text
    pieces, end = [], 0
    for first, last in sorted(spans):
        if first >= end:
            pieces += [text[end:first], MASK]
        end = max(end, last)
    return "".join([*pieces, text[end:]])


@lru_cache(maxsize=16)
def _forms(values: frozenset[str]) -> tuple[str, ...]:
    import base64
    import json
    from urllib.parse import quote, quote_plus

    forms: set[str] = set()
    for value in values:
        if len(value) < SHORTEST_REDACTED:
            continue
        raw = value.encode("utf-8", "surrogatepass")
        quoted = {quote(raw), quote(raw, safe=""), quote_plus(raw)}
        forms |= quoted | {_lower_escapes(form) for form in quoted}
        forms |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
        forms |= {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
        forms |= {value, value.replace("'", "'\\''")}
    return tuple(forms)


def _lower_escapes(quoted: str) -> str:
    """The same with ``%2f`` for ``%2F``: both are in use."""
    head, *rest = quoted.split("%")
    return "%".join([head, *(piece[:2].lower() + piece[2:] for piece in rest)])
