"""How long it takes from an empty folder to the first verdict, and what is on the disk then.

``BESIDE=FOLDER`` names the checkout of another commit, whose bare installation is then measured beside this one's.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.processes import Finished, spread, timed

ROOT = Path(__file__).resolve().parent.parent
UV = ROOT / ".venv" / "bin" / "uv"
ROUNDS = 9
LIMIT_FIRST = 20.0
LIMIT_INIT = 2.0
LIMIT_SHARE = 1 / 3
HELP_TIMES, HELP_MORE = 1.5, 0.060
BY_HAND = """
import httpx

def test_health():
    answer = httpx.get("{url}/health", timeout=2)
    assert answer.status_code == 200
    assert answer.json()["ok"]
"""


def run() -> str:
    """Measure, and return the results as Markdown."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "PIP_CONSTRAINT", "UV_CONSTRAINT"))
        and name != "PYTHONDONTWRITEBYTECODE"
    }
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        wheels = {"this commit": _wheel(ROOT, folder / "ours")}
        if beside := os.environ.get("BESIDE"):
            wheels["4e8475c"] = _wheel(Path(beside).resolve(), folder / "theirs")
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.raw_server", "healthy"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )  # fmt: skip
        assert server.stdin is not None and server.stdout is not None  # noqa: S101, PT018 - pipes were asked for
        try:
            return _measure(folder, wheels, server.stdout.readline().strip(), environ)
        finally:
            server.stdin.close()
            server.wait(10)


def _wheel(source: Path, folder: Path) -> Path:
    subprocess.run([UV, "build", "--quiet", "--wheel", "--out-dir", folder, source], check=True)
    return next(folder.glob("*.whl"))


def _measure(folder: Path, wheels: dict[str, Path], url: str, environ: dict[str, str]) -> str:
    first: dict[str, list[float]] = {"deployspec": [], "by hand": []}
    inits: list[float] = []
    helps: list[float] = []
    passes: list[float] = []
    for number in range(ROUNDS + 1):
        home = folder / f"round-{number}"
        took, init = _ours(home / "ours", wheels["this commit"], url, environ)
        by_hand = _by_hand(home / "theirs", url, environ)
        program, python = (home / "ours" / ".venv" / "bin" / name for name in ("deployspec", "python"))
        for _ in range(5 if number else 1):
            one = timed([str(program), "--help"], cwd=home, environ=environ).wall
            other = timed([str(python), "-c", "pass"], cwd=home, environ=environ).wall
            if number:
                helps.append(one)
                passes.append(other)
        shutil.rmtree(home)
        if number == 0:
            continue  # the first round fills the cache of downloads
        first["deployspec"].append(took)
        first["by hand"].append(by_hand)
        inits.append(init)
    ratio = [ours / theirs for ours, theirs in zip(*first.values(), strict=True)]
    allowed = [HELP_TIMES * one + HELP_MORE for one in passes]
    kept = statistics.median(helps) <= statistics.median(allowed)
    return f"""## From an empty folder to the first verdict

{ROUNDS} rounds after a warm-up, alternating; median (smallest to largest), in seconds of wall time. Packages come from uv's
cache: what is downloaded is not counted.

| an environment is made and filled, the service is described, its health is checked | wall |
| --- | --- |
| `uv venv`, `uv pip install deployspec-*.whl`, `deployspec init`, `deployspec check -m health` (15 promises) | {spread(first["deployspec"])} |
| `uv venv`, `uv pip install pytest httpx`, `pytest` on one test of three lines, written by hand | {spread(first["by hand"])} |

- Ratio, round by round: {spread(ratio)}. First verdict: limit {LIMIT_FIRST:.0f} s: {_is_kept(first["deployspec"], LIMIT_FIRST)}.
- `deployspec init`: {spread(inits)} s; limit {LIMIT_INIT:.0f} s: {_is_kept(inits, LIMIT_INIT)}.
- `deployspec --help`: {spread(helps, 3)} s; `python -c pass`: {spread(passes, 3)} s; limit 1.5 times that and 60 ms: {"kept" if kept else "NOT kept"}.
{_sizes(folder, wheels, environ)}"""


