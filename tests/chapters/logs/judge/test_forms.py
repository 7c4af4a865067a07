"""Records in other forms than the guide's: what is read of their lines, and where a finding is shown."""

from __future__ import annotations

from typing import Any

import pytest

from deployspec.chapters.logs.form import Fields, Form
from deployspec.chapters.logs.judge.judging import LineJudge
from deployspec.chapters.logs.judge.model import Block, LogPromise, Tally
from deployspec.chapters.logs.judge.report import Report
from deployspec.chapters.logs.judge.schema import described, following
from deployspec.chapters.logs.judge.syntax import Reader
from deployspec.chapters.logs.judge.verdicts import (
    error_log_holds_errors_only,
    levels,
    lines_are_records,
    outcome_of,
)
from deployspec.languages.json_schema import validator
from deployspec.model.verdict import Outcome

LEVELS = ("DEBUG", "INFO", "ERROR")


def judged(lines: list[str], form: Form, fields: Fields, **more: Any) -> Tally:
    """What is found in lines of such records."""
    levels = more.pop("levels", LEVELS)
    promise = LogPromise(
        schema=described(fields, levels, form), fields=fields, form=form, levels=levels, **more
    )
    data = "".join(f"{line}\n" for line in lines).encode()
    return LineJudge(promise).judge(Block(data, "app.log", 1, "app.log", 2_000_000_000.0))


def told(tally: Tally) -> list[str]:
    """Each finding with its first place."""
    return sorted(
        f"{reason.check} {reason.place} {reason.what} {found.places[0]}"
        for found_ in (tally.found, tally.unread)
        for reason, found in found_.items()
    )


NESTED = Fields("/time", "log.level", "record.name", "msg", "/req/headers/0", None)


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ('{"time":1e9,"log.level":"INFO","record":{"name":"a"},"msg":"x"}', []),
        ('{"time":1e9,"log":{"level":"INFO"},"record.name":"a","msg":"x"}', []),
        ('{"time":1e9,"log":{"level":"LOUD"},"record":{"name":"a"},"msg":"x"}',
         ["level $.log.level expected one of DEBUG, INFO, ERROR app.log:1:28", "schema $.log.level expected one of DEBUG, INFO, ERROR app.log:1:28"]),
        ('{"time":1e9,"log":{"level":"INFO"},"record":{},"msg":"x"}', ["schema $.record name is missing app.log:1:45"]),
        ('{"log":{"level":"INFO"},"record":{"name":"a"},"msg":"x"}', ["schema $ time is missing app.log:1:1", "time $.time missing app.log:1:1"]),
        ('{"time":1e9,"log":{"level":"INFO"},"record":{"name":"a"},"msg":" "}', ["message $.msg empty: it says nothing app.log:1:64"]),
        ('{"time":1e9,"log":{"level":"INFO"},"record":{"name":"a"},"msg":""}', ["message $.msg empty: it says nothing app.log:1:64"]),
    ],
)  # fmt: skip
def test_fields_lie_where_the_file_says(line: str, finding: list[str]) -> None:
    """By a JSON pointer, or a dotted path, unless a field has the whole name; each finding at its own place."""
    assert told(judged([line], Form(time_format=("epoch",)), NESTED)) == finding


def test_every_record_belongs_to_a_request() -> None:
    """``*`` needs no logger; the id lies in an array."""
    fields = Fields(None, None, None, "msg", "/req/headers/0", None)
    lines = ['{"msg":"a","req":{"headers":["r1"]}}', '{"msg":"b"}']
    tally = judged(lines, Form(), fields, request_scoped=("*",))
    assert tally.scoped == 2
    assert told(tally) == ['request-id $.req.headers["0"] missing app.log:2:1']


@pytest.mark.parametrize(
    ("names", "said", "counts", "odd"),
    [
        ({"30": "INFO", "50": "ERROR"}, ["30", '"30"', "50"], {"INFO": 2, "ERROR": 1}, 0),
        ({"30": "INFO"}, ["40", "true", "[30]", "3e1"], {}, 4),
        ({"info": "INFO", "warn": "ERROR", "err": "ERROR"}, ['"info"', '"err"', '"warn"', '"INFO"'], {"INFO": 1, "ERROR": 2}, 1),
    ],
)  # fmt: skip
def test_levels_have_names(names: dict[str, str], said: list[str], counts: dict[str, int], odd: int) -> None:
    """What records say is counted by the level's name; what has none is found."""
    fields = Fields(None, "level", None, None, None, None)
    tally = judged([f'{{"level":{one}}}' for one in said], Form(level_names=names), fields)
    assert tally.levels == counts
    assert sum(one.count for reason, one in tally.found.items() if reason.check == "level") == odd


