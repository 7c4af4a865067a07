"""The lock on a deployment: shared for ordinary checks, exclusive for those that inject faults."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deployspec.model.verdict import Unmeasured
from deployspec.plugin.lock import acquire
from tests.plugin.conftest import Project


def test_ordinary_checks_share(tmp_path: Path) -> None:
    """Two shared holders don't wait for one another."""
    path = tmp_path / "local.yaml"
    path.write_text("")
    held = [acquire(path, exclusive=False, patience=0) for _ in range(2)]
    for descriptor in held:
        os.close(descriptor)


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True), (True, True)])
def test_an_exclusive_check_is_alone(tmp_path: Path, first: bool, second: bool) -> None:
    """Whoever comes second waits, and says after its patience who keeps it."""
    path = tmp_path / "local.yaml"
    path.write_text("")
    held = acquire(path, exclusive=first, patience=0)
    with pytest.raises(Unmeasured, match=r"another run held local\.yaml"):
        acquire(path, exclusive=second, patience=0.05)
    os.close(held)
    os.close(acquire(path, exclusive=second, patience=0))


def test_a_vanished_file_is_unmeasured(tmp_path: Path) -> None:
    """A deployment file that went away during the run is said to have."""
    with pytest.raises(Unmeasured, match="went away"):
        acquire(tmp_path / "gone.yaml", exclusive=False)


BUSY = """
import os, time
from pathlib import Path

def busy(name, exclusive):
    mine = Path("busy") / f"{name}-{os.getpid()}"
    mine.parent.mkdir(exist_ok=True)
    mine.touch()
    deadline = time.monotonic() + 0.3
    company = False
    while time.monotonic() < deadline:
        company = company or any(other != mine and (exclusive or "loud" in other.name) for other in mine.parent.iterdir())
    mine.unlink()
    return company

@pytest.mark.parametrize("number", range(4))
def test_quiet(deployment, judge, number):
    judge(breached("met a loud one") if busy(f"quiet{number}", False) else met("undisturbed"))

@pytest.mark.needs("allow.faults")
@pytest.mark.parametrize("number", range(2))
def test_loud(deployment, judge, number):
    judge(breached("was not alone") if busy(f"loud{number}", True) else met("alone"))
"""


def test_workers_leave_a_loud_check_alone(project: Project) -> None:
    """Under pytest-xdist no other check runs while one injects faults."""
    ran = project(
        BUSY, "-n", "3", more={"deployments/local.yaml": "base_url: http://127.0.0.1:9\nallow: [faults]\n"}
    )
    assert ran.status == 0, ran.output
