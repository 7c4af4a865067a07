"""Lines that are passed over by their shape have the verdict that the slow judges give them."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from deployspec.chapters.logs import formats
from deployspec.chapters.logs.form import Fields, Form
from deployspec.chapters.logs.judge import plainly
from deployspec.chapters.logs.judge.judging import LineJudge
from deployspec.chapters.logs.judge.model import Block, LogPromise
from deployspec.chapters.logs.judge.report import Report
from deployspec.chapters.logs.judge.schema import described
from deployspec.chapters.logs.part import source_of_data
from proven.emitters.described import FORMATS
from tests.chapters.logs.judge.blocks import NOW, SCHEMA, told
from tests.chapters.logs.judge.near import MANY, block_of, near
from tests.chapters.logs.judge.oracle import Oracle
from tests.suite import ROOT
from tests.trials import trials

PROMISE = LogPromise(
    schema=SCHEMA,
    log_level="INFO",
    keep_errors=True,
    request_scoped=("shop.api",),
    kept=10_000,
    secrets=False,
)
ORACLE = Oracle(SCHEMA)
SMALL = 20
"""Lines of a block from which nothing is learned."""


@pytest.fixture(autouse=True)
def _from_the_first_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plainly, "AFTER", 0)


def judged(lines: list[bytes], promise: LogPromise, size: int) -> tuple[Report, list[Any], int]:
    """What is reported of these lines, the errors that were kept, and how many lines were passed over; ``size``: the lines
    of a block."""
    judge, report = LineJudge(promise), Report(kept=promise.kept)
    errors: list[Any] = []
    passed = 0
    over = judge._passing.over

    def counted(data: bytes, whole: Any) -> Any:
        nonlocal passed
        plain = over(data, whole)
        passed += 0 if plain is None else plain.lines - len(plain.rest)
        return plain

    judge._passing.over = counted  # type: ignore[method-assign]
    for start in range(0, len(lines), size):
        data = b"".join(one + b"\n" for one in lines[start : start + size])
        block = Block(data, "app.log", start + 1, "app.log", NOW)
        tally = judge.judge(block)
        errors += tally.errors
        judge.add(block, tally, report)
    return report, errors, passed


def same(lines: list[bytes], promise: LogPromise = PROMISE) -> int:
    """How many lines were passed over, all else being as where none is."""
    fast, errors, passed = judged(lines, promise, len(lines))
    slow, others, none = judged(lines, promise, SMALL)
    assert none == 0
    assert told(fast) == told(slow)
    assert {**fast.unread} == {**slow.unread}
    assert (fast.lines, fast.invalid, fast.levels, fast.scoped, fast.undated) == (
        slow.lines,
        slow.invalid,
        slow.levels,
        slow.scoped,
        slow.undated,
    )
    assert errors == others
    return passed


@pytest.mark.parametrize("seed", range(trials(12)))
def test_near_lines(seed: int) -> None:
    """What is reported of lines of a few shapes, of which many are nearly right: the same as one by one, and by the oracle."""
    lines = near(Random(seed), MANY)  # noqa: S311 - the same lines every time
    is_text = b"".join(lines).decode("utf-8", "replace").encode() == b"".join(lines)
    assert (same(lines) > MANY / 4) is is_text
    report, *_ = judged(lines, PROMISE, len(lines))
    wrong = {
        int(place.rsplit(":", 1)[0]) - 1
        for (check, *_), places in told(report).items()
        if check in ("json", "schema")
        for place in places
    }
    assert wrong == {number for number, one in enumerate(lines) if not ORACLE.fits(one)}


def _record(number: int, **fields: object) -> dict[str, Any]:
    stamp = f"2026-11-24T03:{number // 6000:02}:{number // 100 % 60:02}.{number % 100:02}0Z"
    record = {
        "timestamp": stamp, "level": "INFO", "logger": "shop.api", "message": f"sold {number}",
        "request_id": f"r{number}", "n": number,
    } | fields  # fmt: skip
    return {name: value for name, value in record.items() if value is not ...}


def _among(*odd: bytes | dict[str, Any]) -> list[bytes]:
    """Many lines that are right, and these, far enough apart."""
    lines = block_of(_record(number) for number in range(MANY))
    for place, one in enumerate(odd):
        text = one if isinstance(one, bytes) else json.dumps(one, separators=(",", ":")).encode()
        lines[MANY // 2 + 7 * place : MANY // 2 + 7 * place + 1] = text.split(b"\n")
    return lines


_N = MANY // 2
_RIGHT = json.dumps(_record(_N), separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "odd",
    [
        _RIGHT.replace(b'"n":', b'"level":"INFO","n":'),
        _RIGHT.replace(b'"n":', b'"\\u006e":1,"n":'),
        _RIGHT.replace(b"sold", b"so\xffld"),
        _RIGHT.replace(b"sold", b"so\xed\xa0\x80ld"),
        _RIGHT.replace(b"sold", b"so\x00ld"),
        _RIGHT.replace(b"sold", b"so\tld"),
        _RIGHT.replace(b"sold", b"so\x7fld"),
        _RIGHT.replace(b"sold", b"so\\x"),
        _RIGHT.replace(b"sold", b"so\\"),
        _RIGHT.replace(b"sold", b'so\\"'),
        _RIGHT.replace(b'sold', b'\\"'),
        _RIGHT.replace(b"sold", b"\\ud800"),
        _RIGHT.replace(b"sold", b"\\ud83d\\ude00"),
        _RIGHT.replace(b"sold", b"\\ud83d\\\\ude00"),
        _RIGHT.replace(b"sold", b"\\u00e4\\n\\/\\\\"),
        _RIGHT.replace(b"sold", "ü 😀".encode()),
        _RIGHT.replace(b'"sold %d"' % _N, b'""'),
        _RIGHT.replace(b'"sold %d"' % _N, b'" "'),
        _RIGHT.replace(b'"sold %d"' % _N, b'"\\t"'),
        _RIGHT.replace(b'"sold %d"' % _N, '"\u3000"'.encode()),
        _RIGHT.replace(b'"r%d"' % _N, b'" "'),
        _RIGHT.replace(b'"r%d"' % _N, b"null"),
        _RIGHT.replace(b"shop.api", b"shop.other"),
        _RIGHT.replace(b"shop.api", b""),
        _RIGHT.replace(b"shop.api", b"shop\\/api"),
        _RIGHT.replace(b"INFO", b"DEBUG"),
        _RIGHT.replace(b"INFO", b"ERROR"),
        _RIGHT.replace(b"INFO", b"info"),
        _RIGHT.replace(b"INFO", b"\\u0049NFO"),
        _RIGHT.replace(b"2026-", b"2027-"),
        _RIGHT.replace(b"2026-", b"2025-"),
        _RIGHT.replace(b"2026-11", b"2026-13"),
        _RIGHT.replace(b"2026-11", b"2026\\u002d11"),
        _RIGHT.replace(b'"n":%d' % _N, b'"n":1e999'),
        _RIGHT.replace(b'"n":%d' % _N, b'"n":' + b"9" * 400),
        _RIGHT.replace(b'"n":%d' % _N, b'"n":01'),
        _RIGHT.replace(b'"n":%d' % _N, b'"n":-0'),
        _RIGHT.replace(b'"n":%d' % _N, b'"n":NaN'),
        _RIGHT.replace(b'"r%d"' % _N, b"\\"),
        _RIGHT.replace(b'"sold %d"' % _N, b"\\"),
        _RIGHT.replace(b'"r%d"' % _N, b'\\"'),
        _RIGHT.replace(b'"r%d"' % _N, b'"\\'),
        _RIGHT.replace(b'"r%d"' % _N, b"\\x\\"),
        _RIGHT.replace(b'"r%d"' % _N, b"\\n"),
        _RIGHT.replace(b'"n":%d' % _N, b'"n":1.'),
        _RIGHT.replace(b'"n":%d' % _N, b'"n":' + b"[" * 300 + b"]" * 300),
        b"\xef\xbb\xbf" + _RIGHT,
        _RIGHT + b"\r",
        b" " + _RIGHT,
        _RIGHT + _RIGHT,
        _RIGHT + b"," + _RIGHT,
        _RIGHT.replace(b"sold ", b"sold\n"),
        _RIGHT.replace(b'"level"', b'\n"level"'),
        _RIGHT[: len(_RIGHT) // 2],
        _RIGHT[:-1],
        b"",
        b"Traceback (most recent call last):",
    ],
)  # fmt: skip
def test_one_line_among_many_of_its_shape(odd: bytes) -> None:
    """Whatever is wrong with it is found, and with no other line; most others are passed over."""
    # Bytes that are no text leave their whole block to the slow way.
    assert (same(_among(odd)) > MANY * 0.9) is not (b"\xff" in odd or b"\xed\xa0" in odd)


@pytest.mark.parametrize("odd", [b"\\", b"\\\\", b'\\"', b"\\n", b"\\x\\", b'"\\', b'\\"\\"', b"\\ud800"])
def test_a_backslash_in_the_place_of_a_text(odd: bytes) -> None:
    """That is no text, nor an empty one, where the text may be any."""
    lines = block_of(_record(number, note="") for number in range(MANY))
    lines[_N] = lines[_N].replace(b'"note":""', b'"note":' + odd)
    assert same(lines) > MANY * 0.9
    report, *_ = judged(lines, PROMISE, len(lines))
    assert report.invalid == 1


@pytest.mark.parametrize("opens", [b"[", b'{"a":'])
def test_lines_that_are_nested_deep_have_no_shape(opens: bytes) -> None:
    """As deep as orjson reads them, which is deeper than Python's own stack."""
    deep = opens * 900 + b"1" + (b"]" if opens == b"[" else b"}") * 900
    assert same([one[:-1] + b',"deep":%b}' % deep for one in block_of(map(_record, range(40)))]) == 0