def test_a_prefix_gives_what_records_do_not_say() -> None:
    """Its groups are fields of the record, and what the record says itself counts for more."""
    form = Form(prefix=r"(?P<timestamp>\S+) \[(?P<level>[A-Z]+)\] (?P<logger>\S+) ")
    fields = Fields(request_id=None, event=None)
    lines = [
        '2026-11-01T00:00:00Z [INFO] shop.pay {"message":"x"}',
        '2026-11-01T00:00:01Z [DEBUG] shop {"message":"x","level":"ERROR"}',
        '2026-11-01T00:00:02Z [LOUD] shop {"message":""}',
        'nothing {"message":"x"}',
    ]
    tally = judged(lines, form, fields)
    assert tally.levels == {"INFO": 1, "ERROR": 1}
    assert told(tally) == [
        "json $ the line is not JSON app.log:4:1",
        "level $.level expected one of DEBUG, INFO, ERROR app.log:3:1",
        "message $.message empty: it says nothing app.log:3:45",
        "schema $.level expected one of DEBUG, INFO, ERROR app.log:3:1",
    ]


def test_a_secret_in_a_prefix_is_found() -> None:
    """What is taken off a line is still searched, and what follows has its column in the whole line."""
    lines = ["password=hunter2tiger x {}", 'x {"message":"password=hunter2tiger"}']
    tally = judged(lines, Form(prefix="[^{]*"), Fields(None, None, None, None, None, None))
    assert [(reason.place, found.places[0].column) for reason, found in tally.found.items()] == [
        ("$", 10),
        ("$.message", 24),
    ]
    assert "hunter2" not in str(tally.found)


DOCKER = '{{"log":"{}\\n","stream":"stdout","time":"2026-11-01T00:00:0{}.123456789Z"}}'


def test_docker_wraps_records() -> None:
    """Records are judged as the application wrote them; the container's time can stand for theirs."""
    fields = Fields("docker.time", "level", None, "message", None, None)
    lines = [
        DOCKER.format('{\\"level\\":\\"INFO\\",\\"message\\":\\"a\\"}', 1),
        DOCKER.format('{\\"level\\":\\"INFO\\",\\"message\\":\\"\\"}', 5),
        DOCKER.format("plain", 2),
        DOCKER.format('{\\"level\\":\\"INFO\\",\\"message\\":\\"mail to ann@shop.example.com\\"}', 2),
        '{"level":"INFO"}',
        "{",
    ]
    tally = judged(lines, Form(wrapper="docker"), fields)
    assert [line.split(" app.log")[0] for line in told(tally)] == [
        'backwards $["docker.time"] more than 2 s older than a record before it',
        "json $ is not a line of Docker's json-file log: expected an object with log, stream and time",
        "json $ the line is not JSON",
        "message $.message empty: it says nothing",
        "secret $.message an e-mail address",
    ]
    assert tally.invalid == 3


def test_cri_wraps_records() -> None:
    """Time, stream and tag are taken off; an empty text is an empty line."""
    fields = Fields("cri.time", None, None, "message", None, None)
    lines = [
        '2026-11-01T00:00:01.123456789Z stdout F {"message":"a"}',
        '2026-11-01T00:00:01.123456789+01:00 stderr F {"message":""}',
        "2026-11-01T00:00:01.123456789Z stdout F",
        "2026-11-01T00:00:01.123456789Z stdin F {}",
    ]
    assert told(judged(lines, Form(wrapper="cri"), fields)) == [
        'backwards $["cri.time"] more than 2 s older than a record before it app.log:2:1',
        "json $ is not a line of a CRI log: expected its time, stdout or stderr, P or F, and a text app.log:4:1",
        "json $ the line is empty app.log:3:40",
        "message $.message empty: it says nothing app.log:2:57",
    ]


LOGFMT = Form(syntax="logfmt", time_format=("iso8601",))


@pytest.mark.parametrize(
    ("line", "record"),
    [
        ('ts=1 level=info msg="a \\"b\\" c\\n" empty= flag', {"ts": "1", "level": "info", "msg": 'a "b" c\n', "empty": "", "flag": ""}),
        ("a=b", {"a": "b"}),
        (" a=1  b=x/y:z ", {"a": "1", "b": "x/y:z"}),
        ('err="unexpected: {\\"a\\":1}" caller=x.go:1', {"err": 'unexpected: {"a":1}', "caller": "x.go:1"}),
        ("plain words only", None),
        ('a="open', None),
        ("", None),
        ('{"a": 1}', None),
    ],
)  # fmt: skip
def test_logfmt(line: str, record: dict[str, str] | None) -> None:
    """Pairs with and without quotes, keys without a value; a line without any pair is no record."""
    assert Reader(LOGFMT).record(line.encode()) == record


