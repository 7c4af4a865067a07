"""The chapter slo against its faults: every fault of the traffic, and what every check of the chapter says about it.

A row names the checks that are BREACHED, each with a piece of its reason, and those that cannot judge because of it.
Every other selected check stays MET.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from reference.process import Reference, running_reference
from tests.suite import DEAL_SCOUTS, ROOT, Ran, hearing, run_checks, seen_once

LATENCY, AVAILABILITY = "api-latency", "api-availability"


def load(objective: str, kind: str = "") -> str:
    """The item of a load run's check."""
    return f"test_load_run[{objective}{', ' + kind if kind else ''}]"


def window(objective: str) -> str:
    """The item that asks Prometheus."""
    return f"test_window[{objective}]"


OFFLINE = (f"test_alerts_agree[{LATENCY}]", f"test_alerts_agree[{AVAILABILITY}]")
OF_PROMETHEUS = (window(LATENCY), window(AVAILABILITY), f"test_buckets[{LATENCY}]")
LISTINGS = {"name": "listings", "path": "/listings", "expect_text": '"items"'}
PRICING = {
    "name": "pricing",
    "method": "POST",
    "path": "/seller/pricing/suggest",
    "body": '{"category": "books"}',
    "writes": False,
}


@dataclass(frozen=True)
class Row:
    """One fault."""

    fault: str
    breached: dict[str, str]
    """The checks that own it, each with a piece of its reason."""
    unmeasured: dict[str, str] = field(default_factory=dict)
    """The checks that could not judge because of it, each with a piece of its reason."""
    load: dict[str, Any] = field(default_factory=dict)
    """More of the deployment file's load part. By default 20 listings a second for 13 s: a busy machine serves
    as many. Where a share is near its limit, for longer."""
    prometheus: bool = True
    id: str = ""

    @property
    def kinds(self) -> list[str]:
        """Those that have items of their own."""
        names = [request["name"] for request in self.load.get("requests", [LISTINGS])]
        return names if len(names) > 1 else []

    @property
    def checks(self) -> list[str]:
        """All that are selected."""
        both = (LATENCY, AVAILABILITY)
        return [
            *(load(objective, kind) for objective in both for kind in ("", *self.kinds)),
            *(OF_PROMETHEUS if self.prometheus else ()),
            *OFFLINE,
        ]


def weighted(request: dict[str, Any], weight: float) -> dict[str, Any]:
    """A request of the mix with its weight."""
    return {**request, "weight": weight}


MANY = {"duration": "1m"}
SEVEN = {"duration": "30s", "arrival_rate": 40}
"""So many that 7% of them are beyond doubt more than 5%, also where a few were late. The reference serves as many on a busy
machine."""
ROWS = [
    Row("none", {}, load={"requests": [weighted(LISTINGS, 3), weighted(PRICING, 1)]}),
    Row(
        "slow-route",
        {
            load(LATENCY): "took less than 0.5 s",
            load(LATENCY, "listings"): "took less than 0.5 s",
            window(LATENCY): "",
        },
        load={"requests": [weighted(LISTINGS, 1), weighted(PRICING, 1)]},
    ),
    Row(
        "slow-seven-percent",
        {load(LATENCY): "took less than 0.5 s", window(LATENCY): ""},
        load=SEVEN,
    ),
    Row(
        "errors-seven-percent",
        {load(AVAILABILITY): "times status 500", window(AVAILABILITY): ""},
        load=SEVEN,
    ),
    Row(
        "errors-seven-percent",
        {},
        {load(AVAILABILITY): "of 180 requests failed"},
        load={"duration": "9s"},
        prometheus=False,
        id="errors-seven-percent-of-few",
    ),
    # 3 s of every 10 s. After six of them it is beyond doubt.
    Row(
        "stall",
        {load(LATENCY): "took less than 0.5 s"},
        load=MANY,
        prometheus=False,
    ),
    # 28 quick requests for each slow one: all together keep the objective. 59 of a kind are the fewest that settle it.
    Row(
        "one-slow-of-many",
        {load(LATENCY, "pricing"): "0.00% of"},
        load={
            **MANY,
            "arrival_rate": 34,
            "requests": [weighted(LISTINGS, 28), weighted(PRICING, 1)],
            "seed": 11,
        },
        prometheus=False,
    ),
    Row("band-below", {}),
    Row("band-above", {load(LATENCY): "0.00% of", window(LATENCY): ""}),
    Row(
        "error-body-200",
        {load(AVAILABILITY): "an answer without the expected text"},
        {load(LATENCY): "no request was answered as expected"},
        prometheus=False,
    ),
    Row(
        "too-many",
        {load(AVAILABILITY): "times status 429"},
        {load(LATENCY): "no request was answered as expected"},
        prometheus=False,
    ),
    Row("resets", {load(AVAILABILITY): "closed without an answer"}, load=MANY, prometheus=False),
]


