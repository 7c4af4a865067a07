"""The report on a log, for a person and for a program."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import deployspec
from deployspec.chapters.logs.judge.judging import LineJudge
from deployspec.chapters.logs.judge.model import Block, LogPromise, LongLine, Trouble, Unfinished
from deployspec.chapters.logs.judge.report import Report
from deployspec.chapters.logs.report import as_json, as_text
from deployspec.model.verdict import Outcome

FORM = json.loads((Path(deployspec.__file__).parent / "schemas" / "log-report.schema.json").read_text())
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}


def report_on(*lines: bytes, kept: int = 3) -> Report:
    """The report on these lines of ``app.log``."""
    data = b"".join(line + b"\n" for line in lines)
    report = Report(kept=kept)
    judge = LineJudge(LogPromise(schema=SCHEMA, kept=kept))
    report.add(judge.judge(Block(data, "app.log", 1, "app.log", 1e12)))
    return report


def text_of(report: Report) -> list[str]:
    """Its lines, for a person."""
    return as_text(report, Outcome.BREACHED, "app.log").splitlines()


def test_a_sound_log_is_three_lines() -> None:
    """Verdict, lines, levels, time: nothing that has nothing to tell."""
    told = text_of(report_on(b'{"timestamp":"2026-11-01T10:00:00.000Z","level":"INFO"}'))
    assert told == [
        "app.log: BREACHED",
        "  lines   1 read, 1 valid, 0 invalid (56 bytes)",
        "  levels  INFO 1",
        "  time    2026-11-01T10:00:00.000Z to 2026-11-01T10:00:00.000Z",
    ]


def test_reasons_stand_by_their_number() -> None:
    """The most frequent first, each with its first places and an excerpt there."""
    told = text_of(report_on(b'{"n":"a","level":"INFO"}', b"x", b"y", b'{"n":"b","level":"INFO"}', b"z"))
    heads = [line for line in told if line[:1].isdigit()]
    assert [head.split()[:3] for head in heads] == [
        ["3", "json", "$"],
        ["2", "schema", "$.n"],
        ["2", "not", "read:"],
    ]
    assert heads[2] == "2  not read: time  $.timestamp  missing"
    assert [line.strip() for line in told if line.startswith("    app.log:")] == [
        "app.log:2:1",
        "app.log:3:1",
        "app.log:5:1",
        "app.log:1:6",
        "app.log:4:6",
        "app.log:1:1",
        "app.log:4:1",
    ]


@pytest.mark.parametrize("kept", [0, 1, 5])
def test_no_more_places_than_were_asked_for(kept: int) -> None:
    """``--first N``; none with 0, and the count is whole all the same."""
    told = text_of(report_on(*[b"x"] * 9, kept=kept))
    assert sum(line.startswith("    app.log:") for line in told) == kept
    assert any(line.startswith("9  json") for line in told)


def test_length_does_not_grow_with_the_lines() -> None:
    """A different wrong value, and a different unknown key, on each line is one reason."""
    many = [b'{"n":"%d","k%d":{"n":%d}}' % (number, number, number) for number in range(2000)]
    assert len(text_of(report_on(*many))) == len(text_of(report_on(*many[:3])))


def test_what_was_not_read_is_told() -> None:
    """Troubles with their places, the first twenty of them; unfinished lines; lines that are too long."""
    report = report_on(b"{}")
    for number in range(25):
        report.add(Trouble(f"{number}.log", number % 2, "cannot be read"))
    report.add(Unfinished("app.log", 2, b'{"n'))
    report.add(LongLine("app.log", 3, 300_000, b"x" * 4096))
    told = text_of(report)
    assert "  not read: 0.log: cannot be read" in told
    assert "  not read: 1.log:1: cannot be read" in told
    assert "  … and 5 more that could not be read" in told
    assert "  and 1 last line that is still being written, not judged" in told
    assert any(line.startswith("1  length") for line in told)
    assert max(map(len, told)) < 250


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (b"x", b'{"n":"a"}'),
        (b'{"level":"INFO","timestamp":"2026-11-01T10:00:00Z"}',),
        (b'{"message":" "}',),
    ],
)
def test_json_has_its_form(lines: tuple[bytes, ...]) -> None:
    """What a program reads is what the schema of reports describes, and can be written as JSON."""
    report = report_on(*lines)
    report.add(Trouble("b.log", 0, "is a directory"))
    document = as_json(report, Outcome.UNMEASURED, "app.log")
    jsonschema.Draft202012Validator(FORM).validate(json.loads(json.dumps(document)))
    assert document["lines"] == len(lines)
    assert document["verdict"] == "UNMEASURED"


def test_sizes() -> None:
    """In the unit that a person would choose."""
    sizes = {999: "999 bytes", 1000: "1.0 kB", 1_500_000: "1.5 MB", 2_000_000_000: "2,000.0 MB"}
    for size, told in sizes.items():
        assert f"({told})" in as_text(Report(size=size), Outcome.MET, "app.log")
