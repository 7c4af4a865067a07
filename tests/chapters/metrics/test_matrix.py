"""The chapter metrics against its faults: every fault of the endpoint, and what every check of the chapter says about it.

A row names the checks that are BREACHED, each with a piece of its reason, and those that cannot judge because of it.
Every other selected check stays MET.
"""

from __future__ import annotations

import json
import signal
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from reference.process import Reference, running_reference
from tests.suite import ROOT, Ran, run_checks, seen_once

IN_TIME = "test_answers_in_time"
TYPE = "test_content_type_is_accepted"
WHOLE = "test_is_whole"
FORMED = "test_well_formed"
ONCE = "test_series_once"
TYPES = "test_types_constant"
FRESH = "test_timestamps_fresh"
SUMS = "test_sums_add_up"
RISE = "test_counters_rise"
LINT = "test_promtool_finds_nothing"
BOUNDED = "test_labels_are_bounded"
FEW = "test_series_are_few"
GROWTH = "test_growth_is_bounded"
SCRAPED = "test_is_scraped"
QUICK = "test_scrapes_are_quick"
DROPPED = "test_nothing_is_dropped"
ARRIVE = "test_names_arrive"
RANGES = "test_ranges_are_long_enough"
REQUESTS = "test_requests_are_counted[requests for a snap that does not exist]"
JOBS = "test_work_is_counted[jobs]"
WORKER = "test_faults_show[a worker that stands still]"
QUERIES = "test_faults_show[slow queries]"
PAGE = (WHOLE, FORMED, ONCE, TYPES, FRESH, SUMS, RISE, LINT, FEW)
"""What needs the page, and nothing else."""
PROMISED = yaml.safe_load((ROOT / "schemas" / "metrics.yaml").read_text())["metrics"]
AT_ENDPOINT = tuple(f"test_is_exported[{one['name']}]" for one in PROMISED if one.get("from") != "prometheus")
IN_PROMETHEUS = tuple(
    f"test_is_exported[{one['name']}]" for one in PROMISED if one.get("from") == "prometheus"
)
READING = (
    IN_TIME, TYPE, *PAGE, *AT_ENDPOINT, *IN_PROMETHEUS, REQUESTS, BOUNDED, GROWTH, SCRAPED, QUICK, DROPPED, ARRIVE,
    RANGES,
)  # fmt: skip
MOVING = (JOBS, WORKER, QUERIES)


def exported(name: str) -> str:
    """The item of a metric's check."""
    return f"test_is_exported[{name}]"


@dataclass(frozen=True)
class Row:
    """One fault."""

    fault: str
    breached: dict[str, str]
    """The checks that own it, each with a piece of its reason."""
    unmeasured: tuple[str, ...] = ()
    """The checks that could not judge because of it."""
    seen: float = 0.0
    """For how many seconds Prometheus has to have seen it, beyond two scrapes."""
    moving: bool = False
    """Whether what queues jobs and breaks things is selected as well."""


ROWS = [
    Row("none", {}, moving=True),
    Row(
        "metrics-500",
        {IN_TIME: "status 500", SCRAPED: "is down"},
        (TYPE, *PAGE, *AT_ENDPOINT, REQUESTS, BOUNDED, GROWTH, DROPPED, ARRIVE, RANGES),
    ),
    Row("metrics-as-json", {TYPE: "application/json"}),
    Row(
        "metrics-endless-line",
        {WHOLE: "longer than"},
        (FORMED, ONCE, TYPES, FRESH, SUMS, RISE, FEW, REQUESTS, BOUNDED, ARRIVE, RANGES),
    ),
    Row("metrics-no-last-newline", {FORMED: "the last line does not end", LINT: "unexpected end of input"}),
    Row("metrics-blank-before", {FORMED: "blank", SCRAPED: "is down"}, (GROWTH, DROPPED, ARRIVE)),
    Row("metrics-series-twice", {ONCE: "sqlalchemy_pool_size"}, (DROPPED,)),
    Row("metrics-type-twice", {TYPES: "sqlalchemy_pool_size", LINT: "second TYPE"}),
    Row("metrics-stale", {FRESH: "1800 s old"}),
    Row("metrics-not-cumulative", {SUMS: "le=0.025"}),
    Row("metrics-counter-falls", {RISE: "sqlalchemy_query_errors_total went from"}),
    Row("metrics-badly-named", {LINT: "deal_scout_sellers_total"}),
    Row(
        "metrics-without-workers",
        {exported("celery_workers"): "has no celery_workers"},
        (WORKER,),
        moving=True,
    ),
    Row("metrics-of-another-type", {exported("sqlalchemy_pool_size"): "expected gauge"}),
    Row("metrics-with-a-strange-value", {exported("celery_queue_length"): 'queue="celeri"'}),
    Row("metrics-frozen", {REQUESTS: "rose by 0 after 5 requests"}),
    Row("metrics-counted-twice", {REQUESTS: "rose by 2 for each request"}),
    Row("metrics-jobs-frozen", {JOBS: "rose by 0 after 2 requests"}, moving=True),
    Row("metrics-workers-made-up", {WORKER: "expected less"}, moving=True),
    Row("metrics-queries-frozen", {QUERIES: "rose by 0 after 2 requests"}, moving=True),
    Row("metrics-by-path", {BOUNDED: "by the label path"}),
    Row("metrics-by-agent", {BOUNDED: "the label client"}),
    Row("metrics-many", {FEW: "expected at most 2,000"}),
    Row("metrics-growing", {GROWTH: "in each quarter of it by more than 20,000 an hour"}, seen=11),
    Row("metrics-slow", {QUICK: "expected less than 0.5 s"}, seen=4),
    Row("metrics-own-job", {ARRIVE: "exported_job"}),
]


