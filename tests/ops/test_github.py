"""ops/github: what the workflow schema says, and what it passes over."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.ops.files import OPS, Scheduled, at, gap
from tests.ops.judging import objections

FILE = OPS / "github/probe.yml"
TEXT = FILE.read_text()
_SHORTEST = 300
"""Seconds between two runs, below which GitHub takes no schedule."""


def _by_the_tool(*files: Path) -> tuple[int, str]:
    """check-jsonschema, with the schema of workflows that it brings along: nothing is fetched."""
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-workflows",
        *files,
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return run.returncode, run.stdout


def _by_us(text: str) -> list[str]:
    """What the schema takes for any text."""
    workflow = yaml.safe_load(text)
    # YAML 1.1 takes `on` for a truth.
    (schedule,) = workflow[True]["schedule"]
    (job,) = workflow["jobs"].values()
    steps = job["steps"]
    found = []
    if workflow.get("permissions") != {"contents": "read"}:
        found.append("expected no permission but to read the contents")
    if at(workflow, "concurrency", "cancel-in-progress") is not False:
        found.append("a run would end the one before it")
    for step in steps:
        uses, run = step.get("uses"), step.get("run", "")
        if uses and not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", uses):
            found.append(f"{uses} may be another tomorrow: expected a commit")
        if "${{" in run:
            found.append("an expression in a command: whatever it holds, a shell would run")
        if step.get("continue-on-error") or "||" in run:
            found.append("a status is lost")
    probes = [step for step in steps if "deployspec probe" in step.get("run", "")]
    if len(probes) != 1:
        return [*found, "expected one probe"]
    (probe,) = probes
    for name, value in probe.get("env", {}).items():
        if not re.fullmatch(rf"\$\{{\{{ secrets\.{name} \}}\}}", value):
            found.append(f"{name}: expected the secret of that name")
    command = probe["run"].split()
    state = command[command.index("--state") + 1] if "--state" in command else ""
    for action in ("restore", "save"):
        kept = [step["with"] for step in steps if step.get("uses", "").startswith(f"actions/cache/{action}@")]
        if [one["path"] for one in kept] != [state]:
            found.append(f"the state is not {action}d")
        # What is there by its key is not replaced.
        elif "github.run_id" not in kept[0]["key"] or "github.run_attempt" not in kept[0]["key"]:
            found.append(f"{action}: the key is not that of this run")
    saving = next((step for step in steps if "cache/save@" in step.get("uses", "")), {})
    if saving.get("if") != "${{ !cancelled() }}":
        found.append("the state is not saved after a breach")
    try:
        between = gap(schedule["cron"])
    except ValueError as error:
        return [*found, f"cron: {error}"]
    if between < _SHORTEST:
        found.append(f"GitHub has no schedule of {between:g} s")
    return found + objections(Scheduled(command, between, 60 * job.get("timeout-minutes", 360)))


def test_it_is_sound() -> None:
    """By the schema, and by us."""
    assert _by_the_tool(FILE) == (0, "ok -- validation done\n")
    assert _by_us(TEXT) == []


@pytest.mark.parametrize(
    ("sound", "faulty", "said"),
    [
        pytest.param("cancel-in-progress:", "cancel-inprogress:", "$.concurrency", id="misspelt-key"),
        pytest.param("contents: read", "contents: reed", "'reed' is not one of", id="permission"),
    ],
)
def test_what_the_tool_sees(sound: str, faulty: str, said: str, tmp_path: Path) -> None:
    """And where."""
    file = tmp_path / "probe.yml"
    file.write_text(_with(sound, faulty))
    status, output = _by_the_tool(file)
    assert status == 1
    assert said in output


FAULTS = [
    pytest.param("22,37,52 *", "22,37,92 *", "cron: found '7,22,37,92 * * * *'", id="minute"),
    pytest.param('"7,22,37,52 * * * *"', '"0 0 31 2 *"', "Bad day-of-month", id="never"),
    pytest.param('"7,22,37,52 * * * *"', '"*/3 * * * *"', "no schedule of 180 s", id="too-often"),
    pytest.param("22,37,52 *", "22,37 *", "there are 1800 s between two runs", id="interval"),
    pytest.param("timeout-minutes: 5", "timeout-minutes: 15", "not below the 900 s", id="limit-too-long"),
    pytest.param("timeout-minutes: 5", "timeout-minutes: 1", "no time to end", id="limit-too-short"),
    pytest.param("    timeout-minutes: 5\n", "", "not below the 900 s", id="no-limit"),
    pytest.param("contents: read", "contents: write", "no permission but", id="permission"),
    pytest.param(
        "cancel-in-progress: false", "cancel-in-progress: true", "would end the one", id="cancelled"
    ),
    pytest.param(
        "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683",
        "actions/checkout@v4",
        "tomorrow",
        id="tag",
    ),
    pytest.param(
        "--state state", "--state state ${{ inputs.more }}", "an expression in a command", id="injection"
    ),
    pytest.param("--state state\n", "--state state || true\n", "a status is lost", id="swallowed"),
    pytest.param(
        "        env:\n", "        continue-on-error: true\n        env:\n", "a status is lost", id="goes-on"
    ),
    pytest.param("${{ secrets.PRODUCTION_TOKEN }}", "abc", "expected the secret of that name", id="secret"),
    pytest.param(
        "${{ secrets.PRODUCTION_TOKEN }}", "${{ secrets.TOKEN }}", "of that name", id="other-secret"
    ),
    pytest.param("--state state", "--state states", "the state is not restored", id="state"),
    pytest.param("path: state", "path: stat", "the state is not saved", id="not-saved"),
    pytest.param("-${{ github.run_attempt }}", "", "the key is not that of this run", id="key"),
    pytest.param(
        "      - if: ${{ !cancelled() }}\n        uses:", "      - uses:", "after a breach", id="breach"
    ),
    pytest.param("deployspec probe", "deployspec prob", "expected one probe", id="command"),
    pytest.param("--interval 15m", "--interval 15x", "argument --interval", id="option"),
]


@pytest.mark.parametrize(("sound", "faulty", "said"), FAULTS)
def test_what_it_passes_over(sound: str, faulty: str, said: str) -> None:
    """We don't."""
    assert said in " ".join(_by_us(_with(sound, faulty)))


def test_the_tool_does_pass_over_these(tmp_path: Path) -> None:
    """If it sees one some day, ours is not needed."""
    files = []
    for number, fault in enumerate(FAULTS):
        sound, faulty, _ = fault.values
        files.append(tmp_path / f"{number}.yml")
        files[-1].write_text(_with(str(sound), str(faulty)))
    assert _by_the_tool(*files) == (0, "ok -- validation done\n")


def _with(sound: str, faulty: str) -> str:
    assert sound in TEXT
    return TEXT.replace(sound, faulty)
