"""``deployspec probe`` as a schedule runs it: in a process of its own, from its lock to its last push."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.probe.shop import LIMIT, Receiver, Shop, until

CHECKS = ["shop.open", "shop.slow", "shop.till"]


def test_all_is_well_and_nothing_is_printed(shop: Shop, receiver: Receiver) -> None:
    """The record is kept, the verdicts are pushed, and cron has nothing to mail."""
    before = time.time()
    assert shop.probe() == (0, "")
    (record,) = shop.records()
    assert (record["kind"], record["location"], record["deployment"]) == ("probe", "default", "shop")
    assert [check["verdict"] for check in record["checks"]] == ["MET"] * 3
    ((method, path, _),) = receiver.requests
    assert (method, path) == ("PUT", "/metrics/job/deployspec/deployment/shop/location/default")
    told = receiver.metrics()
    assert told["check_verdict"] == {
        (check, "shop", verdict): float(verdict == "met")
        for check in CHECKS
        for verdict in ("met", "breached", "unmeasured")
    }
    assert told["run_collected_checks"] == {(): 3}
    assert told["run_interval_seconds"] == {(): 300}
    assert before <= told["run_last_success_timestamp_seconds"][()] <= time.time()
    assert told["run_last_completion_timestamp_seconds"] == told["run_last_success_timestamp_seconds"]


def test_a_breach_is_one_line(shop: Shop, receiver: Receiver) -> None:
    """The status says so, and the last success stays what it was."""
    shop.probe()
    success = receiver.metrics()["run_last_success_timestamp_seconds"]
    shop.is_("closed")
    status, output = shop.probe()
    assert (status, output.splitlines()) == (1, ["BREACHED shop.open: it is closed"])
    told = receiver.metrics()
    assert told["check_verdict"][("shop.open", "shop", "breached")] == 1
    assert told["check_verdict"][("shop.open", "shop", "met")] == 0
    assert told["run_last_success_timestamp_seconds"] == success
    assert told["run_last_completion_timestamp_seconds"][()] > success[()]


def test_at_its_time_limit_what_was_measured_is_pushed(shop: Shop, receiver: Receiver) -> None:
    """What was not is UNMEASURED, the run is incomplete, and nothing that the checks started is left."""
    shop.is_("closed hang child")
    began = time.monotonic()
    status, output = shop.probe("--time-limit", "8s")
    assert time.monotonic() - began < 30
    assert status == 1
    assert output.splitlines() == [
        "incomplete: the time limit of 8 s was reached",
        "BREACHED shop.open: it is closed",
        "UNMEASURED shop.slow: the time limit of 8 s was reached",
        "UNMEASURED shop.till: the time limit of 8 s was reached",
    ]
    assert shop.left() == []
    told = receiver.metrics()
    assert [
        told["check_verdict"][(check, "shop", verdict)]
        for check, verdict in zip(CHECKS, ("breached", "unmeasured", "unmeasured"), strict=True)
    ] == [1, 1, 1]
    assert "run_last_completion_timestamp_seconds" not in told
    (record,) = shop.records()
    assert (record["cut_short"], record["exit_status"]) == ("the time limit of 8 s was reached", 1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def broken(:", "SyntaxError: invalid syntax"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_a_file_of_checks_that_cannot_be_read_is_no_met(
    shop: Shop, receiver: Receiver, text: str, why: str
) -> None:
    """Nothing is known then of the checks that were there before, and the reason names the file."""
    shop.probe()
    (shop.folder / "checks" / "test_more.py").write_text(text)
    status, output = shop.probe()
    reason = f"checks/test_more.py could not be collected: {why}"
    assert status == 1
    assert output.splitlines() == [
        f"incomplete: {reason}",
        *(f"UNMEASURED {check}: {reason}" for check in CHECKS),
    ]
    assert all(receiver.metrics()["check_verdict"][(check, "shop", "unmeasured")] == 1 for check in CHECKS)


def test_a_process_of_checks_that_dies(shop: Shop, receiver: Receiver) -> None:
    """What it had measured counts, and what it had not is UNMEASURED."""
    (shop.folder / "checks" / "test_z.py").write_text(
        "import os, pytest\npytestmark = pytest.mark.shop\n\ndef test_dies(deployment):\n    os._exit(9)\n"
    )
    status, output = shop.probe()
    reason = "the process that made the checks ended with status 9"
    assert (status, output.splitlines()) == (1, [f"incomplete: {reason}", f"UNMEASURED shop.dies: {reason}"])
    assert receiver.metrics()["run_checks"] == {("met",): 3, ("breached",): 0, ("unmeasured",): 1}


def test_a_signal_is_no_error_of_a_sink(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that comes while sinks are made ends the probe."""
    from deployspec.app import deployment_named
    from deployspec.deployment.push import PUSH
    from deployspec.probe import pushing
    from deployspec.probe.probing import StoppedError, Stopping

    monkeypatch.chdir(shop.folder)
    pushes = deployment_named("shop").require(PUSH)
    stopping = Stopping()
    monkeypatch.setattr(pushing, "imported", lambda _: lambda _: stopping(signal.SIGTERM, None))
    with pytest.raises(StoppedError), stopping.waiting():
        pushing.senders_of(pushes)


