"""Virtual environments with the wheel in them, as a user has them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.suite import ROOT

INSTALL = ROOT / "scripts" / "install"
UV = ROOT / ".venv" / "bin" / "uv"
LIMIT = 300
"""Seconds for what the network may take part in."""


def run(
    *command: str | Path, cwd: Path, limit: float = LIMIT, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a shell's environment that knows nothing of the clone; its output and errors come together."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_CONSTRAINT", "UV_CONSTRAINT", "PYTHON", "PYTEST", "DEPLOYMENT", "TOX"))}  # fmt: skip
    return subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        env=known | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=limit,
    )


def _carried_out(*command: str | Path, cwd: Path, **variables: str) -> None:
    done = run(*command, cwd=cwd, **variables)
    assert done.returncode == 0, done.stdout


def built(source: Path, folder: Path) -> Path:
    """The wheel of a source tree, or of a source distribution."""
    if UV.exists():
        _carried_out(UV, "build", "--quiet", "--wheel", "--out-dir", folder, source, cwd=folder)
    else:
        _carried_out(
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--wheel-dir",
            folder,
            source,
            cwd=folder,
        )
    (wheel,) = folder.glob("deployspec-*.whl")
    return wheel


def packed(source: Path, folder: Path) -> Path:
    """The source distribution of a source tree, by uv."""
    _carried_out(UV, "build", "--quiet", "--sdist", "--out-dir", folder, source, cwd=folder)
    (archive,) = folder.glob("deployspec-*.tar.gz")
    return archive


def content(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel, without its own lists of them."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/RECORD")}


@dataclass(frozen=True)
class Environment:
    """A virtual environment."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def program(self, name: str) -> Path:
        """One of its commands."""
        return self.folder / "bin" / name

    @property
    def packages(self) -> set[str]:
        """What is installed in it, by name."""
        return {
            re.sub(r"[-_.]+", "-", one.name.partition("-")[0]).lower()
            for one in self.folder.glob("lib/python3.*/site-packages/*.dist-info")
        }


def environment(folder: Path, wheel: Path, extra: str = "", constraints: Path | None = None) -> Environment:
    """A new environment with the wheel, by uv where there is one."""
    made = Environment(folder)
    _carried_out(
        sys.executable, "-m", "venv", *(["--without-pip"] if UV.exists() else []), folder, cwd=folder.parent
    )
    limits = [] if constraints is None else ["--constraint", constraints]
    wanted = f"deployspec{extra} @ {wheel.as_uri()}"
    _carried_out(INSTALL, made.python, *limits, wanted, cwd=folder.parent)
    return made


def lowest() -> str:
    """Constraints that choose the lowest version of every range that the wheel says."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = [line for group in (project["dependencies"], *(extras[name] for name in ("logs", "alerts", "load", "report", "probes"))) for line in group]  # fmt: skip
    ranges = (
        re.fullmatch(r"([\w.-]+)>=([\d.]+),<\d+", line)
        for line in lines
        if not line.startswith("deployspec[")
    )
    return "".join(f"{found[1]}=={found[2]}\n" for found in ranges if found is not None)