@pytest.fixture(scope="module")
def reference() -> Iterator[Reference]:
    """One reference Deal Scout, and what watches it, for all rows."""
    with running_reference("--monitoring") as booted:
        yield booted


def _together(rows: list[Row]) -> list[Any]:
    """The rows in one group of pytest-xdist, with one reference."""
    return [pytest.param(row, id=row.fault, marks=pytest.mark.xdist_group("metrics")) for row in rows]


@pytest.mark.parametrize("row", _together(ROWS))
def test_fault_of_the_endpoint(row: Row, reference: Reference, tmp_path: Path) -> None:
    """Each fault turns exactly its own checks red."""
    # What Prometheus still has in its window of 10 s is what came before this row.
    until(
        lambda: query(reference, "max(max_over_time(scrape_duration_seconds{job='deal-scout'}[10s])) < 0.4")
    )
    with reference.metrics_fault(row.fault):
        until_scraped(reference, row.seen)
        seen_once(lambda: checked(reference, row, tmp_path), partial(compare, row=row))


def checked(reference: Reference, row: Row, folder: Path) -> Ran:
    """The chapter's checks, run."""
    options = [] if row.moving else ["-k", "not work_is and not faults_show"]
    return run_checks(reference.deployment_file, *options, folder=folder, chapter="metrics")


def compare(ran: Ran, row: Row) -> None:
    """Every verdict of the run is the row's, for the row's reason, and no check has silently vanished."""
    assert ran.record is not None, ran.output
    got = {entry["check"].rpartition("::")[2]: entry for entry in ran.record["checks"]}
    checks = (*READING, *MOVING) if row.moving else READING
    expected = dict.fromkeys(checks, "MET") | dict.fromkeys(row.unmeasured, "UNMEASURED") | dict.fromkeys(row.breached, "BREACHED")  # fmt: skip
    wrong = {
        name: f"{entry['verdict']}, not {expected.get(name)}: {entry['reason']}"
        for name, entry in got.items()
        if entry["verdict"] != expected.get(name)
    }
    assert not wrong, json.dumps(wrong, indent=1)
    assert got.keys() == expected.keys()
    for name, reason in row.breached.items():
        assert reason in got[name]["reason"], got[name]["reason"]
    assert ran.status == (1 if row.breached or row.unmeasured else 0), ran.output
    assert "Traceback" not in ran.output, ran.output


def until(is_so: Callable[[], object], limit: float = 60.0) -> None:
    """Wait for it."""
    deadline = time.monotonic() + limit
    while not is_so():
        assert time.monotonic() < deadline, f"not within {limit:g} s"
        time.sleep(0.1)


def asked(reference: Reference, path: str) -> Any:
    """What Prometheus says."""
    url = reference.deployment["prometheus"]["url"]
    with urllib.request.urlopen(f"{url}/api/v1/{path}", timeout=10) as answer:  # noqa: S310 - ours
        return json.load(answer)["data"]


