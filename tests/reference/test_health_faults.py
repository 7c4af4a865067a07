"""The faults of the health endpoint, and their switch."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reference.faults import control
from reference.faults.control import FaultError
from reference.faults.metrics.faults import FAULTS as METRICS_FAULTS
from reference.faults.registry import health_faults
from reference.faults.switch import HEALTH, SLOW_QUERIES
from reference.faults.traffic.faults import FAULTS as TRAFFIC_FAULTS
from reference.process import Reference
from tests.suite import ROOT

from .client import Answer, ask, ask_at_once, in_rounds, in_time, until

pytestmark = pytest.mark.xdist_group("deal-scout")

Predicate = Callable[[Answer], Any]


@pytest.fixture(autouse=True)
def healthy(reference: Reference) -> Iterator[None]:
    """Every test finds the service healthy, and leaves it so."""
    yield
    until(lambda: ask(reference, "/health").status == 200)


def is_right(answer: Answer) -> bool:
    """Whether an answer is what the healthy service gives."""
    return (
        answer.status == 200
        and answer.headers.get("content-type") == "application/json"
        and answer.headers.get("cache-control") == "no-store"
        and list(answer.json) == ["ok", "db", "redis", "queue_depth", "version", "time"]
        and answer.json["ok"] is answer.json["db"] is answer.json["redis"] is True
    )


# What is wrong with a single answer, in the words of someone who looks for exactly that.
SINGLE: dict[str, Predicate] = {
    "ok-false-with-200": lambda a: a.status == 200 and a.json["ok"] is False and a.json["db"] is True,
    "status-503-when-ok": lambda a: a.status == 503 and a.json["ok"] is True,
    "status-500": lambda a: a.status == 500 and a.json["ok"] is True,
    "db-false-but-ok": lambda a: a.status == 200 and a.json["ok"] is True and a.json["db"] is False,
    "all-false-200": lambda a: a.status == 200 and not (a.json["ok"] or a.json["db"] or a.json["redis"]),
    "ok-as-string": lambda a: a.json["ok"] == "true",
    "ok-missing": lambda a: "ok" not in a.json,
    "db-missing": lambda a: "db" not in a.json,
    "unknown-field-type": lambda a: a.json["queue_depth"] == "42",
    "queue-depth-negative": lambda a: a.json["queue_depth"] == -1,
    "queue-depth-fraction": lambda a: a.json["queue_depth"] == 1.5,
    "queue-depth-null": lambda a: a.json["queue_depth"] is None and a.json["redis"] is True,
    "nan": lambda a: b'"queue_depth":NaN' in a.body,
    "time-missing": lambda a: "time" not in a.json,
    "time-without-offset": lambda a: a.json["time"][-3] == ":",
    "time-not-a-time": lambda a: a.json["time"] == "just now",
    "time-behind": lambda a: -12 < _ahead(a) < -9,
    "time-ahead": lambda a: 8 < _ahead(a) < 11,
    "version-empty": lambda a: a.json["version"] == "",
    "version-other": lambda a: a.json["version"] == "0.0.9",
    "version-missing": lambda a: "version" not in a.json,
    "duplicate-key": lambda a: a.body.startswith(b'{"ok":false,"ok":true,'),
    "trailing-garbage": lambda a: a.body.endswith(b'Z"}{"ok":false}'),
    "invalid-utf8": lambda a: b"\xe9" in a.body,
    "bom": lambda a: a.body.startswith(b'\xef\xbb\xbf{"ok":true'),
    "empty-body": lambda a: a.status == 200 and a.body == b"",
    "html-body": lambda a: a.headers["content-type"].startswith("text/html") and b"<html>" in a.body,
    "array-body": lambda a: a.json[0]["ok"] is True,
    "text-plain": lambda a: a.headers["content-type"].startswith("text/plain") and a.json["ok"],
    "no-content-type": lambda a: "content-type" not in a.headers and a.json["ok"],
    "cached-age": lambda a: a.headers["age"] == "30",
    "cached-max-age": lambda a: a.headers["cache-control"] == "max-age=60",
    "leaks-connection-string": lambda a: "postgresql://deal:hunter2@" in a.json["detail"],
    "leaks-stack-trace": lambda a: "Traceback (most recent call last)" in a.json["detail"],
    "leaks-credential": lambda a: a.json["token"].startswith("Bearer eyJ"),
    "slow": lambda a: a.seconds >= 1.2 and is_right(a),
    "redirect-login": lambda a: a.status == 302 and a.headers["location"] == "/login",
    "redirect-other-path": lambda a: a.status == 307 and a.headers["location"] == "/ping",
}
# Those that one answer cannot show; each has a test of its own below.
OTHERS = {
    "time-frozen",
    "flapping",
    "flapping-rarely",
    "slow-sometimes",
    "hangs",
    "one-at-a-time",
    "concurrent-503",
    "blind-to-redis",
    "blind-to-postgres",
    "blames-both",
    "late-with-outage",
    "slow-recovery",
}


def _ahead(answer: Answer) -> float:
    """Give how many seconds the answer's time is ahead of the clock."""
    moment = time.strptime(answer.json["time"], "%Y-%m-%dT%H:%M:%SZ")
    return time.mktime(moment) - time.mktime(time.gmtime())


