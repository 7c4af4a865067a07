"""``--fail-on-flaky``: a check that is MET only now and then fails the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugin.conftest import Project

BREACHED = """
def test_shaky(judge, deployment):
    judge(breached("it took 2 s"))
"""
MET = """
def test_shaky(judge, deployment):
    judge(met("fine"))

def test_well(judge, deployment):
    judge(met("fine"))
"""
RETRIED = """
from deployspec.model.http import Answer, Call, Failure, FailureKind, Phase, Timings

def test_shaky(judge, deployment):
    url = "http://127.0.0.1:9"
    failed = Failure(url, next(iter(FailureKind)), next(iter(Phase)), "refused", 0.0, Timings())
    judge(met("fine"), Call((failed, Answer(url, 200, (), b"", 0.0, 0.0, Timings()))))
"""
ACCEPTED = (
    "accepted:\n  - {check: health.shaky, deployment: local, owner: o, reason: r, until: %s, strict: false}\n"
)


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "a-worker"])
def test_to_and_fro_fails_where_it_is_asked_for(project: Project, options: tuple[str, ...]) -> None:
    """Two changes between MET and BREACHED in the runs before and this one."""
    assert project(MET, "--fail-on-flaky", *options).status == 0
    project(BREACHED, *options)
    quiet = project(MET, *options)

    ran = project(MET, "--fail-on-flaky", *options)

    assert (quiet.status, ran.status) == (0, 1)
    assert quiet.entry("test_shaky")["flaky"] is False
    assert ran.entry("test_shaky")["flaky"] is True
    assert ran.entry("test_well")["flaky"] is False
    assert ran.record is not None
    said = "health.shaky is flaky: 2 changes between MET and BREACHED in its last 20 runs"
    assert ran.record["problems"] == [said]
    assert said in ran.output
    assert "2 MET (1 flaky)" in ran.output


def test_after_a_retry(project: Project) -> None:
    """It is shown in any case."""
    ran = project(RETRIED, "--fail-on-flaky")

    assert ran.status == 1
    assert ran.record is not None
    assert ran.record["problems"] == ["health.shaky is flaky: MET only after a retry"]
    quiet = project(RETRIED)
    assert quiet.status == 0
    assert quiet.entry("test_shaky")["flaky"] is True


@pytest.mark.parametrize(("until", "status"), [("9999-12-31", 0), ("2020-01-01", 1)])
def test_what_the_team_has_accepted_may_be_flaky(project: Project, until: str, status: int) -> None:
    """As long as the acceptance holds."""
    more = {"accepted.yaml": ACCEPTED % until}

    assert project(RETRIED, "--fail-on-flaky", more=more).status == status


def test_a_store_that_cannot_be_read_is_told(project: Project, tmp_path: Path) -> None:
    """Nobody knows then whether a check is flaky."""
    runs = tmp_path / "state" / "deployspec" / "runs" / "local"
    runs.mkdir(parents=True)
    (runs / "2026-11-28").mkdir()
    (runs / "2026-11-28" / "120000.000Z-0e1f2a3b-0000.json").symlink_to("120000.000Z-0e1f2a3b-0000.json")

    ran = project(MET, "--fail-on-flaky")

    assert ran.status == 1
    assert "--fail-on-flaky: the runs before could not be read: " in ran.output
