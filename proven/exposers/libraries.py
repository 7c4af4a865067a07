"""Services with a library from PyPI or npm that makes their page of metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from proven.exposers.model import APPS
from proven.servers import (
    DJANGO,
    FASTAPI,
    FLASK,
    STARLETTE,
    UVICORN,
    Program,
    Running,
    environment,
    free_port,
    node_modules,
    run,
    running,
)

METRICS = "/metrics"
PROMETHEUS_CLIENT = "prometheus-client==0.26.0"
INSTRUMENTATOR = "prometheus-fastapi-instrumentator==8.1.0"
STARLETTE_EXPORTER = "starlette-exporter==0.24.0"
FLASK_EXPORTER = "prometheus-flask-exporter==0.23.2"
DJANGO_PROMETHEUS = "django-prometheus==2.5.0"
AIOPROMETHEUS = "aioprometheus==23.12.0"
OPENTELEMETRY = "opentelemetry-exporter-prometheus==0.66b2"
GUNICORN = "gunicorn==27.0.1"
PROM_CLIENT = "prom-client@15.1.3"
OPENTELEMETRY_OF_NODE = "@opentelemetry/exporter-prometheus@0.301.0"
FASTIFY_METRICS = "fastify-metrics@14.1.0"

Boot = Callable[[Path, Path], AbstractContextManager[Running]]


def of_python(
    requirements: Sequence[str],
    argv: Callable[[int], Sequence[str | Path]],
    paths: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    before: Callable[[Path, Path], None] | None = None,
) -> Boot:
    """A service in an environment of its own, with a program of it and its arguments; `before` gets the folder and the programs."""

    @contextmanager
    def boot(folder: Path, cache: Path) -> Iterator[Running]:
        port = free_port()
        programs = environment(cache, f"expose-{requirements[0].partition('==')[0]}", requirements)
        if before is not None:
            before(folder, programs)
        program, *arguments = argv(port)
        own = {"PYTHONPATH": str(APPS), "PYTHONDONTWRITEBYTECODE": "1", **(environ or {})}
        started = Program([programs / program, *arguments], folder, own)
        with running(Running(port, started, [METRICS, *paths])) as server:
            yield server

    return boot


def of_node(script: str, packages: str, *arguments: str, paths: Sequence[str] = ()) -> Boot:
    """A service in Node."""

    @contextmanager
    def boot(folder: Path, cache: Path) -> Iterator[Running]:
        port = free_port()
        modules = node_modules(cache, f"expose-{script.removesuffix('.cjs')}", packages).parent
        argv = ["node", APPS / script, str(port), *arguments]
        with running(
            Running(port, Program(argv, folder, {"NODE_PATH": str(modules)}), [METRICS, *paths])
        ) as server:
            yield server

    return boot


def _asgi(app: str) -> Callable[[int], Sequence[str | Path]]:
    return lambda port: ["uvicorn", f"{app}:app", "--port", str(port)]


def _script(name: str) -> Callable[[int], Sequence[str | Path]]:
    return lambda port: ["python", APPS / name, str(port)]


fastapi_instrumentator = of_python(
    [INSTRUMENTATOR, FASTAPI, UVICORN], _asgi("instrumentator_app"), ["/items/2", "/items/3", "/none"]
)
starlette_exporter = of_python(
    [STARLETTE_EXPORTER, STARLETTE, UVICORN], _asgi("starlette_exporter_app"), ["/items/2", "/none"]
)
aioprometheus = of_python(
    [AIOPROMETHEUS, STARLETTE, UVICORN], _asgi("aioprometheus_app"), ["/items/2", "/none"]
)
prometheus_client = of_python([PROMETHEUS_CLIENT], _script("client_app.py"))
opentelemetry = of_python([OPENTELEMETRY], _script("opentelemetry_app.py"))
flask_exporter = of_python(
    [FLASK_EXPORTER, FLASK],
    lambda port: ["flask", "--app", "flask_exporter_app", "run", "--port", str(port)],
    ["/items/2", "/none"],
)


def _folder_of_samples(folder: Path, _: Path) -> None:
    (folder / "samples").mkdir()


multiprocess = of_python(
    [GUNICORN, PROMETHEUS_CLIENT],
    lambda port: [
        "gunicorn",
        "-w",
        "3",
        "-b",
        f"127.0.0.1:{port}",
        "-c",
        "python:multiprocess_app",
        "multiprocess_app:app",
    ],
    ["/work", "/other"],
    {"PROMETHEUS_MULTIPROC_DIR": "samples"},
    _folder_of_samples,
)
_SETTINGS = {"DJANGO_SETTINGS_MODULE": "django_prometheus_settings"}


def _migrated(folder: Path, programs: Path) -> None:
    run([programs / "python", "-m", "django", "migrate"], folder, {"PYTHONPATH": str(APPS), **_SETTINGS})


django_prometheus = of_python(
    [DJANGO_PROMETHEUS, DJANGO],
    lambda port: ["python", "-m", "django", "runserver", "--noreload", f"127.0.0.1:{port}"],
    ["/users", "/none"],
    _SETTINGS,
    _migrated,
)
prom_client = of_node("prom_client.cjs", PROM_CLIENT, "text", paths=["/work"])
prom_client_openmetrics = of_node("prom_client.cjs", PROM_CLIENT, "openmetrics", paths=["/work"])
opentelemetry_of_node = of_node("opentelemetry.cjs", OPENTELEMETRY_OF_NODE)
fastify_metrics = of_node("fastify.cjs", FASTIFY_METRICS, paths=["/items/2", "/none"])