@pytest.fixture(scope="module")
def reference() -> Iterator[Reference]:
    """One watched reference Deal Scout for all rows that switch its faults."""
    with running_reference("--monitoring") as booted:
        yield booted


def deployment_file(reference: Reference, folder: Path, row: Row) -> Path:
    """The reference's own file, with another load and a window that is no longer than that."""
    document = dict(reference.deployment)
    requests = [LISTINGS]
    document["load"] = {
        "arrival_rate": 20,
        "duration": "13s",
        "warm_up": "1s",
        "requests": requests,
        **row.load,
    }
    document["allow"] = ["load"]
    if row.prometheus:
        document["prometheus"] = {**document["prometheus"], "window": "8s"}
    else:
        del document["prometheus"]
    path = folder / "local.yaml"
    path.write_text(yaml.safe_dump(document))
    path.chmod(0o600)
    return path


def compare(ran: Ran, row: Row) -> None:
    """Every verdict of the run is the row's, for the row's reason, and no check has silently vanished."""
    assert ran.record is not None, ran.output
    got = {entry["check"].rpartition("::")[2]: entry for entry in ran.record["checks"]}
    expected = (
        dict.fromkeys(row.checks, "MET")
        | dict.fromkeys(row.unmeasured, "UNMEASURED")
        | dict.fromkeys(row.breached, "BREACHED")
    )
    told = {name: f"{entry['verdict']}: {entry['reason']}" for name, entry in got.items()}
    assert {name: entry["verdict"] for name, entry in got.items()} == expected, json.dumps(told, indent=1)
    for name, reason in (row.breached | row.unmeasured).items():
        assert reason in got[name]["reason"], told[name]
    assert ran.status == (1 if row.breached or row.unmeasured else 0), ran.output
    assert "Traceback" not in ran.output, ran.output


LONG_ROWS = {
    "slo-3": ("one-slow-of-many",),
    "slo-4": ("slow-seven-percent", "errors-seven-percent"),
    "slo-5": ("stall", "resets"),
}
"""By group. A worker of pytest-xdist whose group has few rows takes a second group at once, and the first ones get the
longest of those: so the shortest of these stands first."""


def shared_out(rows: list[Row]) -> list[Any]:
    """The rows in groups of pytest-xdist that take about as long, each with a reference of its own; the longest first."""
    named = {row.id or row.fault: row for row in rows}
    short = [name for name in named if not any(name in members for members in LONG_ROWS.values())]
    groups = LONG_ROWS | {f"slo-{number}": short[number::3] for number in range(3)}
    return [
        pytest.param(named[name], id=name, marks=pytest.mark.xdist_group(group))
        for group, members in groups.items()
        for name in members
    ]


@pytest.mark.parametrize("row", shared_out(ROWS))
def test_fault_of_the_traffic(row: Row, reference: Reference, tmp_path: Path) -> None:
    """Each fault turns exactly its own checks red, in the load run and, where it can be seen there, in Prometheus."""
    path = deployment_file(reference, tmp_path, row)
    with reference.traffic_fault(row.fault):
        seen_once(
            lambda: run_checks(path, folder=tmp_path, chapter="slo", limit=300), partial(compare, row=row)
        )


