"""Bad input to the chapter alerts, through the checks: a verdict with the place, never a traceback, never a pass."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.chapters.alerts.test_matrix import (
    CASES,
    ERRORS,
    NEW,
    RULE_FILE,
    RULES,
    TEST_FILE,
    TESTS,
    Row,
    added,
    compare,
    ids,
    write,
)
from tests.suite import Ran, run_checks
from tests.tools.promtool.fakes import program

REAL = shutil.which(os.environ.get("PROMTOOL", "promtool")) or "promtool"
ASKED = f"""#!/bin/sh
# Answers the questions about itself as promtool does; then comes what it does with unit tests.
case "$*" in --version|*--help*) exec {REAL} "$@" ;; esac
"""

PROGRAMS = {
    "hangs": ("sleep 600 &\nwait\n", "did not end within 1 s"),
    "is killed": ("kill -9 $$\n", "killed by signal 9"),
    "passes everything and says nothing": ("exit 0\n", "which its output does not explain"),
    "fails everything and says nothing": ("exit 1\n", "which its output does not explain"),
    "prints what nobody has seen": ("echo 'Result: 11 of 11 ok'\nexit 0\n", "which its output does not explain"),
    "ends with a status of its own": ("echo 'panic: no space left'\nexit 2\n", "promtool ended with status 2"),
    "passes one file and forgets the others": ("printf '  SUCCESS\\n\\n'\nexit 1\n", "which its output does not explain"),
}  # fmt: skip


@pytest.mark.parametrize("what", PROGRAMS)
def test_a_promtool_that_cannot_be_believed(what: str, tmp_path: Path) -> None:
    """What promtool does not say so that it can be understood is UNMEASURED; what does not need it is judged."""
    body, said = PROGRAMS[what]
    path = program(tmp_path / "programs", ASKED + body)
    folder = tmp_path / "shop"
    deployment = write(folder)
    ran = run_checks(deployment, "--promtool-timeout", "1", folder=tmp_path, chapter="alerts", environ={"PROMTOOL": str(path)})  # fmt: skip
    compare(ran, Row("", (), {}, dict.fromkeys(CASES, said)), folder)


def test_a_promtool_that_does_not_tell_its_version(tmp_path: Path) -> None:
    """A program that is not promtool at all is named, with what to do."""
    path = program(tmp_path / "programs", "#!/bin/sh\necho no\n")
    folder = tmp_path / "shop"
    ran = run_checks(write(folder), folder=tmp_path, chapter="alerts", environ={"PROMTOOL": str(path)})
    compare(ran, Row("", (), {}, dict.fromkeys(CASES, "PROMTOOL")), folder)


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "soon", "1e9"])
def test_a_time_limit_that_is_none(text: str, tmp_path: Path) -> None:
    """A time limit is a number of seconds above 0 and at most an hour; else nothing is run."""
    ran = run_checks(None, f"--promtool-timeout={text}", folder=tmp_path, chapter="alerts")
    assert ran.status == 4, ran.output
    assert f"found {text!r}; expected seconds, more than 0 and at most 3600" in ran.output
    assert "Traceback" not in ran.output


EXPR = 'expr: max by (queue) (shop_queue_length{queue="orders"}) > 1000'
GROUP = (
    "groups:\n  - name: shop\n    rules:\n      - record: job:shop_other:rate5m\n        expr: vector(1)\n"
)


@pytest.mark.parametrize(
    "row",
    [
        Row("broken YAML", ((RULES, "groups:\n  - name: shop\n", "groups:\n  - name: [shop\n"),), {RULE_FILE: "shop.rules.yml:"}),
        Row("an empty rule file", ((RULES, "", ""),), {RULE_FILE: "found no rule"}),
        Row("bad PromQL", ((RULES, EXPR, EXPR.replace(") >", " >")),), {RULE_FILE: "shop.rules.yml:2"}),
        Row("a group of the same name", ((RULES, "groups:\n", GROUP),), {RULE_FILE: "shop"}),
        Row("rules that are binary", ((RULES, "", "\x00\x01groups:\n"),), {RULE_FILE: "shop.rules.yml"}),
    ],
    ids=lambda row: row.fault,
)  # fmt: skip
def test_a_rule_file_that_nobody_can_load(row: Row, tmp_path: Path) -> None:
    """The file's own item says what is wrong and where; no case of it is MET."""
    folder = tmp_path / "shop"
    ran = run_checks(write(folder, row.edits), folder=tmp_path, chapter="alerts")
    got = {name.replace(f"{folder}/", ""): entry for name, entry in ids(ran).items()}
    assert got[RULE_FILE]["verdict"] == "BREACHED", ran.output
    assert row.breached[RULE_FILE] in got[RULE_FILE]["reason"]
    assert {got[name]["verdict"] for name in CASES} <= {"BREACHED", "UNMEASURED"}, ran.output
    assert ran.status == 1
    assert "Traceback" not in ran.output, ran.output


