"""The faults of the traffic: what each does, that the service's own metrics show it, and that it ends."""

import http.client
import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reference.deal_scout.database import POOL_SIZE
from reference.faults.control import FaultError
from reference.faults.switch import TRAFFIC
from reference.faults.traffic.faults import FAULTS, BandAbove, BandBelow
from reference.process import Reference
from tests.suite import ROOT

from .client import Answer, ask, records, until, value

pytestmark = pytest.mark.xdist_group("deal-scout-busy")

BOOKS = {"category": "books", "condition": "good"}
QUICK = 0.45
"""Seconds: less than any fault adds, and far more than the healthy service takes."""
TESTED = {
    "slow-route",
    "one-slow-of-many",
    "slow-seven-percent",
    "errors-seven-percent",
    "errors-twenty-percent",
    "slow-600ms",
    "resets",
    "band-below",
    "band-above",
    "error-body-200",
    "too-many",
    "stall",
    "blind-metrics",
}
SEVEN = [15, 29, 43, 58, 72, 86, 100]
"""Which of 100 requests one after the other have their share of a seven-percent fault."""


@pytest.fixture(autouse=True)
def sound(reference: Reference) -> Iterator[None]:
    """Every test leaves the service as it found it: right and quick."""
    yield
    for one in (listings, suggest):
        assert is_quick(lambda one=one: one(reference))


def is_quick(one: Callable[[], Answer]) -> bool:
    """Whether no fault makes it slow: those would each time, a busy machine only now and then."""
    for _ in range(5):
        answer = one()
        assert answer.status == 200
        if answer.seconds < QUICK:
            return True
    return False


def listings(reference: Reference) -> Answer:
    """Ask the most used route."""
    return ask(reference, "/listings")


def suggest(reference: Reference) -> Answer:
    """Ask a route that few use."""
    return ask(reference, "/seller/pricing/suggest", method="POST", body=BOOKS, seller=True)


def hundred(one: Callable[[], object]) -> list[object]:
    """Ask a hundred times, a few at a time, for whom the service has turns; exceptions are results, too."""

    def result(_: int) -> object:
        try:
            return one()
        except (OSError, http.client.HTTPException) as error:
            return error

    with ThreadPoolExecutor(POOL_SIZE) as pool:
        return list(pool.map(result, range(100)))


class Counted:
    """What the service's own metrics say of GET /listings since this was made."""

    def __init__(self, reference: Reference, method: str = "GET", path: str = "/listings") -> None:
        self._reference = reference
        self._labels = {"method": method, "path": path}
        self._before: dict[tuple[str, ...], float] = {}
        for status in ("200", "429", "499", "500"):
            for sample in (
                "requests_total",
                "request_duration_seconds_count",
                "request_duration_seconds_sum",
            ):
                self._before[sample, status] = self._now(sample, status)
            self._before["half", status] = self._half(status)

    def requests(self, status: int) -> float:
        """Give how many were counted with this status; counter and histogram agree."""
        found = self._since("requests_total", str(status))
        assert self._since("request_duration_seconds_count", str(status)) == found
        return found

    def seconds(self, status: int) -> float:
        """Give the sum of their durations."""
        return self._since("request_duration_seconds_sum", str(status))

    def within_half_a_second(self, status: int) -> float:
        """Give how many took at most half a second."""
        return self._half(str(status)) - self._before["half", str(status)]

    def _since(self, sample: str, status: str) -> float:
        return self._now(sample, status) - self._before[sample, status]

    def _now(self, sample: str, status: str) -> float:
        return value(self._reference, f"deal_scout_{sample}", **self._labels, status=status)

    def _half(self, status: str) -> float:
        name = "deal_scout_request_duration_seconds_bucket"
        return value(self._reference, name, **self._labels, status=status, le="0.5")


def test_every_fault_is_tested() -> None:
    """The faults and the tests name the same."""
    assert set(FAULTS) == TESTED


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"stall"}))
def test_probes_and_scrapes_are_spared(reference: Reference, name: str) -> None:
    """Health endpoint, metrics and ping stay right and quick, and do not count as one of a hundred."""
    with reference.traffic_fault(name):
        # Of so many at least three would be slow, were they not spared, in each round: of a busy machine, not in each.
        for _ in range(5):
            answers = [ask(reference, path) for _ in range(15) for path in ("/ping", "/health", "/metrics")]
            assert {answer.status for answer in answers} == {200}
            if max(answer.seconds for answer in answers) < QUICK:
                break
        else:
            pytest.fail("in each of five rounds one was slow")


def test_slow_route(reference: Reference) -> None:
    """The listings take 0.7 s longer, in the metrics too; prices come as quickly as ever."""
    counted = Counted(reference)
    with reference.traffic_fault("slow-route"):
        answer = listings(reference)
        assert answer.seconds >= 0.7
        assert (answer.status, answer.json["count"] > 0) == (200, True)
        assert is_quick(lambda: suggest(reference))
    assert (counted.requests(200), counted.within_half_a_second(200)) == (1, 0)
    assert counted.seconds(200) >= 0.7


