"""Unpacks what rotation compressed, piece by piece, in bounded memory. What a file is, its first bytes say."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from deployspec.chapters.logs.measure.cutting import BLOCK

if TYPE_CHECKING:
    from zlib import _Decompress as _Member

MAGIC = 8
"""How many of the first bytes tell the compression."""
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPED = b"\x2a\x4d\x18"
_UNREAD = {
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x1f\x9d": "compress",
    b"\x04\x22\x4d\x18": "lz4",
    b"PK\x03\x04": "zip",
    b"7z\xbc\xaf": "7-Zip",
}
_ZSTD_FED = 1024
"""How much is given to zstd at once, in bytes: it may make 128 KiB of each 4 of them."""
_ZSTD_WINDOW = 1 << 26
"""The most memory a zstd file may ask for, in bytes: 64 MiB, what ``zstd --long=26`` needs."""


class DamagedError(Exception):
    """No more can be unpacked; ``str()`` says why, as a clause for a Trouble."""


def _cut_off(kind: str) -> DamagedError:
    return DamagedError(
        f"ends within its compressed data ({kind}); was it cut off, or is it still being written?"
    )


def compression(head: bytes) -> str | None:
    """``gzip``, ``zstd``, the name of another compression, or None where the first bytes are no compression's."""
    if head.startswith(_GZIP):
        return "gzip"
    if head.startswith(_ZSTD) or (head[1:4] == _ZSTD_SKIPPED and head[0] >> 4 == 5):
        return "zstd"
    return next((name for magic, name in _UNREAD.items() if head.startswith(magic)), None)


def unpacked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes as they were before compression, if there was any.

    Raises DamagedError after all that can be unpacked, where that is not all.
    """
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= MAGIC:
            break
    kind = compression(head)
    whole = chain([head] if head else [], chunks)
    if kind is None:
        yield from whole
    elif kind == "gzip":
        yield from _gunzip(whole)
    elif kind == "zstd":
        yield from _unzstd(whole)
    else:
        raise DamagedError(f"is compressed with {kind}, which is not read; expected gzip, zstd or plain text")


def _gunzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    member, members, inside = zlib.decompressobj(wbits=31), 0, False
    for chunk in chunks:
        data, more = chunk, False
        while data or more:
            if not inside and members:
                data = data.lstrip(b"\0")  # some writers pad the end of a file
                if not data:
                    break
                if data[:1] != _GZIP[:1]:
                    raise DamagedError("has something after its compressed data that is not gzip")
            inside = True
            before = member.copy()
            try:
                text = member.decompress(data, BLOCK)
            except zlib.error as error:
                yield b"".join(_as_far_as_it_goes(before, data))
                raise DamagedError(f"is damaged: gzip says {str(error).split(': ', 1)[-1]}") from None
            if text:
                yield text
            # With all of the input taken, more of the output may still be inside.
            data, more = member.unconsumed_tail, len(text) == BLOCK
            if member.eof:
                data, more, inside = member.unused_data, False, False
                member, members = zlib.decompressobj(wbits=31), members + 1
    if inside:
        raise _cut_off("gzip")


def _as_far_as_it_goes(member: _Member, data: bytes) -> Iterator[bytes]:
    """What comes out before the damage: an exception takes the output of its call away."""
    with contextlib.suppress(zlib.error):
        for at in range(len(data)):
            yield member.decompress(data[at : at + 1])


def _unzstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    import zstandard

    unpacker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    frame = unpacker.decompressobj()
    begun = False
    for chunk in chunks:
        texts: list[bytes] = []
        size = 0
        for at in range(0, len(chunk), _ZSTD_FED):
            data = chunk[at : at + _ZSTD_FED]
            while data:
                begun = True
                try:
                    text = frame.decompress(data)
                except zstandard.ZstdError as error:
                    yield from texts
                    raise DamagedError(f"is damaged: zstd says {str(error).split(': ')[-1]}") from None
                texts.append(text)
                size += len(text)
                data = b""
                if frame.eof:
                    data, frame, begun = frame.unused_data, unpacker.decompressobj(), False
            if size >= BLOCK:
                yield b"".join(texts)
                texts, size = [], 0
        if size:
            yield b"".join(texts)
    if begun:
        raise _cut_off("zstd")
