"""Sources of log records: what a deployment file says of them, and what it cannot say."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployspec.chapters.logs.part import LOGS
from tests.deployment.conftest import BASE, Reader, Refusal

FULL = """logs:
  - name: api
    files: [logs/app.log*]
    fields: {level: severity}
    levels: [debug, info, error]
    log_level: info
    error_level: error
    freshness: 10m
    request_scoped: [shop.access, "shop.api.*"]
    schema: record.json
    schemas: {logger: {shop.access: access.json}, event: {sold: sold.json}}
    allow_secrets: ['.*@example\\.com']
    access: {path: /ping, within: 3s, fields: {duration: took}}
  - name: worker
    command: [docker, compose, logs, worker]
    timeout: 5s
    prefix: 'worker-1 *\\| '
    jobs: {path: /jobs, body: '{"n": 1}', id: job, field: job}
  - {name: errors, files: [logs/error.log*], errors_of: [api, worker]}
"""


def test_a_source_needs_nothing_but_its_name_and_its_place(read: Reader) -> None:
    """What is left out has the guide's names and levels, and promises nothing."""
    (source,) = read(BASE + "logs: [{name: a, files: [x]}]").require(LOGS)
    assert (source.fields.timestamp, source.fields.request_id) == ("timestamp", "request_id")
    assert source.levels == ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    assert (source.error_level, source.log_level, source.freshness, source.timeout) == (
        "ERROR",
        None,
        None,
        30.0,
    )
    assert (source.errors_of, source.request_scoped, source.allow_secrets) == ((), (), ())
    assert (source.schema, dict(source.schemas.logger), source.access, source.jobs) == (None, {}, None, None)


def test_a_source_with_all_its_keys(read: Reader, tmp_path: Path) -> None:
    """Durations are seconds, files are found from the file's folder, lists keep their order."""
    for name in ("record.json", "access.json", "sold.json"):
        (tmp_path / name).touch()
    api, worker, errors = read(BASE + FULL).require(LOGS)
    assert (api.fields.level, api.levels, api.log_level) == ("severity", ("debug", "info", "error"), "info")
    assert (api.freshness, api.request_scoped) == (600.0, ("shop.access", "shop.api.*"))
    assert (api.schema, api.schemas.event["sold"]) == (tmp_path / "record.json", tmp_path / "sold.json")
    assert api.schemas.logger == {"shop.access": tmp_path / "access.json"}
    assert api.allow_secrets == (r".*@example\.com",)
    assert api.access is not None
    assert (api.access.path, api.access.header, api.access.within) == ("/ping", "X-Request-ID", 3.0)
    assert (api.access.fields.method, api.access.fields.duration) == ("method", "took")
    assert (worker.command, worker.timeout, worker.form.prefix) == (
        ("docker", "compose", "logs", "worker"),
        5.0,
        r"worker-1 *\| ",
    )
    assert worker.jobs is not None
    assert (worker.jobs.body, worker.jobs.field, worker.jobs.within) == ('{"n": 1}', "job", 5.0)
    assert errors.errors_of == ("api", "worker")


def test_an_empty_access_has_all_defaults(read: Reader) -> None:
    """``access: {}`` asks for the health endpoint and looks for its record for five seconds."""
    (source,) = read(BASE + "logs: [{name: a, source: 'elasticsearch:logs-*', access: {}}]").require(LOGS)
    assert source.source == "elasticsearch:logs-*"
    assert source.access is not None
    assert (source.access.path, source.access.within, source.access.fields.duration) == ("/health", 5.0, "duration_ms")  # fmt: skip