def test_one_slow_of_many(reference: Reference) -> None:
    """Prices take 0.7 s longer, in the metrics too; the listings come as quickly as ever."""
    counted = Counted(reference, "POST", "/seller/pricing/suggest")
    with reference.traffic_fault("one-slow-of-many"):
        answer = suggest(reference)
        assert answer.seconds >= 0.7
        assert (answer.status, answer.json["comparables"] > 0) == (200, True)
        assert is_quick(lambda: listings(reference))
    assert (counted.requests(200), counted.within_half_a_second(200)) == (1, 0)


def test_slow_seven_percent(reference: Reference) -> None:
    """Seven of a hundred take 0.7 s longer, in the metrics too, and all are right."""
    counted = Counted(reference)
    with reference.traffic_fault("slow-seven-percent"):
        answers = hundred(lambda: listings(reference))
    slow = [
        answer.seconds >= 0.7 for answer in answers if isinstance(answer, Answer) and answer.status == 200
    ]
    # A machine that is busy makes others slow, too, but not most of them.
    assert len(slow) == 100
    assert 7 <= sum(slow) < 50
    assert counted.requests(200) == 100
    assert 50 < counted.within_half_a_second(200) <= 93


def test_errors_seven_percent_are_spread_and_begin_anew(reference: Reference) -> None:
    """Seven of a hundred are answered 500, evenly spread, counted under their route; each turn counts anew."""
    counted = Counted(reference)
    for _ in range(2):
        with reference.traffic_fault("errors-seven-percent"):
            answers = [listings(reference) for _ in range(100)]
        assert [number for number, answer in enumerate(answers, 1) if answer.status != 200] == SEVEN
    wrong = answers[-1]
    assert (wrong.status, wrong.json) == (500, {"detail": "Internal Server Error"})
    assert wrong.headers["content-type"] == "application/json"
    assert "x-request-id" in wrong.headers
    assert (counted.requests(200), counted.requests(500)) == (186, 14)


def test_errors_twenty_percent(reference: Reference) -> None:
    """Every fifth request is answered 500, counted under its route."""
    counted = Counted(reference)
    with reference.traffic_fault("errors-twenty-percent"):
        answers = [listings(reference) for _ in range(20)]
    assert [number for number, answer in enumerate(answers, 1) if answer.status == 500] == [5, 10, 15, 20]
    assert (counted.requests(200), counted.requests(500)) == (16, 4)


def test_slow_600ms(reference: Reference) -> None:
    """Every request takes 600 ms, in the metrics too."""
    counted = Counted(reference)
    with reference.traffic_fault("slow-600ms"):
        answers = [listings(reference), suggest(reference)]
    assert min(answer.seconds for answer in answers) >= 0.6
    assert {answer.status for answer in answers} == {200}
    assert (counted.requests(200), counted.within_half_a_second(200)) == (1, 0)


def test_resets(reference: Reference) -> None:
    """Seven of a hundred connections are reset without an answer; the metrics call them 499, not 500."""
    counted = Counted(reference)
    with reference.traffic_fault("resets"):
        results = hundred(lambda: listings(reference))
    assert sum(isinstance(result, ConnectionResetError) for result in results) == 7
    assert sum(isinstance(result, Answer) and result.status == 200 for result in results) == 93
    until(lambda: counted.requests(499) == 7)
    assert (counted.requests(200), counted.requests(500)) == (93, 0)


@pytest.mark.parametrize(("name", "lowest"), [("band-below", 400), ("band-above", 505)])
def test_bands(reference: Reference, name: str, lowest: int) -> None:
    """Answers leave no earlier than the band begins, and differ; the metrics show the same side of 0.5 s.

    A busy machine can only delay, so no later than the band ends they leave in one round of five.
    """
    latest = [_round_of_a_band(reference, name, lowest)]
    while not (latest[-1][17] < lowest + 35 and (name == "band-above" or latest[-1][29] < 500)):
        assert len(latest) < 5, latest
        latest.append(_round_of_a_band(reference, name, lowest))


def _round_of_a_band(reference: Reference, name: str, lowest: int) -> list[float]:
    """The milliseconds of 36 answers, in order; what no busy machine changes is asserted."""
    counted = Counted(reference)
    with reference.traffic_fault(name), ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: listings(reference), range(36)))
    assert {answer.status for answer in answers} == {200}
    assert min(answer.seconds for answer in answers) >= lowest / 1000
    # The service's own clock, since the client's thread may wait for its turn after the answer has come.
    ids = {answer.headers["x-request-id"] for answer in answers}

    def durations() -> list[float]:
        access = records(reference, "app.log", logger="deal_scout.access", path="/listings")
        return sorted(record["duration_ms"] for record in access if record["request_id"] in ids)

    until(lambda: len(durations()) == 36)  # a record is written after its answer has left
    times = durations()
    assert times[0] >= lowest
    assert times[-1] - times[0] > 20
    # The metrics measure a little less than the access log.
    assert counted.within_half_a_second(200) >= sum(each < 500 for each in times)
    if name == "band-above":
        assert counted.within_half_a_second(200) == 0
    assert counted.requests(200) == 36
    return times


