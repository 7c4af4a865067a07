"""Rules as Kubernetes has them: judged as Prometheus' own are, and written out plain for promtool."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from deployspec.cli import main
from tests.chapters.alerts.test_matrix import CASES, FIRES, RULES, SOUND, TESTS, ids
from tests.suite import ROOT, Ran, run_checks


def kubernetes(folder: Path, *edits: tuple[str, str]) -> None:
    """The sound rules as two PrometheusRule documents in one file, between documents of other kinds."""
    text = (SOUND / RULES).read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    rules = yaml.safe_load(text)["groups"][0]["rules"]
    documents = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"}, "data": {"groups": "none"}}
    ]
    for name, part in (("one", rules[:2]), ("two", rules[2:])):
        documents.append({
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {"name": name},
            "spec": {"groups": [{"name": f"shop-{name}", "rules": part}]},
        })  # fmt: skip
    (folder / RULES).write_text(yaml.safe_dump_all(documents, sort_keys=False))
    (folder / TESTS).write_text((SOUND / TESTS).read_text())


def judged(folder: Path) -> Ran:
    """Run the chapter on the folder's rules."""
    return run_checks(None, "--rules", f"{folder}/*.rules.yml", "--rule-tests", f"{folder}/*.test.yml", folder=folder, chapter="alerts", root=ROOT)  # fmt: skip


def test_prometheusrule_documents_are_judged(tmp_path: Path) -> None:
    """Each case has promtool's verdict although promtool cannot read the file itself."""
    kubernetes(tmp_path)
    refused = subprocess.run(
        ["promtool", "check", "rules", str(tmp_path / RULES)], capture_output=True, check=False
    )
    assert refused.returncode != 0
    ran = judged(tmp_path)
    assert ran.status == 0, ran.output
    told = {name.replace(f"{tmp_path}/", "") for name in ids(ran)}
    assert set(CASES) <= told


def test_a_wrong_prometheusrule_is_breached_with_a_line_that_repeats_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reproduce line writes plain files first; what it runs then fails with the same words."""
    kubernetes(tmp_path, ("> 0.05", "> 0.5"))
    ran = judged(tmp_path)
    entry = next(entry for name, entry in ids(ran).items() if name.replace(f"{tmp_path}/", "") == FIRES)
    assert (entry["verdict"], entry["reason"]) == ("BREACHED", "expected 1 alert, got none")
    plain, _, promtool = entry["reproduce"].partition(" && ")
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(plain)[1:]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "plain" / TESTS)
    repeated = subprocess.run(shlex.split(promtool), capture_output=True, text=True, check=False)
    assert repeated.returncode == 1
    assert "name: errors fire," in repeated.stdout + repeated.stderr


def test_plain_files_overwrite_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    """A folder that has such a file already is refused with status 4, and the file stays."""
    kubernetes(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / TESTS).write_text("mine\n")
    assert main(["rules", "plain", TESTS, "--to", "plain"]) == 4
    assert "plain has a shop.test.yml already" in capsys.readouterr().err
    assert (tmp_path / "plain" / TESTS).read_text() == "mine\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "gone.test.yml"),
        ("tests: [", "gone.test.yml:2:1: found broken YAML"),
        ("rule_files: [a.yml]\ntests: []\nmore: 1\n", "unknown field `more`"),
    ],
)
def test_what_cannot_be_written_plain_is_told_with_its_place(
    text: str | None,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A missing or broken file: status 4, the place, and nothing written."""
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / "gone.test.yml").write_text(text)
    assert main(["rules", "plain", "gone.test.yml", "--to", "plain"]) == 4
    assert said in capsys.readouterr().err
    assert not (tmp_path / "plain").exists()
