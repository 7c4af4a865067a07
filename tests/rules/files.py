"""The files, and the tools that judge them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.suite import ROOT

RULES = ROOT / "rules"
ALERTING = ROOT / "alerting"
RUNBOOKS = ROOT / "docs" / "runbooks"
GUIDE = RULES / "literal" / "guide.rules.yml"
LIMIT = 60
"""Seconds after which a tool counts as hung. The longest run takes a second on a free machine."""


def run(tool: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run promtool or amtool, found on PATH; standard error goes to standard output."""
    path = shutil.which(tool)
    assert path is not None, f"{tool} is not installed (make system)"
    return subprocess.run(
        [path, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT,
        check=False,
    )


def load(path: Path) -> Any:
    """Read a YAML file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def alerts_of(path: Path) -> dict[str, dict[str, Any]]:
    """Give a rule file's alerts by name."""
    return {
        rule["alert"]: rule for group in load(path)["groups"] for rule in group["rules"] if "alert" in rule
    }


def our_alerts() -> dict[str, dict[str, Any]]:
    """Give all alerts that Prometheus loads."""
    return {
        name: rule for path in sorted(RULES.glob("*.rules.yml")) for name, rule in alerts_of(path).items()
    }
