"""ops/cron: what its file says, and what Debian's cron makes of it."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from deployspec.base.duration import parse_duration
from tests.ops.files import OPS, Scheduled, chained, crontab, gap
from tests.ops.judging import objections
from tests.ops.private_machine import prepare, running
from tests.ops.production import SECRET, describe, serving
from tests.probe.shop import receiving, until
from tests.trials import trials

FILE = OPS / "cron/deployspec"
TEXT = FILE.read_text()


def _by_us(text: str, name: str = FILE.name) -> list[str]:
    """What is wrong with the file. cron would say nothing of it, where one sees it, but leave out a line or a file."""
    found = []
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        found.append(f"the name {name}: cron passes over files with a dot in theirs")
    try:
        tab = crontab(text)
        between = gap(tab.cron)
    except ValueError as error:
        return [*found, str(error)]
    if tab.settings.keys() != {"SHELL", "PATH", "MAILTO"}:
        found.append(
            f"found {', '.join(tab.settings)}; expected SHELL, PATH and MAILTO, and secrets in a file of their own"
        )
    if tab.user != "deployspec":
        found.append(f"it is run by {tab.user}")
    *before, last = chained(tab.command)
    if before != [["cd", "/etc/deployspec"], ["set", "-a"], [".", "./production.env"]]:
        found.append("expected the project's folder, and its secrets as variables")
    limit = re.fullmatch(r"exec timeout --kill-after=(\S+) (\S+) (deployspec .*)", " ".join(last))
    if not limit:
        return [*found, "nothing ends a probe that hangs: expected exec timeout"]
    longest = parse_duration(limit[1]) + parse_duration(limit[2])
    return found + objections(Scheduled(limit[3].split(), between, longest))


def test_it_is_sound() -> None:
    """By us. crontab(1) reads no file of this form."""
    assert _by_us(TEXT) == []


@pytest.mark.parametrize(
    ("sound", "faulty", "said"),
    [
        pytest.param("*/5 * * * *", "*/5 * * * ", "Bad day-of-week", id="four-fields"),
        pytest.param("*/5 * * * *", "*/5 * 31 2 *", "Bad day-of-month", id="never"),
        pytest.param("*/5 * * * *", "*/5 25 * * *", "Bad hour", id="hour"),
        pytest.param("*/5 * * * *", "*/7 * * * *", "there are 420 s between two runs", id="interval"),
        pytest.param("deployspec cd", "root cd", "it is run by root", id="root"),
        pytest.param("--interval 5m", "--interval 5m --location %l", "found %", id="percent"),
        pytest.param(
            "--state /var/lib/deployspec\n", "--state /var/lib/deployspec", "ignores the whole", id="end"
        ),
        pytest.param("MAILTO=root\n", "", "expected SHELL, PATH and MAILTO", id="mail"),
        pytest.param("MAILTO=root\n", "MAILTO=root\nTOKEN=abc\n", "a file of their own", id="secret"),
        pytest.param("set -a && ", "", "its secrets as variables", id="not-exported"),
        pytest.param("timeout --kill-after=10s 90s ", "", "nothing ends a probe that hangs", id="no-limit"),
        pytest.param("90s", "60s", "no time to end", id="short-limit"),
        pytest.param("90s", "300s", "not below", id="long-limit"),
        pytest.param("--jitter", "--jiter", "unrecognized arguments", id="option"),
        pytest.param(" --state /var/lib/deployspec", "", "--state", id="no-state"),
    ],
)
def test_what_is_wrong_is_found(sound: str, faulty: str, said: str) -> None:
    """One fault at a time."""
    assert sound in TEXT
    assert said in " ".join(_by_us(TEXT.replace(sound, faulty)))


def test_a_name_with_a_dot_is_found() -> None:
    """cron would pass over the file."""
    assert "passes over" in " ".join(_by_us(TEXT, "deployspec.cron"))


def test_cron_runs_the_very_line(tmp_path: Path) -> None:
    """It is quiet while all is well, and mails a breach; the secret comes from the file, and is in no mail."""
    machine = tmp_path / "machine"
    prepare(machine, TEXT)
    with serving() as service, receiving() as gateway:
        describe(machine, service, gateway)
        for number, body in enumerate((b"all is well", b"down"), 1):
            service.body = body
            # Five minutes take one: nothing is run twice.
            with running(machine, _at("2026-06-01T12:04:50"), 5) as cron:
                until(lambda: len(gateway.requests) == number or cron.mail)  # noqa: B023 - called at once
                cron.stop()
            assert len(gateway.requests) == number, cron.mail
            if number == 1:
                assert cron.mail == ""
                assert gateway.metrics()["run_checks"].pop(("met",)) > 0
                assert gateway.metrics()["run_interval_seconds"] == {(): 300}
        headers, _, said = cron.mail.partition("\n\n")
        assert "To: root\n" in headers
        assert re.fullmatch(r"(BREACHED health\.\S+: .*\n)+", said)
        assert SECRET not in cron.mail
        assert gateway.metrics()["run_checks"][("breached",)] == said.count("\n")
        assert len(list((machine / "state/deployspec/runs").rglob("*.json"))) == 2


_TELLS = """SHELL=/bin/sh
*/5 * * * * deployspec echo five >>{log}
30 2 * * * deployspec echo daily >>{log}
"""


def test_what_cron_passes_over_without_a_word(tmp_path: Path) -> None:
    """Files with a dot, that others may write to, or whose last line has no end; and what follows a percent sign."""
    machine, log = tmp_path / "machine", tmp_path / "log"
    log.touch()
    job = "SHELL=/bin/sh\n* * * * * deployspec echo {name} >>{log}{end}"
    prepare(machine, job.format(name="sound", log=log, end="\n"))
    for name, end, mode in (
        ("percent", " && date +%M >>{log}\n", 0o644),
        ("with.dot", "\n", 0o644),
        ("writable", "\n", 0o664),
        ("no-end", "", 0o644),
    ):
        file = machine / "etc/cron.d" / name
        file.write_text(job.format(name=name, log=log, end=end.format(log=log)))
        file.chmod(mode)
    # A minute takes a second.
    with running(machine, _at("2026-06-01T12:00:30"), 60) as cron:
        until(lambda: all(log.read_text().count(name) >= 2 for name in ("sound", "percent")))
        cron.stop()
    # What date prints is mailed, and not in the log.
    assert set(log.read_text().split()) == {"sound", "percent"}
    assert set(re.findall(r"^Subject: .* echo (\S+) .*&& (.*)$", cron.mail, re.MULTILINE)) == {
        ("percent", "date +")
    }


def _told(folder: Path, begins: str, speed: int, fives: int) -> Counter[str]:
    """What those jobs have told when the one of every five minutes has run so often."""
    log = folder / "log"
    log.touch()
    prepare(folder / "machine", _TELLS.format(log=log))
    with running(folder / "machine", _at(begins), speed, "Europe/Berlin") as cron:
        until(lambda: log.read_text().count("five") >= fives)
        cron.stop()
    return Counter(log.read_text().split())


def test_clocks_set_forward(tmp_path: Path) -> None:
    """No probe is left out, and what would have been at half past two is made up for at three."""
    # From a minute and a half before; a minute takes a second.
    assert _told(tmp_path, "2026-03-29T00:58:30", 60, 2) == {"five": 2, "daily": 1}


@pytest.mark.skipif(
    trials(1) < 20, reason="for make soak: it takes most of a minute, and a machine that is not busy"
)
def test_clocks_set_back(tmp_path: Path) -> None:
    """Probes go on in the hour that is there twice, and what is at half past two is once."""
    # From half past two by summer time to half past two, and five minutes.
    assert _told(tmp_path, "2026-10-25T00:28:30", 120, 14) == {"five": 14, "daily": 1}


def _at(time: str) -> int:
    """Seconds since the epoch, of a time in UTC."""
    return int(datetime.fromisoformat(f"{time}+00:00").timestamp())
