"""The watched reference: a real Prometheus with real exporters, and what is judged of rules by it."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import json
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployspec.chapters.alerts.judge.live_rules import Drift, can_fire, drift, evaluates, wanted
from deployspec.languages.prometheus.model import LoadedRules, Observed
from deployspec.languages.rule_files.model import Rule, RuleFile
from deployspec.languages.rule_files.rules import read_rules
from deployspec.model.http import Answer, Failure
from deployspec.model.verdict import Outcome, Verdict
from deployspec.tools.http import Proxies, Request, call
from deployspec.tools.prometheus.asking import Prometheus
from reference.process import ROOT, Reference, ReferenceFailedError, boot, running_reference
from reference.supervisor import monitoring
from reference.supervisor.deployment import Deployment
from reference.supervisor.folder import Folder

from .client import until
from .test_supervisor import assert_nothing_left, environment, processes_of

pytestmark = pytest.mark.xdist_group("monitoring")

LIMIT = 120.0
"""Seconds for a boot, which takes about 7 on a free machine."""
WATCHING = {"prometheus", "postgres-exporter", "redis-exporter", "node-exporter", "pushgateway"}
# Rules in spellings that Prometheus gives back in its own, and one that it cannot evaluate.
OWN_RULES = r"""
groups:
- name: spellings
  interval: 2s
  rules:
  - {record: "job:up:sum", expr: sum(up) by(job)}
  - {record: "job:pool:max", expr: "max without(instance)(sqlalchemy_pool_size{job='deal-scout',})", labels: {team: shop}}
  - {alert: Numbers, expr: "up > .50e1 or up*0x10 == -0 or up > +Inf or up != 1e-7 or -up > 5 % 2 ^ 3"}
  - {alert: Durations, expr: "rate(process_cpu_seconds_total[90s] offset 60m) > 0 or up offset -1w > 1", for: 90s}
  - {alert: Subqueries, expr: "max_over_time((rate(process_cpu_seconds_total[1m]))[90m:15s]) > 0 and count_over_time(up[5m:] @ end()) > 0"}
  - {alert: Matching, expr: "up == ignoring(instance) group_left() (node_time_seconds) unless on() vector(0)", keep_firing_for: 2m}
  - {alert: Names, expr: '{__name__="up",job!~"a\\.b|c"} == bool 2 or {__name__=~"u.?"} == 0'}
  - {alert: Quotes, expr: 'label_replace(up, "a", "$1-\"x\"", "job", ''(.+)\\.(.*)'') == 0 and up{job!=`\d`} == 0'}
  - alert: Long
    expr: |
      # The share of what failed, as a person writes it.
      sum by (job) (rate(deal_scout_requests_total{path!~"/health|/metrics|/ping", status=~"5.."}[5m]))
        / sum by (job) (rate(deal_scout_requests_total{path!~"/health|/metrics|/ping"}[5m]))
        > quantile(0.9, scalar(up{job="node"}) * up) or topk(3, count_values("v", up)) > 100
    annotations:
      summary: >-
        {{ $value | humanizePercentage }} of "it", ä
      description: |
        Two
        lines
- name: failing
  rules:
  - {alert: ManyToMany, expr: up + on() up > 100}
"""


@dataclasses.dataclass
class Watched:
    """A running reference with its Prometheus, and the rule files that it was given."""

    reference: Reference
    own: RuleFile
    prometheus: Prometheus

    @functools.cached_property
    def loaded(self) -> LoadedRules:
        """The loaded rules."""
        found = self.prometheus.loaded_rules()
        assert isinstance(found, LoadedRules), found
        return found

    def judged(self, rule: Rule, *files: RuleFile) -> Verdict:
        """Whether a rule can fire there."""
        observed = self.prometheus.observe(wanted([rule, *(one for file in files for one in file.rules)]))
        assert isinstance(observed, Observed), observed
        return can_fire(rule, files, observed, self.prometheus.targets(), self.loaded)

    def drift(self, *files: RuleFile) -> Drift:
        """How the loaded rules differ from these files'."""
        return drift(files, self.loaded)


