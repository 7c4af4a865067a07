"""What happens to probes over the years: all of it in ``make soak``, a seeded part of it in ``make test``."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.probe.servers import Server, pushed, running
from tests.probe.shop import LIMIT, Receiver, Shop, until
from tests.trials import trials

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


def _state_is_sound(shop: Shop) -> None:
    """Whatever is there can be read, and nobody holds the lock."""
    for file in shop.state.rglob("*.json"):
        json.loads(file.read_text())
    assert not list(shop.state.rglob("*.corrupt-*"))


def test_killed_at_any_instant(shop: Shop) -> None:
    """Of the state the old or the new is there, the lock is free, and no process is left."""
    chance = random.Random(20)  # noqa: S311 - a seed
    shop.is_("open child")
    for _ in range(trials(5)):
        with shop.start("--time-limit", "20s") as process:
            time.sleep(chance.uniform(0, 1.6))
            process.kill()
        _state_is_sound(shop)
        until(lambda: shop.left() == [], 30)
    # A draft that a killed one has left is removed with the next write of its file, an hour later, and one of a record with
    # the next look for old records, a day later: until then it may be another's, which is being written.
    for file in (*shop.state.rglob("*.draft"), *shop.state.rglob(".pruned")):
        os.utime(file, (0, 0))
    shop.is_("open")
    assert shop.probe() == (0, "")
    assert not list(shop.state.rglob("*.draft"))
    _state_is_sound(shop)


def test_twenty_at_once(shop: Shop) -> None:
    """One runs, and 19 end with 75; each of them is counted."""
    shop.is_("hang")
    with shop.start("--time-limit", "55s") as first:
        until(shop.hangs)
        with ThreadPoolExecutor(19) as pool:
            ended = [one.result(LIMIT) for one in [pool.submit(shop.probe) for _ in range(19)]]
        assert {status for status, _ in ended} == {75}
        first.terminate()
    shop.is_("open")
    shop.probe()
    assert shop.receiver.metrics()["run_skipped_total"] == {(): 19}


def test_whoever_comes_at_the_same_moment(shop: Shop) -> None:
    """Of several that begin together, one has the lock."""
    shop.is_("open")
    with ThreadPoolExecutor(4) as pool:
        statuses = [one.result(LIMIT)[0] for one in [pool.submit(shop.probe) for _ in range(4)]]
    assert statuses.count(0) >= 1
    assert statuses.count(0) + statuses.count(75) == 4
    assert len(shop.records()) == statuses.count(0)


@pytest.fixture
def gateway() -> Server:
    """A real Pushgateway, which keeps nothing over a restart."""
    with running("prometheus-pushgateway", "--persistence.file=") as server:
        yield server


def test_a_gateway_that_comes_and_goes(shop: Shop, gateway: Server) -> None:
    """Whatever was last found arrives as soon as it can, the last success never goes back, and each failure counts once."""
    chance = random.Random(7)  # noqa: S311 - a seed
    shop.describe(f"push: [{{name: gateway, kind: pushgateway, url: '{gateway.url}', timeout: 1s}}]")
    is_up, success, failed = True, 0.0, 0
    for _ in range(trials(10)):
        if chance.random() < 0.5:
            is_up = not is_up
            gateway.start() if is_up else gateway.kill()
        is_open = chance.random() < 0.7
        shop.is_("open" if is_open else "closed")
        status, output = shop.probe("--time-limit", "6s")
        assert status == (0 if is_open else 1), output
        failed += "push to gateway failed" in output
        assert ("push to gateway failed" in output) == (not is_up)
        if is_up:
            breached = pushed(gateway, "deployspec_check_verdict")
            (of_open,) = [
                value
                for labels, value in breached.items()
                if 'check="shop.open"' in labels and 'verdict="met"' in labels
            ]
            assert of_open == is_open
            if now := list(pushed(gateway, "deployspec_run_last_success_timestamp_seconds").values()):
                assert now[0] >= success
                success = now[0]
    if not is_up:
        gateway.start()
    shop.is_("open")
    assert shop.probe()[0] == 0
    (count,) = pushed(gateway, "deployspec_push_failures_total").values()
    assert count == failed
    sink = json.loads(next(shop.state.rglob("sinks/gateway.json")).read_text())
    assert (sink["superseded"], sink["pending"], sink["lost"]) == (failed, [], 0)


def test_a_clock_that_steps_back(shop: Shop, receiver: Receiver) -> None:
    """The last success stays where it was until the clock is there again."""
    shop.probe()
    (file,) = shop.state.rglob("progress.json")
    kept = json.loads(file.read_text())
    ahead = time.time() + 3600
    file.write_text(json.dumps({**kept, "last_success": ahead, "last_completion": ahead}))
    assert shop.probe() == (0, "")
    assert receiver.metrics()["run_last_success_timestamp_seconds"] == {(): pytest.approx(ahead)}


def _fill(file: Path) -> None:
    """Leave no room on a disk."""
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as filler:
        while True:
            filler.write(b"x" * 4096)


@ROOT_ONLY
def test_a_full_disk(shop: Shop, receiver: Receiver, tmp_path: Path) -> None:
    """All is measured and pushed; a line says what could not be kept, and the old state is still there."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)], check=True)
    try:
        state = ("--state", str(disk / "state"))
        assert shop.probe(*state)[0] == 0
        _fill(disk / "filler")
        shop.is_("closed")
        status, output = shop.probe(*state)
        assert status == 1
        assert "BREACHED shop.open: it is closed" in output
        assert "No space left on device; expected a state folder that can be written: --state DIR" in output
        assert receiver.metrics()["check_verdict"][("shop.open", "shop", "breached")] == 1
        (disk / "filler").unlink()
        for file in disk.rglob("*.json"):
            json.loads(file.read_text())
        shop.is_("open")
        assert shop.probe(*state) == (0, "")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("name", ["sinks/gateway.json", "progress.json"])
@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '{"format": "deployspec.sink/1"}'])
def test_a_damaged_file_stops_nothing(shop: Shop, receiver: Receiver, name: str, text: str) -> None:
    """It is set aside, and named in a line."""
    shop.probe()
    (file,) = shop.state.rglob(name)
    file.write_text(text)
    pushes = len(receiver.requests)
    status, output = shop.probe()
    assert status == 0
    assert len(receiver.requests) == pushes + 1
    (line,) = output.splitlines()
    (aside,) = shop.state.rglob(f"{file.name}.corrupt-*")
    assert str(file) in line
    assert aside.name in line
    assert shop.probe() == (0, "")


def test_a_sink_that_never_answers_ends_with_the_time_limit(shop: Shop) -> None:
    """The process ends all the same, and another sink has been served meanwhile."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        shop.describe(
            f"push: [{{name: deaf, kind: pushgateway, url: 'http://127.0.0.1:{port}', timeout: 1h}}, "
            f"{{name: gateway, kind: pushgateway, url: '{shop.receiver.url}'}}]"
        )
        began = time.monotonic()
        status, output = shop.probe("--time-limit", "8s")
        assert time.monotonic() - began < 30
        assert (status, len(shop.receiver.requests)) == (0, 1)
        assert output.startswith("push to deaf failed: ")
