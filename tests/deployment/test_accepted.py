"""The file of accepted breaches, with each thing wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from deployspec.base.errors import UsageError
from deployspec.deployment.accepted import read_accepted
from deployspec.model.acceptance import Acceptance
from tests.suite import ROOT

ENTRY = "{check: a, deployment: b, owner: c, reason: d, until: 2026-12-31}"
EXPECTED = "expected a file of accepted breaches: YAML, at most 1 MiB"


def read(folder: Path, text: str | bytes) -> tuple[Acceptance, ...]:
    """What a file says."""
    path = folder / "accepted.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_accepted(path, "accepted.yaml")


def until(day: str) -> str:
    """A file with one entry."""
    return f"accepted: [{{check: a, deployment: b, owner: c, reason: d, until: {day}}}]"


def test_the_page_shows_a_sound_file(tmp_path: Path) -> None:
    """Its entries are read as the page says."""
    page = (ROOT / "docs" / "gate.md").read_text()
    (block,) = re.findall(r"```yaml\n(# accepted\.yaml\n.*?)```", page, re.DOTALL)
    (tmp_path / "accepted.yaml").write_text(block)

    first, second = read_accepted(tmp_path / "accepted.yaml", "accepted.yaml")

    assert (first.check, first.deployment, first.until, first.strict) == (
        "health.ok-is-all-parts",
        "staging",
        "2026-12-31",
        None,
    )
    assert (second.is_for("production"), second.strict, second.place) == (True, False, "accepted.yaml:8")


@pytest.mark.parametrize("day", ["2026-12-31", "'2026-12-31'", '"2026-12-31"'])
def test_a_day_needs_no_quotes(tmp_path: Path, day: str) -> None:
    """YAML 1.1 would make a date of it."""
    (one,) = read(tmp_path, until(day))
    assert (one.until, one.is_day) == ("2026-12-31", True)


@pytest.mark.parametrize(
    "day",
    ["soon", "2026-02-29", "2026-1-1", "20261231", "2026-12-31T00:00:00Z", "2026-W01-1", "0000-01-01", "\u0662\u0660\u0662\u0666-01-01"],
)  # fmt: skip
def test_what_names_no_day_is_taken_as_such(tmp_path: Path, day: str) -> None:
    """It counts as expired, which is for others to say."""
    (one,) = read(tmp_path, until(day))
    assert (one.until, one.is_day) == (day, False)
    assert one.has_expired("1970-01-01")


def test_nothing_is_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dollar sign is one, and texts are told on one line."""
    monkeypatch.setenv("OWNER", "sesame")
    text = (
        until("2026-12-31")
        .replace("owner: c", 'owner: "${OWNER}"')
        .replace("reason: d", r'reason: "5 $x\nmore\e[31m"')
    )
    (one,) = read(tmp_path, text)
    assert (one.owner, one.reason) == ("${OWNER}", r"5 $x\nmore\x1b[31m")


@pytest.mark.parametrize("text", ["accepted: []", "accepted:", "accepted: ~"])
def test_none_are_accepted(tmp_path: Path, text: str) -> None:
    """Whoever removes the last entry need not remove the file."""
    assert read(tmp_path, text) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "1:1: found nothing (an empty file, or only comments); expected a mapping with the key accepted", id="empty"),
        pytest.param("[1]", "1:1: found a list at the top; expected a mapping with the key accepted", id="a-list"),
        pytest.param("accepted: [", "2:1: found broken YAML", id="no-yaml"),
        pytest.param(b"accepted: [\xff]", "1:12: found a byte that is not UTF-8 (0xff)", id="no-text"),
        pytest.param("accepted: []\n---\naccepted: []", "2:1: found a second document", id="two-documents"),
        pytest.param("accepted: {a: b}", "1:11: found a mapping; expected a list of mappings", id="a-mapping"),
        pytest.param("acepted: []", "1:1: found the unknown key acepted; expected one of the keys accepted; did you mean accepted?", id="unknown-top"),
        pytest.param("accepted: [a]", "1:12: found a", id="a-word"),
        pytest.param(f"accepted: [{ENTRY[:-1]}, owener: e}}]", "1:78: found the unknown key owener", id="unknown-key"),
        pytest.param(f"accepted: [{ENTRY[:-1]}, check: e}}]", "1:78: found a key for the second time (the first is at line 1, column 13)", id="key-twice"),
        pytest.param(f"accepted:\n- {ENTRY}\n- {ENTRY}", "3:3: found a mapping for the second time; expected each item once", id="entry-twice"),
        pytest.param("accepted: [{check: a, deployment: b, owner: c, until: 2026-12-31}]", "1:12: found no key reason", id="no-reason"),
        pytest.param("accepted: [{check: a, deployment: b, owner: '', reason: d, until: 2026-12-31}]", "1:45: found an empty text", id="empty-owner"),
        pytest.param("accepted: [{check: a, deployment: b, owner: ' ', reason: d, until: 2026-12-31}]", "1:45: found blanks alone; expected text that says the owner", id="blank-owner"),
        pytest.param(until("2026-12-31").replace("reason: d", 'reason: "\\t"'), "found blanks alone; expected text that says the reason", id="blank-reason"),
        pytest.param(until(""), "1:66: found nothing", id="no-day"),
        pytest.param(until("[2026-12-31]"), "1:66: found a list", id="days"),
        pytest.param(f"accepted: [{ENTRY[:-1]}, strict: maybe}}]", "1:86: found maybe; expected true or false", id="strict"),
        pytest.param(f"accepted: [{ENTRY[:-1]}, verdict: MET}}]", "1:87: found MET; expected BREACHED or UNMEASURED", id="verdict"),
        pytest.param(f"accepted: &a [{ENTRY}, *b]", "found an alias of an anchor that does not exist", id="alias"),
        pytest.param("accepted: [" + ", ".join(ENTRY.replace("a,", f"a{n},") for n in range(501)) + "]", "1:11: found a list of 501 items; expected at most 500", id="many"),
    ],
)  # fmt: skip
def test_what_is_wrong_has_its_place(tmp_path: Path, text: str | bytes, said: str) -> None:
    """Found and expected, as in a deployment file."""
    with pytest.raises(UsageError) as told:
        read(tmp_path, text)
    assert said in str(told.value)
    assert str(told.value).startswith("accepted.yaml:")


def nothing(_: Path) -> None:
    """No file at all."""


def large(path: Path) -> None:
    """Two megabytes."""
    path.write_text("# " + "x" * 2_000_000)


def dangling(path: Path) -> None:
    """A link to nowhere."""
    path.symlink_to("nowhere")


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (nothing, "no such file"),
        (Path.mkdir, "a directory"),
        (os.mkfifo, "a named pipe"),
        (large, "a file of 2000002 bytes"),
        (dangling, "no such file"),
    ],
)
def test_what_is_no_file(tmp_path: Path, make: Callable[[Path], object], found: str) -> None:
    """It takes no time, and little memory."""
    path = tmp_path / "list.yaml"
    make(path)
    with pytest.raises(UsageError) as told:
        read_accepted(path, "list.yaml")
    assert str(told.value) == f"list.yaml: found {found}; {EXPECTED}"


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as such (simulated: root may read everything)."""
    path = tmp_path / "list.yaml"
    path.write_text("accepted: []")

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UsageError) as told:
        read_accepted(path, "list.yaml")
    assert str(told.value) == f"list.yaml: found a file that you have no permission to read; {EXPECTED}"
