"""The index of the store: whatever becomes of the files, and of the index itself, it says what the records say."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.app import chapters
from deployspec.base.errors import UsageError
from deployspec.base.moments import seconds_of, written
from deployspec.model.chapter import Chapter
from deployspec.model.entry import Accepted, Entry, Evidence
from deployspec.model.verdict import Proportion
from deployspec.record import index as tested
from deployspec.record.history import History
from deployspec.record.index import FILE, Index
from deployspec.record.record import Run
from deployspec.record.store import Store, read
from tests.review.histories import made_of
from tests.suite import ROOT
from tests.trials import trials

BEGIN = 1_790_000_000.0
VERSION = "health.version-is-stated"
STATES = Chapter("health", "", states_version=VERSION)


def entry(check: str, verdict: str = "MET", **more: Any) -> Entry:
    """What a check found."""
    said: dict[str, Any] = {
        "chapter": "health",
        "promise": f"It is {check}.",
        "reason": "so it was",
        "measured": "1.2",
    }
    return Entry(**{"check": f"t.py::{check}", "id": check, "verdict": verdict, **said, **more})


def run(number: int, *entries: Entry, **more: Any) -> Run:
    """The run of a minute."""
    started = written(BEGIN + 60 * number)
    said: dict[str, Any] = {
        "id": f"{number:08x}-0000-4000-8000-000000000000",
        "finished": started,
        "deployment": "shop",
        "exit_status": 0,
        "versions": {"deployspec": "1.0"},
        "entries": {one.check: one for one in entries},
    }
    return Run(**{"started": started, **said, **more})


def slowly(store: Store, known: tuple[Chapter, ...] = ()) -> History:
    """What the records say, each read by itself."""
    runs, damaged = [], []
    for kept in store.runs("shop", unfinished=True):
        try:
            runs.append((kept.path, read(kept.path, known)))
        except UsageError as error:
            damaged.append((kept.path, str(error).removeprefix(f"{kept.path}: ")))
    return made_of(runs, "shop", damaged, {one.states_version for one in known} - {""})


def assert_same(found: History, expected: History) -> None:
    """All but what the slow way does not make."""
    for one in dataclasses.fields(History):
        if one.name in ("shares", "added"):
            continue
        ours, theirs = getattr(found, one.name), getattr(expected, one.name)
        if isinstance(theirs, np.ndarray):
            np.testing.assert_array_equal(ours, theirs)
        else:
            assert ours == theirs, one.name


def history(store: Store, known: tuple[Chapter, ...] = ()) -> History:
    """By the index."""
    return Index(store, known).history("shop", 0.0, 4e9)


# --- What it says is what the records say ---------------------------------------------------------------------------

ENTRIES = st.builds(
    lambda check, verdict, flaky, accepted, again, duration: entry(
        check,
        verdict,
        flaky=flaky,
        accepted=Accepted("me", "because", "2026-12-31", "accepted.yaml:2")
        if accepted and verdict != "MET"
        else None,
        met_again="again" if again and verdict == "MET" else "",
        duration=duration,
        evidence=(Evidence("a", "text"),),
    ),
    st.sampled_from(["a", "b", "c[x]", VERSION, "h\u00e4lf \ud800"]),
    st.sampled_from(["MET", "BREACHED", "UNMEASURED"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.floats(0, 100, width=32),
)
RUNS = st.builds(
    lambda number, entries, status, maintenance, more: run(
        number, *entries, exit_status=status, maintenance=maintenance, added={"load": more} if more else {}
    ),
    st.integers(0, 5),
    st.lists(ENTRIES, max_size=4),
    st.sampled_from([0, 1, None]),
    st.sampled_from(["", "weekly"]),
    st.sampled_from([None, {"elapsed": 1.5}]),
)
DAMAGE = (b"", b"{", b"[]", b'{"format": "deployspec.run/2"}', b"[" * 3000, b'{"format": "other"}')
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), RUNS),
        st.tuples(st.just("remove"), st.integers(0, 5)),
        st.tuples(st.just("damage"), st.tuples(st.integers(0, 5), st.sampled_from(DAMAGE))),
        st.tuples(st.just("part"), RUNS),
        st.tuples(st.just("ask"), st.none()),
    ),
    max_size=12,
)


@given(STEPS)
@settings(max_examples=trials(150), deadline=None)
def test_it_says_what_the_records_say(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Any]]
) -> None:
    """After any sequence of records that come, change, break and go, asked in between or not."""
    store = Store(tmp_path_factory.mktemp("store") / "runs")
    paths: dict[int, Path] = {}
    for what, how in steps:
        if what == "add":
            paths[int(how.id[:8], 16)] = store.add(how)
        elif what == "part":
            lines = [how.header(), *map(dataclasses.asdict, how.entries.values())]
            store.file_of(how).part.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        elif what == "ask":
            history(store)
        elif what == "remove" and how in paths:
            paths[how].unlink(missing_ok=True)
        elif what == "damage" and how[0] in paths and paths[how[0]].exists():
            paths[how[0]].write_bytes(how[1])
    for _ in range(2):
        assert_same(history(store, (STATES,)), slowly(store, (STATES,)))
        found = Index(store, (STATES,)).rows("shop")
        assert sorted(found.rows) == sorted(slowly(store, (STATES,)).runs)
    shutil.rmtree(store.folder, ignore_errors=True)


def test_shares_and_what_chapters_keep_are_there(tmp_path: Path) -> None:
    """With the run and the check that they are of."""
    store = Store(tmp_path / "runs")
    share = Proportion("api", "load", 95, 100, 0.9, 0.9, 0.99, "listings", 5)
    # Nothing, said in as many words; and what the chapter does not know.
    store.add(run(0, entry("a"), added={"load": {"format": "older"}}))
    store.add(run(1, entry("a"), added={"load": None}))
    store.add(
        run(
            2,
            entry("a"),
            entry("b", proportion=share),
            added={"load": {"elapsed": 2, "all": "of it"}, "other": 1},
        )
    )
    known = (Chapter("slo", "", digests={"load": f"{__name__}:elapsed"}),)
    for _ in range(2):
        found = history(store, known)
        assert [(one.run, found.checks[one.check].id, one.proportion) for one in found.shares] == [
            (2, "b", share)
        ]
        assert found.added == {"load": [(2, 2)]}
        assert [row.added for row in found.runs] == [("load",), ("load",), ("load", "other")]
    # Of others that keep more, it is read anew.
    assert history(store).added == {}


def elapsed(load: Any) -> Any:
    """What a chapter keeps."""
    return load["elapsed"]


def test_records_of_the_older_format_have_their_ids_of_today(tmp_path: Path) -> None:
    """As whoever reads one by itself sees them."""
    document = run(1, entry("t")).document()
    document["format"] = "deployspec.run/1"
    for check in document["checks"]:
        check["check"] = "checks/test_health.py::test_version_is_stated"
        del check["id"]
    store = Store(tmp_path / "runs")
    path = store.add(run(1))
    path.write_text(json.dumps(document))
    found = history(store, chapters())
    assert_same(found, slowly(store, chapters()))
    assert found.checks[0].id.startswith("health.")


def test_only_the_span_that_is_asked_for(tmp_path: Path) -> None:
    """From its first moment until just before its last."""
    store = Store(tmp_path / "runs")
    for number in range(5):
        store.add(run(number, entry("a")))
    found = Index(store, ()).history("shop", BEGIN + 60, BEGIN + 180)
    assert [row.started for row in found.runs] == [BEGIN + 60, BEGIN + 120]


def test_few_rows_read_few_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest first; and what was read once is not read again."""
    store = Store(tmp_path / "runs")
    for number in range(8):
        store.add(run(number, entry("a")))
    content_of, seen = tested.content_of, []

    def counting(path: Path, most: int) -> bytes:
        seen.append(path)
        return content_of(path, most)

    monkeypatch.setattr(tested, "content_of", counting)
    found = Index(store, ()).rows("shop", 3)
    assert [row.started for row in found.rows] == [BEGIN + 60 * number for number in (7, 6, 5)]
    assert len(seen) == 3
    history(store)
    assert len(seen) == 8
    history(store)
    assert len(seen) == 8


