"""The index of the store: what reviews and lists need of each record, read once and kept in SQLite beside the records.

The records are the truth. Each use looks which files there are, reads those that are new or have changed, and forgets those
that are gone. Where the index cannot be used (a disk that is read only, a lock that somebody keeps, a damaged file), it is made
anew, in memory if need be: it makes answers fast, and never other ones. See docs/decisions/0041-index.md.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import sqlite3
import zlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from deployspec.base.bounded import content_of
from deployspec.base.errors import UsageError
from deployspec.base.moments import written
from deployspec.base.shown import printable
from deployspec.model.entry import Accepted
from deployspec.model.verdict import Proportion
from deployspec.record.digest import Digest, Wanted, digest
from deployspec.record.history import ABSENT, ACCEPTED, History, Known, Row, Share
from deployspec.record.record import FORMAT
from deployspec.record.store import LARGEST, Kept, Store, read

if TYPE_CHECKING:
    from deployspec.model.chapter import Chapter

FILE = ".index.1.sqlite3"
"""With the version of its tables: two versions of deployspec beside each other have two files."""
_WAIT = 10.0
"""Seconds for which somebody else's lock is waited for."""
_BATCH = 500
"""Records between two commits: others get their turn, and what was read is kept if this process is killed."""
_MOST_AT_ONCE = 500
"""Paths in one question."""
_ELSEWHERE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOMEM,
    }
)
"""SQLite's errors for which the file is not to blame: somebody else may need it as it is."""
_TABLES = """
CREATE TABLE IF NOT EXISTS checks (number INTEGER PRIMARY KEY, said TEXT UNIQUE, sum INTEGER);
CREATE TABLE IF NOT EXISTS sets (number INTEGER PRIMARY KEY, checks TEXT UNIQUE, sum INTEGER);
CREATE TABLE IF NOT EXISTS runs (
    path TEXT UNIQUE, state TEXT, wanted TEXT, damage TEXT, row TEXT,
    checks INTEGER, verdicts BLOB, flags BLOB, durations BLOB, more TEXT, sum INTEGER
);
"""
_SELECT = "SELECT * FROM runs WHERE path "
_INSERT = "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_T = TypeVar("_T")


class _Stored(NamedTuple):
    """A record, as a row of the table ``runs`` has it."""

    path: str
    """Below the store's folder."""
    state: str
    """Of the file: size, time of its last change, inode."""
    wanted: str
    damage: str
    """Why it is no run record; empty where it is one, and all that follows is there."""
    row: str | None = None
    checks: int | None = None
    verdicts: bytes = b""
    flags: bytes = b""
    durations: bytes = b""
    more: str = ""


class Found(NamedTuple):
    """Rows, and the files that are no run records although they have the names of some, each with the reason."""

    rows: tuple[Row, ...]
    damaged: tuple[tuple[Path, str], ...]


