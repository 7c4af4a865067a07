"""The highest rate of arrivals that is held, beside plain Locust's closed loop, which sends as fast as it can."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable

from bench.load_tools import BenchError, kept, locust, ours
from bench.processes import spread

ROUNDS = 3
SECONDS = 5.0
USERS = 20
"""Of plain Locust, a process."""
STEP = 1.05
SLOWEST = 200.0
"""Arrivals a second: the foot of the ladder of rates, each a step above the last."""
TRIES = 8
"""Rates that one search tries at most."""
LIMIT = 0.6


def run(url: str) -> str:
    """Measure, and return the results as Markdown."""
    rows, verdicts = [], []
    plain: dict[int, list[float]] = {1: [], 2: []}
    mine: dict[int, list[float]] = {1: [], 2: []}
    for number in range(ROUNDS):
        for processes in (1, 2):
            if number % 2:
                mine[processes].append(_highest(url, processes, mine[processes], number))
            plain[processes].append(_closed(url, processes))
            if not number % 2:
                guess = mine[processes] or [LIMIT * plain[processes][0]]
                mine[processes].append(_highest(url, processes, guess, number))
    for processes in (1, 2):
        ratios = [one / other for one, other in zip(mine[processes], plain[processes], strict=True)]
        name = "one process" if processes == 1 else "two processes"
        rows.append(
            f"| {name} | {spread(plain[processes], 0)} | {spread(mine[processes], 0)} | {spread(ratios)} |"
        )
        verdicts.append(f"- Ours at least {LIMIT} of it, {name}: {kept(statistics.median(ratios) >= LIMIT)}.")
    return f"""### Rate

Against nginx with one worker process, which shares the machine's cores with the generators. {ROUNDS} rounds,
alternating; median (smallest to largest), requests a second. Plain Locust: {USERS} `FastHttpUser`s a process, each asks
again as soon as it has its answer. Ours: the highest rate of arrivals, in steps of {STEP - 1:.0%}, at which 99% of the
requests were dispatched at most 10 ms late, at least 99% of the arrivals were dispatched, and none failed, for
{SECONDS:g} s, in the first or the second of two tries.

| | plain Locust, closed | ours, open | ratio, round by round |
| --- | --- | --- | --- |
{rows[0]}
{rows[1]}

{verdicts[0]}
{verdicts[1]}
"""


def _closed(url: str, processes: int) -> float:
    users = USERS * processes
    told = locust(url, "Busy", users, SECONDS, processes=processes)
    if told.failed:
        raise BenchError(f"{told.failed} requests of plain Locust failed")
    _say(f"plain Locust, {processes} process(es): {told.rate:.0f} a second")
    return told.rate


def _highest(url: str, processes: int, guess: list[float], number: int) -> float:
    """The highest rate that is held; the search begins at the last of the guesses."""

    def holds(step: int) -> bool:
        rate = SLOWEST * STEP**step
        for _ in range(2):
            # A stall of the machine of 50 ms makes 1% of 5 s late: one such run tells nothing.
            result = ours(url, rate, SECONDS, processes=processes)
            held = not (result.late or result.total.errors)
            _say(f"ours, {processes} process(es): {rate:.0f} a second {'held' if held else 'not held'}")
            if held:
                return True
        return False

    start = 0
    while SLOWEST * STEP ** (start + 1) <= guess[-1] * 1.001:
        start += 1
    return SLOWEST * STEP ** highest(start, 1 if number else 4, holds)


def highest(start: int, stride: int, holds: Callable[[int], bool]) -> int:
    """The highest step that holds, as far as ``TRIES`` tell: up or down from ``start`` by ``stride``, and between one
    that holds and one that does not by halves. Raises BenchError where none holds.
    """
    low: int | None = None
    high: int | None = None
    for _ in range(TRIES):
        if low is not None and high is not None:
            if high - low == 1:
                return low
            at = (low + high) // 2
        elif low is not None:
            at = low + stride
        elif high is not None:
            at = high - stride
        else:
            at = start
        if holds(at):
            low = at
        else:
            high = at
    if low is None:
        raise BenchError("no rate was found that is held")
    return low


def _say(what: str) -> None:
    print(f"load: rate, {what}", file=sys.stderr, flush=True)
