"""The HTTP probe's size limit, to the byte, and its decompression."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

import pytest

from deployspec.model.http import FailureKind, Phase
from deployspec.tools.http.body import read_body
from deployspec.tools.http.budget import CallFailed
from tests.raw_server import Connection, serve
from tests.tools.http.asking import answered, ask, failed

LIMIT = 50_000
RANDOM = b"".join(zlib.crc32(b"%d" % number).to_bytes(4, "big") for number in range(LIMIT // 4 + 1))
"""Bytes that don't compress."""


def _raw_deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(data) + engine.flush()


ENCODERS = {"plain": bytes, "gzip": gzip.compress, "deflate": zlib.compress, "raw-deflate": _raw_deflate}


@pytest.mark.parametrize("framing", ["content-length", "chunked", "until-close"])
@pytest.mark.parametrize("encoding", ["plain", "gzip"])
@pytest.mark.parametrize("excess", [-1, 0, 1], ids=["one-below", "at-limit", "one-above"])
def test_size_limit_to_the_byte(framing: str, encoding: str, excess: int) -> None:
    """A body of exactly the limit is whole, one byte more is too large: compressed or not, however it is framed."""
    body = ENCODERS[encoding](RANDOM[: LIMIT + excess])
    head = "HTTP/1.1 200 OK\r\n" + ("" if encoding == "plain" else f"Content-Encoding: {encoding}\r\n")

    def handler(connection: Connection) -> None:
        connection.read_head()
        if framing == "content-length":
            connection.send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        elif framing == "chunked":
            chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
            connection.send(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk)
        else:
            connection.send(f"{head}\r\n".encode() + body)

    with serve(handler) as server:
        result = ask(server, max_body=LIMIT)
    if excess <= 0:
        assert answered(result).body == RANDOM[: LIMIT + excess]
    else:
        failed(result, FailureKind.TOO_LARGE, Phase.BODY, f"larger than the limit of {LIMIT} bytes")


def test_empty_body_is_an_answer() -> None:
    """No body at all is an answer with no bytes, even where it is called gzip."""
    with serve(
        lambda connection: (
            connection.read_head(),
            connection.answer(b"", headers=[("Content-Encoding", "gzip")]),
        )[0]
    ) as server:
        assert answered(ask(server)).body == b""


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"], ids=["204", "304"])
def test_status_without_body_ignores_its_length(status: str) -> None:
    """A status that has no body is an answer, whatever length its headers announce."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: 999999999\r\n\r\n".encode()
    with serve(lambda connection: (connection.read_head(), connection.send(head))[0]) as server:
        assert answered(ask(server)).body == b""


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw-deflate"])
@pytest.mark.parametrize("size", [1, 2, 7, 1000], ids=lambda size: f"pieces-of-{size}")
def test_decompresses_in_pieces_of_any_size(coding: str, size: int) -> None:
    """A compressed body may arrive in pieces of any size."""
    packed = ENCODERS[coding](RANDOM[:3000])
    chunks = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert read_body(chunks, coding.removeprefix("raw-"), LIMIT) == RANDOM[:3000]


@pytest.mark.parametrize("name", ["", "identity", "GZIP", "x-gzip", "identity, gzip", " gzip "])
def test_names_of_encodings(name: str) -> None:
    """The names of an encoding count in whatever case, with the old ``x-``, and beside ``identity``."""
    packed = RANDOM[:100] if "gzip" not in name.lower() else gzip.compress(RANDOM[:100])
    assert read_body([packed], name, LIMIT) == RANDOM[:100]


def test_gzip_of_several_members() -> None:
    """Gzip may consist of several members, one after another: their contents belong together."""
    packed = gzip.compress(b"one, ") + gzip.compress(b"") + gzip.compress(b"two")
    for size in (1, 3, len(packed)):
        chunks = [packed[start : start + size] for start in range(0, len(packed), size)]
        assert read_body(chunks, "gzip", LIMIT) == b"one, two"


# id, encoding, body, a piece of the reason
BROKEN = [
    ("garbage-after-gzip", "gzip", gzip.compress(b"x") + b"garbage", "bytes that are not gzip follow it"),
    ("one-byte-after-gzip", "gzip", gzip.compress(b"x") + b"\x1f", "it ends too early"),
    ("only-the-magic", "gzip", b"\x1f\x8b", "it ends too early"),
    ("second-member-cut", "gzip", gzip.compress(b"x") + gzip.compress(b"y")[:-1], "it ends too early"),
    ("unknown-method", "gzip", b"\x1f\x8b\x07" + bytes(20), "unknown compression method"),
    ("deflate-cut", "deflate", zlib.compress(b"x" * 100)[:-1], "it ends too early"),
    ("deflate-and-more", "deflate", zlib.compress(b"x") + b"yz", "more bytes follow its end"),
    ("two-encodings", "gzip, gzip", gzip.compress(gzip.compress(b"x")), "Content-Encoding is gzip, gzip"),
    ("zstd", "zstd", b"", "Content-Encoding is zstd"),
]


@pytest.mark.parametrize(
    ("encoding", "body", "reason"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_broken_encoding(encoding: str, body: bytes, reason: str) -> None:
    """A body that cannot be decompressed whole is an encoding failure that says why."""
    with pytest.raises(CallFailed) as caught:
        read_body([body], encoding, LIMIT)
    assert caught.value.kind is FailureKind.ENCODING
    assert reason in caught.value.reason


def test_many_tiny_members_are_bounded_by_their_raw_size() -> None:
    """Gzip of endlessly many empty members decompresses to nothing, and still ends."""
    with pytest.raises(CallFailed) as caught:
        read_body((gzip.compress(b"") * 100 for _ in range(10**9)), "gzip", LIMIT)
    assert caught.value.kind is FailureKind.TOO_LARGE
    assert "already as gzip" in caught.value.reason


def test_a_body_is_decompressed_as_it_comes() -> None:
    """Whoever gives the pieces watches the time: what cannot be decompressed is not waited for, nor are many members."""

    def begun(first: bytes) -> Iterator[bytes]:
        yield first
        raise TimeoutError

    with pytest.raises(CallFailed, match="does not begin as gzip does"):
        read_body(begun(b"no gzip"), "gzip", LIMIT)
    with pytest.raises(TimeoutError):
        read_body(begun(gzip.compress(b"") * 100), "gzip", LIMIT)
