"""How the form of each emitter is described, and what is found in what it writes.

`python -m proven.emitters.described CACHE [NAME ...]` runs the emitters and holds that against it; the tests do so with what
was recorded.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from deployspec.base.places import Places
from deployspec.chapters.logs import formats
from deployspec.chapters.logs.judge.report import Report
from deployspec.chapters.logs.measure.measuring import measure
from deployspec.chapters.logs.measure.promises import promise_of_lines
from deployspec.chapters.logs.measure.sources.files import FilesSource
from deployspec.chapters.logs.part import source_of_data
from proven.emitters.emitters import EMITTERS
from proven.servers import NotProvenError

FORMATS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "alertmanager": ({"format": "go-kit"}, []),
    "aws-lambda-powertools": ({"format": "powertools"}, []),
    "bunyan": ({"format": "bunyan"}, ["7 message $.msg empty: it says nothing"]),
    "caddy": ({"format": "caddy"}, []),
    "celery": ({"format": "celery", "time_zone": "UTC"}, ["41 stack-trace $ a line of a stack trace"]),
    "cri": ({"format": "cri", "pattern": "(?P<message>.*)"}, ["6 message $.message empty: it says nothing", "8 stack-trace $ a line of a stack trace"]),
    "django-structlog": ({"format": "django-structlog"}, []),
    "docker-json-file": (
        {"format": "docker", "pattern": "(?P<message>.*)"},
        ["5 message $.message empty: it says nothing", "7 stack-trace $ a line of a stack trace"],
    ),
    "ecs-logging": ({"format": "ecs"}, []),
    "google-cloud-logging": ({"format": "gcp"}, []),
    "gunicorn-access": ({"format": "gunicorn-access"}, []),
    "gunicorn": (
        {"format": "gunicorn"},
        ["7 json $ the line is not as gunicorn writes it", "7 stack-trace $ a line of a stack trace"],
    ),
    "haproxy": ({"format": "haproxy", "time_zone": "UTC"}, []),
    "journald-json": (
        {"format": "journald"},
        [
            "6 schema $.MESSAGE expected string or array or object",
            "8 stack-trace $ a line of a stack trace",
            "16 message $.MESSAGE empty: it says nothing",
        ],
    ),
    "log4j2-json": ({"format": "log4j2-json"}, []),
    "log4j2": (
        {"format": "logback"},
        ["5 json $ the line is not as logback writes it", "5 stack-trace $ a line of a stack trace"],
    ),
    "logback": (
        {"format": "logback"},
        ["6 json $ the line is not as logback writes it", "6 stack-trace $ a line of a stack trace"],
    ),
    "logrus-text": ({"format": "logfmt"}, []),
    "logrus": ({"format": "logrus"}, []),
    "loguru-text": (
        {"format": "loguru-text", "time_zone": "UTC"},
        ["7 json $ the line is not as loguru-text writes it", "7 stack-trace $ a line of a stack trace", "8 json $ the line is empty"],
    ),
    "loguru": ({"format": "loguru"}, []),
    "mozlog": ({"format": "mozlog"}, []),
    "nginx-error": ({"format": "nginx-error", "time_zone": "UTC"}, []),
    "nginx": ({"format": "nginx"}, []),
    "pino-http": ({"format": "pino"}, []),
    "pino": ({"format": "pino"}, []),
    "postgresql-json": ({"format": "postgresql-json"}, []),
    "postgresql": ({"format": "postgresql"}, []),
    "prometheus": ({"format": "go-kit"}, []),
    "redis": ({"format": "redis", "time_zone": "UTC"}, []),
    "slog": ({"format": "slog"}, []),
    "structlog": ({"format": "structlog"}, []),
    "uvicorn": (
        {"format": "uvicorn"},
        ["8 json $ the line is not as uvicorn writes it", "8 stack-trace $ a line of a stack trace"],
    ),
    "zap": ({"format": "zap"}, []),
    "zerolog": (
        {"format": "zerolog"},
        ["6 schema $ message is missing", "7 level $.level missing", "7 schema $ level is missing"],
    ),
    # Several configurations in one file: what each of them writes first.
    "python-json-logger": (
        {"format": "python-json-logger", "time_zone": "UTC"},
        ["1 level $.levelname missing", "1 schema $ asctime is missing", "1 schema $ levelname is missing", "1 time $.asctime missing"],
    ),
    "slog-text": (
        {"format": "logfmt"},
        ["6 json $ the line is not logfmt: expected key=value, values with blanks in quotes", "7 level $.level missing",
         "7 schema $ level is missing", "7 schema $ msg is missing", "7 schema $ time is missing", "7 time $.time missing"],
    ),
    "winston": (
        {"format": "winston"},
        ["1 schema $ timestamp is missing", "1 time $.timestamp missing", "4 schema $ message is missing"],
    ),
    "python-logging": (
        {"pattern": "(?P<level>[A-Z]+):(?P<logger>[^:]+):(?P<message>.*)", "continuation": "(?![A-Z]+:)"},
        ["4 stack-trace $ a line of a stack trace"],
    ),
    "journald": (
        {"pattern": r"(?P<timestamp>\w{3} [\d ]\d \d\d:\d\d:\d\d) (?P<host>\S+) (?P<logger>[^\[]+)\[\d+\]: (?P<message>.*)",
         "time_format": "%b %d %H:%M:%S", "time_zone": "UTC", "continuation": " "},
        ["15 stack-trace $ a line of a stack trace", "19 message $.message empty: it says nothing"],
    ),
    "caddy-console": (
        {"pattern": "(?P<timestamp>[0-9/]+ [0-9:.]+)\t\x1b\\[\\d+m(?P<level>[A-Z]+)\x1b\\[0m\t(?P<message>.*)", "time_format": "%Y/%m/%d %H:%M:%S.%f",
         "time_zone": "UTC", "levels": ["DEBUG", "INFO", "WARN", "ERROR"]},
        ["1 json $ the line does not match the pattern"],
    ),
    "go-panic": ({"pattern": "(?P<message>.*)"}, ["3 message $.message empty: it says nothing", "4 stack-trace $ a line of a stack trace"]),
}  # fmt: skip
"""By sample: how its form is described, and what is found: the first line of each reason. Nothing where all is well."""


def judged(path: Path, said: dict[str, Any]) -> Report:
    """What is found in a file by what a deployment file would say of it."""
    data = formats.described(said, {"name": "it", "timeout": "1m", **said})
    source = source_of_data(data, path.parent)
    promise = promise_of_lines(source, Places(path.parent).log_record_schema, keep_errors=False)
    return measure(FilesSource([str(path)]), promise)


def main(arguments: list[str]) -> int:
    """Run the named emitters, or all; print a row for each. Returns 1 where one could not be run, or something else is found."""
    if not arguments:
        raise SystemExit("found no folder; expected: python -m proven.emitters.described CACHE [NAME ...]")
    cache, names = Path(arguments[0]).resolve(), arguments[1:] or list(EMITTERS)
    if unknown := [name for name in names if name not in EMITTERS]:
        raise SystemExit(f"found no emitter {', '.join(unknown)}; expected some of: {', '.join(EMITTERS)}")
    rows, status = [], 0
    for name in names:
        said, expected = FORMATS[name]
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place).resolve()
            try:
                text = EMITTERS[name].emit(folder, cache)
            except (NotProvenError, OSError, subprocess.SubprocessError) as error:
                result = f"WRONG: not run: {error}"
            else:
                log = folder / "it.log"
                log.write_text(text)
                result = _compared(judged(log, said), expected)
        status = 1 if result.startswith("WRONG") else status
        print(f"{name}: {result}", flush=True)
        described = f"`format: {said['format']}`" if "format" in said else "`pattern`"
        more = ", ".join(f"`{key}`" for key in said if key not in ("format", "pattern"))
        rows.append(
            f"| {name} | {EMITTERS[name].package} | {described}{', ' if more else ''}{more} | {result} |"
        )
    print("\n| emitter | package | described by | found |\n| --- | --- | --- | --- |")
    print("\n".join(rows))
    return status


def _compared(report: Report, expected: list[str]) -> str:
    """What was found; begins with WRONG if that is anything else than what was expected, wherever it stands."""
    found = {f"{one.check} {one.place} {one.what}" for some in (report.found, report.unread) for one in some}
    wanted = {line.partition(" ")[2] for line in expected}
    if report.troubles or found != wanted:
        return f"WRONG: found {sorted(found) or 'nothing'}; expected {sorted(wanted) or 'nothing'}"
    return f"{report.lines} lines: " + (
        "; ".join(sorted(one.partition(" ")[2].removeprefix("$ ") for one in found)) or "MET"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
