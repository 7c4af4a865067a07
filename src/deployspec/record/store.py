"""The store of runs: ``<folder>/<deployment>/<day>/<time>Z-<id>.json``, by the time at which a run started, in UTC.

Days are folders, so that what is too old is found without a look at each record. Nobody but their owner reads them:
evidence may be confidential.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import quote, unquote

from deployspec.base.bounded import content_of
from deployspec.base.errors import UsageError
from deployspec.base.problems import listed, shown
from deployspec.base.state_folder import state_folder
from deployspec.record.record import RecordFile, Run

if TYPE_CHECKING:
    from deployspec.model.chapter import Chapter

_FILE = re.compile(r"(\d{6}\.\d{3})Z-([0-9a-f-]{8,40})\.json(|\.part|\.draft)")
_ID = re.compile("[0-9a-f-]{8,40}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?Z")
_PRUNED = ".pruned"
"""A file of each deployment whose time is that of the last look for what has to go."""
_BETWEEN = 3600.0
"""Seconds from one such look to the next, where nobody asks for it."""
_WRITING = 24 * 3600.0
"""Seconds after which nobody still writes a draft."""
LARGEST = 256 * 1024 * 1024
"""Bytes of a file: a run record with a load run of many hours."""
_MOST_NAMED = 5
"""Runs that a message names."""
_PART, _DRAFT = ".part", ".draft"
LATEST = "latest"
UNFINISHED = "the run has not finished"
"""Why checks have no verdict of which there are the lines alone: it goes on, or was killed."""


class Kept(NamedTuple):
    """A record in the store."""

    path: Path
    deployment: str
    started: str
    """``2026-01-31T23:59:59.999Z``."""
    id: str
    kind: str = ""
    """``.part``: the lines of a run that goes on, or that was killed; ``.draft``; empty for a finished record."""


class Keeping(Protocol):
    """What a deployment file says of its runs."""

    @property
    def folder(self) -> Path | None:
        """None: in the state folder."""

    @property
    def keep(self) -> float:
        """Seconds."""

    @property
    def max_size(self) -> int:
        """Bytes."""


def store_of(said: Keeping | None, state: Path | None, environ: Mapping[str, str]) -> Store:
    """The store of a deployment, as its file says, if it does; a ``state`` folder of the command line says better where it is.

    Raises UsageError where there is no place for it.
    """
    folder = said.folder if said and not state else None
    if folder is None:
        folder = (state.absolute() if state else state_folder(environ)) / "runs"
    return Store(folder, said.keep, said.max_size) if said else Store(folder)


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
        if not _ID.fullmatch(run.id):
            raise ValueError(f"a run without an id has no place: {run.id!r}")
        name = f"{found[2]}{found[3]}{found[4]}.{(found[5] or '')[:3]:0<3}Z-{run.id}.json"
        return self.folder_of(run.deployment) / found[1] / name

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

    def deployments(self) -> list[str]:
        """Those of which runs may be there, sorted."""
        return sorted(unquote(one.name) for one in _folders(self.folder))

    def runs(self, deployment: str | None = None, *, unfinished: bool = False) -> Iterator[Kept]:
        """The records of one deployment, or of all, those of a deployment from the newest to the oldest.

        ``unfinished``: with the lines of runs that have no record.
        """
        for own in [self.folder_of(deployment)] if deployment is not None else sorted(_folders(self.folder)):
            for kept in _files(own):
                if not kept.kind or (
                    unfinished and kept.kind == _PART and not kept.path.with_suffix("").exists()
                ):
                    yield kept

    def find(self, said: str, deployment: str | None = None) -> Path:
        """The record that ``said`` means: its path, its id or how that begins, or ``latest``.

        Raises UsageError where none is meant, or several are.
        """
        if "/" in said or said.endswith((".json", _PART)):
            return Path(said)
        if said == LATEST:
            among = self.deployments() if deployment is None else [deployment]
            newest = [kept for name in among for kept in itertools.islice(self.runs(name), 1)]
            found = sorted(newest, key=lambda kept: kept.started)[-1:]
        else:
            there = self.runs(deployment, unfinished=True)
            found = [kept for kept in there if kept.id.startswith(said.lower())] if said else []
        if len(found) == 1:
            return found[0].path
        if found:
            raise UsageError(
                f"found {len(found)} runs whose ids begin with {shown(said)}; expected more of one: {_named(found)}"
            )
        of = "" if deployment is None else f" of {deployment}"
        if known := list(self.runs(deployment, unfinished=True)):
            raise UsageError(
                f"found {shown(said)}, which is no run{of} in {self.folder}; expected {LATEST}, a path, or how an id begins: {_named(known)}"
            )
        others = listed(self.deployments() or ["none"], "and")
        raise UsageError(
            f"found no runs{of} in {self.folder}; there are runs of {others}: expected one of these, a path, or another --state DIR"
        )

    def prune(self, deployment: str, now: float | None = None, *, always: bool = True) -> list[Path]:
        """Remove what is too old, and the oldest of what is too much; returns which records went. The newest one stays.

        Unless ``always``, at most once an hour. ``now`` is in seconds since the epoch.
        """
        now = time.time() if now is None else now
        own = self.folder_of(deployment)
        mark = own / _PRUNED
        if not always and 0 <= now - _changed(mark) < _BETWEEN:
            return []
        with contextlib.suppress(FileNotFoundError):
            mark.touch(0o600)
            os.utime(mark, (now, now))
        oldest = _stamp(now - self._keep)
        gone, size, newest, full = [], 0, "", False
        for one in _files(own):
            if one.kind == _DRAFT:
                if now - _changed(one.path) > _WRITING:
                    one.path.unlink(missing_ok=True)
                continue
            own_size = _size(one.path)
            newest = newest or one.id
            # From the first one that is too much, all that are older go.
            full = full or size + own_size > self._max_size
            if one.id == newest or not (full or one.started < oldest):
                size += own_size
                continue
            with contextlib.suppress(FileNotFoundError):
                one.path.unlink()
                gone.append(one.path)
        today = _stamp(now)[:10]
        for day in _days(own):
            # A run that begins may have made today's this very moment.
            if day.name < today:
                with contextlib.suppress(OSError):
                    day.rmdir()
        return gone

    def folder_of(self, deployment: str) -> Path:
        """Where the runs of a deployment are, if it has any."""
        name = quote(deployment, safe="", errors="surrogatepass")
        return self.folder / (name.replace(".", "%2E") if not name.strip(".") else name)


def read(path: Path, chapters: Iterable[Chapter]) -> Run:
    """A run from its record, of this or an older format, whose checks these chapters know.

    Of a run that has not finished, what its lines say. Raises UsageError, which names the file, where it is none.
    """
    try:
        if path.name.endswith(_PART):
            content_of(path, LARGEST)
            run = Run.from_lines(path, UNFINISHED)
            if not run.started:
                raise UsageError(f"{path}: found no lines of a run; expected a run record")
            return run
        return Run.from_document(_document(path), chapters)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}; expected a run record") from None
    except RecursionError:
        raise UsageError(f"{path}: found JSON nested too deeply; expected a run record") from None
    except ValueError as error:
        raise UsageError(f"{path}: found that {error}; expected a run record") from None


def _document(path: Path) -> Any:
    content = content_of(path, LARGEST)
    try:
        return json.loads(content)
    except ValueError:
        raise ValueError("it is not JSON") from None


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


def _days(own: Path) -> list[Path]:
    """The folders of a deployment's days, the newest first."""
    return sorted((one for one in _folders(own) if _DAY.fullmatch(one.name)), reverse=True)


def _files(own: Path) -> Iterator[Kept]:
    """What is a record, its lines or its draft by its place and name, the newest first."""
    deployment = unquote(own.name)
    for day in _days(own):
        try:
            names = sorted(os.listdir(day), reverse=True)  # noqa: PTH208 - the names alone
        except FileNotFoundError:
            # Somebody prunes.
            continue
        for name in names:
            if found := _FILE.fullmatch(name):
                at = found[1]
                started = f"{day.name}T{at[:2]}:{at[2:4]}:{at[4:]}Z"
                yield Kept(day / name, deployment, started, found[2], found[3])


def _named(runs: Sequence[Kept]) -> str:
    """Runs to choose from, for a person."""
    said = [f"{kept.id[:13]} ({kept.started[:16]}Z)" for kept in runs[:_MOST_NAMED]]
    more = len(runs) - len(said)
    return ", ".join(said) + (f" and {more} more" if more else "")


def _stamp(moment: float) -> str:
    """As records' names have it; an empty text, which is before all of them, for what no calendar has."""
    try:
        return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return ""


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
