"""A small HTTP server with connections that are kept, in a thread: it notes what it is sent, and answers as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Received:
    """One request."""

    method: str
    target: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@dataclass
class Reply:
    """What it is answered."""

    status: int = 200
    body: bytes = b"{}"
    delay: float = 0.0
    """Seconds."""
    close: bool = False
    """Whether the connection is closed after it."""
    cut: bool = False
    """Whether it is closed instead of it."""


Answerer = Callable[[Received], Reply]


@dataclass
class KeepingServer:
    """Its port, and all that it was sent."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    closing: Callable[[], None] = lambda: None
    """Stop listening, and cut every connection, for good."""

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def keeping_server(answer: Answerer = lambda _: Reply(), *, welcome: float = 0.0) -> Iterator[KeepingServer]:
    """Serve until the block ends. ``welcome`` are the seconds until it looks at a new connection."""
    server = KeepingServer()
    loop = asyncio.new_event_loop()
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        writers.add(writer)
        await asyncio.sleep(welcome)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while await _one(reader, writer, server, answer):
                pass
        writers.discard(writer)
        writer.close()

    listening = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0, backlog=1000))
    server.port = listening.sockets[0].getsockname()[1]

    def cut() -> None:
        listening.close()
        for writer in list(writers):
            writer.transport.abort()

    server.closing = lambda: loop.call_soon_threadsafe(cut)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(cut)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(_settled(asyncio.sleep(0)))
        loop.close()


async def _settled(once: Awaitable[None]) -> None:
    await once


async def _one(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: KeepingServer, answer: Answerer
) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    received = Received(method, target, headers, body)
    server.received.append(received)
    reply = answer(received)
    if reply.delay:
        await asyncio.sleep(reply.delay)
    if reply.cut:
        return False
    closing = "Connection: close\r\n" if reply.close else ""
    sent = b"" if method == "HEAD" else reply.body
    writer.write(
        f"HTTP/1.1 {reply.status} X\r\nContent-Length: {len(reply.body)}\r\n{closing}\r\n".encode() + sent
    )
    await writer.drain()
    return not reply.close
