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
from tests.chapters.alerts.test_matrix import SOUND, write
from tests.chapters.slo.measure.test_window import Exporter, exporting, histogram, prometheus, until
from tests.prometheus_versions import given, versions
from tests.suite import ROOT, Ran, run_checks

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
    """Every alert can fire but those that require what is not there, which are left out visibly."""
    ran = live(watched, tmp_path)
    assert ran.status == 0, ran.output
    assert "alerts.alert-can-fire[HighMemoryUsage] (needs prometheus.exporters.cadvisor)" in ran.output
    assert "alerts.alert-can-fire, 7 times (needs prometheus.exporters.deployspec)" in ran.output


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
    assert "selected no checks, so" in ran.output


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
        "equivalent-mutants.yml:1:3: found ShopErrors:gone, which is not a mutant of any rule"
        in entry["reason"]
    )


BUCKETS = {"One": 'le="1"', "OneWithAPoint": 'le="1.0"', "Larger": 'le=~"10|20"'}
SPELT_OTHERWISE = {2: {"OneWithAPoint": '`le="1.0"` is stored as `"1"` there'}, 3: {"One": '`le="1"` is stored as `"1.0"` there', "Larger": '`le="10"` is stored as `"10.0"` there'}}  # fmt: skip
"""By Prometheus' major version, the alerts that can never fire there."""
OF_A_LABEL = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: errors, annotations: {deployspec/alerts: Errors}}
spec:
  service: shop
  indicator:
    metadata: {name: errors}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Prometheus, spec: {query: 'codes_total{LABEL=~"5.."}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: codes_total}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: few, target: 0.95}]
"""


def exposed(scrapes: int) -> list[str]:
    """A histogram with whole boundaries, and a counter whose label is `code`."""
    n = 20 * scrapes
    return [
        "# TYPE whole histogram",
        *histogram("whole", "", {"1": 0.9 * n, "10": n, "20": n, "+Inf": n}),
        f'codes_total{{code="200"}} {0.9 * n:g}',
        f'codes_total{{code="500"}} {0.1 * n:g}',
    ]


@pytest.fixture(scope="module", params=versions())
def scraping(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, str]]:
    """A Prometheus of each version, which has scraped them: its major version, and its address."""
    version, folder = given(request), tmp_path_factory.mktemp("prometheus")
    with (
        exporting(Exporter(exposed)) as exporter,
        prometheus(version, folder, {"shop": exporter}, folder / "data") as url,
    ):
        until(lambda: exporter.scrapes >= 5, "scrapes")
        yield version.major, url


def beside(url: str | None, folder: Path, rules: dict[str, str], slo: str = "") -> Path:
    """A deployment file with these rules and this objective, and with this Prometheus."""
    alerts = [{"alert": name, "expr": expr} for name, expr in rules.items()]
    (folder / "shop.rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "shop", "rules": alerts}]}))
    (folder / "errors.yaml").write_text(slo)
    document = {"base_url": "http://127.0.0.1:9", "rules": {"files": [f"{folder}/shop.rules.yml"]}}
    document |= {"slos": {"files": [f"{folder}/errors.yaml"]}} if slo else {}
    document |= {"prometheus": {"url": url}} if url else {}
    (folder / "shop.yaml").write_text(yaml.safe_dump(document))
    return folder / "shop.yaml"


@pytest.mark.xdist_group("scraping")
def test_a_bucket_that_is_stored_otherwise_never_comes(scraping: tuple[int, str], tmp_path: Path) -> None:
    """Each major version has the buckets that the other one has not."""
    major, url = scraping
    rules = {name: f"rate(whole_bucket{{{matcher}}}[5m]) > 1" for name, matcher in BUCKETS.items()}
    ran = run_checks(beside(url, tmp_path, rules), "-k", "alert_can_fire", folder=tmp_path, chapter="alerts")
    for name in BUCKETS:
        entry, fault = ran.entry(f"test_alert_can_fire[{name}]"), SPELT_OTHERWISE[major].get(name, "")
        assert entry["verdict"] == ("BREACHED" if fault else "MET"), ran.output
        assert fault in entry["reason"]


@pytest.mark.xdist_group("scraping")
@pytest.mark.parametrize(
    ("label", "asked", "verdict", "said"),
    [
        ("code", True, "MET", "agrees in thresholds"),
        ("codes", True, "UNMEASURED", "by the label `codes`, which no series of `codes_total` has; nearest is `code`"),
        ("codes", False, "MET", "agrees in thresholds"),
    ],
    ids=["there", "misspelt", "files-alone"],
)  # fmt: skip
def test_two_files_that_agree_on_a_label(
    scraping: tuple[int, str], tmp_path: Path, label: str, asked: bool, verdict: str, said: str
) -> None:
    """Where there is a Prometheus, it tells that no metric has the label; the check is one of the deployment then."""
    rate = f'rate(codes_total{{{label}=~"5.."}}[5m])'
    rules = {"Errors": f"sum({rate}) / sum(rate(codes_total[5m])) > 0.05"}
    path = beside(scraping[1] if asked else None, tmp_path, rules, OF_A_LABEL.replace("LABEL", label))
    ran = run_checks(path, "-k", "alerts_agree", folder=tmp_path, chapter="slo")
    entry = ran.entry("test_alerts_agree[errors]")
    assert entry["verdict"] == verdict, ran.output
    assert said in entry["reason"]
    assert ("/api/v1/query" in (entry["reproduce"] or "")) == asked
    # With files alone, nothing was asked of the deployment that the run names.
    assert ran.status == (0 if verdict == "MET" and asked else 1), ran.output
