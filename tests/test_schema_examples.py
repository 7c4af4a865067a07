"""The examples of log records: each valid one fits the schema, each invalid one breaks it in one place only."""

from __future__ import annotations

import json

import pytest

from deployspec.chapters.logs.judge import reasons
from deployspec.languages.json_schema import validator
from tests.suite import ROOT

SCHEMAS = ROOT / "schemas"
EXAMPLES = SCHEMAS / "examples" / "log-record"
SCHEMA = validator(json.loads((SCHEMAS / "log-record.schema.json").read_text(encoding="utf-8")), "the schema")
INVALID = {
    "timestamp-missing": ("", "timestamp is missing"),
    "level-missing": ("", "level is missing"),
    "logger-missing": ("", "logger is missing"),
    "message-missing": ("", "message is missing"),
    "timestamp-without-zone": ("timestamp", "does not match"),
    "timestamp-of-another-zone": ("timestamp", "does not match"),
    "timestamp-without-milliseconds": ("timestamp", "does not match"),
    "timestamp-with-nanoseconds": ("timestamp", "does not match"),
    "timestamp-with-a-space": ("timestamp", "does not match"),
    "timestamp-as-a-number": ("timestamp", "expected string"),
    "month-thirteen": ("timestamp", "does not match"),
    "february-thirty": ("timestamp", "does not match"),
    "february-29-of-no-leap-year": ("timestamp", "does not match"),
    "april-31": ("timestamp", "does not match"),
    "level-in-lower-case": ("level", "expected one of DEBUG"),
    "level-unknown": ("level", "expected one of DEBUG"),
    "level-as-a-number": ("level", "expected one of DEBUG"),
    "logger-empty": ("logger", "minLength"),
    "message-as-an-object": ("message", "expected string"),
    "request-id-as-a-number": ("request_id", "expected null or string"),
    "user-id-as-an-object": ("user_id", "expected null or integer or string"),
    "duration-as-a-text": ("duration_ms", "expected number"),
    "duration-negative": ("duration_ms", "minimum of 0"),
    "method-in-lower-case": ("method", "does not match"),
    "path-as-a-list": ("path", "expected string"),
    "status-as-a-text": ("status", "expected integer"),
    "status-too-high": ("status", "maximum of 599"),
    "event-empty": ("event", "minLength"),
    "exception-as-a-number": ("exception", "expected null or string or array or object"),
}


def examples(folder: str) -> list[str]:
    """The names of the examples in a folder."""
    return sorted(path.stem for path in (EXAMPLES / folder).glob("*.json"))


@pytest.mark.parametrize("name", examples("valid"))
def test_valid(name: str) -> None:
    """What the guide shows, and what it allows, fits."""
    assert SCHEMA.is_valid(json.loads((EXAMPLES / "valid" / f"{name}.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", examples("invalid"))
def test_invalid(name: str) -> None:
    """Each breaks the schema in the place that its name tells, and nowhere else."""
    record = json.loads((EXAMPLES / "invalid" / f"{name}.json").read_text(encoding="utf-8"))
    (error,) = SCHEMA.iter_errors(record)
    place, what = INVALID[name]
    assert [*error.instance_path] == ([place] if place else [])
    assert what in reasons.of_schema(error)


def test_each_reason_has_its_file() -> None:
    """No example is without its reason, no reason without its example."""
    assert examples("invalid") == sorted(INVALID)
