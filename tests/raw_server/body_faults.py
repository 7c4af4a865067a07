"""Faults of the response's body: its length, its framing, its encoding."""

from __future__ import annotations

import functools
import gzip
import zlib

from .server import Connection, head_bytes, health_body

MEGABYTE = bytes(1024 * 1024)
JSON = ("Content-Type", "application/json")
GZIP = ("Content-Encoding", "gzip")


def reset_mid_body(connection: Connection) -> None:
    """Half of the announced body, then a reset."""
    connection.read_head()
    connection.answer(b'{"ok": true, ', content_length=200)
    connection.pause(0.1)
    connection.reset()


def short_body(connection: Connection) -> None:
    """Announces 200 bytes, sends 13 and closes in good order."""
    connection.read_head()
    connection.answer(b'{"ok": true, ', content_length=200)


def drip_body(connection: Connection) -> None:
    """The body, one byte every 0.3 s."""
    connection.read_head()
    body = health_body()
    connection.send(head_bytes("200 OK", [JSON, ("Content-Length", str(len(body)))]))
    connection.drip(body)


def stalls_mid_body(connection: Connection) -> None:
    """Half of the body, then silence on an open connection."""
    connection.read_head()
    connection.answer(b'{"ok": true, ', content_length=200)
    connection.wait_until_client_leaves()


def endless_body(connection: Connection) -> None:
    """A body of no announced length that never ends, as fast as the client takes it."""
    connection.read_head()
    connection.send(head_bytes("200 OK", [JSON]))
    while True:
        connection.send(MEGABYTE[:65536])


def endless_chunks(connection: Connection) -> None:
    """A chunked body of one byte a chunk that never ends."""
    connection.read_head()
    connection.send(head_bytes("200 OK", [JSON, ("Transfer-Encoding", "chunked")]))
    while True:
        connection.send(b"1\r\nx\r\n" * 2000)


def body_200mb(connection: Connection) -> None:
    """A body of 200 MB, announced by Content-Length."""
    connection.read_head()
    connection.send(head_bytes("200 OK", [JSON, ("Content-Length", str(200 * len(MEGABYTE)))]))
    for _ in range(200):
        connection.send(MEGABYTE)


def body_200mb_chunked(connection: Connection) -> None:
    """A body of 200 MB in chunks, so that its length is not known beforehand."""
    connection.read_head()
    connection.send(head_bytes("200 OK", [JSON, ("Transfer-Encoding", "chunked")]))
    for _ in range(200):
        connection.send(b"100000\r\n" + MEGABYTE + b"\r\n")
    connection.send(b"0\r\n\r\n")


def bad_chunk(connection: Connection) -> None:
    """A chunk whose length is a word."""
    connection.read_head()
    connection.send(
        head_bytes("200 OK", [JSON, ("Transfer-Encoding", "chunked")]) + b"two\r\n{}\r\n0\r\n\r\n"
    )


def unfinished_chunks(connection: Connection) -> None:
    """A chunked body that is closed before its last chunk."""
    connection.read_head()
    connection.send(head_bytes("200 OK", [JSON, ("Transfer-Encoding", "chunked")]) + b"2\r\n{}\r\n")


@functools.cache
def bomb() -> bytes:
    """About 200 kB of gzip that hold 200 MB of zeros: one compressed megabyte, repeated at a byte boundary."""
    engine = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    megabyte = engine.compress(MEGABYTE) + engine.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(200):
        checksum = zlib.crc32(MEGABYTE, checksum)
    header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    trailer = checksum.to_bytes(4, "little") + (200 * len(MEGABYTE)).to_bytes(4, "little")
    return header + megabyte * 200 + engine.flush(zlib.Z_FINISH) + trailer


def gzip_bomb(connection: Connection) -> None:
    """200 kB of valid gzip that decompress to 200 MB."""
    connection.read_head()
    connection.answer(bomb(), headers=[GZIP])


def gzip_ok(connection: Connection) -> None:
    """No fault: a healthy answer, compressed."""
    connection.read_head()
    connection.answer(gzip.compress(health_body()), headers=[GZIP])


def broken_gzip(connection: Connection) -> None:
    """Gzip whose first data bytes are overwritten."""
    connection.read_head()
    packed = gzip.compress(health_body())
    connection.answer(packed[:12] + b"\xff\xff\xff\xff" + packed[16:], headers=[GZIP])


def wrong_checksum(connection: Connection) -> None:
    """Gzip that decompresses, but not to what its checksum says."""
    connection.read_head()
    connection.answer(gzip.compress(health_body())[:-8] + bytes(8), headers=[GZIP])


def truncated_gzip(connection: Connection) -> None:
    """Gzip that ends too early, its Content-Length being right."""
    connection.read_head()
    connection.answer(gzip.compress(health_body())[:-12], headers=[GZIP])


def not_gzip(connection: Connection) -> None:
    """Says gzip, and sends plain JSON."""
    connection.read_head()
    connection.answer(headers=[GZIP])


def unknown_encoding(connection: Connection) -> None:
    """Says ``Content-Encoding: br``, which was not asked for."""
    connection.read_head()
    connection.answer(headers=[("Content-Encoding", "br")])
