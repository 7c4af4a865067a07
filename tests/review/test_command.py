"""``deployspec review``, as a user runs it: from a real store, on a page that is handed what it shows."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from deployspec import app
from deployspec.base.errors import UsageError
from deployspec.cli import main
from deployspec.cli import review as command
from deployspec.model.chapter import Chapter
from deployspec.model.entry import Entry
from deployspec.model.review import Review, Section, Table
from deployspec.record.store import Store
from tests.review.conftest import SHOP, left_behind, simple
from tests.review.month import DAYS, WINDOWS, moment
from tests.review.test_month import figures, section, tables, truth

Said = pytest.CaptureFixture[str]
HEALTHY = Entry("t.py::a", "health.healthy-now", "health", "It is healthy.", "MET", "it was", source="t.py:1")


def sick(verdict: str = "BREACHED") -> Entry:
    """The same check, with another verdict."""
    return Entry("t.py::a", "health.healthy-now", "health", "It is healthy.", verdict, "no", source="t.py:1")


def reviewed(made: list[Review], *options: str) -> Review:
    """The only review of a command that ends with 0."""
    assert main(["review", "--out", "out", *options]) == 0
    [one] = made
    return one


def texts(of: Review, table: str) -> list[list[str]]:
    """The rows of a table as they are read."""
    found = {key: each for one in of.sections for key, each in tables(one).items()}
    return [[cell.text for cell in row] for row in found[table].rows]


@pytest.mark.parametrize("number", range(4))
def test_the_page_of_a_month_is_true(
    number: int, project: Path, month_of_runs: Path, made: list[Review], capsys: Said
) -> None:
    """From records to figures: each is what was worked out of the simulation, and its source is a run in the store."""
    until = f"2026-10-{DAYS[number] + 6}" if number < 3 else "2026-11-01"
    one = reviewed(made, "--state", str(month_of_runs), "--until", until)
    expected = truth(number)
    assert one.week == expected.week
    found, wanted = figures(one), expected.figures()
    assert found.keys() == wanted.keys()
    assert {place for place in found if abs(found[place] - wanted[place]) > 1e-6} == set()
    assert one.sentence in capsys.readouterr().out
    sources = {source.id: source for part in one.sections for source in part.sources}
    for part in one.sections:
        for table in tables(part).values():
            for cell in (cell for row in table.rows for cell in row if cell.source):
                assert Path(sources[cell.source].path).is_file()
    # What fails tells why, and how to repeat it, as its record does.
    for check, _, _, _, reason, reproduce in texts(one, "failing"):
        name = check.partition(" at ")[0]
        assert (reason, reproduce) == (f"{name} was BREACHED", f"curl http://shop/{name}")


def test_what_changed_in_the_month(project: Path, month_of_runs: Path, made: list[Review]) -> None:
    """Releases, a check that began to fail, one that came and one that went: in the week in which they did."""
    said = []
    for until in ("2026-10-11", "2026-10-18", "2026-10-25", "2026-11-01"):
        one = reviewed(made, "--state", str(month_of_runs), "--until", until)
        said.append([change.text for change in one.changes])
    assert said == [
        ["checks cannot be compared: no run of the time before is known"],
        [
            "deployspec went from 0.1.0 to 0.2.0 (2026-10-14 12:00)",
            "shop went from 1.4.0 to 1.5.0 (2026-10-14 14:01)",
        ],
        [
            "logs.lines-are-records[api] is BREACHED since 2026-10-19 00:01, accepted",
            "1 check added: health.steady",
        ],
        ["1 check removed: health.not-from-a-cache"],
    ]


def test_the_same_week_twice_gives_the_same_bytes(
    project: Path, month_of_runs: Path, made: list[Review], monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the stamp."""
    pages = []
    for _ in range(2):
        reviewed(made, "--state", str(month_of_runs), "--until", "2026-10-25")
        pages.append(re.sub(r'"made": "[^"]+"', "", Path("out/review.html").read_text()))
    assert pages[0] == pages[1]
    assert len(pages[0]) > 10_000