class Index:
    """The index of a store. Methods raise OSError where the store's folder cannot be used."""

    def __init__(self, store: Store, chapters: Iterable[Chapter]) -> None:
        self._store = store
        self._chapters = tuple(chapters)
        self._wanted = Wanted.by(self._chapters)

    def rows(self, deployment: str, limit: int | None = None) -> Found:
        """The newest runs of a deployment, the newest first, with those that go on or were killed."""
        rows: list[Row] = []
        damaged: list[tuple[Path, str]] = []

        def ask(tables: _Tables) -> Found:
            rows.clear()
            damaged.clear()
            kept = self._store.runs(deployment, unfinished=True)
            # In pieces, so that the newest few do not cost the reading of all.
            while piece := list(islice(kept, _MOST_AT_ONCE if limit is None else max(limit - len(rows), 1))):
                known = self._known(tables, piece)
                for one in piece:
                    if one.kind:
                        found = self._unfinished(one)
                        rows.extend([found.row] if found else [])
                    elif (stored := known.get(one.path)) is None:
                        continue
                    elif stored.damage:
                        damaged.append((one.path, stored.damage))
                    else:
                        rows.append(_row_of(stored, one.path))
                if limit is not None and len(rows) >= limit:
                    break
            return Found(tuple(rows), tuple(damaged))

        return self._with_tables(ask)

    def history(self, deployment: str, begin: float, end: float) -> History:
        """All runs of a deployment that began from ``begin`` until just before ``end``, in seconds since 1970."""
        first, last = written(begin), written(end)

        def ask(tables: _Tables) -> History:
            there = list(self._store.runs(deployment, unfinished=True))
            kept = [one for one in there if first <= one.started < last]
            known = self._known(tables, kept)
            tables.forget(
                f"{self._key(self._store.folder_of(deployment))}/", {self._key(one.path) for one in there}
            )
            damaged = [
                (one.path, known[one.path].damage)
                for one in kept
                if one.path in known and known[one.path].damage
            ]
            names = tables.names()
            runs: list[_Part] = []
            for one in kept:
                if one.kind:
                    if found := self._unfinished(one):
                        runs.append(_Part.of(found))
                elif (stored := known.get(one.path)) is not None and not stored.damage:
                    runs.append(_Part.stored(stored, one.path, names))
            runs.sort(key=lambda part: (part.row.started, part.row.id))
            return _history(deployment, runs, damaged)

        return self._with_tables(ask)

    def _with_tables(self, ask: Callable[[_Tables], _T]) -> _T:
        """What is found by means of the tables: those on disk, made anew where they are damaged, or in memory."""
        path = self._store.folder / FILE
        for attempt in (0, 1):
            try:
                with _opened(path) as tables:
                    return ask(tables)
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                # The latter by sqlite3 itself, where a name or an error is no text.
                if attempt or getattr(error, "sqlite_errorcode", 0) & 0xFF in _ELSEWHERE:
                    break
                # Both: what is left of a transaction on the old one would be played back on the new one.
                for one in (path, path.with_name(f"{FILE}-journal")):
                    with contextlib.suppress(OSError):
                        one.unlink()
            except OSError:
                break
        with _in_memory() as tables:
            return ask(tables)

    def _key(self, path: Path) -> str:
        return str(path)[len(str(self._store.folder)) + 1 :]

    def _known(self, tables: _Tables, kept: Sequence[Kept]) -> dict[Path, _Stored]:
        """What the tables say of finished records, once they know them all."""
        states = {one.path: state for one in kept if not one.kind and (state := _state(one.path))}
        keys = {self._key(path): path for path in states}
        known: dict[Path, _Stored] = {}
        signature = self._wanted.signature
        for stored in tables.stored(list(keys)):
            path = keys[stored.path]
            if stored.state == states[path] and stored.wanted == signature:
                known[path] = stored
        missing = [(key, path) for key, path in keys.items() if path not in known]
        with _uncollected():
            for at in range(0, len(missing), _BATCH):
                read_now = [
                    (key, path, states[path], self._digest(path)) for key, path in missing[at : at + _BATCH]
                ]
                known.update(tables.add(read_now, signature))
        return known

    def _digest(self, path: Path) -> Digest | str | None:
        """What is kept of a record; why it is none; None where it is gone."""
        try:
            document = _document(content_of(path, LARGEST))
            if isinstance(document, dict) and document.get("format") == FORMAT:
                return digest(document, path, self._wanted)
            return digest(read(path, self._chapters).document(), path, self._wanted)
        except FileNotFoundError:
            return None
        except OSError as error:
            return f"{error.strerror or error}; expected a run record"
        except RecursionError:
            return "found JSON nested too deeply; expected a run record"
        except UsageError as error:
            return printable(str(error).removeprefix(f"{path}: "))
        except ValueError as error:
            return f"found that {error}; expected a run record"

    def _unfinished(self, kept: Kept) -> Digest | None:
        """What the lines of a run say that goes on, or was killed."""
        try:
            return digest(read(kept.path, self._chapters).document(), kept.path, self._wanted)
        except (UsageError, ValueError):
            return None


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without the garbage collector, which would go through the thousands of pieces of each record again and again: they
    refer to one another in no circle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _document(content: bytes) -> Any:
    try:
        import orjson
    except ModuleNotFoundError:
        pass
    else:
        with contextlib.suppress(ValueError):
            return orjson.loads(content)
    # Which knows half of a surrogate pair, and NaN.
    try:
        return json.loads(content)
    except ValueError:
        raise ValueError("it is not JSON") from None


