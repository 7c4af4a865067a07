"""Remote write: what is sent when, what is remembered, and which series are refused."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec import __version__
from deployspec.app import OURS, SINKS
from deployspec.deployment import load
from deployspec.deployment.push import PUSH
from deployspec.model.http import Answer, Timings
from deployspec.model.metrics import Family, Sample
from deployspec.probe.pushing import senders_of
from deployspec.sinks import remote_write
from deployspec.sinks.delivering import Delivery
from deployspec.sinks.remote_write import MOST_SERIES
from deployspec.sinks.requests import Refused
from deployspec.sinks.sending import NotSent, Report
from tests.sinks.decoding import Sent, decoded, read
from tests.sinks.recording import Answer as Told
from tests.sinks.recording import Recording, recording, report_of, run_of, sender
from tests.trials import trials

RECEIVER = (
    "; expected the URL of a receiver, such as http://prometheus:9090/api/v1/write, which Prometheus has if it is "
    "started with --web.enable-remote-write-receiver"
)
COMMON = {"deployment": "production", "job": "deployspec", "location": "cellar"}


def report(*checks: str, limit: float = 10.0, run: int = 1) -> Report:
    """A run of one gauge, with a series for each check."""
    samples = tuple(Sample(index, {"check": check}) for index, check in enumerate(checks))
    families = (Family("one", "gauge", "Of a check.", samples), Family("all_total", "counter", "Of the run."))
    return report_of(run_of(run), limit=limit)._replace(families=families)


def written(memory: Any) -> Any:
    """What was remembered, as it comes from the sink's file."""
    return json.loads(json.dumps(memory))


def pushed(server: Recording) -> list[list[Sent]]:
    """The requests with series; one without asks for the time."""
    return [sent for asked in server.asked if (sent := read(asked.body))]


def checks(sent: list[Sent]) -> dict[str, float | None]:
    """By its check, what was sent of each series."""
    return {dict(one.labels)["check"]: one.value for one in sent}


class Choosy:
    """A receiver as Prometheus is: it refuses a whole request for one series in it, and does not say which."""

    url = "http://there"

    def __init__(self, refuses: Callable[[Sent], bool]) -> None:
        self._refuses = refuses
        self.asked = 0
        self.has: list[Sent] = []
        self.date: str | None = None

    def post(self, report: Report, url: str, body: bytes, headers: Any) -> Answer:
        """Take all of a request, or nothing. It has the same time as we."""
        sent = read(body)
        self.asked += bool(sent)
        if any(map(self._refuses, sent)):
            raise Refused(400, "status 400: out of order sample", None)
        self.has += sent
        date = formatdate(remote_write._now() / 1000, usegmt=True) if self.date is None else self.date
        return Answer(self.url, 204, (("date", date),) if date else (), b"", 0.0, 0.0, Timings())


def choosy(folder: Path, refuses: Callable[[Sent], bool]) -> tuple[Any, Choosy]:
    """A sink, and the receiver that it sends to."""
    sink = sender(folder, "remote-write", "http://there")
    receiver = sink._address = Choosy(refuses)
    return sink, receiver


def test_a_request_is_as_the_protocol_asks(tmp_path: Path) -> None:
    """Headers, labels, values, one time for all, and what the metrics are."""
    with recording(Told(204, b"")) as server:
        more = ", headers: {X-Scope-OrgID: us}, job: probes"
        sink = sender(tmp_path, "remote-write", f"{server.url}/api/v1/write", more)
        before = remote_write._now()
        sink.send(report("b", "a"), None)
        after = remote_write._now()
    first, asked = server.asked
    assert read(first.body) == []
    assert (asked.method, asked.path) == ("POST", "/api/v1/write")
    assert {
        name: asked.headers[name] for name in asked.headers if name not in ("Host", "Content-Length")
    } == {
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        "Connection": "close",
        "Content-Encoding": "snappy",
        "Content-Type": "application/x-protobuf",
        "User-Agent": f"deployspec/{__version__}",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
        "X-Scope-OrgID": "us",
        "X-Synthetic": "deployspec",
    }
    import cramjam

    sent, told = decoded(bytes(cramjam.snappy.decompress_raw(asked.body)))
    assert [(one.labels, one.value) for one in sent] == [
        (
            (
                ("__name__", "one"),
                ("check", check),
                ("deployment", "production"),
                ("job", "probes"),
                ("location", "cellar"),
            ),
            value,
        )
        for check, value in (("b", 0.0), ("a", 1.0))
    ]
    (time,) = {one.time for one in sent}
    assert before <= time <= after
    assert told == {"one": (2, "Of a check."), "all_total": (1, "Of the run.")}


