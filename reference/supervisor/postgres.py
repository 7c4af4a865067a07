"""PostgreSQL: a data folder of its own, made for one deployment and thrown away with it."""

import os
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

from .folder import Folder
from .parts import Part, PartError, run_to_end

ROLE = DATABASE = "deal_scout"
_DEBIAN = Path("/usr/lib/postgresql")
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # The data is thrown away: nothing needs to survive a crash of the machine.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Nothing in /dev/shm: a server that is killed would leave it there.
    "dynamic_shared_memory_type": "mmap",
    # Small, with few processes: it starts sooner.
    "shared_buffers": "16MB",
    "max_connections": "50",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_parallel_workers": "0",
}


def programs() -> Path:
    """Find the folder with `initdb` and `postgres`: on PATH, else Debian's newest.

    Raises:
        PartError: saying how to install it.
    """
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    versions = [path.parent for path in _DEBIAN.glob("*/bin/postgres")]
    if not versions:
        raise PartError(
            "postgres was not found; Debian: apt-get install --no-install-recommends postgresql; "
            "macOS: brew install postgresql"
        )
    return max(versions, key=lambda path: float(path.parent.name))


class Postgres:
    """The server's data folder and its process."""

    def __init__(self, folder: Folder, port: int, password: str, env: Mapping[str, str]) -> None:
        self._programs = programs()
        self._env = env
        # The server refuses to run as root; Debian's package brings this user.
        self._user = "postgres" if os.geteuid() == 0 else None
        self._data = folder.make("postgres")
        self._password_file = folder.write_secret("postgres-password", password)
        self._output = folder.path / "output" / "postgres.log"
        if self._user is not None:
            for path in (self._data, self._password_file):
                try:
                    shutil.chown(path, self._user, self._user)
                except LookupError as error:
                    raise PartError("postgres cannot run as root, and there is no user postgres") from error
        self._cwd = folder.path
        settings = {**_SETTINGS, "port": str(port), "cluster_name": folder.path.name}
        arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.part = Part(
            "postgres",
            [str(self._programs / "postgres"), "-D", str(self._data), *arguments],
            output=self._output,
            env=env,
            cwd=folder.path,
            ready=self._accepts_connections,
            # An immediate shutdown: it takes its processes along and gives its shared memory back.
            stop_signal=signal.SIGQUIT,
            death_signal="QUIT",
            user=self._user,
        )

    async def start(self) -> None:
        """Make the data folder and the database, and start the server.

        Raises:
            PartError: when one of the three did not work.
        """
        initdb = [
            str(self._programs / "initdb"),
            f"--pgdata={self._data}",
            f"--username={ROLE}",
            f"--pwfile={self._password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
            "--no-instructions",
        ]
        await self._run("initdb", initdb)
        # Renaming takes a moment; creating a database copies a template, or waits for a server to do so.
        rename = [
            str(self._programs / "postgres"),
            "--single",
            "-D",
            str(self._data),
            "-c",
            "fsync=off",
            "-c",
            "dynamic_shared_memory_type=mmap",
            "template1",
        ]
        await self._run("postgres --single", rename, b"ALTER DATABASE postgres RENAME TO deal_scout;\n")
        await self.part.start()

    async def _run(self, name: str, command: list[str], stdin: bytes = b"") -> None:
        await run_to_end(
            name,
            command,
            output=self._output,
            limit=30,
            env=self._env,
            cwd=self._cwd,
            user=self._user,
            stdin=stdin,
        )

    async def _accepts_connections(self) -> bool:
        # The eighth line of its pid file says so: what pg_ctl waits for, too.
        try:
            lines = (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        process = self.part.process
        return process is not None and lines[:1] == [str(process.pid)] and lines[7:8] == ["ready   "]
