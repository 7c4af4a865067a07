"""``deployspec list --deployment``: what is selected, and what is not; nothing is asked of anyone."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.suite import ROOT

FILE = """
base_url: http://127.0.0.1:{port}
allow: [load, faults, write]
health: {{}}
faults:
  redis-hung: {{inject: [touch, {folder}/ran], restore: [touch, {folder}/ran]}}
logs:
  - {{name: api, command: [touch, {folder}/ran], access: {{}}}}
slos: {{files: [{root}/slos/*.yaml]}}
rules: {{files: [{root}/rules/*.rules.yml], tests: [{root}/rules/*.test.yml]}}
prometheus: {{url: "http://127.0.0.1:{port}"}}
load: {{arrival_rate: 1, requests: [{{name: one, path: /}}]}}
"""


def listed(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``deployspec list`` in a folder."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DEPLOYMENT"))}  # fmt: skip
    return subprocess.run([sys.executable, "-m", "deployspec.cli", "list", *arguments], cwd=folder, env={**environ, "PYTHONPATH": str(ROOT / "src")}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)  # fmt: skip


def test_what_is_selected_for_a_deployment(tmp_path: Path) -> None:
    """Items of every chapter, and what the others need; nobody is asked, no command runs, no file is left."""
    (tmp_path / "deployments").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        text = FILE.format(port=server.getsockname()[1], folder=tmp_path, root=ROOT)
        (tmp_path / "deployments" / "shop.yaml").write_text(text)
        done = listed(tmp_path, "--deployment", "shop", "--format", "json")
        assert done.returncode == 0, done.stderr
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deployments"]
    told = {one["id"]: one for one in json.loads(done.stdout)["checks"]}
    chosen = {own for own, one in told.items() if one["selected"]}
    assert {"health.steady", "health.outage-is-told[redis-hung]", "logs.request-is-logged[api]", "slo.load-run[api-latency]", "alerts.rule-file-is-sound[api.rules.yml]", "alerts.loaded-rules-are-these", "mutation.equivalent-mutants-are-current"} <= chosen  # fmt: skip
    assert told["health.steady"]["promise"].startswith("`health.calls` calls in a row")
    assert told["health.version-is-expected"] == {"id": "health.version-is-expected", "selected": False, "needs": "health.expect_version"}  # fmt: skip
    assert told["logs.job-is-logged"]["needs"] == "logs[].jobs"
    assert told["alerts.route"]["needs"] == "rules.routing"


def test_as_text_of_one_chapter(tmp_path: Path) -> None:
    """A heading each, ids and sentences; a file without the chapter's part selects nothing, which is the answer."""
    (tmp_path / "bare.yaml").write_text("base_url: http://127.0.0.1:9\n")
    done = listed(tmp_path, "health", "--deployment", "bare.yaml")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "selected for bare.yaml: 0"
    assert lines[2] == "not selected: 20"
    assert any(line.split() == ["health.steady", "needs", "health"] for line in lines)


def test_a_path_elsewhere(tmp_path: Path) -> None:
    """Where the file is does not change which settings are read."""
    (tmp_path / "bare.yaml").write_text("base_url: http://127.0.0.1:9\nhealth: {}\n")
    done = listed(ROOT, "health", "--deployment", str(tmp_path / "bare.yaml"))
    assert done.returncode == 0, done.stderr
    assert "health.steady" in done.stdout


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        pytest.param("shop", "base_url: http://x.example\nhealht: {}\n", "shop.yaml:2:1: found the unknown key healht", id="faulty"),
        pytest.param("shpo", "base_url: http://x.example\n", "found no deployment shpo", id="unknown"),
        pytest.param("", "base_url: http://x.example\n", "no deployment is named", id="empty"),
    ],
)  # fmt: skip
def test_a_faulty_file_is_one_clear_error(name: str, text: str, said: str, tmp_path: Path) -> None:
    """The run's own, and its status."""
    (tmp_path / "deployments").mkdir()
    (tmp_path / "deployments" / "shop.yaml").write_text(text)
    done = listed(tmp_path, "--deployment", name)
    assert (done.returncode, done.stdout) == (4, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_is_booted_is_not_booted_for_a_list() -> None:
    """The repository's own reference has no file before it is booted."""
    done = listed(ROOT, "--deployment", "reference")
    assert (done.returncode, done.stdout) == (4, "")
    assert "is booted for a run and has no file until then" in done.stderr