def test_a_run_that_fails_for_another_reason_is_incomplete(shop: Shop, receiver: Receiver) -> None:
    """Whoever made it fail knows of something that no check says."""
    (shop.folder / "checks/conftest.py").write_text(
        "import pytest\n"
        "@pytest.hookimpl(tryfirst=True)\n"
        "def pytest_sessionfinish(session):\n"
        "    session.exitstatus = 1\n"
    )
    reason = "the process that made the checks ended with status 1, and no check says why"
    assert shop.run() == (1, f"incomplete: {reason}\n")
    assert shop.records()[-1]["cut_short"] == reason
    assert "run_last_completion_timestamp_seconds" not in receiver.metrics()


def test_one_at_a_time(shop: Shop) -> None:
    """One that would overlap is counted, and not started; another location has nothing to do with it."""
    shop.is_("hang")
    with shop.start("--time-limit", "20s") as first:
        until(shop.hangs)
        assert shop.probe() == (75, "not started: a probe of shop at default was running\n")
        shop.is_("open")
        assert shop.probe("--location", "elsewhere")[0] == 0
        first.send_signal(signal.SIGTERM)
        assert first.wait(30) == 128 + signal.SIGTERM
    shop.probe()
    assert shop.receiver.metrics()["run_skipped_total"] == {(): 1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_checks_too(shop: Shop, number: signal.Signals) -> None:
    """What was measured is in the store, and nothing is left behind."""
    shop.is_("hang child")
    with shop.start() as process:
        until(shop.hangs)
        process.send_signal(number)
        assert process.wait(30) == 128 + number
    assert shop.left() == []
    (record,) = shop.records()
    assert record["cut_short"]
    assert record["exit_status"] == 128 + number
    assert {check["id"]: check["verdict"] for check in record["checks"]} == dict(
        zip(CHECKS, ("MET", "UNMEASURED", "UNMEASURED"), strict=True)
    )


_SENDS = """
import os, signal, sys

class Sends:
    def find_spec(self, name, *_):
        if name == "yaml.cyaml" and "probe" in sys.orig_argv:
            os.kill(os.getpid(), signal.SIGTERM)

sys.meta_path.insert(0, Sends())
"""


def test_a_signal_in_an_import(shop: Shop) -> None:
    """The module is whole, and the probe ends as at any other time, before it waits for the checks."""
    shop.is_("hang child")
    (shop.folder / "site").mkdir()
    (shop.folder / "site" / "sitecustomize.py").write_text(_SENDS)
    with shop.start(PYTHONPATH=str(shop.folder / "site")) as process:
        assert process.wait(30) == 128 + signal.SIGTERM
        assert process.stdout is not None
        assert "incomplete: ended by SIGTERM" in process.stdout.read()
    assert shop.left() == []
    (record,) = shop.records()
    assert record["cut_short"] == "ended by SIGTERM"


def test_a_signal_is_kept_until_it_is_waited() -> None:
    """And raised once: afterwards the probe ends in order."""
    from deployspec.probe.probing import StoppedError, Stopping

    stopping = Stopping()
    stopping(signal.SIGTERM, None)
    with pytest.raises(StoppedError) as raised, stopping.waiting():
        pass
    assert raised.value.number == signal.SIGTERM
    stopping.is_ending = True
    with stopping.waiting():
        stopping(signal.SIGINT, None)


def test_a_killed_probe_leaves_nothing(shop: Shop) -> None:
    """The checks end with it, the lock is free again, and what it had measured is kept by the next."""
    shop.is_("hang child")
    with shop.start() as process:
        until(shop.hangs)
        process.kill()
    until(lambda: shop.left() == [], 30)
    shop.is_("open")
    assert shop.probe() == (0, "")
    killed, _ = shop.records()
    assert killed["cut_short"] == "the probe was killed"
    assert [check["verdict"] for check in killed["checks"]] == ["MET", "UNMEASURED", "UNMEASURED"]


def test_a_second_signal_loses_nothing(shop: Shop) -> None:
    """Whoever waits for it has no patience; what was measured is in the store all the same."""
    shop.is_("hang")
    with shop.start() as process:
        until(shop.hangs)
        process.send_signal(signal.SIGTERM)
        until(lambda: signal.SIGTERM not in _waiting_signals(process.pid))
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
    assert (process.returncode, output) == (128 + signal.SIGTERM, "incomplete: ended by SIGTERM\n")
    assert len(shop.records()) == 1


def _waiting_signals(pid: int) -> set[int]:
    """Those that were sent to a process and have not reached it."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    masks = [int(line.split()[1], 16) for line in lines if line.startswith(("SigPnd", "ShdPnd"))]
    return {number for number in signal.valid_signals() for mask in masks if mask >> (number - 1) & 1}


def test_a_probe_that_is_killed_while_it_pushes_is_one_run(shop: Shop) -> None:
    """The next one finds what it has left, and that it is in the store already."""
    with socket.create_server(("127.0.0.1", 0)) as hung:
        url = f"http://127.0.0.1:{hung.getsockname()[1]}"
        shop.describe(f"push: [{{name: gateway, kind: pushgateway, url: '{url}', timeout: 30s}}]")
        with shop.start() as process:
            hung.settimeout(LIMIT)
            connection, _ = hung.accept()
            process.kill()
        connection.close()
    until(lambda: shop.left() == [], 30)
    before = shop.records()
    shop.describe()
    assert shop.probe() == (0, "")
    assert len(before) == 1
    assert shop.records()[:-1] == before
    assert not (shop.state / "probes/shop/default/left").exists()


def test_what_ends_before_it_has_collected_is_kept_by_its_name(shop: Shop) -> None:
    """Whatever characters are in it."""
    shop.is_("open")
    (shop.folder / "deployments/shop.yaml").rename(shop.folder / "deployments/my shop.yaml")
    (shop.folder / "checks/test_slow.py").write_text("import time\ntime.sleep(60)\n")
    status, output = shop.probe("--deployment", "my shop", "--time-limit", "4s")
    assert (status, output) == (1, "incomplete: the time limit of 4 s was reached\n")
    assert [record["deployment"] for record in shop.records()] == ["my shop"]


def test_what_ends_before_it_has_chosen_leaves_other_chapters_alone(shop: Shop) -> None:
    """What could not be measured is what the last complete run measured, not all that there is."""
    other = shop.folder / "checks/test_other.py"
    other.write_text(
        'import pytest\n\n\n@pytest.mark.till\ndef test_other(deployment):\n    """Another."""\n'
    )
    assert shop.probe() == (0, "")
    (shop.folder / "checks/test_slow.py").write_text("import time\ntime.sleep(60)\n")
    assert shop.probe("--time-limit", "4s")[0] == 1
    assert {check["id"]: check["verdict"] for check in shop.records()[-1]["checks"]} == dict.fromkeys(
        CHECKS, "UNMEASURED"
    )


def test_variables_for_other_tests_choose_no_checks(shop: Shop, receiver: Receiver) -> None:
    """A check that one of them leaves out would be missing without a word."""
    assert shop.probe(PYTEST_ADDOPTS="-k open") == (0, "")
    assert receiver.metrics()["run_collected_checks"] == {(): 3}


def test_one_that_cannot_be_counted_is_not_started_either(shop: Shop) -> None:
    """Two at once would be in each other's way."""
    shop.is_("hang")
    with shop.start() as first:
        until(shop.hangs)
        (shop.state / "probes/shop/default/skipped").mkdir()
        status, output = shop.probe()
        first.send_signal(signal.SIGTERM)
        assert first.wait(30) == 128 + signal.SIGTERM
    assert status == 75
    assert output.startswith("not started: a probe of shop at default was running; it is not counted: ")


def test_an_incomplete_run_that_is_sent_again_completes_nothing(shop: Shop, receiver: Receiver) -> None:
    """The alarm on silence goes by the last run that was complete."""
    shop.probe()
    completed = receiver.metrics()["run_last_completion_timestamp_seconds"]
    receiver.status = 401
    shop.is_("hang")
    assert shop.probe("--time-limit", "4s")[0] == 1
    receiver.status = 200
    assert shop.run("push", "latest", "--to", "gateway")[0] == 0
    assert receiver.metrics()["run_checks"][("unmeasured",)] > 0
    assert receiver.metrics()["run_last_completion_timestamp_seconds"] == completed


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        pytest.param(["-m", "till"], 5, "nothing was measured: no check of shop was selected", id="nothing"),
        pytest.param(
            ["-m", "shop or till"],
            1,
            "-m till selected no checks, so till was not measured",
            id="empty-marker",
        ),
        pytest.param(["-m", "shop or"], 4, "expression", id="expression"),
        pytest.param(["--location", "a/b"], 4, "found 'a/b'; expected at most 64 letters", id="location"),
        pytest.param(
            ["--time-limit", "55"], 4, "found 55 without a unit; expected a duration such as", id="limit"
        ),
        pytest.param(["--state", ""], 4, "found an empty text; expected the path of a folder", id="state"),
        pytest.param(["-m", ""], 4, "found an empty expression; expected chapters", id="no-expression"),
        pytest.param(["--time-limit", "1s"], 4, "found 1s; expected at least 2s", id="too-short"),
        pytest.param(["--deployment", "\udcff"], 4, "found no deployment", id="no-text"),
        pytest.param(["--deployment", "shup"], 4, "found no deployment shup; expected shop", id="deployment"),
    ],
)
def test_what_cannot_be_asked_for(shop: Shop, options: list[str], status: int, said: str) -> None:
    """Each has its status and says what is wrong, once."""
    ended, output = shop.probe(*options)
    assert ended == status
    assert output.count(said) == 1
    assert "Traceback" not in output


