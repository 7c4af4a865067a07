"""The fast judge and the slow, strict one agree on every line."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployspec.contracts.logs.judging import LineJudge
from deployspec.contracts.logs.model import Block, LogPromise
from deployspec.contracts.logs.schema import combined
from tests.contracts.logs.oracle import ADDED, BASE, Oracle, line

SCHEMA = combined(BASE, ADDED)
ORACLE = Oracle(SCHEMA)
LINES = 100


def invalid(judge: LineJudge, lines: list[bytes]) -> set[int]:
    """The numbers of the lines that are no records, or do not fit."""
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
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
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
