"""A machine of its own for what a scheduler starts: what it would read, and where it would write, are folders of a test.

Debian's cron runs in it as it is, by a clock of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

CRON = Path("/usr/sbin/cron")
# In a namespace of mounts, so that nobody else sees any of it. What is in /opt stays there: it may be Python.
_MOUNTS = """
set -eu
cd "$1"
shift
mount --bind run /run
mount --bind etc /etc
mount --bind spool /var/spool/cron
mount --bind state /var/lib
if [ -d /opt ]; then
    mount --rbind /opt opt-was
    for entry in opt-was/*/; do
        [ -d "$entry" ] || continue
        mkdir -p "opt/$(basename "$entry")"
        mount --rbind "$entry" "opt/$(basename "$entry")"
    done
    mount --rbind opt /opt
fi
"""
# cron calls sendmail by its path, where there has to be one that keeps what it is given.
_CRON = """
mount --bind /usr/sbin sbin-was
mount --bind sbin /usr/sbin
clock=$(printf "%+d x%s" $(($1 - $(date +%s))) "$2")
exec env LD_PRELOAD="$(echo /usr/lib/*/faketime/libfaketime.so.1)" FAKETIME="$clock" sbin-was/cron -f
"""
# Nothing can be written but what is in /var/lib and a folder for what is temporary, and root is nobody.
_CONFINED = """
mount -o remount,bind,ro /
mount -o remount,bind,ro /etc
cd /etc/deployspec
exec env -i PATH=/opt/deployspec/bin:/usr/bin:/bin HOME=/ TMPDIR=/run \\
    setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
"""
_IN_IT = ("unshare", "-m", "--propagation", "private", "sh", "-c")
_OF_ETC = ("alternatives", "hosts", "ld.so.cache", "nsswitch.conf", "pam.d", "security")
"""What programs need of /etc, beside users."""
_FOLDERS = ("run", "spool/crontabs", "state", "opt", "opt-was", "sbin", "sbin-was")


@dataclass
class Cron:
    """The daemon, and what it does."""

    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def mail(self) -> str:
        """All that was mailed."""
        mail = self.folder / "mail"
        return mail.read_text() if mail.exists() else ""

    def stop(self) -> None:
        """End the daemon, and wait for what it has begun, which mails what it printed."""
        begun = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        self.process.wait(60)
        _, left = psutil.wait_procs(begun, timeout=60)
        assert not left


def possible() -> str:
    """Why a test cannot have a cron of its own here; empty where it can."""
    if os.geteuid() != 0:
        return "only root can have a machine of its own for cron"
    if not CRON.exists() or not list(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")):
        return "cron or faketime is not installed"
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        return "no namespaces of mounts here"
    return ""


def prepare(folder: Path, crontab: str = "") -> None:
    """The folders of such a machine, with deployspec, a user of that name, who owns what a test owns, and one
    file in /etc/cron.d. Skips the test where there can be none."""
    if why := possible():
        pytest.skip(why)
    for name in _FOLDERS:
        (folder / name).mkdir(parents=True)
    etc = folder / "etc"
    etc.mkdir()
    for name in _OF_ETC:
        source = Path("/etc", name)
        if source.is_dir():
            shutil.copytree(source, etc / name, symlinks=True)
        elif source.exists():
            shutil.copy(source, etc / name)
    (etc / "passwd").write_text(f"root:x:0:0::/root:/bin/sh\ndeployspec:x:0:0::{folder}:/bin/sh\n")
    (etc / "shadow").write_text("root:*:19000:0:99999:7:::\ndeployspec:*:19000:0:99999:7:::\n")
    (etc / "group").write_text("root:x:0:\n")
    (etc / "cron.d").mkdir(mode=0o755)
    (etc / "cron.d/deployspec").write_text(crontab)
    (etc / "cron.d/deployspec").chmod(0o644)
    program = folder / "opt/deployspec/bin/deployspec"
    program.parent.mkdir(parents=True)
    program.symlink_to(Path(sys.executable).with_name("deployspec"))
    sendmail = folder / "sbin/sendmail"
    sendmail.write_text(f"#!/bin/sh\nexec cat >>{folder}/mail\n")
    sendmail.chmod(0o755)


def confined(folder: Path, *command: str) -> tuple[int, str]:
    """Run a command as confined as ops/systemd and ops/kubernetes have it: its status, and all that it said."""
    run = subprocess.run(
        [*_IN_IT, _MOUNTS + _CONFINED, "sh", folder, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=90,
        check=False,
    )
    return run.returncode, run.stdout


@contextmanager
def running(folder: Path, begins: int, speed: int, zone: str = "Etc/UTC") -> Iterator[Cron]:
    """cron on a clock that begins at this time, in seconds since the epoch, and goes ``speed`` times as fast."""
    localtime = folder / "etc/localtime"
    localtime.unlink(missing_ok=True)
    localtime.symlink_to(f"/usr/share/zoneinfo/{zone}")
    process = subprocess.Popen(
        [*_IN_IT, _MOUNTS + _CRON, "sh", folder, str(begins), str(speed)], stdin=subprocess.DEVNULL
    )
    cron = Cron(folder, process)
    try:
        yield cron
    finally:
        if process.poll() is None:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
        process.kill()
        process.wait()
