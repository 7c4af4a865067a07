"""The wait for a version, right after a rollout."""

from __future__ import annotations

import itertools
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from deployspec.chapters.health.judge.rollout import Saying, progress, saying, version_arrived
from deployspec.model.verdict import Outcome
from tests.chapters.health.answers import TIMED_OUT, answered, promise
from tests.chapters.health.test_endpoints import PAGE, Reply, reds, run, service, verdicts
from tests.suite import ROOT

NEW, OLD, SILENT = (
    Saying("1.2.3"),
    Saying("1.2.2"),
    Saying(None, "no answer: connection refused by 10.0.0.9 port 80"),
)


@pytest.mark.parametrize(
    ("sayings", "trouble", "outcome", "reason"),
    [
        pytest.param({"": NEW}, "", Outcome.MET, 'it says "1.2.3" after 12.3 s', id="one"),
        pytest.param({"a": NEW, "b": NEW}, "", Outcome.MET, 'all 2 replicas say "1.2.3" after 12.3 s', id="all"),
        pytest.param({"": OLD}, "", Outcome.UNMEASURED, 'after 12.3 s, it does not say "1.2.3": it says "1.2.2"', id="old"),
        pytest.param({"": SILENT}, "", Outcome.UNMEASURED,
                     'after 12.3 s, it does not say "1.2.3": it: no answer: connection refused by 10.0.0.9 port 80', id="silent"),
        pytest.param({"a": NEW, "b": OLD}, "", Outcome.UNMEASURED,
                     'after 12.3 s, 1 of 2 replicas does not say "1.2.3": b says "1.2.2"', id="one-behind"),
        pytest.param({"a": SILENT, "b": OLD, "c": OLD, "d": OLD, "e": NEW}, "", Outcome.UNMEASURED,
                     'after 12.3 s, 4 of 5 replicas do not say "1.2.3": a: no answer: connection refused by 10.0.0.9 port 80; '
                     'b says "1.2.2"; c says "1.2.2"; 1 more', id="several"),
        pytest.param({}, "replicas.command (sh) ended with status 3", Outcome.UNMEASURED,
                     "after 12.3 s: replicas.command (sh) ended with status 3", id="nobody-found"),
    ],
)  # fmt: skip
def test_what_came_of_it(sayings: dict[str, Saying], trouble: str, outcome: Outcome, reason: str) -> None:
    """All of them say it, or those who do not are named."""
    verdict = version_arrived(sayings, "1.2.3", 12.3, 300, trouble)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)
    assert verdict.limit == '"1.2.3" within 5m'


@pytest.mark.parametrize(
    ("passed", "outcome", "reason"),
    [
        (59.9, Outcome.MET, 'it says "1.2.3" after 59.9 s'),
        (60.0, Outcome.MET, 'it says "1.2.3" after 60 s'),
        (60.001, Outcome.UNMEASURED, 'it says "1.2.3" only after 60.001 s, expected within 1m'),
    ],
)
def test_at_the_limit_is_in_time(passed: float, outcome: Outcome, reason: str) -> None:
    """A round that ends after the time has not brought it within the time."""
    verdict = version_arrived({"": NEW}, "1.2.3", passed, 60)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


def test_how_far_it_has_got() -> None:
    """One line, with those who are missing."""
    line = progress({"a": NEW, "b": OLD, "c": SILENT}, "1.2.3", 42.9, 300)
    assert line == (
        'waiting for version 1.2.3: 1 of 3 replicas, 42 s of 5m (b says "1.2.2"; '
        "c: no answer: connection refused by 10.0.0.9 port 80)"
    )


def test_what_is_said() -> None:
    """A version is read where the deployment file says, and else why there was none."""
    assert saying(answered(), promise()) == Saying("0.1.0")
    assert saying(answered(version=None), promise()) == Saying(None, "version is null, not a string")
    assert saying(TIMED_OUT, promise()).why.startswith("no answer: the time limit of 2 s ran out")


HEALTH = "health: {form: json, timeout: 5s, fields: {ok: {at: /status, healthy: [UP]}, version: version}}"


