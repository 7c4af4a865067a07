"""The store of runs: ``DEPLOYMENT/YYYY-MM-DD/HHMMSS.mmmZ-ID.json``, by the moment in UTC when each run began.

Names tell age and order, so that nothing is read to find a run or to prune. Folders and files are for their owner alone:
evidence may be confidential. While a run goes on, its lines are beside its final name (:class:`RecordFile`).
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from deployspec.base.errors import UsageError
from deployspec.base.problems import shown
from deployspec.record.record import RecordFile, Run, read_record, write_record

if TYPE_CHECKING:
    from deployspec.model.chapter import Chapter

T = TypeVar("T")

LATEST = "latest"
"""The word for the run that began last, of those that finished."""
UNFINISHED = "the run has not finished"
_PART = ".part"
_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_NAME = re.compile(rf"(?P<began>\d{{6}}\.\d{{3}})Z-(?P<id>{_ID})\.json(?P<rest>\.part|\.draft)?")
_LOOKED = ".pruned"
"""Beside the days of a deployment: the file that was last changed when somebody last looked for what is to go."""
_BETWEEN_LOOKS = 3600.0
"""Seconds."""
_MOST_NAMED = 5


class Pruned(NamedTuple):
    """What pruning has done to the runs of one deployment."""

    removed: int
    freed: int
    """Bytes."""
    kept: int
    size: int
    """Bytes of those that are kept."""
    troubles: tuple[str, ...]
    """Files that could not be removed, each with the reason."""


class _File(NamedTuple):
    """A record, its lines or its draft."""

    path: Path
    began: str
    """Sorts as time passes."""
    id: str
    rest: str
    """Empty for a finished record."""


class Store:
    """The store of runs in ``folder``, which need not be there: of each deployment, records of the last ``keep`` seconds, and
    no more than ``max_size`` bytes. The newest one always stays."""

    def __init__(self, folder: Path, keep: float, max_size: int) -> None:
        self.folder = folder
        self.keep = keep
        self.max_size = max_size

    def begin(self, run: Run) -> RecordFile:
        """The file of a run that begins, opened. Raises OSError, and ValueError as :meth:`add` does."""

        def opened(path: Path) -> RecordFile:
            file = RecordFile(path, private=True)
            file.begin(run)
            return file

        return self._made(run, opened)

    def add(self, run: Run) -> Path:
        """Keep a finished run; returns where.

        Raises OSError, and ValueError for a run whose id is no UUID, or whose beginning is no moment.
        """

        def written(path: Path) -> Path:
            write_record(path, run, private=True)
            return path

        return self._made(run, written)

    def _made(self, run: Run, make: Callable[[Path], T]) -> T:
        path = self._of(run.deployment) / _place(run)
        for attempts in (2, 1, 0):
            _make_private(path.parent)
            try:
                return make(path)
            except FileNotFoundError:
                # Whoever prunes may have removed the day's folder, which was empty still.
                if not attempts:
                    raise
        raise AssertionError("not reached")

    def _of(self, deployment: str) -> Path:
        """The folder of a deployment. One whose file could not be used is known by its path alone."""
        path = Path(deployment)
        name = path.stem if path.suffix in (".yaml", ".yml") else path.name
        # A name that may be a file's is a folder's too, but for those with a meaning, and for what a terminal obeys.
        return self.folder / re.sub(
            r"^\.|[^\w.@+, -]", lambda found: f"%{ord(found[0]):02X}", name or "unnamed"
        )

    def deployments(self) -> list[str]:
        """The folders' names, sorted: those of deployments. Raises OSError."""
        return sorted(one.name for one in _entries(self.folder) if one.is_dir())

    def runs(
        self,
        deployment: str,
        damaged: Callable[[str], object],
        chapters: Iterable[Chapter] = (),
        *,
        unfinished: bool = False,
    ) -> Iterator[tuple[Path, Run]]:
        """The runs of a deployment with their files, the newest first; each is read when it is asked for.

        ``damaged`` is told each file that is skipped, with the reason. ``unfinished``: those too of which only the lines are
        there. Raises OSError where a folder cannot be read.
        """
        chapters = tuple(chapters)
        for file in self._records(self._of(deployment)):
            if file.rest and not unfinished:
                continue
            try:
                run = read(file.path, chapters)
            except FileNotFoundError:
                # Pruned meanwhile, or finished.
                continue
            except (OSError, ValueError) as error:
                damaged(f"{file.path}: {_reason(error)}")
            else:
                yield file.path, run

    def ids(self, deployment: str) -> set[str]:
        """The ids of a deployment's finished runs. Raises OSError where a folder cannot be read."""
        return {file.id for file in self._records(self._of(deployment)) if not file.rest}

    def find(self, text: str, deployment: str = "") -> Path:
        """The file of a run: by its id or the beginning of it, by ``latest``, or by a path.

        ``deployment``: among its runs alone. Raises UsageError, which says what there is, and OSError.
        """
        if "/" in text or text.endswith((".json", _PART)):
            if not Path(text).is_file():
                raise UsageError(f"found no file {shown(text)}; expected a run record")
            return Path(text)
        folders = [
            self._of(deployment or name) for name in ([deployment] if deployment else self.deployments())
        ]
        files = [file for folder in folders for file in self._records(folder)]
        files.sort(key=lambda file: file.began, reverse=True)
        found = (
            [file for file in files if not file.rest][:1]
            if text == LATEST
            else [file for file in files if text and file.id.startswith(text.lower())]
        )
        if len(found) == 1:
            return found[0].path
        of = f" of {deployment}" if deployment else ""
        if not files:
            there = f" ({', '.join(self.deployments()) or 'there are none of any'})" if deployment else ""
            raise UsageError(
                f"found no runs{of} in {self.folder}{there}; expected a run record's path, or another --state DIR"
            )
        expected = "more of its id" if found else f"{LATEST}, a path, or the beginning of an id"
        raise UsageError(
            f"found {f'{len(found)} runs{of} whose ids begin' if found else f'no run{of} whose id begins'} with {shown(text)} in "
            f"{self.folder}; expected {expected}: {_named(found or files)}"
        )

    def prune(self, deployment: str, now: float | None = None) -> Pruned:
        """Remove the runs of a deployment that are too old, then the oldest until they are small enough together.

        ``now``: seconds since 1970. What has not a record's name stays. Two at once harm nothing. Raises OSError where the
        folder cannot be read.
        """
        moment = datetime.datetime.fromtimestamp(time.time() if now is None else now, datetime.UTC)
        try:
            oldest = _began(moment - datetime.timedelta(seconds=self.keep))
        except OverflowError:
            # Before the calendar begins.
            oldest = ""
        folder, newest = self._of(deployment), ""
        removed, freed, kept, size, full, troubles = 0, 0, 0, 0, False, []
        for file in _files(folder):
            try:
                own = file.path.stat().st_size
            except OSError:
                # Somebody else prunes, or it has been finished.
                continue
            newest = newest or file.id
            full = full or size + own > self.max_size
            if file.id == newest or (file.began >= oldest and not full):
                kept, size = kept + (not file.rest), size + own
                continue
            try:
                file.path.unlink(missing_ok=True)
            except OSError as error:
                troubles.append(f"{file.path}: {error.strerror}")
                continue
            removed, freed = removed + (not file.rest), freed + own
        for day in _days(folder):
            if day.name < moment.date().isoformat():
                with contextlib.suppress(OSError):
                    day.rmdir()
        return Pruned(removed, freed, kept, size, tuple(troubles))

    def prune_if_due(self, deployment: str) -> Pruned | None:
        """The same, and None where somebody has looked within the hour. Raises OSError."""
        looked = self._of(deployment) / _LOOKED
        with contextlib.suppress(FileNotFoundError):
            if 0 <= time.time() - looked.stat().st_mtime < _BETWEEN_LOOKS:
                return None
        looked.touch(0o600)
        return self.prune(deployment)

    def _records(self, folder: Path) -> Iterator[_File]:
        """One file for each run, the newest first: the lines only where there is no more."""
        for file in _files(folder):
            if file.rest == "" or (file.rest == _PART and not file.path.with_suffix("").exists()):
                yield file


