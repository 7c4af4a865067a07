"""Runs the suite as a user does, in a process of its own, and reads what it left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.forked import run_pytest

ROOT = Path(__file__).resolve().parent.parent
DEAL_SCOUTS = f"rules: {{files: ['{ROOT}/rules/*.rules.yml']}}\nslos: {{files: ['{ROOT}/slos/*.yaml']}}\n"
"""Deal Scout's rules and objectives, as a deployment file names them."""
LIMIT = 120
"""Seconds after which a run of the suite counts as hung. The longest takes a tenth of it on a free machine."""


@dataclass(frozen=True)
class Ran:
    """A finished run of pytest."""

    status: int
    output: str
    """Standard output and error."""
    record: dict[str, Any] | None
    """The run record; None where none was written."""

    def verdict(self, check: str) -> str:
        """The verdict on one check, by the name of its test, parameters included."""
        return self.entry(check)["verdict"]

    def entry(self, check: str) -> dict[str, Any]:
        """The record's entry of one check."""
        assert self.record is not None, self.output
        return next(entry for entry in self.record["checks"] if entry["check"].endswith(f"::{check}"))


def run_checks(
    deployment: Path | str | None,
    *options: str,
    folder: Path,
    environ: dict[str, str] | None = None,
    chapter: str = "health",
    root: Path = ROOT,
    limit: float = LIMIT,
    preexec: Callable[[], object] | None = None,
    cache: bool = False,
) -> Ran:
    """``pytest checks -m <chapter> --deployment <deployment> <options>``, with its record in ``folder``."""
    record = folder / "record.json"
    record.unlink(missing_ok=True)
    named = [] if deployment is None else ["--deployment", str(deployment)]
    arguments = ["checks", "-m", chapter, *named, "--record", str(record), *([] if cache else ["-p", "no:cacheprovider"]), *options]  # fmt: skip
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DEPLOYMENT"))
    }
    own = environ or {}
    whole = {**clean, "COLUMNS": "140", "XDG_STATE_HOME": str(folder / "state"), **own}
    if preexec is None and not any(name.startswith("PYTHON") for name in own):
        status, text = run_pytest(arguments, cwd=root, environ=whole, limit=limit)
    else:
        # A limit of the process, or an option of the interpreter, has to be there from its first moment on.
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *arguments],
            cwd=root,
            env=whole,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=limit,
            preexec_fn=preexec,
            check=False,
        )
        status, text = done.returncode, done.stdout.decode("utf-8", "replace")
    return Ran(status, text, json.loads(record.read_text()) if record.exists() else None)


LATE = "the load generator was late, so that it, and not the deployment, may be the cause"


def seen_once(run: Callable[[], Ran], compare: Callable[[Ran], None], *, attempts: int = 3) -> Ran:
    """Run until ``compare`` passes, at most ``attempts`` times: for verdicts on a server that time limits hold, while the
    machine is busy with other tests. A server that was slow then is told of, truthfully; a fault is seen each time.

    A run whose load generator was late says that of itself and nothing of the server: it does not count, up to eight."""
    for _ in range(8):
        ran = run()
        try:
            compare(ran)
        except AssertionError as other:
            print(f"seen otherwise: {other}")
            attempts -= LATE not in json.dumps(ran.record)
            if attempts == 0:
                raise
        else:
            return ran
    raise AssertionError("the load generator was late eight times over")


def deployment_file(
    folder: Path,
    base_url: str,
    health: str = "{timeout: 1s, max_response_time: 1s, expect_version: 0.1.0}",
    more: str = "",
) -> Path:
    """Write a deployment file for a local server; ``health`` and ``more`` are YAML."""
    path = folder / "local.yaml"
    path.write_text(f"base_url: {base_url}\nhealth: {health}\n{more}\n")
    return path


def hearing() -> None:
    """A process in the background is born deaf to a terminal's signals, and its children with it."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