def test_text_is_taken_apart_by_a_pattern() -> None:
    """Its groups are fields; a line that it does not match as a whole is no record, unless it goes on with one."""
    form = Form(
        syntax="text",
        pattern=r"(?P<timestamp>\S+ \S+) (?P<level>[A-Z]+) (?P<message>.*)",
        continuation=r"\t",
        time_format=("%Y-%m-%d %H:%M:%S,%f",),
        time_zone="+02:00",
    )
    lines = [
        "2026-11-01 00:00:00,123 INFO started",
        "\tand more",
        "2026-11-01 00:00:01,123 LOUD x",
        '\tTraceback (most recent call last):',
        "rubbish",
        "2026-13-01 00:00:01,123 INFO ",
    ]  # fmt: skip
    tally = judged(lines, form, Fields(request_id=None, event=None, logger=None))
    assert (tally.lines, tally.continued, tally.invalid) == (6, 2, 2)
    assert told(tally) == [
        "json $ the line does not match the pattern app.log:5:1",
        "level $.level expected one of DEBUG, INFO, ERROR app.log:3:25",
        "message $.message empty: it says nothing app.log:6:30",
        "schema $.level expected one of DEBUG, INFO, ERROR app.log:3:25",
        "stack-trace $ a line of a stack trace app.log:4:1",
        "time $.timestamp expected a time as %Y-%m-%d %H:%M:%S,%f app.log:6:1",
    ]
    assert tally.times is not None
    assert tally.times.lowest == 1793484000.123


def test_lines_that_all_go_on_are_no_records() -> None:
    """A continuation that fits every line has measured nothing."""
    tally = judged(["a", "b"], Form(continuation=""), Fields(None, None, None, None, None, None))
    report = Report()
    report.add(tally)
    assert outcome_of(report) is Outcome.UNMEASURED
    verdict = lines_are_records(report)
    assert verdict.outcome is Outcome.UNMEASURED
    assert verdict.reason == "no line is a record: 2 lines belong to one before (continuation)"


@pytest.mark.parametrize("line", ["{", "}", "},", '  "level": "INFO",', '  "message": {', "  ],", "}\r"])
def test_a_pretty_printed_object_is_named(line: str) -> None:
    """Each of its lines is told as such, rather than as broken JSON."""
    (finding,) = told(judged([line], Form(), Fields(None, None, None, None, None, None)))
    assert finding.startswith("json $ a line of a JSON object that is printed over many lines;")


@pytest.mark.parametrize(
    ("fields", "fits", "misfit"),
    [
        (Fields(timestamp="/a/b"), {"a": {"b": 1}, "level": "INFO", "logger": "x", "message": "m"}, {"a": 1, "level": "INFO", "logger": "x", "message": "m"}),
        (Fields(timestamp="a.b"), {"a.b": 1, "level": "INFO", "logger": "x", "message": "m"}, {"a": {"c": 1}, "level": "INFO", "logger": "x", "message": "m"}),
        (Fields(timestamp=None, logger=None), {"level": "INFO", "message": "m"}, {"level": "info", "message": "m"}),
        (Fields(message="level", level="message"), {"message": "INFO", "level": "m", "timestamp": 1, "logger": "x"}, {"message": "m", "level": "INFO", "timestamp": 1, "logger": "x"}),
    ],
)  # fmt: skip
def test_the_schema_follows_fields(fields: Fields, fits: object, misfit: object) -> None:
    """Wherever they lie; those that records do not have are not asked for."""
    schema = validator(described(fields, LEVELS, Form(time_format=("epoch",))), "it")
    assert schema.is_valid(fits)
    assert not schema.is_valid(misfit)


def test_the_projects_schema_gives_way_to_other_times() -> None:
    """What it says of a time as the guide has it is not asked of one that is written otherwise."""
    schema = {"properties": {"timestamp": {"pattern": "Z$"}, "status": {"type": "integer"}}}
    followed = following(schema, Fields(), LEVELS, Form(time_format=("epoch_ms",)))
    assert validator(followed, "it").is_valid({"timestamp": 5, "status": 1})
    assert not validator(followed, "it").is_valid({"timestamp": 5, "status": "1"})
    assert following(schema, Fields()) == schema


