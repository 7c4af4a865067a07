"""The store of runs: ``<folder>/<deployment>/<day>/<time>Z-<id>.json``, by the time at which a run started, in UTC.

Days are folders, so that what is too old is found without a look at each record. Nobody but their owner reads them:
evidence may be confidential.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

from deployspec.base.errors import UsageError
from deployspec.record.record import RecordFile, Run

if TYPE_CHECKING:
    from deployspec.model.chapter import Chapter

_FILE = re.compile(r"(\d{6}\.\d{3})Z-([0-9a-f-]{8,40})\.json")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?Z")
_PRUNED = ".pruned"
"""A file of each deployment whose time is that of the last look for what has to go."""
_BETWEEN = 3600.0
"""Seconds from one such look to the next, where nobody asks for it."""
_UNFINISHED = 24 * 3600.0
"""Seconds after which the lines of a run, or a draft, belong to one that was killed."""
LATEST = "latest"


class Kept(NamedTuple):
    """A record in the store."""

    path: Path
    deployment: str
    started: str
    """``2026-01-31T23:59:59.999Z``."""
    id: str


class Store:
    """Kept runs. Methods raise OSError where the folder cannot be used."""

    def __init__(self, folder: Path, keep: float = 40 * 24 * 3600.0, max_size: int = 10_000_000_000) -> None:
        self.folder = folder
        self._keep = keep
        self._max_size = max_size

    def path_of(self, run: Run) -> Path:
        """Where a run's record belongs."""
        found = _STAMP.fullmatch(run.started)
        if found is None:
            raise ValueError(f"a run without a start has no place: {run.started!r}")
        name = f"{found[2]}{found[3]}{found[4]}.{(found[5] or '')[:3]:0<3}Z-{run.id}.json"
        return self._of(run.deployment) / found[1] / name

    def file_of(self, run: Run) -> RecordFile:
        """The file for the record of a run that begins."""
        path = self.path_of(run)
        _make(path.parent, self.folder)
        return RecordFile(path, private=True)

    def add(self, run: Run) -> Path:
        """Keep a finished run; returns where."""
        file = self.file_of(run)
        file.finish(run)
        return file.path

    def runs(self, deployment: str | None = None) -> Iterator[Kept]:
        """The records of one deployment, or of all, those of a deployment from the newest to the oldest."""
        for own in [self._of(deployment)] if deployment is not None else sorted(_folders(self.folder)):
            for day in sorted(_folders(own), reverse=True):
                if _DAY.fullmatch(day.name):
                    yield from sorted(
                        _records(day, unquote(own.name)), key=lambda kept: kept.started, reverse=True
                    )

    def find(self, said: str, deployment: str | None = None) -> Path:
        """The record that ``said`` means: its path, its id or how that begins, or ``latest``.

        Raises UsageError where none is meant, or several are.
        """
        if "/" in said or said.endswith(".json"):
            return Path(said)
        if said == LATEST:
            found = sorted(self.runs(deployment), key=lambda kept: kept.started)[-1:]
        else:
            found = (
                [kept for kept in self.runs(deployment) if kept.id.startswith(said.lower())] if said else []
            )
        if len(found) == 1:
            return found[0].path
        if found:
            raise UsageError(f"found {len(found)} runs whose ids begin with {said}; expected more of the id")
        there = sum(1 for _ in self.runs(deployment))
        raise UsageError(
            f"found no run {said!r} among {there} in {self.folder}; expected an id, how one begins, {LATEST}, or a path: "
            "`deployspec runs list` has them"
        )

    def prune(self, deployment: str, now: float | None = None, *, always: bool = True) -> list[Path]:
        """Remove what is too old, and the oldest of what is too much; returns which records went. The newest one stays.

        Unless ``always``, at most once an hour. ``now`` is in seconds since the epoch.
        """
        now = time.time() if now is None else now
        own = self._of(deployment)
        mark = own / _PRUNED
        if not always and 0 <= now - _changed(mark) < _BETWEEN:
            return []
        with contextlib.suppress(FileNotFoundError):
            mark.touch(0o600)
            os.utime(mark, (now, now))
        kept = list(self.runs(deployment))
        oldest = datetime.datetime.fromtimestamp(now - self._keep, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")
        gone, size = [], 0
        for number, one in enumerate(kept):
            size += _size(one.path)
            if number and (one.started < oldest or size > self._max_size):
                size -= _size(one.path)
                with contextlib.suppress(FileNotFoundError):
                    one.path.unlink()
                    gone.append(one.path)
        for day in _folders(own):
            _remove_unfinished(day, now)
            with contextlib.suppress(OSError):
                day.rmdir()
        return gone

    def _of(self, deployment: str) -> Path:
        name = quote(deployment, safe="")
        return self.folder / (name.replace(".", "%2E") if not name.strip(".") else name)


def read(path: Path, chapters: Iterable[Chapter]) -> Run:
    """A run from its record, of this or an older format, whose checks these chapters know.

    Raises UsageError, which names the file, where it is none.
    """
    try:
        return Run.from_document(json.loads(path.read_bytes()), chapters)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; expected a run record") from None
    except ValueError as error:
        raise UsageError(f"{path}: found that {error}; expected a run record") from None


def _make(folder: Path, first: Path) -> None:
    """Make a folder and those above it, from ``first`` on for their owner alone."""
    if folder.is_dir():
        return
    if folder != first:
        _make(folder.parent, first)
    else:
        folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def _folders(folder: Path) -> list[Path]:
    try:
        return [Path(one.path) for one in os.scandir(folder) if one.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _records(day: Path, deployment: str) -> Iterator[Kept]:
    for name in os.listdir(day):  # noqa: PTH208 - the names alone
        if found := _FILE.fullmatch(name):
            at = found[1]
            yield Kept(day / name, deployment, f"{day.name}T{at[:2]}:{at[2:4]}:{at[4:]}Z", found[2])


def _remove_unfinished(day: Path, now: float) -> None:
    """Remove the lines and drafts that killed runs have left."""
    for path in day.iterdir():
        if path.name.endswith((".part", ".draft")) and now - _changed(path) > _UNFINISHED:
            with contextlib.suppress(OSError):
                path.unlink()


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
