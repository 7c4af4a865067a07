"""Runs Locust: in processes of its own, since its import patches the whole process, within limits of time."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from deployspec.base.ending import end
from deployspec.base.shown import one_line
from deployspec.base.temporary import TemporaryFolder
from deployspec.chapters.slo.load.plan import Plan
from deployspec.chapters.slo.load.result import LoadResult
from deployspec.chapters.slo.measure.counting import Counting

BOOT_LIMIT = 60.0
"""Seconds within which all processes have to be ready."""
GRACE = 15.0
"""Seconds beyond the longest that a run can take, after which it is ended."""
_LAST_WORDS = 10.0
"""Seconds that a stopped run may take to tell what it has counted."""
_STOPPED = 2.0
"""Seconds that no such look takes where this process runs at all."""
_TICK = 0.2
"""Seconds between two looks at whether to stop."""


@dataclass(frozen=True)
class Generator:
    """What makes the load."""

    locustfile: Path
    root: Path
    """The folder that the locustfile's own modules are imported from."""
    python: str = field(default=sys.executable)


def run(
    plan: Plan,
    generator: Generator,
    described: Mapping[str, Any],
    *,
    stop: Callable[[Counting], str] = lambda _: "",
    progress: Callable[[Counting], None] = lambda _: None,
    redact: Callable[[str], str] = str,
) -> LoadResult:
    """Make a load run; returns what is known of it, whatever happened.

    ``described`` is the plan as the result tells it. ``stop`` is asked again and again why the run should end early
    (an empty text: it should not); ``progress`` is called with what was counted, about once a second; ``redact`` takes
    secrets out of what Locust itself says. What keeps the generator from its work is the result's ``trouble``, never an
    exception; the processes are gone when this returns.
    """
    counting = Counting(plan)
    if find_spec("locust") is None:
        counting.trouble = "Locust is not installed; install it with: pip install 'deployspec[load]'"
        return counting.result(described)
    try:
        with TemporaryFolder("load") as folder:
            _Run(plan, generator, counting, folder, stop, progress, redact).carry_out()
    except OSError as error:
        counting.trouble = counting.trouble or f"the load generator could not be started: {error}"
    return counting.result(described)


