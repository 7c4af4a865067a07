"""Rule files are found and read, whatever a folder holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deployspec.base.problems import Place, Problem
from deployspec.languages.rule_files.unit_tests import read_tests
from deployspec.tools import rule_files
from deployspec.tools.rule_files import find_files, read_text, rule_files_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of rules with what may lie around in one."""
    for name in (
        "rules/b.yml",
        "rules/a.yml",
        "rules/team/c.yml",
        "rules/.d.yml",
        ".git/e.yml",
        "rules/x[1].yml",
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    (tmp_path / "rules/folder.yml").mkdir()
    (tmp_path / "rules/loop").symlink_to("../rules")
    (tmp_path / "rules/circle").symlink_to("circle")
    return tmp_path


def names(folder: Path, files: tuple[Path, ...]) -> list[str]:
    """Files as paths below a folder."""
    return [file.relative_to(folder).as_posix() for file in files]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("rules/*.yml", ["rules/a.yml", "rules/b.yml", "rules/x[1].yml"]),
        ("./rules//?.yml", ["rules/a.yml", "rules/b.yml"]),
        ("rules/[!a].yml", ["rules/b.yml"]),
        ("rules/.*.yml", ["rules/.d.yml"]),
        ("**/*.yml", ["rules/a.yml", "rules/b.yml", "rules/team/c.yml", "rules/x[1].yml"]),
        ("rules/**/c.yml", ["rules/team/c.yml"]),
        ("**/a.yml", ["rules/a.yml"]),
        ("rules/team/../a.yml", ["rules/team/../a.yml"]),
        ("rules/loop/a.yml", ["rules/loop/a.yml"]),
        ("rules/folder.yml", ["rules/folder.yml"]),
        ("rules/circle", ["rules/circle"]),
        ("rules/circl*", ["rules/circle"]),
    ],
)
def test_patterns_match_files(folder: Path, pattern: str, expected: list[str]) -> None:
    """Sorted; hidden names and folders only where they are named, links that lead in circles harmless."""
    found = find_files([pattern], folder)
    assert names(folder, found.by_pattern[pattern]) == expected
    assert names(folder, found.files) == expected
    assert found.problems == {}


@pytest.mark.parametrize(
    "pattern",
    ["nothing.yml", "*.yml", "rules/*.json", "nothing/**/*.yml", "", "/", "a\0b", "rules/a.yml/b", "**"],
)
def test_a_pattern_that_matches_nothing_is_told(folder: Path, pattern: str) -> None:
    """Each such pattern by itself, beside those that match."""
    found = find_files([pattern, "rules/a.yml"], folder if pattern != "**" else folder / "rules/folder.yml")
    assert found.by_pattern[pattern] == ()
    assert found.problems[pattern] == "it matches no file"


def test_files_of_several_patterns_are_there_once(folder: Path) -> None:
    """However often and in whatever spelling they match; an absolute pattern may be used."""
    patterns = ["rules/b.yml", "./rules/../rules/b.yml", f"{folder}/rules/[ab].yml"]
    found = find_files(patterns, folder)
    assert names(folder, found.files) == ["rules/a.yml", "rules/b.yml"]
    assert list(found.by_pattern) == patterns


def test_a_pattern_over_the_whole_machine_ends(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gives up at its limit, and says so."""
    monkeypatch.setattr(rule_files, "MOST_ENTRIES", 5)
    found = find_files(["**/*.yml", "rules/a.yml"], folder)
    assert found.problems == {"**/*.yml": "it looks at more than 5 files and folders"}
    assert names(folder, found.files) == ["rules/a.yml"]


def test_text_is_read(tmp_path: Path) -> None:
    """As UTF-8, without a byte order mark, with its line ends as they are."""
    file = tmp_path / "a.yml"
    file.write_bytes("\ufeffgroups: é\r\n".encode())
    assert read_text(file) == "groups: é\r\n"


@pytest.mark.parametrize(
    ("name", "found", "place"),
    [
        ("missing", "no such file", (1, 1)),
        ("folder", "a folder", (1, 1)),
        ("pipe", "a named pipe", (1, 1)),
        ("circle", "something that cannot be read (Too many levels of symbolic links)", (1, 1)),
        ("latin-1", "a byte that is not UTF-8 (0xe9)", (2, 4)),
        ("a\0b", "something that cannot be read (no file can have this name)", (1, 1)),
        ("large", "a file of more than 32 bytes", (1, 1)),
    ],
)
def test_what_cannot_be_read_is_a_problem(
    tmp_path: Path, name: str, found: str, place: tuple[int, int]
) -> None:
    """It says what the path is instead; a named pipe without a writer is not waited for."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "latin-1").write_bytes("a\né: é".encode().replace(b": \xc3\xa9", b": \xe9"))
    (tmp_path / "large").write_bytes(b"x" * 33)
    problem = read_text(tmp_path / name, limit=32, name=name)
    assert isinstance(problem, Problem)
    assert (problem.found, problem.place) == (found, Place(name, *place))


@pytest.mark.parametrize(("size", "read"), [(31, True), (32, True), (33, False)])
def test_the_limit_is_the_largest_size_that_is_read(tmp_path: Path, size: int, read: bool) -> None:
    """In bytes."""
    (tmp_path / "a").write_bytes(b"x" * size)
    assert isinstance(read_text(tmp_path / "a", limit=32), str) == read


@pytest.mark.parametrize(
    ("entry", "expected", "problem"),
    [
        ("a.yml", ["rules/a.yml"], ""),
        ("./team/../a.yml", ["rules/a.yml"], ""),
        ("[ab].yml", ["rules/a.yml", "rules/b.yml"], ""),
        ("[^a].yml", ["rules/b.yml"], ""),
        ("[a-b]*", ["rules/a.yml", "rules/b.yml"], ""),
        ("*.yml", ["rules/.d.yml", "rules/a.yml", "rules/b.yml", "rules/folder.yml", "rules/x[1].yml"], ""),
        ("x\\[1\\].yml", ["rules/x[1].yml"], ""),
        ("*/c.yml", ["rules/team/c.yml"], ""),
        ("../**/c.yml", [], "it matches no file"),
        ("../**/a.yml", ["rules/a.yml"], ""),
        ("missing.yml", [], "there is no such file"),
        ("", [], "it is empty"),
        ("[a", [], "its pattern [a is broken"),
        ("a\\", [], "its pattern a\\ is broken"),
    ],
)
def test_entries_of_rule_files_match_as_in_go(
    folder: Path, entry: str, expected: list[str], problem: str
) -> None:
    """Relative to the test file's folder; `**` is no more than `*`, which matches hidden names too."""
    test_file = read_tests(f"rule_files: ['{entry}']\n", str(folder / "rules/t.yml"))
    (found,) = rule_files_of(test_file)
    assert names(folder, found.files) == expected
    assert found.problem == problem
    assert found.entry.text == entry


def test_an_absolute_entry_is_found(folder: Path) -> None:
    """It does not depend on the test file's folder."""
    test_file = read_tests(f"rule_files: ['{folder}/rules/?.yml']\n", "elsewhere/t.yml")
    assert names(folder, rule_files_of(test_file)[0].files) == ["rules/a.yml", "rules/b.yml"]