@pytest.mark.xdist_group("slo-0")
def test_metrics_that_see_half_of_it_are_named(reference: Reference, tmp_path: Path) -> None:
    """The load run was answered twice as often as the deployment's metrics have counted: that side is blind."""
    path = deployment_file(reference, tmp_path, Row("blind-metrics", {}))
    with reference.traffic_fault("blind-metrics"):
        ran = run_checks(path, folder=tmp_path, chapter="slo", limit=300)
    assert ran.record is not None, ran.output
    assert (
        "the deployment's metrics are blind: they have counted" in ran.entry(load(AVAILABILITY))["reason"]
    ), ran.output
    assert "blind" in ran.record["load"]["reconciliation"]["disagreement"]


@pytest.mark.xdist_group("slo-1")
def test_sound_metrics_agree_with_the_load_run(reference: Reference, tmp_path: Path) -> None:
    """To the last request, where nobody else asks and the last scrape is waited for."""
    ran = run_checks(
        deployment_file(reference, tmp_path, Row("none", {})), folder=tmp_path, chapter="slo", limit=300
    )
    assert ran.record is not None, ran.output
    assert ran.record["load"]["reconciliation"]["disagreement"] == ""
    counted = next(
        line.split()
        for line in ran.record["load"]["reconciliation"]["text"].splitlines()
        if line.startswith("requests")
    )
    assert counted[-1] == counted[-2] != "0"


