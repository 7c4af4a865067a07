"""``deployspec runs``, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deployspec.cli import main
from deployspec.model.entry import Entry
from deployspec.record.record import Run
from deployspec.record.store import Store

IDS = [f"{letter * 8}-0000-4000-8000-000000000000" for letter in "abc"]
Said = pytest.CaptureFixture[str]


def run(day: int, deployment: str = "shop", verdict: str = "MET", **more: object) -> Run:
    """A finished run with one check."""
    entry = Entry(
        "t.py::test_fine", "health.fine", "health", "It is fine.", verdict, "it was fine", source="t.py:1"
    )
    return Run(
        started=f"2026-11-{day:02}T12:00:00.000Z",
        finished=f"2026-11-{day:02}T12:00:01.000Z",
        deployment=deployment,
        entries={entry.check: entry},
        exit_status=int(verdict != "MET"),
        added={"load": None},
        **{"id": IDS[day - 1], **more},  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Two runs of a deployment whose file keeps them for ever, and a probe's of another, without a file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    (tmp_path / "deployments").mkdir()
    file = "base_url: http://127.0.0.1:9\nruns: {keep: 200y}\n"
    (tmp_path / "deployments/shop.yaml").write_text(file)
    store = Store(tmp_path / "xdg/deployspec/runs")
    store.add(run(1))
    store.add(run(2, verdict="BREACHED", cut_short="interrupted"))
    store.add(run(3, "booted", kind="probe", location="berlin", maintenance="weekly"))
    return store


def test_runs_are_listed_from_the_newest(store: Store, capsys: Said) -> None:
    """When, what asked, where, with which status, and the verdicts."""
    assert main(["runs", "list", "--deployment", "shop"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["began", "kind", "location", "exit", "id", "verdicts"]
    assert [row.split(maxsplit=5) for row in rows] == [
        ["2026-11-02T12:00:00Z", "check", "-", "1", IDS[1], "1 BREACHED, interrupted"],
        ["2026-11-01T12:00:00Z", "check", "-", "0", IDS[0], "1 MET"],
    ]
    assert main(["runs", "list", "--deployment", "shop", "--limit", "1"]) == 0
    assert IDS[0] not in capsys.readouterr().out
    assert main(["runs", "list", "--deployment", "booted"]) == 0
    assert "probe  berlin    0     " in (said := capsys.readouterr().out)
    assert "1 MET, in maintenance (weekly)" in said


def test_the_list_for_programs(store: Store, capsys: Said) -> None:
    """The same, with where each record is, and the lines of a run that has not finished."""
    begun = run(3)
    part = store.file_of(begun).part
    part.write_text(json.dumps(begun.header()) + "\n")
    assert main(["runs", "list", "--deployment", "shop", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["deployment"] == "shop"
    assert [(one["id"], one["exit_status"], one["finished"]) for one in document["runs"]] == [
        (IDS[2], None, None),
        (IDS[1], 1, "2026-11-02T12:00:01.000Z"),
        (IDS[0], 0, "2026-11-01T12:00:01.000Z"),
    ]
    assert [Path(one["path"]).is_file() for one in document["runs"]] == [True] * 3
    assert document["runs"][1]["counts"] == {
        "MET": 0,
        "BREACHED": 1,
        "UNMEASURED": 0,
        "flaky": 0,
        "accepted": 0,
    }


def test_a_damaged_record_is_named_and_skipped(store: Store, capsys: Said) -> None:
    """The others are listed."""
    path = store.find(IDS[1])
    path.write_text("{")
    assert main(["runs", "list", "--deployment", "shop"]) == 0
    said = capsys.readouterr()
    assert said.err == f"{path}: found that it is not JSON; expected a run record: skipped\n"
    assert IDS[0] in said.out
    assert IDS[1] not in said.out


def test_no_runs_are_told_with_what_there_is(store: Store, capsys: Said) -> None:
    """A misspelt name is no error, for a deployment may have had no run yet; its neighbours are named."""
    assert main(["runs", "list", "--deployment", "shpo"]) == 0
    assert capsys.readouterr().out == f"no runs of shpo in {store.folder}; there are runs of booted, shop\n"
    assert main(["runs", "list", "--deployment", "shpo", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"deployment": "shpo", "runs": []}


@pytest.mark.parametrize(
    ("said", "shown"),
    [((IDS[0],), 0), (("b",), 1), (("latest",), 2), (("latest", "--deployment", "shop"), 1)],
    ids=str,
)
def test_a_run_is_shown_as_it_was_at_its_end(
    store: Store, capsys: Said, said: tuple[str, ...], shown: int
) -> None:
    """By its id, how that begins, or as the latest: the summary, and the record for programs."""
    assert main(["runs", "show", *said]) == 0
    text = capsys.readouterr().out
    assert f"id {IDS[shown]}" in text.splitlines()[0]
    assert "health.fine" in text
    assert text.endswith(f"run record: {store.find(IDS[shown])}\n")
    assert main(["runs", "show", *said, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(store.find(IDS[shown]).read_text())


def test_what_a_terminal_would_obey_is_escaped(store: Store, capsys: Said) -> None:
    """A record may come from anywhere."""
    path = store.add(run(3, cut_short="\x1b[2J"))
    assert main(["runs", "show", str(path)]) == 0
    assert main(["runs", "list", "--deployment", "shop"]) == 0
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert r"\x1b[2J" in said


def test_pruning_needs_the_file_that_says_how_much_is_kept(store: Store, capsys: Said) -> None:
    """From another folder, the default would remove what is to be kept."""
    assert main(["runs", "prune", "--deployment", "booted"]) == 4
    assert "found no deployment booted; expected shop" in capsys.readouterr().err
    assert main(["runs", "prune", "--deployment", "shop"]) == 0
    assert capsys.readouterr().out.startswith("removed 0 records\n2 records of shop left, 0.0 MB, in ")
    Path("deployments/shop.yaml").write_text("base_url: http://127.0.0.1:9\nruns: {keep: 1s}\n")
    assert main(["runs", "prune", "--deployment", "shop"]) == 0
    assert (
        "removed 1 record, begun from 2026-11-01T12:00:00Z to 2026-11-01T12:00:00Z\n1 record of shop"
        in capsys.readouterr().out
    )


def test_the_files_folder_and_the_options(store: Store, tmp_path: Path, capsys: Said) -> None:
    """``runs.dir`` says where they are; ``--state`` says better."""
    with Path("deployments/shop.yaml").open("a") as file:
        file.write("  # elsewhere\n")
    Path("deployments/shop.yaml").write_text("base_url: http://127.0.0.1:9\nruns: {dir: ../kept}\n")
    Store(tmp_path / "kept").add(run(3))
    Store(tmp_path / "said/runs").add(run(2))
    for options, expected in (((), IDS[2]), (("--state", "said"), IDS[1])):
        assert main(["runs", "list", "--deployment", "shop", "--format", "json", *options]) == 0
        (one,) = json.loads(capsys.readouterr().out)["runs"]
        assert one["id"] == expected


def test_records_of_elsewhere_are_taken_once(store: Store, tmp_path: Path, capsys: Said) -> None:
    """Each to its deployment's store, by its id; one of format 1 gets the same id each time."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    document = run(3).document()
    (folder / "two.json").write_text(json.dumps(document))
    (folder / "there.json").write_text(json.dumps(run(1).document()))
    older = {
        key: value for key, value in document.items() if key not in ("id", "kind", "location", "maintenance")
    }
    older |= {"format": "deployspec.run/1", "deployment": "old"}
    (folder / "one.json").write_text(json.dumps(older))
    assert main(["runs", "import", str(folder)]) == 0
    assert capsys.readouterr().out.endswith("taken: 2; there already: 1; refused: 0\n")
    assert main(["runs", "import", str(folder / "one.json"), str(folder)]) == 0
    assert capsys.readouterr().out == "taken: 0; there already: 4; refused: 0\n"
    assert json.loads(store.find(IDS[2], "shop").read_text()) == document
    (old,) = store.runs("old")
    assert json.loads(old.path.read_text())["format"] == "deployspec.run/2"


