"""Which checks went to and fro in the runs before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployspec.app import chapters
from deployspec.model.entry import Entry
from deployspec.record.flaky import LAST, changes, earlier
from deployspec.record.record import Run
from deployspec.record.store import Store

WORDS = {"M": "MET", "B": "BREACHED", "U": "UNMEASURED"}


def run(letter: str, number: int = 0, version: str = "1.0", maintenance: str = "", checks: str = "a") -> Run:
    """A run with these checks, of one verdict."""
    entries = {
        name: Entry(name, f"health.{name}", "health", "p", WORDS[letter], "r")
        for name in checks
        if letter != "-"
    }
    return Run(
        started=f"2026-11-29T{number // 60:02}:{number % 60:02}:00.000Z",
        deployment="shop",
        id=f"{number:012}",
        versions={"deployspec": version},
        entries=entries,
        maintenance=maintenance,
    )


@pytest.mark.parametrize(
    ("letters", "count"),
    [
        ("MMMM", None),
        ("BMMM", None),
        ("BBMM", None),
        ("MBMM", 2),
        ("BMBB", 2),
        ("BMBM", 3),
        ("MUMM", None),
        ("MUBUM", 2),
        ("UBUUMUB", 2),
        ("M-B-M", 2),
        ("M", None),
    ],
)
def test_two_changes_are_flaky(letters: str, count: int | None) -> None:
    """The newest verdict is that of the run itself. What was unmeasured, or not made, is no change."""
    now, *before = (run(letter) for letter in letters)

    assert changes(now, before) == ({} if count is None else {"health.a": count})


def test_only_the_last_runs_count() -> None:
    """Up to the twentieth, this one included; a run that is UNMEASURED is one of them."""
    for quiet in ("M", "U"):
        last = [run(quiet) for _ in range(LAST - 3)]
        assert changes(run("M"), [*last, run("B"), run("M")]) == {"health.a": 2}
        assert changes(run("M"), [*last, run(quiet), run("B"), run("M")]) == {}


def test_runs_of_another_version_or_in_maintenance_do_not_count() -> None:
    """What changed there need not be the check."""
    assert changes(run("M"), [run("B", version="0.9"), run("M")]) == {}
    assert changes(run("M"), [run("B", maintenance="night"), run("M")]) == {}


def test_no_more_is_read_than_is_needed() -> None:
    """Each check has its last runs, and nobody looks further."""
    read = []

    def before() -> Iterator[Run]:
        for number in range(1000):
            read.append(number)
            yield run("M", checks="a" if number % 2 else "ab")

    assert changes(run("M", checks="ab"), before()) == {}
    assert len(read) <= 2 * LAST


def test_what_the_store_has(tmp_path: Path) -> None:
    """The newest first, without the run itself; damaged records and other deployments tell nothing."""
    store = Store(tmp_path)
    for number, letter in enumerate("MBMM"):
        path = store.add(run(letter, number))
    damaged = store.add(run("B", 9))
    damaged.write_text("{")
    other = run("B", 10)
    other.deployment = "other"
    store.add(other)
    now = run("M", 3)

    found = list(earlier(now, store, chapters()))

    assert [one.started[14:16] for one in found] == ["02", "01", "00"]
    assert changes(now, found) == {"health.a": 2}
    assert path.exists()


def test_a_store_of_many_runs_is_not_read_to_its_end(tmp_path: Path) -> None:
    """Runs that do not make the check lie between those that do."""
    store = Store(tmp_path)
    for number in range(70):
        store.add(run("-", number))

    assert len(list(earlier(run("M", 99), store, chapters()))) == 60