# columns: the keys beside name and files, line 2's column, a piece of what was found, of what was expected
@pytest.mark.parametrize(
    ("keys", "column", "found", "expected"),
    [
        pytest.param("log_level: INF", 41, "INF, which is not in levels", "did you mean INFO?", id="log-level"),
        pytest.param("format: pinoo", 38, "pinoo, which is not in the formats", "did you mean pino?", id="format"),
        pytest.param("format: [pino, docker]", 38, "the formats pino, docker", "before it, if a container runtime writes the log, docker or cri", id="wrapper-inside"),
        pytest.param("format: [docker, cri]", 38, "the formats docker, cri", "one format", id="wrapper-in-a-wrapper"),
        pytest.param("format: text", 38, "format: text without a pattern", "a pattern with named groups", id="text"),
        pytest.param("format: pino, pattern: '(?P<a>b)'", 53, "a pattern beside the format pino", "format: text", id="pattern-of-json"),
        pytest.param("pattern: a", 39, "a pattern without named groups", "(?P<message>...)", id="pattern-without-groups"),
        pytest.param("time_format: '%Q'", 43, "'Q' is a bad directive in format '%Q'", "rfc3339, iso8601, epoch", id="time-format"),
        pytest.param("time_format: [epoch, '%H:%M']", 51, "%H:%M", "a pattern that says the day and the time of day", id="time-of-day"),
        pytest.param("time_zone: Mars/X", 41, "Mars/X", "UTC, an offset such as +02:00, or a name such as Europe/Berlin", id="time-zone"),
        pytest.param("fields: {timestamp: null}, freshness: 1m", 68, "freshness, and the records have no timestamp", "where the records have their timestamp (fields.timestamp)", id="freshness-without-times"),
        pytest.param("fields: {logger: null}, request_scoped: [a]", 70, "request_scoped, and the records have no logger", "or request_scoped: true", id="scoped-without-logger"),
        pytest.param("format: nginx, request_scoped: true", 61, "request_scoped, and the records have no request id", "(fields.request_id)", id="scoped-without-id"),
        pytest.param("request_scoped: false", 46, "false", "true, or the names of loggers", id="scoped-false"),
        pytest.param("personal_data: [name]", 46, "name", "iban, phone or ip", id="personal-data"),
        pytest.param("error_level: FATAL", 43, "FATAL, which is not in levels", "CRITICAL", id="error-level"),
        pytest.param("errors_of: [a]", 42, "a, which is not in the names of the other sources", "another source", id="errors-of-itself"),
        pytest.param("errors_of: []", 41, "an empty list", "a list of texts", id="errors-of-nobody"),
        pytest.param("timeout: 2s", 30, "timeout, and the source has no command", "beside command", id="timeout-of-files"),
        pytest.param("prefix: '('", 38, "which is not a regular expression (missing )", "in Python's syntax", id="prefix"),
        pytest.param("allow_secrets: ['*']", 46, "*, which is not a regular expression (nothing to repeat)", "in Python's syntax", id="allow"),
        pytest.param("allow_secrets: ['']", 46, "an empty text", "a regular expression", id="allow-nothing"),
        pytest.param("schema: no.json", 38, "no.json, and there is no such file", "from this file's folder", id="schema"),
        pytest.param("schemas: {event: {e: no.json}}", 51, "no.json, and there is no such file", "from this file's folder", id="schema-of-an-event"),
        pytest.param("schemas: {evnt: {}}", 40, "the unknown key evnt", "did you mean event?", id="schemas-key"),
        pytest.param("freshness: 10", 41, "10 without a unit", "a duration", id="freshness"),
        pytest.param("freshnes: 10m", 30, "the unknown key freshnes", "did you mean freshness?", id="near-miss"),
        pytest.param("jobs: {path: /j}", 36, "no key body", "body: JSON in quotes", id="job-without-body"),
        pytest.param("jobs: {path: /j, body: 'a=1'}", 53, "a text that is not JSON", "JSON in quotes", id="job-body"),
        pytest.param("access: {header: 'a b'}", 47, "a header's name with invalid", "letters", id="header"),
        pytest.param("access: {within: 0s}", 47, "0s", "longer than 0", id="within"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(
    refusal: Refusal, keys: str, column: int, found: str, expected: str
) -> None:
    """Each slip is told at its own place, with what was found and what would do."""
    (line,) = refusal(f"{BASE}logs: [{{name: a, files: [x], {keys}}}]")
    place, _, told = line.partition(": ")
    assert place == f"2:{column}", line
    was, _, wanted = told.partition("; expected ")
    assert found in was, line
    assert expected in wanted, line


@pytest.mark.parametrize(
    ("keys", "found", "expected"),
    [
        ("levels: [low, high]", "none of the levels of a is called ERROR", "error_level, one of low or high"),
        ("fields: {level: null}", "the records of a have no level", "where they have it (fields.level)"),
        ("format: uvicorn", "the records of a have no timestamp", "where they have it (fields.timestamp)"),
    ],
)
def test_errors_that_are_compared_are_told(refusal: Refusal, keys: str, found: str, expected: str) -> None:
    """Of the error log, and of the sources whose errors it collects, what tells an error is said."""
    (line,) = refusal(
        f"{BASE}logs: [{{name: a, files: [x], {keys}}}, {{name: b, files: [y], errors_of: [a]}}]"
    )
    assert found in line
    assert expected in line


@pytest.mark.parametrize(
    ("levels", "names", "error"),
    [
        ("[debug, info, error]", ("debug", "info", "error"), "error"),
        ("[10, 20, 30]", ("10", "20", "30"), None),
        ("{30: INFO, 40: WARNING, 50: ERROR}", ("INFO", "WARNING", "ERROR"), "ERROR"),
        ("{warn: WARNING, warning: WARNING, err: Err}", ("WARNING", "Err"), "Err"),
    ],
)
def test_levels(read: Reader, levels: str, names: tuple[str, ...], error: str | None) -> None:
    """A list, or a map from what the records say; what is called ERROR is the lowest level of an error log."""
    (source,) = read(f"{BASE}logs: [{{name: a, files: [x], levels: {levels}}}]").require(LOGS)
    assert (source.levels, source.error_level) == (names, error)


def test_a_format_is_a_beginning(read: Reader) -> None:
    """What the file says counts for more; a container's time stands in where the records have none."""
    text = (
        "logs: [{name: a, files: [x], format: [docker, uvicorn], fields: {logger: /a/b}, log_level: WARNING}]"
    )
    (source,) = read(BASE + text).require(LOGS)
    assert (source.form.wrapper, source.form.syntax, source.form.time_format) == (
        "docker",
        "text",
        ("rfc3339",),
    )
    assert (source.fields.timestamp, source.fields.logger) == ("docker.time", "/a/b")
    assert source.levels[-1] == "CRITICAL"


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ("format: pino", ("time", "level", "logger")),
        ("format: pino, fields: {level: level, timestamp: timestamp}, time_format: rfc3339", ("timestamp", "level", "logger")),
        ("format: uvicorn", ("timestamp", "level", "logger")),
        ("log_level: INFO", ("timestamp", "level", "logger")),
    ],
)  # fmt: skip
def test_a_prefix_gives_what_a_format_lacks(read: Reader, said: str, fields: tuple[str, ...]) -> None:
    """The time of pino's own records is theirs; uvicorn's have none."""
    prefix = r"'(?P<timestamp>\S+) (?P<level>\S+) (?P<logger>\S+) '"
    (source,) = read(f"{BASE}logs: [{{name: a, files: [x], prefix: {prefix}, {said}}}]").require(LOGS)
    assert (source.fields.timestamp, source.fields.level, source.fields.logger) == fields


def test_a_misspelt_source_is_suggested(refusal: Refusal) -> None:
    """An error log of a source that there is not would be compared with nothing."""
    text = "logs: [{name: worker, files: [x]}, {name: errors, files: [y], errors_of: [wroker]}]"
    (line,) = refusal(BASE + text)
    assert (
        "wroker, which is not in the names of the other sources; expected worker; did you mean worker?"
        in line
    )