@dataclass
class _Run:
    plan: Plan
    generator: Generator
    counting: Counting
    folder: Path
    stop: Callable[[Counting], str]
    progress: Callable[[Counting], None]
    redact: Callable[[str], str]
    _rest: bytes = b""

    @property
    def _longest(self) -> float:
        """Seconds that it can take."""
        plan = self.plan
        # A warm-up by count may take longer than the one by time; and random arrivals take longer than their mean, by
        # ten standard deviations and twenty gaps at the very most.
        warm_up = (plan.warm_up_requests + 10 * math.sqrt(plan.warm_up_requests) + 20) / plan.rate
        return plan.warm_up + warm_up + plan.duration + plan.timeout + GRACE

    def carry_out(self) -> None:
        """Start Locust, take what it tells until it has ended or has to, and end it."""
        plan_file = self.folder / "plan.json"
        descriptor = os.open(plan_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(self.plan.document(), file)
        ours, theirs = os.pipe()
        with tempfile.TemporaryFile() as output, os.fdopen(ours, "rb", buffering=0) as reports:
            try:
                process = subprocess.Popen(
                    self._command(),
                    cwd=self.folder,
                    env=self._environment(plan_file, theirs),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=[theirs],
                    # Ctrl-C goes to us alone, who then end it in order.
                    start_new_session=True,
                )
            finally:
                os.close(theirs)
            try:
                self._listen(reports, process, output)
            finally:
                end(process)

    def _command(self) -> list[str]:
        count = str(self.plan.processes)
        command = [self.generator.python, "-m", "locust", "-f", str(self.generator.locustfile.absolute())]
        command += ["--headless", "--only-summary", "--loglevel", "WARNING", "-u", count, "-r", count]
        # It ends by itself, too: whoever started it may be killed, and a file of somebody's own may not watch that.
        command += ["--run-time", f"{math.ceil(BOOT_LIMIT + self._longest)}s"]
        if self.plan.processes > 1:
            port = str(_free_port())
            command += ["--processes", count, "--master-bind-host", "127.0.0.1", "--master-bind-port", port]
            command += ["--master-host", "127.0.0.1", "--master-port", port]
        return command

    def _environment(self, plan_file: Path, report: int) -> dict[str, str]:
        # Locust takes options from variables, and from files in the home folder and in the working folder.
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "PYTHON"))
        }
        return kept | {
            "HOME": str(self.folder),
            "PYTHONPATH": str(self.generator.root),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DEPLOYSPEC_LOAD_PLAN": str(plan_file),
            "DEPLOYSPEC_LOAD_REPORT": str(report),
        }

    def _listen(self, reports: IO[bytes], process: subprocess.Popen[bytes], output: IO[bytes]) -> None:
        counting = self.counting
        began = shown = time.monotonic()
        limit = began + BOOT_LIMIT + self._longest
        stopping = 0.0
        with selectors.DefaultSelector() as selector:
            selector.register(reports, selectors.EVENT_READ)
            while not counting.ended:
                before = time.monotonic()
                if selector.select(_TICK) and not self._take(reports):
                    break
                now = time.monotonic()
                if now - before > _STOPPED:
                    # It was we who stood still (Ctrl-Z, say): what was told meanwhile is yet to be read.
                    counting.excuse(now - before)
                    limit, stopping = limit + now - before, stopping and stopping + now - before
                if counting.begun and now - shown >= 1:
                    shown = now
                    self.progress(counting)
                if counting.failure:
                    counting.trouble = (
                        f"the load generator failed at its start: {one_line(self.redact(counting.failure))}"
                    )
                    break
                if not counting.begun and now - began > BOOT_LIMIT:
                    counting.trouble = (
                        f"the load generator was not ready within {BOOT_LIMIT:g} s{self._last_words(output)}"
                    )
                    break
                if (stopping and now > stopping) or now > limit:
                    counting.trouble = (
                        f"the load generator did not finish in time: {counting.missing()} went on"
                    )
                    break
                counting.trouble = counting.silent(now) if counting.begun else ""
                if counting.trouble:
                    break
                if not stopping and (why := self.stop(counting)):
                    counting.cut_short = why
                    stopping = now + _LAST_WORDS
                    (self.folder / "stop").touch()
        if not counting.ended and not counting.trouble:
            counting.trouble = self._death(process, output)
        elif counting.ended and not stopping:
            counting.trouble = counting.lost()
        self.progress(counting)

    def _take(self, reports: IO[bytes]) -> bool:
        """Take what can be read now; False once nobody writes any longer."""
        data = reports.read(1 << 20)
        *lines, self._rest = (self._rest + (data or b"")).split(b"\n")
        for line in lines:
            self.counting.take(json.loads(line), time.monotonic())
        return bool(data)

    def _death(self, process: subprocess.Popen[bytes], output: IO[bytes]) -> str:
        """Why it ended without having told of its last request."""
        how = "exit status none"
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = process.wait(5)
            how = f"killed by signal {-status}" if status < 0 else f"exit status {status}"
        if self.counting.begun:
            return f"the load generator ended mid-run ({how})"
        where = f"{self.generator.locustfile.name}{self._line(output)}"
        return (
            f"the load generator ended before the first request ({where}) ({how}{self._last_words(output)})"
        )

    def _line(self, output: IO[bytes]) -> str:
        """The line of the locustfile in the traceback that Locust has shown last, as the end of its name."""
        shown = re.findall(
            rf'File "{re.escape(str(self.generator.locustfile.absolute()))}", line ([0-9]+)',
            self._said(output),
        )
        return f":{shown[-1]}" if shown else ""

    def _last_words(self, output: IO[bytes]) -> str:
        """The last line that Locust has said, as the end of a sentence; empty where it has said nothing."""
        said = [line.strip() for line in self._said(output).splitlines() if line.strip()]
        # A line as long as what was read may begin with a piece of a secret.
        return f": {one_line(said[-1] if len(said) > 1 else said[-1][-200:])}" if said else ""

    def _said(self, output: IO[bytes]) -> str:
        """The end of what Locust has said."""
        output.seek(0, os.SEEK_END)
        output.seek(max(0, output.tell() - 64 * 1024))
        # Redacted before it is cut: a piece of a secret is no longer known as one. The first line may be such a piece.
        return self.redact(output.read().decode("utf-8", "replace"))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