# --- Whatever becomes of the index ------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Three runs that the index knows, and a fourth one."""
    store = Store(tmp_path / "runs")
    for number in range(3):
        store.add(run(number, entry("a")))
    history(store)
    store.add(run(3, entry("a", "BREACHED")))
    return store


def garbage(path: Path) -> None:
    """No database."""
    path.write_bytes(b"garbage" * 1000)


def cut(path: Path) -> None:
    """A part of one."""
    with path.open("r+b") as file:
        file.truncate(5000)


def others(path: Path) -> None:
    """Somebody else's tables."""
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE runs (a, b)")


def a_folder(path: Path) -> None:
    """A folder of its name."""
    path.unlink()
    path.mkdir()


def empty(path: Path) -> None:
    """Nothing in it."""
    path.write_bytes(b"")


def to_nowhere(path: Path) -> None:
    """A link into a folder that is not there."""
    path.unlink()
    path.symlink_to("nowhere/index")


@pytest.mark.parametrize("harm", [garbage, cut, others, a_folder, empty, to_nowhere])
def test_a_damaged_index_makes_no_difference(store: Store, harm: Any) -> None:
    """It is made anew, or done without."""
    harm(store.folder / FILE)
    for _ in range(2):
        assert_same(history(store), slowly(store))
        assert len(Index(store, ()).rows("shop").rows) == 4


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, History, bytes]:
    """A store, what its records say, and its index."""
    store = Store(tmp_path_factory.mktemp("known") / "runs")
    accepted = Accepted("me", "because", "2026-12-31", "accepted.yaml:2")
    for number in range(6):
        checks = [entry(f"c[{one}]", duration=one) for one in range(40)]
        store.add(run(number, *checks, entry("d", "BREACHED", accepted=accepted), entry(VERSION)))
    history(store, (STATES,))
    return store, slowly(store, (STATES,)), (store.folder / FILE).read_bytes()


