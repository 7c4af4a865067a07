"""The wheel, as a user has it: in an empty folder, with nothing of the clone in reach."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

import deployspec
from deployspec.base.places import Places
from tests.installed.environments import UV, Environment, built, content, environment, packed, run
from tests.suite import ROOT

pytestmark = pytest.mark.xdist_group("wheel")
FILE = """\
base_url: {}
health:
  path: /healthz
  fields: {{ok: up, parts: null, queue_depth: null, time: null, version: null}}
"""
NEEDS = {
    "logs": ("detect_secrets, hyperscan, orjson, phonenumbers, stdnum, tqdm and zstandard", "logs"),
    "alerts": ("prometheus_api_client and promql_parser", "alerts"),
    "mutation": ("promql_parser", "alerts"),
    "dashboards": ("promql_parser and regex", "alerts"),
    "slo": ("hdrh, locust, numpy, orjson, prometheus_api_client, promql_parser and scipy", "load"),
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the clone."""
    return built(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with nothing but the wheel and what it asks for."""
    return environment(tmp_path_factory.mktemp("environments") / "bare", wheel)


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """A service that is well; its URL."""
    with serving() as url:
        yield url


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """Run a service that is well, on a free port; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"up": true}' if self.path == "/healthz" else b"{}"
            self.send_response(200 if self.path == "/healthz" else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def project(service: str, tmp_path: Path) -> Path:
    """A folder with a deployment file, and tests that have nothing to do with us."""
    (tmp_path / "deployments").mkdir()
    (tmp_path / "deployments" / "shop.yaml").write_text(FILE.format(service))
    (tmp_path / "test_health.py").write_text("def test_steady():\n    pass\n")
    return tmp_path


def test_it_carries_the_specification(wheel: Path, tmp_path: Path) -> None:
    """Checks, load generator and schemas are in it byte by byte, however it was built, and no examples or caches."""
    files = content(wheel)
    for name in ("checks", "load"):
        own = {file.name: file.read_bytes() for file in (ROOT / name).glob("*.py")}
        assert {
            Path(path).name: data for path, data in files.items() if path.startswith(f"deployspec/{name}/")
        } == own
    for name in ("health", "log-record"):
        path = f"schemas/{name}.schema.json"
        assert files[f"deployspec/{path}"] == (ROOT / path).read_bytes()
    assert {Path(path).suffix for path in files} <= {
        ".py",
        ".json",
        ".typed",
        ".txt",
        "",
        ".md",
        ".yaml",
        ".html",
        ".css",
    }
    assert {f"deployspec/outputs/review/page.{kind}" for kind in ("html", "css")} <= files.keys()
    if not UV.exists():
        pytest.skip("only uv makes a source distribution here")
    assert content(built(packed(ROOT, tmp_path), tmp_path)) == files


def test_a_clone_reads_its_own_files() -> None:
    """There is no copy of them that an editable installation could have left."""
    places = Places(ROOT)
    assert places.is_clone
    for ours, theirs in (
        (places.checks, "checks"),
        (places.locustfile.parent, "load"),
        (places.health_schema.parent / "health.schema.json", "schemas/health.schema.json"),
        (places.log_record_schema, "schemas/log-record.schema.json"),
    ):
        assert ours.resolve() == ROOT / theirs
    assert deployspec.__path__ == [str(ROOT / "src" / "deployspec")]


def test_a_bare_installation_is_small(bare: Environment) -> None:
    """Nothing that only other chapters need."""
    # On Python 3.13 nothing needs the last of them.
    assert bare.packages - {"pip", "setuptools"} | {"typing-extensions"} == {
        "anyio", "certifi", "deployspec", "execnet", "h11", "httpcore", "httpx", "idna", "iniconfig", "jsonschema-rs",
        "packaging", "pluggy", "pygments", "pytest", "pytest-xdist", "pyyaml", "typing-extensions",
    }  # fmt: skip


COMMANDS = {
    "by our command": ("deployspec", "check"),
    "by pytest": ("pytest", "--pyargs", "deployspec.checks", "-p", "deployspec.plugin"),
    "by pytest, beside other tests": ("pytest", "--pyargs", "deployspec.checks", "test_health.py", "-p", "deployspec.plugin"),
    "by workers": ("deployspec", "check", "-n", "2"),
}  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_it_checks_a_service(bare: Environment, project: Path, command: tuple[str, ...]) -> None:
    """From any folder, without a warning, beside a test_health.py of the user's own."""
    program, *arguments = command
    asked = "health or not health" if "test_health.py" in command else "health"
    done = run(
        bare.program(program), *arguments, "-W", "error", "-m", asked, "--deployment", "shop", "--record", "record.json",
        cwd=project,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "warning" not in done.stdout.lower()
    record = json.loads((project / "record.json").read_text())
    nodes = [check["check"] for check in record["checks"]]
    assert len(nodes) >= 10
    assert all(node.startswith("deployspec/checks/test_health.py::") for node in nodes)
    assert {check["verdict"] for check in record["checks"]} == {"MET"}


def test_a_line_to_run_is_one_that_runs_here(bare: Environment, project: Path) -> None:
    """What tells a user what to run names our command, and no file of the clone."""
    script = "from deployspec.base.places import Places; from pathlib import Path; print(Places(Path()).command('-m', 'slo'))"
    assert run(bare.python, "-c", script, cwd=project).stdout == "deployspec check -m slo\n"
    assert Places(ROOT).command("-m", "slo") == "pytest checks -m slo"


@pytest.mark.parametrize("chapter", NEEDS)
def test_a_missing_library_is_one_line(bare: Environment, project: Path, chapter: str) -> None:
    """It says which, and what to install; nothing was asked before."""
    libraries, extra = NEEDS[chapter]
    done = run(bare.program("deployspec"), "check", "-m", chapter, "--deployment", "shop", cwd=project)
    are = "are" if " and " in libraries else "is"
    said = f"ERROR: {chapter} needs {libraries}, which {are} not installed; expected: pip install 'deployspec[{extra}]'"
    assert done.stdout.strip() == said
    assert done.returncode == 4


WITH_RULES = (
    "rules: {files: [../*.rules.yml]}\nslos: {files: [../*.slo.yaml]}\nlogs: [{name: a, files: [../a.log]}]\n"
)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "workers"])
def test_a_described_part_without_its_libraries(
    bare: Environment, project: Path, workers: tuple[str, ...]
) -> None:
    """Also where no marker names the chapter: items are made of what its libraries read."""
    path = project / "deployments" / "shop.yaml"
    path.write_text(path.read_text() + WITH_RULES)
    (project / "a.slo.yaml").write_bytes((ROOT / "slos" / "api-latency.yaml").read_bytes())
    (project / "a.rules.yml").write_text("groups: [{name: a, rules: [{alert: A, expr: up == 0}]}]\n")
    for chosen, expected in (
        ("health or logs or alerts or slo or mutation", 4),
        ("not health", 4),
        ("health", 0),
    ):
        done = run(
            bare.program("deployspec"), "check", "-m", chosen, *workers, "--deployment", "shop", cwd=project
        )
        assert done.returncode == expected, done.stdout
        assert "Traceback" not in done.stdout
        assert "INTERNALERROR" not in done.stdout
        if expected:
            assert "which are not installed; expected: pip install 'deployspec[" in done.stdout