def _state(path: Path) -> str:
    """By what a file that has changed is known; empty where there is none."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ino}"


def _row_of(stored: _Stored, path: Path) -> Row:
    told = json.loads(stored.row or "")
    return Row(**{**told, "path": path, "added": tuple(told["added"])})


class _Tables:
    """The tables of an open index."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def stored(self, keys: Sequence[str]) -> Iterator[_Stored]:
        """Those of these records that are known."""
        if not keys:
            return
        # By their range where they are many: a question for each would take longer than to read what lies between.
        wanted = set(keys)
        if len(keys) > _MOST_AT_ONCE:
            found = self._connection.execute(_SELECT + "BETWEEN ? AND ?", (min(keys), max(keys)))
        else:
            found = self._connection.execute(
                f"{_SELECT}IN (SELECT value FROM json_each(?))",  # noqa: S608 - of our own words alone
                (json.dumps(keys),),
            )
        for row in found:
            if row[0] in wanted:
                yield _Stored(*_whole(row))

    def add(
        self, found: Iterable[tuple[str, Path, str, Digest | str | None]], wanted: str
    ) -> Iterator[tuple[Path, _Stored]]:
        """Keep what was read; gives it back as it is kept."""
        made = []
        with self._writing():
            checks = {said: number for number, said in self._all("checks")}
            sets = {text: number for number, text in self._all("sets")}
            own: dict[tuple[Known, ...], int] = {}
            for key, path, state, one in found:
                if one is None:
                    continue
                if isinstance(one, str):
                    # SQLite takes no half of a surrogate pair.
                    stored = _Stored(key, state, wanted, one.encode("utf-8", "backslashreplace").decode())
                else:
                    if one.checks not in own:
                        text = ",".join([str(self._number(checks, check)) for check in one.checks])
                        if text not in sets:
                            sets[text] = self._inserted("sets", len(sets), text)
                        own[one.checks] = sets[text]
                    row = json.dumps({**one.row._asdict(), "path": ""})
                    stored = _Stored(
                        key,
                        state,
                        wanted,
                        "",
                        row,
                        own[one.checks],
                        one.verdicts,
                        one.flags,
                        one.durations,
                        _more(one),
                    )
                self._connection.execute(_INSERT, (*stored, _sum(stored)))
                made.append((path, stored))
        yield from made

    def _number(self, checks: dict[str, int], check: Known) -> int:
        # As JSON, because half of a surrogate pair has no bytes in UTF-8.
        said = json.dumps(check)
        if said not in checks:
            checks[said] = self._inserted("checks", len(checks), said)
        return checks[said]

    def _inserted(self, table: str, number: int, text: str) -> int:
        self._connection.execute(
            f"INSERT INTO {table} VALUES (?, ?, ?)",  # noqa: S608 - of our own words alone
            (number, text, _sum((number, text))),
        )
        return number

    def _all(self, table: str) -> list[tuple[Any, ...]]:
        """The numbers and texts of ``checks`` or ``sets``."""
        found = self._connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - of our own words alone
        return [_whole(row) for row in found]

    def forget(self, folder: str, there: Container[str]) -> None:
        """Remove what was below a folder (``shop/``) and is no longer there."""
        after = folder[:-1] + chr(ord(folder[-1]) + 1)
        found = self._connection.execute(
            "SELECT path FROM runs WHERE path >= ? AND path < ?", (folder, after)
        )
        if gone := [row for row in found if row[0] not in there]:
            with self._writing():
                self._connection.executemany("DELETE FROM runs WHERE path = ?", gone)

    def names(self) -> dict[int, tuple[Known, ...]]:
        """By the number of a set, its checks."""
        # These first: somebody may add to both meanwhile, and a set's checks are there before it.
        sets = self._all("sets")
        checks = {number: Known(*json.loads(said)) for number, said in self._all("checks")}
        try:
            return {
                number: tuple(checks[int(one)] for one in text.split(",") if one) for number, text in sets
            }
        except KeyError:
            raise sqlite3.DatabaseError("a check is missing") from None

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()


def _sum(values: Iterable[Any]) -> int:
    """By what a row that is damaged is known: SQLite itself has nothing for it."""
    sum_ = 0
    for value in values:
        sum_ = zlib.crc32(value if isinstance(value, bytes) else str(value).encode(), sum_)
    return sum_


def _whole(row: Sequence[Any]) -> tuple[Any, ...]:
    """A row without its sum. Raises DatabaseError where it is not as it was written."""
    *values, sum_ = row
    if _sum(values) != sum_:
        raise sqlite3.DatabaseError("a row is damaged")
    return tuple(values)


