"""Load runs against a server that is sound: what is sent, when, and what is done when something ends too soon."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from deployspec.chapters.slo.judge.load_run import judge_load
from deployspec.chapters.slo.load.arrivals import arrivals, planned
from deployspec.chapters.slo.load.histogram import Histogram
from deployspec.chapters.slo.load.plan import Route
from deployspec.chapters.slo.load.tally import RouteTally
from deployspec.chapters.slo.measure.counting import Counting
from deployspec.chapters.slo.measure.running import Generator
from deployspec.model.verdict import Outcome
from tests.chapters.slo.judge.test_load_run import LATENCY
from tests.chapters.slo.measure.making import GENERATOR, HALF, ROOT, make, plan, requests
from tests.chapters.slo.measure.server import Received, Reply, keeping_server
from tests.raw_server import serve


def test_what_is_sent() -> None:
    """Method, path, headers and body are the plan's, and every request says that it is synthetic."""
    route = Route(
        "a", "POST", "/pre/a?b=1", 1.0, {"Authorization": "Bearer x", "X-Synthetic": "no"}, '{"a": 1}'
    )
    with keeping_server() as server:
        result = make(server.url, route)
        received = server.received
    assert len(received) == 20
    assert {(one.method, one.target, one.body) for one in received} == {("POST", "/pre/a?b=1", b'{"a": 1}')}
    assert {one.headers["authorization"] for one in received} == {"Bearer x"}
    assert {one.headers["x-synthetic"] for one in received} == {"deployspec"}
    assert result.total.statuses == {"200": 20}


def test_the_mix_is_the_plan() -> None:
    """Each kind is sent exactly as often as the seed says, and the warm-up is sent, but counts nowhere."""
    routes = (Route("a", "GET", "/a", 3.0), Route("b", "GET", "/b", 1.0))
    with keeping_server() as server:
        result = make(server.url, *routes, rate=50.0, warm_up=0.4, warm_up_requests=25)
        targets = Counter(one.target for one in server.received)
    expected = planned(plan(server.url, *routes, rate=50.0, warm_up=0.4, warm_up_requests=25))
    counted = {name: sum(counts[0] for counts in result.of(name).bins.values()) for name in ("a", "b")}
    assert counted == expected
    assert result.tally.warm_up == {"ok": 25}
    assert targets.total() == 25 + expected.total()


def test_connections_are_kept() -> None:
    """As browsers and clients do: a server that answers quickly sees few of them."""
    with keeping_server() as server:
        make(server.url)
        # One, on a free machine; on a busy one two may be under way at once.
        assert server.connections <= 8


def _requests(tallies: list[RouteTally]) -> int:
    return sum(counts[0] for tally in tallies for counts in tally.bins.values())


def test_those_that_the_seed_chooses_go_on_new_connections() -> None:
    """Each on one of its own, which no other request uses; those that merely need one are told apart."""
    told = plan("http://h", rate=50.0, duration=2.0, new_connections=0.3)
    chosen = sum(arrival.is_fresh for arrival in arrivals(told))
    assert 20 < chosen < 40
    with keeping_server() as server:
        result = make(server.url, rate=50.0, duration=2.0, new_connections=0.3)
        connections = server.connections
    needed = _requests(result.tally.needed)
    assert _requests(result.tally.chosen) == chosen
    assert requests(result) == 100
    assert connections == chosen + needed
    assert 1 <= needed < 20


