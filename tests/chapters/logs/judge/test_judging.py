"""Lines, one reason at a time: counted, placed, shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deployspec.chapters.logs.judge.judging import LineJudge
from deployspec.chapters.logs.judge.model import LogPromise
from deployspec.chapters.logs.judge.secrets import AllowListError
from deployspec.languages.json_schema import SchemaUnusableError
from tests.chapters.logs.judge.blocks import NOW, SCHEMA, block, judged, record, reported, told


def test_sound_records() -> None:
    """Of sound records nothing is found, and their levels and times are told."""
    tally = judged(record(), record(level="ERROR", timestamp="2026-11-24T03:59:01.000000+00:00"))
    assert (tally.lines, tally.invalid, tally.found) == (2, 0, {})
    assert tally.levels == {"INFO": 1, "ERROR": 1}
    assert tally.times is not None
    assert (tally.times.lowest, tally.times.highest) == (NOW - 60, NOW - 59)


@pytest.mark.parametrize(
    ("line", "what", "column"),
    [
        (b"", "the line is empty", 1),
        (b" \t\r", "the line is blank", 1),
        (b"\r", "the line is blank", 1),
        (b"plain text", "the line is not JSON", 1),
        (b"true story", "the line is not JSON", 1),
        (b"[INFO] text", "the line is not JSON", 1),
        (b" 2026-01-01 text", "the line is not JSON", 1),
        (b"\xef\xbb\xbf{}", "the line starts with a byte order mark", 1),
        (b'{"a":"\xc3\xbc\xff"}', "the line is not UTF-8", 8),
        (b"\0\0\0", "the line is nothing but NUL bytes", 1),
        (b'{"a":1', "the line is not strict JSON: it ends too early", 7),
        (b'{"a":1} {"b":2}', "the line is not strict JSON: something follows the JSON value", 9),
        (b'{"a":"\\ud800"}', "the line is not strict JSON: a string holds half of a surrogate pair", 7),
        (b'{"a":1e999}', "the line is not strict JSON: a number is too large: most readers turn it into infinity", 6),
        (b'{"a":' + b"9" * 10_000 + b"}", "the line is not strict JSON: a number is too large: most readers turn it into infinity", 6),
        (b'{"a":' + b"[" * 100_000, "the line is not strict JSON: nested more than 1024 deep", 1030),
        (b'{"a":NaN}', "the line is not strict JSON: unexpected character, expected a JSON value", 6),
        (b'{"a":1,"b":2,"a":3}', "the same key appears twice", 14),
        (b'{"a":{"b":1,"b" : 2}}', "the same key appears twice", 13),
        (b"[]", "expected a JSON object, found an array", 1),
        (b'"text"', "expected a JSON object, found a string", 1),
        (b"1.5", "expected a JSON object, found a number", 1),
        (b"true", "expected a JSON object, found a boolean", 1),
        (b"null", "expected a JSON object, found null", 1),
    ],
)  # fmt: skip
def test_no_strict_json(line: bytes, what: str, column: int) -> None:
    """A line that is not a strict JSON object has one reason, with its place; the lines beside it are judged."""
    tally = judged(record(), line, record(level="info"))
    assert told(tally).pop(("json", "$", what)) == [f"2:{column}"]
    assert {check for check, *_ in told(tally)} == {"json", "schema", "level"}
    assert tally.invalid == 2


def test_as_deep_as_allowed() -> None:
    """A record may be nested 1024 deep, and no deeper."""
    for depth, invalid in ((1024, 0), (1025, 1)):
        line = json.dumps(record(a="@"), separators=(",", ":")).replace(
            '"@"', "[" * (depth - 1) + "]" * (depth - 1)
        )
        assert judged(line).invalid == invalid


def test_crlf_and_no_last_line_break() -> None:
    """A carriage return is whitespace; the last line may lack its line break."""
    one = block(json.dumps(record()) + "\r", json.dumps(record()) + "\r")
    judge = LineJudge(LogPromise(schema=SCHEMA))
    assert judge.judge(one).found == {}
    tally = judge.judge(type(one)(one.data[:-2], one.file, 1, one.stream, NOW))
    assert (tally.lines, tally.found) == (2, {})


@pytest.mark.parametrize(
    ("wrong", "place", "what", "column"),
    [
        ({"logger": None}, "$", "logger is missing", 1),
        ({"message": 3}, "$.message", "expected string", 86),
        ({"level": "info"}, "$.level", "expected one of DEBUG, INFO, WARNING, ERROR, CRITICAL", 49),
        ({"duration_ms": -1}, "$.duration_ms", "breaks the schema's minimum of 0", 107),
        ({"method": "get"}, "$.method", "expected an HTTP method in capitals", 102),
        ({"logger": ""}, "$.logger", "breaks the schema's minLength of 1", 65),
    ],
)
def test_schema(wrong: dict[str, Any], place: str, what: str, column: int) -> None:
    """What does not fit the schema is told by place and keyword, without its value."""
    assert told(judged(record(), record(**wrong)))["schema", place, what] == [f"2:{column}"]


def test_many_values_are_one_reason() -> None:
    """A million different values, indexes and unknown names are one reason."""
    schema = {
        "properties": {"frames": {"items": {"properties": {"line": {"type": "integer"}}}}},
        "additionalProperties": {"type": "string"},
    }
    lines = [{"frames": [{"line": 1}] * n + [{"line": f"{n}"}], f"x{n}": n} for n in range(200)]
    tally = judged(*lines, schema=schema, levels=("INFO",), error_level="INFO")
    assert tally.invalid == 200
    assert told(tally)["schema", "$.frames[*].line", "expected integer"] == ["1:20", "2:31", "3:42"]
    assert told(tally)["schema", "$.*", "expected string"] == ["1:31", "2:42", "3:53"]
    assert {(reason.check, one.count) for reason, one in tally.found.items()} == {("schema", 200), ("level", 200)}  # fmt: skip


def test_record_with_more_faults_than_are_told() -> None:
    """A record with ever so many faults does not hide those of its neighbours."""
    schema = {"properties": {"a": {"items": {"type": "string"}}, "b": {"type": "string"}}}
    tally = judged({"a": list(range(1000))}, {"b": 1}, {"b": "x"}, schema=schema)
    assert tally.invalid == 2
    assert told(tally)["schema", "$.b", "expected string"] == ["2:6"]


def test_levels() -> None:
    """What is below the log level, no level, or missing, is told each by itself."""
    lines = [record(level=level) for level in ("DEBUG", "INFO", "info", ["INFO"], None)]
    tally = judged(*lines, schema={}, log_level="INFO")
    expected = "expected one of DEBUG, INFO, WARNING, ERROR, CRITICAL"
    assert told(tally) == {
        ("below-log-level", "$.level", "DEBUG is below INFO"): ["1:49"],
        ("level", "$.level", expected): ["3:49", "4:49"],
        ("level", "$.level", "missing"): ["5:1"],
    }
    assert tally.levels == {"DEBUG": 1, "INFO": 1}


def test_error_log() -> None:
    """An error log holds nothing below its level."""
    tally = judged(record(level="WARNING"), record(level="ERROR"), errors_only=True)
    assert told(tally) == {("not-an-error", "$.level", "WARNING is below ERROR"): ["1:49"]}


def test_errors_are_kept() -> None:
    """Errors are kept with time, place and a digest that knows no order of keys; others are not."""
    error = record(level="ERROR")
    tally = judged(record(), error, dict(reversed(error.items())), record(level="CRITICAL"), keep_errors=True)
    assert [(one.moment, one.line) for one in tally.errors] == [(NOW - 60, 2), (NOW - 60, 3), (NOW - 60, 4)]
    assert tally.errors[0].digest == tally.errors[1].digest != tally.errors[2].digest


def test_what_cannot_be_read_is_told() -> None:
    """Records without a time or a logger that can be read are no finding, and are told with their places."""
    tally = judged(
        record(), record(timestamp="24/Nov"), record(timestamp=None, level="ERROR"), record(logger=3), "x",
        schema={}, request_scoped=("shop.*",), keep_errors=True,
    )  # fmt: skip
    assert {
        (reason.check, reason.place, reason.what): [f"{place.line}:{place.column}" for place in one.places]
        for reason, one in tally.unread.items()
    } == {
        ("time", "$.timestamp", "expected an RFC 3339 time"): ["2:14"],
        ("time", "$.timestamp", "missing"): ["3:1"],
        ("logger", "$.logger", "expected a logger's name"): ["4:65"],
    }
    assert (tally.errors, tally.undated) == ([], 1)


def test_errors_before_many_lines_that_are_none() -> None:
    """Errors are kept once, whatever else the block holds."""
    tally = judged(*[record(level="ERROR")] * 3, *["no record"] * 200, keep_errors=True)
    assert [one.line for one in tally.errors] == [1, 2, 3]
    assert tally.invalid == 200


@pytest.mark.parametrize(
    ("stamp", "found"),
    [
        ("2026-11-24T04:00:02.000Z", set()),
        ("2026-11-24T04:00:02.001Z", {"future"}),
        ("2026-11-24T03:58:58.000Z", set()),
        ("2026-11-24T03:58:57.999Z", {"backwards"}),
        ("no time", {"schema"}),
        ("2026-13-24T03:59:00.000Z", {"schema"}),
    ],
)
def test_times(stamp: str, found: set[str]) -> None:
    """Two seconds ahead, or behind an earlier record, are right; a millisecond more is not."""
    tally = judged(record(), record(timestamp=stamp))
    assert {reason.check for reason in tally.found} == found
    assert all(places == ["2:14"] for places in told(tally).values())


def test_times_across_blocks() -> None:
    """A record is compared with all records of its stream before it, and of no other."""
    late, early = record(timestamp="2026-11-24T03:59:10.000Z"), record(timestamp="2026-11-24T03:59:07.000Z")
    one = reported(
        [block(late), block(record(level="DEBUG"), early, stream="b"), block(early, late, first=2)]
    )
    assert told(one) == {
        ("backwards", "$.timestamp", "more than 2 s older than a record before it"): ["2:14", "3:14"][:1]
    }
    again = reported([block(late), block(late, early, early, first=2), block(early, first=5)])
    (found,) = again.found.values()
    assert (found.count, [place.line for place in found.places]) == (3, [3, 4, 5])


def test_request_scoped() -> None:
    """Records of loggers that belong to requests have a request id; others need none."""
    lines = [
        record(logger="a", request_id="r1"), record(logger="a"), record(logger="a.b", request_id=" "),
        record(logger="c"), record(logger="c.d", request_id=""), record(logger="cd"),
    ]  # fmt: skip
    tally = judged(*lines, request_scoped=("a", "c.*"))
    assert tally.scoped == 3
    assert told(tally) == {
        ("request-id", "$.request_id", "missing"): ["2:1"],
        ("request-id", "$.request_id", "empty"): ["5:101"],
    }


TRACES = {
    "Python": [
        "Traceback (most recent call last):",
        '  File "/a/b.py", line 3, in c',
        "ValueError: no",
        "KeyError",
    ],
    "Java": ["\tat com.shop.Api.sell(Api.java:12)", "Caused by: java.io.IOException: no", "\t... 12 more"],
    "Go": ["goroutine 1 [running]:", "\t/a/b.go:12 +0x1f"],
    "JavaScript": ["    at sell (/a/b.js:1:2)", "    at node:internal/x:12:3"],
    "Ruby": ["a/b.rb:3:in `c'"],
    "PHP": ["#0 /a/b.php(12): c()"],
    "Rust": ["thread 'main' panicked at src/a.rs:3:4:", "stack backtrace:"],
    ".NET": [
        "   at Shop.Api.Sell(String a) in /a/b.cs:line 3",
        "   --- End of inner exception stack trace ---",
    ],
}


@pytest.mark.parametrize("line", [line for lines in TRACES.values() for line in lines])
def test_stack_trace(line: str) -> None:
    """A line of a stack trace is told as one, beside being no JSON."""
    tally = judged(record(), line)
    assert told(tally).pop(("stack-trace", "$", "a line of a stack trace")) == ["2:1"]
    assert tally.invalid == 1


def test_stack_trace_in_a_record() -> None:
    """An exception within one record is as it should be."""
    text = 'Traceback (most recent call last):\n  File "a.py", line 3, in b\nValueError: no'
    assert judged(record(exception=text), record(message=text)).found == {}
    assert "stack-trace" not in {reason.check for reason in judged("plain text").found}


def test_secrets_are_placed_and_masked() -> None:
    """A secret is told by its kind and place, and no excerpt shows any."""
    lines = [
        record(), record(message="mail to anna.smith@shop.example.com"), record(note="password=hunter2hunter2"),
        "password=hunter2hunter2", record(message="é" * 9, password="hunter2hunter2"),
    ]  # fmt: skip
    tally = judged(*lines, secrets=True)
    assert told(tally)["secret", "$.message", "an e-mail address"] == ["2:95"]
    assert told(tally)["secret", "$.*", "a credential"][0].startswith("3:")
    assert told(tally)["secret", "$.password", "a credential"][0].startswith("5:")
    assert told(tally)["secret", "$", "a credential"][0].startswith("4:")
    excerpts = [place.excerpt for one in tally.found.values() for place in one.places]
    assert not [text for text in excerpts if "hunter2" in text or "anna.smith" in text]


@pytest.mark.parametrize(
    ("record", "place"),
    [
        ({"user": {"newPassword": "hunter2tiger"}}, "$.user.newPassword"),
        ({"x-api-key": "a7K9a7K9a7K9"}, "$.x-api-key"),
        ({"customers": [{"email": "ann.smith@example.com"}]}, "$.*[*].email"),
        ({"u17": {"token": "a7K9a7K9a7K9"}}, "$.*.token"),
        ({"hunter2tiger": "token=a7K9a7K9a7K9"}, "$.*"),
    ],
)
def test_the_place_says_the_key(record: dict[str, Any], place: str) -> None:
    """A secret's key is told where keys of that name are few; a name that may be anything is not."""
    (reason,) = [
        reason for reason in judged(json.dumps(record), secrets=True).found if reason.check == "secret"
    ]
    assert reason.place == place


