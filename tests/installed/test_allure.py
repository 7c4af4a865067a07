"""One history in Allure itself: by the wheel and by the clone, by workers, on another port, after a rename."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from deployspec.model.entry import Accepted, Entry
from deployspec.model.review import Span, Week
from deployspec.outputs import allure
from deployspec.record.index import Index
from deployspec.record.record import Run
from deployspec.record.store import Store
from deployspec.review import allure as review
from tests.installed.environments import Environment, built, environment, run
from tests.installed.test_wheel import FILE, serving
from tests.record.test_index import BEGIN
from tests.record.test_index import entry as an_entry
from tests.record.test_index import run as a_run
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


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Allure's own command, where npm can install it."""
    if shutil.which("npm") is None:
        pytest.skip("npm, which installs Allure, is not here")
    home = tmp_path_factory.getbasetemp()
    if run("npm", "ping", "--fetch-retries=0", "--fetch-timeout=20000", cwd=home).returncode != 0:
        pytest.skip("npm's registry, which has Allure, does not answer")
    done = run(ALLURE, "--version", cwd=home, limit=330)
    assert done.returncode == 0, done.stdout


def generated(home: Path, name: str) -> list[dict[str, Any]]:
    """What Allure makes of each result in a folder."""
    shutil.rmtree(home / "allure-report", ignore_errors=True)
    done = run(ALLURE, "generate", name, "--config", f"{name}/allurerc.yaml", cwd=home)
    assert done.returncode == 0, done.stdout
    return [json.loads(path.read_text()) for path in (home / "allure-report").glob("data/test-results/*.json")]  # fmt: skip


def test_allure_sees_one_history_of_three(runs: Path, installed: None) -> None:
    """And two for two deployments."""
    earlier = {name: {len(one["history"]) for one in generated(runs, name)} for name in "abcd"}
    lines = (runs / "allure-history.jsonl").read_text().splitlines()
    first, again, renamed, other = (json.loads(line)["testResults"] for line in lines)
    assert len(first) == len(results(runs / "a"))
    assert first.keys() == again.keys() == renamed.keys()
    assert first.keys().isdisjoint(other)
    assert earlier == {"a": {0}, "b": {1}, "c": {2}, "d": {0}}


def test_allure_sorts_by_our_labels(tmp_path: Path, installed: None) -> None:
    """Each kind of verdict into its category; what is accepted is no failure; and the environment is read."""
    accepted = Accepted("team-b", "a new disk is ordered", "2026-12-31", "accepted.yaml:3")
    entry = Entry(
        "n", "n", "health", "It holds.", "BREACHED", "it does not", source="checks/test_health.py:1"
    )
    kinds: dict[str, tuple[Entry, str]] = {
        "Breached": (entry, ""),
        "Unmeasured": (replace(entry, verdict="UNMEASURED"), ""),
        "The suite's own errors": (replace(entry, verdict="UNMEASURED", defect=True), ""),
        "Accepted": (replace(entry, accepted=accepted), ""),
        "In maintenance": (entry, "nightly"),
        "Flaky": (replace(entry, verdict="MET", flaky=True), ""),
        "none": (replace(entry, verdict="MET"), ""),
    }
    folder = tmp_path / "results"
    folder.mkdir()
    shutil.copy(allure.CONFIGURATION, folder)
    for kind, (one, maintenance) in kinds.items():
        result = {"uuid": kind, "start": 1, "stop": 2}
        facts = allure.Facts("staging", "run-1", maintenance=maintenance)
        allure.identify(result, allure.Check(kind, "health", "It holds."), facts)
        allure.label(result, one, facts)
        (folder / f"{len(kind)}-{kind[0]}-result.json").write_text(json.dumps(result))
    made = Run(
        started="2026-11-29T10:00:00Z", deployment="staging", base_url="http://h/#a", cut_short="one\ntwo"
    )
    (folder / "environment.properties").write_text(allure.environment(made))
    found = {one["name"]: one for one in generated(tmp_path, "results")}
    categories = {name: [each["name"] for each in one["categories"]] for name, one in found.items()}
    assert categories == {kind: [] if kind == "none" else [kind] for kind in kinds}
    assert found["Flaky"]["flaky"]
    assert found["Accepted"]["resolution"] == "accepted"
    shown = json.loads((tmp_path / "allure-report/widgets/allure_environment.json").read_text())
    told = {one["name"]: one["values"] for one in shown}
    assert told["base_url"] == ["http://h/#a"]
    assert told["cut_short"] == ["one\ntwo"]


def test_allure_shows_the_weeks_history(
    tmp_path: Path, installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made of the store by Allure's own command: each check with what it was before."""
    store = Store(tmp_path / "runs")
    for number in (0, 1440, 2880):
        store.add(a_run(number, an_entry("a", "BREACHED" if number else "MET"), an_entry("b")))
    history = Index(store, ()).history("shop", 0.0, 4e9)
    week = Week("shop", Span(BEGIN, BEGIN + 7 * 86400), UTC)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/allure").write_text(f'#!/bin/sh\nexec {ALLURE} "$@"\n')
    (tmp_path / "bin/allure").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert review.report(history, week, allure.Facts(), tmp_path / "out", ()) == ""
    read = [json.loads(path.read_text()) for path in (tmp_path / "out").glob("data/test-results/*.json")]
    found = {one["name"]: [one["status"], *(past["status"] for past in one["history"])] for one in read}
    assert found == {"a": ["failed", "failed", "passed"], "b": ["passed"] * 3}