def behind(rounds: int) -> Callable[[str], Reply]:
    """A replica that says the old version so many times, and then the new one."""
    numbers = itertools.count()

    def answer(_: str) -> Reply:
        version = "1.2.3" if next(numbers) >= rounds else "1.2.2"
        return 200, "application/json", json.dumps({"status": "UP", "version": version})

    return answer


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two-workers"])
def test_no_check_begins_before_all_say_it(tmp_path: Path, workers: tuple[str, ...]) -> None:
    """Then all are MET: no check has seen an answer of the old version."""
    with service(behind(0)) as first, service(behind(2)) as second:
        text = f"base_url: {first}\nreplicas: [{first}, {second}]\n{HEALTH}"
        ran = run(tmp_path, text, "--wait-for-version", "1.2.3", "--within", "1m", *workers)
    assert (ran.status, reds(ran)) == (0, {}), ran.output
    assert ran.entry("test_version_arrived")["reason"].startswith('all 2 replicas say "1.2.3" after ')
    name = second.removeprefix("http://")
    assert f'waiting for version 1.2.3: 1 of 2 replicas, 0 s of 1m ({name} says "1.2.2")' in ran.output


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two-workers"])
def test_a_replica_that_stays_behind(tmp_path: Path, workers: tuple[str, ...]) -> None:
    """Nothing is said of the version that was not to be checked, and it is said who was missing."""
    with service(behind(0)) as first, service(behind(10_000)) as second:
        text = f"base_url: {first}\nreplicas: [{first}, {second}]\n{HEALTH}"
        ran = run(tmp_path, text, "--wait-for-version", "1.2.3", "--within", "1s", *workers)
    assert ran.status == 1
    assert set(verdicts(ran).values()) == {"UNMEASURED"}
    arrived = reds(ran).pop("test_version_arrived")
    name = second.removeprefix("http://")
    assert arrived.endswith(f'1 of 2 replicas does not say "1.2.3": {name} says "1.2.2"')
    others = {reason for check, reason in reds(ran).items() if check != "test_version_arrived"}
    assert others == {"version 1.2.3 has not arrived (see health.version-arrived)"}


def test_who_the_replicas_are_is_found_out_anew(tmp_path: Path) -> None:
    """A replica that a rollout has taken away is not waited for, and the command may fail meanwhile."""
    with ExitStack() as stack:
        old, new = stack.enter_context(service(behind(10_000))), stack.enter_context(service(behind(0)))
        script = tmp_path / "who.sh"
        seen = tmp_path / "seen"
        script.write_text(
            f"if [ -e {seen} ]; then echo {new}; else touch {seen}; echo {new}; echo {old}; fi\n"
        )
        text = f"base_url: {new}\nreplicas: {{command: [sh, {script}]}}\n{HEALTH}"
        ran = run(tmp_path, text, "--wait-for-version", "1.2.3", "--within", "1m")
    assert (ran.status, reds(ran)) == (0, {}), ran.output


def test_checks_of_files_alone_do_not_wait_for_it(tmp_path: Path) -> None:
    """What asks the deployment nothing has its verdict, whatever has arrived."""
    with service(lambda _: PAGE) as url:
        (tmp_path / "rules.yml").write_text(
            "groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: up == 0\n        labels: {severity: page}\n"
        )
        local = tmp_path / "there.yaml"
        local.write_text(f"base_url: {url}\nrules: {{files: [rules.yml]}}\n{HEALTH}")
        ran = run(
            tmp_path, local.read_text(), "--wait-for-version", "1", "--within", "1s", "-m", "health or alerts"
        )
    found = verdicts(ran)
    assert found["test_version_arrived"] == "UNMEASURED"
    assert "MET" in found.values()


def relapses(said: str, health: str) -> Callable[[str], Reply]:
    """A replica that says the new version once, and then the old one."""
    numbers = itertools.count()
    ours, theirs = (json.dumps({"status": "UP", "version": version}) for version in ("1.2.3", "1.2.2"))

    def answer(path: str) -> Reply:
        if path != said:
            return 200, "application/json", health
        return 200, "application/json", ours if next(numbers) < 1 else theirs

    return answer


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two-workers"])
def test_a_version_that_is_gone_again_is_a_breach(tmp_path: Path, workers: tuple[str, ...]) -> None:
    """What was waited for is what every answer has to say, though the file names no version to expect."""
    with service(behind(0)) as first, service(relapses("/health", "")) as second:
        text = f"base_url: {first}\nreplicas: [{first}, {second}]\n{HEALTH}"
        ran = run(tmp_path, text, "--wait-for-version", "1.2.3", "--within", "1m", *workers)
    name = second.removeprefix("http://")
    assert verdicts(ran)["test_version_arrived"] == "MET"
    assert reds(ran) == {
        "test_version_is_expected": f'{name} (1 of 2 replicas): version is "1.2.2"; expected "1.2.3"'
    }


def test_of_several_endpoints_those_that_have_a_version_must_keep_it(tmp_path: Path) -> None:
    """And no other."""
    health = (
        "health: {timeout: 5s, endpoints: {live: {form: livez, path: /live, content_type: null}, "
        "ready: {form: json, path: /ready, fields: {ok: {at: /status, healthy: [UP]}, version: version}}}}"
    )
    with service(relapses("/ready", "ok")) as url:
        ran = run(tmp_path, f"base_url: {url}\n{health}", "--wait-for-version", "1.2.3", "--within", "1m")
    assert reds(ran) == {"test_version_is_expected[ready]": 'version is "1.2.2"; expected "1.2.3"'}