def test_until_now_and_since_a_moment(store: Store, made: list[Review]) -> None:
    """Without --until a week ends now, and has so many hours as are said."""
    store.add(simple(moment(33, 11), HEALTHY))
    one = reviewed(made, "--since", "2h")
    assert one.week.span == (moment(33, 10), moment(33, 12))
    # From 11:00 on, for three quarters of an hour.
    assert figures(one)["time", "health.healthy-now", "MET"] == 2700.0
    assert one.verdict == "UNMEASURED"
    assert "1 h 15 min of 2 h without a probe" in one.sentence
    one = reviewed(made, "--since", "90m", "--until", "2026-11-02T11:30:00+01:00")
    assert one.week.span == (moment(33, 10), moment(33, 11.5))
    one = reviewed(made, "--until", "2026-11-02", "--since", "1d")
    assert one.week.span == (moment(33), moment(33, 12)), (
        "of a day that is not over, what there has been of it"
    )


def test_days_are_those_of_the_calendar(store: Store, made: list[Review]) -> None:
    """A week in which clocks are set back has 169 hours, and its Sunday 25."""
    one = reviewed(made, "--until", "2026-10-25", "--deployment", "shop")
    assert one.week.span == (moment(19), moment(26))
    assert one.week.span.seconds == 169 * 3600
    assert texts(one, "runs") == []
    store.add(simple(moment(20), HEALTHY))
    one = reviewed(made, "--until", "2026-10-25")
    days = tables(section(one, "checks"))["days"].rows
    assert [sum(cell.value or 0 for cell in row[1:]) / 3600 for row in days] == [24] * 6 + [25]
    one = reviewed(made, "--until", "2026-03-29")
    assert one.week.span.seconds == 167 * 3600


def test_an_empty_week(store: Store, made: list[Review]) -> None:
    """Nothing is known of it, which is not well."""
    one = reviewed(made, "--deployment", "shop")
    assert one.verdict == "UNMEASURED"
    assert "Not known: the whole of it, as no run made a check." in one.sentence
    assert figures(one) == {("maintenance", "weekly", "Open"): 7200.0, ("maintenance", "weekly", "Runs"): 0.0}


def test_one_run(store: Store, made: list[Review]) -> None:
    """It is known for one and a half intervals, and then no more."""
    store.add(simple(moment(30), sick(), exit_status=1))
    one = reviewed(made, "--until", "2026-10-30", "--since", "1d")
    assert one.verdict == "BREACHED"
    assert one.sentence.startswith(
        "BREACHED: health.healthy-now (45 min). Not known: 23 h 15 min of 24 h without a probe."
    )
    assert texts(one, "runs")[0][1:4] == ["1", "48", "47"]


def test_a_week_in_which_all_was_well(store: Store, made: list[Review]) -> None:
    """A run every half hour, from before it on; an accepted breach is told of."""
    for half in range(-1, 10):
        store.add(simple(moment(30) + 1800 * half, HEALTHY))
    until = "2026-10-30T05:00:00+01:00"
    one = reviewed(made, "--until", until, "--since", "5h")
    assert (one.verdict, one.sentence) == (
        "MET",
        "MET: every promise was kept, all the time outside maintenance. (1 check in 10 runs, 5 h.)",
    )


def test_a_run_that_goes_on_and_a_file_that_is_none(store: Store, made: list[Review]) -> None:
    """Nothing of the first is counted; the second is named, with the reason, and stays where it is."""
    store.add(simple(moment(30, 8), HEALTHY))
    left_behind(store.file_of(run := simple(moment(30, 9), sick(), exit_status=None, interval=None)), run)
    damaged = store.path_of(simple(moment(30, 7)))
    damaged.write_text('{"format": "deployspec.run/2"')
    one = reviewed(made, "--until", "2026-10-30", "--since", "1d")
    assert figures(one)["time", "health.healthy-now", "BREACHED"] == 0.0
    assert texts(one, "unfinished") == [[run.id, "berlin", "2026-10-30 09:00", "goes on, or was killed"]]
    assert texts(one, "damaged") == [[str(damaged), "found that it is not JSON; expected a run record"]]
    assert texts(one, "left-out") == [["1 run that had not finished"], ["1 damaged file, named above"]]
    assert damaged.read_text() == '{"format": "deployspec.run/2"'


