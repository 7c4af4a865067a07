"""The fault matrix of the chapter logs: a sound log made wrong in exactly one way, and what is said of it.

A row is a source of its own, and all of them are read in one run. It names the checks that are BREACHED, each with a
piece of its reason, and those that cannot judge because of it. Every other check of that source stays MET: a check
that turns red for somebody else's fault fails here too. Faults that only a live system has come after the files'.
"""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import pickle
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import yaml
import zstandard

from deployspec.chapters.logs.judge.model import MAX_LINE
from reference.faults.log_records import FAULTS
from reference.process import Reference, running_reference
from tests.reference.client import ask, records, until
from tests.suite import Ran, run_checks

LINES = "test_lines_are_records"
LEVELS = "test_levels_are_promised"
TIME = "test_time_moves_forward"
FRESH = "test_newest_record_is_fresh"
ONLY = "test_error_log_holds_errors_only"
EVERY = "test_error_log_holds_every_error"
ONE = "test_exception_is_one_record"
IDS = "test_request_records_have_their_id"
SECRET = "test_nothing_secret"
SHORT = "test_lines_are_short"
REQUEST = "test_request_is_logged"
JOB = "test_job_is_logged"

OF_ALL = (LINES, LEVELS, TIME, ONE, SECRET, SHORT)
PROMISED = {"freshness": (FRESH,), "request_scoped": (IDS,), "errors_of": (ONLY, EVERY), "access": (REQUEST,), "jobs": (JOB,)}  # fmt: skip
"""What else is checked of a source, by what the deployment file says of it."""
BASE = time.time() - 120
"""When the first record was made. The files are written a little later, however long the other tests take."""
TOLD: Mapping[str, Any] = {"freshness": "1d", "request_scoped": ["shop.*"], "log_level": "INFO"}


