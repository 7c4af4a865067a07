"""A chapter from outside the package: one folder and one entry point, and nothing here is edited for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deployspec.app import OURS
from tests.suite import ROOT

CHAPTER = """
from pathlib import Path
from deployspec.model.chapter import Chapter, Command, Option

CHAPTER = Chapter(
    name="colour",
    sentence="the front page has the colour that was promised.",
    checks=("colour.is-promised",),
    only_running=True,
    markers={"bright": "of bright colours alone."},
    options=(Option("--shade", {"default": "dark", "metavar": "SHADE", "help": "of the colour (dark)"}),),
    parts={"colour": "colours.part:COLOUR"},
    schema=Path(__file__).with_name("part.schema.json"),
    plugins=("colours.fixtures",),
    commands={"colours": Command("list the colours", "colours.command:arguments")},
    recorded={"colour": "colours.report:recorded"},
    summary="colours.report:summary",
)
"""
PART = """
from deployspec.deployment import Part

def _check(check, data):
    if data["colour"]["name"] == "beige":
        check.add(("colour", "name"), "beige", "a colour")

COLOUR = Part("colour", lambda data, folder: data["name"], _check)
"""
SCHEMA = {
    "colour": {
        "description": "The colour.",
        "type": "object",
        "additionalProperties": False,
        "required": ["name"],
        "properties": {"name": {"description": "Its name.", "type": "string"}},
    }
}
FIXTURES = """
import pytest
from colours.part import COLOUR
from deployspec.plugin.run_folder import run_folder

@pytest.fixture(scope="session")
def colour(deployment, pytestconfig):
    seen = f"{pytestconfig.getoption('--shade')} {deployment.require(COLOUR)}"
    (run_folder(pytestconfig) / "seen").write_text(seen)
    return seen
"""
COMMAND = """
def arguments(parser):
    parser.set_defaults(run=run)

def run(options):
    print("blue, green")
    return 0
"""
REPORT = """
def recorded(folder):
    file = folder / "seen"
    return {"seen": file.read_text()} if file.exists() else None

def summary(run):
    return [f"colour seen: {run.added['colour']['seen']}"] if run.added["colour"] else []
"""
CHECK = '''
import pytest
from deployspec.model.verdict import Outcome, Verdict

pytestmark = [pytest.mark.colour, pytest.mark.needs("colour")]

def test_is_promised(colour, judge):
    """The front page has the promised colour."""
    judge(Verdict(Outcome.MET if colour == "dark blue" else Outcome.BREACHED, f"it is {colour}", colour, "dark blue"))
'''


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder with the package ``colours``, as if it were installed, and a check of its own."""
    package = tmp_path / "site" / "colours"
    package.mkdir(parents=True)
    for name, text in {"chapter": CHAPTER, "part": PART, "fixtures": FIXTURES, "command": COMMAND, "report": REPORT}.items():  # fmt: skip
        (package / f"{name}.py").write_text(text)
    (package / "__init__.py").touch()
    (package / "part.schema.json").write_text(json.dumps(SCHEMA))
    told = tmp_path / "site" / "colours-1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: colours\nVersion: 1\n")
    (told / "entry_points.txt").write_text("[deployspec.chapters]\ncolour = colours.chapter:CHAPTER\n")
    (tmp_path / "test_colour.py").write_text(CHECK)
    (tmp_path / "there.yaml").write_text("base_url: http://127.0.0.1:9\ncolour: {name: blue}\n")
    return tmp_path


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run it where the package can be imported."""
    path = os.pathsep.join([str(folder / "site"), str(ROOT)])
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def check(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run its check."""
    return run(folder, "-m", "pytest", "-c", str(ROOT / "pytest.ini"), "--rootdir", str(folder), "-p", "no:cacheprovider", "test_colour.py", "--deployment", "there.yaml", "--record", "record.json", "-m", "colour", *options)  # fmt: skip


def test_all_that_a_chapter_brings(outside: Path) -> None:
    """Marker, option, part of the deployment file, fixture, check, a line in the summary and a key in the record."""
    done = check(outside)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "colour seen: dark blue" in done.stdout
    assert "there.yaml" not in done.stderr
    record = json.loads((outside / "record.json").read_text())
    assert [(entry["id"], entry["verdict"]) for entry in record["checks"]] == [("colour.is-promised", "MET")]
    assert record["colour"] == {"seen": "dark blue"}
    # Its option reaches its fixture, and with another shade the promise does not hold.
    assert check(outside, "--shade", "light").returncode == 1


