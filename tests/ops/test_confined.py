"""What ops/systemd and ops/kubernetes leave to a probe is enough for it: no file but its state's, no right, no home."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.ops.files import OPS, at, unit
from tests.ops.private_machine import confined, prepare
from tests.ops.production import SECRET, describe, serving
from tests.probe.shop import receiving


def _of_systemd() -> list[str]:
    service = unit((OPS / "systemd/deployspec-probe@.service").read_text())["Service"]
    (line,) = service["ExecStart"]
    return line.replace("%i", "production").replace("%l", "host").replace("%S", "/var/lib").split()


def _of_kubernetes() -> list[str]:
    job = list(yaml.safe_load_all((OPS / "kubernetes/cronjob.yaml").read_text()))[-1]
    pod = at(job, "spec", "jobTemplate", "spec", "template", "spec")
    return ["deployspec", *pod["containers"][0]["args"]]


@pytest.mark.parametrize("command", [_of_systemd(), _of_kubernetes()], ids=["systemd", "kubernetes"])
def test_a_probe_can_do_with_it(command: list[str], tmp_path: Path) -> None:
    """It says nothing, keeps its run, and pushes; only where its state is elsewhere, it cannot keep it, and says so."""
    machine = tmp_path / "machine"
    prepare(machine)
    with serving() as service, receiving() as gateway:
        describe(machine, service, gateway)
        said = confined(machine, "env", f"PRODUCTION_TOKEN={SECRET}", *command)
        assert said == (0, "")
        assert len(gateway.requests) == 1
        assert len(list((machine / "state/deployspec/runs").rglob("*.json"))) == 1
        status, output = confined(
            machine, "env", f"PRODUCTION_TOKEN={SECRET}", *command, "--state", "/etc/state"
        )
        assert status == 3
        assert "Read-only file system" in output