def test_a_command_that_fails_is_run_no_more_often_than_planned(tmp_path: Path) -> None:
    """It is asked again in each round, because a rollout may be why it fails."""
    ran_to = tmp_path / "ran"
    local = tmp_path / "there.yaml"
    local.write_text(
        f"base_url: http://127.0.0.1:9\nreplicas: {{command: [sh, -c, 'echo x >> {ran_to}; exit 3']}}\n{HEALTH}"
    )
    options = ("--wait-for-version", "1.2.3", "--within", "3s")
    said = subprocess.run(
        [sys.executable, "-m", "deployspec.cli", "plan", "-m", "health", "--deployment", str(local), "--format", "json", *options],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    (planned,) = (one for one in json.loads(said.stdout)["planned"] if one["kind"] == "command")
    ran = run(tmp_path, local.read_text(), *options)
    assert set(verdicts(ran).values()) == {"UNMEASURED"}
    assert planned["least"] < len(ran_to.read_text().split()) <= planned["most"]


# options: of a run that cannot be waited for; said: a piece of the one line
@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(("--within", "5m"), "--within: found it without --wait-for-version; expected both", id="within-alone"),
        pytest.param(("--wait-for-version", " "), "--wait-for-version: found an empty text; expected a version", id="empty"),
        pytest.param(("--wait-for-version", "1", "--within", "soon"), "--within: found soon", id="no-duration"),
        pytest.param(("--wait-for-version", "1", "-m", "logs"), "found it in a run that selects no check of health", id="no-health"),
        pytest.param(("--wait-for-version", "2"), "found 2, and the deployment file expects 1.2.3; expected one version",
                     id="two-versions"),
        pytest.param(("--wait-for-version", "2", "-n", "2"), "found 2, and the deployment file expects 1.2.3", id="with-workers"),
    ],
)  # fmt: skip
def test_what_cannot_be_waited_for(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    """Status 4 and one line, and nothing is asked."""
    health = HEALTH.replace("{form", "{expect_version: 1.2.3, form")
    ran = run(tmp_path, f"base_url: http://127.0.0.1:9\n{health}", *options)
    assert ran.status == 4, ran.output
    assert said in ran.output
    assert "Traceback" not in ran.output


def test_a_version_that_is_a_secret_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even in the line that says that two are expected."""
    monkeypatch.setenv("TOKEN", "sesame-open-up-now")
    health = HEALTH.replace("{form", "{expect_version: '${TOKEN}', form")
    text = f"base_url: http://127.0.0.1:9\nauth: {{bearer: '${{TOKEN}}'}}\n{health}"
    ran = run(tmp_path, text, "--wait-for-version", "2")
    assert ran.status == 4, ran.output
    assert "found 2, and the deployment file expects ***; expected one version" in ran.output
    assert "sesame" not in ran.output


def test_a_file_without_a_version(tmp_path: Path) -> None:
    """There is nothing to wait for."""
    ran = run(tmp_path, "base_url: http://127.0.0.1:9\nhealth: {form: livez}\n", "--wait-for-version", "1")
    assert ran.status == 4
    assert "does not say where the version is; expected health.fields.version" in ran.output


def test_a_run_that_does_not_wait_does_not_speak_of_it(tmp_path: Path) -> None:
    """The check is part of those runs alone that were told to wait."""
    with service(behind(0)) as url:
        ran = run(tmp_path, f"base_url: {url}\n{HEALTH}")
    assert ran.status == 0
    assert "version-arrived" not in ran.output
    assert "version_arrived" not in ran.output


def test_whoever_is_selected_alone_says_who_was_missing(tmp_path: Path) -> None:
    """Where the check that says it is not part of the run; and a run without a terminal's reporter has its record."""
    with service(behind(10_000)) as url:
        text = f"base_url: {url}\n{HEALTH}"
        options = ("--wait-for-version", "1.2.3", "--within", "1s", "-k", "steady", "-p", "no:terminal")
        ran = run(tmp_path, text, *options)
    reason = reds(ran)["test_steady"]
    assert reason.startswith("version 1.2.3 has not arrived: after 1")
    assert reason.endswith('s, it does not say "1.2.3": it says "1.2.2"')


def test_a_terminal_has_one_line(tmp_path: Path) -> None:
    """It is written over, not repeated."""
    local = tmp_path / "there.yaml"
    controller, terminal = pty.openpty()
    with service(behind(2)) as url:
        local.write_text(f"base_url: {url}\n{HEALTH}")
        running = subprocess.Popen(
            [sys.executable, "-m", "pytest", "checks", "-m", "health", "--deployment", str(local), "-p", "no:cacheprovider",
             "--record", str(tmp_path / "record.json"), "--wait-for-version", "1.2.3"],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=terminal, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(terminal)
        seen = b""
        while True:
            try:
                piece = os.read(controller, 4096)
            except OSError:  # its end, on Linux
                break
            if not piece:
                break
            seen += piece
        assert running.wait(60) == 0
    os.close(controller)
    assert seen.count(b"\rwaiting for version 1.2.3: 0 of 1 replica") == 2