def test_what_has_vanished_is_ended_once(tmp_path: Path) -> None:
    """And begins again when it is back; a job of another name ends all that the old one had."""
    with recording() as server:
        sink = sender(tmp_path, "remote-write", server.url)
        memory = written(sink.send(report("a", "b"), None))
        memory = written(sink.send(report("a"), memory))
        memory = written(sink.send(report("a"), memory))
        memory = written(sink.send(report("a", "b"), memory))
        sender(tmp_path, "remote-write", server.url, ", job: another").send(report("a"), memory)
    told = pushed(server)
    assert [checks(sent) for sent in told[:4]] == [
        {"a": 0.0, "b": 1.0},
        {"a": 0.0, "b": None},
        {"a": 0.0},
        {"a": 0.0, "b": 1.0},
    ]
    assert {(dict(one.labels)["job"], dict(one.labels)["check"], one.value) for one in told[4]} == {
        ("another", "a", 0.0),
        ("deployspec", "a", None),
        ("deployspec", "b", None),
    }


def test_what_was_not_answered_may_have_arrived(tmp_path: Path) -> None:
    """So its end is told as well, and its time is not used again."""
    with recording() as server:
        sink = sender(tmp_path, "remote-write", server.url, ", timeout: 500ms")
        memory = written(sink.send(report("a"), None))
        server.answers = [None]
        with pytest.raises(NotSent) as raised:
            sink.send(report("b"), memory)
        assert not raised.value.final
        sink = sender(tmp_path, "remote-write", server.url)
        sink.send(report("c"), written(raised.value.memory))
    told = pushed(server)
    assert checks(told[2]) == {"a": None, "b": None, "c": 0.0}
    times = [one[0].time for one in told]
    assert times == sorted(set(times))


@pytest.mark.parametrize(
    ("answer", "final", "after", "reason"),
    [
        (Told(429, b"slowly", {"Retry-After": "7"}), False, 7.0, "status 429: slowly"),
        (Told(500, b""), False, None, "status 500"),
        (
            Told(415, b"what?"),
            True,
            None,
            "status 415: what?; expected a receiver of remote write 1.0",
        ),
        (
            Told(401, b""),
            True,
            None,
            "status 401; expected headers, auth or client_certificate that this receiver accepts",
        ),
        (
            Told(403, b"no"),
            True,
            None,
            "status 403: no; expected headers, auth or client_certificate that this receiver accepts",
        ),
        (
            Told(405, b""),
            True,
            None,
            f"status 405{RECEIVER}",
        ),
    ],
)
def test_a_refusal_of_all_is_said_with_what_to_do(
    answer: Told, final: bool, after: float | None, reason: str, tmp_path: Path
) -> None:
    """Once, for no part of it would be taken."""
    with recording(answer) as server:
        sink = sender(tmp_path, "remote-write", server.url, ", auth: {bearer: sesame-open-up-7}")
        with pytest.raises(NotSent) as raised:
            sink.send(report("a", "b"), None)
    assert len(pushed(server)) == 1
    assert (raised.value.final, raised.value.after, raised.value.reason) == (final, after, reason)