def test_excerpts_are_short_and_plain() -> None:
    """An excerpt is one line of at most 200 characters that no terminal obeys."""
    tally = judged(record(message="\x1b[31m" + "x" * 1000 + "ü" * 9000, level="\u202e"), "\x1b[2J" * 1000)
    for one in tally.found.values():
        for place in one.places:
            assert len(place.excerpt) <= 200
            assert place.excerpt.isprintable()


def test_places_are_the_first() -> None:
    """Only the first places are kept, over all blocks; all are counted."""
    report = reported([block("x", "y", first=1), block(*"uvwxyz", first=3), block(*"gk", first=9)])
    (found,) = report.found.values()
    assert (found.count, [place.line for place in found.places]) == (10, [1, 2, 3])


@pytest.mark.parametrize(
    ("promised", "error"),
    [
        ({"schema": {"type": "text"}}, SchemaUnusableError),
        ({"schema": {"$ref": "https://example.com/a.json"}}, SchemaUnusableError),
        ({"schema": {"properties": {"a": {"pattern": "("}}}}, SchemaUnusableError),
        ({"allowed": ("(",), "secrets": True}, AllowListError),
        ({"log_level": "TRACE"}, ValueError),
        ({"error_level": "error", "errors_only": True}, ValueError),
    ],
)
def test_unusable_promise(promised: dict[str, Any], error: type[Exception]) -> None:
    """A promise that cannot be judged is refused at once."""
    with pytest.raises(error):
        judged(record(), **promised)
