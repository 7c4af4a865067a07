"""The recorded logs: the table says which there are, and nothing of the machine that made them is in them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from deployspec.chapters.logs import formats
from deployspec.chapters.logs.judge.report import Report
from deployspec.chapters.logs.judge.verdicts import outcome_of
from deployspec.chapters.logs.measure.measuring import measure
from deployspec.chapters.logs.measure.promises import promise_of_lines
from deployspec.chapters.logs.measure.sources.files import FilesSource
from deployspec.chapters.logs.part import source_of_data
from deployspec.model.verdict import Outcome
from tests.suite import ROOT

RECORDED = Path(__file__).with_name("recorded")
_LINES_OF_JSON = [
    *("pino", "pino-http", "bunyan", "winston", "python-json-logger", "structlog", "loguru", "ecs-logging"),
    *("google-cloud-logging", "aws-lambda-powertools", "mozlog", "django-structlog", "caddy"),
    *(
        "postgresql-json",
        "journald-json",
        "slog",
        "zap",
        "zerolog",
        "logrus",
        "log4j2-json",
        "docker-json-file",
    ),
]


def test_the_table_names_every_file():
    named = re.findall(r"^\| `(.+?)` \|", (RECORDED / "README.md").read_text(), re.MULTILINE)
    assert sorted(named) == sorted(file.name for file in RECORDED.glob("*.log"))


@pytest.mark.parametrize("name", _LINES_OF_JSON)
def test_every_line_is_an_object(name):
    lines = (RECORDED / f"{name}.log").read_text().splitlines()
    assert [line for line in lines if not isinstance(json.loads(line), dict)] == []
    assert len(lines) >= 4


@pytest.mark.parametrize("file", sorted(RECORDED.glob("*.log")), ids=lambda file: file.stem)
def test_no_path_of_the_machine_that_made_it(file):
    assert re.findall(r"(?:/tmp/|/root/|/home/|/Users/)\S*", file.read_text()) == []


FORMATS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "alertmanager": ({"format": "go-kit"}, []),
    "aws-lambda-powertools": ({"format": "powertools"}, []),
    "bunyan": ({"format": "bunyan"}, ["7 message $.msg empty: it says nothing"]),
    "caddy": ({"format": "caddy"}, []),
    "celery": ({"format": "celery", "time_zone": "UTC"}, ["41 stack-trace $ a line of a stack trace"]),
    "cri": ({"format": "cri", "pattern": "(?P<message>.*)"}, ["6 message $.message empty: it says nothing", "7 stack-trace $ a line of a stack trace"]),
    "django-structlog": ({"format": "django-structlog"}, []),
    "docker-json-file": (
        {"format": "docker", "pattern": "(?P<message>.*)"},
        ["4 message $.message empty: it says nothing", "5 stack-trace $ a line of a stack trace"],
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
        ["7 schema $.MESSAGE expected string or array or object", "9 message $.MESSAGE empty: it says nothing"],
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
        ["5 stack-trace $ a line of a stack trace", "12 message $.message empty: it says nothing"],
    ),
    "caddy-console": (
        {"pattern": "(?P<timestamp>[0-9/]+ [0-9:.]+)\t\x1b\\[\\d+m(?P<level>[A-Z]+)\x1b\\[0m\t(?P<message>.*)", "time_format": "%Y/%m/%d %H:%M:%S.%f",
         "time_zone": "UTC", "levels": ["DEBUG", "INFO", "WARN", "ERROR"]},
        ["1 json $ the line does not match the pattern"],
    ),
    "go-panic": ({"pattern": "(?P<message>.*)"}, ["3 message $.message empty: it says nothing", "4 stack-trace $ a line of a stack trace"]),
}  # fmt: skip
"""By sample: how its form is described, and what is found: the first line of each reason. Nothing where all is well."""


def test_every_sample_is_described() -> None:
    """And every format that has a name has been held against what its emitter writes."""
    assert sorted(FORMATS) == sorted(file.stem for file in RECORDED.glob("*.log"))
    used = {said["format"] for said, _ in FORMATS.values() if "format" in said}
    assert set(formats.FORMATS) - used == {"json", "text"}


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_found_in_what_emitters_write(name: str) -> None:
    """By what the deployment file says of it in a line or two."""
    said, expected = FORMATS[name]
    report = judged(RECORDED / f"{name}.log", said)
    found = [
        f"{one.places[0].line} {reason.check} {reason.place} {reason.what}"
        for reasons in (report.found, report.unread)
        for reason, one in reasons.items()
    ]
    assert sorted(found) == sorted(expected)
    assert report.troubles == []
    assert outcome_of(report) is (Outcome.BREACHED if expected else Outcome.MET)


@pytest.mark.parametrize("name", [name for name, (said, _) in FORMATS.items() if "format" in said])
def test_a_level_below_is_found(name: str) -> None:
    """The fault: what is not as it is promised is found in every form that has levels."""
    said, _ = FORMATS[name]
    report = judged(RECORDED / f"{name}.log", said)
    levels = [level for level, count in report.levels.items() if count]
    if not levels:
        assert name in ("cri", "docker-json-file", "gunicorn-access", "haproxy", "nginx")
        return
    highest = formats.levels_of(formats.described(said, said)["levels"])[0][-1]
    below = judged(RECORDED / f"{name}.log", {**said, "log_level": highest})
    count = sum(one.count for reason, one in below.found.items() if reason.check == "below-log-level")
    assert count == sum(report.levels.values()) - report.levels[highest]


def judged(path: Path, said: dict[str, Any]) -> Report:
    """What is found in a file by what a deployment file would say of it."""
    data = formats.described(said, {"name": "it", "timeout": "1m", **said})
    promise = promise_of_lines(
        source_of_data(data, RECORDED), ROOT / "schemas/log-record.schema.json", keep_errors=False
    )
    return measure(FilesSource([str(path)]), promise)
