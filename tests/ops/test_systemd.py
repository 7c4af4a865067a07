"""ops/systemd: what systemd-analyze says, and what it passes over: it ends 0 where a line is ignored."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from deployspec.base.duration import parse_duration
from deployspec.base.unfit import Unfit
from tests.ops.files import OPS, Scheduled, unit
from tests.ops.judging import objections, options

SERVICE, TIMER = "deployspec-probe@.service", "deployspec-probe@.timer"
TEXTS = {name: (OPS / "systemd" / name).read_text() for name in (SERVICE, TIMER)}
PROGRAM = "/opt/deployspec/bin/deployspec"
EXPOSURE = 1.5
"""What `systemd-analyze security` may say of the service, of 10 at most. It needs the network."""
_EXPECTED = {
    "Type": "oneshot",
    "Restart": "no",
    "SuccessExitStatus": "75",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "DynamicUser": "yes",
}
_NIGHTS = ("2026-03-28 22:00:00", "2026-10-24 22:00:00")
"""UTC, before clocks are set forward and back in Berlin."""
_SPECIFIERS = {"%i": "production", "%l": "host", "%S": "/var/lib"}
"""What systemd writes for them."""


def _analyze(*arguments: str, zone: str = "UTC") -> tuple[int, str]:
    """systemd-analyze's status, and all that it says."""
    run = subprocess.run(
        ["systemd-analyze", *arguments],
        env={**os.environ, "TZ": zone, "SYSTEMD_PAGER": "", "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return run.returncode, run.stdout


def _by_the_tool(folder: Path, texts: dict[str, str]) -> str:
    """What it says of both units, where the program is."""
    for name, text in texts.items():
        (folder / name).write_text(text.replace(PROGRAM, sys.executable))
    status, said = _analyze("verify", *(str(folder / name) for name in texts))
    return said or ("" if status == 0 else f"status {status}")


def _gap(calendar: str) -> float:
    """Seconds between two runs, at the most, in two nights in Berlin on which clocks are changed. Raises ValueError."""
    longest = 0.0
    for night in _NIGHTS:
        status, said = _analyze(
            "calendar", "--iterations=100", f"--base-time={night} UTC", calendar, zone="Europe/Berlin"
        )
        runs = [
            datetime.fromisoformat(f"{run}+00:00") for run in re.findall(r"in UTC\): \w+ (\S+ \S+) UTC", said)
        ]
        if status or len(runs) < 2:
            raise ValueError(f"OnCalendar: {said.strip()}")
        longest = max(longest, *((later - sooner).total_seconds() for sooner, later in pairwise(runs)))
    return longest


def _by_us(texts: dict[str, str]) -> list[str]:
    """What it passes over."""
    service, timer = unit(texts[SERVICE])["Service"], unit(texts[TIMER])
    found = [
        f"{key} is {service.get(key)}; expected {value}"
        for key, value in _EXPECTED.items()
        if service.get(key) != [value]
    ]
    started = timer["Timer"].get("Unit", [TIMER.replace(".timer", ".service")])
    if started != [SERVICE]:
        found.append(f"the timer starts {', '.join(started)}, which is none of these files")
    if timer.get("Install", {}).get("WantedBy") != ["timers.target"]:
        found.append("nothing starts the timer: expected WantedBy=timers.target")
    (line,) = service["ExecStart"]
    for specifier, value in _SPECIFIERS.items():
        line = line.replace(specifier, value)
    found += [f"found {unknown} in the command" for unknown in re.findall("%.", line)]
    if any(key in service for key in ("Environment", "PassEnvironment")):
        found.append("a variable that everybody may read: expected EnvironmentFile or LoadCredential")
    command = line.split()
    try:
        state = options(command).state
    except ValueError as error:
        return [*found, str(error)]
    if [f"{_SPECIFIERS['%S']}/{folder}" for folder in service.get("StateDirectory", [])] != [str(state)]:
        found.append(f"--state is {state}, which is no StateDirectory")
    try:
        (limit,) = map(parse_duration, service.get("TimeoutStartSec", ["infinity"]))
        between = _gap(" ".join(timer["Timer"]["OnCalendar"]))
    except Unfit as unfit:
        return [*found, f"TimeoutStartSec: found {unfit.found}"]
    except ValueError as error:
        return [*found, str(error)]
    return found + objections(Scheduled(command, between, limit))


def _exposure(folder: Path, texts: dict[str, str]) -> tuple[float, int]:
    """How exposed the service is, and the status when it may be so by EXPOSURE at most."""
    (folder / SERVICE).write_text(texts[SERVICE])
    status, said = _analyze(
        "security", "--offline=yes", "--no-pager", f"--threshold={EXPOSURE * 10:g}", str(folder / SERVICE)
    )
    level = re.search(r"Overall exposure level for \S+: (\S+)", said)
    assert level, said
    return float(level[1]), status


def test_they_are_sound(tmp_path: Path) -> None:
    """By systemd-analyze, which has nothing to say, and by us."""
    assert _by_the_tool(tmp_path, TEXTS) == ""
    assert _by_us(TEXTS) == []


def test_the_service_is_confined(tmp_path: Path) -> None:
    """And one that drops a few of its limits is told from it."""
    level, status = _exposure(tmp_path, TEXTS)
    assert status == 0
    assert level <= EXPOSURE
    weaker = TEXTS[SERVICE]
    for line in ("NoNewPrivileges=yes\n", "CapabilityBoundingSet=\n", "SystemCallFilter=@system-service\n"):
        assert line in weaker
        weaker = weaker.replace(line, "")
    level, status = _exposure(tmp_path, {SERVICE: weaker})
    assert status == 1
    assert level > EXPOSURE


@pytest.mark.parametrize(
    ("file", "sound", "faulty", "said"),
    [
        pytest.param(SERVICE, "PrivateTmp=yes", "PrivateTemp=yes", "Unknown key", id="misspelt-key"),
        pytest.param(
            SERVICE, "PrivateTmp=yes", "PrivateTmp=yess", "boolean value, ignoring", id="misspelt-yes"
        ),
        pytest.param(SERVICE, "=@system-service", "=@system-servic", "Unknown system call group", id="calls"),
        pytest.param(SERVICE, "=512M", "=512X", "Invalid memory limit", id="memory"),
        pytest.param(SERVICE, "Restart=no", "Restart=always", "isn't allowed for Type=oneshot", id="restart"),
        pytest.param(SERVICE, PROGRAM, f"{PROGRAM}-not", "is not executable", id="no-program"),
        pytest.param(TIMER, "AccuracySec=1s", "AccuracySec=1x", "ignoring: 1x", id="accuracy"),
        pytest.param(TIMER, "0/5 UTC", "0/5 Mars/X", "calendar specification, ignoring", id="zone"),
    ],
)
def test_what_the_tool_sees(file: str, sound: str, faulty: str, said: str, tmp_path: Path) -> None:
    """It ends 0 at most of these, but says something."""
    assert said in _by_the_tool(tmp_path, _with(file, sound, faulty))


@pytest.mark.parametrize(
    ("file", "sound", "faulty", "said"),
    [
        pytest.param(
            TIMER, "[Install]", "Unit=probe@%i.service\n[Install]", "starts probe@%i.service", id="no-service"
        ),
        pytest.param(TIMER, "timers.target", "timer.target", "nothing starts the timer", id="no-target"),
        pytest.param(TIMER, "0/5 UTC", "0/5", "there are 3900 s between two runs", id="summer-time"),
        pytest.param(TIMER, "0/5 UTC", "0/10 UTC", "there are 600 s between two runs", id="interval"),
        pytest.param(TIMER, "*:0/5 UTC", "*-02-31 00:00 UTC", "Next elapse: never", id="never"),
        pytest.param(SERVICE, "--interval 5m", "--intervall 5m", "unrecognized arguments", id="option"),
        pytest.param(SERVICE, "--location %l", "--location %y", "found %y", id="specifier"),
        pytest.param(SERVICE, "--deployment %i ", "", "expected --deployment", id="no-deployment"),
        pytest.param(SERVICE, "%S/deployspec", "/srv/state", "which is no StateDirectory", id="state"),
        pytest.param(SERVICE, "StateDirectory=deployspec\n", "", "is no StateDirectory", id="no-state"),
        pytest.param(
            SERVICE, "TimeoutStartSec=90s", "TimeoutStartSec=60s", "no time to end", id="short-limit"
        ),
        pytest.param(
            SERVICE, "TimeoutStartSec=90s", "TimeoutStartSec=5m", "not below the 300 s", id="long-limit"
        ),
        pytest.param(SERVICE, "TimeoutStartSec=90s\n", "", "TimeoutStartSec: found", id="no-limit"),
        pytest.param(SERVICE, "Restart=no", "Restart=on-failure", "Restart is ['on-failure']", id="loop"),
        pytest.param(SERVICE, "SuccessExitStatus=75\n", "", "SuccessExitStatus is None", id="skipped"),
        pytest.param(SERVICE, "NoNewPrivileges=yes\n", "", "NoNewPrivileges is None", id="privileges"),
        pytest.param(SERVICE, "ProtectSystem=strict", "ProtectSystem=full", "['full']", id="system"),
        pytest.param(SERVICE, "DynamicUser=yes", "DynamicUser=no", "DynamicUser is ['no']", id="user"),
        pytest.param(
            SERVICE, "UMask=0077", "UMask=0077\nEnvironment=TOKEN=abc", "everybody may read", id="secret"
        ),
    ],
)
def test_what_it_passes_over(file: str, sound: str, faulty: str, said: str, tmp_path: Path) -> None:
    """We don't."""
    texts = _with(file, sound, faulty)
    assert _by_the_tool(tmp_path, texts) == ""
    assert said in " ".join(_by_us(texts))


def _with(file: str, sound: str, faulty: str) -> dict[str, str]:
    assert sound in TEXTS[file]
    return {**TEXTS, file: TEXTS[file].replace(sound, faulty)}