@given(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=64))
@settings(max_examples=trials(150), deadline=None)
def test_no_damage_to_the_index_makes_a_difference(
    known: tuple[Store, History, bytes], place: float, damage: bytes
) -> None:
    """Wherever in the file it is, and whether SQLite sees it or not."""
    store, said, index = known
    at = int(place * len(index))
    (store.folder / f"{FILE}-journal").unlink(missing_ok=True)
    (store.folder / FILE).write_bytes(index[:at] + damage + index[at + len(damage) :])
    for _ in range(2):
        assert_same(history(store, (STATES,)), said)
        assert Index(store, (STATES,)).rows("shop").rows == said.runs[::-1]


def test_what_an_index_of_other_columns_knows_is_read_anew(store: Store) -> None:
    """And kept as it is to be: the next one reads nothing."""
    others(store.folder / FILE)
    history(store)
    with sqlite3.connect(store.folder / FILE) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (4,)


def test_what_is_gone_is_forgotten(store: Store) -> None:
    """Whichever went: the oldest, as a rule. What is of another time than is asked for stays."""
    store.add(run(0, entry("a"), deployment="other"))
    for kept in list(store.runs("shop"))[-2:]:
        kept.path.unlink()
    Index(store, ()).history("other", 0.0, 4e9)
    Index(store, ()).history("shop", BEGIN + 180, 4e9)
    with sqlite3.connect(store.folder / FILE) as connection:
        known = [Path(path).name[:6] for (path,) in connection.execute("SELECT path FROM runs ORDER BY path")]
    there = [kept.path.name[:6] for name in ("other", "shop") for kept in store.runs(name)]
    assert sorted(known) == sorted(there)
    for kept in store.runs("shop"):
        kept.path.unlink()
    history(store)
    with sqlite3.connect(store.folder / FILE) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)


def test_why_a_record_is_damaged_may_be_no_text(tmp_path: Path) -> None:
    """A key of it is half of a surrogate pair, which SQLite does not take."""
    store = Store(tmp_path / "runs")
    path = store.add(run(1, entry("a")))
    path.write_text(path.read_text().replace('"proportion": null', '"proportion": {"\\ud800": 1}'))
    for _ in range(2):
        ((where, why),) = history(store).damaged
        assert where == path
        assert "\\ud800" in why


