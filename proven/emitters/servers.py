"""Servers that write a log of requests: each is asked for a page, for one that is not there, and for one that fails."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from proven.servers import BOOT_LIMIT, NotProvenError, Program, environment, free_port

APPS = Path(__file__).parent / "apps"
ASK_LIMIT = 10.0
"""Seconds in which an answer must have come."""
PATHS = ("/orders?page=2", "/nothing", "/broken")


def waited(true: Callable[[], object], what: str, limit: float = BOOT_LIMIT) -> None:
    """Wait until this is true. Raises NotProvenError after `limit` seconds."""
    deadline = time.monotonic() + limit
    while not true():
        if time.monotonic() > deadline:
            raise NotProvenError(f"found no {what} in {limit:g} seconds; expected it")
        time.sleep(0.05)


def accepts(port: int) -> bool:
    """Whether connections to this port are accepted."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextmanager
def served(
    argv: Sequence[str | Path], folder: Path, port: int, environ: Mapping[str, str] | None = None
) -> Iterator[Program]:
    """A server that accepts connections; ended at the end. Its output is in `output.log`."""
    program = Program(argv, folder, environ)
    program.start()
    try:
        waited(lambda: accepts(port) or program.ended(), "open port")
        if program.ended():
            raise NotProvenError(f"found {argv[0]} ended; expected it to run. {program.output()}")
        yield program
    finally:
        program.end()


def ask(port: int, paths: Sequence[str] = PATHS) -> None:
    """Send a GET for each path, each in a connection of its own. Any answer will do."""
    for path in paths:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ASK_LIMIT)
        try:
            connection.request(
                "GET", path, headers={"User-Agent": "shop-test/1.0", "Referer": "http://shop.example/"}
            )
            connection.getresponse().read()
        finally:
            connection.close()


def ask_badly(port: int) -> None:
    """Send what is no HTTP: the beginning of a TLS handshake."""
    with socket.create_connection(("127.0.0.1", port), ASK_LIMIT) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
        with contextlib.suppress(OSError):
            connection.recv(4096)


def as_they_came(text: str, pattern: str) -> str:
    """The text with its process ids, which the pattern finds, as 4711, 4712 and so on."""
    order = list(dict.fromkeys(re.findall(pattern, text)))
    for number, pid in enumerate(order, 4711):
        text = re.sub(rf"(?<![\d.]){pid}(?!\d|[.:]\d)", str(number), text)
    return text


def uvicorn(folder: Path, cache: Path) -> str:
    """uvicorn: its access log and its error log, both on its output."""
    port = free_port()
    binary = environment(cache, "emit-uvicorn", ["uvicorn==0.54.0"]) / "uvicorn"
    with served([binary, "--app-dir", APPS, "--port", str(port), "web_app:asgi"], folder, port) as program:
        ask(port)
        ask_badly(port)
        program.end()
    return as_they_came((folder / "output.log").read_text(), r"process \[(\d+)\]")


def gunicorn(file: str) -> Callable[[Path, Path], str]:
    """gunicorn: one of its two logs."""

    def emit(folder: Path, cache: Path) -> str:
        port = free_port()
        binary = environment(cache, "emit-gunicorn", ["gunicorn==27.0.1"]) / "gunicorn"
        argv: list[str | Path] = [
            binary,
            "--chdir",
            APPS,
            "--bind",
            f"127.0.0.1:{port}",
            "--access-logfile",
            folder / "access.log",
        ]
        with served([*argv, "web_app:wsgi"], folder, port, {"HOME": str(folder)}) as program:
            # A thread writes it, before or after the lines of requests.
            waited(
                lambda: "Control socket" in (folder / "output.log").read_text(), "line of the control socket"
            )
            ask(port)
            ask_badly(port)
            program.end()
        return as_they_came((folder / file).read_text(), r"\[(\d+)\] \[[A-Z]")

    return emit


def nginx(file: str) -> Callable[[Path, Path], str]:
    """nginx: one of its two logs, with what stands behind it not there."""

    def emit(folder: Path, _: Path) -> str:
        port = free_port()
        (folder / "html").mkdir()
        (folder / "html" / "orders").write_text("{}")
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(
            f"""{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log {folder}/access.log combined;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        server_name shop.example;
        root {folder}/html;
        location /broken {{ proxy_pass http://127.0.0.1:{free_port()}; }}
        location /ended {{ return 500; }}
    }}
}}
"""
        )
        binary = "/usr/sbin/nginx"
        argv: list[str | Path] = [binary, "-c", folder / "nginx.conf", "-g", "daemon off;"]
        with served(argv, folder, port) as program:
            ask(port, [*PATHS, "/ended"])
            ask_badly(port)
            waited(lambda: " 400 " in (folder / "access.log").read_text(), "line of the last request")
            program.end()
        return as_they_came((folder / file).read_text(), r"\] (\d+)#")

    return emit


def caddy(*, console: bool) -> Callable[[Path, Path], str]:
    """Caddy: both logs on its output, as JSON or as its console format."""

    def emit(folder: Path, _: Path) -> str:
        port = free_port()
        kind = "console" if console else "json"
        (folder / "orders").write_text("{}")
        (folder / "Caddyfile").write_text(
            f"""{{
    admin off
    auto_https off
    log {{
        format {kind}
    }}
}}
http://127.0.0.1:{port} {{
    log {{
        format {kind}
    }}
    root * {folder}
    file_server
    reverse_proxy /broken 127.0.0.1:{free_port()}
}}
""".replace("    ", "\t")
        )
        argv: list[str | Path] = ["caddy", "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]
        with served(argv, folder, port, {"HOME": str(folder), "XDG_DATA_HOME": str(folder)}) as program:
            ask(port)
            program.end()
        return (folder / "output.log").read_text()

    return emit


def haproxy(folder: Path, _: Path) -> str:
    """HAProxy: its httplog, as it came at a socket."""
    port, where = free_port(), folder / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(where))
        log.settimeout(ASK_LIMIT)
        (folder / "haproxy.cfg").write_text(
            f"""global
    log {where} local0
defaults
    mode http
    log global
    option httplog
    option dontlognull
    timeout connect 2s
    timeout client 5s
    timeout server 5s
frontend shop
    bind 127.0.0.1:{port}
    http-request return status 200 content-type text/plain string "{{}}" if {{ path /orders }}
    http-request deny deny_status 404 if {{ path /nothing }}
    default_backend orders
backend orders
    retries 0
    server one 127.0.0.1:{free_port()}
"""
        )
        with served(["/usr/sbin/haproxy", "-f", folder / "haproxy.cfg"], folder, port) as program:
            ask(port)
            ask_badly(port)
            lines: list[str] = []
            # They do not come in the order of the requests.
            while not all(one in "".join(lines) for one in (*PATHS, "BADREQ")):
                try:
                    lines.append(log.recv(65_536).decode())
                except TimeoutError:
                    raise NotProvenError(f"found {lines}; expected a line for each request") from None
            program.end()
    return as_they_came("\n".join(line.rstrip("\n") for line in lines) + "\n", r"haproxy\[(\d+)\]")