def stamp(second: float) -> str:
    """A time so many seconds after the first record."""
    return datetime.fromtimestamp(BASE + second, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")  # fmt: skip


def line(second: float, *without: str, **fields: Any) -> bytes:
    """A sound record, but for what is given."""
    record = {
        "timestamp": stamp(second),
        "level": "INFO",
        "logger": "shop.orders",
        "message": "order placed",
        "request_id": f"req_{second:g}",
        **fields,
    }
    return json.dumps({name: value for name, value in record.items() if name not in without}).encode()


def with_text(second: float, text: str) -> bytes:
    """A record whose last field is given as it is written."""
    return line(second)[:-1] + f", {text}}}".encode()


BOOT = line(0, "request_id", logger="boot", message="listening")
BEFORE = (BOOT, line(10), line(20))
AFTER = (line(40), line(50))
STACK = (
    b"Traceback (most recent call last):",
    b'  File "/srv/shop/orders.py", line 7, in place',
    b"ValueError: no such order",
)


def text(*lines: bytes) -> bytes:
    """Lines with their breaks."""
    return b"".join(one + b"\n" for one in lines)


def with_lines(*lines: bytes) -> dict[str, bytes]:
    """A sound log with some more lines in it, at its second 30."""
    return {"app.log": text(*BEFORE, *lines, *AFTER)}


SOUND = with_lines(line(30))


@dataclass(frozen=True)
class Row:
    """One source."""

    fault: str
    files: Mapping[str, bytes]
    breached: Mapping[str, str] = field(default_factory=dict)
    """The checks that own the fault, each with a piece of its reason."""
    unmeasured: Mapping[str, str] = field(default_factory=dict)
    """The checks that could not judge because of it."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """What the deployment file says besides ``TOLD``, and instead of it; FOLDER is the source's folder."""
    make: Callable[[Path], object] | None = None
    """What else is done to its folder."""

    @property
    def source(self) -> dict[str, Any]:
        """The deployment file's part."""
        where = {} if {"command", "source"} & set(self.told) else {"files": [f"{self.fault}/*.log*"]}
        own = {} if "errors_of" in self.told else TOLD
        return {"name": self.fault, **where, **own, **self.told}

    @property
    def checks(self) -> tuple[str, ...]:
        """The checks that there are of it."""
        return (*OF_ALL, *(check for name in self.source for check in PROMISED.get(name, ())))


UNREAD = dict.fromkeys((LEVELS, TIME, IDS), "(see logs.lines-are-records)")
"""What cannot be judged because of lines that are not records."""


def nothing_known(reason: str, *but: str) -> dict[str, str]:
    """Every check of a plain source, less some, is UNMEASURED for this reason."""
    return dict.fromkeys((check for check in (*OF_ALL, FRESH, IDS) if check not in but), reason)


def unsound(fault: str, wrong: bytes, reason: str, *more: bytes) -> Row:
    """A line that is not a record: what a record of it would say, nobody knows."""
    return Row(fault, with_lines(wrong, *more), {LINES: reason}, UNREAD)


def misfit(fault: str, wrong: bytes, reason: str, **unmeasured: str) -> Row:
    """A record that does not fit the schema."""
    return Row(fault, with_lines(wrong), {LINES: reason}, unmeasured)


def leak(fault: str, message: str, kind: str) -> Row:
    """A message that must not be logged."""
    return Row(fault, with_lines(line(30, message=message)), {SECRET: f"$.message: {kind} (1 time, first at"})


def of_length(length: int) -> bytes:
    """A record of so many bytes."""
    short = line(30, message="")
    return line(30, message="a " * ((length - len(short)) // 2) + "a" * ((length - len(short)) % 2))


def shell(*commands: str, **told: Any) -> dict[str, Any]:
    """A command as a source."""
    return {"command": ["sh", "-c", "; ".join(commands)], **told}


def with_a_line_of_100_megabytes(folder: Path) -> None:
    """A sound log but for that."""
    with (folder / "app.log").open("wb") as file:
        file.write(text(*BEFORE))
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b"\n" + text(*AFTER))


def with_a_hole(folder: Path) -> None:
    """As copytruncate leaves behind a writer that does not append: 8 TiB of nothing, and then what it goes on with."""
    with (folder / "app.log").open("r+b") as file:
        file.seek(1 << 43)
        file.write(b"\n" + text(line(60)))


TOO_LONG = {**UNREAD, SECRET: "too long", ONE: "too long"}
CARD = "4111 1111 1111 1111"
SECRETS = {
    "a-password": ("password=hunter2-and-more", "a credential"),
    "a-bearer-token": ("Authorization: Bearer abcdefghijklmnop1234567", "a credential in a header"),
    "a-json-web-token": ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_Xg", "a JSON Web Token"),
    "an-npm-token": ("used npm_" + "a1B2" * 9, "an npm token"),
    "a-connection-string": ("to postgresql://shop:pw1234@db/shop", "a connection string"),
    "an-email-address": ("mail to ann.miller@example.com", "an e-mail address"),
    "a-card-number": (f"paid with {CARD}", "a card number"),
}  # fmt: skip
"""By row: the message, and the kind of it. The last word, or words, is what must be shown nowhere."""

ZSTD = zstandard.compress(text(*BEFORE))
GZIPPED = gzip.compress(text(*BEFORE), mtime=0)
ERRORS = tuple(line(second, level="ERROR", message="payment failed") for second in (10, 20, 30, 40))
UNDATED = tuple(
    line(second, level="ERROR", message="job lost", timestamp=f"2026-11-27 22:00:{second},123")
    for second in (50, 51, 52, 53)
)
COLLECTING = text(line(5), *ERRORS, *AFTER)

OWN_NAMES = {
    "fields": {"timestamp": "ts", "level": "severity"},
    "levels": ["debug", "info"],
    "error_level": "info",
    "log_level": "info",
}
RENAMED = text(
    *(line(second, "timestamp", "level", ts=stamp(second), severity="info") for second in (10, 20))
)

ROWS = [
    Row("none", SOUND),
    # One strict JSON object a line.
    unsound("plain-text", b"listening on port 8000", "the line is not JSON (1 time, first at"),
    unsound("two-records-in-a-line", line(30) + line(30), "something follows the JSON value"),
    unsound("record-over-two-lines", b'{"timestamp": "x",', "the line is not strict JSON", b'"level": "INFO"}'),
    unsound("array-over-two-lines", line(30) + b",[", "the line is no", b"]"),
    unsound("array", b"[" + line(30) + b"]", "expected a JSON object, found an array"),
    unsound("string", b'"order placed"', "expected a JSON object, found a string"),
    unsound("duplicate-key", with_text(30, '"message": "again"'), "twice"),
    unsound("duplicate-key-inside", with_text(30, '"order": {"id": 1, "id": 2}'), "twice"),
    unsound("nan", with_text(30, '"duration_ms": NaN'), "the line is not strict JSON"),
    unsound("infinity", with_text(30, '"duration_ms": 1e999'), "a number is too large"),
    unsound("ten-thousand-digits", with_text(30, f'"duration_ms": {"1" * 10_000}'), "a number is too large"),
    unsound("lone-surrogate", with_text(30, '"order": "\\ud800"'), "surrogate"),
    unsound("too-deep", with_text(30, f'"order": {"[" * 100_000}{"]" * 100_000}'), "1024 deep"),
    unsound("invalid-utf-8", with_text(30, '"order": "?"').replace(b"?", b"\xff"), "the line is not UTF-8"),
    unsound("nul-bytes", b"\0" * 512, "nothing but NUL bytes"),
    unsound("nul-in-a-text", with_text(30, '"order": "\0"'), "the line is not strict JSON"),
    unsound("empty-line", b"", "the line is empty"),
    unsound("blank-line", b" \t", "the line is blank"),
    Row("byte-order-mark", {"app.log": b"\xef\xbb\xbf" + text(*BEFORE, *AFTER)}, {LINES: "byte order mark"}, UNREAD),
    Row("crlf", {"app.log": text(*BEFORE, *AFTER).replace(b"\n", b"\r\n")}),
    Row("last-line-not-finished", {"app.log": text(*BEFORE) + line(40)[:50]}),
    Row("last-line-without-break", {"app.log": text(*BEFORE) + line(40)}),
    # Its schema.
    misfit("field-missing", line(30, "message"), "message is missing"),
    misfit("wrong-type", line(30, duration_ms="12 ms"), "$.duration_ms: expected number"),
    misfit("local-time", line(30, timestamp="2026-11-24 07:23:16,123"), "$.timestamp: expected RFC 3339", **{TIME: "1 of 6 records has a time that cannot be read ($.timestamp: expected an RFC 3339 time (1 time, first at "}),
    misfit("logger-missing", line(30, "logger"), "logger is missing", **{IDS: "1 of 6 records has no logger that can be read ($.logger: missing (1 time, first at "}),
    Row("event-of-its-own", with_lines(line(30, event="order")), {LINES: "order_id is missing"}, told={"schemas": {"event": {"order": "order.json"}}}),
    Row("logger-of-its-own", with_lines(line(30, logger="shop.pay")), {LINES: "order_id is missing"}, told={"schemas": {"logger": {"shop.pay": "order.json"}}}),
    Row("schema-of-its-own", with_lines(line(30, "order_id")), {LINES: "order_id is missing (6 times"}, told={"schema": "order.json"}),
    Row("schema-unusable", SOUND, unmeasured=nothing_known("cannot be used"), told={"schema": "broken.json"}),
    Row("fields-renamed", {"app.log": RENAMED}, told=OWN_NAMES),
    Row("fields-renamed-backwards", {"app.log": RENAMED + RENAMED}, {TIME: "$.ts: more than 2 s older than a record before it"}, told=OWN_NAMES),
    Row("fields-renamed-and-missing", {"app.log": RENAMED + text(line(50, "level", severity="info"))}, {LINES: "ts is missing"}, {TIME: "1 of 3 records has a time that cannot be read"}, told=OWN_NAMES),
    # Levels.
    Row("unknown-level", with_lines(line(30, level="WARN")), {LEVELS: "$.level: expected one of", LINES: "$.level: expected one of"}),
    Row("below-log-level", with_lines(line(30, level="DEBUG")), {LEVELS: "DEBUG is below INFO"}),
    Row("debug-is-promised", with_lines(line(30, level="DEBUG")), told={"log_level": "DEBUG"}),
    # Time.
    Row("future", {"app.log": text(*BEFORE, line(86_400))}, {TIME: "more than 2 s in the future"}, {FRESH: "ahead"}),
    Row("backwards", with_lines(line(17)), {TIME: "more than 2 s older than a record before it"}),
    Row("backwards-a-little", with_lines(line(18.1))),
    Row("rotated", {"app.log.2.gz": GZIPPED, "app.log.1": text(line(30)), "app.log": text(*AFTER)}),
    Row("rotated-backwards", {"app.log.2.gz": gzip.compress(text(*AFTER)), "app.log": text(*BEFORE)}, {TIME: "older than a record before it"}),
    Row("stale", SOUND, {FRESH: "old, expected at most 10 s old"}, told={"freshness": "10s"}),
    Row("no-time-at-all", {"app.log": text(line(0, timestamp="now"))}, {LINES: "$.timestamp"}, dict.fromkeys((TIME, FRESH), "1 of 1 record has a time that cannot be read")),
    Row("times-go-back-unread", {"app.log": text(BOOT, *(line(30, timestamp=f"[{day:02}/Nov/2026:22:45:29 +0000]") for day in (27, 26, 25)))}, unmeasured={TIME: "3 of 4 records have a time that cannot be read", FRESH: "3 of 4 records"}, told={"schema": "any.json", "freshness": "1s"}),
    Row("times-go-back-beside-unread", with_lines(line(30, timestamp="yesterday"), line(17)), {TIME: "more than 2 s older than a record before it"}, told={"schema": "any.json"}),
    Row("fresh-beside-unread", with_lines(line(30, timestamp="2026-13-24T07:23:16.123Z")), unmeasured={TIME: "1 of 6 records"}, told={"schema": "any.json"}),
    Row("plain-text-but-for-one", {"app.log": text(BOOT, *[b"listening"] * 3)}, {LINES: "the line is not JSON (3 times"}, {**UNREAD, LEVELS: "3 of 4 lines are not records"}),
    Row("plain-text-after-a-stale-record", with_lines(b"listening"), {LINES: "the line is not JSON"}, {**UNREAD, FRESH: "1 of 6 lines is not a record"}, told={"freshness": "1s"}),
    # Exceptions.
    Row("stack-trace", with_lines(*STACK), {ONE: "a line of a stack trace (3 times", LINES: "the line is not JSON (3 times"}, UNREAD),
    Row("stack-trace-in-a-record", with_lines(line(30, level="ERROR", exception=text(*STACK).decode()))),
    # Requests.
    Row("request-id-missing", with_lines(line(30, "request_id")), {IDS: "$.request_id: missing (1 time"}),
    Row("request-id-empty", with_lines(line(30, request_id=" ")), {IDS: "$.request_id: empty (1 time"}),
    Row("nothing-of-requests", SOUND, unmeasured={IDS: "no record comes from a logger that belongs to requests"}, told={"request_scoped": ["billing"]}),
    # Secrets.
    *(leak(fault, message, kind) for fault, (message, kind) in SECRETS.items()),
    Row("secret-behind-escapes", with_lines(line(30, message='{"password": "hunter2-and-more"}')), {SECRET: "a credential"}),
    Row("secret-allowed", with_lines(line(30, message="mail to ann.miller@example.com")), told={"allow_secrets": [r".*@example\.com"]}),
    Row("no-card-number", with_lines(line(30, message="order 4111 1111 1111 1112"))),
    Row("address-without-password", with_lines(line(30, message="Connected to redis://cache:6379/0"), line(30, message="Connected to redis://:**@cache:6379/0"))),
    # Length.
    Row("line-too-long", with_lines(of_length(MAX_LINE + 1)), {SHORT: "longer than 256 KiB", LINES: "longer than 256 KiB"}, TOO_LONG),
    Row("line-of-100-megabytes", {}, {SHORT: "longer than 256 KiB", LINES: "longer than 256 KiB"}, TOO_LONG, make=with_a_line_of_100_megabytes),
    Row("sparse-file", SOUND, {SHORT: "longer than 256 KiB", LINES: "longer than 256 KiB"}, TOO_LONG, make=with_a_hole),
    Row("line-at-the-limit", with_lines(of_length(MAX_LINE))),
    # An error log.
    Row("collected-app", {"app.log": COLLECTING}),
    Row("collected", {"error.log": text(*ERRORS)}, told={"errors_of": ["collected-app"]}),
    Row("error-lost-app", {"app.log": COLLECTING}),
    Row("error-lost", {"error.log": text(*ERRORS[:2], ERRORS[3])}, {EVERY: "1 of 4 errors is not in the error log; first: "}, told={"errors_of": ["error-lost-app"]}),
    Row("info-in-error-log-app", {"app.log": COLLECTING}),
    Row("info-in-error-log", {"error.log": text(*ERRORS, line(50))}, {ONLY: "INFO is below ERROR"}, told={"errors_of": ["info-in-error-log-app"]}),
    Row("error-log-empty", {"error.log": b""}, told={"errors_of": ["none"]}),
    Row("error-log-empty-too-soon", {"error.log": b""}, unmeasured={EVERY: "nothing to compare"}, told={"errors_of": ["collected-app"]}),
    Row("error-log-of-nothing", {"error.log": text(*ERRORS)}, unmeasured={EVERY: "empty: no line was read"}, told={"errors_of": ["empty"]}),
    Row("error-log-lost-app", {"app.log": text(BOOT, *UNDATED)}, unmeasured={TIME: "4 of 5 records have"}, told={"schema": "any.json"}),
    Row("error-log-lost", {"error.log": b""}, unmeasured={EVERY: "4 of 4 errors cannot be compared: 4 of 5 records have a time that cannot be read"}, told={"errors_of": ["error-log-lost-app"]}),
    Row("errors-undated-app", {"app.log": COLLECTING + text(*UNDATED)}, unmeasured={TIME: "4 of 11 records have"}, told={"schema": "any.json"}),
    Row("errors-undated", {"error.log": text(*ERRORS, *UNDATED)}, unmeasured={EVERY: "4 of 8 errors cannot be compared", TIME: "4 of 8 records have"}, told={"schema": "any.json", "errors_of": ["errors-undated-app"]}),
    Row("error-lost-beside-undated-app", {"app.log": COLLECTING + text(*UNDATED)}, unmeasured={TIME: "4 of 11 records have"}, told={"schema": "any.json"}),
    Row("error-lost-beside-undated", {"error.log": text(*ERRORS[:2], ERRORS[3])}, {EVERY: "1 of 4 errors is not in the error log"}, told={"errors_of": ["error-lost-beside-undated-app"]}),
    Row("errors-of-unknown-level-app", {"app.log": text(BOOT, line(30, level="error"))}, {LEVELS: "$.level: expected one of"}, told={"schema": "any.json"}),
    Row("errors-of-unknown-level", {"error.log": text(line(30, level="error"))}, {LEVELS: "$.level: expected one of"}, {EVERY: "1 of 2 records has none of the levels promised", ONLY: "1 of 1 record has none of the levels promised"}, told={"schema": "any.json", "errors_of": ["errors-of-unknown-level-app"]}),
    Row("error-lost-or-torn-app", {"app.log": COLLECTING}),
    Row("error-lost-or-torn", {"error.log": text(*ERRORS[:2], ERRORS[2][:40], ERRORS[3])}, {LINES: "the line is not strict JSON"}, {LEVELS: "(see logs.lines-are-records)", TIME: "(see logs.lines-are-records)", ONLY: "(see logs.lines-are-records)", EVERY: "1 of 4 lines is not a record"}, told={"errors_of": ["error-lost-or-torn-app"]}),
    # What cannot be read.
    Row("empty", {"app.log": b""}, unmeasured=nothing_known("no line was read")),
    Row("nothing-matches", {}, unmeasured=nothing_known("matches no file")),
    Row("folder", {}, unmeasured=nothing_known("is a directory; expected a file"), make=lambda folder: (folder / "app.log").mkdir()),
    Row("fifo", {}, unmeasured=nothing_known("is a FIFO; expected a file"), make=lambda folder: os.mkfifo(folder / "app.log")),
    Row("symlink-loop", {}, unmeasured=nothing_known("cannot be read: Too many levels"), make=lambda folder: (folder / "app.log").symlink_to("app.log")),
    Row("truncated-gzip", {"app.log.1.gz": GZIPPED[:-20], "app.log": text(*AFTER)}, unmeasured=nothing_known("ends within its compressed data", FRESH)),
    Row("rotated-zstd", {"app.log.1.zst": ZSTD, "app.log": text(*AFTER)}),
    Row("rotated-zstd-backwards", {"app.log.1.zst": zstandard.compress(text(*AFTER)), "app.log": text(*BEFORE)}, {TIME: "older than a record before it"}),
    Row("truncated-zstd", {"app.log.1.zst": ZSTD[:-5], "app.log": text(*AFTER)}, unmeasured=nothing_known("ends within its compressed data", FRESH)),
    Row("corrupt-gzip", {"app.log.1.gz": GZIPPED[:-8] + b"\0\0\0\0" + GZIPPED[-4:], "app.log": text(*AFTER)}, unmeasured=nothing_known("is damaged", FRESH)),
    Row("command", SOUND, told=shell("sed 's/^/backend-1  | /' FOLDER/app.log", prefix=r"backend-\d+ +\| ")),
    Row("command-fails", SOUND, unmeasured=nothing_known("status 3", FRESH), told=shell("cat FOLDER/app.log", "exit 3")),
    Row("command-hangs", SOUND, unmeasured=nothing_known("1 s", FRESH), told=shell("cat FOLDER/app.log", "exec sleep 60", timeout="1s")),
    Row("command-prints-for-ever", SOUND, {LINES: "the line is not JSON"}, nothing_known("", LINES), told={"command": ["yes"], "timeout": "300ms"}),
    Row("command-missing", SOUND, unmeasured=nothing_known("cannot be started: No such file"), told={"command": ["no-such-program"]}),
    Row("kind-unknown", {}, unmeasured=nothing_known("cloudwatch"), told={"source": "cloudwatch:/shop"}),
    # A request that is not answered teaches nothing of the log.
    Row("no-answer", SOUND, unmeasured={REQUEST: "brought no answer", JOB: "brought no answer"}, told={"access": {}, "jobs": {"path": "/orders", "body": "{}"}}),
]  # fmt: skip
if os.geteuid() != 0:
    ROWS.append(Row("no-permission", SOUND, unmeasured=nothing_known("Permission denied"), make=lambda folder: (folder / "app.log").chmod(0)))  # fmt: skip

ORDER = {"type": "object", "required": ["order_id"]}


def write(folder: Path, rows: list[Row] = ROWS) -> Path:
    """The files of all rows, and the deployment file of them."""
    (folder / "order.json").write_text(json.dumps(ORDER))
    (folder / "any.json").write_text('{"type": "object"}')
    (folder / "broken.json").write_text('{"type": 5}')
    sources = []
    for row in rows:
        own = folder / row.fault
        own.mkdir()
        for name, data in row.files.items():
            (own / name).write_bytes(data)
        if row.make is not None:
            row.make(own)
        sources.append(json.loads(json.dumps(row.source).replace("FOLDER", str(own))))
    path = folder / "shop.yaml"
    path.write_text(yaml.safe_dump({"base_url": "http://127.0.0.1:9", "allow": ["write"], "logs": sources}))
    return path


@dataclass(frozen=True)
class Judged:
    """The one run of all rows."""

    ran: Ran
    told: str
    """All that it wrote: on the terminal, in its record, for JUnit."""
    by_source: dict[str, dict[str, dict[str, Any]]]
    """Its entries, by source and check."""


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """All rows, judged in one run, which the workers of pytest-xdist share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "logs-matrix"
    folder.mkdir(exist_ok=True)
    junit = folder / "junit.xml"
    kept = folder / "ran"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept.exists():
            ran = pickle.loads(kept.read_bytes())  # noqa: S301 - written by this test
        else:
            ran = run_checks(write(folder), f"--junitxml={junit}", folder=folder, chapter="logs")
            kept.write_bytes(pickle.dumps(ran))
    assert ran.record is not None, ran.output
    by_source: dict[str, dict[str, dict[str, Any]]] = {}
    for entry in ran.record["checks"]:
        check, _, source = entry["check"].rpartition("::")[2].rstrip("]").partition("[")
        by_source.setdefault(source, {})[check] = entry
    told = ran.output + (folder / "record.json").read_text() + junit.read_text()
    return Judged(ran, told, by_source)


FILES = pytest.mark.xdist_group("logs-files")
LIVE = pytest.mark.xdist_group("logs-live")


@FILES
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.fault)
def test_each_fault_has_its_finding(row: Row, judged: Judged) -> None:
    """A log that is wrong in one way turns exactly the checks red that own it."""
    got = judged.by_source[row.fault]
    told = {name: f"{entry['verdict']}: {entry['reason']}" for name, entry in got.items()}
    expected = dict.fromkeys(row.checks, "MET") | dict.fromkeys(row.unmeasured, "UNMEASURED") | dict.fromkeys(row.breached, "BREACHED")  # fmt: skip
    assert {name: entry["verdict"] for name, entry in got.items()} == expected, json.dumps(told, indent=1)
    for name, reason in {**row.breached, **row.unmeasured}.items():
        assert reason in told[name]


@FILES
@pytest.mark.parametrize("fault", SECRETS)
def test_a_secret_is_shown_nowhere(fault: str, judged: Judged) -> None:
    """What is found is told by its place; it is neither on the terminal, nor in the record, nor in JUnit's file."""
    found = judged.by_source[fault][SECRET]
    assert f"{fault}/app.log:4:" in found["reason"]
    message = SECRETS[fault][0]
    secret = CARD if CARD in message else message.split()[-1].partition("=")[2] or message.split()[-1]
    assert secret.removeprefix("postgresql://") not in judged.told


@FILES
def test_the_run_is_red_and_whole(judged: Judged) -> None:
    """Bad input is no error of the run: status 1, no traceback of ours."""
    assert judged.ran.status == 1
    assert "src/deployspec/" not in judged.ran.output, judged.ran.output


# The live system's own faults, switched on in the running reference: fault, who is BREACHED, and why.
CORRELATION = {
    "none": {},
    "access-record-missing": {REQUEST: "no record of the request deployspec-"},
    "access-record-of-another-request": {REQUEST: "no record of the request deployspec-"},
    "access-method-wrong": {REQUEST: 'method is "POST", expected "GET"'},
    "access-path-wrong": {REQUEST: 'path is "/", expected'},
    "access-status-wrong": {REQUEST: "status is 500, expected 200"},
    "access-status-missing": {REQUEST: "status is missing, expected 200"},
    "access-duration-missing": {REQUEST: "duration_ms is missing"},
    "task-records-missing": {JOB: "no record of the job"},
    "job-id-missing": {JOB: "no record of the job"},
}


@pytest.fixture(scope="module")
def reference() -> Iterator[Reference]:
    """One reference Deal Scout, which logs from INFO on."""
    with running_reference() as booted:
        yield booted


@pytest.fixture(scope="module")
def impatient(reference: Reference) -> Path:
    """Its deployment file, but what is missing is not waited for as long."""
    content = reference.deployment
    for source in content["logs"]:
        for part in ("access", "jobs"):
            if part in source:
                source[part] = {**(source[part] or {}), "within": "2s"}
    path = reference.folder / "impatient.yaml"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(content))
    return path


def correlated(ran: Ran) -> dict[str, dict[str, Any]]:
    """The entries of the checks that follow something."""
    assert ran.record is not None, ran.output
    return {entry["check"].rpartition("::")[2].partition("[")[0]: entry for entry in ran.record["checks"]}


@LIVE
@pytest.mark.parametrize("fault", CORRELATION)
def test_fault_of_the_records(fault: str, reference: Reference, impatient: Path, tmp_path: Path) -> None:
    """Each fault of the records turns exactly its own check red."""
    with reference.log_fault(fault):
        ran = run_checks(impatient, "-k", "is_logged", folder=tmp_path, chapter="logs")
    got = correlated(ran)
    expected = {REQUEST: "MET", JOB: "MET"} | dict.fromkeys(CORRELATION[fault], "BREACHED")
    assert {name: entry["verdict"] for name, entry in got.items()} == expected, ran.output
    for name, reason in CORRELATION[fault].items():
        assert reason in got[name]["reason"]


@LIVE
def test_records_are_found_across_rotations(reference: Reference, impatient: Path, tmp_path: Path) -> None:
    """Logs that are rotated all the time, as logrotate does, are followed."""
    logs = reference.folder / "logs"
    done = Event()

    def rotate() -> None:
        while not done.wait(0.1):
            for log in (logs / "app.log", logs / "celery.log"):
                if not log.exists():
                    continue
                for number in range(len(list(logs.glob(f"{log.name}.*"))), 0, -1):
                    log.with_name(f"{log.name}.{number}").rename(log.with_name(f"{log.name}.{number + 1}"))
                log.rename(log.with_name(f"{log.name}.1"))

    rotating = Thread(target=rotate)
    rotating.start()
    try:
        ran = run_checks(impatient, "-k", "is_logged", folder=tmp_path, chapter="logs")
    finally:
        done.set()
        rotating.join()
    assert list(logs.glob("app.log.*"))
    assert {name: entry["verdict"] for name, entry in correlated(ran).items()} == {REQUEST: "MET", JOB: "MET"}


def snap(reference: Reference) -> None:
    """Queue a snap, and wait for the worker's record of it."""
    body = {"title": "Atlas", "category": "books"}
    queued = ask(reference, "/seller/snap", method="POST", body=body, seller=True).json["id"]
    until(lambda: records(reference, "celery.log", snap_id=queued))


@LIVE
def test_logs_stay_sound_through_outages(tmp_path: Path) -> None:
    """What API and worker log when a part is lost keeps the contract, and is in the error log, too."""
    with running_reference() as own:
        snap(own)
        for fault in ("postgres-stopped", "redis-stopped"):
            with own.broken(fault):
                ask(own, "/health")
                ask(own, "/listings")
            until(lambda: ask(own, "/health").status == 200)
        assert records(own, "error.log", level="ERROR")
        # The worker takes its time to come back, so no job is queued.
        ran = run_checks(own.deployment_file, "-k", "not job_is_logged", folder=tmp_path, chapter="logs")
    assert ran.status == 0, ran.output
    assert "of the sources are in the error log" in ran.entry(f"{EVERY}[error]")["reason"]


@LIVE
def test_log_level_info_emits_no_debug(reference: Reference, impatient: Path, tmp_path: Path) -> None:
    """A whole run at INFO leaves sound logs without a DEBUG record."""
    ran = run_checks(impatient, folder=tmp_path, chapter="logs")
    assert ran.status == 0, ran.output
    logs = [path.name for path in (reference.folder / "logs").iterdir()]
    assert not [record for name in logs for record in records(reference, name, level="DEBUG")]


@FILES
def test_log_level_debug_emits_debug(tmp_path: Path) -> None:
    """The same run at DEBUG has DEBUG records of both processes; they keep the contract, and promised as INFO, breach it."""
    with running_reference("--log-level", "DEBUG") as own:
        ran = run_checks(own.deployment_file, folder=tmp_path, chapter="logs")
        assert ran.status == 0, ran.output
        assert records(own, "app.log", level="DEBUG")
        content = own.deployment
        content["logs"] = [{**source, "log_level": "INFO"} for source in content["logs"]]
        strict = own.folder / "strict.yaml"
        strict.touch(mode=0o600)
        strict.write_text(yaml.safe_dump(content))
        ran = run_checks(strict, "-k", "levels and api", folder=tmp_path, chapter="logs")
    assert ran.verdict(f"{LEVELS}[api]") == "BREACHED"
    assert "DEBUG is below INFO" in ran.entry(f"{LEVELS}[api]")["reason"]


def test_every_check_has_a_fault() -> None:
    """A check that no row turns red does not land, nor a fault of the reference's that no row switches on."""
    red = {check for row in ROWS for check in row.breached} | {
        check for row in CORRELATION.values() for check in row
    }
    listed = run_checks(None, "--collect-only", "-q", folder=Path("/nonexistent"), chapter="logs").output
    collected = {
        told.partition("::")[2].partition("[")[0]
        for told in listed.splitlines()
        if told.startswith("checks/test_logs_schema.py::")
    }
    assert collected == red
    assert set(CORRELATION) == {"none", *FAULTS}
