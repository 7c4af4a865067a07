"""Our rules and the guide's: promtool accepts them, and ours keep what the guide promised."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from .files import ALERTING, GUIDE, RULES, RUNBOOKS, alerts_of, load, our_alerts, run

RULE_FILES = sorted(RULES.rglob("*.rules.yml"))
TEST_FILES = sorted(RULES.rglob("*.test.yml"))
OURS = our_alerts()
GUIDES = {name.removeprefix("Guide"): rule for name, rule in alerts_of(GUIDE).items()}
MISFIRES = load(GUIDE.with_name("guide.test.yml"))["tests"]
SECTIONS = ["Meaning", "First look", "Likely causes", "Mitigation", "How to test it"]


def _name(path: Path) -> str:
    return path.relative_to(RULES).as_posix()


@pytest.mark.parametrize("path", RULE_FILES, ids=_name)
def test_promtool_accepts_the_rules(path):
    """promtool finds nothing to object to in a file of rules."""
    checked = run("promtool", "check", "rules", path)

    assert checked.returncode == 0, checked.stdout
    assert "SUCCESS" in checked.stdout


@pytest.mark.parametrize("path", TEST_FILES, ids=_name)
def test_promtool_passes_the_unit_tests(path):
    """Every case of a file of unit tests is as expected, by promtool's word."""
    tested = run("promtool", "test", "rules", path)

    assert tested.returncode == 0, tested.stdout


def test_each_rule_file_has_its_unit_tests():
    """A rule file and its unit tests lie side by side, and neither is alone. What takes hours may be tested apart."""
    tests = {_name(path).replace(".hours.", ".") for path in TEST_FILES}

    assert {_name(path).replace(".rules.", ".test.") for path in RULE_FILES} == tests


@pytest.mark.parametrize("name", sorted(GUIDES))
def test_the_guides_promise_is_kept(name):
    """Each of the guide's six alerts has its name, wait, severity and summary; the queue's number is written out."""
    ours, guide = OURS[name], GUIDES[name]
    summary = guide["annotations"]["summary"].replace("{{ $value }}", '{{ $value | printf "%.0f" }}')

    assert (ours["for"], ours["labels"]) == (guide["for"], guide["labels"])
    assert ours["annotations"]["summary"] == summary


@pytest.mark.parametrize("name", sorted(GUIDES))
def test_the_guides_threshold_is_kept(name):
    """Our expression ends with the guide's comparison; the database's alert asks another question."""
    if name == "DatabaseConnectivityIssue":
        assert not re.search(r"[<>] [\d.]+", OURS[name]["expr"])
        return
    threshold = re.search(r"[<>] [\d.]+$", GUIDES[name]["expr"])

    assert threshold is not None
    assert threshold.group() in OURS[name]["expr"]


@pytest.mark.parametrize("group", MISFIRES, ids=lambda group: group["name"])
def test_a_literal_rule_misfires_where_ours_does_not(group):
    """The guide's rule and ours, or the alert of ours that tells instead, answer differently at the same moment."""
    literal, *ours = group["alert_rule_test"]
    name = literal["alertname"].removeprefix("Guide")

    assert name in GUIDES
    assert {case["eval_time"] for case in ours} == {literal["eval_time"]}
    assert any(
        len(_expected(case)) != len(_expected(literal)) or _written_otherwise(case, literal) for case in ours
    )


def _expected(case: dict[str, Any]) -> list[dict[str, Any]]:
    return case.get("exp_alerts", [])


def _written_otherwise(case: dict[str, Any], literal: dict[str, Any]) -> bool:
    return [alert["exp_annotations"]["summary"] for alert in _expected(case)] != [
        alert["exp_annotations"]["summary"] for alert in _expected(literal)
    ]


def test_each_literal_rule_is_shown_misfiring():
    """All six rules of the guide have a group that shows what they do wrong."""
    assert {group["alert_rule_test"][0]["alertname"].removeprefix("Guide") for group in MISFIRES} == set(
        GUIDES
    )


@pytest.mark.parametrize("name", sorted(OURS))
def test_an_alert_says_all_that_a_person_needs(name):
    """Each alert has severity, summary, description, a link that ends with its name, and a job that exists.

    cAdvisor is not everywhere, and no probe is scraped as a job of its own.
    """
    rule = OURS[name]
    scraped = {job["job_name"] for job in load(ALERTING / "prometheus.yml")["scrape_configs"]}
    jobs = scraped | {"cadvisor", "deployspec"}

    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url", "requires"}
    assert rule["annotations"]["runbook_url"].rpartition("/")[2] == name
    assert rule["annotations"]["requires"] in jobs


def test_alerts_and_runbooks_pair():
    """There is one page for each alert, and none for an alert that does not exist."""
    assert {page.stem for page in RUNBOOKS.glob("*.md")} == set(OURS)


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_runbook_has_its_sections(name):
    """A page is named like its alert, has the five sections in order, and tells how its rule is tested."""
    page = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    file = next(path for path in RULE_FILES if path != GUIDE and name in alerts_of(path))

    assert page.startswith(f"# {name}\n")
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == SECTIONS
    assert f"`promtool test rules rules/{file.name.replace('.rules.', '.test.')}`" in page


def test_the_runbooks_own_rule_misses_a_probe_that_never_pushed(tmp_path):
    """The rule that ProbeRunStale.md offers fires for the location that it names alone, as that location's alert."""
    page = (RUNBOOKS / "ProbeRunStale.md").read_text(encoding="utf-8")
    (offered,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "own.rules.yml").write_text(offered, encoding="utf-8")
    annotations = yaml.safe_load(offered)["groups"][0]["rules"][0]["annotations"]
    labels = {"severity": "warning", "deployment": "production", "location": "frankfurt"}
    fires = [{"exp_labels": labels, "exp_annotations": annotations}]
    series = 'deployspec_run_interval_seconds{deployment="production", location="%s"}'

    def group(location: str, expected: list[dict[str, Any]]) -> dict[str, Any]:
        case = {"alertname": "ProbeRunStale", "eval_time": "10m", "exp_alerts": expected}
        told = [{"series": series % location, "values": "300x20"}]
        return {"interval": "1m", "input_series": told, "alert_rule_test": [case]}

    tests = {"rule_files": ["own.rules.yml"], "tests": [group("oslo", fires), group("frankfurt", [])]}
    (tmp_path / "own.test.yml").write_text(yaml.safe_dump(tests), encoding="utf-8")
    tested = run("promtool", "test", "rules", tmp_path / "own.test.yml")

    assert tested.returncode == 0, tested.stdout
