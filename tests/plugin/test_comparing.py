"""``--baseline``, ``--margin`` and ``--fail-on-regression``: two runs of one deployment, compared."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.chapters.slo.measure.server import Received, Reply, keeping_server
from tests.plugin.conftest import Project
from tests.suite import DEAL_SCOUTS, ROOT, Ran, run_checks

FINE = "def test_kept(deployment, judge): judge(met('fine'))\n"
LOAD = "arrival_rate: 60, duration: 4s, warm_up: null, seed: 1"
SCHEMA = ROOT / "src/deployspec/schemas/run-record.schema.json"


def loaded(folder: Path, delay: float, *options: str, load: str = LOAD) -> Ran:
    """A run with a load run, to a server that waits so many seconds with each answer.

    A machine that is busy with other things makes the generator late, and then nothing is compared, or the server slow, which
    is no MET then: it is made again.
    """
    for _ in range(10):
        ran = _loaded(folder, delay, *options, load=load)
        assert ran.record is not None, ran.output
        late = ran.record["load"]["generator"]["late"]
        if not late and all(entry["verdict"] == "MET" for entry in ran.record["checks"]):
            return ran
        for kept in (folder / "state/deployspec/runs/local").rglob(f"*{ran.record['id']}.json"):
            kept.unlink()
    raise AssertionError("the load generator is always late on this machine, or the server slow")


def _loaded(folder: Path, delay: float, *options: str, load: str) -> Ran:

    def answer(_: Received) -> Reply:
        return Reply(delay=delay)

    folder.mkdir(exist_ok=True)
    with keeping_server(answer) as server:
        path = folder / "local.yaml"
        path.write_text(
            f"base_url: {server.url}\nallow: [load]\nload: {{{load}, requests: [{{name: a, path: /a}}]}}\n{DEAL_SCOUTS}"
        )
        return run_checks(path, *options, folder=folder, chapter="slo")


def judgements(ran: Ran) -> dict[str, str]:
    """By figure."""
    assert ran.record is not None, ran.output
    return {figure["name"]: figure["judgement"] for figure in ran.record["comparison"]["figures"]}


def test_a_slower_server_has_regressed(tmp_path: Path) -> None:
    """Said in the summary with its interval, and in the record as the schema has it; it fails the run only if asked."""
    assert loaded(tmp_path, 0.02).status == 0
    record = tmp_path / "record.json"
    record.rename(tmp_path / "before.json")
    slower = loaded(tmp_path, 0.06, "--baseline", "latest:slo")
    assert slower.status == 0, slower.output
    assert judgements(slower)["p50 of all requests"] == "regressed"
    assert judgements(slower)["slo.load-run[api-availability]"] in ("no worse", "too few samples")
    line = r"regressed by more than 5%: p50 of all requests: [\d.]+ ms to [\d.]+ ms, \+\d+\.\d% \(\+\d+\.\d% to \+\d+\.\d%\)"
    assert re.search(line, slower.output), slower.output
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()))
    assert [str(error) for error in validator.iter_errors(slower.record)] == []

    failed = loaded(
        tmp_path, 0.06, "--baseline", str(tmp_path / "before.json"), "--fail-on-regression", "--margin", "10%"
    )
    assert failed.status == 1, failed.output
    assert failed.record is not None
    assert failed.record["exit_status"] == 1
    assert failed.record["comparison"]["margin"] == 0.1
    assert re.search(r"--fail-on-regression: \d of \d figures ha", failed.output), failed.output

    better = loaded(tmp_path, 0.02, "--baseline", "latest", "--fail-on-regression")
    assert better.status == 0, better.output
    assert judgements(better)["p50 of all requests"] == "improved"


def test_another_load_is_not_compared(tmp_path: Path) -> None:
    """Latencies at another rate say nothing of the build; the run is not green by ``--fail-on-regression`` then."""
    assert _loaded(tmp_path, 0.0, load=LOAD).record is not None
    options = ("--baseline", "latest", "--fail-on-regression")
    ran = _loaded(tmp_path, 0.0, *options, load=LOAD.replace("60", "40"))
    assert ran.status == 1, ran.output
    assert (
        "not compared: the load run has another arrival rate: 60 in the baseline, 40 in this run"
        in ran.output
    )
    assert "--fail-on-regression: nothing could be compared" in ran.output


def record_of(project: Project, tmp_path: Path) -> dict[str, Any]:
    """The record of a sound run of the small project."""
    ran = project(FINE)
    assert ran.status == 0, ran.output
    assert ran.record is not None
    return ran.record


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"deployment": "production"}, "found a run of production; expected one of local"),
        ({"deployment": ""}, "found a run of no deployment; expected one of local"),
        ({"format": "deployspec.run/9"}, "found that it is not a run record of this or an older format"),
        ({"checks": [{}]}, "found that it is a damaged run record"),
        ({"cut_short": "interrupted"}, "found a run that was cut short (interrupted)"),
        ({"exit_status": None}, "found a run that has not finished"),
        ({"started": None}, "found a damaged run, whose started is no text"),
    ],
)
def test_a_baseline_that_is_none(project: Project, tmp_path: Path, change: dict[str, Any], said: str) -> None:
    """One usage error, before anything is asked."""
    record = {**record_of(project, tmp_path), **change}
    file = tmp_path / "before.json"
    file.write_text(json.dumps(record))
    ran = project(FINE, "--baseline", str(file))
    assert ran.status == 4, ran.output
    assert f"ERROR: --baseline {file}: " in ran.output
    assert said in ran.output
    assert "Traceback" not in ran.output
    assert ran.record is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "found that it is not JSON"),
        ("{", "found that it is not JSON"),
        (None, "No such file or directory"),
    ],
)
def test_a_file_that_is_no_record(project: Project, tmp_path: Path, content: str | None, said: str) -> None:
    """Empty, cut off, or not there."""
    file = tmp_path / "before.json"
    if content is not None:
        file.write_text(content)
    ran = project(FINE, "--baseline", str(file))
    assert ran.status == 4, ran.output
    assert f"{file}: {said}; expected a run record" in ran.output


def test_lines_of_a_killed_run_are_no_baseline(project: Project, tmp_path: Path) -> None:
    """They may lack anything."""
    record = record_of(project, tmp_path)
    file = tmp_path / "before.json.part"
    file.write_text(
        json.dumps(
            {name: record[name] for name in ("format", "id", "kind", "started", "deployment", "location", "base_url", "markers", "versions")}
        )
    )  # fmt: skip
    ran = project(FINE, "--baseline", str(file))
    assert ran.status == 4, ran.output
    assert "found a run that has not finished" in ran.output


def test_the_newest_complete_run_of_a_marker(project: Project, tmp_path: Path) -> None:
    """Neither one of other markers, nor one that was cut short, nor what is damaged."""
    nothing = project(FINE, "--baseline", "latest")
    assert nothing.status == 4, nothing.output
    assert "--baseline latest: found no run of local in " in nothing.output
    wanted = record_of(project, tmp_path)
    store = tmp_path / "state/deployspec/runs/local/2099-01-01"
    store.mkdir(parents=True)
    of_another = [{**check, "chapter": "slo"} for check in wanted["checks"]]
    later = {**wanted, "markers": "slo", "checks": of_another, "id": "0da71c0d-efe4-4c21-9ee3-efe592820f05"}
    failed = {
        **later,
        "id": "3da71c0d-efe4-4c21-9ee3-efe592820f05",
        "problems": ["--fail-on-regression: 1 of 1 figures has regressed"],
        "comparison": {"figures": [{"judgement": "regressed"}]},
    }
    in_window = {**wanted, "maintenance": "nightly", "id": "4da71c0d-efe4-4c21-9ee3-efe592820f05"}
    (store / f"150000.000Z-{failed['id']}.json").write_text(json.dumps(failed))
    (store / f"160000.000Z-{in_window['id']}.json").write_text(json.dumps(in_window))
    cut = {**wanted, "cut_short": "interrupted", "id": "1da71c0d-efe4-4c21-9ee3-efe592820f05"}
    (store / f"120000.000Z-{later['id']}.json").write_text(json.dumps(later))
    (store / f"130000.000Z-{cut['id']}.json").write_text(json.dumps(cut))
    (store / "140000.000Z-2da71c0d-efe4-4c21-9ee3-efe592820f05.json").write_text("{")
    newest = project(FINE, "--baseline", "latest")
    assert newest.record is not None, newest.output
    assert newest.record["comparison"]["baseline"]["id"] == later["id"]
    assert newest.status == 0, newest.output
    named = project(FINE, "--baseline", "4da71c0d")
    assert named.record is not None, named.output
    assert named.record["comparison"]["baseline"]["id"] == in_window["id"]
    by_marker = project(FINE, "--baseline", "latest:health")
    assert by_marker.record is not None, by_marker.output
    assert by_marker.record["comparison"]["baseline"]["id"] == named.record["id"]
    none = project(FINE, "--baseline", "latest:alerts")
    assert none.status == 4, none.output
    assert "--baseline latest:alerts: found no run of local, for -m alerts, in " in none.output
    assert "(2 there are damaged, or did not come to their end)" in none.output
    for kept in (tmp_path / "state/deployspec/runs/local").rglob("*.json"):
        if kept.parent != store or later["id"] in kept.name:
            kept.unlink()
    passed_over = project(FINE, "--baseline", "latest")
    assert passed_over.status == 4, passed_over.output
    assert "(2 there failed by --fail-on-regression, or fell into a maintenance window)" in passed_over.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--margin", "5%"), "--margin: found no --baseline"),
        (("--fail-on-regression",), "--fail-on-regression: found no --baseline"),
        (("--baseline", "latest:sol"), "--baseline latest:sol: found the marker "),
        (("--baseline", "latest:"), "found the marker"),
        (("--baseline", "latest", "--margin", "5"), "expected a percentage above 0%"),
        (("--baseline", "latest", "--margin", "0%"), "expected a percentage above 0%"),
        (("--baseline", "latest", "--margin", "nan%"), "expected a percentage above 0%"),
        (("--baseline", "latest", "--margin", "101%"), "at most 100%"),
    ],
)
def test_options_that_make_no_sense(project: Project, options: tuple[str, ...], said: str) -> None:
    """Status 4, and what was expected."""
    ran = project(FINE, *options)
    assert ran.status == 4, ran.output
    assert said in ran.output


def test_a_run_without_figures_says_so(project: Project, tmp_path: Path) -> None:
    """Under pytest-xdist as well, where the workers neither read nor compare."""
    record_of(project, tmp_path)
    ran = project(FINE, "--baseline", "latest", "-n", "2")
    assert ran.status == 0, ran.output
    assert ran.output.count("not compared: neither run has figures that could be compared") == 1