def test_slow_new_connections_are_seen_behind_kept_ones() -> None:
    """0.7 s of each new connection: of all requests that is a few percent, of newcomers it is every one."""
    with keeping_server(welcome=0.7) as server:
        result = make(server.url, rate=60.0, duration=8.0, warm_up=2.0, timeout=5.0, new_connections=0.03)
    verdict = judge_load(LATENCY, result)
    assert verdict.outcome is Outcome.BREACHED, verdict.reason
    assert "on new connections 0.00% of" in verdict.reason
    by_connection = result.connections()
    assert Histogram.of(by_connection["chosen"].latencies).at(50) >= 700_000  # type: ignore[operator]
    # Without the choice, nothing of it is seen: kept connections are quick, and nobody needs another.
    assert sum(counts[3] for counts in by_connection["kept"].bins.values()) < 0.05 * requests(result)
    with keeping_server(welcome=0.7) as server:
        blind = make(server.url, rate=60.0, duration=3.0, warm_up=2.0, timeout=5.0)
    assert "new connections" not in judge_load(LATENCY, blind).reason


def test_a_failure_on_a_new_connection_is_counted_there() -> None:
    """Refused ones, too: there was no kept one."""
    with serve("refused") as server:
        result = make(server.base_url, new_connections=0.5)
    assert _requests(result.tally.chosen) + _requests(result.tally.needed) == 20
    assert {why for tally in result.tally.chosen for why in tally.errors} == {"connection refused"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nothing_is_sent_twice(method: str) -> None:
    """A request that is cut on a kept connection has failed, though clients could repeat it: users' own often don't."""
    seen: dict[str, int] = {"answered": 0}

    def answer(_: Received) -> Reply:
        seen["answered"] += 1
        return Reply(cut=seen["answered"] % 2 == 0)

    with keeping_server(answer) as server:
        result = make(server.url, Route("r", method, "/", 1.0))
        assert len(server.received) == 20
    # Told apart: a server that ends connections without saying so looks the same as one that has crashed.
    # On a busy machine two may be under way at once, and one of them needs a new connection.
    kept, new = (result.total.errors[f"closed without an answer{on}"] for on in (" on a kept connection", ""))
    assert kept + new == result.total.errors.total() == 10
    assert kept >= 6


def test_a_reset_is_no_idle_end_where_longer_idle_ones_were_answered() -> None:
    """Lateness of ours may let a server end an idle connection; it explains nothing where as idle ones were answered on."""
    seen: dict[str, int] = {"asked": 0}

    def answer(_: Received) -> Reply:
        seen["asked"] += 1
        return Reply(cut=seen["asked"] > 60 and seen["asked"] % 6 == 0)

    with keeping_server(answer) as server:
        result = make(server.url, Route("r", "GET", "/", 1.0), rate=40.0, duration=3.0)
    cut = result.total.errors["closed without an answer on a kept connection"]
    assert cut >= 8
    # Each may be the longest idle one so far, by chance.
    assert sum(counts[0] for counts in result.total.certain.values()) >= cut - 3


def test_a_connection_that_was_idle_is_not_trusted() -> None:
    """A server may close it at any moment: one request in two seconds always goes out on a new one."""
    with keeping_server() as server:
        result = make(server.url, rate=0.5, duration=5.0)
        assert server.connections == 3
    assert result.total.statuses == {"200": 3}


@pytest.mark.parametrize(
    ("more", "reply", "errors"),
    [
        pytest.param({}, Reply(500), {"status 500": 20}, id="500"),
        pytest.param({}, Reply(429), {"status 429": 20}, id="429"),
        pytest.param({}, Reply(404), {"status 404": 20}, id="404"),
        pytest.param({}, Reply(302), {"status 302": 20}, id="redirect"),
        pytest.param({}, Reply(204, b""), {}, id="204"),
        pytest.param({"expect_status": (404,)}, Reply(404), {}, id="404-expected"),
        pytest.param({"expect_status": (404,)}, Reply(200), {"status 200": 20}, id="200-not-expected"),
        pytest.param({"expect_text": "items"}, Reply(body=b'{"items": 1}'), {}, id="text"),
        pytest.param(
            {"expect_text": "items"},
            Reply(body=b'{"error": 1}'),
            {"an answer without the expected text": 20},
            id="200-with-an-error-in-its-body",
        ),
    ],
)
def test_what_counts_as_served(more: dict[str, Any], reply: Reply, errors: dict[str, int]) -> None:
    """Statuses 200 to 299 unless others are expected, and the text that is expected."""
    with keeping_server(lambda _: reply) as server:
        result = make(server.url, Route("a", "GET", "/", 1.0, **more))
    assert result.total.errors == errors
    assert requests(result) == 20


def test_a_kept_value_stands_in_other_paths() -> None:
    """Until the request that brings it has been answered, that one is sent in place of those that need it."""
    routes = (
        Route("snap", "POST", "/snap", 1.0, {}, "{}", keep="id"),
        Route("status", "GET", "/snap/{snap}", 9.0),
    )
    with keeping_server(
        lambda one: Reply(body=b'{"id": "a/b"}' if one.method == "POST" else b"{}")
    ) as server:
        result = make(server.url, *routes)
        targets = [one.target for one in server.received]
    assert targets[0] == "/snap"
    assert set(targets) == {"/snap", "/snap/a%2Fb"}
    assert requests(result) == 20


@pytest.mark.parametrize("value", ['""', '"."', '".."', '"\\ud800"', "true", "[1]"])
def test_a_value_that_leads_elsewhere_is_none(value: str) -> None:
    """An empty one, or one that a server resolves: the request that wants it is never sent, to no other resource."""
    maker = Route("maker", "POST", "/items", 1.0, keep="id")
    taker = Route("taker", "GET", "/items/{maker}", 1.0)
    with keeping_server(lambda _: Reply(body=f'{{"id": {value}}}'.encode())) as server:
        result = make(server.url, maker, taker)
        assert {one.target for one in server.received} == {"/items"}
    assert not result.trouble
    assert requests(result) == 20
    assert not result.total.errors


def test_two_kept_values_in_one_path() -> None:
    """It is sent once both are there, and never with a name in braces."""
    routes = (
        Route("a", "POST", "/a", 1.0, {}, "{}", keep="id"),
        Route("b", "POST", "/b", 1.0, {}, "{}", keep="id"),
        Route("both", "GET", "/x/{a}/{b}", 9.0),
    )
    with keeping_server(lambda one: Reply(body=b'{"id": "' + one.target[1:].encode() + b'"}')) as server:
        make(server.url, *routes)
        targets = {one.target for one in server.received}
    assert targets == {"/a", "/b", "/x/a/b"}


def test_latency_runs_from_the_intended_start() -> None:
    """A server that answers one after the other, 0.1 s each, at 20 a second: the last one waited for a second."""
    gate: dict[str, float] = {"free": 0.0}

    def answer(_: Received) -> Reply:
        now = time.monotonic()
        gate["free"] = max(gate["free"], now) + 0.1
        return Reply(delay=gate["free"] - now)

    with keeping_server(answer) as server:
        result = make(server.url, timeout=10.0)
    longest = result.histogram.longest
    assert longest is not None
    assert longest > 1.0e6


def test_what_the_cap_turns_away_is_the_deployments() -> None:
    """Two may wait for their answers at once: at 20 a second and 0.5 s each, most are turned away, bad by any measure."""
    with keeping_server(lambda _: Reply(delay=0.5)) as server:
        result = make(server.url, max_in_flight=2, timeout=5.0)
        assert len(server.received) == 20 - result.total.errors["turned away"]
    assert result.total.errors["turned away"] > 10
    assert requests(result) == 20
    assert sum(counts[3] for counts in result.total.bins.values()) >= result.total.errors["turned away"]


def test_processes_share_the_plan_and_merge() -> None:
    """Two processes send what one would have sent, and every sample of both is in the histogram."""
    routes = (Route("a", "GET", "/a", 3.0), Route("b", "GET", "/b", 1.0))
    with keeping_server() as server:
        result = make(server.url, *routes, rate=50.0, processes=2)
        targets = Counter(one.target for one in server.received)
    assert not result.trouble
    assert targets == {
        f"/{name}": count for name, count in planned(plan("http://h", *routes, rate=50.0)).items()
    }
    assert result.histogram.samples == 50
    assert [process.ended for process in result.processes] == [True, True]
    assert len({process.pid for process in result.processes}) == 2


def killing(share: int, number: int) -> Any:
    """A ``stop`` that sends a signal to one process of the generator once the run goes on, and stops nothing."""
    done: list[int] = []

    def stop(counting: Counting) -> str:
        if counting.elapsed > 1 and not done:
            done.append(share)
            os.kill(counting.result({"routes": []}).processes[share].pid, number)
        return ""

    return stop


def test_a_worker_that_dies_is_named() -> None:
    """Of two, the second: what both told until then is kept, and the run does not go on to its end."""
    began = time.monotonic()
    with keeping_server() as server:
        result = make(server.url, processes=2, duration=60.0, stop=killing(1, signal.SIGKILL))
    assert "process 2 of 2" in result.trouble
    assert requests(result) > 0
    assert time.monotonic() - began < 40


def test_a_generator_that_is_killed_is_trouble() -> None:
    """It says so, at once."""
    with keeping_server() as server:
        result = make(server.url, duration=60.0, stop=killing(0, signal.SIGKILL))
    assert "ended mid-run (killed by signal 9)" in result.trouble


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("processes", [1, 2])
def test_a_generator_that_is_told_to_end_is_trouble(processes: int, number: int) -> None:
    """It ends in order, and the rest of the run was never made: that is no result."""
    with keeping_server() as server:
        result = make(server.url, processes=processes, duration=20.0, stop=killing(processes - 1, number))
    assert result.trouble


def test_two_answers_are_none() -> None:
    """A 500 and a 200 in one piece: which is meant cannot be told, and neither counts as a success."""

    def twice(connection: Any) -> None:
        """Answer each request twice."""
        connection.recv(65536)
        connection.sendall(
            b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        )

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection:
                    twice(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        result = make(f"http://127.0.0.1:{listener.getsockname()[1]}")
        over.set()
        thread.join()
    assert result.total.errors == {"not HTTP: there are bytes after its end": 20}
    assert not result.total.statuses


def test_a_sender_of_ones_own_loses_no_request(tmp_path: Path) -> None:
    """Where its code raises, that is the generator's, not the deployment's; the request is counted all the same."""
    own = locustfile(
        tmp_path,
        "from deployspec.load.locustfile import *\n"
        "from deployspec.load.sending import Sender\n"
        "class Own(Sender):\n"
        "    sent = 0\n"
        "    def send(self, route, target):\n"
        "        Own.sent += 1\n"
        "        if Own.sent % 2: raise KeyError('items')\n"
        "        return super().send(route, target)\n"
        "Arrivals.sender = Own\n",
    )
    with keeping_server() as server:
        result = make(server.url, generator=own)
    assert requests(result) == 10
    assert not result.total.errors
    assert result.total.undispatched == {"KeyError in the generator's own code": 10}
    assert not result.trouble


def test_a_crowd_that_the_generator_has_made_is_its_own() -> None:
    """It stood still again and again, and then had no room for all that was due: that is told as lateness."""
    state = {"since": 0.0, "stopped": False, "times": 0}

    def stop(counting: Counting) -> str:
        if counting.elapsed > 0.5 and state["times"] < 4:
            pid = counting.result({"routes": []}).processes[0].pid
            if time.monotonic() - state["since"] > 0.6:
                os.kill(pid, signal.SIGCONT if state["stopped"] else signal.SIGSTOP)
                state["times"] += state["stopped"]
                state["stopped"] = not state["stopped"]
                state["since"] = time.monotonic()
        return ""

    with keeping_server() as server:
        result = make(server.url, rate=200.0, duration=8.0, max_in_flight=2, stop=stop)
    assert "of the requests were dispatched more than 10 ms late" in result.late


def test_a_generator_that_stood_still_is_late() -> None:
    """Stopped for two seconds, it sends no burst afterwards: what it missed by more than a second it leaves out."""
    state: dict[str, float] = {}

    def stop(counting: Counting) -> str:
        processes = counting.result({"routes": []}).processes
        if counting.elapsed > 1 and "stopped" not in state:
            state["stopped"] = time.monotonic()
            os.kill(processes[0].pid, signal.SIGSTOP)
        elif "stopped" in state and "went on" not in state and time.monotonic() - state["stopped"] > 2:
            state["went on"] = 1
            os.kill(processes[0].pid, signal.SIGCONT)
        return ""

    with keeping_server() as server:
        result = make(server.url, duration=5.0, stop=stop)
    assert result.total.undispatched["late by more than 1 s"] >= 15
    assert "late by more than 1 s" in result.late


def test_a_run_that_is_stopped_tells_what_it_measured() -> None:
    """And why it was stopped; requests under way are waited for, but not for long."""
    with keeping_server() as server:
        result = make(
            server.url, duration=60.0, stop=lambda counting: "enough" if counting.elapsed > 1 else ""
        )
    assert result.cut_short == "enough"
    assert not result.trouble
    assert 20 <= requests(result) <= 100
    assert result.elapsed < 6


def test_what_was_under_way_when_it_was_stopped_is_slow_if_it_was_already() -> None:
    """A hung server that is given up on does not get away with it: its waiting requests are slow ones."""
    with keeping_server(lambda _: Reply(delay=30)) as server:
        result = make(
            server.url,
            duration=60.0,
            timeout=20.0,
            stop=lambda counting: "enough" if counting.elapsed > 1 else "",
        )
    slow = sum(counts[3] for counts in result.total.bins.values())
    assert slow >= 20
    assert not result.total.statuses
    unfinished = [sum(counts[place] for counts in result.total.unfinished.values()) for place in (0, 1)]
    assert unfinished[0] == slow + unfinished[1]


def test_whoever_listens_may_be_stopped(tmp_path: Path) -> None:
    """Ctrl-Z and fg: the generator went on meanwhile, and is not taken for dead."""
    import subprocess
    import sys

    code = (
        "from tests.chapters.slo.measure.making import make, requests\n"
        "began = lambda counting: print('began', flush=True)\n"
        "result = make({url!r}, duration=12.0, progress=began)\n"
        "print(result.trouble or requests(result))"
    )
    with keeping_server() as server:
        command = [sys.executable, "-c", code.replace("{url!r}", repr(server.url))]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as listener:
            assert listener.stdout is not None
            listener.stdout.readline()
            listener.send_signal(signal.SIGSTOP)
            time.sleep(7)  # longer than a silence may be
            listener.send_signal(signal.SIGCONT)
            told = listener.communicate(timeout=60)[0]
    assert told.splitlines()[-1] == "240"


def test_a_server_that_goes_down_in_mid_run() -> None:
    """Answers until then, refusals and resets afterwards; all arrivals are counted."""
    with keeping_server() as server:
        done: list[int] = []

        def stop(counting: Counting) -> str:
            if counting.elapsed > 1 and not done:
                done.append(1)
                server.closing()
            return ""

        result = make(server.url, duration=4.0, stop=stop)
    assert requests(result) == 80
    assert result.total.statuses["200"] >= 20
    assert result.total.errors["connection refused"] >= 20


def test_progress_comes_once_a_second() -> None:
    """With what was counted so far."""
    told: list[float] = []
    with keeping_server() as server:
        make(server.url, duration=3.0, progress=lambda counting: told.append(counting.elapsed))
    assert 3 <= len(told) <= 6
    assert told == sorted(told)


def locustfile(folder: Path, text: str) -> Generator:
    """A generator with another locustfile."""
    file = folder / "own.py"
    file.write_text(text)
    return Generator(file, ROOT)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            "\nraise ValueError('broken on purpose')",
            "(own.py:2) (exit status 1: ValueError: broken on purpose",
            id="an-error",
        ),
        pytest.param("def broken(:", "(own.py:1) (exit status 1: SyntaxError", id="no-python"),
        pytest.param(
            "import no_such_module",
            "(own.py:1) (exit status 1: ModuleNotFoundError: No module named 'no_such_module'",
            id="a-missing-module",
        ),
        pytest.param("x = 1", "No User class found", id="without-a-user"),
    ],
)
def test_a_locustfile_with_an_error(text: str, reason: str, tmp_path: Path) -> None:
    """The run is trouble before its first request, and the reason is the error's own."""
    result = make("http://127.0.0.1:9", generator=locustfile(tmp_path, text))
    assert "before the first request" in result.trouble
    assert reason in result.trouble