def test_records_of_two_formats(store: Store, made: list[Review]) -> None:
    """One of format 1, which knows no ids, locations and intervals, is a run without an interval."""
    store.add(simple(moment(30, 8), HEALTHY))
    entry = Entry(
        "checks/test_health.py::test_healthy_now", "x", "health", "It is healthy.", "MET", "it was", source="t.py:1"
    )  # fmt: skip
    old = simple(moment(30, 9), entry)
    document = json.loads(json.dumps(old.document()))
    document["format"] = "deployspec.run/1"
    for name in ("id", "kind", "location", "interval", "maintenance", "not_run", "problems"):
        del document[name]
    del document["checks"][0]["id"]
    store.path_of(old).write_text(json.dumps(document))
    one = reviewed(made, "--until", "2026-10-30", "--since", "1d")
    assert figures(one)["time", "health.healthy-now", "MET"] == 2700.0
    assert figures(one)["runs-by-check", "health.healthy-now", "MET"] == 1.0
    assert [row[0] for row in texts(one, "runs")] == ["berlin", "check"]


def test_a_run_that_began_before_its_predecessor(store: Store, made: list[Review]) -> None:
    """A clock was set back: runs are told of in the order of their starts."""
    store.add(simple(moment(30, 8), HEALTHY, id="0000000a-0000-4000-8000-000000000000"))
    store.add(simple(moment(30, 7.75), sick(), id="0000000b-0000-4000-8000-000000000000", exit_status=1))
    one = reviewed(made, "--until", "2026-10-30", "--since", "1d")
    assert figures(one)["time", "health.healthy-now", "BREACHED"] == 900.0
    assert figures(one)["time", "health.healthy-now", "MET"] == 2700.0


def test_the_one_deployment_that_has_runs(store: Store, made: list[Review], capsys: Said) -> None:
    """Is meant where none is named; of several, each is named in the error."""
    store.add(simple(moment(30), HEALTHY, deployment="booted"))
    assert reviewed(made).week.deployment == "booted"
    store.add(simple(moment(30), HEALTHY))
    assert main(["review", "--out", "out"]) == 4
    said = capsys.readouterr().err
    assert said == "found no --deployment; expected one of booted or shop, or --compare-deployments\n"


def test_the_store_that_a_file_names(project: Path, store: Store, made: list[Review]) -> None:
    """Is read, and --state DIR wins over it."""
    (project / "deployments/shop.yaml").write_text(f"{SHOP}runs: {{dir: ../kept}}\n")
    Store(project / "kept").add(simple(moment(30), HEALTHY))
    store.add(simple(moment(30), sick(), exit_status=1))
    options = ["--deployment", "shop", "--until", "2026-10-30"]
    assert figures(reviewed(made, *options))["time", "health.healthy-now", "BREACHED"] == 0.0
    state = str(store.folder.parent)
    assert (
        figures(reviewed(made, *options, "--state", state))["time", "health.healthy-now", "BREACHED"]
        == 2700.0
    )


def test_several_on_one_page(store: Store, made: list[Review]) -> None:
    """All that have runs, or those that are named."""
    for name in ("booted", "shop", "third"):
        store.add(simple(moment(30), HEALTHY, deployment=name))
    assert main(["review", "--out", "out", "--compare-deployments"]) == 0
    assert [one.week.deployment for one in made] == ["booted", "shop", "third"]
    names = ["--deployment", "third", "--deployment", "shop"]
    assert main(["review", "--out", "out", "--compare-deployments", *names]) == 0
    assert [one.week.deployment for one in made] == ["third", "shop"]


