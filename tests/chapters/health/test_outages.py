"""What the outage checks do when a fault cannot be injected or ended."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.raw_server import serve
from tests.suite import ROOT, deployment_file, run_checks

MARK = f"[{sys.executable}, -c, \"import sys; open(sys.argv[1], 'a').write(sys.argv[2])\", "


# inject, restore: commands; reason: a piece of what is said.
@pytest.mark.parametrize(
    ("inject", "restore", "reason"),
    [
        pytest.param("[sh, -c, 'echo no such pod; exit 3']", "['true']", "could not be injected: sh: exit status 3, no such pod", id="inject-fails"),
        pytest.param("[/no/such/program]", "['true']", "could not be injected: program: no exit status", id="inject-missing"),
        pytest.param("[sleep, '60']", "['true']", "ended after its time limit of 1 s", id="inject-hangs"),
        pytest.param("['true']", "[sh, -c, 'exit 4']", "could not be ended, so the deployment may still be broken: sh: exit status 4", id="restore-fails"),
        pytest.param("['false']", "['false']", "may still be broken", id="both-fail"),
    ],
)  # fmt: skip
def test_a_command_that_fails_is_unmeasured(tmp_path: Path, inject: str, restore: str, reason: str) -> None:
    """The outage was not measured: the reason has the command, how it ended, and what it said."""
    faults = f"allow: [faults]\nfaults: {{redis-hung: {{inject: {inject}, restore: {restore}, timeout: 1s}}}}"
    with serve("healthy") as server:
        local = deployment_file(tmp_path, server.base_url, more=faults)
        ran = run_checks(local, "-k", "redis-hung", folder=tmp_path)
    entry = ran.entry("test_outage_is_told[redis-hung]")
    assert (entry["verdict"], ran.status) == ("UNMEASURED", 1)
    assert reason in entry["reason"]
    assert "Traceback" not in ran.output


@pytest.mark.parametrize(
    ("injects", "seen"), [("", "+-"), ("; sys.exit(1)", "+-")], ids=["injected", "not-injected"]
)
def test_what_was_broken_is_always_mended(tmp_path: Path, injects: str, seen: str) -> None:
    """The restoring command runs whether or not the injecting one succeeded."""
    log = tmp_path / "log"
    inject = MARK.replace('write(sys.argv[2])"', f'write(sys.argv[2]){injects}"') + f"{log}, '+']"
    faults = f"allow: [faults]\nfaults: {{redis-hung: {{inject: {inject}, restore: {MARK}{log}, '-']}}}}"
    with serve("healthy") as server:
        run_checks(
            deployment_file(tmp_path, server.base_url, more=faults), "-k", "redis-hung", folder=tmp_path
        )
    assert log.read_text() == seen


def test_without_allow_nothing_is_broken(tmp_path: Path) -> None:
    """Commands in the file are not enough: faults must be allowed."""
    log = tmp_path / "log"
    faults = f"faults: {{redis-hung: {{inject: {MARK}{log}, '+'], restore: {MARK}{log}, '-']}}}}"
    with serve("healthy") as server:
        ran = run_checks(deployment_file(tmp_path, server.base_url, more=faults), folder=tmp_path)
    assert ran.status == 0
    assert not log.exists()
    assert "health.outage-is-told[redis-hung] (needs allow: [faults])" in ran.output


def test_an_unhealthy_service_is_not_broken_further(tmp_path: Path) -> None:
    """Where the service is not healthy before, nothing is injected, and the outage is UNMEASURED."""
    log = tmp_path / "log"
    faults = (
        f"allow: [faults]\nfaults: {{redis-hung: {{inject: {MARK}{log}, '+'], restore: {MARK}{log}, '-']}}}}"
    )
    with serve("refused") as server:
        local = deployment_file(tmp_path, server.base_url, "{timeout: 1s, recovery: 200ms}", faults)
        ran = run_checks(local, "-k", "redis-hung", folder=tmp_path)
    assert "not healthy before" in ran.entry("test_outage_is_told[redis-hung]")["reason"]
    assert not log.exists()


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda number: number.name
)
def test_a_cancelled_run_mends_what_it_broke(tmp_path: Path, number: signal.Signals) -> None:
    """A pipeline that is cancelled sends SIGTERM in mid-outage: the part is restored before the run ends."""
    broken = tmp_path / "broken"
    faults = (
        "allow: [faults]\nfaults: {redis-hung: {"
        f"inject: [sh, -c, 'touch {broken}; sleep 60'], restore: [rm, '{broken}']" + "}}"
    )
    with serve("healthy") as server:
        local = deployment_file(tmp_path, server.base_url, more=faults)
        running = subprocess.Popen(
            [sys.executable, "-m", "pytest", "checks", "-m", "health", "-k", "redis-hung", "--deployment", str(local),
             "--record", str(tmp_path / "record.json"), "-p", "no:cacheprovider"],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while not broken.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        running.send_signal(number)
        status = running.wait(60)
    assert status == 2
    assert not broken.exists()


def test_a_schema_that_cannot_be_read_takes_one_check(tmp_path: Path) -> None:
    """Only the check that needs the JSON Schema is UNMEASURED, without a traceback, however deep it is nested."""
    (tmp_path / "schema.json").write_text("[" * 100_000)
    with serve("healthy") as server:
        health = f"{{timeout: 1s, schema: {tmp_path / 'schema.json'}}}"
        ran = run_checks(deployment_file(tmp_path, server.base_url, health), folder=tmp_path)
    assert ran.record is not None
    unmeasured = [entry["check"] for entry in ran.record["checks"] if entry["verdict"] == "UNMEASURED"]
    assert [name.rpartition("::")[2] for name in unmeasured] == ["test_body_fits_schema"]
    assert "Traceback" not in ran.output
