"""``-m gate``: which checks it selects, and what is said of a chapter that it selects none of."""

from __future__ import annotations

import pytest

from tests.plugin.conftest import Project, in_turn

CHECKS = """
def test_health(deployment, judge): judge(met("fine"))
"""
OTHERS = """
import pytest
from deployspec.model.verdict import met
@pytest.mark.{chapter}
def test_{chapter}(deployment, judge): judge(met("fine"))
"""
MANY = {f"checks/test_{chapter}.py": OTHERS.format(chapter=chapter) for chapter in ("logs", "alerts", "slo", "mutation")}  # fmt: skip
BASE = "base_url: http://127.0.0.1:9\n"
WORKERS = pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one-process", "a-worker"])


def chosen(gate: str, **more: str) -> dict[str, str]:
    """The files of a project whose deployment file says this of the gate."""
    return {**MANY, "deployments/local.yaml": BASE + gate, **more}


# expression: what follows -m; gate: a line of the deployment file; chapters: those whose checks run.
@pytest.mark.parametrize(
    ("expression", "gate", "chapters", "workers"),
    in_turn(
        [
            pytest.param("gate", "", "alerts health logs slo", id="all-that-belong-to-it"),
            pytest.param("gate and not slo", "", "alerts health logs", id="but-one"),
            pytest.param("gate and logs", "", "logs", id="and-one"),
            pytest.param("gate or mutation", "", "alerts health logs mutation slo", id="or-another"),
            pytest.param("not gate", "", "mutation", id="all-others"),
            pytest.param("gate", "gate: [logs, mutation]", "logs mutation", id="the-file-chooses"),
        ]
    ),
)
def test_the_gate_selects(
    project: Project, workers: tuple[str, ...], expression: str, gate: str, chapters: str
) -> None:
    """The chapters that say so themselves, or those that the deployment file names."""
    ran = project(CHECKS, *workers, chapter=expression, more=chosen(gate))
    assert ran.status == 0, ran.output
    assert ran.record is not None
    assert sorted(check["chapter"] for check in ran.record["checks"]) == chapters.split()


@WORKERS
def test_a_chapter_of_the_gate_without_a_check_fails_the_run(
    project: Project, workers: tuple[str, ...]
) -> None:
    """A gate whose deployment describes no health has not looked at it, and says so."""
    body = "@pytest.mark.needs('health')" + CHECKS
    ran = project(body, *workers, chapter="gate", more=chosen("gate: [health, logs]"))
    assert ran.status == 1, ran.output
    assert ran.record is not None
    assert ran.record["empty_markers"] == ["health"]
    text = "-m gate, of which health is a chapter, selected no checks of it that ask local, so health was not measured"
    assert text in ran.output


def test_what_the_expression_takes_out_of_the_gate_is_not_missed(project: Project) -> None:
    """``gate and not logs`` asks for no logs."""
    more = chosen("gate: [health, logs]")
    del more["checks/test_logs.py"]
    assert project(CHECKS, chapter="gate and not logs", more=more).status == 0
    assert project(CHECKS, chapter="gate", more=more).status == 1


def test_a_chapter_of_ones_own_belongs_to_the_gate(project: Project) -> None:
    """Unless the deployment file chooses others; it may name it, too."""
    body = CHECKS + "\n@pytest.mark.shop\ndef test_shop(deployment, judge): judge(met('fine'))\n"
    body = body.replace("\ndef test_health", "\n@pytest.mark.health\ndef test_health")
    setting = ("-o", "deployspec_chapters=shop: the shop keeps its promises.")
    head = {"checks/test_promises.py": "import pytest\nfrom deployspec.model.verdict import met\n" + body}
    ran = project("", *setting, chapter="gate", more={**chosen(""), **head})
    assert ran.status == 0, ran.output
    assert "shop.shop" in ran.output
    ran = project("", *setting, chapter="gate", more={**chosen("gate: [shop]"), **head})
    assert ran.record is not None, ran.output
    assert [check["id"] for check in ran.record["checks"]] == ["shop.shop"]


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one-process", "a-worker"])
def test_a_gate_needs_a_deployment(project: Project, workers: tuple[str, ...]) -> None:
    """With none named, it ends with status 4; so does one whose file is faulty."""
    ran = project(CHECKS, *workers, deployment=None, chapter="gate", more=MANY)
    assert (ran.status, "no deployment is named" in ran.output) == (4, True), ran.output
    ran = project(CHECKS, *workers, chapter="gate", more=chosen("gate: [helth]"))
    assert ran.status == 4, ran.output
    found = "local.yaml:2:8: found helth, which is no chapter; expected metrics, health, logs, alerts, mutation, slo or dashboards; did you mean health?"
    assert found in ran.output
