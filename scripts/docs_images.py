"""`python -m scripts.docs_images FOLDER`: the pictures of docs/, each of a real run, by a browser without a window.

The reference is checked while it is well, and then while seven of a hundred requests are slow. What its terminal, its
step summary and Allure show of the latter is pictured. The review is of the month that its tests simulate.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import io
import json
import os
import pty
import shutil
import subprocess
import sys
import tempfile
import termios
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from markdown_it import MarkdownIt
from PIL import Image, ImageChops
from rich.console import Console
from rich.text import Text

from deployspec.base.moments import written
from deployspec.record.store import Store
from reference.process import ReferenceFailedError, running_reference
from tests.chapters.slo.review.filled import availability, deployment_at, filled, latency, run_of
from tests.chapters.slo.review.month import BEFORE, END, at, month, openmetrics
from tests.prometheus_versions import versions

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".docs-images"
LIMIT = 300.0
"""Seconds for one command."""
COLUMNS = 160
COLOURS = 128
"""Of a picture: enough for a page, and few for its size."""
_MOST_SHOTS = 5
PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 16px; font: 15px/1.5 sans-serif; color: #1f2328; }}
table {{ border-collapse: collapse; }} td, th {{ border: 1px solid #d1d9e0; padding: 4px 10px; text-align: left; }}
pre, code {{ font-family: monospace; font-size: 13px; background: #f3f4f6; }} pre {{ padding: 10px; }}
</style>{}"""
CHECK = "slo.load-run[api-latency]"


def main(folder: Path) -> None:
    """Write all pictures into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    # In the clone, for pictures show its path.
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir()
    try:
        terminal = _runs(WORK)
        shown = terminal[terminal.index("verdicts: reference") :].partition("\n")[2]
        _pictured(_terminal_page(shown), folder / "terminal-summary.png", 1400, 1300)
        summary = WORK / "summary.md"
        if summary.exists():
            page = MarkdownIt("commonmark", {"html": True}).enable("table").render(summary.read_text())
            _pictured(PAGE.format(page), folder / "step-summary.png", 1000, 1000)
        else:
            print("not pictured: the step summary, which this version does not write")
        _allure(WORK, folder)
        _review(WORK, folder)
    finally:
        shutil.rmtree(WORK, ignore_errors=True)


def _runs(work: Path) -> str:
    """Runs whose results are in well/ and slow/; what the last one wrote to its terminal."""
    help_text = subprocess.run(
        [sys.executable, "-m", "pytest", "--help"],
        cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=True,
    ).stdout  # fmt: skip
    more = ["--summary-file", str(work / "summary.md")] if "--summary-file" in help_text else []
    with running_reference() as reference:
        file = work / "reference.yaml"
        file.symlink_to(reference.deployment_file)
        _checked(file, "health", work / "well")
        _checked(file, "slo", work / "well")
        with reference.traffic_fault("slow-seven-percent"):
            _checked(file, "health or slo", work / "slow", *more)
            # Alone, for the names of others would be cut where the table is so wide.
            return _checked(file, "slo", work / "terminal")


def _checked(file: Path, markers: str, results: Path, *more: str) -> str:
    """What the run wrote to a terminal of its own."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, COLUMNS))
    command = [
        sys.executable, "-m", "pytest", "checks", "-m", markers, "--deployment", str(file.relative_to(ROOT)), "--no-store",
        "--alluredir", str(results), "-p", "no:cacheprovider", *more,
    ]  # fmt: skip
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, start_new_session=True,
        env={name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "CI")}
        | {"TERM": "xterm-256color"},
    ) as process:  # fmt: skip
        os.close(theirs)
        killer = threading.Timer(LIMIT, process.kill)
        killer.start()
        written = bytearray()
        # At its end, Linux says EIO.
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 65536):
                written += piece
        process.wait()
        killer.cancel()
    os.close(ours)
    text = written.decode("utf-8", "replace").replace("\r\n", "\n")
    if process.returncode not in (0, 1):
        raise SystemExit(f"the run did not end well:\n{text}")
    return text


def _terminal_page(text: str) -> str:
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text.from_ansi(text))
    return console.export_html(
        code_format='<!doctype html><meta charset="utf-8"><style>{stylesheet} body {{ margin: 12px; color: {foreground}; '
        "background: {background}; }} pre {{ font: 14px/1.35 monospace; margin: 0; }}</style><pre>{code}</pre>"
    )


