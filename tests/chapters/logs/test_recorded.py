"""The recorded logs: the table says which there are, and nothing of the machine that made them is in them."""

import json
import re
from pathlib import Path

import pytest

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
