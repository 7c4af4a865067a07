"""A folder of a project, its store, and a page that is as plain as can be."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from deployspec.base.moments import written
from deployspec.cli import review as command
from deployspec.model.review import Review
from deployspec.record.record import RecordFile, Run
from deployspec.record.store import Store
from tests.review.month import WINDOWS, moment, runs

SHOP = f"base_url: http://127.0.0.1:9\n{WINDOWS}"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Review]:
    """The reviews that were handed to the page."""
    seen: list[Review] = []

    def drawn(reviews: Sequence[Review]) -> str:
        seen[:] = reviews
        said = [
            asdict(review) | {"week": str(review.week), "made": review.made.isoformat()} for review in reviews
        ]
        return json.dumps(said, default=str, indent=1)

    stub = ModuleType("deployspec.outputs.review")
    stub.html = stub.markdown = drawn  # type: ignore[attr-defined]
    stub.message = lambda review: review.sentence  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "deployspec.outputs.review", stub)
    # It is the page that needs them.
    monkeypatch.setitem(command._LIBRARIES, "html", ("numpy",))
    return seen


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon on the second of November 2026."""
    monkeypatch.setattr(command, "time", SimpleNamespace(time=lambda: moment(33, 12)))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: None) -> Path:
    """A folder with the file of a deployment, and a state folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    (tmp_path / "deployments").mkdir()
    (tmp_path / "deployments/shop.yaml").write_text(SHOP)
    return tmp_path


@pytest.fixture
def store(project: Path) -> Store:
    """The store of that state folder."""
    return Store(project / "xdg/deployspec/runs")


@pytest.fixture(scope="session")
def month_of_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder whose store has the simulated month. It is read only."""
    state = tmp_path_factory.mktemp("month")
    store = Store(state / "runs")
    with pytest.MonkeyPatch.context() as patch:
        # Thousands of files that need not survive a power cut.
        patch.setattr(os, "fsync", lambda _descriptor: None)
        for run in runs():
            if run.exit_status is None:
                left_behind(store.file_of(run), run)
            else:
                store.add(run)
    return state


def left_behind(file: RecordFile, run: Run) -> None:
    """The lines of a run that was killed, or goes on."""
    file.begin(run)
    for entry in run.entries.values():
        file.append(entry)
    assert file._lines is not None
    file._lines.close()


def simple(when: float, *entries: object, **more: object) -> Run:
    """A probe's run at berlin, every half hour."""
    said: dict[str, object] = {
        "deployment": "shop", "id": f"{int(when):08x}-0000-4000-8000-000000000000", "kind": "probe", "location": "berlin", "interval": 1800.0,
        "exit_status": 0, "finished": written(when + 5), "versions": {"deployspec": "0.1.0"}, **more,
    }  # fmt: skip
    return Run(written(when), entries={entry.check: entry for entry in entries}, **said)  # type: ignore[attr-defined, arg-type]
