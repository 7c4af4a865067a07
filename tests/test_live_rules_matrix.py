"""The fault matrix of the live checks and of the mutants: through the checks, against a real Prometheus."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from reference.process import Reference, running_reference
from tests.suite import ROOT, Ran, run_checks
from tests.test_rules_matrix import SOUND, write

LOADED = "test_loaded_rules_are_these"
EVALUATED = "test_loaded_rules_are_evaluated"


@pytest.fixture(scope="module")
def watched() -> Iterator[Reference]:
    """A reference with its Prometheus, which has loaded the repository's rules."""
    with running_reference("--monitoring") as reference:
        yield reference


def live(reference: Reference, folder: Path, *edits: tuple[str, str, str]) -> Ran:
    """Run the live checks with the repository's rules, changed."""
    for path in (ROOT / "rules").glob("*.rules.yml"):
        text = path.read_text()
        for name, old, new in edits:
            if name == path.name:
                assert old in text
                text = text.replace(old, new)
        (folder / path.name).write_text(text)
    document = {**reference.deployment, "rules": {"files": ["*.rules.yml"]}}
    deployment = folder / "watched.yaml"
    deployment.write_text(yaml.safe_dump(document))
    return run_checks(deployment, "-k", "alert_can_fire or loaded", folder=folder, chapter="alerts")


def evidence(ran: Ran, check: str) -> str:
    """All evidence of a check, as the run record keeps it."""
    assert ran.record is not None, ran.output
    return "\n".join(ran.record["evidence"][item["ref"]] for item in ran.entry(check)["evidence"])


@pytest.mark.xdist_group("watched")
def test_the_watched_reference_is_green(watched: Reference, tmp_path: Path) -> None:
    """Every alert can fire but the one that requires what is not there, which is left out visibly."""
    ran = live(watched, tmp_path)
    assert ran.status == 0, ran.output
    assert "alert can fire [HighMemoryUsage] (needs prometheus.exporters.cadvisor)" in ran.output


@pytest.mark.xdist_group("watched")
def test_a_changed_threshold_is_drift(watched: Reference, tmp_path: Path) -> None:
    """A rule that is loaded with another threshold is told with a diff, and nothing else turns red."""
    ran = live(watched, tmp_path, ("queue.rules.yml", "> 1000\n", "> 2000\n"))
    red = [entry["check"].partition("::")[2] for entry in ran.record["checks"] if entry["verdict"] != "MET"]  # type: ignore[index]
    assert red == [LOADED], ran.output
    assert "2000" in evidence(ran, LOADED)


@pytest.mark.xdist_group("watched")
def test_a_misspelt_metric_can_never_fire(watched: Reference, tmp_path: Path) -> None:
    """An alert on a metric that nobody exposes is told with the nearest name that there is."""
    ran = live(watched, tmp_path, ("queue.rules.yml", "(celery_queue_length) > 1000", "(celery_queue_lenght) > 1000"))  # fmt: skip
    entry = ran.entry("test_alert_can_fire[HighQueueDepth]")
    assert entry["verdict"] == "BREACHED", ran.output
    assert "celery_queue_lenght" in entry["reason"]
    assert "nearest is `celery_queue_length`" in entry["reason"]


@pytest.mark.xdist_group("watched")
def test_a_job_that_is_not_scraped_can_never_fire(watched: Reference, tmp_path: Path) -> None:
    """An alert on the `up` of a job that the scrape configuration does not have is told, with a line that shows it."""
    ran = live(watched, tmp_path, ("queue.rules.yml", "(celery_queue_length) > 1000", '(up{job="postgre"}) == 0'))  # fmt: skip
    entry = ran.entry("test_alert_can_fire[HighQueueDepth]")
    assert entry["verdict"] == "BREACHED", ran.output
    assert 'no target there has `job="postgre"`; nearest is `postgres`' in entry["reason"]
    shown = subprocess.run(
        shlex.split(entry["reproduce"]), capture_output=True, text=True, timeout=60, check=True
    )
    answer = json.loads(shown.stdout)
    assert answer["status"] == "success", shown.stdout
    assert {"__name__": "up", "job": "postgres"} in [one["metric"] for one in answer["data"]["result"]]


