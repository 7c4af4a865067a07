"""Boots servers that others wrote, each on a free loopback port, makes them sick and well again, and ends them.

    with SERVERS["etcd"].boot(folder, cache) as server:
        ask(server, "/health")
        server.sick()

What Debian gives has to be installed (`SERVERS[name].package`). What PyPI and npm give is installed into `cache`.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

APPS = Path(__file__).parent / "apps"
BOOT_LIMIT = 60.0
"""Seconds in which a server must have answered."""
INSTALL_LIMIT = 120.0
"""Seconds in which a package must be installed."""
END_LIMIT = 10.0
"""Seconds that a server has to end by itself, before it is killed."""
ASK_LIMIT = 15.0
"""Seconds in which an answer must have come: etcd without its other members takes five."""


class NotProvenError(Exception):
    """A server could not be installed, did not boot, or did not become what it was made."""


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the headers in their order with small letters, and the body as text."""

    status: int
    headers: list[tuple[str, str]]
    body: str


class Program:
    """A process that is started, ended, and started again, always with the same arguments.

    Its output goes to the end of `output.log` in its folder, which is where it runs.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        folder: Path,
        environ: Mapping[str, str] | None = None,
        end_limit: float = END_LIMIT,
    ) -> None:
        self._argv = [str(argument) for argument in argv]
        self._folder = folder
        self._environ = {**os.environ, **(environ or {})}
        self._end_limit = end_limit
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it. It does not answer yet."""
        with (self._folder / "output.log").open("ab") as log:
            try:
                # A session of its own: what a starting script starts is ended with it.
                self._process = subprocess.Popen(
                    self._argv,
                    cwd=self._folder,
                    env=self._environ,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            except FileNotFoundError:
                raise NotProvenError(
                    f"found no program {self._argv[0]}; expected it to be installed"
                ) from None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and all that it started, if it still runs."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)

    def end(self) -> None:
        """End it, and whatever it started: asked first, then killed."""
        if self._process is None:
            return
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            self._process.wait(self._end_limit)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self._process.wait(END_LIMIT)
        self._process = None

    def ended(self) -> bool:
        """Whether it was started and has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def output(self) -> str:
        """The end of what it printed."""
        return (self._folder / "output.log").read_text(errors="replace")[-2000:]


def _nothing() -> None:
    pass


@dataclass
class Running:
    """A server that answers."""

    port: int
    program: Program
    paths: Sequence[str]
    """What can be asked for its health."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What a request must bring."""
    ports: Mapping[str, int] = field(default_factory=dict)
    """Its other ports, by what is there: ``metrics`` where these have one of their own."""
    sickness: str = ""
    """What `sick` does, in words. Empty: nothing but `freeze` makes this server sick."""
    sick: Callable[[], None] = _nothing
    well: Callable[[], None] = _nothing
    """Undoes `sick`."""

    def freeze(self) -> None:
        """Stop the process, so that connections are accepted and nothing is answered."""
        self.program.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Undo `freeze`."""
        self.program.signal(signal.SIGCONT)


Boot = Callable[[Path, Path], AbstractContextManager[Running]]
"""Boots a server in an empty folder; the second folder keeps what PyPI and npm gave."""


@dataclass(frozen=True)
class Server:
    """A server that can be booted, and where it is from."""

    system: str
    origin: str
    """Debian, PyPI or npm."""
    package: str
    """As the origin calls it; of PyPI and npm with its version."""
    boot: Boot


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def ask(server: Running, path: str, headers: Mapping[str, str] | None = None) -> Answer:
    """One GET, on a connection of its own. Redirects are not followed.

    Raises `OSError` or `http.client.HTTPException` if there is no answer within `ASK_LIMIT`.
    """
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=ASK_LIMIT)
    try:
        connection.request("GET", path, headers={**server.headers, **(headers or {})})
        response = connection.getresponse()
        body = response.read().decode()
        return Answer(response.status, [(name.lower(), value) for name, value in response.getheaders()], body)
    finally:
        connection.close()


def wait_until(server: Running, path: str, status: int, limit: float = BOOT_LIMIT, said: str = "") -> None:
    """Ask until the answer has this status, and this in its body. Raises `NotProvenError` if it has not within the limit
    (in seconds)."""
    end = time.monotonic() + limit
    found = "no answer"
    while time.monotonic() < end:
        if server.program.ended():
            found = "that it has ended"
            break
        try:
            found = f"status {(answer := ask(server, path)).status}"
        except (OSError, http.client.HTTPException) as error:
            found = f"no answer ({error})"
        else:
            if answer.status == status and said in answer.body:
                return
        time.sleep(0.05)
    wanted = f"{status} with “{said.strip()}”" if said else f"{status}"
    raise NotProvenError(
        f"found {found}; expected {path} to answer {wanted} within {limit:g} seconds. {server.program.output()}"
    )


@contextmanager
def running(server: Running, status: int = 200) -> Iterator[Running]:
    """Start a server, wait until its first path answers with the status, and end it whatever happens."""
    try:
        server.program.start()
        wait_until(server, server.paths[0], status)
        yield server
    finally:
        server.program.end()


def run(
    argv: Sequence[str | Path],
    folder: Path,
    environ: Mapping[str, str] | None = None,
    limit: float = BOOT_LIMIT,
) -> None:
    """Run a command that is to end well. Raises `NotProvenError` where it does not, or not within the limit (in seconds)."""
    try:
        subprocess.run(
            [str(argument) for argument in argv],
            cwd=folder,
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=limit,
            check=True,
        )
    except FileNotFoundError:
        raise NotProvenError(f"found no program {argv[0]}; expected it to be installed") from None
    except subprocess.TimeoutExpired:
        raise NotProvenError(
            f"found {argv[0]} still running after {limit:g} seconds; expected it to have ended"
        ) from None
    except subprocess.CalledProcessError as error:
        raise NotProvenError(f"found {argv[0]} failing: {error.stdout[-2000:]}") from None


def environment(cache: Path, name: str, requirements: Sequence[str]) -> Path:
    """The `bin` folder of an environment with these requirements from PyPI, made if it is not in the cache yet."""
    folder = cache / name
    mark = folder / "requirements.txt"
    wanted = "\n".join(requirements)
    if not mark.exists() or mark.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        cache.mkdir(parents=True, exist_ok=True)
        run([sys.executable, "-m", "venv", folder], cache, limit=INSTALL_LIMIT)
        run(
            [folder / "bin" / "python", "-m", "pip", "install", "-q", *requirements],
            cache,
            limit=INSTALL_LIMIT,
        )
        mark.write_text(wanted)
    return folder / "bin"


def node_modules(cache: Path, name: str, package: str) -> Path:
    """The folder of the programs of an npm package, installed if it is not in the cache yet."""
    folder = cache / name
    mark = folder / "requirements.txt"
    if not mark.exists() or mark.read_text() != package:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, package],
            folder,
            limit=INSTALL_LIMIT,
        )
        mark.write_text(package)
    return folder / "node_modules" / ".bin"


# From Debian


@contextmanager
def prometheus(folder: Path, _: Path) -> Iterator[Running]:
    """Prometheus. Sick: started again, and the replay of its log hangs at a named pipe in place of a segment."""
    port = free_port()
    (folder / "prometheus.yml").write_text("global: {}\n")
    program = Program(
        [
            "prometheus",
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=data",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        folder,
    )
    server = Running(
        port, program, ["/-/ready", "/-/healthy"], sickness="the replay of its write-ahead log does not end"
    )
    segment = folder / "data" / "wal" / "00000000"

    def sick() -> None:
        program.end()
        shutil.rmtree(folder / "data")
        segment.parent.mkdir(parents=True)
        os.mkfifo(segment)
        program.start()
        wait_until(server, "/-/ready", 503)

    def well() -> None:
        program.end()
        shutil.rmtree(folder / "data")
        program.start()
        wait_until(server, "/-/ready", 200)

    server.sick, server.well = sick, well
    with running(server):
        yield server


@contextmanager
def alertmanager(folder: Path, _: Path) -> Iterator[Running]:
    """Alertmanager. It says that it is well as long as it answers."""
    port = free_port()
    (folder / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    program = Program(
        [
            "prometheus-alertmanager",
            "--config.file=alertmanager.yml",
            "--storage.path=data",
            "--cluster.listen-address=",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        folder,
    )
    with running(Running(port, program, ["/-/ready", "/-/healthy"])) as server:
        yield server


@contextmanager
def pushgateway(folder: Path, _: Path) -> Iterator[Running]:
    """Pushgateway. It says that it is well as long as its queue of writes is not full."""
    port = free_port()
    argv = ["prometheus-pushgateway", f"--web.listen-address=127.0.0.1:{port}"]
    # Debian's keeps what was pushed in /var/lib otherwise, for whichever is started next.
    program = Program([*argv, "--persistence.file="], folder)
    with running(Running(port, program, ["/-/ready", "/-/healthy"])) as server:
        yield server


@contextmanager
def blackbox_exporter(folder: Path, _: Path) -> Iterator[Running]:
    """The blackbox exporter. It says that it is well as long as it answers."""
    port = free_port()
    (folder / "blackbox.yml").write_text("modules: {http: {prober: http}}\n")
    program = Program(
        [
            "prometheus-blackbox-exporter",
            "--config.file=blackbox.yml",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        folder,
    )
    with running(Running(port, program, ["/-/healthy"])) as server:
        yield server


@contextmanager
def _redis(folder: Path) -> Iterator[tuple[int, Program]]:
    port = free_port()
    program = Program(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""], folder)
    try:
        program.start()
        yield port, program
    finally:
        program.end()


@contextmanager
def redis_exporter(folder: Path, _: Path) -> Iterator[Running]:
    """The Redis exporter. Sick: its Redis has ended, of which its health says nothing."""
    port = free_port()
    with _redis(folder) as (redis_port, redis):
        argv = [
            "prometheus-redis-exporter",
            "-redis.addr",
            f"redis://127.0.0.1:{redis_port}",
            "-web.listen-address",
            f"127.0.0.1:{port}",
        ]
        server = Running(port, Program(argv, folder), ["/health"], sickness="its Redis has ended")
        server.sick, server.well = redis.end, redis.start
        with running(server):
            yield server


@contextmanager
def victoria_metrics(folder: Path, _: Path) -> Iterator[Running]:
    """VictoriaMetrics. Sick: asked to end, and told to go on answering for a while before it does."""
    port = free_port()
    program = Program(
        [
            "victoria-metrics",
            "-storageDataPath=data",
            f"-httpListenAddr=127.0.0.1:{port}",
            "-http.shutdownDelay=60s",
        ],
        folder,
        end_limit=0.5,
    )
    server = Running(port, program, ["/health"], sickness="SIGTERM, with -http.shutdownDelay=60s")

    def sick() -> None:
        program.signal(signal.SIGTERM)
        wait_until(server, "/health", 503)

    def well() -> None:
        program.end()
        program.start()
        wait_until(server, "/health", 200)

    server.sick, server.well = sick, well
    with running(server):
        yield server


@contextmanager
def etcd(folder: Path, _: Path) -> Iterator[Running]:
    """A cluster of two etcd members. Sick: the other member has ended, so there is no majority."""
    ports = [free_port(), free_port()]
    peers = [f"http://127.0.0.1:{free_port()}" for _ in ports]
    programs = []
    for name, port, peer in zip("ab", ports, peers, strict=True):
        client = f"http://127.0.0.1:{port}"
        argv = ["etcd", "--name", name, "--data-dir", f"data-{name}"]
        argv += ["--listen-client-urls", client, "--advertise-client-urls", client]
        argv += ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]
        argv += ["--initial-cluster", f"a={peers[0]},b={peers[1]}"]
        programs.append(Program(argv, folder))
    this, other = programs
    server = Running(ports[0], this, ["/health", "/version"], sickness="the other of two members has ended")

    def sick() -> None:
        other.end()
        wait_until(server, "/health", 503)

    def well() -> None:
        other.start()
        wait_until(server, "/health", 200)

    server.sick, server.well = sick, well
    try:
        other.start()
        with running(server):
            yield server
    finally:
        other.end()


@contextmanager
def influxdb(folder: Path, _: Path) -> Iterator[Running]:
    """InfluxDB 1. It says that it is well as long as it answers."""
    port = free_port()
    (folder / "influxdb.conf").write_text(
        f'reporting-disabled = true\nbind-address = "127.0.0.1:{free_port()}"\n'
        f'[meta]\ndir = "meta"\n[data]\ndir = "data"\nwal-dir = "wal"\n[http]\nbind-address = "127.0.0.1:{port}"\n'
    )
    program = Program(["influxd", "-config", "influxdb.conf"], folder)
    with running(Running(port, program, ["/ping", "/ping?verbose=true", "/health"]), status=204) as server:
        yield server


RABBITMQ = Path("/usr/lib/rabbitmq/bin")
RABBITMQ_CHECKS = "/api/health/checks"


@contextmanager
def rabbitmq(folder: Path, _: Path) -> Iterator[Running]:
    """RabbitMQ with its management plugin. Sick: its limit of memory is 0, which raises the memory alarm."""
    port, epmd_port = free_port(), free_port()
    ports = {"metrics": free_port(), "amqp": free_port()}
    environ = {
        # A port mapper of our own: the one that Erlang would start by itself stays when the server has ended.
        "ERL_EPMD_PORT": str(epmd_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "HOME": str(folder),
        "RABBITMQ_NODENAME": "rabbit@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(ports["amqp"]),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
    }
    (folder / "plugins").write_text("[rabbitmq_management,rabbitmq_prometheus].\n")
    (folder / "rabbitmq.conf").write_text(
        f"management.tcp.port = {port}\nmanagement.tcp.ip = 127.0.0.1\n"
        f"prometheus.tcp.port = {ports['metrics']}\nprometheus.tcp.ip = 127.0.0.1\n"
    )
    mapper = Program(["epmd", "-port", str(epmd_port), "-address", "127.0.0.1"], folder)
    guest = base64.b64encode(b"guest:guest").decode()
    server = Running(
        port,
        Program([RABBITMQ / "rabbitmq-server"], folder, environ),
        [f"{RABBITMQ_CHECKS}/{name}" for name in ("alarms", "local-alarms", "virtual-hosts")],
        {"Authorization": f"Basic {guest}"},
        ports,
        "rabbitmqctl set_vm_memory_high_watermark 0",
    )

    def limit(fraction: str, status: int) -> Callable[[], None]:
        def set_it() -> None:
            run([RABBITMQ / "rabbitmqctl", "set_vm_memory_high_watermark", fraction], folder, environ)
            wait_until(server, server.paths[0], status)

        return set_it

    server.sick, server.well = limit("0", 503), limit("0.4", 200)
    try:
        mapper.start()
        with running(server):
            yield server
    finally:
        mapper.end()


_NGINX = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
  default_type text/plain;
  server {{
    listen 127.0.0.1:{port};
    location = /health {{ return {text}; }}
    location = /empty {{ return {empty}; }}
    location = /folder {{ return 301 /health; }}
  }}
}}
"""


@contextmanager
def nginx(folder: Path, _: Path) -> Iterator[Running]:
    """nginx with fixed answers. Sick: started again with another configuration, which answers 503."""
    port = free_port()
    config = folder / "nginx.conf"
    program = Program(
        ["nginx", "-p", folder, "-c", config, "-e", "stderr"],
        folder,
        {"PATH": f"{os.environ['PATH']}:/usr/sbin"},
    )
    server = Running(
        port, program, ["/health", "/empty", "/folder"], sickness="its configuration says return 503"
    )

    def configure(text: str, empty: str) -> None:
        config.write_text(_NGINX.format(port=port, text=text, empty=empty))

    def restarted(text: str, empty: str, status: int) -> Callable[[], None]:
        # Not reloaded: the old worker goes on answering for a moment beside the new one.
        def restart() -> None:
            program.end()
            configure(text, empty)
            program.start()
            wait_until(server, "/health", status)

        return restart

    well = ('200 "healthy\\n"', "204")
    server.sick, server.well = restarted('503 "unhealthy\\n"', "503", 503), restarted(*well, 200)
    configure(*well)
    with running(server):
        yield server


# From PyPI


def _file_of_sickness(server: Running, folder: Path, path: str, status: int) -> None:
    """The services in `apps` are sick while there is a file of this name."""
    file = folder / "sick"

    def sick() -> None:
        file.touch()
        wait_until(server, path, status)

    def well() -> None:
        file.unlink()
        wait_until(server, path, 200)

    server.sick, server.well = sick, well


def _asgi(folder: Path, programs: Path, app: str, port: int) -> Program:
    return Program(
        [programs / "python", "-m", "uvicorn", f"{app}:app", "--app-dir", APPS, "--port", str(port)],
        folder,
        {"PYTHONDONTWRITEBYTECODE": "1"},
    )


def _flask(folder: Path, programs: Path, app: str, port: int) -> Program:
    return Program(
        [programs / "python", "-m", "flask", "--app", app, "run", "--port", str(port)],
        folder,
        {"PYTHONPATH": str(APPS), "PYTHONDONTWRITEBYTECODE": "1"},
    )


@contextmanager
def starlette(folder: Path, cache: Path) -> Iterator[Running]:
    """A Starlette application that says OK. Sick: it says FAILED, with 503."""
    port = free_port()
    programs = environment(cache, "starlette", [STARLETTE, UVICORN])
    server = Running(
        port,
        _asgi(folder, programs, "starlette_app", port),
        ["/health", "/health.json"],
        sickness="it answers FAILED",
    )
    _file_of_sickness(server, folder, "/health", 503)
    with running(server):
        yield server


@contextmanager
def py_healthcheck(folder: Path, cache: Path) -> Iterator[Running]:
    """py-healthcheck in Flask. Sick: its only check fails."""
    port = free_port()
    programs = environment(cache, "py-healthcheck", [PY_HEALTHCHECK, FLASK])
    server = Running(
        port,
        _flask(folder, programs, "py_healthcheck_app", port),
        ["/healthcheck"],
        sickness="its only check fails",
    )
    _file_of_sickness(server, folder, "/healthcheck", 500)
    with running(server):
        yield server


def _dockerflow(app: str, serve: Callable[[Path, Path, str, int], Program], sick_status: int) -> Boot:
    @contextmanager
    def boot(folder: Path, cache: Path) -> Iterator[Running]:
        port = free_port()
        programs = environment(
            cache, "dockerflow", [DOCKERFLOW_EXTRAS, FASTAPI, FLASK, "sqlalchemy", UVICORN]
        )
        version = {
            "source": "https://example.org/service",
            "version": "1.2.3",
            "commit": "0123abc",
            "build": "42",
        }
        (folder / "version.json").write_text(json.dumps(version))
        server = Running(
            port,
            serve(folder, programs, app, port),
            ["/__heartbeat__", "/__lbheartbeat__", "/__version__"],
            sickness="its only check fails",
        )
        _file_of_sickness(server, folder, "/__heartbeat__", sick_status)
        with running(server):
            yield server

    return boot


def _django(name: str, settings: str, requirements: Sequence[str], path: str) -> Boot:
    @contextmanager
    def boot(folder: Path, cache: Path) -> Iterator[Running]:
        port = free_port()
        programs = environment(cache, name, requirements)
        environ = {
            "PYTHONPATH": str(APPS),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DJANGO_SETTINGS_MODULE": settings,
        }
        django: list[str | Path] = [programs / "python", "-m", "django"]
        run([*django, "migrate"], folder, environ)
        media = folder / "media"
        media.mkdir()
        program = Program([*django, "runserver", "--noreload", f"127.0.0.1:{port}"], folder, environ)
        server = Running(
            port,
            program,
            [f"{path}?format=json", path],
            sickness="a file is where the folder of its storage was",
        )

        def sick() -> None:
            shutil.rmtree(media)
            media.touch()
            wait_until(server, path, 500)

        def well() -> None:
            media.unlink()
            media.mkdir()
            wait_until(server, path, 200)

        server.sick, server.well = sick, well
        with running(server):
            yield server

    return boot


@contextmanager
def kinto(folder: Path, cache: Path) -> Iterator[Running]:
    """Kinto with its storage in memory. Sick: started again, with a PostgreSQL for its cache that nobody runs."""
    port, nobody = free_port(), free_port()
    programs = environment(
        cache, "kinto", [f"kinto[postgresql]=={KINTO.partition('==')[2]}", "setuptools<81"]
    )
    version = {
        "source": "https://example.org/service",
        "version": "1.2.3",
        "commit": "0123abc",
        "build": "42",
    }
    (folder / "version.json").write_text(json.dumps(version))
    config = folder / "kinto.ini"

    def configure(cached: str) -> None:
        config.write_text(
            # One thread: two heartbeats at once disturb each other's entry in the cache, and some of them say 503.
            f"[server:main]\nuse = egg:waitress#main\nhost = 127.0.0.1\nport = {port}\nthreads = 1\n"
            "[app:main]\nuse = egg:kinto\nkinto.userid_hmac_secret = an-example\n"
            "kinto.storage_backend = kinto.core.storage.memory\nkinto.permission_backend = kinto.core.permission.memory\n"
            f"kinto.cache_backend = kinto.core.cache.{cached}\nkinto.cache_url = postgresql://user@127.0.0.1:{nobody}/example\n"
        )

    program = Program([programs / "kinto", "start", "--ini", config], folder)
    server = Running(
        port,
        program,
        ["/v1/__heartbeat__", "/v1/__lbheartbeat__", "/v1/__version__", "/"],
        sickness="nobody runs the PostgreSQL that it was started with for its cache",
    )

    def restarted(cached: str, status: int) -> Callable[[], None]:
        def restart() -> None:
            program.end()
            configure(cached)
            program.start()
            wait_until(server, "/v1/__heartbeat__", status)

        return restart

    server.sick, server.well = restarted("postgresql", 503), restarted("memory", 200)
    configure("memory")
    with running(server):
        yield server


@contextmanager
def datasette(folder: Path, cache: Path) -> Iterator[Running]:
    """Datasette with a database in memory. It has no health endpoint; these two show that it works."""
    port = free_port()
    programs = environment(cache, "datasette", [DATASETTE, "setuptools<81"])
    program = Program([programs / "datasette", "serve", "--memory", "--port", str(port)], folder)
    with running(Running(port, program, ["/-/versions.json", "/-/databases.json"])) as server:
        yield server


@contextmanager
def flower(folder: Path, cache: Path) -> Iterator[Running]:
    """Flower. Sick: its broker has ended, of which its health says nothing."""
    port = free_port()
    programs = environment(cache, "flower", [FLOWER, "celery[redis]"])
    with _redis(folder) as (redis_port, redis):
        argv: list[str | Path] = [programs / "celery", f"--broker=redis://127.0.0.1:{redis_port}/0", "flower"]
        program = Program([*argv, "--address=127.0.0.1", f"--port={port}"], folder)
        server = Running(port, program, ["/healthcheck"], sickness="its broker has ended")
        server.sick, server.well = redis.end, redis.start
        with running(server):
            yield server


@contextmanager
def jupyter_server(folder: Path, cache: Path) -> Iterator[Running]:
    """Jupyter Server. It says that it is well as long as it answers; without the token it answers 403."""
    port = free_port()
    programs = environment(cache, "jupyter-server", [JUPYTER_SERVER])
    argv: list[str | Path] = [
        programs / "jupyter-server",
        "--no-browser",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--allow-root",
    ]
    argv += ["--IdentityProvider.token=an-example"]
    program = Program(argv, folder, {"HOME": str(folder), "JUPYTER_CONFIG_DIR": str(folder)})
    with running(
        Running(port, program, ["/api/status", "/api"], {"Authorization": "token an-example"})
    ) as server:
        yield server


# From npm


@contextmanager
def json_server(folder: Path, cache: Path) -> Iterator[Running]:
    """json-server with one post. It has no health endpoint."""
    port = free_port()
    (folder / "db.json").write_text(json.dumps({"posts": [{"id": 1, "title": "Example"}]}))
    programs = node_modules(cache, "json-server", JSON_SERVER)
    program = Program(
        [programs / "json-server", "--port", str(port), "--host", "127.0.0.1", "db.json"], folder
    )
    with running(Running(port, program, ["/posts", "/posts/1", "/posts/2", "/"])) as server:
        yield server


STARLETTE, UVICORN = "starlette==1.10.0", "uvicorn==0.54.0"
FASTAPI, FLASK = "fastapi==0.165.0", "flask==3.1.3"
PY_HEALTHCHECK = "py-healthcheck==1.10.1"
DOCKERFLOW = "dockerflow==2026.3.4"
# For Flask it also imports SQLAlchemy, which no extra of it brings.
DOCKERFLOW_EXTRAS = "dockerflow[fastapi,flask]==2026.3.4"
DJANGO = "django==5.2.19"
DJANGO_HEALTH_CHECK, DJANGO_HEALTH_CHECK_3 = "django-health-check==4.8.0", "django-health-check==3.24.0"
# It says "working" where newer ones say "OK".
DJANGO_HEALTH_CHECK_318 = "django-health-check==3.18.3"
KINTO = "kinto==26.5.0"
DATASETTE = "datasette==0.65.5"
FLOWER = "flower==2.2.0"
JUPYTER_SERVER = "jupyter-server==2.21.1"
JSON_SERVER = "json-server@0.17.4"

SERVERS: Mapping[str, Server] = {
    "prometheus": Server("Prometheus", "Debian", "prometheus", prometheus),
    "alertmanager": Server("Alertmanager", "Debian", "prometheus-alertmanager", alertmanager),
    "pushgateway": Server("Pushgateway", "Debian", "prometheus-pushgateway", pushgateway),
    "blackbox-exporter": Server(
        "Blackbox exporter", "Debian", "prometheus-blackbox-exporter", blackbox_exporter
    ),
    "redis-exporter": Server("Redis exporter", "Debian", "prometheus-redis-exporter", redis_exporter),
    "victoria-metrics": Server("VictoriaMetrics", "Debian", "victoria-metrics", victoria_metrics),
    "etcd": Server("etcd", "Debian", "etcd-server", etcd),
    "influxdb": Server("InfluxDB", "Debian", "influxdb", influxdb),
    "rabbitmq": Server("RabbitMQ", "Debian", "rabbitmq-server", rabbitmq),
    "nginx": Server("nginx", "Debian", "nginx-light", nginx),
    "starlette": Server("Starlette", "PyPI", STARLETTE, starlette),
    "py-healthcheck": Server("py-healthcheck in Flask", "PyPI", PY_HEALTHCHECK, py_healthcheck),
    "dockerflow-fastapi": Server(
        "Dockerflow in FastAPI", "PyPI", DOCKERFLOW, _dockerflow("dockerflow_fastapi_app", _asgi, 500)
    ),
    "dockerflow-flask": Server(
        "Dockerflow in Flask", "PyPI", DOCKERFLOW, _dockerflow("dockerflow_flask_app", _flask, 500)
    ),
    "django-health-check": Server(
        "django-health-check",
        "PyPI",
        DJANGO_HEALTH_CHECK,
        _django("django-health-check", "django_settings", [DJANGO_HEALTH_CHECK, DJANGO], "/health/"),
    ),
    "django-health-check-3": Server(
        "django-health-check",
        "PyPI",
        DJANGO_HEALTH_CHECK_3,
        _django("django-health-check-3", "django3_settings", [DJANGO_HEALTH_CHECK_3, DJANGO], "/ht/"),
    ),
    "django-health-check-3.18": Server(
        "django-health-check",
        "PyPI",
        DJANGO_HEALTH_CHECK_318,
        _django("django-health-check-3.18", "django3_settings", [DJANGO_HEALTH_CHECK_318, DJANGO], "/ht/"),
    ),
    "kinto": Server("Kinto", "PyPI", KINTO, kinto),
    "datasette": Server("Datasette", "PyPI", DATASETTE, datasette),
    "flower": Server("Flower", "PyPI", FLOWER, flower),
    "jupyter-server": Server("Jupyter Server", "PyPI", JUPYTER_SERVER, jupyter_server),
    "json-server": Server("json-server", "npm", JSON_SERVER, json_server),
}
