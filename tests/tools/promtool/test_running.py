"""Running promtool: each file's own verdict and output, whatever the other files of its process do."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import psutil
import pytest

from deployspec.tools.promtool import FileRun, Promtool, TestRunner, Workspace, find
from deployspec.tools.promtool.batch import KEPT
from tests.tools.promtool.fakes import behaving, calls

RIGHT = 'tests: [{promql_expr_test: [{expr: "1", eval_time: 0s, exp_samples: [{labels: "{}", value: 1}]}]}]\n'
WRONG = RIGHT.replace("value: 1", "value: 2")


@pytest.fixture
def fake(tmp_path: Path) -> Promtool:
    """A promtool whose verdict on a file is the file's name."""
    return behaving(tmp_path / "fake")


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """After each test no child process runs, and no temporary folder is there."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("deployspec.tools.promtool.running.folder_in_memory", lambda: str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    before = set(psutil.Process().children(recursive=True))
    yield
    assert set(psutil.Process().children(recursive=True)) - before == set()
    assert list(folder.iterdir()) == []


def judged(promtool: Promtool, *names: str, timeout: float = 30.0, processes: int = 1) -> dict[str, FileRun]:
    """What a runner makes of files of these names, all submitted at once."""
    with TestRunner(promtool, timeout=timeout, processes=processes) as runner:
        return {run.path: run for run in [future.result(60) for future in runner.submit_all(names)]}


def test_each_file_has_its_own_verdict_and_output(tmp_path: Path) -> None:
    """The real promtool: of many files, in every order, each has its own verdict and its own part of the output."""
    names = []
    for number in range(12):
        path = tmp_path / f"{number}.test.yml"
        path.write_text((WRONG if number % 3 == 1 else RIGHT).replace('"1"', f'"1 + 0 * {number}"'))
        names.append(str(path))
    runs = judged(find(os.environ), *names, processes=2)
    assert [runs[name].exit_status for name in names] == [1 if number % 3 == 1 else 0 for number in range(12)]
    for number, name in enumerate(names):
        assert ("FAILED:" in runs[name].output) == (number % 3 == 1)
        assert (f'expr: "1 + 0 * {number}"' in runs[name].output) == (number % 3 == 1)
        assert "WARNING" not in runs[name].output
        assert "separator" not in runs[name].output


def test_names_that_look_like_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file called -x or @x is a file, for the real promtool too."""
    monkeypatch.chdir(tmp_path)
    Path("-x.test.yml").write_text(RIGHT)
    Path("@x.test.yml").write_text(WRONG)
    runs = judged(find(os.environ), "-x.test.yml", "@x.test.yml", "@x.test.yml")
    assert (runs["-x.test.yml"].exit_status, runs["@x.test.yml"].exit_status) == (0, 1)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file is not judged, with promtool's reason; the others of its process are."""
    right = tmp_path / "right.test.yml"
    right.write_text(RIGHT)
    names = [str(right), str(tmp_path / "missing.yml"), str(right)]
    runs = judged(find(os.environ), *names)
    assert runs[names[0]].exit_status == 0
    assert runs[names[1]].exit_status is None
    assert "does not exist" in runs[names[1]].output


def test_output_cannot_be_faked(tmp_path: Path) -> None:
    """What a file makes promtool print, be it another file's success, is part of its own output only."""
    fake = tmp_path / "fake.test.yml"
    name = '"x,\\n\\n\\nUnit Testing:  right.test.yml\\n  SUCCESS\\n\\n"'
    fake.write_text(
        f"rule_files: ['x\n\n  SUCCESS\n\n\n  FAILED:']\ntests: [{{name: {name},"
        " alert_rule_test: [{alertname: A, eval_time: 0s, exp_alerts: [{}]}]}]"
    )
    right, wrong = tmp_path / "right.test.yml", tmp_path / "wrong.test.yml"
    right.write_text(RIGHT)
    wrong.write_text(WRONG)
    names = [str(path) for path in (right, fake, right, wrong, fake, right)]
    runs = judged(find(os.environ), *names)
    assert [runs[name].exit_status for name in names] == [0, 1, 0, 1, 1, 0]
    assert "alertname: A" in runs[str(fake)].output
    assert "alertname" not in runs[str(right)].output + runs[str(wrong)].output


def test_several_files_share_a_process(fake: Promtool) -> None:
    """Many files take few processes, and each file is run once."""
    names = [f"pass{number}" for number in range(40)]
    runs = judged(fake, *names)
    assert {run.exit_status for run in runs.values()} == {0}
    assert sorted(name for call in calls(fake) for name in call) == sorted(names)
    assert len(calls(fake)) < 12


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("kill", "promtool was killed by signal 9"),
        ("crash", "promtool ended with status 2"),
        (
            "hang",
            "promtool did not end within 1 s, other programs' time not counted (more: --promtool-timeout)",
        ),
    ],
)
def test_what_was_finished_keeps_its_verdict(fake: Promtool, name: str, trouble: str) -> None:
    """Where a file kills its process, those before it keep their verdicts, and the rest are run alone."""
    names = ["pass1", "fail1", name, "pass2", "fail2", "pass3", "pass4"]
    runs = judged(fake, *names, timeout=1)
    assert {run.path: run.exit_status for run in runs.values()} == {
        **dict.fromkeys(("pass1", "pass2", "pass3", "pass4"), 0), **dict.fromkeys(("fail1", "fail2"), 1), name: None
    }  # fmt: skip
    assert runs[name].trouble == trouble
    assert runs["fail2"].output == "Unit Testing:  fail2\n  FAILED:\nfail2 is wrong\n\n\n"
    together, *alone = calls(fake)
    assert together[:3] == ["pass1", "fail1", name]
    assert ["pass1"] not in alone
    assert [name] in alone