def _is_kept(figures: list[float], limit: float) -> str:
    return "kept" if statistics.median(figures) <= limit else "NOT kept"


def _environment(home: Path, *packages: str, environ: dict[str, str]) -> Path:
    subprocess.run(
        [UV, "venv", "--quiet", "--python", sys.executable, home / ".venv"], check=True, env=environ
    )
    command = [UV, "pip", "install", "--quiet", "--python", home / ".venv" / "bin" / "python", *packages]
    subprocess.run(command, check=True, env=environ)
    return home / ".venv" / "bin"


def _ours(home: Path, wheel: Path, url: str, environ: dict[str, str]) -> tuple[float, float]:
    """Seconds until the first verdict, and those of ``init`` among them."""
    home.mkdir(parents=True)
    began = time.monotonic()
    programs = _environment(home, str(wheel), environ=environ)
    init = timed([str(programs / "deployspec"), "init", "shop", url], cwd=home, environ=environ)
    check = timed([str(programs / "deployspec"), "check", "-m", "health", "--deployment", "shop", "--record", "r.json"], cwd=home, environ=environ)  # fmt: skip
    took = time.monotonic() - began
    _finished(init)
    _finished(check)
    waited = sum(entry["waited"] for entry in json.loads((home / "r.json").read_text())["checks"])
    return took - waited, init.wall


def _by_hand(home: Path, url: str, environ: dict[str, str]) -> float:
    home.mkdir(parents=True)
    (home / "test_health.py").write_text(BY_HAND.format(url=url))
    began = time.monotonic()
    programs = _environment(home, "pytest", "httpx", environ=environ)
    done = timed([str(programs / "pytest"), "-q"], cwd=home, environ=environ)
    took = time.monotonic() - began
    _finished(done)
    return took


def _finished(done: Finished) -> None:
    if done.status != 0:
        raise SystemExit(f"a command ended with status {done.status}: no figure counts")


def _sizes(folder: Path, wheels: dict[str, Path], environ: dict[str, str]) -> str:
    rows, sizes, times = [], {}, {}
    for name, wheel in wheels.items():
        took = []
        for number in range(4):
            home = folder / f"{wheel.parent.name}-{number}"
            subprocess.run([sys.executable, "-m", "venv", home / ".venv"], check=True, env=environ)
            command = [home / ".venv" / "bin" / "pip", "install", "--quiet", "--quiet", str(wheel)]
            before = sum(file.lstat().st_size for file in home.rglob("*"))
            began = time.monotonic()
            subprocess.run(command, check=True, env=environ)
            took.append(time.monotonic() - began)
            sizes[name] = (sum(file.lstat().st_size for file in home.rglob("*")) - before) / 1e6
            shutil.rmtree(home)
        times[name] = took[1:]
        rows.append(f"| `deployspec`, {name} | {sizes[name]:.0f} | {spread(times[name])} |")
    home = folder / "all"
    _environment(home, f"deployspec[all] @ {wheels['this commit'].as_uri()}", environ=environ)
    rows.append(
        f"| `deployspec[all]`, this commit | {sum(f.lstat().st_size for f in home.rglob('*')) / 1e6:.0f} | |"
    )
    text = (
        "\n| `pip install`, from its cache | MB on the disk | seconds |\n| --- | --- | --- |\n"
        + "\n".join(rows)
        + "\n"
    )
    if len(sizes) > 1:
        share = sizes["this commit"] / sizes["4e8475c"]
        time_share = statistics.median(times["this commit"]) / statistics.median(times["4e8475c"])
        both = share <= LIMIT_SHARE and time_share <= LIMIT_SHARE
        text += f"\nOf 4e8475c's: {share:.2f} of the size, {time_share:.2f} of the time; limit a third: {'kept' if both else 'NOT kept'}.\n"
    return text