def test_a_name_of_defs_that_stands_for_another() -> None:
    """In a reference, ``~1`` is a slash: what is meant is asked, and not what is called so."""
    schema = {
        **SCHEMA,
        "$defs": {**SCHEMA.get("$defs", {}), "a~1b": {}, "a/b": {"properties": {"x": {"maximum": 5}}}},
        "properties": {**SCHEMA["properties"], "o": {"$ref": "#/$defs/a~1b"}},
    }
    promise = LogPromise(schema=schema, kept=10_000, secrets=False)
    lines = block_of(_record(number, o={"x": 6 if number == _N else 1}) for number in range(MANY))
    same(lines, promise)
    report, *_ = judged(lines, promise, len(lines))
    assert report.invalid == 1


@pytest.mark.parametrize("is_quicker", [True, False])
def test_the_quicker_way_is_taken_in_the_end(is_quicker: bool) -> None:
    """Both are tried, in turn, by a clock on which one of them takes twice as long."""
    now = 0.0
    judge = LineJudge(PROMISE, lambda: now)
    data = b"".join(one + b"\n" for one in block_of(map(_record, range(MANY))))
    passes: list[bool] = []
    over = judge._passing.over

    def timed(data: bytes, whole: Any) -> Any:
        nonlocal now
        plain = over(data, whole)
        passes.append(plain is not None)
        now += 1.0 if passes[-1] is is_quicker else 2.0
        return plain

    judge._passing.over = timed  # type: ignore[method-assign]
    for _ in range(40):
        judge.judge(Block(data, "app.log", 1, "app.log", NOW))
    assert {*passes[:9]} == {True, False}
    assert {*passes[20:]} == {is_quicker}