def test_it_belongs_to_the_gate(outside: Path) -> None:
    """By itself, and by name; a gate that asks for other chapters is told that it has none of them."""
    there = outside / "there.yaml"
    done = check(outside, "-m", "gate")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "-m gate, of which health is a chapter, selected no checks of it" in done.stdout
    there.write_text(there.read_text() + "gate: [colour]\n")
    done = check(outside, "-m", "gate")
    assert done.returncode == 0, done.stdout + done.stderr
    assert run(outside, "-m", "deployspec.cli", "validate", "there.yaml").returncode == 0


def test_its_part_is_checked(outside: Path) -> None:
    """By its JSON Schema, and by what it says must go together, with the place in the file."""
    for text, found in (("colour: {nam: blue}", "the unknown key nam"), ("colour: {name: beige}", "beige")):
        (outside / "there.yaml").write_text(f"base_url: http://127.0.0.1:9\n{text}\n")
        done = check(outside)
        assert done.returncode == 4, done.stdout + done.stderr
        assert "there.yaml:2:" in done.stdout + done.stderr
        assert found in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr


def test_its_command_and_its_part_on_the_command_line(outside: Path) -> None:
    """``deployspec`` has its command, and validates and prints its part."""
    assert run(outside, "-m", "deployspec.cli", "colours").stdout == "blue, green\n"
    assert "describes colour;" in run(outside, "-m", "deployspec.cli", "validate", "there.yaml").stdout
    assert '"colour"' in run(outside, "-m", "deployspec.cli", "schema").stdout


@pytest.mark.parametrize(
    ("entry", "piece"),
    [
        ("colour = colours.gone:CHAPTER", "found No module named 'colours.gone'"),
        ("colour = colours.chapter:OTHER", "expected a deployspec.model.chapter.Chapter"),
        ("health = colours.taken:CHAPTER", "found the name health, which another chapter has"),
    ],
)
def test_a_faulty_entry_point_is_one_clear_error(outside: Path, entry: str, piece: str) -> None:
    """Which entry point it is, and what is wrong with it; no traceback."""
    taken = CHAPTER.replace('name="colour"', 'name="health"')
    (outside / "site" / "colours" / "taken.py").write_text(taken)
    (outside / "site" / "colours-1.dist-info" / "entry_points.txt").write_text(
        f"[deployspec.chapters]\n{entry}\n"
    )
    for done in (check(outside), run(outside, "-m", "deployspec.cli", "validate", "there.yaml")):
        output = done.stdout + done.stderr
        assert done.returncode == 4, output
        assert piece in output
        assert "Traceback" not in output


def test_only_what_may_be_selected_is_imported(outside: Path) -> None:
    """A run of another chapter imports no module of this one but that by which it introduces itself."""
    script = (
        "import sys, pytest\n"
        f"pytest.main(['-c', '{ROOT}/pytest.ini', '-p', 'no:cacheprovider', '-q', '--collect-only', '-m', 'health', '{ROOT}/checks'])\n"
        "print(*sorted(name for name in sys.modules if name.startswith(('colours.', 'deployspec.chapters.'))))\n"
    )
    told = run(outside, "-c", script).stdout.splitlines()[-1].split()
    assert "colours.chapter" in told
    assert "deployspec.chapters.health.fixtures" in told
    assert not [
        name
        for name in told
        if not name.startswith("deployspec.chapters.health")
        and not name.endswith(".chapter")
        and name.count(".") > 2
    ], told
    assert "colours.fixtures" not in told


# columns: what is given to pytest, how many files of checks are read, what pytest says
@pytest.mark.parametrize(
    ("arguments", "read", "said"),
    [
        (["-m", "health", "checks"], 1, " tests collected"),
        (["-m", "health or metrics", "checks"], 2, " tests collected"),
        (["-m", "not health", "checks"], len(OURS) - 1, " tests collected"),
        (["checks"], len(OURS), " tests collected"),
        (["-m", "health", "checks/test_metrics.py"], 0, "no tests collected"),
        (["-m", "health", "checks/test_metrics.py::test_is_whole"], 1, "(1 deselected)"),
        (["-m", "not_described", "checks"], len(OURS), " deselected)"),
    ],
)
def test_only_checks_that_may_be_selected_are_read(arguments: list[str], read: int, said: str) -> None:
    """A file of checks of which none can be selected is passed over; one that is named by its id is not."""
    script = (
        "import sys, pytest\n"
        f"pytest.main(['-p', 'no:cacheprovider', '-q', '--collect-only', *{arguments}])\n"
        "print(sum(name.rpartition('.')[2].startswith('test_') for name in sys.modules if 'checks' in name))\n"
    )
    done = run(ROOT, "-c", script)
    assert said in done.stdout, done.stdout + done.stderr
    assert int(done.stdout.splitlines()[-1]) == read
