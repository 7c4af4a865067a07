"""Which of the files that patterns match are rules, and which are unit tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployspec.chapters.alerts.fixtures.rule_set import RuleSet
from deployspec.chapters.alerts.fixtures.sources import RuleSources

FILES = {
    "a.yaml": "groups: [{name: g, rules: [{alert: A, expr: up == 0}]}]\n",
    "a_test.yaml": "rule_files: [a.yaml]\ntests: [{interval: 1m, alert_rule_test: [{alertname: A}]}]\n",
    "deep/k8s.yaml": "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec: {groups: []}\n",
    "deep/dashboard.yaml": "apiVersion: v1\nkind: ConfigMap\n",
    "values.yaml": "replicas: 2\n",
    "misspelt.yaml": "gruops: []\n",
    "broken.yaml": "x: [\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as teams have it."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def rule_set(folder: Path, *files: str, exclude: tuple[str, ...] = ()) -> RuleSet:
    """The rules of these patterns."""
    return RuleSet(RuleSources(files, (), exclude=exclude, folder=folder))


def names(folder: Path, paths: object) -> list[str]:
    """Relative to the folder."""
    return sorted(str(Path(str(path)).relative_to(folder)) for path in paths)  # type: ignore[attr-defined]


@pytest.mark.parametrize("here", ["deep", ".", ".."])
def test_a_file_is_one_wherever_one_stands(folder: Path, monkeypatch: pytest.MonkeyPatch, here: str) -> None:
    """What a unit test loads is the file that a pattern matches, whichever the working folder is."""
    monkeypatch.chdir(folder / here)
    rules = rule_set(folder, "a.yaml", "a_test.yaml")
    assert [rule.name for rule in rules.alerts] == ["A"]


def test_a_pattern_takes_each_file_as_what_it_is(folder: Path) -> None:
    """Unit tests are unit tests, and what is neither is passed over; what cannot be told is read as rules."""
    rules = rule_set(folder, "**/*.yaml")
    read = names(folder, (file.path for file in rules.rule_files))
    assert read == ["a.yaml", "broken.yaml", "deep/k8s.yaml", "misspelt.yaml"]
    assert names(folder, (test.file.path for test in rules.test_files)) == ["a_test.yaml"]
    assert names(folder, rules.passed_over) == ["deep/dashboard.yaml", "values.yaml"]
    assert not rules.sources.missing("tests")
    assert not rules.trouble


def test_what_is_named_literally_is_no_accident(folder: Path) -> None:
    """It has to be rules; a file of unit tests is told by its structure all the same."""
    rules = rule_set(folder, "values.yaml", "a_test.yaml")
    assert rules.passed_over == ()
    (file, _) = rules.rule_files
    assert "found the unknown field `replicas`" in str(file.problems[0]), file.problems
    assert names(folder, (test.file.path for test in rules.test_files)) == ["a_test.yaml"]


def test_excluded_files_are_not_read(folder: Path) -> None:
    """Neither as rules nor as unit tests; a pattern that is left without any says so."""
    rules = rule_set(folder, "**/*.yaml", "misspelt.yaml", exclude=("*t.yaml", "b*.yaml", "deep/**"))
    assert names(folder, (file.path for file in rules.rule_files)) == ["a.yaml"]
    assert list(rules.trouble.values()) == ["each file that it matches is excluded"]