def test_two_halves_of_a_string_that_fit_together() -> None:
    """A string that has no end, and one that has no beginning, are two lines that are wrong, and not one that is right."""
    head, tail = _RIGHT.split(b"sold")
    lines = _among(head + b"sold\n" + tail)
    same(lines)
    report, *_ = judged(lines, PROMISE, len(lines))
    assert report.invalid == 2


@pytest.mark.parametrize(
    ("field", "schema", "right", "wrong"),
    [
        ("n", {"type": "integer", "maximum": 10**6}, 1, 10**7),
        ("n", {"minimum": 0}, 1, -1),
        ("n", {"multipleOf": 2}, 2, 3),
        ("n", {"enum": [1, 2]}, 2, 3),
        ("n", {"const": 1}, 1, 2),
        ("n", {"not": {"const": 2}}, 1, 2),
        ("n", {"anyOf": [{"const": 1}, {"type": "string"}]}, 1, 2),
        ("n", {"$ref": "#/$defs/small"}, 1, 100),
        ("t", {"type": "string", "pattern": "^[a-z]+$"}, "a", "A"),
        ("t", {"maxLength": 3}, "abc", "abcd"),
        ("t", {"minLength": 1}, "a", ""),
        ("t", {"type": ["string", "null"], "enum": ["a", None]}, "a", "b"),
        ("o", {"properties": {"x": {"type": "integer", "minimum": 5}}}, {"x": 5}, {"x": 4}),
        ("o", {"additionalProperties": {"maximum": 5}}, {"x": 5}, {"x": 6}),
        ("o", {"patternProperties": {"x": {"maximum": 5}}}, {"x": 5}, {"x": 6}),
        ("o", {"propertyNames": {"maxLength": 1}}, {"x": 5}, {"xy": 5}),
        ("o", {"if": {"properties": {"x": {"const": 1}}}, "then": {"required": ["y"]}}, {"x": 2}, {"x": 1}),
        ("a", {"items": {"maximum": 5}}, [5, 5], [5, 6]),
        ("a", {"uniqueItems": True}, [1, 2], [1, 1]),
        ("a", {"contains": {"const": 1}}, [1, 2], [2, 2]),
        ("a", {"prefixItems": [{"const": 1}]}, [1, 2], [2, 2]),
        ("b", {"const": True}, True, False),
    ],
)
def test_what_a_schema_says_of_a_value(field: str, schema: dict[str, Any], right: Any, wrong: Any) -> None:
    """Every keyword counts of lines of a known shape, too; those that need the whole record are left to the validator."""
    told_schema = {"$defs": {"small": {"maximum": 10}}, **SCHEMA}
    told_schema["properties"] = {**SCHEMA["properties"], field: schema}
    lines = block_of(_record(number, **{field: right}) for number in range(MANY))
    odd = _record(_N, **{field: wrong})
    lines[_N] = json.dumps(odd, separators=(",", ":")).encode()
    promise = LogPromise(schema=told_schema, kept=10_000, secrets=False)
    same(lines, promise)
    report, *_ = judged(lines, promise, len(lines))
    assert report.invalid == 1


