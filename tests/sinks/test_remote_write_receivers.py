"""Remote write into what really receives it: Prometheus 2 and 3, and VictoriaMetrics."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cramjam
import httpx
import pytest

from deployspec.model.metrics import Family, Sample
from deployspec.sinks import remote_write
from deployspec.sinks.delivering import Delivery
from deployspec.sinks.metrics import Progress, families
from deployspec.sinks.sending import NotSent, Report
from deployspec.sinks.write_request import labels_of, series
from tests.chapters.slo.measure.test_window import prometheus, until
from tests.prometheus_versions import given, versions
from tests.sinks.recording import report_of, run_of, sender

pytestmark = pytest.mark.xdist_group("remote-write")

ON = "--web.enable-remote-write-receiver"


@dataclass
class Receiver:
    """One that runs, with nothing in it at first."""

    url: str
    refuses: bool
    """Whether it takes nothing older than what it has."""

    @property
    def write(self) -> str:
        """Where it is sent to."""
        return f"{self.url}/api/v1/write"

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The labels of each series that it has now, the value among them."""
        if not self.refuses:
            # Left alone, VictoriaMetrics shows new samples only after some seconds.
            httpx.get(f"{self.url}/internal/force_flush", timeout=10)
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": query, "nocache": "1"}, timeout=10)
        found = answer.raise_for_status().json()["data"]["result"]
        return [{**one["metric"], "": float(one["value"][1])} for one in found]

    def has(self, query: str, *expected: dict[str, Any]) -> None:
        """Wait until it answers so."""

        def same() -> bool:
            told = self.ask(query)
            return len(told) == len(expected) and all(one in told for one in expected)

        until(same, f"{query} to be {expected}")


@contextlib.contextmanager
def victoria_metrics(folder: Path) -> Iterator[str]:
    """One that shows samples as soon as it has them; its address."""
    program = shutil.which("victoria-metrics")
    assert program is not None, "no VictoriaMetrics here: run scripts/system-packages"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [
        program,
        f"-httpListenAddr=127.0.0.1:{port}",
        f"-storageDataPath={folder / 'data'}",
        "-search.latencyOffset=0s",
        "-memory.allowedBytes=64MB",
    ]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
    try:

        def answers() -> bool:
            assert process.poll() is None, (folder / "output").read_text()
            with contextlib.suppress(httpx.TransportError):
                return httpx.get(f"{url}/health", timeout=5).is_success
            return False

        until(answers, "VictoriaMetrics to answer")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module", params=[*versions(), pytest.param(None, id="victoria-metrics")])
