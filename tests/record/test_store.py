"""The store of runs."""

from __future__ import annotations

import datetime
import json
import os
import stat
import threading
from dataclasses import asdict
from pathlib import Path

import pytest

from deployspec.base.errors import UsageError
from deployspec.base.identity import new_id
from deployspec.model.entry import Accepted, Entry, Evidence
from deployspec.model.verdict import Proportion
from deployspec.record.record import RecordFile, Run, Selected, objection_to
from deployspec.record.store import Store, read

DAY = 24 * 3600.0
NOON = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
NOW = NOON.timestamp()


def run(days_ago: float = 0, deployment: str = "staging", **more: str) -> Run:
    """A run that began so long before noon."""
    began = (NOON - datetime.timedelta(days=days_ago)).isoformat(timespec="milliseconds")
    return Run(
        **{"id": new_id(), "started": began.replace("+00:00", "Z"), **more},  # type: ignore[arg-type]
        deployment=deployment,
        finished="2026-11-20T12:00:00Z",
        exit_status=0,
    )


def began(store: Store, deployment: str = "staging") -> list[str]:
    """The days on which the kept runs began, the newest first."""
    return [kept.started[:10] for kept in store.runs(deployment)]


def test_a_run_has_its_place_and_is_private(tmp_path: Path) -> None:
    """By deployment, day and moment in UTC; nobody else may read it, nor list the folders."""
    one = run(id="0da71c0d-efe4-4c21-9ee3-efe592820f05")
    path = Store(tmp_path / "state" / "runs").add(one)
    assert path == (
        tmp_path / "state/runs/staging/2026-11-20/120000.000Z-0da71c0d-efe4-4c21-9ee3-efe592820f05.json"
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in list(path.parents)[:3]} == {0o700}
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert read(path, ()) == one


@pytest.mark.parametrize("name", ["..", "a/b", ".hidden", "été", "a b%"])
def test_any_name_has_a_folder_of_its_own(tmp_path: Path, name: str) -> None:
    """Below the store's folder, and the name is read back."""
    store = Store(tmp_path / "runs")
    path = store.add(run(deployment=name))
    assert path.resolve().parents[2] == tmp_path / "runs"
    assert [kept.deployment for kept in store.runs()] == [name]
    assert store.deployments() == [name]


def test_what_has_no_bytes_in_utf_8_is_kept(tmp_path: Path) -> None:
    """A check of one's own may have been told half of a surrogate pair."""
    said = "it is \\\ud800"
    entry = Entry("n", "shop.a", "shop", "p", "BREACHED", said, source="f:1")
    one = run(deployment="\udcff")
    one.entries["n"] = entry
    path = Store(tmp_path).add(one)
    assert read(path, ()).entries["n"].reason == said
    file = RecordFile(tmp_path / "other.json")
    file.begin(one)
    file.append(entry)
    lines = Run.from_lines(file.part, "killed")
    file.finish(one)
    assert lines.entries["n"].reason == said


@pytest.mark.parametrize(
    "more", [{"id": ""}, {"id": "../../../etc"}, {"started": ""}, {"started": "yesterday"}], ids=str
)
def test_a_run_without_a_place_is_refused(tmp_path: Path, more: dict[str, str]) -> None:
    """One without an id, or whose id leads elsewhere, or that began at no moment."""
    with pytest.raises(ValueError, match="has no place"):
        Store(tmp_path).add(run(**more))
    assert list(tmp_path.iterdir()) == []


def test_runs_are_listed_from_the_newest_and_read_when_asked_for(tmp_path: Path) -> None:
    """Names tell the order; a file that is damaged is nobody's trouble until it is read."""
    store = Store(tmp_path)
    kept = [store.add(run(days)) for days in (1, 0, 2)]
    kept[2].write_text("{")
    assert began(store) == ["2026-11-20", "2026-11-19", "2026-11-18"]
    assert read(next(store.runs("staging")).path, ()).started == "2026-11-20T12:00:00.000Z"
    with pytest.raises(UsageError, match="found that it is not JSON; expected a run record"):
        read(kept[2], ())


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """Nobody writes into these pipes."""
    for name in ("pipe.json", "pipe.json.part"):
        os.mkfifo(tmp_path / name)
        with pytest.raises(UsageError, match="a named pipe"):
            read(tmp_path / name, ())


