"""A body, read and decompressed within a size limit."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from deployspec.model.http import FailureKind
from deployspec.tools.http.budget import CallFailed

_MIB = 1024 * 1024
_GZIP = zlib.MAX_WBITS | 16


def read_body(chunks: Iterable[bytes], encoding: str, limit: int) -> bytes:
    """Join the raw ``chunks`` of a body and undo its ``Content-Encoding``.

    Raises :class:`CallFailed`: TOO_LARGE for more than ``limit`` bytes, before or after decompression, and ENCODING
    for what cannot be decompressed whole. Memory is bounded by a few times ``limit``.
    """
    coding = _coding(encoding)
    if coding in ("gzip", "deflate"):
        return _Inflating(coding, limit).read(chunks)
    if coding:
        raise CallFailed(
            FailureKind.ENCODING, f"the body's Content-Encoding is {coding}, which was not asked for"
        )
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise too_large(limit, "as sent")
    return bytes(body)


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


class _Inflating:
    """Gzip (also of several members) and deflate (also without its zlib wrapping, as some servers send it)."""

    def __init__(self, coding: str, limit: int) -> None:
        self._coding = coding
        self._limit = limit
        self._raw_left = raw_limit(coding, limit)
        self._body = bytearray()
        self._held = b""
        """The first byte of a deflate body, until the second tells how it is wrapped."""
        self._engine: zlib._Decompress | None = None
        self._whole = True
        """Whether the data so far make up a complete body."""

    def read(self, chunks: Iterable[bytes]) -> bytes:
        for chunk in chunks:
            self._feed(chunk)
        if not self._whole:
            raise self._broken("it ends too early")
        return bytes(self._body)

    def _feed(self, data: bytes) -> None:
        self._raw_left -= len(data)
        if self._raw_left < 0:
            raise too_large(self._limit, f"already as {self._coding}")
        data = self._held + data
        self._held = b""
        while data:
            if self._engine is None:
                self._whole = False
                if len(data) < 2:
                    self._held = data
                    return
                self._engine = self._begin(data)
            data = self._inflate(self._engine, data)

    def _begin(self, data: bytes) -> zlib._Decompress:
        if self._coding == "gzip":
            if data[:2] != b"\x1f\x8b":
                raise self._broken(
                    "bytes that are not gzip follow it" if self._body else "it does not begin as gzip does"
                )
            return zlib.decompressobj(_GZIP)
        if self._body:
            raise self._broken("more bytes follow its end")
        wrapped = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
        return zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)

    def _inflate(self, engine: zlib._Decompress, data: bytes) -> bytes:
        """Decompress until the data or the member end; what comes after the member is returned."""
        while True:
            try:
                self._body += engine.decompress(data, self._limit - len(self._body) + 1)
            except zlib.error as error:
                raise self._broken(str(error).rpartition(": ")[2]) from None
            if len(self._body) > self._limit:
                raise too_large(self._limit, f"after decompressing {self._coding}")
            if engine.eof:
                self._engine = None
                self._whole = True
                return engine.unused_data
            data = engine.unconsumed_tail
            if not data:
                return b""

    def _broken(self, why: str) -> CallFailed:
        return CallFailed(FailureKind.ENCODING, f"the body's {self._coding} cannot be decompressed: {why}")
