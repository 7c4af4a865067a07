"""Asks servers that others wrote: `python -m proven CACHE [NAME ...]`, or `make proven` for all of them.

Each is booted and described by `deployments/NAME.yaml`. While it is well, every check is to be MET. Made sick, it is to be
BREACHED for its status; where nothing makes it sick, it is frozen, and is to be BREACHED for its time limit. Behind a proxy
that answers every second connection with a page, it is not to be steady. And `deployspec init` is to describe it.

Prints a line for each step, and at the end a Markdown table; ends with status 1 where anything was not as it is to be.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

from proven.record import version
from proven.servers import SERVERS, NotProvenError, Running, Server

DEPLOYMENTS = Path(__file__).with_name("deployments")
PROGRAM = Path(sys.executable).with_name("deployspec")
LIMIT = 120
"""Seconds for one run."""
TRUE_THOUGH_SICK = {"redis-exporter", "flower"}
"""They say that they are well while what is behind them is gone, and their file says so."""
HEALTH_AT = {
    "datasette": "/-/versions.json",
    "django-health-check": "/health/",
    "django-health-check-3": "/ht/",
    "django-health-check-3.18": "/ht/",
    "jupyter-server": "/api/status",
    "json-server": "/posts",
    "rabbitmq": "/api/health/checks/alarms",
}
"""What `deployspec init` has to be told with `--health`, because it is none of the usual paths."""
_PAGE = b"<html><title>503 Service Temporarily Unavailable</title></html>"
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
    % (len(_PAGE), _PAGE)
)
_SICK = "health.healthy-now"


class NotAsItIsToBeError(Exception):
    """What was not as it is to be."""


def _prefix(name: str) -> str:
    return "/v1" if name == "kinto" else ""


def _token(server: Running) -> dict[str, str]:
    """The variables that the deployment files know."""
    value = {key.lower(): text for key, text in server.headers.items()}.get("authorization", "")
    return {"TOKEN": value.removeprefix("token ")} if value.startswith("token ") else {}


def told(
    argv: Sequence[str | Path], folder: Path, environ: Mapping[str, str], limit: float = LIMIT
) -> subprocess.CompletedProcess[str]:
    """What a command says in a folder, its errors included. Raises subprocess.TimeoutExpired."""
    return subprocess.run(
        argv,
        cwd=folder,
        env={**os.environ, "XDG_STATE_HOME": str(folder / "state"), **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=limit,
        check=False,
    )


def check(file: Path, folder: Path, environ: dict[str, str]) -> dict[str, tuple[str, str]]:
    """By check, verdict and reason of a run of the health chapter. Raises NotProvenError where there are none."""
    record = folder / "record.json"
    record.unlink(missing_ok=True)
    argv = [PROGRAM, "check", "-q", "-m", "health", "--deployment", file, "--record", record]
    done = told(argv, folder, environ)
    if not record.exists():
        raise NotProvenError(f"found no record; expected verdicts. {done.stdout[-1500:]}")
    said: list[dict[str, Any]] = json.loads(record.read_text())["checks"]
    return {entry["id"]: (entry["verdict"], entry["reason"]) for entry in said}


def well(verdicts: dict[str, tuple[str, str]]) -> str:
    """How many checks are MET. Raises NotAsItIsToBeError where one is not, or where there is none."""
    red = {own: said for own, said in verdicts.items() if said[0] != "MET"}
    if red or not verdicts:
        raise NotAsItIsToBeError(f"found {red or 'no check'}; expected every check MET")
    return f"{len(verdicts)} MET"


def red(verdicts: dict[str, tuple[str, str]], own: str, reason: str) -> str:
    """The reason of the check that is to be BREACHED. Raises NotAsItIsToBeError where none with this id and piece of a reason is."""
    for name, (verdict, said) in verdicts.items():
        if name.partition("[")[0] == own and verdict == "BREACHED" and reason in said:
            return said.partition(";")[0]
    raise NotAsItIsToBeError(f"found {verdicts}; expected {own} BREACHED with “{reason}”")


@contextlib.contextmanager
def flapping(port: int) -> Iterator[int]:
    """A proxy that passes every second connection on, and answers the others with a page; its port."""
    numbers = itertools.count()

    class Handler(StreamRequestHandler):
        timeout = 10

        def handle(self) -> None:
            head = b""
            while not head.endswith(b"\r\n\r\n") and (line := self.rfile.readline(65_536)):
                head += line
            if next(numbers) % 2:
                self.wfile.write(_REFUSAL)
                return
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 10) as behind:
                behind.sendall(head)
                while piece := behind.recv(65_536):
                    self.wfile.write(piece)

    class Proxy(ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Proxy(("127.0.0.1", 0), Handler) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield proxy.server_address[1]
        finally:
            proxy.shutdown()
            thread.join()


def found_by_init(name: str, url: str, folder: Path, server: Running) -> str:
    """What `deployspec init` says of the health endpoint, whose file is then to be green."""
    headers = [f"{key}: {value}" for key, value in server.headers.items()]
    argv = [PROGRAM, "init", "found", url, *(word for one in headers for word in ("--header", one))]
    argv += ["--health", HEALTH_AT[name]] if name in HEALTH_AT else []
    done = told(argv, folder, {})
    line = next((one.strip() for one in done.stdout.splitlines() if one.startswith("  health")), "")
    said = " ".join(line.split()[1:])
    if not said or said.startswith("not described"):
        raise NotAsItIsToBeError(f"found init saying “{said or done.stdout[-500:]}”; expected a description")
    by_hand = " (told by `--health`)" if name in HEALTH_AT else ""
    return f"{said}{by_hand}: {well(check(folder / 'deployments' / 'found.yaml', folder, {}))}"


def prove(name: str, server: Server, cache: Path) -> list[str]:
    """The cells of the table: what was seen in each step. A step that was not as it is to be begins with WRONG."""
    file = DEPLOYMENTS / f"{name}.yaml"
    cells: list[str] = []

    def step(title: str, said: str) -> None:
        cells.append(said)
        print(f"{name}: {title}: {said}", flush=True)

    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "server").mkdir()
        (folder / "client").mkdir()
        with server.boot(folder / "server", cache) as booted:
            url = f"http://127.0.0.1:{booted.port}{_prefix(name)}"
            environ = {"BASE_URL": url, **_token(booted)}
            client = folder / "client"
            for title, look in (
                ("well", lambda: well(check(file, client, environ))),
                ("flapping", lambda: _flapping(name, file, client, booted, environ)),
                ("init", lambda: found_by_init(name, url, client, booted)),
                ("sick", lambda: _sick(name, file, client, booted, environ)),
            ):
                try:
                    step(title, look())
                except (NotAsItIsToBeError, NotProvenError, subprocess.TimeoutExpired) as error:
                    step(title, f"WRONG: {error}")
    return cells


def _flapping(name: str, file: Path, client: Path, booted: Running, environ: dict[str, str]) -> str:
    with flapping(booted.port) as port:
        behind = {**environ, "BASE_URL": f"http://127.0.0.1:{port}{_prefix(name)}"}
        return red(check(file, client, behind), "health.steady", "differ")


def _sick(name: str, file: Path, client: Path, booted: Running, environ: dict[str, str]) -> str:
    if not booted.sickness:
        booted.freeze()
        try:
            said = red(check(file, client, environ), "health.answers-in-time", "the time limit")
        finally:
            booted.thaw()
        well(check(file, client, environ))
        return f"frozen: {said}"
    booted.sick()
    verdicts = check(file, client, environ)
    if name in TRUE_THOUGH_SICK:
        return f"{booted.sickness}: still {well(verdicts)}, as its file says"
    said = f"{booted.sickness}: {red(verdicts, _SICK, 'status 5')}"
    booted.well()
    well(check(file, client, environ))
    return said


def main(arguments: list[str]) -> int:
    """Ask those that are named, or all."""
    cache, names = Path(arguments[0]).absolute(), arguments[1:] or list(SERVERS)
    if unknown := [name for name in names if name not in SERVERS]:
        raise SystemExit(f"no server is called {', '.join(unknown)}; there are: {', '.join(SERVERS)}")
    try:
        return _all(names, cache)
    except KeyboardInterrupt:
        print("interrupted; the servers have been ended", file=sys.stderr)
        return 130


def _all(names: list[str], cache: Path) -> int:
    rows, wrong = [], False
    for name in names:
        try:
            cells = prove(name, SERVERS[name], cache)
        except NotProvenError as error:
            cells = [f"WRONG: {error}"] + ["-"] * 3
            print(f"{name}: {cells[0]}", flush=True)
        wrong = wrong or any(cell.startswith("WRONG") for cell in cells)
        system = f"{SERVERS[name].system} {version(SERVERS[name])}"
        rows.append(f"| {system} | {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    print("\n| system | well | flapping | `deployspec init` | sick |\n| --- | --- | --- | --- | --- |")
    print("\n".join(rows))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
