"""A part of the deployment: one process of ours, its command, its output, its end."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import processes

TAIL_LINES = 30
_HINTS = {
    "redis-server": "Debian: apt-get install --no-install-recommends redis-server; macOS: brew install redis",
} | {
    program: f"Debian: apt-get install --no-install-recommends {program}"
    for program in (
        "prometheus",
        "prometheus-node-exporter",
        "prometheus-postgres-exporter",
        "prometheus-pushgateway",
        "prometheus-redis-exporter",
    )
}


class PartError(Exception):
    """A part did not start. The message tells which, how it ended, and the end of its log."""


class PortTakenError(PartError):
    """A part did not start because somebody else has its port: another port may do."""


class Part:
    """One process of the deployment, in a process group of its own so that Ctrl-C reaches only the supervisor."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        output: Path,
        env: Mapping[str, str],
        cwd: Path,
        ready: Callable[[], Awaitable[bool]],
        death_signal: str = "KILL",
        stop_signal: signal.Signals = signal.SIGTERM,
        user: str | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.output = output
        self._env = dict(env)
        self._cwd = cwd
        self._ready = ready
        self._death_signal = death_signal
        self._stop_signal = stop_signal
        self._user = user
        self.process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        """Whether the process lives, stopped or not."""
        return self.process is not None and self.process.returncode is None

    async def start(self, *, pass_fds: Sequence[int] = ()) -> None:
        """Start the process, without waiting for it to be ready."""
        self.process = await spawn(
            self.command,
            output=self.output,
            env=self._env,
            cwd=self._cwd,
            user=self._user,
            death_signal=self._death_signal,
            pass_fds=pass_fds,
        )

    async def until_ready(self, limit: float) -> None:
        """Wait for the part to do its work.

        Raises:
            PartError: when it ended instead, or took longer than `limit` seconds.
        """
        try:
            async with asyncio.timeout(limit):
                while not (self.running and await self._ready()):
                    if not self.running:
                        raise self._failure(f"ended with status {self.returncode}")
                    await asyncio.sleep(0.02)
        except TimeoutError as error:
            raise self._failure(f"was not ready within {limit:g} s") from error

    @property
    def returncode(self) -> int | None:
        """The exit status, negative for a signal; None while it runs or before it was started."""
        return None if self.process is None else self.process.returncode

    async def stop(self, limit: float = 3.0, number: signal.Signals | None = None) -> None:
        """End the process, gently at first, and within `limit` seconds and a bit whatever its state."""
        if self.process is None or self.process.returncode is not None:
            return
        processes.send(self.process.pid, number or self._stop_signal)
        # One that stands still would not see the signal.
        processes.thaw(self.process.pid)
        try:
            async with asyncio.timeout(limit):
                await self.process.wait()
        except TimeoutError:
            processes.kill_family(self.process.pid)
            await self.process.wait()

    def _failure(self, what: str) -> PartError:
        tail = tail_of(self.output)
        kind = PortTakenError if "address already in use" in tail.lower() else PartError
        return kind(f"{self.name} {what}\ncommand: {' '.join(self.command)}\n{tail}")


async def spawn(
    command: Sequence[str],
    *,
    output: Path,
    env: Mapping[str, str],
    cwd: Path,
    user: str | None = None,
    death_signal: str = "KILL",
    pass_fds: Sequence[int] = (),
    stdin: int = asyncio.subprocess.DEVNULL,
) -> asyncio.subprocess.Process:
    """Start a process that does not outlive the supervisor (on Linux), its output appended to a file.

    Raises:
        PartError: when the program does not exist.
    """
    program = shutil.which(command[0], path=env.get("PATH"))
    if program is None:
        raise PartError(f"{command[0]} was not found; {_HINTS.get(command[0], 'is it installed?')}")
    full = [program, *command[1:]]
    if shutil.which("setpriv"):
        # It runs as the part's own user: a change of user would clear the signal again.
        full = ["setpriv", "--pdeathsig", death_signal, "--", *full]
    options: dict[str, Any] = {"process_group": 0}
    if user is not None:
        options |= {"user": user, "group": user, "extra_groups": []}
    with output.open("ab") as file:
        return await asyncio.create_subprocess_exec(
            *full,
            stdin=stdin,
            stdout=file,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            pass_fds=pass_fds,
            **options,
        )


async def run_to_end(
    name: str, command: Sequence[str], *, output: Path, limit: float, stdin: bytes = b"", **options: Any
) -> None:
    """Run a command that has to succeed within `limit` seconds, and feed it `stdin`.

    Raises:
        PartError: when it did not.
    """
    process = await spawn(command, output=output, stdin=asyncio.subprocess.PIPE, **options)
    try:
        async with asyncio.timeout(limit):
            await process.communicate(stdin)
    except TimeoutError as error:
        raise PartError(f"{name} took more than {limit:g} s\n{tail_of(output)}") from error
    except asyncio.CancelledError:
        # Called off. These commands take a moment only, and tidy up after themselves if they may end.
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                await process.wait()
        raise
    finally:
        if process.returncode is None:
            processes.kill_family(process.pid)
            await process.wait()
    if process.returncode != 0:
        raise PartError(
            f"{name} ended with status {process.returncode}\ncommand: {' '.join(command)}\n{tail_of(output)}"
        )


def tail_of(path: Path) -> str:
    """Give the last lines of a log, indented, or say that there are none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 65536))
            lines = file.read().decode(errors="replace").splitlines()[-TAIL_LINES:]
    except OSError:
        lines = []
    return "\n".join(["its log ends:", *(f"  {line}" for line in lines)]) if lines else "its log is empty"
