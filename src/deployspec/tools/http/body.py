"""A body, read and decompressed within a size limit."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from deployspec.model.http import FailureKind
from deployspec.tools.http.budget import CallFailed

_MIB = 1024 * 1024
_GZIP = zlib.MAX_WBITS | 16
_PIECE = 4096


def read_body(chunks: Iterable[bytes], encoding: str, limit: int) -> bytes:
    """Join the raw ``chunks`` of a body and undo its ``Content-Encoding``.

    Raises :class:`CallFailed`: TOO_LARGE for more than ``limit`` bytes, before or after decompression, and ENCODING
    for what cannot be decompressed whole. Memory is bounded by a few times ``limit``.
    """
    coding = _coding(encoding)
    if coding not in ("", "gzip", "deflate"):
        raise CallFailed(
            FailureKind.ENCODING, f"the body's Content-Encoding is {coding}, which was not asked for"
        )
    sound = _bounded(
        chunks, raw_limit(encoding, limit), limit, f"already as {coding}" if coding else "as sent"
    )
    return _inflated(sound, coding, limit) if coding else b"".join(sound)


def _bounded(chunks: Iterable[bytes], most: int, limit: int, what: str) -> Iterator[bytes]:
    so_far = 0
    for chunk in chunks:
        so_far += len(chunk)
        if so_far > most:
            raise too_large(limit, what)
        yield chunk


def raw_limit(encoding: str, limit: int) -> int:
    """How many bytes a body may have on the wire: incompressible data grows a little by compression."""
    return limit if _coding(encoding) == "" else limit + limit // 64 + 1024


def too_large(limit: int, what: str) -> CallFailed:
    """The failure of a body past the limit."""
    size = f"{limit // _MIB} MiB" if limit and limit % _MIB == 0 else f"{limit} bytes"
    return CallFailed(FailureKind.TOO_LARGE, f"the body is larger than the limit of {size} ({what})")


def _coding(encoding: str) -> str:
    names = [name.strip().lower().removeprefix("x-") for name in encoding.split(",")]
    return ", ".join(name for name in names if name not in ("", "identity"))


def _inflated(chunks: Iterable[bytes], coding: str, limit: int) -> bytes:
    """Gzip (also of several members) and deflate (also without its zlib wrapping, as some servers send it).

    As the chunks come, so that whoever gives them can end it; in small pieces, since zlib copies what follows a member.
    """
    body, rest = bytearray(), b""
    engine: Any = None
    is_first = True
    for chunk in chunks:
        rest += chunk
        while len(rest) > (1 if engine is None else 0):
            if engine is None:
                engine = zlib.decompressobj(_window(rest, coding, is_first=is_first))
                is_first = False
            piece, rest = rest[:_PIECE], rest[_PIECE:]
            try:
                body += engine.decompress(piece, limit - len(body) + 1)
            except zlib.error as error:
                raise _broken(coding, str(error).rpartition(": ")[2]) from None
            if len(body) > limit:
                raise too_large(limit, f"after decompressing {coding}")
            if engine.eof:
                rest = engine.unused_data + rest
                engine = None
    if engine is not None or rest:
        raise _broken(coding, "it ends too early")
    return bytes(body)


def _window(data: bytes, coding: str, *, is_first: bool) -> int:
    """How zlib is told what begins here."""
    if coding == "gzip":
        if data[:2] != b"\x1f\x8b":
            why = "it does not begin as gzip does" if is_first else "bytes that are not gzip follow it"
            raise _broken(coding, why)
        return _GZIP
    if not is_first:
        raise _broken(coding, "more bytes follow its end")
    wrapped = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
    return zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS


def _broken(coding: str, why: str) -> CallFailed:
    return CallFailed(FailureKind.ENCODING, f"the body's {coding} cannot be decompressed: {why}")