def test_the_lines_of_a_killed_run_are_there(tmp_path: Path) -> None:
    """What it had selected and not measured is known; a damaged last line tells nothing; a finished run has no lines."""
    store = Store(tmp_path)
    killed = run()
    file = store.file_of(killed)
    file.begin(killed)
    selected = [
        Selected(f"health.{name}", "health", f"It is {name}.", name, f"checks/test_x.py:{line}")
        for line, name in enumerate(("first", "second"))
    ]
    file.select(selected)
    file.append(Entry("first", "health.first", "health", "It is first.", "MET", "fine"))
    with file.part.open("ab") as lines:
        lines.write(b'{"check": "second", "verd')
    assert list(store.runs("staging")) == []
    (kept,) = store.runs("staging", unfinished=True)
    found = read(kept.path, ())
    assert (found.id, list(found.entries), found.not_run) == (killed.id, ["first"], selected[1:])
    assert found.cut_short == "the run has not finished"
    assert store.find(killed.id[:8]) == file.part
    file.finish(killed)
    assert [kept.kind for kept in store.runs("staging", unfinished=True)] == [""]


def test_a_run_is_found_by_its_id_or_as_the_latest(tmp_path: Path) -> None:
    """Among all, or those of one deployment."""
    store = Store(tmp_path)
    old = store.add(run(1, id="aaaaaaaa-0000-4000-8000-000000000001"))
    new = store.add(run(0, "production", id="aaaaaaab-0000-4000-8000-000000000002"))
    assert store.find("latest") == new
    assert store.find("latest", "staging") == old
    assert store.find("AAAAAAAA") == old
    assert store.find("aaaaaaab-0000-4000-8000-000000000002") == new
    assert store.find("aaaa", "production") == new
    assert store.find("./latest") == Path("latest")


# said: what is looked for; deployment: among whose runs; expected: a part of the error.
@pytest.mark.parametrize(
    ("said", "deployment", "expected"),
    [
        ("aaaa", None, "found 2 runs whose ids begin with aaaa; expected more of one: aaaaaaab-0000 (2026-11-20T12:00Z), aaaaaaaa-0000"),
        ("b", None, "found b, which is no run in"),
        ("", "staging", "found an empty text, which is no run of staging in"),
        ("latest", "canary", "there are runs of production and staging: expected one of these"),
    ],
)  # fmt: skip
def test_what_is_not_found_is_told_with_what_there_is(
    tmp_path: Path, said: str, deployment: str | None, expected: str
) -> None:
    """So that the next try is right."""
    store = Store(tmp_path)
    store.add(run(0, "production", id="aaaaaaab-0000-4000-8000-000000000002"))
    store.add(run(1, id="aaaaaaaa-0000-4000-8000-000000000001"))
    with pytest.raises(UsageError) as raised:
        store.find(said, deployment)
    assert expected in str(raised.value)


def test_what_is_too_old_goes(tmp_path: Path) -> None:
    """By the moment in its name; one of exactly the age stays, the day's empty folder goes."""
    store = Store(tmp_path, keep=2 * DAY)
    store.add(run(3))
    gone = store.add(run(2.001))
    store.add(run(2))
    store.add(run(0))
    assert len(store.prune("staging", NOW)) == 2
    assert began(store) == ["2026-11-20", "2026-11-18"]
    assert gone.parent.is_dir(), "the same day's other run stays"
    assert not (tmp_path / "staging/2026-11-17").exists()


@pytest.mark.parametrize("keep", [1.0, 1e15])
def test_the_newest_run_stays(tmp_path: Path, keep: float) -> None:
    """However old and large it is; and no age is too long for the calendar."""
    store = Store(tmp_path, keep=keep, max_size=1)
    store.add(run(400))
    store.add(run(300))
    store.prune("staging", NOW)
    assert began(store) == ["2026-01-24"]


def test_the_oldest_go_where_it_is_too_much(tmp_path: Path) -> None:
    """A small one that is older than one that went goes, too; exactly the size is not too much."""
    store = Store(tmp_path)
    large = [store.add(run(days, markers="x" * 1000)) for days in (0, 1, 2)]
    store.add(run(3))
    size = sum(path.stat().st_size for path in large)
    assert Store(tmp_path, max_size=size).prune("staging", NOW) != []
    assert began(store) == ["2026-11-20", "2026-11-19", "2026-11-18"]
    store.add(run(3))
    Store(tmp_path, max_size=size - 1).prune("staging", NOW)
    assert began(store) == ["2026-11-20", "2026-11-19"]


def test_what_is_no_record_stays(tmp_path: Path) -> None:
    """Whatever somebody has put there, however old; of another deployment, too."""
    store = Store(tmp_path, keep=DAY)
    other = store.add(run(9, "production"))
    store.add(run(0))
    old = store.add(run(9))
    strangers = [
        old.with_name("notes.txt"),
        old.with_name("120000.000Z-x.json"),
        tmp_path / "staging/notes/x.part",
    ]
    for path in strangers:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
        os.utime(path, (0, 0))
    (tmp_path / "staging/empty").mkdir()
    assert store.prune("staging", NOW) == [old]
    assert all(path.exists() for path in [*strangers, other, tmp_path / "staging/empty"])