def test_a_faulty_deployment_file_is_said_once(shop: Shop) -> None:
    """By the probe, not by what makes its checks as well."""
    shop.describe("healt: {}")
    status, output = shop.probe()
    assert status == 4
    assert output.count("the unknown key healt") == 1


def test_a_failed_push_is_a_line_and_no_verdict(shop: Shop, receiver: Receiver) -> None:
    """Unless it is asked for."""
    receiver.status = 401
    status, output = shop.probe()
    assert (status, output.splitlines()) == (0, ["push to gateway failed: status 401"])
    assert shop.probe("--strict-push")[0] == 74
    shop.is_("closed")
    assert shop.probe("--strict-push")[0] == 1


def test_state_that_cannot_be_kept_stops_no_push(shop: Shop, receiver: Receiver) -> None:
    """All is measured and pushed; the line and the status say that something is wrong here."""
    shop.state.parent.mkdir()
    shop.state.write_text("a file where a folder is expected")
    status, output = shop.probe()
    assert status == 3
    assert f"{shop.state}" in output
    assert "--state DIR" in output
    assert receiver.metrics()["run_checks"] == {("met",): 3, ("breached",): 0, ("unmeasured",): 0}


def test_a_log_of_its_own(shop: Shop, tmp_path: Path) -> None:
    """Its lines keep the log contract of the guide."""
    from deployspec.cli import main

    shop.is_("closed")
    status, output = shop.probe("--log-json")
    assert status == 1
    records = [json.loads(line) for line in output.splitlines()]
    assert [record["event"] for record in records] == ["verdict", "pushed", "completed"]
    assert records[0]["check"] == "shop.open"
    log = tmp_path / "probe.log"
    log.write_text(output)
    assert main(["logs", str(log)]) == 0