@dataclass(frozen=True)
class Going:
    """A run of the suite that has begun to make load."""

    process: subprocess.Popen[bytes]
    output: Path
    record: Path

    def generator(self, processes: int) -> list[psutil.Process]:
        """Its processes: the one that was started, and those that it has forked."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.output.read_text()
            found = [
                child
                for child in psutil.Process(self.process.pid).children(recursive=True)
                if "locust" in " ".join(child.cmdline())
            ]
            # The line of progress tells that requests are being sent.
            if len(found) == processes and "load: " in self.output.read_text():
                return sorted(found, key=lambda child: child.pid)
            time.sleep(0.05)
        raise AssertionError(self.output.read_text())

    def finished(self) -> Ran:
        """Wait for its end."""
        status = self.process.wait(120)
        record = json.loads(self.record.read_text()) if self.record.exists() else None
        return Ran(status, self.output.read_text(), record)


def going(path: Path, folder: Path, *options: str) -> Going:
    """Start the suite in the background."""
    output, record = folder / "output.txt", folder / "record.json"
    command = [sys.executable, "-m", "pytest", "checks", "-m", "slo", "--deployment", str(path), "--record", str(record), "-p", "no:cacheprovider", *options]  # fmt: skip
    with output.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            preexec_fn=hearing,
        )
    return Going(process, output, record)


LONG = Row("none", {}, load={"duration": "60s", "processes": 2}, prometheus=False)


@pytest.mark.xdist_group("slo-2")
def test_a_dead_worker_is_named(reference: Reference, tmp_path: Path) -> None:
    """One of two processes of the generator is killed: all that rests on the load run is UNMEASURED, and says which."""
    run = going(deployment_file(reference, tmp_path, LONG), tmp_path)
    worker = run.generator(3)[-1]
    worker.kill()
    lost = dict.fromkeys(
        (load(LATENCY), load(AVAILABILITY)), f"of 2 of the load generator (pid {worker.pid}) died"
    )
    compare(run.finished(), Row("none", {}, lost, prometheus=False))


@pytest.mark.xdist_group("slo-0")
def test_a_killed_generator_is_named(reference: Reference, tmp_path: Path) -> None:
    """Locust itself is killed."""
    row = Row("none", {}, load={"duration": "60s"}, prometheus=False)
    run = going(deployment_file(reference, tmp_path, row), tmp_path)
    run.generator(1)[0].kill()
    lost = dict.fromkeys((load(LATENCY), load(AVAILABILITY)), "ended mid-run (killed by signal 9)")
    compare(run.finished(), Row("none", {}, lost, prometheus=False))


@pytest.mark.xdist_group("slo-1")
def test_a_late_generator_is_no_breach_of_the_deployments(reference: Reference, tmp_path: Path) -> None:
    """A generator that stood still for three seconds of 13: nothing is said of the deployment, and the generator is named."""
    row = Row("none", {}, prometheus=False)
    run = going(deployment_file(reference, tmp_path, row), tmp_path)
    (generator,) = run.generator(1)
    generator.suspend()
    time.sleep(3)
    generator.resume()
    ran = run.finished()
    for check in (load(LATENCY), load(AVAILABILITY)):
        assert ran.verdict(check) == "UNMEASURED", ran.output
        assert "the load generator was late" in ran.entry(check)["reason"]


@pytest.mark.xdist_group("slo-2")
def test_ctrl_c_still_gives_the_verdict(reference: Reference, tmp_path: Path) -> None:
    """On what was measured, marked as cut short; the run ends as an interrupted one, whatever the verdict."""
    row = Row("none", {}, load={"duration": "60s"}, prometheus=False)
    run = going(deployment_file(reference, tmp_path, row), tmp_path)
    run.generator(1)
    run.process.send_signal(signal.SIGINT)
    ran = run.finished()
    assert ran.status == 2, ran.output
    entry = ran.entry(load(LATENCY))
    assert "cut short: interrupted" in entry["reason"], ran.output
    # On a busy machine the service may truly be slow.
    assert "requests took less than 0.5 s" in entry["reason"], entry
    assert ran.record is not None
    assert ran.record["cut_short"]
    assert ran.record["load"]["cut_short"] == "interrupted"


@pytest.mark.xdist_group("slo-0")
def test_a_certain_breach_ends_the_run(reference: Reference, tmp_path: Path) -> None:
    """With abort_on_breach, two minutes of certain failure are not waited for."""
    row = Row("too-many", {}, load={"duration": "2m", "abort_on_breach": True}, prometheus=False)
    with reference.traffic_fault("too-many"):
        began = time.monotonic()
        ran = run_checks(deployment_file(reference, tmp_path, row), folder=tmp_path, chapter="slo")
    assert time.monotonic() - began < 60
    assert ran.verdict(load(AVAILABILITY)) == "BREACHED", ran.output
    assert "is breached, whatever is still to come" in ran.entry(load(AVAILABILITY))["reason"]


@pytest.mark.xdist_group("slo-1")
def test_workers_of_pytest_share_one_load_run(reference: Reference, tmp_path: Path) -> None:
    """With ``-n 2`` the run is made once, and every check judges it; the record has it."""
    row = Row("none", {}, load={"requests": [weighted(LISTINGS, 1), weighted(PRICING, 1)]})  # fmt: skip
    path = deployment_file(reference, tmp_path, row)
    ran = seen_once(
        lambda: run_checks(path, "-n", "2", folder=tmp_path, chapter="slo", limit=300),
        partial(compare, row=row),
    )
    assert ran.record is not None
    seeds = {
        entry["reproduce"].rpartition(" ")[2]
        for entry in ran.record["checks"]
        if "load_run" in entry["check"]
    }
    assert seeds == {str(ran.record["load"]["plan"]["seed"])}


@pytest.mark.xdist_group("slo-2")
def test_the_line_that_repeats_the_run_repeats_it(reference: Reference, tmp_path: Path) -> None:
    """The same seed sends as many requests of each kind as before."""
    row = Row("none", {}, load={"duration": "3s", "requests": [weighted(LISTINGS, 1), weighted(PRICING, 1)]}, prometheus=False)  # fmt: skip
    path = deployment_file(reference, tmp_path, row)
    counts = []
    for options in ((), ("--load-seed",)):
        more = (*options, str(counts[0]["seed"])) if options else ()
        ran = run_checks(path, *more, folder=tmp_path, chapter="slo")
        assert ran.record is not None, ran.output
        told = ran.record["load"]
        counts.append(
            {"seed": told["plan"]["seed"], **{one["name"]: one["requests"] for one in told["routes"]}}
        )
    assert counts[0] == counts[1]


OTHER = (
    (ROOT / "slos" / "api-latency.yaml").read_text() if (ROOT / "slos" / "api-latency.yaml").exists() else ""
)


@pytest.mark.xdist_group("slo-0")
def test_a_threshold_that_the_metrics_do_not_have(reference: Reference, tmp_path: Path) -> None:
    """With 0.3 s instead of 0.5 s: no series has that bucket, and the alert watches over another threshold."""
    row = Row("none", {})
    (tmp_path / "other.yaml").write_text(OTHER.replace("value: 0.5", "value: 0.3"))
    ran = run_checks(
        deployment_file(reference, tmp_path, row),
        "--slos",
        str(tmp_path / "other.yaml"),
        folder=tmp_path,
        chapter="slo",
    )
    verdicts = {entry["check"].rpartition("::")[2]: entry["verdict"] for entry in ran.record["checks"]}  # type: ignore[index]
    assert verdicts == {
        load(LATENCY): "MET",
        window(LATENCY): "UNMEASURED",
        f"test_buckets[{LATENCY}]": "BREACHED",
        f"test_alerts_agree[{LATENCY}]": "BREACHED",
    }, ran.output


FAULTY: list[tuple[str, Callable[[str], str], str]] = [
    ("unknown-key", lambda text: text.replace("target:", "targt:"), "targt"),
    ("no-yaml", lambda _: "a: [", "broken YAML"),
    ("nothing", lambda _: "", "bad.yaml"),
    ("target-of-1", lambda text: text.replace("0.95", "1.0"), "1.0"),
]


@pytest.mark.parametrize(("spoil", "piece"), [pytest.param(*row[1:], id=row[0]) for row in FAULTY])
def test_a_faulty_objective_ends_the_run(spoil: Callable[[str], str], piece: str, tmp_path: Path) -> None:
    """Status 4, and where it is."""
    bad = tmp_path / "bad.yaml"
    bad.write_text(spoil(OTHER))
    (tmp_path / "local.yaml").write_text("base_url: http://127.0.0.1:9\n")
    ran = run_checks(tmp_path / "local.yaml", "--slos", str(bad), folder=tmp_path, chapter="slo")
    assert ran.status == 4, ran.output
    assert piece in ran.output
    assert "Traceback" not in ran.output


def test_no_objective_ends_the_run(tmp_path: Path) -> None:
    """A pattern that matches nothing must not be green."""
    (tmp_path / "local.yaml").write_text("base_url: http://127.0.0.1:9\n")
    ran = run_checks(tmp_path / "local.yaml", "--slos", "nowhere/*.yaml", folder=tmp_path, chapter="slo")
    assert ran.status == 4, ran.output
    assert "found no objective" in ran.output


def test_load_is_made_only_where_it_is_allowed(tmp_path: Path) -> None:
    """Without allow: [load] the checks of the load run are not selected, and listed so. With no Prometheus either, the
    deployment was asked nothing: that is not green, though the alert rules agree."""
    (tmp_path / "local.yaml").write_text(
        "base_url: http://127.0.0.1:9\nload: {arrival_rate: 5, requests: [{name: a, path: /}]}\n"
        + DEAL_SCOUTS
    )
    ran = run_checks(tmp_path / "local.yaml", folder=tmp_path, chapter="slo")
    assert ran.status == 1, ran.output
    assert "-m slo selected no checks that ask local, so slo was not measured" in ran.output
    assert "(needs allow: [load])" in ran.output
    assert ran.record is not None
    assert {"allow.load"} <= set(ran.record["not_described"].values())
    assert not any("load_run" in entry["check"] for entry in ran.record["checks"])


def test_a_host_that_is_down_is_never_green(tmp_path: Path) -> None:
    """Refused connections: availability is BREACHED, latency is UNMEASURED."""
    (tmp_path / "local.yaml").write_text(
        "base_url: http://127.0.0.1:9\nallow: [load]\nload: {arrival_rate: 50, duration: 3s, requests: [{name: a, path: /}]}\n"
        + DEAL_SCOUTS
    )
    ran = run_checks(tmp_path / "local.yaml", folder=tmp_path, chapter="slo")
    row = Row(
        "none",
        {load(AVAILABILITY): "connection refused"},
        {load(LATENCY): "connection refused"},
        prometheus=False,
    )
    compare(ran, row)


def test_every_check_has_a_fault() -> None:
    """A check that no row turns red does not land."""
    from_rows = {check.partition("[")[0] for row in ROWS for check in row.breached}
    collected = {
        line.partition("::")[2].partition("[")[0]
        for line in run_checks(
            None, "--collect-only", "-q", folder=Path("/nonexistent"), chapter="slo"
        ).output.splitlines()
        if line.startswith("checks/test_latency_slo.py::")
    }
    assert collected == from_rows | {"test_buckets", "test_alerts_agree"}