@pytest.mark.parametrize("processes", [1, 2])
def test_what_fails_before_the_first_request_is_told_at_once(processes: int, tmp_path: Path) -> None:
    """In a user's beginning, which Locust would only log: nobody waits for it until the time limit."""
    began = time.monotonic()
    text = "from deployspec.load.locustfile import *\n\ndef broken(*_):\n    raise LookupError('broken on purpose')\n\nArrivals.sender = staticmethod(broken)\n"
    result = make("http://127.0.0.1:9", generator=locustfile(tmp_path, text), processes=processes)
    assert result.trouble == "the load generator failed at its start: LookupError: broken on purpose"
    assert time.monotonic() - began < 40


def test_what_locust_says_is_redacted_before_it_is_cut(tmp_path: Path) -> None:
    """A long last line with a secret at the place where it is cut shows no piece of it."""
    from deployspec.chapters.slo.measure.running import run

    told = plan("http://127.0.0.1:9")
    text = "raise SystemExit('x' * 180 + ' ' + 'sesame-' + 'open-up ' * 20)"
    result = run(
        told,
        locustfile(tmp_path, text),
        {"routes": [{"name": "get"}]},
        redact=lambda said: said.replace("sesame-open-up", "***"),
    )
    assert "before the first request" in result.trouble
    assert "sesam" not in result.trouble


