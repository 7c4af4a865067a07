"""Replicas for the benchmark: one process, many ports. Prints their URLs as JSON; ends with its standard input."""

from __future__ import annotations

import asyncio
import datetime
import json
import sys

COUNT, DELAY = 20, 0.1


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.sleep(DELAY)
    now = datetime.datetime.now(datetime.UTC).isoformat()
    said = {"ok": True, "db": True, "redis": True, "queue_depth": 1, "version": "0.1.0", "time": now}
    body = json.dumps(said).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    writer.close()


async def _main() -> None:
    servers = [await asyncio.start_server(_answer, "127.0.0.1", 0) for _ in range(COUNT)]
    print(json.dumps([f"http://127.0.0.1:{one.sockets[0].getsockname()[1]}" for one in servers]), flush=True)
    await asyncio.to_thread(sys.stdin.read)


asyncio.run(_main())
