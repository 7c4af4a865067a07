"""An Allure report of a week beside its page: Allure's own command makes it, a run after the other, so that it has a history."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from deployspec.base.errors import UsageError
from deployspec.base.shown import one_line
from deployspec.base.temporary import TemporaryFolder
from deployspec.model.review import Week
from deployspec.outputs import allure, allure_run
from deployspec.record.history import History
from deployspec.record.store import read

if TYPE_CHECKING:
    from deployspec.model.chapter import Chapter

COMMAND = "allure"
MOST = 20
"""Runs that the history has: each takes Allure some two seconds."""
_ONE, _ALL = 60.0, 240.0
"""Seconds for one of them, and for all."""
FOLDER = "allure"
_HISTORY = "allure-history.jsonl"


def chosen(history: History, week: Week) -> list[int]:
    """The runs of the week that have finished which the history shows, in order: the newest one, those in which a verdict
    changed, and the last one of each day, as many as there is room for. By their places in the history."""
    own = [
        number
        for number, row in enumerate(history.runs)
        if week.span.begin <= row.started < week.span.end and row.exit_status is not None
    ]
    changed = {
        number
        for before, number in pairwise(own)
        if history.runs[before].location == history.runs[number].location
        and (history.verdicts[before] != history.verdicts[number]).any()
    }
    days = week.days()
    last = {
        number for number, after in pairwise(own) if _day(history, number, days) != _day(history, after, days)
    }
    ranked = sorted(
        own, key=lambda number: (number == own[-1], number in changed, number in last, number), reverse=True
    )
    wanted = [number for number in ranked if number == own[-1] or number in changed or number in last]
    return sorted(wanted[:MOST])


def _day(history: History, run: int, days: Sequence[tuple[float, float]]) -> int:
    return sum(history.runs[run].started >= begin for begin, _ in days)


def report(
    history: History, week: Week, facts: allure.Facts, folder: Path, chapters: Iterable[Chapter]
) -> str:
    """Make the report in ``folder``, and replace what is there; returns why there is none, in a line, which is empty where there is one.

    Raises OSError where the folder cannot be written.
    """
    command = shutil.which(COMMAND)
    if command is None:
        return f"no Allure report: {COMMAND} is not on PATH; expected Allure 3, such as by npm install --global allure"
    runs, known = chosen(history, week), tuple(chapters)
    if not runs:
        return "no Allure report: no run of this time has finished"
    with TemporaryFolder("allure") as work:
        settings = work / "allurerc.json"
        settings.write_text(
            json.dumps({"name": week.deployment, "output": "report", "historyPath": _HISTORY})
        )
        until = time.monotonic() + _ALL
        for number in runs:
            results = work / f"results-{number}"
            try:
                allure_run.write(read(history.runs[number].path, known), results, facts)
            except UsageError:
                continue  # it is gone, or broken by now; the page names it
            # Into a folder that is there, Allure 3 writes a report that nobody sees (docs/reports.md).
            shutil.rmtree(work / "report", ignore_errors=True)
            why = _generate(command, results, settings, work, min(_ONE, until - time.monotonic()))
            if why:
                return f"no Allure report: {why}"
            shutil.rmtree(results)
        if not (work / "report" / "index.html").exists():
            return f"no Allure report: {COMMAND} generate left no report; expected Allure 3"
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = folder.with_name(f".{folder.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(work / "report", draft)
        shutil.rmtree(folder, ignore_errors=True)
        draft.replace(folder)
    return ""


def _generate(command: str, results: Path, settings: Path, work: Path, limit: float) -> str:
    try:
        done = subprocess.run(
            [command, "generate", results.name, "--config", settings.name],
            cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=max(limit, 1.0), check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"{COMMAND} generate did not end in time"
    except OSError as error:
        return f"{COMMAND} could not be started: {error.strerror}"
    if done.returncode != 0:
        said = one_line(done.stdout.decode("utf-8", "replace").strip()[-300:])
        return f"{COMMAND} generate ended with status {done.returncode}: {said}"
    return ""