def test_a_missing_locustfile(tmp_path: Path) -> None:
    """It is named."""
    result = make("http://127.0.0.1:9", generator=Generator(tmp_path / "gone.py", ROOT))
    assert "gone.py" in result.trouble


def test_a_locustfile_of_ones_own(tmp_path: Path) -> None:
    """It may build on the project's."""
    own = locustfile(tmp_path, "from deployspec.load.locustfile import *\n")
    with keeping_server() as server:
        result = make(server.url, generator=own)
    assert result.total.statuses == {"200": 20}


@pytest.mark.parametrize("step", [-7200.0, 7200.0])
def test_the_clock_may_step(step: float, tmp_path: Path) -> None:
    """The wall clock is set by two hours in mid-run: no request is early, late, or lost, and no latency jumps."""
    own = locustfile(
        tmp_path,
        "import time\n"
        "real, began = time.time, time.monotonic()\n"
        f"time.time = lambda: real() + ({step} if time.monotonic() - began > 1.5 else 0)\n"
        "from deployspec.load.locustfile import *\n",
    )
    with keeping_server() as server:
        result = make(server.url, generator=own, duration=3.0)
    assert not result.trouble
    assert result.total.statuses == {"200": 60}
    assert not result.total.undispatched
    longest = result.histogram.longest
    assert longest is not None
    assert longest < 1e6


