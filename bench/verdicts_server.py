"""An HTTP server of known truth: ``python -m bench.verdicts_server BAD STATUS DELAY SECONDS``.

Of every hundred answers, BAD have STATUS instead of 200, spread evenly; the last byte of each body comes after DELAY
seconds. It prints its port as a line, and ends after SECONDS.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys

BODY = b'{"items": []}'


async def _serve(bad: int, status: int, delay: float, seconds: float) -> None:
    numbers = itertools.count(1)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                number = next(numbers)
                is_bad = number * bad // 100 != (number - 1) * bad // 100
                head = f"HTTP/1.1 {status if is_bad else 200} X\r\nContent-Length: {len(BODY)}\r\n\r\n"
                writer.write(head.encode() + BODY[:-1])
                await writer.drain()
                if delay:
                    await asyncio.sleep(delay)
                writer.write(BODY[-1:])
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.sleep(seconds)


if __name__ == "__main__":
    asyncio.run(
        asyncio.wait_for(
            _serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])), None
        )
    )
