"""Accepted breaches: a check that the team lives with runs, is shown, and fails nothing until its day has passed."""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.plugin.conftest import Project
from tests.suite import Ran

BODY = """
def test_slow(judge, deployment):
    'It is fast.'
    judge(breached("it took 2 s"))

def test_well(judge, deployment):
    judge(met("fine"))
"""
UNMEASURED = BODY + """
@pytest.fixture
def unreachable():
    from deployspec.model.verdict import Unmeasured
    raise Unmeasured("nobody answers")

def test_unreachable(judge, deployment, unreachable):
    judge(met("fine"))
"""
MET = """
def test_slow(judge, deployment):
    judge(met("fine"))
"""
OTHER_DAYS = {"never": "2020-02-29", "always": "9999-12-31"}


def entry(check: str = "health.slow", until: str = "9999-12-31", deployment: str = "local", **more: str) -> str:
    keys = {"check": check, "deployment": deployment, "owner": "shop team", "reason": "the new index", "until": until} | more
    return "  - {" + ", ".join(f"{key}: '{text}'" if key == "check" else f"{key}: {text}" for key, text in keys.items()) + "}\n"


def accepted(*entries: str) -> dict[str, str]:
    return {"accepted.yaml": "accepted:\n" + "".join(entries or [entry()])}


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "workers"])
def test_an_accepted_breach_fails_nothing(project: Project, tmp_path: Path, options: tuple[str, ...]) -> None:
    """It is shown as accepted in each place, and stays BREACHED in the record."""
    ran = project(BODY, "--junitxml", "junit.xml", *options, more=accepted())

    assert ran.status == 0, ran.output
    assert "1 accepted" in ran.output
    assert "1 MET, 1 BREACHED (1 accepted)" in ran.output
    assert "health.slow is BREACHED, accepted until 9999-12-31 (" in ran.output
    assert "by shop team: the new index (accepted.yaml:2)" in ran.output
    found = ran.check("health.slow")
    assert found["verdict"] == "BREACHED"
    assert found["reason"] == "it took 2 s"
    assert found["accepted"] == {"owner": "shop team", "reason": "the new index", "until": "9999-12-31", "place": "accepted.yaml:2"}
    assert ran.record["counts"] == {"MET": 1, "BREACHED": 1, "UNMEASURED": 0, "flaky": 0, "accepted": 1}
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot().find("testsuite")
    assert {suite.get(name) for name in ("failures", "errors")} == {"0"}
