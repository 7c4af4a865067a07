"""The Prometheus programs that tests run against: the one on PATH, and that of a newer Debian suite in .newer/."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.suite import ROOT

NEWER = ROOT / ".newer" / "prometheus-forky" / "usr" / "bin"
SCRIPT = "scripts/newer-prometheus"
"""What unpacks it."""


@dataclass(frozen=True)
class Version:
    """One version of Prometheus and its promtool."""

    id: str
    """As the program says it, such as ``3.5.3``; empty where it is not there."""
    prometheus: str
    promtool: str

    @property
    def major(self) -> int:
        """Of ``3.5.3``, 3."""
        return int(self.id.partition(".")[0])


def _version(folder: Path | None) -> Version | None:
    """The programs of a folder, or those on PATH."""
    found = [shutil.which(name, path=folder and str(folder)) for name in ("prometheus", "promtool")]
    prometheus, promtool = found
    if prometheus is None or promtool is None:
        return None
    told = subprocess.run([prometheus, "--version"], capture_output=True, text=True, timeout=60, check=False)
    number = re.search(r"version (\d+\.\d+\.\d+)", told.stdout + told.stderr)
    return None if number is None else Version(number[1], prometheus, promtool)


ON_PATH = _version(None)
THREE = next((one for one in (_version(NEWER), ON_PATH) if one is not None and one.major >= 3), None)
"""A Prometheus 3; None where there is none."""


def is_missing_by_mistake() -> bool:
    """Whether a Prometheus 3 has to be here: in CI, where apt-get could have brought it."""
    return THREE is None and bool(os.environ.get("CI")) and shutil.which("apt-get") is not None


_NO_THREE = pytest.mark.skipif(
    THREE is None and not is_missing_by_mistake(), reason=f"no Prometheus 3 here: run {SCRIPT} (Debian)"
)


def versions() -> list[Any]:
    """A parameter for each version: that on PATH, and Prometheus 3, skipped where it is not there."""
    known = [pytest.param(ON_PATH, id=ON_PATH.id)] if ON_PATH is not None and ON_PATH != THREE else []
    return [*known, *three()]


def three() -> list[Any]:
    """A parameter for Prometheus 3 alone."""
    return [pytest.param(THREE, id="3" if THREE is None else THREE.id, marks=_NO_THREE)]


def given(request: pytest.FixtureRequest) -> Version:
    """The version that a fixture's parameter is."""
    found: Version | None = request.param
    assert found is not None, f"no Prometheus 3 here: run {SCRIPT}"
    return found