def test_an_unreachable_prometheus_leaves_the_live_checks_unmeasured(tmp_path: Path) -> None:
    """Nothing is known of the rules there; the offline checks are judged all the same."""
    deployment = write(tmp_path / "shop", (("shop.yaml", "rules:\n", "prometheus: {url: 'http://127.0.0.1:9'}\nrules:\n"),))  # fmt: skip
    ran = run_checks(deployment, folder=tmp_path, chapter="alerts")
    assert ran.record is not None, ran.output
    told = {entry["check"].partition("::")[2]: entry for entry in ran.record["checks"] if entry["verdict"] != "MET"}  # fmt: skip
    assert {entry["verdict"] for entry in told.values()} == {"UNMEASURED"}, ran.output
    assert {LOADED, EVALUATED, "test_alert_can_fire[ShopErrors]"} <= set(told)
    assert all("127.0.0.1:9" in entry["reason"] for entry in told.values())


def test_mutation_without_a_unit_test_measures_nothing(tmp_path: Path) -> None:
    """Rules without a unit test are not proven by a file of equivalent mutants that is not there."""
    ran = run_checks(None, "--rules", f"{SOUND}/*.rules.yml", folder=tmp_path, chapter="mutation")
    assert ran.status == 1, ran.output
    assert ran.record is not None
    assert ran.record["checks"] == []
    assert set(ran.record["not_described"].values()) == {"rules.tests"}
    assert "and no check of it was selected: nothing was measured of it" in ran.output


def test_a_weak_unit_test_lets_mutants_survive(tmp_path: Path) -> None:
    """A rule whose test does not stand at the threshold is BREACHED, with each survivor's diff."""
    ran = run_checks(None, "--rules", f"{SOUND}/*.rules.yml", "--rule-tests", f"{SOUND}/*.test.yml", "-k", "ShopErrors", folder=tmp_path, chapter="mutation")  # fmt: skip
    entry = ran.entry("test_mutants_are_killed[ShopErrors]")
    assert entry["verdict"] == "BREACHED", ran.output
    assert "survived" in entry["reason"]
    assert "\n+" in evidence(ran, "test_mutants_are_killed[ShopErrors]")


def mutated(folder: Path, equivalents: str) -> Ran:
    """Mutate one rule of the sound set, with this file of equivalent mutants beside the unit tests."""
    write(folder)
    (folder / "equivalent-mutants.yml").write_text(equivalents)
    return run_checks(None, "--rules", f"{folder}/*.rules.yml", "--rule-tests", f"{folder}/*.test.yml", "-k", "ShopErrors or equivalent", folder=folder, chapter="mutation")  # fmt: skip


def test_an_equivalent_mutant_is_accepted_for_its_reason(tmp_path: Path) -> None:
    """With every survivor in the file, each with a reason, the rule's mutants are MET."""
    before = mutated(tmp_path, "[]")
    ids = set(
        re.findall(r"ShopErrors/[a-z-]+/[0-9a-f]+", evidence(before, "test_mutants_are_killed[ShopErrors]"))
    )
    assert before.verdict("test_mutants_are_killed[ShopErrors]") == "BREACHED", before.output
    one = "- {{id: {}, reason: no data could tell them apart}}\n"
    after = mutated(tmp_path, "".join(map(one.format, sorted(ids))))
    assert after.status == 0, after.output


def test_an_entry_for_a_mutant_that_is_not_there_is_breached(tmp_path: Path) -> None:
    """An outdated entry is told with its place, and nothing else turns red because of it."""
    ran = mutated(tmp_path, "- {id: 'ShopErrors:gone', reason: it was there once}\n")
    entry = ran.entry("test_equivalent_mutants_are_current")
    assert entry["verdict"] == "BREACHED", ran.output
    assert (
        "equivalent-mutants.yml:1:3: found ShopErrors:gone, which is no mutant of any rule" in entry["reason"]
    )
