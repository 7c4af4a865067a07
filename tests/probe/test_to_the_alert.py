"""From a probe through each sink to the alert that fires: all parts are real, and only the rules' durations are scaled."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.probe.servers import Prometheus, Server, prometheus, pushed, running
from tests.probe.shop import Shop
from tests.suite import ROOT

pytestmark = pytest.mark.xdist_group("to-the-alert")
RULES = ROOT / "rules" / "probes.rules.yml"
LIMIT = 120
"""Seconds until an alert has to fire, or to end. It takes some ten on a free machine."""
INTERVAL = 5
"""Seconds: after three times that, a probe is stale."""
SINKS = ("pushgateway", "textfile", "remote-write")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the servers share."""
    return tmp_path_factory.mktemp("alert")


@pytest.fixture(scope="module")
def gateway() -> Iterator[Server]:
    """A real Pushgateway."""
    with running("prometheus-pushgateway", "--persistence.file=") as server:
        yield server


@pytest.fixture(scope="module")
def watching(folder: Path, gateway: Server) -> Iterator[Prometheus]:
    """A Prometheus that has the rules of probes, which wait for a second each."""
    (folder / "textfiles").mkdir()
    rules = folder / "probes.rules.yml"
    rules.write_text(re.sub(r"for: \d+m\b", "for: 1s", RULES.read_text()))
    textfiles = f"--collector.textfile.directory={folder / 'textfiles'}"
    with (
        running(
            "prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile", textfiles
        ) as node,
        prometheus(folder, {"pushgateway": gateway, "node": node}, rules) as server,
    ):
        yield server


def _until(condition: Callable[[], bool], again: Callable[[], object]) -> None:
    """Do something again and again until a condition holds."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline
        again()


@pytest.mark.parametrize("kind", SINKS)
def test_what_breaks_is_told(
    kind: str, shop: Shop, folder: Path, gateway: Server, watching: Prometheus
) -> None:
    """The alert fires when a check is breached, ends when it is met again, and silence is one, too."""
    shop.describe(
        {
            "pushgateway": f"push: [{{name: there, kind: pushgateway, url: '{gateway.url}'}}]",
            "textfile": f"push: [{{name: there, kind: textfile, dir: '{folder / 'textfiles'}'}}]",
            "remote-write": f"push: [{{name: there, kind: remote-write, url: '{watching.url}/api/v1/write'}}]",
        }[kind]
    )
    last: list[tuple[int, str]] = []

    def probe() -> None:
        # A Prometheus counts no second value of one millisecond, and is asked between two runs.
        last[:] = [shop.probe("--location", kind, "--interval", f"{INTERVAL}s", "--time-limit", "30s")]

    def of_here() -> set[str]:
        return {
            f"{alert} {check}".strip() for alert, location, check in watching.firing() if location == kind
        }

    def seen(verdict: str) -> bool:
        query = f'deployspec_check_verdict{{location="{kind}",check="shop.open",verdict="{verdict}"}} == 1'
        return bool(watching.ask(query))

    _until(lambda: seen("met"), probe)
    assert last == [(0, "")]
    assert of_here() == set()
    shop.is_("closed")
    _until(lambda: "ProbeCheckBreached shop.open" in of_here(), probe)
    assert seen("breached")
    assert not {alert for alert in of_here() if "Unmeasured" in alert}
    shop.is_("open")
    _until(lambda: "ProbeCheckBreached shop.open" not in of_here() and seen("met"), probe)
    _until(lambda: "ProbeRunStale" in of_here(), lambda: time.sleep(0.2))
    assert "ProbeCheckBreached shop.open" not in of_here()


def test_an_accepted_breach_is_silent_until_it_expires(
    shop: Shop, gateway: Server, watching: Prometheus
) -> None:
    """The alert that was firing ends with the acceptance, and fires again once its last day has passed."""
    shop.describe(f"push: [{{name: there, kind: pushgateway, url: '{gateway.url}'}}]")
    shop.is_("closed")
    wanted = ("ProbeCheckBreached", "accepting", "shop.open")

    def probe() -> None:
        shop.probe("--location", "accepting", "--interval", "5m", "--time-limit", "30s")

    def accept(until: str) -> None:
        (shop.folder / "accepted.yaml").write_text(
            "accepted:\n  - {check: shop.open, deployment: shop, owner: shop team, reason: rebuilding, "
            f"until: {until}}}\n"
        )

    def accepted(value: int) -> bool:
        query = f'deployspec_check_accepted{{location="accepting",check="shop.open"}} == {value}'
        return bool(watching.ask(query))

    _until(lambda: wanted in watching.firing(), probe)
    accept("9999-12-31")
    _until(lambda: accepted(1) and wanted not in watching.firing(), probe)
    assert watching.ask(
        'deployspec_check_verdict{location="accepting",verdict="breached",check="shop.open"} == 1'
    )
    accept("2020-02-29")
    _until(lambda: accepted(0) and wanted in watching.firing(), probe)


def test_two_locations_never_erase_each_other(shop: Shop, gateway: Server) -> None:
    """Each has a group of its own, whatever the other pushes."""
    shop.describe(f"push: [{{name: there, kind: pushgateway, url: '{gateway.url}'}}]")
    shop.probe("--location", "one")
    shop.is_("closed")
    shop.probe("--location", "two")
    checks = pushed(gateway, "deployspec_check_verdict")
    met = {
        labels.partition('location="')[2].partition('"')[0]: value
        for labels, value in checks.items()
        if 'check="shop.open"' in labels and 'verdict="met"' in labels
    }
    assert (met["one"], met["two"]) == (1, 0)