def test_several_with_stores_of_their_own(
    project: Path, store: Store, made: list[Review], capsys: Said
) -> None:
    """All that have runs, wherever their files say that these are; of a file that is broken, a line tells."""
    store.add(simple(moment(30), HEALTHY))
    for name, more in (
        ("apart", "runs: {dir: ../kept}\n"),
        ("idle", ""),
        ("broken", "headers: {A: '${NO_SUCH}'}\n"),
    ):
        (project / f"deployments/{name}.yaml").write_text(f"base_url: http://127.0.0.1:9\n{more}")
    Store(project / "kept").add(simple(moment(30), sick(), deployment="apart", exit_status=1))
    assert main(["review", "--out", "out", "--compare-deployments", "--until", "2026-10-30"]) == 0
    assert [(one.week.deployment, one.verdict) for one in made] == [
        ("apart", "BREACHED"),
        ("shop", "UNMEASURED"),
    ]
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("broken is left out: ")
    assert "NO_SUCH" in line


def test_an_hour_of_a_probe_of_once_a_day(store: Store, made: list[Review]) -> None:
    """Its verdict still holds, although neither the hour nor the one before has a run."""
    store.add(simple(moment(29, 12), HEALTHY, interval=86400.0))
    store.add(simple(moment(30, 12), HEALTHY, interval=86400.0))
    one = reviewed(made, "--since", "1h", "--until", "2026-10-30T16:00:00+01:00")
    assert figures(one)["time", "health.healthy-now", "MET"] == 3600.0
    assert "without a probe" not in one.sentence


def test_what_is_written(store: Store, made: list[Review], capsys: Said) -> None:
    """Both, or the one that is asked for; Markdown may be printed."""
    store.add(simple(moment(30), HEALTHY))
    assert main(["review", "--out", "a/b"]) == 0
    assert sorted(path.name for path in Path("a/b").iterdir()) == ["review.html", "review.md"]
    assert capsys.readouterr().out.splitlines()[-2:] == ["review: a/b/review.html", "review: a/b/review.md"]
    assert main(["review", "--out", "c", "--format", "html"]) == 0
    assert [path.name for path in Path("c").iterdir()] == ["review.html"]
    capsys.readouterr()
    assert main(["review", "--format", "markdown"]) == 0
    assert json.loads(capsys.readouterr().out)


# options: what is wrong; said: a piece of the error
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "html"], "found no --out; expected --out DIR"),
        ([], "found no --out; expected --out DIR"),
        (["--out", ""], "found an empty text; expected the path of a folder"),
        (["--out", "o", "--since", "1m"], "found --since 1m; expected at least 1h, and at most 92d"),
        (["--out", "o", "--since", "1y"], "expected at least 1h, and at most 92d"),
        (["--out", "o", "--since", "7"], "without a unit"),
        (["--out", "o", "--until", "monday"], "--until: found monday, which is not an RFC 3339 date and time; expected a day"),
        (["--out", "o", "--until", "2026-11-03"], "2026-11-03, which is to come"),
        (["--out", "o", "--until", "2026-11-02T12:00:01+01:00"], "which is to come"),
        (["--out", "o", "--until", "1970-01-03"], "expected a time --since after 1970 began"),
        (["--out", "o", "--deployment", "shp"], "found no deployment shp, neither a file nor runs in "),
        (["--out", "o", "--deployment", "shp"], "expected shop; did you mean shop?"),
        (["--out", "o", "--deployment", "no/such.yaml"], "no/such.yaml"),
        (["--out", "o", "--deployment", "shop", "--deployment", "b"], "found --deployment 2 times; expected --compare-deployments"),
        (["--out", "o", "--deployment", "shop", "--post-to", "gate"], "--post-to: found gate, which is no sink of the kind slack in"),
        (["--out", "o", "--deployment", "shop", "--post-to", ""], "--post-to: found an empty text, which is no sink of the kind slack in"),
        (["--out", "deployments/shop.yaml"], "the review cannot be made: "),
        (["--out", "/dev/null/x"], "the review cannot be made: "),
    ],
)  # fmt: skip
def test_what_a_user_got_wrong(
    options: list[str], said: str, store: Store, made: list[Review], capsys: Said
) -> None:
    """One clear error, status 4, and no page."""
    store.add(simple(moment(30), HEALTHY))
    with pytest.raises(SystemExit) as ended:
        # argparse ends the process for what it sees itself.
        raise SystemExit(main(["review", *options]))
    assert ended.value.code == 4
    assert said in capsys.readouterr().err
    assert made == []


