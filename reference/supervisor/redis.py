"""Redis: in memory only, with a password."""

import asyncio
from collections.abc import Mapping

from .folder import Folder
from .parts import Part


def redis(folder: Folder, port: int, password: str, env: Mapping[str, str]) -> Part:
    """Describe a Redis server that keeps nothing on disk."""
    settings = {
        "bind": "127.0.0.1",
        "port": str(port),
        "requirepass": password,
        "dir": _quoted(str(folder.make("redis"))),
        "save": '""',
        "appendonly": "no",
        "databases": "1",
        # With its own title it would no longer show which deployment it belongs to.
        "set-proc-title": "no",
    }
    config = folder.write_secret("redis.conf", "".join(f"{key} {value}\n" for key, value in settings.items()))

    async def ready() -> bool:
        # Our password is the proof that it is our Redis, and not someone else's on a port that was taken.
        try:
            async with asyncio.timeout(1):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                try:
                    writer.write(f"AUTH {password}\r\nPING\r\n".encode())
                    return (await reader.readline(), await reader.readline()) == (b"+OK\r\n", b"+PONG\r\n")
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return False

    return Part(
        "redis",
        ["redis-server", str(config)],
        output=folder.path / "output" / "redis.log",
        env=env,
        cwd=folder.path,
        ready=ready,
    )


def _quoted(text: str) -> str:
    """A value as Redis' configuration file wants it: a folder's name may hold a space."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
