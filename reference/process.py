"""Run the reference from Python: start it, wait until it is ready, break it, and stop it for certain.

    with running_reference() as reference:
        subprocess.run(["pytest", "checks", "--deployment", str(reference.deployment_file)])

`boot()` is for those who have no block to put around it; they call `close()`.
"""

import contextlib
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import yaml

from .faults import control, log_records
from .faults.switch import HEALTH, METRICS, NONE, TRAFFIC

ROOT = Path(__file__).resolve().parents[1]
BOOT_LIMIT = 60.0
STOP_LIMIT = 15.0


class ReferenceFailedError(Exception):
    """The reference did not start, or did not end well; the message holds what it said."""


@dataclass(frozen=True)
class Reference:
    """A running reference deployment."""

    process: "subprocess.Popen[bytes]"
    """The supervisor."""
    deployment_file: Path
    boot_seconds: float
    _errors: IO[bytes] = field(repr=False)

    @property
    def folder(self) -> Path:
        """The folder that holds everything of this deployment."""
        return self.deployment_file.parent

    @property
    def deployment(self) -> dict[str, Any]:
        """The deployment file's content."""
        content: dict[str, Any] = yaml.safe_load(self.deployment_file.read_text(encoding="utf-8"))
        return content

    @property
    def base_url(self) -> str:
        """Where the API listens."""
        url: str = self.deployment["base_url"]
        return url

    def pids(self) -> dict[str, int]:
        """Give the pids of the parts: postgres, redis, api, worker, and those that watch them, if any."""
        pids: dict[str, int] = control.ask(self.folder, "status")["pids"]
        return pids

    @contextlib.contextmanager
    def broken(self, fault: str) -> Iterator[None]:
        """Break a dependency (`redis-stopped`, …) for the length of a block, and mend it."""
        control.ask(self.folder, "inject", fault)
        try:
            yield
        finally:
            control.ask(self.folder, "restore", fault)

    @contextlib.contextmanager
    def health_fault(self, name: str) -> Iterator[None]:
        """Switch a fault of the health endpoint on for the length of a block."""
        HEALTH.turn(self.folder, name)
        try:
            yield
        finally:
            HEALTH.turn(self.folder, NONE)

    @contextlib.contextmanager
    def traffic_fault(self, name: str) -> Iterator[None]:
        """Switch a fault of the traffic on for the length of a block."""
        TRAFFIC.turn(self.folder, name)
        try:
            yield
        finally:
            TRAFFIC.turn(self.folder, NONE)

    @contextlib.contextmanager
    def metrics_fault(self, name: str) -> Iterator[None]:
        """Switch a fault of the metrics endpoint on for the length of a block."""
        METRICS.turn(self.folder, name)
        try:
            yield
        finally:
            METRICS.turn(self.folder, NONE)

    @contextlib.contextmanager
    def log_fault(self, name: str) -> Iterator[None]:
        """Switch a fault of the logs on for the length of a block."""
        log_records.turn(self.folder, name)
        try:
            yield
        finally:
            log_records.turn(self.folder, log_records.NONE)

    def close(self) -> None:
        """Stop everything; nothing is left when this returns. Closing twice is fine.

        Raises:
            ReferenceFailedError: the supervisor had not ended with status 0; the message says what it wrote.
        """
        if self._errors.closed:
            return
        said = _end(self.process, self._errors)
        if self.process.returncode != 0:
            raise ReferenceFailedError(f"the reference did not end well: {said}")


def boot(*arguments: str, env: Mapping[str, str] | None = None, limit: float = BOOT_LIMIT) -> Reference:
    """Start `python -m reference` with these arguments, and wait until it is ready.

    The supervisor stops everything when its standard input ends, so nothing stays behind even if this process
    is killed.

    Raises:
        ReferenceFailedError: it did not become ready within `limit` seconds; the message says what it wrote.
    """
    started = time.monotonic()
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process has ended
    process = subprocess.Popen(
        [sys.executable, "-m", "reference", *arguments],
        cwd=ROOT,
        env=None if env is None else dict(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        # Ctrl-C goes to the caller alone, who then closes our standard input in its own time.
        process_group=0,
    )
    try:
        path = _first_line(process, started + limit)
    except BaseException:
        _end(process, errors)
        raise
    if not path:
        raise ReferenceFailedError(f"the reference did not become ready: {_end(process, errors)}")
    return Reference(process, Path(path), time.monotonic() - started, errors)


@contextlib.contextmanager
def running_reference(
    *arguments: str, env: Mapping[str, str] | None = None, limit: float = BOOT_LIMIT
) -> Iterator[Reference]:
    """Run the reference for the length of a block; see `boot`."""
    reference = boot(*arguments, env=env, limit=limit)
    try:
        yield reference
    except BaseException:
        # What went wrong in the block matters more than how the reference then ends.
        with contextlib.suppress(ReferenceFailedError):
            reference.close()
        raise
    reference.close()


def _first_line(process: "subprocess.Popen[bytes]", deadline: float) -> str:
    """Read one line; empty when there is none before the deadline."""
    assert process.stdout is not None  # noqa: S101 - narrows the type
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                return ""
            piece = os.read(process.stdout.fileno(), 4096)
            if not piece:
                return ""
            line += piece
    return line.decode().strip()


def _end(process: "subprocess.Popen[bytes]", errors: IO[bytes]) -> str:
    """Let the supervisor stop everything; give its exit status and what it wrote on stderr."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()  # its parts die with it
        process.wait()
    with errors:
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip()
    return f"exit status {process.returncode}\n{said}"
