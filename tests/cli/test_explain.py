"""``deployspec explain``, and that what the checks say of themselves is true."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from deployspec.app import chapters
from deployspec.base.places import Places
from deployspec.chapters.alerts.judge.rule_tests.guards import GUARDS
from deployspec.cli import main
from deployspec.cli.explain import keys_of
from deployspec.cli.reading import LABELS, Told, checks
from deployspec.deployment.schema import assembled, is_described
from tests.chapters.alerts.test_matrix import ROWS as ALERTS
from tests.chapters.dashboards.test_matrix import ROWS as DASHBOARDS
from tests.chapters.health.test_fault_matrix import OUTAGES, SERVICE
from tests.chapters.logs.test_matrix import CORRELATION
from tests.chapters.logs.test_matrix import ROWS as LOGS
from tests.chapters.metrics.test_matrix import ROWS as METRICS
from tests.chapters.slo.test_matrix import ROWS as SLO
from tests.suite import ROOT

OURS = checks(Places(ROOT))
MATRICES = (
    "chapters/health/test_endpoints.py",
    "chapters/health/test_rollout.py",
    "chapters/alerts/test_matrix.py",
    "chapters/alerts/test_live_matrix.py",
    "chapters/metrics/test_matrix.py",
    "chapters/slo/test_matrix.py",
    "reference/test_monitoring.py",
)
"""Files in which a fault may also be a test of its own, which has the fault's name."""