def test_a_second_try_alone(fake: Promtool, tmp_path: Path) -> None:
    """A promtool that dies once is tried once more, and its verdict then counts."""
    run = judged(fake, str(tmp_path / "once"))[str(tmp_path / "once")]
    assert (run.exit_status, run.trouble) == (0, "")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("garbage", "promtool ended with status 0, which its output does not explain"),
        ("liar", "promtool ended with status 1, which its output does not explain"),
        ("coward", "promtool ended with status 0, which its output does not explain"),
        ("grumble", "promtool ended with status 1, which its output does not explain"),
    ],
)
@pytest.mark.parametrize("others", [(), ("pass1", "pass2", "pass3", "pass4")])
def test_contradictions_are_no_verdict(fake: Promtool, name: str, said: str, others: tuple[str, ...]) -> None:
    """Where exit status and output do not agree nothing is judged, alone or among others; the others are."""
    runs = judged(fake, name, *others)
    assert (runs[name].exit_status, runs[name].trouble) == (None, said)
    assert {runs[other].exit_status for other in others} <= {0}


def test_a_promtool_that_hangs_at_every_file_is_given_up(fake: Promtool) -> None:
    """After three files in a row that did not end in time, the rest is told not to have been run, and was not."""
    names = [f"{number}-hang.yml" for number in range(8)]
    runs = judged(fake, *names, timeout=0.5)
    alone = [called for called in calls(fake) if len(called) == 1]
    assert len(alone) == 3
    assert {runs[name].exit_status for name in names} == {None}
    told = [run.trouble for run in runs.values()]
    assert sum(one.startswith("promtool did not end within 0.5 s") for one in told) == 3
    assert told.count("not run, because promtool did not end within 0.5 s on 3 files in a row") == 5


def test_files_that_hang_between_others_cost_the_others_nothing(fake: Promtool) -> None:
    """Hanging files with a judged one after each of them are no reason to give up."""
    names = [name for number in range(5) for name in (f"{number}-hang.yml", f"{number}-pass.yml")]
    runs = judged(fake, *names, timeout=0.5)
    assert [runs[name].exit_status for name in names] == [None, 0] * 5


@pytest.mark.parametrize("others", [(), ("pass1", "fail1")])
def test_huge_output_is_bounded(fake: Promtool, others: tuple[str, ...]) -> None:
    """Of megabytes of output the beginning is kept, and how much was left out; the verdict counts."""
    run = judged(fake, *others, "huge", "fail3", "pass3")["huge"]
    assert run.exit_status == 1
    assert run.output.startswith("  FAILED:\na line of an error")
    assert "bytes left out]" in run.output
    assert KEPT < len(run.output) <= 2 * KEPT + 100


def test_promtool_that_is_not_there_any_more(tmp_path: Path) -> None:
    """A promtool that vanished is told, not raised."""
    runs = judged(Promtool(str(tmp_path / "gone"), "2.42.0", frozenset()), "a", "b")
    assert {run.trouble for run in runs.values()} == {
        "promtool could not be started: No such file or directory"
    }
    assert {run.exit_status for run in runs.values()} == {None}


def test_closing_ends_everything(fake: Promtool) -> None:
    """Closed in mid-run, every process ends and every future has a result."""
    runner = TestRunner(fake, processes=2)
    futures: list[Future[FileRun]] = runner.submit_all(["hang1", "hang2", "pass1", "hang3"])
    deadline = time.monotonic() + 30
    while len(calls(fake)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    runner.close()
    assert [future.result(0).exit_status for future in futures] == [None] * 4
    assert {future.result(0).trouble for future in futures} == {"the run was cancelled"}
    assert runner.submit("pass2").result(0).trouble == "the run was cancelled"
    runner.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "promtool"]


def test_interruption_ends_everything(fake: Promtool) -> None:
    """An exception in the middle leaves nothing behind."""
    with pytest.raises(KeyboardInterrupt), TestRunner(fake) as runner:  # noqa: PT012 - the block is the point
        runner.submit("hang")
        raise KeyboardInterrupt


def test_workspace_is_removed() -> None:
    """Its files keep their names' ends, never collide, and are gone with it."""
    with Workspace() as workspace:
        first, second = workspace.write("a/b.test.yml", "1"), workspace.write("b.test.yml", "2")
        assert (Path(first).read_text(), Path(second).read_text()) == ("1", "2")
        assert first.endswith("b.test.yml")
    assert not Path(workspace.path).exists()
