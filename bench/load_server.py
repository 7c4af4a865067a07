"""An HTTP server that answers at once, but for its freezes, in which everything waits until their end.

Run as ``python -m bench.load_server EVERY LASTS FIRST SECONDS``: frozen for LASTS of every EVERY seconds, for the first
time FIRST seconds after the first request, so that whoever asks meets it in the same phase. It prints its port as a
line; when its input ends, or after SECONDS, it prints as JSON when the first request came and from when to when it was
frozen, all in seconds of the monotonic clock, which is the same for all processes.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class _Server:
    every: float
    lasts: float
    first: float
    """Seconds between the first request and the first freeze."""
    began: float | None = None
    """When the first request came."""
    freezes: list[tuple[float, float]] = field(default_factory=list)

    def requested(self) -> None:
        """A request has come."""
        if self.began is None:
            self.began = time.monotonic()
            asyncio.get_running_loop().call_at(self.began + self.first, self._freeze, self.began + self.first)

    def _freeze(self, due: float) -> None:
        begin = time.monotonic()
        # The sleep blocks the only thread there is: nothing is read, nothing is answered.
        while (left := due + self.lasts - time.monotonic()) > 0:
            time.sleep(left)
        self.freezes.append((begin, time.monotonic()))
        asyncio.get_running_loop().call_at(due + self.every, self._freeze, due + self.every)


class _Connection(asyncio.Protocol):
    """One connection, which is kept. Only requests without a body are understood."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers are written to."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        *heads, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for _ in heads:
            self._server.requested()
            self._transport.write(ANSWER)  # type: ignore[attr-defined]


async def _serve(server: _Server, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    loop.add_reader(sys.stdin.fileno(), lambda: ended.done() or ended.set_result(None))
    # In a freeze, connections wait in the backlog.
    listening = await loop.create_server(lambda: _Connection(server), "127.0.0.1", 0, backlog=2000)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await asyncio.wait([ended], timeout=seconds)
    print(json.dumps({"began": server.began, "freezes": server.freezes}), flush=True)


if __name__ == "__main__":
    every, lasts, first, seconds = map(float, sys.argv[1:])
    asyncio.run(_serve(_Server(every, lasts, first), seconds))
