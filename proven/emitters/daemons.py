"""Programs in the background that write a log: databases, a worker, and what watches them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

from proven.emitters.servers import APPS, ASK_LIMIT, as_they_came, served, waited
from proven.servers import NotProvenError, Program, environment, free_port

_STATEMENTS = (
    "CREATE TABLE orders (id integer PRIMARY KEY)",
    "INSERT INTO orders VALUES (17)",
    "INSERT INTO orders\nVALUES (17)",
    "SELECT total\nFROM orders\nWHERE id = 17",
    "SELECT 1 / 0",
    "DO $$ BEGIN RAISE WARNING 'disk nearly full'; END $$",
    "DO $$ BEGIN RAISE LOG 'started'; END $$",
)


def _postgres_program(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else name


def postgresql(*, as_json: bool) -> Callable[[Path, Path], str]:
    """PostgreSQL with Debian's prefix on its output, or with the collector and its JSON."""

    def emit(folder: Path, _: Path) -> str:
        port = free_port()
        # It refuses to run as root; Debian's package brings this user.
        root = os.geteuid() == 0
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if root else []
        if root:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        initdb = [_postgres_program("initdb"), f"--pgdata={data}", "--locale=C.UTF-8", "--no-sync"]
        _done([*as_user, *initdb, "--username=postgres", "--auth=trust"], folder)
        settings = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "log_line_prefix": "%m [%p] %q%u@%d ",
        }
        if as_json:
            settings |= {"log_destination": "jsonlog", "logging_collector": "on"}
        words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        argv = [*as_user, _postgres_program("postgres"), "-D", str(data), *words]
        with served(argv, folder, port) as program:
            address = f"postgresql://postgres@127.0.0.1:{port}"
            for statement in _STATEMENTS:
                _done(["psql", f"{address}/postgres", "-c", statement], folder, fails=True)
            _done(["psql", f"{address}/nothing", "-c", "SELECT 1"], folder, fails=True)
            # A fast shutdown; the usual one waits for its clients.
            program.signal(signal.SIGINT)
            waited(program.ended, "end")
        logs = sorted((data / "log").glob("*.json")) if as_json else [folder / "output.log"]
        text = "".join(log.read_text() for log in logs)
        return as_they_came(text, r'(?:"pid":|PID )(\d+)' if as_json else r"(?:UTC \[|PID )(\d+)")

    return emit


def _done(argv: list[str], folder: Path, *, fails: bool = False) -> None:
    """Run a program to its end. Raises NotProvenError where it fails, unless that is what it is to do."""
    done = subprocess.run(
        argv, cwd=folder, capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode and not fails:
        raise NotProvenError(f"found {argv[0]} ending with {done.returncode}; expected 0. {done.stderr}")


def redis(folder: Path, _: Path) -> str:
    """Redis: it is made to save, and to save where it cannot."""
    port = free_port()
    with served(["redis-server", "--port", str(port), "--bind", "127.0.0.1"], folder, port) as program:
        with socket.create_connection(("127.0.0.1", port), ASK_LIMIT) as connection:
            connection.sendall(b"SET order 17\r\nBGSAVE\r\n")
            waited(lambda: "terminated with success" in program.output(), "line of the saving")
            (folder / "dump.rdb").unlink()
            (folder / "dump.rdb").mkdir()
            connection.sendall(b"SAVE\r\n")
            waited(lambda: "Error moving temp DB file" in program.output(), "line of the failure")
            (folder / "dump.rdb").rmdir()
        program.end()
    return as_they_came((folder / "output.log").read_text(), r"(?m)^(\d+):[A-Z] ")


def prometheus(folder: Path, _: Path) -> str:
    """Prometheus with an empty file, then told to read one that is wrong."""
    port, file = free_port(), folder / "prometheus.yml"
    file.write_text("global: {}\n")
    argv = ["prometheus", "--config.file=prometheus.yml", f"--web.listen-address=127.0.0.1:{port}"]
    return _reloaded(argv, folder, port, file, "Server is ready")


def alertmanager(folder: Path, _: Path) -> str:
    """Alertmanager with an empty route, then told to read a file that is wrong."""
    port, file = free_port(), folder / "alertmanager.yml"
    file.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    argv = ["prometheus-alertmanager", "--config.file=alertmanager.yml", "--cluster.listen-address="]
    argv += ["--storage.path=data", f"--web.listen-address=127.0.0.1:{port}"]
    return _reloaded(argv, folder, port, file, "Completed loading")


def _reloaded(argv: list[str], folder: Path, port: int, file: Path, ready: str) -> str:
    log = folder / "output.log"
    with served(argv, folder, port) as program:
        waited(lambda: ready in log.read_text(), f"line “{ready}”")
        file.write_text("nothing: [\n")
        program.signal(signal.SIGHUP)
        waited(lambda: "level=error" in log.read_text(), "line at error")
        program.end()
    return log.read_text()


def celery(folder: Path, cache: Path) -> str:
    """A Celery worker in one process, with a broker in its memory."""
    binary = environment(cache, "emit-celery", ["celery==5.7.0"]) / "celery"
    argv: list[str | Path] = [
        binary,
        "--workdir",
        APPS,
        "-A",
        "celery_app",
        "worker",
        "--pool",
        "solo",
        "--loglevel",
        "INFO",
    ]
    program = Program(argv, folder)
    program.start()
    log = folder / "output.log"
    try:
        # Two tasks end by raising: the one that fails, and the one that was tried again.
        waited(lambda: log.read_text().count("raised unexpected") == 2 or program.ended(), "end of the tasks")
    finally:
        program.end()
    return log.read_text()