def test_secrets_are_printed_nowhere(shop: Shop, receiver: Receiver) -> None:
    """Neither the address of a sink nor what proves who pushes."""
    shop.describe(
        f"push: [{{name: gateway, kind: pushgateway, url: '{receiver.url}/key-ding-dong-9', auth: {{bearer: sesame-open-up-7}}}}]"
    )
    receiver.status = 500
    status, output = shop.probe("-v", "--time-limit", "6s")
    assert status == 0
    kept = "".join(file.read_text() for file in shop.state.rglob("*") if file.is_file())
    for secret in ("ding-dong", "sesame-open-up-7"):
        assert secret not in output
        assert secret not in kept


def test_what_is_kept_is_for_nobody_else(shop: Shop) -> None:
    """Evidence may be confidential."""
    shop.probe()
    assert [file for file in shop.state.rglob("*") if file.stat().st_mode & 0o077] == []


def test_a_kept_run_is_sent_again(shop: Shop, receiver: Receiver) -> None:
    """One that did not arrive; and none that has, or that would pass for news."""
    receiver.status = 401
    shop.probe()
    (record,) = shop.records()
    pushes = len(receiver.requests)
    receiver.status = 200
    assert shop.run("push", record["id"][:8], "--to", "gateway") == (0, "pushed to gateway\n")
    assert len(receiver.requests) == pushes + 1
    assert receiver.metrics()["run_checks"][("met",)] == 3
    status, output = shop.run("push", "latest", "--to", "gateway")
    assert status == 4
    assert "this run has arrived at gateway" in output
    shop.probe()
    status, output = shop.run("push", record["id"], "--to", "gateway")
    assert status == 4
    assert "a newer one" in output
    assert len(receiver.requests) == pushes + 2


