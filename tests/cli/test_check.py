"""``deployspec check``: pytest, in a project that has no clone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKS = """
import pytest
from deployspec.model.verdict import breached, met
@pytest.mark.shop
def test_kept(deployment, judge): judge(met("fine"))
@pytest.mark.shop
def test_broken(deployment, judge): judge(breached("took 3 s"))
"""


# options: what is said beside; status: pytest's for it; problems: how many are told.
@pytest.mark.parametrize(
    ("options", "status", "problems"),
    [
        pytest.param(("-k", "kept"), 0, 0, id="met"),
        pytest.param((), 1, 1, id="breached"),
        pytest.param(("-m", "gate and health"), 1, 2, id="nothing-selected"),
        pytest.param(("--deployment", "none"), 4, 1, id="no-such-deployment"),
        pytest.param(("--nonsense",), 4, 0, id="no-such-option"),
    ],
)
def test_the_gate_ends_as_pytest_does(
    tmp_path: Path, options: tuple[str, ...], status: int, problems: int
) -> None:
    """With its exit status, and with what it writes where the options say."""
    for name, text in {
        "checks/test_shop.py": CHECKS,
        "deployments/local.yaml": "base_url: http://127.0.0.1:9\ngate: [shop]\n",
        "pytest.ini": "[pytest]\ndeployspec_chapters = shop: the shop keeps its promises.\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    written = ("--summary-file", "summary.md", "--code-quality", "quality.json", "--junitxml", "junit.xml")
    command = [sys.executable, "-m", "deployspec.cli", "check", "-m", "gate", "--deployment", "local", "-p", "no:cacheprovider"]  # fmt: skip
    done = subprocess.run(
        [*command, *written, "--annotations", "github", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    if "--nonsense" in options:
        return
    assert (tmp_path / "summary.md").read_text().startswith("## deployspec: ")
    assert len(json.loads((tmp_path / "quality.json").read_text())) == problems
    assert done.stdout.count("\n::error ") == problems
    validated = subprocess.run(
        [sys.executable, "-m", "deployspec.cli", "validate", "deployments/local.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert validated.returncode == 0, validated.stderr