def test_a_command_without_its_libraries(bare: Environment, project: Path) -> None:
    """The commands of a chapter say the same."""
    done = run(bare.program("deployspec"), "logs", "x.log", cwd=project)
    assert (done.returncode, "pip install 'deployspec[logs]'" in done.stdout) == (4, True), done.stdout
    done = run(
        bare.program("deployspec"),
        "check",
        "-m",
        "health",
        "--deployment",
        "shop",
        "--alluredir",
        "out",
        cwd=project,
    )
    said = "ERROR: --alluredir needs allure-pytest, which is not installed; expected: pip install 'deployspec[report]'"
    assert (done.returncode, said in done.stdout) == (4, True), done.stdout


OTHERS = """\
[pytest]
addopts = --no-such-option
python_files = check_*.py
python_functions = it_* test_h*
python_classes = Spec*
usefixtures = no_such_fixture
required_plugins = pytest-no-such-plugin
deployspec_chapters =
    shop: the shop keeps it.
"""
OWN = """\
import pytest

pytestmark = pytest.mark.shop


def test_total(deployment_client):
    \"\"\"The total is there.\"\"\"
    assert deployment_client.get("/healthz").status_code == 200


def test_nothing(deployment_client):
    \"\"\"Nothing is asked.\"\"\"
"""