def test_a_kept_run_that_is_incomplete_is_no_completion(shop: Shop, receiver: Receiver) -> None:
    """Nor does what is known of the other sinks go with it."""
    shop.describe(
        f"push: [{{name: gateway, kind: pushgateway, url: '{receiver.url}'}}, "
        f"{{name: closed, kind: textfile, dir: {shop.folder / 'nowhere'}}}]"
    )
    shop.probe()
    completed = receiver.metrics()["run_last_completion_timestamp_seconds"]
    receiver.status = 401
    shop.is_("hang")
    shop.probe("--time-limit", "8s")
    receiver.status = 200
    assert shop.run("push", "latest", "--to", "gateway") == (0, "pushed to gateway\n")
    told = receiver.metrics()
    assert told["run_checks"][("unmeasured",)] == 2
    assert told["run_last_completion_timestamp_seconds"] == completed
    assert told["push_failures_total"] == {("gateway",): 1, ("closed",): 2}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing", "--to", "gateway"], "found nothing, which is no run of shop in"),
        (
            ["latest", "--to", "gatway"],
            "--to: found gatway; expected alive or gateway; did you mean gateway?",
        ),
        (["latest", "--to", "alive"], "--to: found alive, which tells that a probe runs now"),
        (["mode.json", "--to", "gateway"], "mode.json: No such file or directory; expected a run record"),
    ],
)
def test_what_cannot_be_sent(shop: Shop, arguments: list[str], said: str) -> None:
    """One line says why."""
    shop.describe(
        f"push: [{{name: gateway, kind: pushgateway, url: '{shop.receiver.url}'}}, "
        f"{{name: alive, kind: heartbeat, url: '{shop.receiver.url}/ping'}}]"
    )
    shop.probe()
    status, output = shop.run("push", *arguments)
    assert (status, said in output, output.count("\n")) == (4, True, 1)