def test_every_fault_is_tested() -> None:
    """The registry and the tests name the same faults."""
    assert set(health_faults()) == set(SINGLE) | OTHERS


@pytest.mark.parametrize("name", SINGLE)
def test_fault_switches_on_and_off(reference: Reference, name: str) -> None:
    """The answer is wrong in the promised way from the next request on, and right again after it."""
    with reference.health_fault(name):
        answer = ask(reference, "/health")
        assert SINGLE[name](answer), answer
        assert answer.headers["content-length"] == str(len(answer.body))
        assert ask(reference, "/ping").status == 200
    assert is_right(ask(reference, "/health"))


def test_login_page_is_there_while_redirected_to(reference: Reference) -> None:
    """The page that a redirect names answers 200, and only while the fault is on."""
    with reference.health_fault("redirect-login"):
        page = ask(reference, "/login")
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert ask(reference, "/login").status == 404


def test_time_frozen_stands_still_until_switched_anew(reference: Reference) -> None:
    """The time is that of the first answer after switching on."""
    times = []
    for _ in range(2):
        with reference.health_fault("time-frozen"):
            first = ask(reference, "/health").json["time"]
            until(lambda: time.gmtime().tm_sec != int(first[-3:-1]))  # noqa: B023 - called at once
            assert ask(reference, "/health").json["time"] == first
            times.append(first)
    assert times[0] < times[1]


@pytest.mark.parametrize(("name", "every"), [("flapping", 2), ("flapping-rarely", 5)])
def test_flapping_is_regular(reference: Reference, name: str, every: int) -> None:
    """Every n-th answer, and no other, says consistently that the database is down."""
    with reference.health_fault(name):
        answers = [ask(reference, "/health") for _ in range(2 * every)]
    wrong = [number for number, answer in enumerate(answers, 1) if not is_right(answer)]
    assert wrong == [every, 2 * every]
    down = answers[every - 1]
    assert (down.status, down.json["ok"], down.json["db"], down.json["redis"]) == (503, False, False, True)


def test_slow_sometimes_is_every_third(reference: Reference) -> None:
    """Every third answer takes longer than a second, and is right."""
    with reference.health_fault("slow-sometimes"):
        answers = [ask(reference, "/health") for _ in range(9)]
    # A busy machine may make another one slow, too.
    assert all(answer.seconds > 1.0 for answer in answers[2::3])
    assert min(answer.seconds for answer in answers[0::3]) < 1.0
    assert min(answer.seconds for answer in answers[1::3]) < 1.0
    assert all(map(is_right, answers))


def test_hangs_until_switched_off(reference: Reference) -> None:
    """There is no answer within the time limit; one who still waits when the fault ends gets the right one."""
    with reference.health_fault("hangs"), pytest.raises(TimeoutError):
        ask(reference, "/health", limit=0.5)
    assert is_right(ask(reference, "/health"))


def test_one_at_a_time_is_slow_in_company_only(reference: Reference) -> None:
    """One call is answered in time; of five at once the last waits for more than two seconds."""
    with reference.health_fault("one-at-a-time"):
        assert in_time(lambda: [ask(reference, "/health")], 1.0)
        answers = in_rounds(
            lambda: ask_at_once(reference, "/health", 5),
            lambda answers: max(answer.seconds for answer in answers) > 2.0,
        )
    assert all(map(is_right, answers))


def test_concurrent_503_is_wrong_in_company_only(reference: Reference) -> None:
    """One call is answered rightly; five at once are told that the database is down."""
    with reference.health_fault("concurrent-503"):
        assert is_right(ask(reference, "/health"))
        in_rounds(
            lambda: ask_at_once(reference, "/health", 5),
            lambda answers: [answer.status for answer in answers] == [503] * 5,
        )
        assert is_right(ask(reference, "/health"))