def functions(path: Path) -> dict[str, str]:
    """The tests in a file, in words, each with its source."""
    text = path.read_text()
    found = (node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    return {node.name.removeprefix("test_").replace("_", " "): ast.unparse(node) for node in found}


def red() -> dict[str, set[str]]:
    """By fault, the test functions of the checks that its row says are BREACHED."""
    faults: dict[str, set[str]] = {}
    for row in (*SERVICE, *OUTAGES, *LOGS, *ALERTS, *SLO, *METRICS, *DASHBOARDS):
        faults.setdefault(row.fault, set()).update(name.partition("[")[0] for name in row.breached)
    return faults | {fault: set(breached) for fault, breached in CORRELATION.items()}


def test_every_check_is_read() -> None:
    """The files say the same checks as the chapters do, in their order of chapters."""
    assert {check.id for check in OURS} == {own for chapter in chapters() for own in chapter.checks}
    assert list(dict.fromkeys(check.chapter for check in OURS)) == [chapter.name for chapter in chapters()]


@pytest.mark.parametrize("check", OURS, ids=lambda check: check.id)
def test_what_a_check_says_of_itself(check: Told) -> None:
    """It has every label; its fault is one that turns it red; its keys are those of a deployment file."""
    assert set(check.labelled) == set(LABELS)
    schema = assembled(chapter.schema for chapter in chapters() if chapter.schema is not None)
    assert [
        key
        for text in (*keys_of(check), *check.needs)
        for key in text.split(" or ")
        if not is_described(schema, key)
    ] == []
    assert keys_of(check)
    fault = check.labelled["Fault"].partition(":")[0]
    function = "test_" + check.id.partition(".")[2].replace("-", "_")
    tests = [functions(ROOT / "tests" / name) for name in MATRICES]
    assert function in red().get(fault, ()) or any(fault in one for one in tests), fault


def test_a_check_is_explained(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is known of it, in the words of its file and of the schema."""
    monkeypatch.chdir(ROOT)
    assert main(["explain", "health.version-is-expected"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("health.version-is-expected\n  Every `version` is the one that")
    assert "\nFault:      version-other: an older version" in said
    assert "\nKeys:       health.expect_version: The version that must be running.\n" in said
    assert "\nNeeds:      health, health.fields.version, health.expect_version\n" in said
    assert "Default: 5." in said
    assert "\nStands in:  checks/test_health.py:" in said


OWN = '''"""The shop's own promises."""

import pytest

pytestmark = pytest.mark.health


@pytest.mark.parametrize("fault", [pytest.param("a", marks=pytest.mark.needs("faults.a"), id="a")])
@pytest.mark.needs("allow.faults")
def test_shop_is_open(fault):
    """The shop is open."""
'''


def test_a_parameter_has_needs_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What only one of its items needs is told for that item; without a parameter, for each."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "test_shop.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    assert main(["explain", "health.shop-is-open[a]"]) == 0
    assert "Needs:      allow.faults, faults.a\n" in capsys.readouterr().out
    assert main(["explain", "health.shop-is-open"]) == 0
    assert "\n            [a]: faults.a\n" in capsys.readouterr().out
    monkeypatch.chdir(ROOT)
    assert main(["explain", "logs.lines-are-records[api]"]) == 0
    assert capsys.readouterr().out.startswith("logs.lines-are-records[api]\n")


# word: what is typed; said: a piece of the one line
@pytest.mark.parametrize(
    ("word", "said"),
    [
        pytest.param("ok-is-all-parts", "did you mean health.ok-is-all-parts?", id="without-its-chapter"),
        pytest.param("health.ok-is-al-prts", "did you mean health.ok-is-all-parts", id="misspelt"),
        pytest.param("alerts.templates_use_lables", "templates-use-labels-that-are-there", id="long"),
        pytest.param("zzzzz", "expected one of `deployspec list`", id="like-none"),
        pytest.param("", "found no check an empty text", id="nothing"),
        pytest.param("x" * 100_000, "expected one of `deployspec list`", id="endless"),
    ],
)
def test_an_unknown_check_is_one_line(word: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the nearest names, and status 4."""
    assert main(["explain", word]) == 4
    told = capsys.readouterr()
    assert said in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""


LINTS = (
    "unaggregated-ratio",
    "unaggregated-quantile",
    "dropped-label",
    "default-route-only",
    "silent-when-none",
    "never-matching",
    "wrong-metric-type",
    "hidden-by-or",
    "unquoted-value",
)


@pytest.mark.parametrize("finding", [*GUARDS, "missing-interval", "errors-later", "order-of-groups", *LINTS])
def test_a_finding_with_a_name_is_explained(finding: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Wherever the library is: a message names the finding, and no file of the clone."""
    assert main(["explain", finding]) == 0
    told = capsys.readouterr().out
    assert finding in told.splitlines()[0]
    assert len(told.splitlines()) > 2


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a chapter and a check of its own; its folder."""
    (tmp_path / "pytest.ini").write_text("[pytest]\ndeployspec_chapters =\n    shop: the shop keeps it.\n")
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "test_shop.py").write_text(
        'import pytest\nraise SystemExit("imported")\n\n\n'
        '@pytest.mark.shop\nclass TestCart:\n    def test_total(self):\n        """The total is right.\n\n'
        '        Limit: a cent, whichever\n        way.\n        """\n\n\ndef test_no_check(): ...\n'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_check_of_ones_own(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is read and not run; what it does not say is not there."""
    assert main(["explain", "shop.total"]) == 0
    assert capsys.readouterr().out == (
        "shop.total\n  The total is right.\n\nLimit:      a cent, whichever way.\n"
        "Stands in:  checks/test_shop.py:7\n"
    )
    assert main(["list", "shop"]) == 0
    assert capsys.readouterr().out == "shop: the shop keeps it.\n  shop.total  The total is right.\n"


MARKED = '''
import unittest
import pytest as pt

shop = pt.mark.shop


@shop
def test_alias():
    """By a name of its own."""


class Prices(unittest.TestCase):
    pytestmark = shop

    def test_sum(self):
        """In a class of unittest's."""
'''


def test_marks_by_other_names(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As pytest sees them."""
    (own / "checks" / "test_named.py").write_text(MARKED)
    assert main(["list", "shop"]) == 0
    told = capsys.readouterr().out
    assert "shop.alias" in told
    assert "shop.sum" in told


@pytest.mark.parametrize("text", [b"def test(:\n", b"\0", b"x = '\xff'\n"])
def test_a_file_that_is_not_python(own: Path, text: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """One line on standard error; the others are read all the same."""
    (own / "checks" / "test_bad.py").write_bytes(text)
    assert main(["explain", "shop.total"]) == 0
    told = capsys.readouterr()
    assert told.err.startswith("checks/test_bad.py:")
    assert told.err.count("\n") == 1
    assert told.out.startswith("shop.total\n")


def test_a_list_of_chapters(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that are named, or of all; as text, and as JSON with the whole promise."""
    monkeypatch.chdir(ROOT)
    assert main(["list", "slo", "logs"]) == 0
    said = capsys.readouterr().out
    assert [line.partition(":")[0] for line in said.splitlines() if line and line[0] != " "] == [
        "logs",
        "slo",
    ]
    assert ["logs.lines-are-short", "No", "line", "is", "longer", "than", "256", "KiB."] in map(
        str.split, said.splitlines()
    )
    assert main(["list", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)["checks"]
    assert [check["id"] for check in told] == [check.id for check in OURS]
    assert main(["list", "helth"]) == 4
    assert "did you mean health?" in capsys.readouterr().err


def test_commands_are_imported_when_they_are_chosen() -> None:
    """``--help`` imports no module of a command, and neither pytest nor what looks through all packages."""
    script = (
        "import sys\nfrom deployspec.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-S", "-c", script], env={"PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, timeout=60, check=True)  # fmt: skip
    assert "explain" in done.stdout
    loaded = set(done.stderr.split())
    assert not loaded & {"pytest", "yaml", "json", "importlib.metadata", "deployspec.scaffold.command"}
    assert not [
        name for name in loaded if name.startswith("deployspec.chapters.") and name.endswith(".command")
    ]