def test_lines_are_kept_as_records_are_and_drafts_go(tmp_path: Path) -> None:
    """A killed run's lines say what it knew. A draft, which says nothing, goes when nobody can be writing it."""
    store = Store(tmp_path, keep=2 * DAY)
    store.add(run(0))
    parts = []
    for days in (1, 3):
        file = store.file_of(one := run(days))
        file.part.write_text(json.dumps(one.header()) + "\n")
        parts.append(file.part)
    drafts = [parts[0].with_suffix(".draft"), store.add(run(0)).with_suffix(".json.draft")]
    for draft, age in zip(drafts, (DAY + 1, DAY - 1), strict=True):
        draft.touch()
        os.utime(draft, (NOW - age, NOW - age))
    store.prune("staging", NOW)
    assert [path.exists() for path in (*parts, *drafts)] == [True, False, False, True]


def test_somebody_looks_once_an_hour(tmp_path: Path) -> None:
    """Unless it is asked for; a clock that stepped back does not keep it from looking."""
    store = Store(tmp_path, keep=DAY)
    store.add(run(0))
    store.prune("staging", NOW, always=False)
    store.add(run(5))
    assert store.prune("staging", NOW + 3599, always=False) == []
    assert len(store.prune("staging", NOW + 3600, always=False)) == 1
    store.add(run(5))
    assert len(store.prune("staging", NOW - 10, always=False)) == 1
    store.add(run(5))
    assert len(store.prune("staging", NOW - 10)) == 1


def test_two_prune_at_once(tmp_path: Path) -> None:
    """While others add: nobody fails, and what is new stays."""
    store = Store(tmp_path, keep=DAY)
    for days in range(2, 60):
        store.add(run(days))
    errors: list[BaseException] = []
    new = [run() for _ in range(20)]

    def tried(what: object) -> None:
        try:
            what()  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            errors.append(error)

    work = [lambda: store.prune("staging", NOW)] * 4 + [lambda: [store.add(one) for one in new]]
    threads = [threading.Thread(target=tried, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    # The one that was the newest when somebody looked.
    store.prune("staging", NOW)
    assert {kept.id for kept in store.runs("staging")} == {one.id for one in new}


def test_a_full_disk_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was there before is there still."""
    store = Store(tmp_path)
    first = store.add(run(id="0da71c0d-efe4-4c21-9ee3-efe592820f05"))
    before = first.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store.add(run(id="0da71c0d-efe4-4c21-9ee3-efe592820f05", markers="health"))
    assert first.read_bytes() == before
    assert [path.name for path in first.parent.iterdir()] == [first.name]


def test_an_empty_store_has_no_runs(tmp_path: Path) -> None:
    """Nor has one that is not there, or is no folder."""
    (tmp_path / "file").write_text(json.dumps({}))
    for folder in (tmp_path, tmp_path / "none", tmp_path / "file"):
        assert list(Store(folder).runs()) == []
    for folder in (tmp_path, tmp_path / "none"):
        assert Store(folder).prune("staging") == []


def test_a_record_with_much_of_a_chapters_is_replaced(tmp_path: Path) -> None:
    """It is known by its head, whatever chapters add."""
    file = RecordFile(tmp_path / "record.json")
    one = run()
    one.added["load"] = {"format": "deployspec.load/2", "much": "x" * 1000}
    file.finish(one)
    assert objection_to(file.path) == ""


def test_a_record_has_a_line_for_each_check(tmp_path: Path) -> None:
    """So that whoever looks for one finds it; and it is all that the run's document says."""
    one = run()
    share = Proportion("api", "load", 95, 100, 0.9)
    accepted = Accepted("me", "because", "2026-12-31", "accepted.yaml:2")
    one.entries = {
        "a": Entry("a", "shop.a", "shop", "p", "MET", "r\n", evidence=(Evidence("t", "\u2028"),), proportion=share),
        "b": Entry("b", "shop.b", "shop", "p", "BREACHED", "r", accepted=accepted),
    }  # fmt: skip
    one.added["load"] = {"elapsed": 1.5}
    text = Store(tmp_path).add(one).read_text()
    assert json.loads(text) == one.document()
    assert [line for line in text.split("\n") if "shop.a" in line or "shop.b" in line] == [
        json.dumps(one.document()["checks"][0]) + ",",
        json.dumps(one.document()["checks"][1]),
    ]
    assert json.loads(text)["checks"] == [
        {**asdict(entry), "evidence": document["evidence"]}
        for entry, document in zip(one.ordered(), one.document()["checks"], strict=True)
    ]
