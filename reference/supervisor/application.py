"""The two processes of Deal Scout itself: the API and the worker."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

from .folder import Folder
from .parts import Part

ROOT = Path(__file__).resolve().parents[2]


def python(module: str, *arguments: str) -> list[str]:
    """Give the command that runs a module of this project; PYTHONPATH must name ROOT.

    -P keeps the working folder off the import path, where a `reference` of someone else's may lie.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def api(folder: Folder, port: int, fd: int, env: Mapping[str, str]) -> Part:
    """Describe the API, which serves on the listening socket `fd` and is ready when it is healthy."""

    async def healthy() -> bool:
        try:
            async with asyncio.timeout(2):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                try:
                    writer.write(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                    return (await reader.readline()).startswith(b"HTTP/1.1 200 ")
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return False

    return Part(
        "api",
        python("reference.server", "--folder", str(folder.path), "--fd", str(fd)),
        output=folder.path / "output" / "api.log",
        env=env,
        cwd=folder.path,
        ready=healthy,
    )


def worker(folder: Folder, env: Mapping[str, str]) -> Part:
    """Describe the Celery worker."""
    ready_file = folder.path / "worker-ready"

    async def takes_tasks() -> bool:
        return ready_file.exists()

    return Part(
        "worker",
        python("reference.worker", "--folder", str(folder.path), "--ready-file", str(ready_file)),
        output=folder.path / "output" / "worker.log",
        env=env,
        cwd=folder.path,
        ready=takes_tasks,
    )
