"""A load run's result as a person reads it."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

from deployspec.chapters.slo.load.histogram import Histogram
from deployspec.chapters.slo.load.tally import RouteTally, Tally
from deployspec.chapters.slo.report import as_text, progress
from tests.chapters.slo.load.test_result import HALF, result


def test_the_report_has_what_was_measured() -> None:
    """Each route and all, what failed and why, the generator, and how the numbers are to be read."""
    text = as_text(result())
    assert (
        "10 requests/s (constant arrivals, seed 3) to http://h for 10.0 of 10 s, after a warm-up of 20 requests"
        in text
    )
    rows = {line.split("  ")[0]: line.split() for line in text.splitlines()}
    assert rows["a"][1:4] == ["50", "0", "98.000%"]
    assert rows["all"][1:4] == ["100", "1", "98.990%"]
    assert rows["all, chosen for a new connection"][6:9] == ["1", "0", "0.000%"]
    assert rows["all, no kept connection free"][5:8] == ["1", "1", "-"]
    assert rows["all, others"][2:5] == ["98", "0", "100.000%"]
    assert "statuses: 200 99 times" in text
    assert "1 times connection reset" in text
    assert "process 1 of 1 (pid 1234): 1.5 s of processor time, 50 MB" in text
    assert "from the intended start to the last byte" in text
    assert "sesame" not in text


def test_nothing_is_said_of_connections_that_were_not_told_apart() -> None:
    """As in a result of the first format."""
    told = result()
    told.tally.chosen[0] = told.tally.needed[1] = RouteTally([HALF])
    assert "connection free" not in as_text(told)
    assert "all, others" not in as_text(told)


def test_what_went_wrong_comes_first() -> None:
    """Trouble and a cut run are told before any number; a process that died, and a late generator, too."""
    told = result(trouble="process 2 of 2 died", cut_short="interrupted")
    told.tally.lateness.update({50_000: 100})
    lines = as_text(told).splitlines()
    assert lines[1] == "trouble: process 2 of 2 died"
    assert lines[2] == "cut short: interrupted"
    assert any(
        line.startswith("  LATE: 50.00% of the requests were dispatched more than 10 ms late")
        for line in lines
    )


def test_the_report_of_a_run_that_never_began() -> None:
    """No number is made up."""
    text = as_text(
        result(tally=Tally.empty((HALF,), 2), seconds=(), processes=(), started="", trouble="no Locust")
    )
    assert "trouble: no Locust" in text
    assert "nothing to dispatch" in text
    assert "nan" not in text.lower()


def test_a_long_run_has_no_longer_report() -> None:
    """The chart of a thousand seconds is sixty columns wide."""
    second = result().seconds[0]
    from dataclasses import replace

    seconds = tuple(replace(second, elapsed=float(number), p95=number / 1000) for number in range(1000))
    short, long = as_text(result()), as_text(result(seconds=seconds))
    assert len(long.splitlines()) <= len(short.splitlines()) + 4
    assert max(map(len, long.splitlines())) < 160


def test_what_a_server_says_cannot_drive_a_terminal() -> None:
    """Names and reasons are shown, not obeyed."""
    told = result()
    told.tally.routes[0].add_request(0, 5, "", "\x1b[31mred\n")
    assert "\x1b" not in as_text(told)
    assert "\x1b" not in as_text(result(trouble="\x1b[31mred", cut_short="\x1b[0m"))


def test_progress_is_one_line() -> None:
    """Elapsed, offered and achieved rate, in flight, percentiles, errors."""
    counting: Any = SimpleNamespace(
        elapsed=12.0,
        offered=600,
        in_flight=7,
        histogram=Histogram.of({1000: 300, 250_000: 288}),
        tally=Tally((), [RouteTally((), errors=Counter({"status 500": 12}))]),
    )
    line = progress(counting)
    assert (
        line
        == "load: 12 s, 50/s offered, 49/s ended, 7 in flight, p50 1.00 ms, p95 250.1 ms, p99 250.1 ms, 12 failed"
    )


def test_what_is_not_all_is_not_rounded_to_all() -> None:
    """One slow request of a million, and one that was not dispatched."""
    told = result()
    told.tally.routes[0].bins[0] = [1_000_000, 0, 1_000_000, 1]
    told.tally.routes[0].undispatched["late"] += 1
    text = as_text(told)
    rows = {line.split("  ")[0]: line.split() for line in text.splitlines()}
    assert rows["a"][3] == "99.9998%"
    assert rows["all"][3] == "99.9998%"
    assert "100.00% of the arrivals dispatched" not in text