def test_a_lock_that_somebody_keeps_is_waited_for_a_while(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it goes without."""
    monkeypatch.setattr(tested, "_WAIT", 0.05)
    connection = sqlite3.connect(store.folder / FILE, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        assert_same(history(store), slowly(store))
    finally:
        connection.close()


def test_an_index_that_cannot_be_written_makes_no_difference(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a disk that is read only, or full: what it does not know yet is read all the same."""
    add, refused = tested._Tables.add, []

    def refusing(tables: Any, *found: Any) -> Any:
        if tables._connection.execute("PRAGMA database_list").fetchone()[2]:
            refused.append(found)
            raise sqlite3.OperationalError("attempt to write a readonly database")
        return add(tables, *found)

    monkeypatch.setattr(tested._Tables, "add", refusing)
    assert_same(history(store), slowly(store))
    assert refused


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_read(store: Store) -> None:
    """As whoever may only look at runs sees it: by another user where we are root."""
    for path in [store.folder, *store.folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    for path in store.folder.parents[: len(store.folder.parents) - 2]:
        path.chmod(path.stat().st_mode | 0o555)
    code = (
        "import sys; from pathlib import Path; from deployspec.record.index import Index; from deployspec.record.store import Store\n"
        "print(len(Index(Store(Path(sys.argv[1])), ()).rows('shop').rows))"
    )
    as_nobody = ["setpriv", "--reuid=65534", "--clear-groups", "--"] if os.geteuid() == 0 else []
    try:
        done = subprocess.run(
            [*as_nobody, sys.executable, "-c", code, store.folder], capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
    finally:
        for path in [store.folder, *store.folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
    if "No module named" in done.stderr or "Permission denied" in done.stderr:
        pytest.skip("nobody else can read this installation")
    assert done.stdout.strip() == "4", done.stderr


def test_nobody_else_reads_it(store: Store) -> None:
    """And it is no run, whoever looks through the store."""
    assert stat.S_IMODE((store.folder / FILE).stat().st_mode) == 0o600
    assert store.deployments() == ["shop"]
    store.prune("shop", BEGIN + 10 * 365 * 86400)
    assert (store.folder / FILE).exists()
    assert len(history(store).runs) == 1


def test_where_no_run_ever_was_nothing_is_made(tmp_path: Path) -> None:
    """To ask is not to write."""
    assert history(Store(tmp_path / "runs")).runs == ()
    assert list(tmp_path.iterdir()) == []


# --- Many at once -------------------------------------------------------------------------------------------------------

WORKER = """
import sys
from pathlib import Path
from deployspec.record.index import Index
from deployspec.record.store import Store
from tests.record.test_index import entry, run
store, own, count = Store(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])
for number in range(count):
    store.add(run(own * 100_000 + number, entry("a"), entry(f"b[{number}]")))
    seen = Index(store, ()).history("shop", 0.0, 4e9)
    mine = {row.started for row in seen.runs}
    assert len(mine) >= number + 1 and not seen.damaged, (own, number, len(mine), seen.damaged)
    assert Index(store, ()).rows("shop", 2).rows
"""


def test_six_processes_lose_nothing(tmp_path: Path) -> None:
    """Each appends, reads, and sees all that it has appended itself; in the end all is there."""
    count = max(3, int(10 * float(os.environ.get("TRIALS", "1"))))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, tmp_path / "runs", str(own), str(count)],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for own in range(6)
    ]  # fmt: skip
    said = []
    try:
        said = [process.communicate(timeout=60 + 10 * count)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0] * 6, "\n".join(said)
    store = Store(tmp_path / "runs")
    assert len(history(store).runs) == 6 * count
    assert_same(history(store), slowly(store))


def test_a_clock_that_was_set_back_sorts_by_what_it_said(tmp_path: Path) -> None:
    """Whoever came later may have begun before."""
    store = Store(tmp_path / "runs")
    store.add(run(5, entry("a")))
    history(store)
    store.add(run(2, entry("a", "BREACHED")))
    assert [row.started for row in history(store).runs] == [
        seconds_of(written(BEGIN + 60 * number)) for number in (2, 5)
    ]