def _allure(work: Path, folder: Path) -> None:
    """Two reports, so that the second one has a history."""
    for results in ("well", "slow"):
        report = work / f"report-{results}"
        subprocess.run(
            [ROOT / "scripts/allure", "generate", results, "--config", f"{results}/allurerc.yaml", "--output", report],
            cwd=work, stdout=subprocess.DEVNULL, timeout=LIMIT, check=True,
        )  # fmt: skip
    found = [json.loads(path.read_text()) for path in report.glob("data/test-results/*.json")]
    check = next(one["id"] for one in found if one["name"] == CHECK)
    with _served(report) as url:
        _shot(url, folder / "allure-overview.png", 980, 1240)
        _shot(f"{url}#{check}", folder / "allure-check.png", 980, 1350)
        _shot(f"{url}#{check}/history", folder / "allure-history.png", 980, 360)
    result = next(one for one in map(_read, (work / "slow").glob("*-result.json")) if one["name"] == CHECK)
    pictures = [one for one in result["steps"][-2]["attachments"] if one["type"] == "image/png"]
    for picture, name in zip(pictures, ("latency-distribution", "latency-over-time"), strict=True):
        _kept(Image.open(work / "slow" / picture["source"]), folder / f"{name}.png")


def _review(work: Path, folder: Path) -> None:
    """The head of the page, and the budgets, of a week in which not all was well."""
    store, outage = Store(work / "state/runs"), range(at("2026-03-24T10:00"), at("2026-03-24T10:30"))
    for begin in range(BEFORE, END, 1800):
        verdicts = {
            "health.healthy-now": "BREACHED" if begin in outage else "MET",
            "health.version-is-stated": "MET",
            "logs.nothing-secret": "BREACHED" if begin >= at("2026-03-28T09:00") else "MET",
        }
        more = {"interval": 1800.0, "finished": written(begin + 20), "versions": {"deployspec": "0.1.0"}}
        run = run_of(written(begin), verdicts, "berlin", **more)
        store.add(replace(run, id=f"{begin:08x}-0000-4000-8000-000000000000"))
    (version,) = versions()[0].values
    with filled(version, work, openmetrics(month())) as url:
        promised = availability("api-availability", "requests_total"), latency("api-latency", "seconds")
        deployment_at(work / "shop", url, promised, "review: {time_zone: Europe/Berlin}\n")
        command = [
            sys.executable, "-m", "deployspec.cli", "review", "--deployment", "shop/shop.yaml", "--until", "2026-03-29",
            "--state", "state", "--out", "review", "--format", "html",
        ]  # fmt: skip
        subprocess.run(command, cwd=work, stdout=subprocess.DEVNULL, timeout=LIMIT, check=True)
    _shot((work / "review/review.html").as_uri(), folder / "review.png", 1180, 860)


def _read(path: Path) -> dict:
    return json.loads(path.read_text())


@contextlib.contextmanager
def _served(folder: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=folder)
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/index.html"
        finally:
            server.shutdown()


def _pictured(page: str, target: Path, width: int, height: int) -> None:
    with tempfile.TemporaryDirectory(prefix="docs-images-") as name:
        file = Path(name, "page.html")
        file.write_text(page)
        _shot(file.as_uri(), target, width, height)


def _shot(url: str, target: Path, width: int, height: int) -> None:
    """A picture of a page, without what is empty below and beside it. On a busy machine, some are taken half drawn."""
    taken = _taken(url, width, height)
    for _ in range(_MOST_SHOTS):
        last, taken = taken, _taken(url, width, height)
        if taken.tobytes() == last.tobytes():
            break
    else:
        raise SystemExit(f"no two pictures of {target.name} are alike: is the machine too busy?")
    _kept(taken, target)


def _taken(url: str, width: int, height: int) -> Image.Image:
    with tempfile.TemporaryDirectory(prefix="docs-images-") as name:
        shot = Path(name, "shot.png")
        subprocess.run(
            [
                "chromium", "--headless", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={name}/profile",
                # Chromium refuses to be root's with it.
                *(["--no-sandbox"] if os.getuid() == 0 else []),
                f"--window-size={width},{height}", "--virtual-time-budget=15000", f"--screenshot={shot}", url,
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LIMIT, check=True,
        )  # fmt: skip
        return Image.open(shot).convert("RGB")


def _kept(picture: Image.Image, target: Path) -> None:
    picture = picture.convert("RGB")
    empty = Image.new("RGB", picture.size, picture.getpixel((picture.width - 1, 0)))
    box = ImageChops.difference(picture, empty).getbbox()
    if box is not None:
        edge = 12
        picture = picture.crop(
            (
                max(0, box[0] - edge),
                max(0, box[1] - edge),
                min(picture.width, box[2] + edge),
                min(picture.height, box[3] + edge),
            )
        )
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
    print(f"{target} ({target.stat().st_size // 1024} KiB)")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except (ReferenceFailedError, subprocess.SubprocessError) as failure:
        raise SystemExit(f"no pictures: {failure}") from None
