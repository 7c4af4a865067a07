"""Run the reference from Python: start it, wait until it is ready, break it, and stop it for certain.

with running_reference() as reference:
    subprocess.run(["pytest", "checks", "--deployment", str(reference.deployment_file)])
"""

import contextlib
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .faults import control, switch

ROOT = Path(__file__).resolve().parents[1]
BOOT_LIMIT = 60.0
STOP_LIMIT = 15.0


class ReferenceFailedError(Exception):
    """The reference did not start, or did not stop; the message holds what it said."""


@dataclass(frozen=True)
class Reference:
    """A running reference deployment."""

    process: "subprocess.Popen[bytes]"
    deployment_file: Path
    boot_seconds: float

    @property
    def folder(self) -> Path:
        """The folder that holds everything of this deployment."""
        return self.deployment_file.parent

    @property
    def deployment(self) -> dict[str, Any]:
        """The deployment file's content."""
        content: dict[str, Any] = yaml.safe_load(self.deployment_file.read_text(encoding="utf-8"))
        return content

    def pids(self) -> dict[str, int]:
        """Give the pids of the parts: postgres, redis, api, worker."""
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
        switch.turn(self.folder, name)
        try:
            yield
        finally:
            switch.turn(self.folder, switch.NONE)


@contextlib.contextmanager
def running_reference(
    *arguments: str, env: Mapping[str, str] | None = None, boot_limit: float = BOOT_LIMIT
) -> Iterator[Reference]:
    """Run `python -m reference` for the length of a block.

    The supervisor stops everything when its standard input ends, so nothing stays behind even if this process
    is killed.

    Raises:
        ReferenceFailedError: it did not become ready within `boot_limit` seconds, or did not end with status 0.
    """
    started = time.monotonic()
    with tempfile.TemporaryFile() as errors:
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
        with process:
            try:
                path = _first_line(process, started + boot_limit)
                if path:
                    yield Reference(process, Path(path), time.monotonic() - started)
            finally:
                said = _end(process, errors)
        if not path:
            raise ReferenceFailedError(f"the reference did not become ready\n{said}")
        if process.returncode != 0:
            raise ReferenceFailedError(f"the reference did not end well\n{said}")


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


def _end(process: "subprocess.Popen[bytes]", errors: Any) -> str:
    """Let the supervisor stop everything; give its exit status and what it wrote on stderr."""
    if process.stdin is not None and not process.stdin.closed:
        process.stdin.close()
    try:
        process.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()  # its parts die with it
        process.wait()
    errors.seek(0)
    said = errors.read().decode(errors="replace").strip()
    return f"exit status {process.returncode}\n{said}"
