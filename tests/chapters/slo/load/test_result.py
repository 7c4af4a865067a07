"""The load result as a document."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import deployspec
from deployspec.chapters.slo.load.plan import Plan, Route
from deployspec.chapters.slo.load.result import LoadResult, Process, Second, described
from deployspec.chapters.slo.load.tally import Tally

HALF = 500_000_000
SCHEMA = json.loads((Path(deployspec.__file__).parent / "schemas" / "load-result.schema.json").read_text())


def result(**more: Any) -> LoadResult:
    """A small run of two routes: 98 quick requests, one slow, one failed; 5 processes' worth of nothing else."""
    routes = (
        Route("a", "GET", "/a?token=sesame", 1.0),
        Route("b", "POST", "/b", 1.0, {"A": "sesame"}, '"sesame"'),
    )
    plan = Plan(base_url="http://h", routes=routes, rate=10.0, duration=10.0, seed=3, thresholds=(HALF,))
    tally = Tally.empty(plan.thresholds, 2)
    for number in range(98):
        tally.routes[number % 2].add_request(number, 1_000_000 * (number + 1), "200", "")
    tally.routes[0].add_request(98, HALF, "200", "")
    tally.routes[1].add_request(99, 5, "", "connection reset")
    tally.chosen[0].add_request(98, HALF, "200", "")
    tally.needed[1].add_request(99, 5, "", "connection reset")
    tally.lateness.update({100: 99, 9_000: 1})
    tally.warm_up["ok"] = 20
    told = {
        "plan": described(plan, lambda text: text.replace("sesame", "***")),
        "started": "2026-11-26T12:00:00.000Z",
        "tally": tally,
        "seconds": (Second(0, 10, 9, 1, 2, 0.1, 0.2, 0.3), Second(1, 10, 0, 0, 3, None, None, None)),
        "processes": (Process(0, 1234, 1.5, 50_000_000, ended=True),),
        "elapsed": 10.0,
    }
    return LoadResult(**{**told, **more})


def test_it_fits_its_schema() -> None:
    """What is written is what the schema says, and nothing secret is in it."""
    document = json.loads(json.dumps(result().document()))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(document, SCHEMA)
    assert "sesame" not in json.dumps(document)


def test_a_run_that_never_began_fits_its_schema() -> None:
    """Nothing measured is a result, too."""
    empty = result(
        tally=Tally.empty((HALF,), 2), seconds=(), processes=(), started="", trouble="no Locust", elapsed=0
    )
    jsonschema.validate(json.loads(json.dumps(empty.document())), SCHEMA)
    assert empty.dispatched_share is None
    assert not empty.late


def test_it_reads_back() -> None:
    """All that a verdict or a report needs survives: the document of what was read is the document."""
    document = json.loads(json.dumps(result().document()))
    assert LoadResult.from_document(document).document() == document


def test_the_first_format_is_read() -> None:
    """It does not say what is bad whatever the generator did: then nothing is known to be."""
    document = json.loads(json.dumps(result().document()))
    assert any(route["certain"] for route in document["routes"])
    old = {
        **{name: told for name, told in document.items() if name != "connections"},
        "format": "deployspec.load/1",
    }
    old["plan"] = {name: told for name, told in old["plan"].items() if name != "new_connections"}
    old["routes"] = [
        {name: told for name, told in route.items() if name != "certain"} for route in document["routes"]
    ]
    jsonschema.validate(old, SCHEMA)
    read = LoadResult.from_document(old)
    assert read.document()["total"] == document["total"]
    assert read.document()["connections"]["chosen"]["requests"] == 0
    with pytest.raises(KeyError):
        LoadResult.from_document({**old, "format": document["format"]})


def test_the_total_is_the_routes_together() -> None:
    """Counts and histograms alike."""
    document = result().document()
    assert document["total"]["requests"] == 100
    assert document["total"]["failed"] == 1
    assert document["total"]["slow"] == [{"of": 99, "slow": 1}]
    assert document["total"]["latency"]["samples"] == 100


def test_connections_are_told_apart() -> None:
    """Chosen for a new one, needed one, and the rest; their latencies are their own, and together they are all."""
    document = result().document()
    told = document["connections"]
    assert {name: told[name]["requests"] for name in ("chosen", "needed", "kept")} == {
        "chosen": 1,
        "needed": 1,
        "kept": 98,
    }
    assert told["chosen"]["slow"] == [{"of": 1, "slow": 1}]
    assert told["kept"]["slow"] == [{"of": 98, "slow": 0}]
    assert told["needed"]["errors"] == {"connection reset": 1}
    assert told["kept"]["errors"] == {}
    assert told["kept"]["latency"]["milliseconds"]["max"] < 100


@pytest.mark.parametrize(
    ("lateness", "late"),
    [
        pytest.param({100: 98, 9_900: 2}, False, id="below"),
        pytest.param({100: 98, 10_000: 2}, False, id="at"),
        pytest.param({100: 98, 10_004: 2}, False, id="of-the-same-three-digits"),
        pytest.param({100: 98, 10_300: 2}, True, id="above"),
        pytest.param({100: 100, 20_000: 1}, False, id="less-than-one-in-hundred"),
    ],
)
def test_a_generator_is_late_above_10_ms_at_p99(lateness: dict[int, int], late: bool) -> None:
    """Not at 10 ms; and the percentile is the 99th."""
    told = result()
    told.tally.lateness.clear()
    told.tally.lateness.update(lateness)
    assert bool(told.late) == late
    assert LoadResult.from_document(told.document()).late == told.late


@pytest.mark.parametrize("longest", [10_010, 10_020, 10_300, 52_000])
def test_what_is_told_of_lateness_is_what_was_compared(longest: int) -> None:
    """The share, which is above its limit as shown, though the percentile by nearest rank may be below 10 ms."""
    told = result()
    told.tally.lateness.clear()
    told.tally.lateness.update({9_800: 158, longest: 2})
    assert told.lateness.at(99) <= 10_000  # type: ignore[operator]
    words = re.fullmatch(
        r"([0-9.]+)% of the requests were dispatched more than 10 ms late \(at most 1%\), the latest of them ([0-9.]+) s",
        told.late,
    )
    assert words, told.late
    assert float(words[1]) > 1
    assert float(words[2]) > 0.010


def test_a_share_of_dispatched_ones_is_not_rounded_onto_its_limit() -> None:
    """9,899 of 10,000 is told as 98.99%, and 98.9996% is not 99.00%."""
    told = result()
    told.tally.routes[0].bins[0][0] += 25_000 - 100 - 251
    told.tally.routes[0].undispatched["no free port left"] = 251
    assert "98.996% of the arrivals (at least 99%" in told.late


@pytest.mark.parametrize(("lost", "late"), [(1, False), (2, True)])
def test_a_generator_has_to_dispatch_99_percent(lost: int, late: bool) -> None:
    """100 of 101 are enough, 100 of 102 are not; and why is told."""
    told = result()
    for _ in range(lost):
        told.tally.routes[0].add_undispatched(5, "no free port left")
    assert bool(told.late) == late
    assert ("no free port left" in told.late) == late


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param({"format": "deployspec.load/3"}, id="another-version"),
        pytest.param({"routes": [{}]}, id="no-counts"),
        pytest.param({"generator": {}}, id="no-generator"),
    ],
)
def test_another_document_is_refused(spoilt: dict[str, Any]) -> None:
    """By one of three exceptions, which the command line tells as an error."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        LoadResult.from_document({**result().document(), **spoilt})