def read(path: Path) -> RuleFile:
    """Read a rule file that has no fault."""
    file = read_rules(path.read_text(encoding="utf-8"), str(path))
    assert file.problems == ()
    return file


@functools.cache
def repository() -> tuple[RuleFile, ...]:
    """The repository's rules."""
    return tuple(read(path) for path in sorted((ROOT / "rules").glob("*.rules.yml")))


def send(url: str, *, timeout: float, max_body: int) -> Answer | Failure:
    """The HTTP probe, past any proxy."""
    return call(Request(url=url, timeout=timeout, max_body=max_body, proxies=Proxies())).result


def ask(reference: Reference, question: str) -> Any:
    """Ask the reference's Prometheus."""
    url = f"{reference.deployment['prometheus']['url']}/api/v1/{question}"
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - loopback
        return json.load(answer)["data"]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A watched reference with the repository's rules, and with rules of this file's own."""
    path = tmp_path_factory.mktemp("rules") / "own.yml"
    path.write_text(OWN_RULES, encoding="utf-8")
    arguments = ("--monitoring", "--rules", "rules/*.rules.yml", "--rules", str(path))
    with running_reference(*arguments, limit=LIMIT) as reference:
        url = reference.deployment["prometheus"]["url"]
        yield Watched(reference, read(path), Prometheus(url, send, window=3600))


@pytest.fixture
def place() -> Iterator[Path]:
    """A temporary folder of the test's own, which PostgreSQL's user may enter, as pytest's are not."""
    with tempfile.TemporaryDirectory(prefix="monitoring-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_what_is_scraped(watched: Watched) -> None:
    """When the reference is ready, every job of `alerting/prometheus.yml` has a target that is up, and no other."""
    config = yaml.safe_load((ROOT / "alerting" / "prometheus.yml").read_text(encoding="utf-8"))
    jobs = {job["job_name"]: job.get("honor_labels", False) for job in config["scrape_configs"]}
    targets = ask(watched.reference, "targets?state=active")["activeTargets"]
    assert {target["labels"]["job"]: target["health"] for target in targets} == dict.fromkeys(jobs, "up")
    own = yaml.safe_load((watched.reference.folder / "prometheus.yml").read_text(encoding="utf-8"))
    assert {job["job_name"]: job.get("honor_labels", False) for job in own["scrape_configs"]} == jobs
    assert set(watched.reference.pids()) == {"postgres", "redis", "api", "worker"} | WATCHING
    assert watched.prometheus.version() == ask(watched.reference, "status/buildinfo")["version"]


def test_secrets_are_on_no_command_line(watched: Watched) -> None:
    """The passwords of PostgreSQL and Redis are in files and variables that only their owner can read."""
    lines = "\n".join(processes_of(watched.reference.folder))
    redis = json.loads((watched.reference.folder / "redis-passwords.json").read_text(encoding="utf-8"))
    passwords = [
        *redis.values(),
        (watched.reference.folder / "postgres-password").read_text(encoding="utf-8"),
    ]
    assert all(len(password) >= 20 and password not in lines for password in passwords)


@pytest.mark.parametrize(
    "alert",
    [
        rule.name
        for file in repository()
        for rule in file.rules
        if rule.kind == "alert" and rule.annotations["requires"] != "deployspec"
    ],
)
def test_the_repositorys_rules_can_fire(watched: Watched, alert: str) -> None:
    """Each alert's metrics and labels exist here right after the boot, but those of the exporter that is not here.

    Those of probes are left out: no probe has pushed anything here yet.
    """
    rule = next(rule for file in repository() for rule in file.rules if rule.name == alert)
    verdict = watched.judged(rule, *repository())
    if rule.annotations.get("requires") == "cadvisor":
        assert verdict.outcome is Outcome.BREACHED
        assert verdict.reason.startswith("this alert can never fire: metric `container_memory_")
    else:
        assert verdict.outcome is Outcome.MET, verdict


def test_the_repositorys_rules_are_loaded_and_evaluated(watched: Watched) -> None:
    """No drift and no error; the groups of the other file are listed."""
    found = watched.drift(*repository())
    assert found.verdict.outcome is Outcome.MET, found.diff
    assert {name.partition(" ")[0] for name in found.others} == {"spellings", "failing"}
    verdict = evaluates([rule for file in repository() for rule in file.rules], watched.loaded)
    assert verdict.outcome is Outcome.MET, verdict


def test_prometheus_own_spelling_is_no_drift(watched: Watched) -> None:
    """However a rule is written, Prometheus' own way of giving it back means the same."""
    found = watched.drift(watched.own)
    assert found.verdict.outcome is Outcome.MET, found.diff
    told = {rule.name: rule.expr for group in watched.loaded.groups for rule in group.rules}
    as_written = {rule.name for rule in watched.own.rules if told[rule.name] == rule.expr}
    assert as_written <= {"Names", "ManyToMany"}


def test_a_changed_rule_is_drift(watched: Watched) -> None:
    """A threshold that is another one there is drift, and the diff is of this line alone."""
    file = next(file for file in repository() if "HighErrorRate" in {rule.name for rule in file.rules})
    text = Path(file.path).read_text(encoding="utf-8").replace("> 0.05", "> 0.04")
    found = watched.drift(
        read_rules(text, file.path), *(other for other in repository() if other is not file)
    )
    assert found.verdict.outcome is Outcome.BREACHED
    changed = [line for line in found.diff.splitlines()[2:] if line[0] in "+-"]
    assert [line[0] for line in changed] == ["-", "+"]
    assert changed[0].endswith(" 0.04")
    assert changed[1].endswith(" 0.05")


def test_a_misspelt_metric_can_never_fire(watched: Watched) -> None:
    """A metric, and a label, that are misspelt by a letter are found, with the names that were meant."""
    rule = watched.own.rules[0]
    table = {
        "celery_queue_lenght > 1000": "metric `celery_queue_lenght` does not exist there; nearest is `celery_queue_length`",
        'pg_up{jop="postgres"} == 0': "label `jop` does not exist there on `pg_up`; nearest is `job`",
    }
    for expr, why in table.items():
        verdict = watched.judged(dataclasses.replace(rule, kind="alert", name="X", expr=expr))
        assert (verdict.outcome, verdict.reason) == (Outcome.BREACHED, f"this alert can never fire: {why}")


def test_values_not_seen_are_listed(watched: Watched) -> None:
    """A status that no request had is listed beside those that some had, and fails nothing."""
    expr = 'deal_scout_requests_total{status="599"} > 0'
    verdict = watched.judged(dataclasses.replace(watched.own.rules[0], kind="alert", name="X", expr=expr))
    assert verdict.outcome is Outcome.MET
    assert '; not seen yet: `deal_scout_requests_total{status="599"}` (seen: 200' in verdict.reason


def test_an_evaluation_error(watched: Watched) -> None:
    """A rule that Prometheus loads and cannot evaluate is a breach, in its words; its neighbours are not."""
    failing = [rule for rule in watched.own.rules if rule.name == "ManyToMany"]

    def judged() -> Verdict:
        return evaluates(failing, watched.prometheus.loaded_rules())

    # Before its targets are scraped twice, there is nothing that it fails at.
    until(lambda: judged().outcome is Outcome.BREACHED, LIMIT)
    verdict = judged()
    assert verdict.reason.startswith("its evaluation fails there: ManyToMany (group failing): ")
    assert "many-to-many" in verdict.reason or "duplicate series" in verdict.reason


def test_a_killed_parent_leaves_nothing(place: Path) -> None:
    """kill -9 takes all nine parts along; the repository's rules are what is loaded without --rules."""
    code = (
        "import time\nfrom reference.process import boot\n"
        f"print(boot('--monitoring', limit={LIMIT}).deployment_file, flush=True)\ntime.sleep(300)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(place), stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        folder = Path(parent.stdout.readline().strip()).parent
        url = yaml.safe_load((folder / "deployment.yaml").read_text(encoding="utf-8"))["prometheus"]["url"]
        assert (
            drift(repository(), Prometheus(url, send, window=60).loaded_rules()).verdict.outcome
            is Outcome.MET
        )
        lines = processes_of(folder)
        for program in (
            "/prometheus ",
            "-postgres-exporter ",
            "-redis-exporter ",
            "-node-exporter ",
            "-pushgateway ",
        ):
            assert [line for line in lines if program in line], (program, lines)
        parent.kill()
    assert_nothing_left(place, folder)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
def test_a_killed_supervisor_leaves_no_process(place: Path) -> None:
    """kill -9 of the supervisor itself takes its processes along."""
    reference = boot("--monitoring", env=environment(place), limit=LIMIT)
    reference.process.kill()
    reference.process.wait(10)
    until(lambda: not processes_of(reference.folder), limit=10.0)
    with pytest.raises(ReferenceFailedError, match="exit status -9"):
        reference.close()
    shutil.rmtree(reference.folder)


@pytest.mark.parametrize("missing", ["prometheus", "prometheus-redis-exporter"])
def test_says_what_is_not_installed(place: Path, missing: str) -> None:
    """A program that is missing is named, with the way to get it."""
    programs = place / "programs"
    programs.mkdir()
    for name in ("redis-server", "setpriv", *(f"prometheus{of}" for of in ("", "-redis-exporter", *_OTHERS))):
        found = shutil.which(name)
        if found is not None and name != missing:
            (programs / name).symlink_to(found)
    said = f"{missing} was not found; Debian: apt-get install --no-install-recommends {missing}\n?$"
    with pytest.raises(ReferenceFailedError, match=said):
        boot("--monitoring", env=environment(place, PATH=str(programs)), limit=LIMIT)
    assert list(place.iterdir()) == [programs]


_OTHERS = ("-postgres-exporter", "-node-exporter", "-pushgateway")


def test_says_why_prometheus_did_not_start(place: Path) -> None:
    """Rules that Prometheus refuses are told in its own words."""
    broken = place / "broken.yml"
    broken.write_text("groups: [{name: a, rules: [{alert: A, expr: 'up =='}]}]\n")
    with pytest.raises(ReferenceFailedError) as caught:
        boot("--monitoring", "--rules", str(broken), env=environment(place), limit=LIMIT)
    assert "the reference did not start: prometheus ended with status 1\ncommand: " in str(caught.value)
    assert "broken.yml" in str(caught.value)
    assert list(place.iterdir()) == [broken]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rules", "rules/*.rules.yml"), "--rules needs --monitoring"),
        (("--monitoring", "--rules", "rules/*.nothing"), "--rules rules/*.nothing matches no file"),
    ],
    ids=["without-monitoring", "no-file"],
)
def test_options_that_do_nothing_are_refused(arguments: tuple[str, ...], said: str) -> None:
    """Rules that nobody would load are an error of usage."""
    with pytest.raises(ReferenceFailedError, match="exit status 2\n") as caught:
        boot(*arguments)
    assert str(caught.value).endswith(f"error: {said}")


def test_takes_other_ports_when_one_is_taken(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that somebody else has, be it an exporter's, is no failure: the boot is tried with others."""
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    sample = random.sample
    tried: list[list[int]] = []

    async def boot_once(folder: Folder, taken: int) -> None:
        def ports(population: range, number: int) -> list[int]:
            found = sample(population, number)
            tried.append(found if tried else [*found[:-1], taken])
            return tried[-1]

        monkeypatch.setattr(random, "sample", ports)
        deployment = Deployment(folder, "INFO", rules=[])
        try:
            await deployment.boot()
        finally:
            await deployment.stop()

    with socket.create_server(("127.0.0.1", 0)) as listener, Folder() as folder:
        asyncio.run(boot_once(folder, listener.getsockname()[1]))
        assert (folder.path / "deployment.yaml").exists()
    # Of the second set, too, somebody else may have had one.
    assert len(tried) > 1
    assert {len(ports) for ports in tried} == {2 + monitoring.PORTS_NEEDED}
    assert_nothing_left(place, folder.path)
