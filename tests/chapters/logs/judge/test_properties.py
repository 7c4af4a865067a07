"""The fast judge and the slow, strict one agree on every line."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployspec.base import strict_json
from deployspec.chapters.logs.judge.judging import LineJudge
from deployspec.chapters.logs.judge.model import Block, LogPromise
from deployspec.chapters.logs.judge.schema import combined
from tests.chapters.logs.judge.oracle import ADDED, BASE, Oracle, line
from tests.trials import trials

SCHEMA = combined(BASE, ADDED)
ORACLE = Oracle(SCHEMA)
LINES = 100


def invalid(judge: LineJudge, lines: list[bytes]) -> set[int]:
    """The numbers of the lines that are not records, or do not fit."""
    tally = judge.judge(Block(b"\n".join(lines) + b"\n", "app.log", 0, "app.log", 0.0))
    assert tally.lines == len(lines)
    found = {
        place.line
        for reason, one in tally.found.items()
        if reason.check in ("json", "schema")
        for place in one.places
    }
    assert tally.invalid == len(found)
    return found


def expected(lines: list[bytes]) -> set[int]:
    """The same, by the oracle."""
    return {number for number, one in enumerate(lines) if not ORACLE.fits(one)}


@given(random=st.randoms(use_true_random=False))
@settings(
    max_examples=trials(50), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # fmt: skip
def test_every_line(random: Random) -> None:
    """5,000 lines, a hundred at a time, have the same verdict from both."""
    lines = [line(random) for _ in range(LINES)]
    assert invalid(LineJudge(LogPromise(schema=SCHEMA, secrets=False, kept=10_000)), lines) == expected(lines)


@pytest.mark.parametrize("seed", range(3))
def test_many_records_with_few_faults(seed: int) -> None:
    """The same, where most lines are right, so that they are judged together."""
    random = Random(seed)  # noqa: S311 - the same lines every time
    good = [one for one in (line(random) for _ in range(2000)) if ORACLE.fits(one)]
    lines = [line(random) if not random.randrange(60) else random.choice(good) for _ in range(1500)]
    assert invalid(LineJudge(LogPromise(schema=SCHEMA, secrets=False, kept=10_000)), lines) == expected(lines)


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("9223372036854775808", True),
        ("-9223372036854775809", True),
        ("18446744073709551616", True),
        ("123456789012345678901234567890", True),
        ("-" + "9" * 308, True),
        ("17976931348623158" + "0" * 292, True),
        ("17976931348623159" + "0" * 292, False),
        ("9" * 309, False),
        ("1e999", False),
        ("-1E400", False),
        ("0e999", True),
    ],
)
@pytest.mark.parametrize("together", [1, 3])
def test_numbers_of_any_size(number: str, valid: bool, together: int) -> None:
    """A number is valid, and an integer one, up to what is infinity to most readers: the judge, alone and together,
    the strict reader, the oracle and both schema libraries say so alike."""
    line = f'{{"count":{number}}}'.encode()
    schema = {"type": "object", "properties": {"count": {"type": "integer"}}}
    judge = LineJudge(LogPromise(schema=schema, secrets=False, kept=10_000))
    assert isinstance(strict_json.parse(line), strict_json.Parsed) is valid
    assert Oracle(schema).fits(line) is valid
    assert invalid(judge, [line] * together) == (set() if valid else set(range(together)))


@pytest.mark.parametrize(
    "lines",
    [
        [b'{"a":', b'1}'],
        [b'{"a":"', b'"}'],
        [b"{}, {}", b"", b"{}"],
        [b"[{}", b"{}]", b"{}"],
        [b'{"a":1', b',"b":2}', b"{}", b"{},{}"],
        [b"{}", b"]", b"["],
    ],
)  # fmt: skip
def test_lines_that_only_together_are_json(lines: list[bytes]) -> None:
    """Lines that form JSON together are each judged alone."""
    judge = LineJudge(LogPromise(schema={"type": "object"}, secrets=False, kept=10_000))
    oracle = Oracle({"type": "object"})
    assert invalid(judge, lines) == {number for number, one in enumerate(lines) if not oracle.fits(one)}


def test_a_key_twice_beside_a_quote_and_a_colon_in_a_text() -> None:
    """What stands in the text of one line does not make up for the key that another has twice, nor does a blank before a
    colon somewhere else."""
    lines = [b'{"message":"a \\"word\\": b"}', b'{"level":1,"level":1}', b'{"level" :1}']
    judge = LineJudge(LogPromise(schema={"type": "object"}, secrets=False, kept=10_000))
    assert invalid(judge, lines) == {1}