@settings(max_examples=trials(100), deadline=None)
@given(count=st.integers(1, 300), bad=st.sets(st.integers(0, 299), max_size=6))
def test_refused_series_take_no_others_with_them(
    count: int, bad: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Up to six, wherever they are; and how often it is asked has a limit."""
    names = [f"c{number}" for number in range(count)]
    refused = {f"c{number}" for number in bad if number < count}
    sink, receiver = choosy(
        tmp_path_factory.mktemp("choosy"), lambda one: dict(one.labels)["check"] in refused
    )
    if not refused:
        sink.send(report(*names), None)
    else:
        with pytest.raises(NotSent) as raised:
            sink.send(report(*names), None)
        assert raised.value.final
        arrived = ", the others have arrived" if len(refused) < count else ""
        assert raised.value.reason == (
            f"status 400: out of order sample; {len(refused)} of {count} series were refused (one){arrived}"
        )
        known = remote_write._read(written(raised.value.memory))
        assert {dict(one)["check"] for one in known.series} == set(names) - refused
    assert set(checks(receiver.has)) == set(names) - refused
    assert receiver.asked <= 1 + 2 * 64


def test_a_refusal_of_everything_is_soon_believed(tmp_path: Path) -> None:
    """A wrong path of VictoriaMetrics is a 400, too."""
    sink, receiver = choosy(tmp_path, lambda _: True)
    many = [f"c{number}" for number in range(2 * MOST_SERIES)]
    with pytest.raises(NotSent) as raised:
        sink.send(report(*many), None)
    assert raised.value.final
    assert raised.value.reason == "status 400: out of order sample; 4000 of 4000 series were refused (one)"
    assert receiver.asked == 2 + 2 * 16


def test_many_refused_series_end_the_search(tmp_path: Path) -> None:
    """What stands beside them goes with them, and is counted: the search has a limit."""
    sink, receiver = choosy(tmp_path, lambda one: int(dict(one.labels)["check"]) % 160 == 0)
    with pytest.raises(NotSent, match=r"\d+ of 2000 series were refused \(one\), the others have arrived"):
        sink.send(report(*map(str, range(2000))), None)
    assert receiver.asked == 1 + 2 * 64
    assert len(receiver.has) > 1000


def test_a_refused_end_is_told_again(tmp_path: Path) -> None:
    """Only what the receiver has taken is forgotten, and what it may still show is not."""
    refused = {"b", "c"}
    sink, receiver = choosy(tmp_path, lambda one: dict(one.labels)["check"] in refused and one.value != 1)
    memory = written(sink.send(report("a", "b"), None))
    with pytest.raises(NotSent) as raised:
        sink.send(report("a", "d", "c"), memory)
    refused.clear()
    receiver.has.clear()
    sink.send(report("d"), written(raised.value.memory))
    assert checks(receiver.has) == {"d": 0.0, "a": None, "b": None}


def test_a_reason_names_few_metrics(tmp_path: Path) -> None:
    """And counts the others."""
    sink, _ = choosy(tmp_path, lambda _: True)
    families = tuple(Family(f"m{number}", "gauge", "M.", (Sample(1),)) for number in range(9))
    with pytest.raises(NotSent, match=r"\(m0, m1, m2, m3, m4 and 4 more\)"):
        sink.send(report()._replace(families=families), None)


def test_much_is_sent_in_pieces_with_one_time(tmp_path: Path) -> None:
    """What the metrics are is in the first of them."""
    with recording() as server:
        sender(tmp_path, "remote-write", server.url).send(report(*map(str, range(MOST_SERIES + 1))), None)
    pieces = pushed(server)
    assert [len(piece) for piece in pieces] == [MOST_SERIES, 1]
    assert len({one.time for piece in pieces for one in piece}) == 1


def test_no_two_pushes_have_one_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of one process nor of two, and where the clock has gone back a little, it is waited for."""
    asks = 5_000
    clock = iter([asks, 5_000, 5_000, 5_001, asks, 4_999, 5_001, 5_002])
    monkeypatch.setattr(remote_write, "_now", lambda: next(clock))
    with recording() as server:
        sink = sender(tmp_path, "remote-write", server.url)
        memory = sink.send(report("a"), None)
        sink.send(report("a"), None)
        assert written(memory)["time"] == 5_000
        again = sender(tmp_path, "remote-write", server.url)
        again.send(report("a"), {**memory, "time": 5_001})
    assert [one[0].time for one in pushed(server)] == [5_000, 5_001, 5_002]


def test_a_clock_that_went_back_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is the present one all the same: some receivers take it. The later time stays in memory."""
    hour = 3_600_000
    monkeypatch.setattr(remote_write, "_now", lambda: 10 * hour)
    sink, receiver = choosy(tmp_path, lambda one: one.time < 11 * hour)
    memory = {"time": 11 * hour, "common": COMMON, "series": []}
    with pytest.raises(NotSent) as raised:
        sink.send(report("a"), memory)
    assert raised.value.final
    assert raised.value.reason == (
        "status 400: out of order sample; this machine's clock is 1h behind the last push; "
        "1 of 1 series were refused (one)"
    )
    assert raised.value.memory["time"] == 11 * hour
    sink, receiver = choosy(tmp_path, lambda _: False)
    assert sink.send(report("a"), memory)["time"] == 11 * hour
    assert [one.time for one in receiver.has] == [10 * hour]


def test_nothing_is_sent_from_the_future(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the receiver's clock has it, which is asked while the checks run."""
    now = remote_write._now
    with recording(Told(204, b"")) as server:
        sink = sender(tmp_path, "remote-write", server.url)
        monkeypatch.setattr(remote_write, "_now", lambda: now() + 700_000)
        sink.begin(report())
        with pytest.raises(NotSent) as raised:
            sink.send(report("a"), None)
        assert len(server.asked) == 1
        monkeypatch.setattr(remote_write, "_now", lambda: now() + 500_000)
        sender(tmp_path, "remote-write", server.url).send(report("a"), None)
    assert raised.value.final
    assert re.fullmatch(
        r"this machine's clock is 11m\d+s ahead of the receiver's; nothing was sent, because Prometheus 2 refuses "
        "all other samples after one of the future",
        raised.value.reason,
    )
    assert len(pushed(server)) == 1


def test_a_clock_behind_the_receivers_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside a refusal, which it may be the cause of."""
    now = remote_write._now
    with recording(Told(400, b"out of bounds")) as server:
        sink = sender(tmp_path, "remote-write", server.url)
        server.answers = [Told(204, b"")]
        monkeypatch.setattr(remote_write, "_now", lambda: now() - 7_200_000)
        with pytest.raises(
            NotSent, match=r"out of bounds; this machine's clock is \S+ behind the receiver's;"
        ):
            sink.send(report("a"), None)


@pytest.mark.parametrize("date", ["", "yesterday", "Sun, 99 Nov 2026 05:59:38 GMT"])
def test_a_receiver_without_a_time_is_sent_to(date: str, tmp_path: Path) -> None:
    """There is nothing to compare with."""
    sink, receiver = choosy(tmp_path, lambda _: False)
    receiver.date = date
    sink.begin(report())
    sink.send(report("a"), None)
    assert len(receiver.has) == 1


@pytest.mark.parametrize(
    "memory",
    [
        [],
        {},
        {"time": "x", "common": {}, "series": []},
        {"time": 1, "common": {}, "series": [["__name__"]]},
        {"time": 1, "common": {}, "series": [["__name__", 7]]},
        {"time": 1, "common": {}, "series": [["check", "a"]]},
        {"time": 1, "common": 7, "series": [["__name__", "a"]]},
    ],
    ids=str,
)
def test_a_damaged_memory_is_none(memory: Any, tmp_path: Path) -> None:
    """A push goes on without it."""
    with recording() as server:
        sender(tmp_path, "remote-write", server.url).send(report("a"), memory)
    assert checks(pushed(server)[0]) == {"a": 0.0}


def test_what_is_remembered_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it, series end by themselves."""
    monkeypatch.setattr(remote_write, "MOST_REMEMBERED", 3)
    with recording() as server:
        memory = sender(tmp_path, "remote-write", server.url).send(report(*"abcde"), None)
    assert [one[-1] for one in memory["series"]] == ["a", "b", "c"]


def test_delivery_counts_what_was_refused_as_lost(tmp_path: Path) -> None:
    """It is not tried again, and the next run is."""
    sink, _ = choosy(tmp_path, lambda one: one.value == 1)
    (outcome,) = Delivery({"there": sink}, tmp_path / "sinks").send(report("a", "b"))
    assert not outcome.ok
    (outcome,) = Delivery({"there": sink}, tmp_path / "sinks").send(report("a", run=2))
    assert outcome.ok
    known = Delivery({"there": sink}, tmp_path / "sinks").known("there")
    assert (known.failures, known.lost, len(known.pending)) == (1, 1, 0)
    assert known.lost_runs[0]["reason"].endswith("1 of 2 series were refused (one), the others have arrived")


def test_past_the_time_limit_nothing_is_asked(tmp_path: Path) -> None:
    """And the run is waited with, not lost."""
    with recording() as server, pytest.raises(NotSent, match="the time limit was reached") as raised:
        sender(tmp_path, "remote-write", server.url).send(report("a", limit=-1), None)
    assert (server.asked, raised.value.final) == ([], False)


def test_a_missing_library_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to install."""
    file = tmp_path / "there.yaml"
    file.write_text("base_url: http://there\npush: [{name: prom, kind: remote-write, url: 'http://there'}]\n")
    pushes = load(file, {}, OURS, SINKS).require(PUSH)
    monkeypatch.setitem(sys.modules, "cramjam", None)
    monkeypatch.delitem(sys.modules, "deployspec.sinks.remote_write")
    prom = senders_of(pushes)["prom"]
    with pytest.raises(NotSent) as raised:
        prom.send(report("a"), None)
    assert raised.value.reason == (
        "remote-write needs cramjam, which is not installed; expected: pip install 'deployspec[remote-write]'"
    )