def test_no_runs_and_no_files(project: Path, made: list[Review], capsys: Said) -> None:
    """What to do is said."""
    (project / "deployments/shop.yaml").unlink()
    assert main(["review", "--out", "out"]) == 4
    assert "found no runs in " in capsys.readouterr().err


def test_a_library_that_is_missing(
    store: Store, capsys: Said, made: list[Review], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is named with the extra, before anything is read."""
    monkeypatch.setitem(command._LIBRARIES, "html", ("numpy", "no_such", "nor_such"))
    assert main(["review", "--out", "out"]) == 4
    assert capsys.readouterr().err == (
        "review needs no_such and nor_such, which are not installed; expected: pip install 'deployspec[report]'\n"
    )


def test_what_chapters_say(store: Store, made: list[Review], monkeypatch: pytest.MonkeyPatch) -> None:
    """Their sections stand where their ranks put them, and count in the verdict; one that cannot say anything spoils no page."""
    store.add(simple(moment(30), HEALTHY))
    several = (
        Chapter("one", "", reviews=f"{__name__}:_one"),
        Chapter("two", "", reviews=f"{__name__}:_two"),
        Chapter("three", "", reviews="no.such:module", libraries=("no_such",), extra="three"),
        Chapter(
            "four",
            "",
            reviews="no.such:module",
            libraries=("no_such",),
            extra="four",
            parts={"maintenance_windows": "no.such:PART"},
        ),
        Chapter("five", ""),
    )
    monkeypatch.setattr(app, "chapters", lambda: several)
    monkeypatch.setattr(command, "chapters", lambda: several)
    one = reviewed(made, "--deployment", "shop")
    assert [part.key for part in one.sections] == ["checks", "one", "runs", "made"]
    assert one.verdict == "BREACHED"
    # The deployment file has nothing for three, but something for four.
    assert (
        "what two has to tell (found no Prometheus) and what four has to tell (four needs no_such, "
        in one.sentence
    )
    assert "what three has to tell" not in one.sentence
    made_of = dict(texts(one, "made"))
    assert made_of["Chapters asked"] == "one"
    assert texts(one, "left-out") == [
        ["two: found no Prometheus"],
        ["three: three needs no_such, which is not installed; expected: pip install 'deployspec[three]'"],
        ["four: four needs no_such, which is not installed; expected: pip install 'deployspec[four]'"],
    ]


def _one(week: object, deployment: object, history: object) -> list[Section]:
    assert deployment is not None
    return [Section("one", "One", breached=("objective a",), parts=[Table("t", "T", ())])]


def _two(week: object, deployment: object, history: object) -> list[Section]:
    raise UsageError("found no Prometheus")


def test_it_is_sent_to_a_sink(
    project: Path, store: Store, made: list[Review], monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    """After the page is there; where it is not taken, the status says so."""
    from deployspec.sinks import slack
    from deployspec.sinks.sending import NotSent

    sent = []

    def post(push: object, text: str) -> None:
        sent.append((push.name, text))  # type: ignore[attr-defined]
        if len(sent) > 1:
            raise NotSent("status 500", final=False)

    monkeypatch.setattr(slack, "post_text", post, raising=False)
    (project / "deployments/shop.yaml").write_text(
        f"{SHOP}push: [{{name: team, kind: slack, url: 'https://127.0.0.1:9/x'}}]\n"
    )
    store.add(simple(moment(30), HEALTHY))
    one = reviewed(made, "--deployment", "shop", "--post-to", "team")
    assert sent == [("team", one.sentence)]
    assert main(["review", "--out", "out", "--deployment", "shop", "--post-to", "team"]) == 74
    assert capsys.readouterr().err == "--post-to team: status 500\n"
    assert main(["review", "--out", "out", "--deployment", "shop", "--post-to", "no"]) == 4
    assert "expected team" in capsys.readouterr().err


def test_the_windows_of_the_file_are_those_of_the_simulation() -> None:
    """So that what the tests of the month say of maintenance is true of deployment files."""
    assert WINDOWS in SHOP
    assert time.gmtime(moment(25, 4)).tm_hour == 3
