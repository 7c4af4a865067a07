"""All parts together: booted in parallel, broken and mended on demand, stopped in the end."""

import asyncio
import os
import random
import secrets
import shutil
import signal
import socket
from collections.abc import Coroutine, Sequence
from typing import Any

from reference.faults.control import FAULTS

from . import processes
from .application import ROOT, api, worker
from .deployment_file import deployment_file
from .folder import Folder
from .monitoring import PORTS_NEEDED, TEXTFILES, Monitoring
from .parts import Part, PortTakenError
from .postgres import DATABASE, ROLE, Postgres
from .redis import redis

BOOT_LIMIT = 45.0
RESTORE_LIMIT = 10.0
WORKER_LIMIT = 30.0
"""Seconds: on a busy machine, Celery takes its time to start."""
_ATTEMPTS = 3
# Below the range from which systems take the ports of outgoing connections: otherwise a client's connection
# could sit on a server's port while that server is stopped, and keep it from coming back.
_PORTS = range(20000, 32000)
# What would change how our processes behave, were it passed on from whoever starts us.
_FOREIGN_PREFIXES = ("PG", "PYTHON", "CELERY", "UVICORN", "PROMETHEUS_", "COVERAGE_", "LC_", "LANG")
_KEPT = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")


class Deployment:
    """A running Deal Scout and what it stands on."""

    def __init__(self, folder: Folder, log_level: str, rules: Sequence[str] | None = None) -> None:
        """`rules` are the patterns of the rule files to watch it by; None: it is not watched."""
        self.folder = folder
        self._log_level = log_level
        self._rules = rules
        self.parts: dict[str, Part] = {}

    async def boot(self) -> None:
        """Start everything, wait until it is healthy, and write the deployment file.

        Raises:
            PartError: the first part that did not start. What did start still has to be stopped.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await self._boot_once()
            except PortTakenError:
                if attempt == _ATTEMPTS:
                    raise
                await self.stop()
            else:
                return

    async def _boot_once(self) -> None:
        folder, environment = self.folder, self._environment()
        for name in ("postgres", "redis", "logs", "metrics", "output", "prometheus", TEXTFILES):
            shutil.rmtree(folder.path / name, ignore_errors=True)
        for name in ("logs", "metrics", "output"):
            folder.make(name, 0o755)
        watched = self._rules is not None
        pg_port, redis_port, *free = random.sample(_PORTS, 2 + PORTS_NEEDED * watched)
        pg_password, redis_password, token = (secrets.token_urlsafe(18) for _ in range(3))
        database_url = f"postgresql://{ROLE}:{pg_password}@127.0.0.1:{pg_port}/{DATABASE}"
        environment_of_app = environment | {
            "DATABASE_URL": database_url,
            "REDIS_URL": f"redis://:{redis_password}@127.0.0.1:{redis_port}/0",
            "API_TOKEN": token,
            "LOG_LEVEL": self._log_level,
            "LOG_DIR": str(folder.path / "logs"),
            "PROMETHEUS_MULTIPROC_DIR": str(folder.path / "metrics"),
            "PYTHONPATH": str(ROOT),
        }
        postgres = Postgres(folder, pg_port, pg_password, environment)
        # The API inherits its socket, so that nobody can take its port. We must not keep a copy: with the API
        # gone, a connection is to be refused, not to wait in a queue that nobody serves.
        with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
            port: int = listener.getsockname()[1]
            self.parts = {
                "postgres": postgres.part,
                "redis": redis(folder, redis_port, redis_password, environment),
                "api": api(folder, port, listener.fileno(), environment_of_app),
                "worker": worker(folder, environment_of_app),
            }
            await self.parts["redis"].start()
            await self.parts["api"].start(pass_fds=[listener.fileno()])
        await self.parts["worker"].start()
        work = [
            self._start_postgres(postgres),
            *(self.parts[name].until_ready(BOOT_LIMIT) for name in ("redis", "api", "worker")),
        ]
        monitoring = None
        if self._rules is not None:
            monitoring = Monitoring(
                folder,
                free,
                environment,
                rules=self._rules,
                api_port=port,
                database_url=database_url,
                redis_port=redis_port,
                redis_password=redis_password,
            )
            self.parts |= monitoring.parts
            work.append(_start_monitoring(monitoring))
        await _all_or_first_failure(*work)
        ports = None if monitoring is None else (monitoring.port, monitoring.pushgateway_port)
        text = deployment_file(folder.path, port, token, ports, self._log_level)
        folder.write_secret("deployment.yaml", text)

    async def _start_postgres(self, postgres: Postgres) -> None:
        await postgres.start()
        await postgres.part.until_ready(BOOT_LIMIT)

    async def stop(self) -> None:
        """Stop everything: first those who use, then those who are used."""
        used = ("postgres", "redis")
        await asyncio.gather(*(part.stop() for name, part in self.parts.items() if name not in used))
        await asyncio.gather(*(self.parts[name].stop() for name in used if name in self.parts))

    async def inject(self, fault: str) -> None:
        """Break a part; returns when it is broken.

        Raises:
            KeyError: there is no such fault.
            TimeoutError: the part would not stand still.
        """
        part, kind = self._fault(fault)
        if kind == "stopped":
            # SIGINT is PostgreSQL's fast shutdown; Redis and the worker take it as SIGTERM.
            await part.stop(limit=5.0, number=signal.SIGINT)
        elif part.process is not None and part.running:
            processes.freeze(part.process.pid, time_limit=5.0)

    async def restore(self, fault: str) -> None:
        """Mend a part; returns when it works again. A part that works is left as it is.

        Raises:
            KeyError: there is no such fault.
            PartError: the part did not start again.
        """
        part, _ = self._fault(fault)
        if part.process is not None and part.running:
            processes.thaw(part.process.pid)
        else:
            await part.start()
        await part.until_ready(RESTORE_LIMIT if part.name != "worker" else WORKER_LIMIT)

    def _fault(self, name: str) -> tuple[Part, str]:
        part, _, kind = name.partition("-")
        if name not in FAULTS:
            raise KeyError(name)
        return self.parts[part], kind

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in _KEPT or not name.startswith(_FOREIGN_PREFIXES)
        }
        return kept | {"LC_ALL": "C.UTF-8", "TZ": "UTC"}


async def _start_monitoring(monitoring: Monitoring) -> None:
    await monitoring.start()
    await monitoring.until_ready(BOOT_LIMIT)


async def _all_or_first_failure(*work: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.create_task(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        # Of several that failed at once, the first in the list is the one the others depend on.
        for task in tasks:
            if task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
