"""The hooks for pre-commit, run by it in a repository of another's."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from tests.installed.environments import run
from tests.suite import ROOT

pytestmark = pytest.mark.xdist_group("hooks")
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
IDS = [hook["id"] for hook in yaml.safe_load(MANIFEST.read_text())]
_OURS = ("src", "checks", "load", "schemas", "docs/lint", "docs/vacuous-tests.md", "pyproject.toml", "README.md", "LICENSE", MANIFEST.name)  # fmt: skip
"""What deployspec is installed from, and the hooks."""
_IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "a person"), ("EMAIL", "person@example.org"))
} | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
RULES = """\
groups:
  - name: shop
    rules:
      - alert: BooksFail
        expr: sum(rate(shop_failures_total[5m])) > 0.5
        labels: {severity: page}
        annotations: {summary: Looking for books fails.}
"""
_CASE = """\
  - name: {name}
    interval: 1m
    input_series: {series}
    alert_rule_test: [{{eval_time: 15m, alertname: BooksFail, exp_alerts: {alerts}}}]
"""
TESTS = "rule_files: [shop.rules.yml]\nevaluation_interval: 1m\ntests:\n" + "".join(
    _CASE.format(name=name, series=series, alerts=alerts)
    for name, series, alerts in (
        (
            "some fail",
            "[{series: shop_failures_total, values: 0+60x20}]",
            "[{exp_labels: {severity: page}, exp_annotations: {summary: Looking for books fails.}}]",
        ),
        ("few fail", "[{series: shop_failures_total, values: 0+6x20}]", "[]"),
        ("no data", "[]", "[]"),
    )
)
SOUND = {
    "README.md": "# The shop\n",
    ".gitignore": "runs/\n",
    "deployments/staging.yaml": (
        "base_url: ${SHOP_URL}\nauth: {bearer: '${SHOP_TOKEN}'}\nhealth: {path: /health, calls: 3}\n"
    ),
    "rules/shop.rules.yml": RULES,
    "rules/shop.test.yml": TESTS,
    "schemas/health.schema.json": '{"type": "object", "required": ["ok"]}\n',
}


def _git(folder: Path, *arguments: str) -> str:
    done = run("git", *arguments, cwd=folder, limit=60, **_IDENTITY)
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


def _commit(folder: Path) -> str:
    """All files of a folder as a commit; its name."""
    _git(folder, "init", "--quiet")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "All there is")
    return _git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that uses our hooks, with all files sound, and beside it what pre-commit has installed."""
    home = tmp_path_factory.mktemp("hooks")
    ours = home / "deployspec"
    for name in _OURS:
        (ours / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, ours / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(ROOT / name, ours / name)
    there = home / "shop"
    hooks = {"repo": str(ours), "rev": _commit(ours), "hooks": [{"id": name} for name in IDS]}
    for name, text in {**SOUND, ".pre-commit-config.yaml": yaml.safe_dump({"repos": [hooks]})}.items():
        (there / name).parent.mkdir(parents=True, exist_ok=True)
        (there / name).write_text(text)
    _commit(there)
    return there


def _hooks(repository: Path, installed: Path, *arguments: str) -> tuple[int, str]:
    """The status of ``pre-commit run``, and what it says."""
    done = run(
        sys.executable, "-m", "pre_commit", "run", "--color=never", *arguments,
        cwd=repository, PRE_COMMIT_HOME=str(installed), **_IDENTITY,
    )  # fmt: skip
    return done.returncode, done.stdout


@pytest.fixture
def repository(template: Path, tmp_path: Path) -> Path:
    """One of a test's own."""
    return Path(shutil.copytree(template, tmp_path / "shop"))


def _outcomes(said: str) -> dict[str, str]:
    """By the hooks' names, the last word of their lines."""
    names = {hook["name"] for hook in yaml.safe_load(MANIFEST.read_text())}
    lines = [line.partition("..") for line in said.splitlines()]
    return {name: rest.rpartition(".")[2].rpartition(")")[2] for name, _, rest in lines if name in names}


def test_sound_files_pass(template: Path, repository: Path) -> None:
    """Without the deployment's secrets. Nothing is changed, and a commit of something else asks no hook."""
    status, said = _hooks(repository, template.parent / "installed", "--all-files")
    assert status == 0, said
    assert _outcomes(said) == {
        "deployment files": "Passed",
        "JSON Schemas": "Passed",
        "alert rules": "Passed",
    }
    assert _git(repository, "status", "--porcelain") == ""
    (repository / "README.md").write_text("# The shops\n")
    _git(repository, "add", "README.md")
    status, said = _hooks(repository, template.parent / "installed")
    assert status == 0, said
    assert set(_outcomes(said).values()) == {"Skipped"}


# file: which one is changed, one text for another; hook: the one that says so, and none else does.
@pytest.mark.parametrize(
    ("file", "sound", "faulty", "hook", "said"),
    [
        pytest.param(
            "deployments/staging.yaml", "calls: 3", "cals: 3", "deployment files",
            "deployments/staging.yaml:3:25: found the unknown key cals", id="deployment",
        ),
        pytest.param(
            "rules/shop.rules.yml", "> 0.5", ">", "alert rules", "rules/shop.rules.yml:5:", id="rule",
        ),
        pytest.param(
            "rules/shop.rules.yml", "> 0.5", "> 5", "alert rules", "test_case[BooksFail@15m[some fail]]", id="rule-and-test",
        ),
        pytest.param(
            "schemas/health.schema.json", '"object"', '"objekt"', "JSON Schemas",
            "schemas/health.schema.json::$.type: 'objekt' is not valid", id="schema",
        ),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place(
    template: Path, repository: Path, file: str, sound: str, faulty: str, hook: str, said: str
) -> None:
    """When it is to be committed."""
    text = SOUND[file]
    assert sound in text
    (repository / file).write_text(text.replace(sound, faulty))
    _git(repository, "add", file)
    status, output = _hooks(repository, template.parent / "installed")
    assert status == 1, output
    assert {name for name, outcome in _outcomes(output).items() if outcome == "Failed"} == {hook}
    assert said in output
    assert "Traceback" not in output


def test_a_file_that_another_extends_is_read_with_it(template: Path, repository: Path) -> None:
    """Its fault may be in what the other makes of it."""
    (repository / "deployments/_base.yaml").write_text("health: {calls: 1}\n")
    (repository / "deployments/staging.yaml").write_text(
        "extends: _base.yaml\nbase_url: http://127.0.0.1:9\n"
    )
    _git(repository, "add", "--all")
    _git(repository, "commit", "--quiet", "--message", "A base")
    (repository / "deployments/_base.yaml").write_text("health: {calls: 0}\n")
    _git(repository, "add", "--all")
    status, output = _hooks(repository, template.parent / "installed")
    assert status == 1
    assert "deployments/_base.yaml:1:17: found 0" in output


def test_the_manifest_is_valid() -> None:
    """By pre-commit itself."""
    done = run(sys.executable, "-m", "pre_commit", "validate-manifest", MANIFEST, cwd=ROOT, limit=60)
    assert (done.returncode, done.stdout) == (0, "")
