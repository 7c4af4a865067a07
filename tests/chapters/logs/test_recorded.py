"""The recorded logs: the table says which there are, and nothing of the machine that made them is in them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from deployspec.chapters.logs import formats
from deployspec.chapters.logs.judge.verdicts import outcome_of
from deployspec.model.verdict import Outcome
from proven.emitters.described import FORMATS, judged

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