def query(reference: Reference, text: str) -> list[Any]:
    """What a query gives."""
    found: list[Any] = asked(reference, "query?query=" + urllib.parse.quote(text))["result"]
    return found


def until_scraped(reference: Reference, more: float = 0) -> None:
    """Wait until Prometheus has two scrapes that began from now on, and as many seconds more."""
    began = time.time()
    until(
        lambda: query(
            reference,
            f"count_over_time(up{{job='deal-scout'}}[1m]) and timestamp(up{{job='deal-scout'}}) > {began + 1 + more}",
        )
    )


@pytest.mark.xdist_group("metrics")
def test_a_low_limit(reference: Reference, tmp_path: Path) -> None:
    """A ``sample_limit`` that is little more than the endpoint has is a breach, before scrapes are refused."""
    samples = float(query(reference, "scrape_samples_scraped{job='deal-scout'}")[0]["value"][1])
    with configured(reference, {"sample_limit": int(samples * 1.05)}):
        ran = run_checks(
            reference.deployment_file, "-k", "nothing_is_dropped", folder=tmp_path, chapter="metrics"
        )
    assert ran.verdict(DROPPED) == "BREACHED"
    assert "beyond its sample_limit of" in ran.entry(DROPPED)["reason"]


@pytest.mark.xdist_group("metrics")
def test_a_rule_of_the_configuration_drops(reference: Reference, tmp_path: Path) -> None:
    """What ``metric_relabel_configs`` leave out is not lost by mistake: it is said."""
    drop = {"source_labels": ["__name__"], "regex": "sqlalchemy_.*", "action": "drop"}
    with configured(reference, {"metric_relabel_configs": [drop]}):
        ran = run_checks(
            reference.deployment_file,
            "-k",
            "nothing_is_dropped or names_arrive",
            folder=tmp_path,
            chapter="metrics",
        )
    assert ran.verdict(DROPPED) == "MET"
    assert "metric_relabel_configs leave out" in ran.entry(DROPPED)["reason"]
    assert ran.verdict(ARRIVE) == "MET"


@pytest.mark.xdist_group("metrics")
def test_a_short_range(reference: Reference, tmp_path: Path) -> None:
    """A rule that looks back three intervals is a breach."""
    rule = {"record": "own:requests:rate3s", "expr": "rate(deal_scout_requests_total[3s])"}
    (reference.folder / "short.rules.yml").write_text(
        yaml.safe_dump({"groups": [{"name": "own", "rules": [rule]}]})
    )
    with configured(reference, {}, rules=[str(reference.folder / "short.rules.yml")]):
        until(lambda: "own:requests:rate3s" in json.dumps(asked(reference, "rules")))
        ran = run_checks(reference.deployment_file, "-k", "ranges", folder=tmp_path, chapter="metrics")
    assert ran.verdict(RANGES) == "BREACHED"
    assert "looks back 3 s" in ran.entry(RANGES)["reason"]


class configured:  # noqa: N801 - used as a block
    """Prometheus with another configuration of the job, for the length of a block."""

    def __init__(self, reference: Reference, job: dict[str, Any], rules: list[str] | None = None) -> None:
        self._reference = reference
        self._file = reference.folder / "prometheus.yml"
        self._text = self._file.read_text()
        document = yaml.safe_load(self._text)
        document["scrape_configs"][0] |= job
        document["rule_files"] += rules or []
        self._other = yaml.safe_dump(document)

    def __enter__(self) -> None:
        self._load(self._other)

    def __exit__(self, *_: object) -> None:
        self._load(self._text)

    def _load(self, text: str) -> None:
        self._file.write_text(text)
        before = self._loaded()
        psutil.Process(self._reference.pids()["prometheus"]).send_signal(signal.SIGHUP)
        until(lambda: self._loaded() != before)
        until_scraped(self._reference)

    def _loaded(self) -> str:
        return str(asked(self._reference, "status/runtimeinfo")["lastConfigTime"])


def test_every_check_has_a_fault() -> None:
    """A check that nothing turns red does not land."""
    collected = {
        line.partition("::")[2].partition("[")[0]
        for line in run_checks(
            None, "--collect-only", "-q", folder=Path("/nonexistent"), chapter="metrics"
        ).output.splitlines()
        if line.startswith("checks/test_metrics.py::")
    }
    from_rows = {check.partition("[")[0] for row in ROWS for check in row.breached}
    # By a configuration of Prometheus, above.
    assert collected == from_rows | {DROPPED, RANGES}