def judged_cases(ran: Ran, folder: Path) -> dict[str, str]:
    """The verdicts on the cases."""
    return {name.replace(f"{folder}/", ""): entry["verdict"] for name, entry in ids(ran).items() if name.startswith("test_case[")}  # fmt: skip


def test_broken_unit_tests(tmp_path: Path) -> None:
    """Unit tests that cannot be read are told with file and line, and are no empty set of cases that pass."""
    folder = tmp_path / "shop"
    ran = run_checks(write(folder, ((TESTS, "tests:\n", "tests: [\n"),)), folder=tmp_path, chapter="alerts")
    got = {name.replace(f"{folder}/", ""): entry for name, entry in ids(ran).items()}
    assert got[TEST_FILE]["verdict"] == "BREACHED", ran.output
    assert "shop.test.yml:" in got[TEST_FILE]["reason"]
    assert got["test_case[-]"]["verdict"] == "UNMEASURED"
    assert "Traceback" not in ran.output, ran.output


def test_a_rule_file_that_is_not_there(tmp_path: Path) -> None:
    """Unit tests that name a missing rule file show nothing; the file's item and every case say which one."""
    folder = tmp_path / "shop"
    deployment = write(folder, ((TESTS, "[shop.rules.yml]", "[gone.rules.yml]"),))
    ran = run_checks(deployment, folder=tmp_path, chapter="alerts")
    got = {name.replace(f"{folder}/", ""): entry for name, entry in ids(ran).items()}
    assert "gone.rules.yml" in got[TEST_FILE]["reason"]
    assert "MET" not in judged_cases(ran, folder).values(), ran.output


def test_absolute_paths(tmp_path: Path) -> None:
    """A rule file that is named with its absolute path is loaded, and everything is MET."""
    folder = tmp_path / "shop"
    deployment = write(folder, ((TESTS, "[shop.rules.yml]", f"[{folder}/shop.rules.yml]"),))
    compare(run_checks(deployment, folder=tmp_path, chapter="alerts"), Row("", (), {}), folder)


def test_a_rule_file_of_five_megabytes(tmp_path: Path) -> None:
    """Size alone turns nothing red: every case of the sound rules is judged beside hundreds of long ones."""
    folder = tmp_path / "shop"
    rule = "      - record: job:shop_other_{}:rate5m\n        expr: sum by (job) (rate(shop_other_{}_total[5m]))\n        labels: {{note: {}}}\n"
    more = "".join(rule.format(number, number, "x" * 17_500) for number in range(300))
    deployment = write(folder, ((RULES, "groups:\n", f"groups:\n  - name: others\n    rules:\n{more}"),))
    assert (folder / RULES).stat().st_size > 5_000_000
    compare(run_checks(deployment, folder=tmp_path, chapter="alerts"), Row("", (), {}), folder)


def test_stale_and_missing_items_are_items(tmp_path: Path) -> None:
    """Silence after `stale` or `_` is a case of missing data; after the last number of a series it shows nothing."""
    told = {}
    for name, values in (("go stale", "0+1x10 stale _x9"), ("end", "0+1x10")):
        folder = tmp_path / name.replace(" ", "-")
        edits = added(f"few errors {name}", ERRORS, values, "30m")
        ran = run_checks(write(folder, edits), folder=tmp_path, chapter="alerts")
        told[name] = judged_cases(ran, folder)[NEW.format("ShopErrors", "30m", f"few errors {name}")]
    assert told == {"go stale": "MET", "end": "BREACHED"}