def receiver(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """Each of them. A test takes a deployment of its own."""
    folder = tmp_path_factory.mktemp("receiver")
    if request.param is None:
        with victoria_metrics(folder) as url:
            yield Receiver(url, refuses=False)
    else:
        with prometheus(given(request), folder, {}, folder / "data", ON) as url:
            yield Receiver(url, refuses=True)


@pytest.fixture(params=versions())
def closed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A Prometheus that takes nothing; its address."""
    with prometheus(given(request), tmp_path, {}, tmp_path / "data") as url:
        yield url


def report(deployment: str, verdicts: dict[str, str], run: int = 1) -> Report:
    """All that a probe says of a run."""
    made = run_of(run, verdicts)
    return report_of(made)._replace(families=families(made, Progress(300.0)), deployment=deployment)


def common(deployment: str, metric: str) -> dict[str, str]:
    """The labels of every series."""
    return {"__name__": metric, "deployment": deployment, "job": "deployspec", "location": "cellar"}


def verdicts(deployment: str, check: str, true: str) -> list[dict[str, Any]]:
    """What is to be found of a check."""
    labels = common(deployment, "deployspec_check_verdict") | {"check": check, "chapter": "health"}
    return [{**labels, "verdict": one, "": float(one == true)} for one in ("met", "breached", "unmeasured")]


def test_a_run_arrives_and_what_vanished_is_gone_at_once(receiver: Receiver, tmp_path: Path) -> None:
    """With all labels, and long before the five minutes after which a series ends by itself. What is back is back."""
    there = "arriving"
    asked = f'deployspec_check_verdict{{deployment="{there}"}}'
    sink = sender(tmp_path, "remote-write", receiver.write)

    def push(run: int, **told: str) -> None:
        (outcome,) = Delivery({"there": sink}, tmp_path / "sinks").send(report(there, told, run))
        assert outcome.ok, outcome

    push(1, a="MET", b="BREACHED")
    receiver.has(asked, *verdicts(there, "a", "met"), *verdicts(there, "b", "breached"))
    receiver.has(
        f'deployspec_run_interval_seconds{{deployment="{there}"}}',
        {**common(there, "deployspec_run_interval_seconds"), "": 300.0},
    )
    push(2, a="UNMEASURED")
    receiver.has(asked, *verdicts(there, "a", "unmeasured"))
    push(3, a="MET", b="MET")
    receiver.has(asked, *verdicts(there, "a", "met"), *verdicts(there, "b", "met"))


def test_a_refused_series_takes_no_other_with_it(receiver: Receiver, tmp_path: Path) -> None:
    """One that has a later sample from elsewhere. It is named by its metric, and the run is lost."""
    there = "refusing"
    later = remote_write._now() + 60_000
    labels = labels_of("deployspec_run_duration_seconds", common(there, ""))
    body = bytes(cramjam.snappy.compress_raw(series(labels, 7, later)))
    assert httpx.post(receiver.write, content=body, headers=remote_write._HEADERS).is_success
    sink = sender(tmp_path, "remote-write", receiver.write)
    if receiver.refuses:
        with pytest.raises(NotSent) as raised:
            sink.send(report(there, {"a": "MET"}), None)
        assert raised.value.final
        count = sum(len(one.samples) for one in report(there, {"a": "MET"}).families)
        assert raised.value.reason == (
            f"status 400: out of order sample; 1 of {count} series were refused "
            "(deployspec_run_duration_seconds), the others have arrived"
        )
    else:
        sink.send(report(there, {"a": "MET"}), None)
    receiver.has(f'deployspec_check_verdict{{deployment="{there}"}}', *verdicts(there, "a", "met"))


def test_a_clock_that_went_back(receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By half an hour: Prometheus refuses all, and the reason says why. VictoriaMetrics takes it."""
    there = "going-back"
    sink = sender(tmp_path, "remote-write", receiver.write)
    memory = sink.send(report(there, {"a": "MET"}), None)
    now = remote_write._now
    monkeypatch.setattr(remote_write, "_now", lambda: now() - 1_800_000)
    again = report(there, {"a": "BREACHED"})
    if not receiver.refuses:
        sink.send(again, memory)
        return
    with pytest.raises(NotSent, match="status 400: out of order sample; this machine's clock is") as raised:
        sink.send(again, memory)
    assert raised.value.final
    assert "the others" not in raised.value.reason
    monkeypatch.undo()
    sink.send(again, json.loads(json.dumps(raised.value.memory)))
    receiver.has(f'deployspec_check_verdict{{deployment="{there}"}}', *verdicts(there, "a", "breached"))


def test_a_clock_of_tomorrow_harms_nobody(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prometheus 2 would take its samples, and then nothing of anybody until tomorrow."""
    there = "tomorrow"
    now = remote_write._now
    monkeypatch.setattr(remote_write, "_now", lambda: now() + 86_400_000)
    with pytest.raises(NotSent, match=r"this machine's clock is \S+ ahead of the receiver's") as raised:
        sender(tmp_path, "remote-write", receiver.write).send(report(there, {"a": "MET"}), None)
    assert raised.value.final
    monkeypatch.undo()
    sender(tmp_path, "remote-write", receiver.write).send(report(there, {"a": "MET"}), None)
    receiver.has(f'deployspec_check_verdict{{deployment="{there}"}}', *verdicts(there, "a", "met"))


def test_no_label_or_value_is_taken_for_another(receiver: Receiver, tmp_path: Path) -> None:
    """Texts of any letters, a label that a sample has of its own, and values that are no finite numbers."""
    there, text = 'strange "\\ ü\n\N{SNOWMAN}', "a\\b\"c\n{d='é'} " * 20
    sink = sender(tmp_path, "remote-write", receiver.write, ", job: a/b c")
    # VictoriaMetrics keeps numbers as decimals, so 0.30000000000000004 is 0.3 there.
    values = (("small", 0.1 + 0.2), ("large", 1e300), ("infinite", float("inf")), ("less", float("-inf")))
    told = tuple(
        Family(
            name, "gauge", "Strange \\ \n text.", (Sample(value, {"check": text, "job": "own", "no": ""}),)
        )
        for name, value in values
    )
    sink.send(report(there, {})._replace(families=told), None)
    for name, value in values:
        receiver.has(
            name, {**common(there, name), "job": "a/b c", "check": text, "": pytest.approx(value, rel=1e-12)}
        )


def test_five_hundred_checks_arrive(receiver: Receiver, tmp_path: Path) -> None:
    """In several requests."""
    there = "many"
    sink = sender(tmp_path, "remote-write", receiver.write)
    sink.send(report(there, {f"check-{number}": "MET" for number in range(500)}), None)
    asked = f'count(deployspec_check_verdict{{deployment="{there}"}})'
    receiver.has(asked, {"": 1500.0})


def test_a_receiver_that_is_off_says_how_it_is_switched_on(closed: str, tmp_path: Path) -> None:
    """Prometheus 2.42 itself names a flag that newer ones no longer know."""
    for path in ("/api/v1/write", "/api/v1/wrong"):
        with pytest.raises(NotSent) as raised:
            sender(tmp_path, "remote-write", f"{closed}{path}").send(report("off", {"a": "MET"}), None)
        assert raised.value.final
        assert raised.value.reason.startswith("status 404: ")
        assert raised.value.reason.endswith(
            "which Prometheus has if it is started with --web.enable-remote-write-receiver"
        )
