"""Probes servers that others wrote, beside busy processes: `python -m proven.probed CACHE [NAME ...]`.

Each is booted, and probed again and again with its file in `deployments/`, while two processes spin. What a probe pushes to a
real Pushgateway is to be as new as that probe: all MET while the server is well, a breach while it is frozen, all MET again.

Prints a Markdown table; ends with status 1 where anything was not as it is to be.
"""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from proven.__main__ import DEPLOYMENTS, PROGRAM, told
from proven.record import version
from proven.servers import SERVERS, NotProvenError, Server

PROBED = ("prometheus", "alertmanager", "blackbox-exporter", "victoria-metrics")
TIMES = 10
SPINNING = 2
_SPIN = "while True: pass"


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """As many processes as there are to spin do so."""
    spinning = [subprocess.Popen([sys.executable, "-c", _SPIN]) for _ in range(SPINNING)]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


def pushed(gateway: str) -> dict[str, float]:
    """What is in the Pushgateway: the checks by verdict, and when the last run was completed."""
    with urllib.request.urlopen(f"{gateway}/metrics", timeout=10) as answer:  # noqa: S310 - ours
        families = list(text_string_to_metric_families(answer.read().decode()))
    samples = [sample for family in families for sample in family.samples]
    told = {one.labels["verdict"]: one.value for one in samples if one.name == "deployspec_run_checks"}
    at = [one.value for one in samples if one.name == "deployspec_run_last_completion_timestamp_seconds"]
    return {**told, "completed": max(at, default=0.0)}


class Probed:
    """A server's deployment file, with a Pushgateway added, and what runs it."""

    def __init__(self, folder: Path, name: str, url: str, gateway: str) -> None:
        self._folder = folder
        self._gateway = gateway
        self._environ = {"BASE_URL": url}
        self._file = folder / f"{name}.yaml"
        self._file.write_text(
            (DEPLOYMENTS / f"{name}.yaml").read_text()
            + f"push: [{{name: gateway, kind: pushgateway, url: '{gateway}'}}]\n"
        )

    def probe(self, status: int) -> tuple[float, dict[str, float]]:
        """The seconds that a probe took, and what it pushed. Raises NotProvenError where it ends with another status, or what is in
        the Pushgateway afterwards is older than it."""
        before, began = time.time(), time.monotonic()
        argv = [PROGRAM, "probe", "-m", "health", "--deployment", self._file, "--strict-push"]
        done = told(argv, self._folder, self._environ)
        took, found = time.monotonic() - began, pushed(self._gateway)
        if done.returncode != status or found["completed"] < before:
            raise NotProvenError(
                f"found status {done.returncode}, {found}: {done.stdout[-500:]}; expected {status}"
            )
        return took, found


def prove(name: str, server: Server, cache: Path) -> str:
    """What was seen, as cells. Raises NotProvenError."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for own in ("server", "gateway", "client"):
            (folder / own).mkdir()
        gateway = stack.enter_context(SERVERS["pushgateway"].boot(folder / "gateway", cache))
        booted = stack.enter_context(server.boot(folder / "server", cache))
        url = f"http://127.0.0.1:{booted.port}"
        one = Probed(folder / "client", name, url, f"http://127.0.0.1:{gateway.port}")
        stack.enter_context(busy())
        seconds = []
        for _ in range(TIMES):
            took, found = one.probe(0)
            seconds.append(took)
            if found["breached"] or found["unmeasured"] or not found["met"]:
                raise NotProvenError(f"found {found}; expected every check met")
        met = found["met"]
        booted.freeze()
        try:
            _, found = one.probe(1)
        finally:
            booted.thaw()
        if not found["breached"]:
            raise NotProvenError(f"found {found}; expected a breach while it is frozen")
        frozen = f"{found['breached']:.0f} BREACHED, {found['unmeasured']:.0f} UNMEASURED"
        _, found = one.probe(0)
        return (
            f"{TIMES} of {TIMES} with {met:.0f} MET, {statistics.median(seconds):.1f} s ({min(seconds):.1f} to "
            f"{max(seconds):.1f}) | {frozen} | {found['met']:.0f} MET"
        )


def main(arguments: list[str]) -> int:
    """Probe those that are named, or all."""
    cache, names = Path(arguments[0]).absolute(), arguments[1:] or list(PROBED)
    rows, wrong = [], False
    for name in names:
        try:
            cells = prove(name, SERVERS[name], cache)
        except (NotProvenError, subprocess.TimeoutExpired) as error:
            cells, wrong = f"WRONG: {error} | - | -", True
        rows.append(f"| {SERVERS[name].system} {version(SERVERS[name])} | {cells} |")
        print(rows[-1], flush=True)
    print("\n| system | well | frozen | again |\n| --- | --- | --- | --- |")
    print("\n".join(rows))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