# change: what is wrong in the record; expected: a part of the error.
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"deployment": ""}, "found a run that names no deployment; expected one that does"),
        ({"deployment": "deployments/shop.yaml"}, "found a path as the name of its deployment; expected a name"),
        ({"started": "yesterday"}, "found that started is wrong"),
        ({"started": "2026-11-03T12:00:00+01:00"}, "has no place"),
        ({"id": "../../../home"}, "has no place"),
        ({"exit_status": "none"}, "found that exit_status is wrong"),
        ({"format": "deployspec.run/9"}, "not a run record of this or an older format"),
        ({"checks": [{}]}, "it is a damaged run record"),
    ],
)  # fmt: skip
def test_what_is_no_run_of_a_deployment_is_refused(
    store: Store, tmp_path: Path, capsys: Said, change: dict[str, object], expected: str
) -> None:
    """With its name and the reason; the others are taken all the same, and nothing is written elsewhere."""
    (tmp_path / "bad.json").write_text(json.dumps(run(3).document() | change))
    (tmp_path / "good.json").write_text(json.dumps(run(3).document()))
    assert main(["runs", "import", "bad.json", "good.json"]) == 4
    said = capsys.readouterr()
    assert said.err.startswith("bad.json: ")
    assert expected in said.err
    assert said.out.endswith("taken: 1; there already: 0; refused: 1\n")
    assert len(list(tmp_path.rglob("*.json"))) == 2 + 4


def test_a_store_that_cannot_be_used_is_one_error(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    """A file in the way, and no home: one line, status 4."""
    (tmp_path / "file").write_text("")
    (tmp_path / "good.json").write_text(json.dumps(run(3).document()))
    assert main(["runs", "import", "good.json", "--state", "file"]) == 4
    assert "the store of runs cannot be used: [Errno 17] File exists" in capsys.readouterr().err
    for name in ("XDG_STATE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    assert main(["runs", "list", "--deployment", "shop"]) == 4
    assert "found neither XDG_STATE_HOME nor HOME" in capsys.readouterr().err
