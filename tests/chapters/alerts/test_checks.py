"""The chapter alerts as a user selects it: offline, with rules of one's own, and with a deployment."""

from __future__ import annotations

from pathlib import Path

from tests.chapters.alerts.test_matrix import SOUND, write
from tests.suite import run_checks


def test_live_checks_are_left_out_visibly_where_no_deployment_is_named(tmp_path: Path) -> None:
    """Without a deployment the live checks are not selected, and the run says so and is green."""
    ran = run_checks(None, "--rules", f"{SOUND}/*.rules.yml", "--rule-tests", f"{SOUND}/*.test.yml", folder=tmp_path, chapter="alerts")  # fmt: skip
    assert ran.status == 0, ran.output
    assert "alerts.loaded-rules-are-these (needs a deployment)" in ran.output


def test_an_empty_deployment_is_no_offline_run(tmp_path: Path) -> None:
    """A pipeline whose variable is empty meant to ask a system: status 4, not a green run of the offline checks."""
    assert run_checks("", folder=tmp_path, chapter="alerts").status == 4
    assert run_checks(None, folder=tmp_path, chapter="alerts", environ={"DEPLOYMENT": ""}).status == 4


def test_what_is_not_given_is_not_selected_visibly(tmp_path: Path) -> None:
    """Rules without unit tests, runbooks and routes: what needs these is listed, and the rest is judged."""
    ran = run_checks(None, "--rules", f"{SOUND}/*.rules.yml", folder=tmp_path, chapter="alerts")
    assert ran.status == 0, ran.output
    for part in ("rules.tests", "rules.runbooks", "rules.alertmanager"):
        assert f"needs {part})" in ran.output


def test_a_pattern_that_matches_nothing_is_unmeasured(tmp_path: Path) -> None:
    """An empty set of rule files proves nothing."""
    ran = run_checks(None, "--rules", f"{tmp_path}/*.yml", folder=tmp_path, chapter="alerts")
    assert ran.status == 1, ran.output
    assert ran.verdict("test_rule_file_is_sound[*.yml]") == "UNMEASURED"


def test_workers_give_the_same_verdicts(tmp_path: Path) -> None:
    """With two workers of pytest-xdist every item has the verdict that it has without."""
    deployment = write(tmp_path / "shop", (("shop.rules.yml", "> 0.05", "> 0.5"),))
    told = []
    for options in ((), ("-n", "2")):
        ran = run_checks(deployment, *options, folder=tmp_path, chapter="alerts")
        assert ran.record is not None, ran.output
        told.append({entry["check"]: entry["verdict"] for entry in ran.record["checks"]})
    assert told[0] == told[1]
    assert "BREACHED" in told[0].values()