def test_in_a_maintenance_window_nobody_is_woken(shop: Shop, receiver: Receiver) -> None:
    """All is measured, recorded and pushed as ever, and marked; the status is 0, and nothing is printed."""
    now = time.time()
    start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 60))
    shop.describe(
        f"push: [{{name: gateway, kind: pushgateway, url: '{receiver.url}'}}]\n"
        f"maintenance_windows: [{{name: move, start: '{start}', duration: 1h}}]"
    )
    shop.is_("closed")
    assert shop.probe() == (0, "")
    told = receiver.metrics()
    assert told["in_maintenance"] == {(): 1}
    assert told["check_verdict"][("shop.open", "shop", "breached")] == 1
    assert "run_last_success_timestamp_seconds" not in told
    assert (shop.records()[0]["maintenance"], shop.records()[0]["exit_status"]) == ("move", 0)
    assert "BREACHED shop.open" in shop.probe("--log-json")[1]
    status, output = shop.run("check", "-m", "shop")
    assert status == 1, output
    assert shop.records()[-1]["maintenance"] == "move"


def test_what_was_not_measured_is_said_in_a_maintenance_window_too(shop: Shop) -> None:
    """Nobody maintains the probe by breaking it."""
    start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
    shop.describe(f"maintenance_windows: [{{name: move, start: '{start}', duration: 1h}}]")
    shop.is_("hang")
    status, output = shop.probe("--time-limit", "8s")
    assert (status, output) == (1, "incomplete: the time limit of 8 s was reached\n")


def test_what_cannot_be_printed_is_pushed_all_the_same(shop: Shop, receiver: Receiver) -> None:
    """The disk of the log is full, or who reads has gone."""
    shop.is_("closed")
    reading, writing = os.pipe()
    os.close(reading)
    for into in (Path("/dev/full").open("w"), os.fdopen(writing, "w")):  # noqa: SIM115 - closed below
        with into, shop.start(into=into) as process:
            assert process.wait(30) == 1
        assert receiver.metrics()["check_verdict"][("shop.open", "shop", "breached")] == 1
        receiver.requests.clear()


def test_without_a_standard_output(shop: Shop, receiver: Receiver) -> None:
    """Whoever starts it may have closed it."""
    command = f"exec {sys.executable} -m deployspec.cli probe -m shop --deployment shop --state state >&-"
    ended = subprocess.run(
        ["sh", "-c", command], cwd=shop.folder, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(receiver.requests) == 1


def test_an_error_of_ours_is_no_verdict(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 1 would say that a check failed."""
    import argparse

    from deployspec.probe import command, probing

    def broken(_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.chdir(shop.folder)
    monkeypatch.setattr(probing.Probe, "run", broken)
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    assert command.run(parser.parse_args(["--deployment", "shop", "--state", str(shop.state)])) == 3