@pytest.mark.parametrize("name", ["plain", "with [brackets] and spaces"])
def test_settings_of_other_tests_change_nothing(
    bare: Environment, service: str, tmp_path: Path, name: str
) -> None:
    """Neither which checks there are nor a verdict; chapters of one's own are read from them. In any folder."""
    home = tmp_path / name
    for folder in ("checks", "deployments", "elsewhere"):
        (home / folder).mkdir(parents=True)
    (home / "pytest.ini").write_text(OTHERS)
    (home / "conftest.py").write_text("raise RuntimeError('for other tests')\n")
    (home / "checks" / "test_shop.py").write_text(OWN)
    for path in (home / "deployments" / "shop.yaml", tmp_path / "else.yaml"):
        path.write_text(FILE.format(service))
    record = tmp_path / "record.json"
    for named, run_number in (("shop", 1), (str(tmp_path / "else.yaml"), 2)):
        done = run(
            bare.program("deployspec"), "check", "-m", "health or shop", "--deployment", named, "--record", record,
            cwd=home, PYTHONWARNINGS="error",
        )  # fmt: skip
        checks = {check["id"]: check for check in json.loads(record.read_text())["checks"]}
        assert len(checks) >= 12, (run_number, done.stdout)
        assert checks.pop("shop.nothing")["verdict"] == "UNMEASURED"
        assert {check["verdict"] for check in checks.values()} == {"MET"}, done.stdout
        assert done.returncode == 1
    again = "deployspec/checks/test_health.py::test_steady"
    done = run(bare.program("deployspec"), "check", "--deployment", "shop", again, cwd=home)
    assert "1 passed" in done.stdout, done.stdout
    for command in ("list", "plan"):
        done = run(bare.program("deployspec"), command, "--deployment", "shop", cwd=home)
        assert done.returncode == 0, done.stdout


def test_other_settings_choose_no_checks_by_pytest_itself(bare: Environment, project: Path) -> None:
    """A check that is left out by the name of its function would be missed by nobody."""
    (project / "pytest.ini").write_text("[pytest]\npython_functions = test_h*\n")
    done = run(bare.program("pytest"), "--pyargs", "deployspec.checks", "-p", "deployspec.plugin", "-m", "health", "--deployment", "shop", cwd=project)  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "health.steady" in done.stdout


def test_every_pytest_option_passes(bare: Environment, project: Path) -> None:
    """And the settings of the project around it are not ours, but for those that say what its own checks need."""
    (project / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    done = run(bare.program("deployspec"), "check", "-m", "health", "--deployment", "shop", "-k", "steady", "-q", "--junit-xml", "v.xml", cwd=project)  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert 'tests="1"' in (project / "v.xml").read_text()
    listed = run(bare.program("deployspec"), "check", "--help", cwd=project)
    assert (listed.returncode, "--junit-xml" in listed.stdout, "--deployment" in listed.stdout) == (
        0,
        True,
        True,
    )