def test_bands_are_even() -> None:
    """Of 36 answers in a row, each whole millisecond of the band has one, and neighbours lie apart."""
    for kind, first, last in ((BandBelow, 400, 435), (BandAbove, 505, 540)):
        fault = kind()
        due = [round(fault.due() * 1000) for _ in range(36)]
        assert sorted(due) == list(range(first, last + 1))
        assert min(abs(one - other) for one, other in itertools.pairwise(due)) > 10


def test_error_body_with_200(reference: Reference) -> None:
    """The listings' answer is an error but for its status, which is what the metrics count; prices are right."""
    counted = Counted(reference)
    with reference.traffic_fault("error-body-200"):
        answer = listings(reference)
        assert suggest(reference).json["comparables"] > 0
    assert (answer.status, list(answer.json)) == (200, ["error"])
    assert answer.headers["content-type"] == "application/json"
    assert counted.requests(200) == 1


def test_too_many(reference: Reference) -> None:
    """Everything is turned away, with the time after which to try again, and nothing is done."""
    counted = Counted(reference)
    snaps = Counted(reference, "POST", "/seller/snap")
    with reference.traffic_fault("too-many"):
        body = {"title": "Atlas", "category": "books"}
        snap = ask(reference, "/seller/snap", method="POST", body=body, seller=True)
        answers = [listings(reference), suggest(reference), snap]
    assert {answer.status for answer in answers} == {429}
    assert {answer.headers["retry-after"] for answer in answers} == {"5"}
    assert (counted.requests(429), snaps.requests(429)) == (1, 1)
    request_id = snap.headers["x-request-id"]
    until(lambda: records(reference, "app.log", request_id=request_id, logger="deal_scout.access"))
    assert len(records(reference, "app.log", request_id=request_id)) == 1


def test_stall(reference: Reference) -> None:
    """From two seconds on nothing is answered for three; then everything is."""
    with reference.traffic_fault("stall"):
        switched = time.monotonic()
        assert is_quick(lambda: listings(reference))
        time.sleep(switched + 2.2 - time.monotonic())
        with ThreadPoolExecutor(2) as pool:
            waits = list(pool.map(lambda path: ask(reference, path).seconds, ("/ping", "/listings")))
        assert time.monotonic() - switched >= 4.9
        assert min(waits) > 2.0
        assert is_quick(lambda: listings(reference))


def test_stall_ends_when_switched_off(reference: Reference) -> None:
    """Whoever switches the fault off need not wait for the stall's end."""
    with reference.traffic_fault("stall"):
        switched = time.monotonic()
        listings(reference)
        time.sleep(switched + 2.2 - time.monotonic())
        with pytest.raises(TimeoutError):
            ask(reference, "/ping", limit=0.3)
    assert is_quick(lambda: listings(reference))
    assert time.monotonic() - switched < 4.5


def test_blind_metrics(reference: Reference) -> None:
    """All answers are right, and have their access record; the metrics saw every other one only."""
    counted = Counted(reference)
    prices = Counted(reference, "POST", "/seller/pricing/suggest")
    with reference.traffic_fault("blind-metrics"):
        answers = [listings(reference) for _ in range(10)]
        suggest(reference)
        suggest(reference)
    assert {answer.status for answer in answers} == {200}
    assert counted.requests(200) == 5
    assert prices.requests(200) == 2
    ids = {answer.headers["x-request-id"] for answer in answers}
    until(lambda: ids <= {record["request_id"] for record in records(reference, "app.log", path="/listings")})


def test_unknown_fault_is_refused(reference: Reference, tmp_path: Path) -> None:
    """A name that is none, or a folder without a deployment, is an error, and leaves no file."""
    with (
        pytest.raises(FaultError, match="there is no traffic fault 'slow-rout'; `list` names them"),
        reference.traffic_fault("slow-rout"),
    ):
        pass
    with pytest.raises(FaultError, match="no reference deployment"):
        TRAFFIC.turn(tmp_path, "stall")
    assert list(tmp_path.iterdir()) == []


def test_command_switches(reference: Reference) -> None:
    """`traffic NAME` and `traffic none` are in effect when they return; an unknown name is refused in a line."""

    def traffic(name: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "reference.faults", "traffic", name, "--folder", str(reference.folder)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    assert traffic("too-many").returncode == 0
    assert listings(reference).status == 429
    refused = traffic("too-few")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert listings(reference).status == 429
    assert traffic("none").returncode == 0
    assert listings(reference).status == 200