def _more(one: Digest) -> str:
    """What few runs have, as JSON."""
    more = {
        "shares": [(place, asdict(share)) for place, share in one.shares],
        "accepted": {str(place): asdict(accepted) for place, accepted in one.accepted.items()},
        "added": dict(one.added),
    }
    return json.dumps({key: value for key, value in more.items() if value}) if any(more.values()) else ""


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[_Tables]:
    """The tables on disk, which nobody but their owner reads. Raises OSError where there is no place for them."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    yield from _connected(str(path))


@contextlib.contextmanager
def _in_memory() -> Iterator[_Tables]:
    yield from _connected(":memory:")


def _connected(where: str) -> Iterator[_Tables]:
    with contextlib.closing(sqlite3.connect(where, timeout=_WAIT, isolation_level=None)) as connection:
        connection.executescript(_TABLES)
        yield _Tables(connection)


class _Part(NamedTuple):
    """A run on its way into a history."""

    row: Row
    checks: tuple[Known, ...]
    verdicts: bytes
    flags: bytes
    durations: bytes
    shares: Sequence[tuple[int, Proportion]]
    accepted: Mapping[int, Accepted]
    added: Mapping[str, Any]

    @classmethod
    def of(cls, one: Digest) -> _Part:
        return cls(*one)

    @classmethod
    def stored(cls, one: _Stored, path: Path, names: Mapping[int, tuple[Known, ...]]) -> _Part:
        more = json.loads(one.more) if one.more else {}
        if one.checks is None or one.checks not in names:
            raise sqlite3.DatabaseError("the checks of a run are missing")
        return cls(
            _row_of(one, path),
            names[one.checks],
            one.verdicts,
            one.flags,
            one.durations,
            [(place, Proportion(**share)) for place, share in more.get("shares", ())],
            {int(place): Accepted(**accepted) for place, accepted in more.get("accepted", {}).items()},
            more.get("added", {}),
        )


def _history(deployment: str, runs: Sequence[_Part], damaged: Sequence[tuple[Path, str]]) -> History:
    """Runs, from the oldest to the newest, side by side."""
    import numpy as np

    # The last word on a check is that of the newest run that has finished; what only others have, of the newest of these.
    # By what they are, and not by their value: to work out the hash of some hundred checks for each run would take longer than
    # all the rest.
    sets: dict[int, tuple[Known, ...]] = {}
    for finished in (False, True):
        for part in runs:
            if (part.row.exit_status is not None) >= finished:
                sets.pop(id(part.checks), None)
                sets[id(part.checks)] = part.checks
    known = {check.id: check for checks in sets.values() for check in checks}
    ids = sorted(known)
    places = {id_: place for place, id_ in enumerate(ids)}
    columns = {
        key: np.array([places[check.id] for check in checks], dtype=np.intp) for key, checks in sets.items()
    }
    shape = (len(runs), len(ids))
    verdicts, flags = np.full(shape, ABSENT, np.uint8), np.zeros(shape, np.uint8)
    durations = np.full(shape, np.nan, np.float32)
    shares: list[Share] = []
    added: dict[str, list[tuple[int, Any]]] = {}
    for number, part in enumerate(runs):
        own = columns[id(part.checks)]
        verdicts[number, own] = np.frombuffer(part.verdicts, np.uint8)
        flags[number, own] = np.frombuffer(part.flags, np.uint8)
        durations[number, own] = np.frombuffer(part.durations, np.float32)
        shares += (Share(number, int(own[place]), share) for place, share in part.shares)
        for key, value in part.added.items():
            added.setdefault(key, []).append((number, value))
    accepted: dict[int, Accepted] = {}
    finished_runs = np.array([part.row.exit_status is not None for part in runs], dtype=bool)
    there = (verdicts != ABSENT) & finished_runs[:, None]
    for column in np.flatnonzero((there & (flags & ACCEPTED > 0)).any(axis=0)):
        newest = int(np.flatnonzero(there[:, column])[-1])
        part = runs[newest]
        found = {int(columns[id(part.checks)][place]): one for place, one in part.accepted.items()}
        if int(column) in found:
            accepted[int(column)] = found[int(column)]
    return History(
        deployment,
        tuple(part.row for part in runs),
        tuple(known[id_] for id_ in ids),
        verdicts,
        flags,
        durations,
        tuple(shares),
        accepted,
        tuple(damaged),
        added,
    )