@pytest.mark.parametrize(("fault", "part"), [("blind-to-redis", "redis"), ("blind-to-postgres", "postgres")])
def test_blindness_hides_its_own_part_only(reference: Reference, fault: str, part: str) -> None:
    """The part's outage goes untold; the other part's does not."""
    other = {"redis": "postgres", "postgres": "redis"}[part]
    with reference.health_fault(fault):
        with reference.broken(f"{part}-stopped"):
            answer = ask(reference, "/health")
            assert is_right(answer)
            assert answer.json["queue_depth"] == 0
        with reference.broken(f"{other}-stopped"):
            assert ask(reference, "/health").status == 503


def test_blames_both_with_one_down(reference: Reference) -> None:
    """With one part down, both are said to be; with none down, the answer is right."""
    with reference.health_fault("blames-both"):
        assert is_right(ask(reference, "/health"))
        with reference.broken("postgres-stopped"):
            answer = ask(reference, "/health")
    assert answer.status == 503
    assert answer.json["db"] is answer.json["redis"] is False
    assert answer.json["queue_depth"] is None


def test_late_with_outage(reference: Reference) -> None:
    """Good news is quick; bad news comes three seconds late."""
    with reference.health_fault("late-with-outage"):
        assert in_time(lambda: [ask(reference, "/health")], 1.0)
        with reference.broken("redis-stopped"):
            answer = ask(reference, "/health")
    assert answer.status == 503
    assert answer.seconds >= 3.0


def test_slow_recovery_lingers(reference: Reference) -> None:
    """A part that came back is still said to be down more than five seconds later, and up in the end."""
    with reference.health_fault("slow-recovery"):
        with reference.broken("redis-stopped"):
            assert ask(reference, "/health").status == 503
        back = time.monotonic()
        answer = ask(reference, "/health")
        assert (answer.status, answer.json["redis"], answer.json["queue_depth"]) == (503, False, None)
        until(lambda: ask(reference, "/health").status == 200, limit=12.0)
        assert time.monotonic() - back > 5.0


def faults(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command as the deployment file does."""
    root = str(ROOT)
    return subprocess.run(
        ["env", f"PYTHONPATH={root}", sys.executable, "-P", "-m", "reference.faults", *arguments],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_command_lists_all_faults() -> None:
    """`list` names every fault, with a line about each."""
    done = faults("list")
    assert done.returncode == 0
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert listed == {*health_faults(), *TRAFFIC_FAULTS, *METRICS_FAULTS, *control.FAULTS, SLOW_QUERIES}


def test_command_switches_health_faults(reference: Reference) -> None:
    """`health NAME` and `health none` are in effect when they return."""
    assert faults("health", "version-other", "--folder", str(reference.folder)).returncode == 0
    assert ask(reference, "/health").json["version"] == "0.0.9"
    assert faults("health", "none", "--folder", str(reference.folder)).returncode == 0
    assert is_right(ask(reference, "/health"))


def test_deployment_files_commands_break_and_mend(reference: Reference) -> None:
    """The commands in the deployment file work from any folder; mending twice is fine."""
    commands = reference.deployment["faults"]["redis-stopped"]
    subprocess.run(commands["inject"], cwd="/", check=True, timeout=30)
    assert ask(reference, "/health").json["redis"] is False
    for _ in range(2):
        subprocess.run(commands["restore"], cwd="/", check=True, timeout=30)
        assert ask(reference, "/health").json["redis"] is True


def test_unknown_fault_is_refused(reference: Reference) -> None:
    """A name that is none is refused in one line, and changes nothing."""
    done = faults("health", "okay-missing", "--folder", str(reference.folder))
    assert done.returncode == 1
    assert done.stderr == "health: there is no health fault 'okay-missing'; `list` names them\n"
    assert faults("inject", "redis-tired", "--folder", str(reference.folder)).returncode == 2
    assert is_right(ask(reference, "/health"))


@pytest.mark.parametrize(
    "arguments", [("health", "bom"), ("inject", "redis-hung"), ("restore", "redis-hung")]
)
def test_no_deployment_is_said(tmp_path: Path, arguments: tuple[str, str]) -> None:
    """Where no reference runs, every command says so in one line."""
    done = faults(*arguments, "--folder", str(tmp_path / "gone"))
    assert done.returncode == 1
    assert f"no reference deployment runs in {tmp_path / 'gone'}" in done.stderr
    assert done.stderr.count("\n") == 1


def test_switch_wants_a_deployment(tmp_path: Path) -> None:
    """Switching a fault where no deployment lives is an error, not a stray file."""
    with pytest.raises(FaultError, match="no reference deployment"):
        HEALTH.turn(tmp_path, "bom")
    assert list(tmp_path.iterdir()) == []


def test_right_answer_is_plain_json(reference: Reference) -> None:
    """With no fault on, nothing stands between the service and its caller."""
    assert json.loads(ask(reference, "/health").body)["ok"] is True