@pytest.mark.parametrize(
    ("line", "record"),
    [
        ("shop hello there id=4", {"logger": "shop", "message": "hello there", "request_id": "4"}),
        ("shop hello there\r", {"logger": "shop", "message": "hello there"}),
        ("shop " + "x" * 9000, {"logger": "shop", "message": "x" * 8187}),
        ("shop ", None),
    ],
)
def test_a_pattern_is_that_of_a_whole_line(line: str, record: dict[str, str] | None) -> None:
    """However little each part of it takes by itself; the line break may be that of Windows."""
    form = Form(syntax="text", pattern=r"(?P<logger>\S+) (?P<message>.+?)(?: id=(?P<request_id>\S+))?")
    assert Reader(form).record(line.encode()) == record


JOURNAL = Form(name="journald", optional=("level", "logger"), time_format=("epoch_us",))
OF_JOURNAL = Fields("t", "PRIORITY", "logger", "MESSAGE", None, None)


@pytest.mark.parametrize(
    ("form", "message", "line", "found"),
    [
        (Form(syntax="text", pattern="(?P<text>.*)"), None, '  File "x.py", line 3, in f', True),
        (Form(syntax="text", pattern="(?P<text>.*)"), None, "started", False),
        (JOURNAL, "MESSAGE", r'{"MESSAGE":"  File \"x.py\", line 3, in f"}', True),
        (JOURNAL, "MESSAGE", r'{"MESSAGE":"Traceback (most recent call last):"}', True),
        (JOURNAL, "MESSAGE", r'{"MESSAGE":"Traceback (most recent call last):\n  File \"x.py\", line 3"}', False),
        (JOURNAL, "MESSAGE", '{"MESSAGE":[84,114]}', False),
        (Form(syntax="text", pattern="[A-Z]+: (?P<m>.*)"), "m", "ERROR: ValueError: bad input", False),
        (Form(syntax="text", pattern="[A-Z]+: (?P<m>.*)"), "m", "ERROR: Traceback (most recent call last):", True),
    ],
)  # fmt: skip
def test_records_that_are_lines_of_a_stack_trace(
    form: Form, message: str | None, line: str, found: bool
) -> None:
    """A pattern that names no message is looked at as a whole; a record of the journal may hold a whole trace."""
    tally = judged([line], form, Fields(None, None, None, message, None, None))
    assert ("stack-trace $ a line of a stack trace app.log:1:1" in told(tally)) is found


@pytest.mark.parametrize(
    ("more", "seen"),
    [
        ({}, []),
        ({"errors_only": True, "error_level": "ERROR"}, ["level $.PRIORITY missing app.log:1:1"]),
        ({"keep_errors": True, "error_level": "ERROR"}, ["level $.PRIORITY missing app.log:1:1"]),
    ],
)
def test_a_record_that_need_not_say_its_level_may_be_an_error(more: dict[str, Any], seen: list[str]) -> None:
    """Nothing of its level is promised; but where errors are looked for, nothing is known of it."""
    tally = judged(['{"t":1700000000000000,"MESSAGE":"x"}'], JOURNAL, OF_JOURNAL, **more)
    assert told(tally) == seen
    report = Report()
    report.add(tally)
    assert levels(report).outcome is Outcome.UNMEASURED
    assert levels(report).reason == "no record says its level"
    if seen:
        assert error_log_holds_errors_only(report).outcome is Outcome.UNMEASURED


def test_a_hyphen_in_a_line_of_text_is_no_request_id() -> None:
    """As web servers write what they do not have; in JSON it is a text like any other."""
    fields = Fields(None, None, None, "message", "request_id", None)
    form = Form(syntax="text", pattern=r"(?P<request_id>\S+) (?P<message>.*)")
    found = told(judged(["r1 a", "- b"], form, fields, request_scoped=("*",)))
    assert found == ["request-id $.request_id empty app.log:2:1"]
    assert told(judged(['{"request_id":"-","message":"b"}'], Form(), fields, request_scoped=("*",))) == []


@pytest.mark.parametrize(("timestamp", "misfits"), [("timestamp", 0), ("docker.time", 1)])
def test_a_schema_of_ones_own_sees_no_time_that_nobody_asked_for(timestamp: str, misfits: int) -> None:
    """What the runtime puts around a record becomes a field only where it is the record's time."""
    fields = Fields(timestamp, None, None, None, None, None)
    schema = {"additionalProperties": False, "properties": {"timestamp": True}}
    promise = LogPromise(schema=schema, fields=fields, form=Form(wrapper="docker"), levels=LEVELS)
    line = DOCKER.format(r"{\"timestamp\":\"2026-11-01T00:00:00Z\"}", 1)
    tally = LineJudge(promise).judge(Block(f"{line}\n".encode(), "app.log", 1, "app.log", 2e9))
    assert tally.invalid == misfits
    assert tally.times is not None