def test_the_settings_of_others_change_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither variables that Locust reads, nor a configuration in the home folder."""
    monkeypatch.setenv("LOCUST_USERS", "7")
    monkeypatch.setenv("LOCUST_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".locust.conf").write_text("users = 9\n")
    with keeping_server() as server:
        result = make(server.url)
    assert result.total.statuses == {"200": 20}


def test_the_plan_is_nobody_elses_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds credentials: its file is readable by its owner alone, and gone afterwards."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    modes: list[int] = []

    def stop(_: Counting) -> str:
        modes.extend(file.stat().st_mode & 0o777 for file in tmp_path.glob("*/plan.json"))
        return ""

    with keeping_server() as server:
        make(server.url, stop=stop)
    assert set(modes) == {0o600}
    assert list(tmp_path.iterdir()) == []


def test_no_room_for_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full or missing temporary folder is trouble, and no traceback."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    assert "could not be started" in make("http://127.0.0.1:9").trouble


def test_the_result_of_a_real_run_is_sound() -> None:
    """Seconds, processes and histograms fit together, and survive JSON."""
    from deployspec.chapters.slo.load.result import LoadResult

    with keeping_server() as server:
        result = make(server.url, duration=3.0)
    document = json.loads(json.dumps(result.document()))
    assert LoadResult.from_document(document).document() == document
    assert sum(second.ended for second in result.seconds) == 60
    assert sum(second.offered for second in result.seconds) == 60
    assert result.tally.thresholds == (HALF,)
    assert GENERATOR.locustfile.exists()


def test_who_started_it_may_be_killed(tmp_path: Path) -> None:
    """Nothing goes on sending when nobody reads what is counted any more, with one process and with two."""
    import subprocess
    import sys

    import psutil

    with keeping_server() as server:
        for processes in (1, 2):
            code = (
                "from tests.chapters.slo.measure.making import make\n"
                f"make({server.url!r}, duration=60.0, processes={processes}, "
                "progress=lambda counting: print(*(p.pid for p in counting.result({'routes': []}).processes), flush=True))"
            )
            environ = {**os.environ, "TMPDIR": str(tmp_path)}
            with subprocess.Popen(
                [sys.executable, "-c", code], cwd=ROOT, env=environ, stdout=subprocess.PIPE
            ) as starter:
                assert starter.stdout is not None
                pids = [int(pid) for pid in starter.stdout.readline().split()]
                while len(pids) < processes:
                    pids = [int(pid) for pid in starter.stdout.readline().split()]
                starter.kill()
            _, alive = psutil.wait_procs([psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)], 20)
            assert not alive
    assert list(tmp_path.iterdir()) == []


def test_who_started_it_may_be_killed_before_it_is_ready(tmp_path: Path) -> None:
    """While Locust's processes still find each other, they end with whoever started them, too."""
    import subprocess
    import sys

    import psutil

    code = "from tests.chapters.slo.measure.making import make\nmake('http://127.0.0.1:9', duration=60.0, processes=2)"
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environ) as starter:
        children: list[psutil.Process] = []
        until = time.monotonic() + 30
        while len(children) < 3 and time.monotonic() < until:
            children = psutil.Process(starter.pid).children(recursive=True)
            time.sleep(0.01)
        starter.kill()
    _, alive = psutil.wait_procs(children, 20)
    assert not alive


def test_a_locustfile_without_a_watch_ends_by_itself(tmp_path: Path) -> None:
    """One that knows nothing of deployspec has a limit of time, though whoever started it was killed."""
    import subprocess
    import sys

    import psutil

    own = tmp_path / "own.py"
    own.write_text("import time\n\nfrom locust import User, task\n\nclass Foreign(User):\n    @task\n    def nothing(self):\n        time.sleep(0.1)\n")  # fmt: skip
    code = (
        "from pathlib import Path\n"
        "from deployspec.chapters.slo.measure.running import running\n"
        "from tests.chapters.slo.measure.making import ROOT, make\n"
        "running.BOOT_LIMIT = 4.0\n"
        f"make('http://127.0.0.1:9', generator=running.Generator(Path({str(own)!r}), ROOT))"
    )
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environ) as starter:
        children: list[psutil.Process] = []
        until = time.monotonic() + 30
        while not children and time.monotonic() < until:
            children = psutil.Process(starter.pid).children()
            time.sleep(0.01)
        starter.kill()
    _, alive = psutil.wait_procs(children, 60)
    assert not alive
