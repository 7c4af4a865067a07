"""The supervisor's ear: a socket in its folder, where the fault commands ask for what only it can do.

It owns the processes, so it must be the one to start a replacement: else nobody would stop it in the end.
"""

import asyncio
import json
from typing import Any

from reference.faults.control import SOCKET

from .deployment import Deployment
from .parts import PartError


class Control:
    """Serves requests, one JSON line each, one after the other."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._one_at_a_time = asyncio.Lock()
        self._running: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen. The working folder must be the deployment's: a socket's whole path may have 107 bytes only."""
        self._server = await asyncio.start_unix_server(self._accept, SOCKET)

    async def close(self) -> None:
        """Stop listening, and break off what is under way, so that nothing is started any more."""
        if self._server is not None:
            self._server.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - narrows the type
        self._running.add(task)
        try:
            async with asyncio.timeout(5):
                line = await reader.readline()
            async with self._one_at_a_time:
                answer = await self._do(line)
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except (OSError, TimeoutError):
            pass  # the caller is gone; what was asked is done
        finally:
            self._running.discard(task)
            writer.close()

    async def _do(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            action, fault = request["do"], request.get("fault", "")
            if action == "inject":
                await self._deployment.inject(fault)
            elif action == "restore":
                await self._deployment.restore(fault)
            elif action != "status":
                return {"ok": False, "error": f"not understood: {action}"}
        except (ValueError, KeyError, TypeError) as error:
            return {"ok": False, "error": f"not understood: {error}"}
        except (PartError, TimeoutError) as error:
            return {"ok": False, "error": str(error)}
        parts = self._deployment.parts.values()
        return {"ok": True, "pids": {part.name: part.process.pid for part in parts if part.process}}