def test_what_a_schema_says_of_one_logger() -> None:
    """A condition on one field decides what is asked of others: its value is a part of the shape."""
    rule = {"properties": {"logger": {"const": "shop.strict"}}, "required": ["logger"]}
    schema = {**SCHEMA, "allOf": [{"if": rule, "then": {"properties": {"n": {"maximum": 5}}}}]}
    records = [_record(number, logger=("shop.strict", "shop.api")[number % 2]) for number in range(MANY)]
    for number in range(0, MANY, 2):
        records[number]["n"] = 6 if number == _N else 5
    promise = LogPromise(schema=schema, kept=10_000, secrets=False)
    assert same(block_of(records), promise) > MANY * 0.9
    report, *_ = judged(block_of(records), promise, MANY)
    assert report.invalid == 1


@pytest.mark.parametrize(
    ("fields", "form"),
    [
        (Fields(timestamp="t", level="l"), Form(level_names={"30": "INFO"}, time_format=("epoch_ms",))),
        (
            Fields(timestamp="at.t", level="/at/l"),
            Form(level_names={"30": "INFO"}, time_format=("epoch_ms",)),
        ),
    ],
)
def test_other_names_levels_and_times(fields: Fields, form: Form) -> None:
    """Numbers for levels and times, at the top of records and deeper, of which one is late and one ahead."""

    def record(number: int, level: int, moment: float) -> dict[str, Any]:
        said = {"l": level, "t": moment}
        rest = {"logger": "a", "message": f"m{number}"}
        return {**said, **rest} if fields.level == "l" else {"at": said, **rest}

    moments = [1000 * NOW - 50_000 + number for number in range(MANY)]
    moments[_N] -= 10_000
    moments[_N + 9] += 10**6
    levels = [10 if number == _N + 20 else 30 for number in range(MANY)]
    lines = block_of(record(*one) for one in zip(range(MANY), levels, moments, strict=True))
    promise = LogPromise(schema={"type": "object"}, fields=fields, form=form, kept=10_000, secrets=False)
    assert same(lines, promise) > MANY * 0.9
    report, *_ = judged(lines, promise, MANY)
    assert sorted({reason.check for reason in report.found}) == ["backwards", "future", "level"]


@pytest.mark.parametrize("name", [name for name, (said, _) in FORMATS.items() if "format" in said])
def test_what_emitters_write(name: str) -> None:
    """Recorded logs, over and over, are judged alike in blocks that are large enough to learn from and in others."""
    said = FORMATS[name][0]
    source = source_of_data(formats.described(said, {"name": "", "timeout": "1m", **said}), ROOT)
    promise = LogPromise(
        schema=described(source.fields, source.levels, source.form),
        fields=source.fields,
        form=source.form,
        levels=source.levels,
        kept=10_000,
    )
    recorded = (ROOT / "tests" / "chapters" / "logs" / "recorded" / f"{name}.log").read_bytes()
    lines = recorded.split(b"\n")[:-1] * (1 + 40_000 // len(recorded))
    same(lines, promise)