def read(path: Path, chapters: Iterable[Chapter] = ()) -> Run:
    """The run in a file of the store, or of anywhere: a record of any format, whose checks these chapters know, or its lines.

    Raises OSError, and ValueError where it is none or a damaged one.
    """
    if path.name.endswith(_PART):
        return Run.from_lines(path, UNFINISHED)
    content = read_record(path)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    return Run.from_document(document, chapters)


def _place(run: Run) -> str:
    """Below the deployment's folder."""
    if not re.fullmatch(_ID, run.id):
        raise ValueError(f"found the id {shown(run.id)}; expected a UUID")
    began = None
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        began = datetime.datetime.fromisoformat(run.started)
        began = began.astimezone(datetime.UTC) if began.tzinfo else None
    if began is None:
        raise ValueError(
            f"found {shown(str(run.started))} as its beginning; expected a moment as RFC 3339 has it"
        )
    return f"{_began(began)}Z-{run.id}.json"


def _began(moment: datetime.datetime) -> str:
    return f"{moment.date().isoformat()}/{moment:%H%M%S}.{moment.microsecond // 1000:03}"


def _make_private(folder: Path) -> None:
    """Make a folder and those above it, for nobody but their owner."""
    if not folder.is_dir():
        if folder.parent != folder:
            _make_private(folder.parent)
        folder.mkdir(0o700, exist_ok=True)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except FileNotFoundError:
        return []


def _days(folder: Path) -> list[Path]:
    """The folders of a deployment's days, the newest first."""
    names = [
        one.name for one in _entries(folder) if _DAY.fullmatch(one.name) and one.is_dir(follow_symlinks=False)
    ]
    return [folder / name for name in sorted(names, reverse=True)]


def _files(folder: Path) -> Iterator[_File]:
    """What is a record, its lines or its draft by its name, the newest first."""
    for day in _days(folder):
        for one in sorted(_entries(day), key=lambda entry: entry.name, reverse=True):
            if (name := _NAME.fullmatch(one.name)) and one.is_file(follow_symlinks=False):
                yield _File(Path(one.path), f"{day.name}/{name['began']}", name["id"], name["rest"] or "")


def _named(files: list[_File]) -> str:
    """Some runs for a person to choose from, the newest first."""
    said = [
        f"{file.id[:13]} ({file.began[:10]}T{file.began[11:13]}:{file.began[13:15]}Z)"
        for file in files[:_MOST_NAMED]
    ]
    more = len(files) - len(said)
    return ", ".join(said) + (f" and {more} more" if more else "")


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
