"""One history in Allure itself: by the wheel and by the clone, by workers, on another port, after a rename."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.installed.environments import Environment, built, environment, run
from tests.installed.test_wheel import FILE, serving
from tests.suite import ROOT

pytestmark = pytest.mark.xdist_group("wheel")
ALLURE = ROOT / "scripts" / "allure"


@pytest.fixture(scope="module")
def reporting(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel and what reports need."""
    folder = tmp_path_factory.mktemp("reporting")
    return environment(folder / "environment", built(ROOT, folder), "[report]")


@pytest.fixture(scope="module")
def runs(reporting: Environment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of three runs against one deployment, a, b and c, and of one against another, d."""
    home = tmp_path_factory.mktemp("home")
    (home / "deployments").mkdir()
    (home / "moved").mkdir()
    clone = (
        sys.executable,
        "-m",
        "pytest",
        "-c",
        ROOT / "pytest.ini",
        f"--rootdir={home}",
        "-p",
        "no:cacheprovider",
    )
    renamed = home / "moved" / "test_renamed.py"
    made = {
        "a": (reporting.program("deployspec"), "check"),
        "b": (*clone, ROOT / "checks", "-n", "2"),
        "c": (*clone, renamed),
        "d": (reporting.program("deployspec"), "check"),
    }
    renamed.write_bytes((ROOT / "checks" / "test_health.py").read_bytes())
    for name, command in made.items():
        deployment = home / "deployments" / f"{'other' if name == 'd' else 'shop'}.yaml"
        with serving() as url:
            deployment.write_text(FILE.format(url))
            done = run(
                *command,
                "-m",
                "health",
                "--deployment",
                str(deployment),
                "--alluredir",
                name,
                "--no-store",
                cwd=home,
            )
        assert done.returncode == 0, done.stdout
        assert "warning" not in done.stdout.lower()
    return home


def results(folder: Path) -> dict[str, dict[str, Any]]:
    """By what Allure 3 knows a check by, the results in a folder."""
    read = [json.loads(path.read_text()) for path in folder.glob("*-result.json")]
    assert all(parameter["excluded"] for result in read for parameter in result.get("parameters", ()))
    return {result["testCaseId"]: result for result in read}


def test_each_check_has_one_name(runs: Path) -> None:
    """Three runs have the same, and another deployment none of them."""
    first, again, renamed, other = (results(runs / name) for name in "abcd")
    assert len(first) >= 10
    assert first.keys() == again.keys() == renamed.keys()
    assert first.keys().isdisjoint(other)


def test_allure_sees_one_history_of_three(runs: Path) -> None:
    """And two for two deployments, with categories and environment as we say them."""
    if shutil.which("npm") is None:
        pytest.skip("npm, which installs Allure, is not here")
    if (done := run(ALLURE, "--version", cwd=runs, limit=700)).returncode:
        pytest.skip(f"Allure cannot be installed: {done.stdout.splitlines()[-1]}")
    for name in "abcd":
        shutil.rmtree(runs / "allure-report", ignore_errors=True)
        done = run(ALLURE, "generate", name, "--config", f"{name}/allurerc.yaml", cwd=runs)
        assert done.returncode == 0, done.stdout
    lines = (runs / "allure-history.jsonl").read_text().splitlines()
    first, again, renamed, other = (json.loads(line)["testResults"] for line in lines)
    assert len(first) == len(results(runs / "a"))
    assert first.keys() == again.keys() == renamed.keys()
    assert first.keys().isdisjoint(other)
    for name, earlier in (("d", 1), ("c", 3)):
        shutil.rmtree(runs / "allure-report")
        done = run(ALLURE, "generate", name, "--config", f"{name}/allurerc.yaml", cwd=runs)
        assert done.returncode == 0, done.stdout
        shown = [
            json.loads(path.read_text()) for path in (runs / "allure-report").glob("data/test-results/*.json")
        ]
        assert {len(one["history"]) for one in shown} == {earlier}
