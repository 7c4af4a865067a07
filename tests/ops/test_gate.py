"""The gate in pipelines: what the schemas say, what they pass over, and what the commands do."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from tests.github import obeyed
from tests.ops.files import OPS, at
from tests.ops.production import SECRET, Service, serving
from tests.ops.runners import SECRETS, Runner, project
from tests.suite import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
FILES = {
    "action": ROOT / "action.yml",
    "workflow": OPS / "github/gate.yml",
    "gitlab": OPS / "gitlab/gate.yml",
}
TEXTS = {name: file.read_text() for name, file in FILES.items()}
_SCHEMAS = {
    "action": ("vendor.github-actions",),
    "workflow": ("vendor.github-workflows",),
    "gitlab": ("vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
}
_SHELLS = ("bash", "sh")


def _by_the_tool(name: str, *files: Path) -> tuple[int, str]:
    """check-jsonschema, with the schema that it brings along: nothing is fetched."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", *_SCHEMAS[name], *files]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return run.returncode, run.stdout


def _of_commands(lines: list[str], folder: str) -> Iterator[str]:
    """What is wrong with the commands of a job, whose gate writes into a folder."""
    text = "\n".join(lines)
    if re.search(r"\|\| (true|:|exit 0)", text):
        yield "a status is lost"
    if text.count("deployspec check ") != 1 or "-m gate --deployment staging" not in text:
        yield "expected one gate of staging"
    for option, file in (("--record", "record.json"), ("--junitxml", "junit.xml")):
        if f"{option} {folder}/{file}" not in text:
            yield f"expected {option} {folder}/{file}, which is kept"
    for wanted in re.findall(r'pip install "(.*)"', text):
        said = Requirement(wanted)
        if (said.name, str(said.specifier)) != (PROJECT["name"], f"=={PROJECT['version']}"):
            yield f"found {wanted}; expected this version"
        if not said.extras <= PROJECT["optional-dependencies"].keys():
            yield f"found {wanted}; expected an extra that there is"


def _of_steps(steps: list[dict[str, Any]], known: set[str]) -> Iterator[str]:
    """What is wrong with GitHub's steps, whose expressions may speak of what is ``known``."""
    for step in steps:
        uses, run = step.get("uses"), step.get("run", "")
        if uses and not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", uses):
            yield f"{uses} may be another tomorrow: expected a commit"
        if "${{" in run:
            yield "an expression in a command: whatever it holds, a shell would run"
        if step.get("continue-on-error"):
            yield "a status is lost"
        if run and step.get("shell", "bash") not in _SHELLS:
            yield f"found the shell {step['shell']}"
        for name in re.findall(r"\b(?:inputs|steps|secrets|github)\.[\w.-]+", str(step)):
            if name not in known:
                yield f"found {name}, which nothing sets"
        if "id" in step:
            known |= {f"steps.{step['id']}.outputs.{name}" for name in _outputs(step)}
    keeping = [step for step in steps if "upload-artifact@" in step.get("uses", "")]
    if len(keeping) != 1 or "!cancelled()" not in str(keeping[0].get("if")):
        yield "the record is not kept after a breach"


def _outputs(step: dict[str, Any]) -> list[str]:
    if "setup-python@" in step.get("uses", ""):
        return ["python-path"]
    return re.findall(r'echo "(\w+)=.*>> "\$GITHUB_OUTPUT"', step.get("run", ""))


def _action(text: str) -> list[str]:
    action = yaml.safe_load(text)
    known = {"github.action_path", *(f"inputs.{name}" for name in action["inputs"])}
    steps = action["runs"]["steps"]
    found = [*_of_steps(steps, known)]
    for name, output in action["outputs"].items():
        if output["value"].strip("${} ") not in known:
            found.append(f"the output {name} is never set")
    unused = {
        name
        for name in known
        if name.startswith("inputs.") and name not in str(steps) + str(action["inputs"])
    }
    if unused:
        found.append(f"nothing reads {', '.join(sorted(unused))}")
    if 'exit "$status"' not in text:
        found.append("a status is lost")
    return found


def _workflow(text: str) -> list[str]:
    workflow = yaml.safe_load(text)
    found = []
    if workflow.get("permissions") != {"contents": "read"}:
        found.append("expected no permission but to read the contents")
    for name, job in workflow["jobs"].items():
        needs = job.get("needs", [])
        needs = [needs] if isinstance(needs, str) else needs
        found += [
            f"{name} needs {one}, and there is no such job" for one in needs if one not in workflow["jobs"]
        ]
        if "timeout-minutes" not in job:
            found.append(f"nothing ends {name} before six hours have passed")
        if at(job, "concurrency", "group") != "gate-staging":
            found.append("two gates of one deployment may overlap")
        if at(job, "concurrency", "cancel-in-progress") is not False:
            found.append("a gate would end the one before it")
        # YAML 1.1 takes `on` for a truth.
        secrets = {f"secrets.{secret}" for secret in workflow[True]["workflow_call"]["secrets"]}
        found += _of_steps(job["steps"], secrets)
        (kept,) = [
            step["with"]["path"] for step in job["steps"] if "upload-artifact@" in step.get("uses", "")
        ]
        found += _of_commands([step["run"] for step in job["steps"] if "run" in step], kept)
        for step in job["steps"]:
            for variable, value in step.get("env", {}).items():
                if value != f"${{{{ secrets.{variable} }}}}":
                    found.append(f"{variable}: expected the secret of that name")
    return found


def _gitlab(text: str) -> list[str]:
    pipeline = yaml.safe_load(text)
    job = pipeline["gate"]
    found = []
    if job.get("stage") not in pipeline["stages"]:
        found.append(f"there is no stage {job.get('stage')}")
    needs = job.get("needs", [])
    found += [f"gate needs {one}, and there is no such job" for one in needs if one not in pipeline]
    if "timeout" not in job:
        found.append("nothing ends it but the project's limit")
    if job.get("resource_group") != "gate-staging":
        found.append("two gates of one deployment may overlap")
    if job.get("interruptible") is not False:
        found.append("a newer pipeline may end it")
    if job.get("allow_failure"):
        found.append("a status is lost")
    if not re.fullmatch(r"[\w/-]+:\d[\w.-]*", job["image"]):
        found.append(f"{job['image']} may be another tomorrow")
    if any("TOKEN" in name for name in {**pipeline.get("variables", {}), **job.get("variables", {})}):
        found.append("a secret in the file")
    artifacts = job["artifacts"]
    if artifacts.get("when") != "always":
        found.append("the record is not kept after a breach")
    if artifacts.get("access") != "developer":
        found.append("anybody may read the record")
    (kept,) = artifacts["paths"]
    lines = [*job["before_script"], *job["script"]]
    found += _of_commands(lines, kept)
    found += [
        f"nothing writes {file}, which is to be shown"
        for file in artifacts["reports"].values()
        if file not in " ".join(lines).split()
    ]
    return found


JUDGES: dict[str, Callable[[str], list[str]]] = {"action": _action, "workflow": _workflow, "gitlab": _gitlab}


@pytest.mark.parametrize("name", FILES)
def test_it_is_sound(name: str) -> None:
    """By the schema, and by us."""
    assert _by_the_tool(name, FILES[name]) == (0, "ok -- validation done\n")
    assert JUDGES[name](TEXTS[name]) == []


@pytest.mark.parametrize(
    ("name", "sound", "faulty", "said"),
    [
        pytest.param("action", "using: composite", "using: composit", "$.runs", id="action-kind"),
        pytest.param("action", "      shell: bash\n", "", "$.runs", id="action-without-shell"),
        pytest.param("workflow", "cancel-in-progress:", "cancel-inprogress:", "concurrency", id="key"),
        pytest.param("gitlab", "when: always", "when: allways", "$.gate.artifacts", id="gitlab-when"),
    ],
)
def test_what_the_tool_sees(name: str, sound: str, faulty: str, said: str, tmp_path: Path) -> None:
    """And where."""
    file = tmp_path / "file.yml"
    file.write_text(_with(name, sound, faulty))
    status, output = _by_the_tool(name, file)
    assert status == 1
    assert said in output


_CHECKOUT = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683"
_SETUP = "actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065"
FAULTS = [
    pytest.param("action", _SETUP, "actions/setup-python@v5", "tomorrow", id="action-tag"),
    pytest.param("action", '"$DEPLOYMENT"', "${{ inputs.deployment }}", "an expression", id="injection"),
    pytest.param("action", "shell: bash", "shell: bassh", "found the shell bassh", id="shell"),
    pytest.param("action", "inputs.markers", "inputs.marker", "inputs.marker, which nothing", id="input"),
    pytest.param("action", "steps.python.outputs", "steps.py.outputs", "steps.py.outputs", id="step"),
    pytest.param("action", 'echo "record=', 'echo "records=', "the output record", id="output"),
    pytest.param("action", 'exit "$status"', "exit 0", "a status is lost", id="action-swallowed"),
    pytest.param("action", "      if: ${{ !cancelled() &&", "      if: ${{", "after a breach", id="action-if"),
    pytest.param(
        "action",
        "        retention-days: ${{ inputs.retention-days }}\n",
        "",
        "nothing reads inputs.retention",
        id="unread",
    ),
    pytest.param("workflow", _CHECKOUT, "actions/checkout@v4", "tomorrow", id="tag"),
    pytest.param(
        "workflow",
        "    timeout-minutes: 15\n",
        "    timeout-minutes: 15\n    needs: deploy\n",
        "no such job",
        id="needs",
    ),
    pytest.param("workflow", "    timeout-minutes: 15\n", "", "before six hours", id="no-limit"),
    pytest.param("workflow", "gate-staging\n      cancel", "gate\n      cancel", "overlap", id="overlap"),
    pytest.param(
        "workflow", "in-progress: false", "in-progress: true", "would end the one before", id="ended"
    ),
    pytest.param("workflow", "contents: read", "contents: write", "no permission but", id="permission"),
    pytest.param("workflow", "gate/junit.xml\n", "gate/junit.xml || true\n", "is lost", id="swallowed"),
    pytest.param(
        "workflow",
        "        env:\n",
        "        continue-on-error: true\n        env:\n",
        "is lost",
        id="goes-on",
    ),
    pytest.param("workflow", "${{ secrets.STAGING_TOKEN }}", "abc", "secret of that name", id="secret"),
    pytest.param(
        "workflow", "${{ secrets.STAGING_TOKEN }}", "${{ secrets.TOKEN }}", "secrets.TOKEN, which", id="other"
    ),
    pytest.param("workflow", "      - if: ${{ !cancelled() }}\n        uses:", "      - uses:", "after a", id="if"),
    pytest.param("workflow", "path: gate", "path: gates", "--record gates/record.json", id="path"),
    pytest.param("workflow", "==0.1.0", ">=0.1", "expected this version", id="version"),
    pytest.param("workflow", "[all]", "[al]", "an extra that there is", id="extra"),
    pytest.param("gitlab", "  stage: gate", "  stage: gates", "there is no stage gates", id="stage"),
    pytest.param(
        "gitlab", "  stage: gate\n", "  stage: gate\n  needs: [ship]\n", "needs ship", id="gitlab-needs"
    ),
    pytest.param("gitlab", "  timeout: 15 minutes\n", "", "nothing ends it", id="gitlab-no-limit"),
    pytest.param("gitlab", "  resource_group: gate-staging\n", "", "overlap", id="gitlab-overlap"),
    pytest.param("gitlab", "interruptible: false", "interruptible: true", "newer pipeline", id="newer"),
    pytest.param(
        "gitlab", "  stage: gate\n", "  stage: gate\n  allow_failure: true\n", "is lost", id="allowed"
    ),
    pytest.param("gitlab", "summary.md\n", "summary.md || true\n", "is lost", id="gitlab-swallowed"),
    pytest.param("gitlab", "python:3.13-slim-trixie", "python:latest", "tomorrow", id="image"),
    pytest.param(
        "gitlab",
        "  stage: gate\n",
        "  stage: gate\n  variables: {STAGING_TOKEN: abc}\n",
        "a secret in",
        id="gitlab-secret",
    ),
    pytest.param("gitlab", "when: always", "when: on_success", "after a breach", id="when"),
    pytest.param("gitlab", "access: developer", "access: all", "anybody", id="access"),
    pytest.param("gitlab", "junit: gate/", "junit: gates/", "nothing writes gates/junit.xml", id="report"),
    pytest.param("gitlab", "paths: [gate]", "paths: [gates]", "--record gates/", id="gitlab-path"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "sound", "faulty", "said"), FAULTS)
def test_what_it_passes_over(name: str, sound: str, faulty: str, said: str) -> None:
    """We don't."""
    assert said in " ".join(JUDGES[name](_with(name, sound, faulty)))


@pytest.mark.parametrize("name", FILES)
def test_the_tool_does_pass_over_these(name: str, tmp_path: Path) -> None:
    """If it sees one some day, ours is not needed."""
    files = []
    for number, fault in enumerate(FAULTS):
        of, sound, faulty, _ = map(str, fault.values)
        if of == name:
            files.append(tmp_path / f"{number}.yml")
            files[-1].write_text(_with(name, sound, faulty))
    assert _by_the_tool(name, *files) == (0, "ok -- validation done\n")


def _with(name: str, sound: str, faulty: str) -> str:
    assert sound in TEXTS[name]
    return TEXTS[name].replace(sound, faulty)


def test_the_page_says_what_there_is() -> None:
    """Its job is sound, but for the name of the action; the table has each input with its default; the hooks are ours."""
    page = (ROOT / "docs/gate.md").read_text()
    job = next(yaml.safe_load(text) for text in _blocks(page) if "OWNER/deployspec@COMMIT" in text)["jobs"][
        "gate"
    ]
    inputs = yaml.safe_load(TEXTS["action"])["inputs"]
    (step,) = [step for step in job["steps"] if step.get("uses", "").startswith("OWNER/")]
    required = {name for name, one in inputs.items() if one.get("required")}
    assert required <= step["with"].keys() <= inputs.keys()
    table = dict(
        re.findall(r"^\| `([\w-]+)` \| (\*required\*|`[^`]+`)", page.partition("| input |")[2], re.MULTILINE)
    )
    assert table.items() >= {
        (name, "*required*" if name in required else f"`{one['default'].partition('$')[0]}`")
        for name, one in inputs.items()
    }
    (hooks,) = [yaml.safe_load(text)["repos"] for text in _blocks(page) if "repos:" in text]
    manifest = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in hooks[0]["hooks"]] == [hook["id"] for hook in manifest]
    assert hooks[0]["hooks"][-1]["args"] == manifest[-1]["args"]


def _blocks(page: str) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


@pytest.fixture
def service() -> Iterator[Service]:
    """One that is well."""
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runner's folder for temporary files, into which the action has installed deployspec."""
    runner = _acting(tmp_path_factory.mktemp("prepared"), extras="")
    runner.github(_steps("action")[:2])
    assert runner.status == 0, runner.log
    assert runner.temporary is not None
    return runner.temporary


def _acting(home: Path, temporary: Path | None = None, **inputs: str) -> Runner:
    """A runner that the action is used on."""
    workspace = home / "workspace"
    workspace.mkdir(exist_ok=True)
    said = {
        name: str(one.get("default", "")) for name, one in yaml.safe_load(TEXTS["action"])["inputs"].items()
    }
    said |= {"deployment": "staging"} | inputs
    context = {f"inputs.{name}": value for name, value in said.items()} | {"github.action_path": str(ROOT)}
    return Runner(workspace, context, dict(SECRETS), temporary)


def _steps(name: str) -> list[dict[str, Any]]:
    tree = yaml.safe_load(TEXTS[name])
    steps: list[dict[str, Any]] = at(tree, "runs", "steps") or tree["jobs"]["gate"]["steps"]
    return steps


# body: what the service says; secret: whether the store has it.
OUTCOMES = [
    pytest.param(b"all is well", True, 0, id="met"),
    pytest.param(b"all is lost", True, 1, id="breached"),
    pytest.param(b"all is well", False, 4, id="no-secret"),
]


@pytest.mark.xdist_group("gate-action")
@pytest.mark.parametrize(("body", "secret", "status"), OUTCOMES)
def test_the_action_ends_as_the_gate_does(
    prepared: Path, service: Service, tmp_path: Path, body: bytes, secret: bool, status: int
) -> None:
    """Installed from its own files, it keeps record and JUnit, and says where the record is."""
    service.body = body
    runner = _acting(tmp_path, prepared)
    project(runner.workspace, service)
    runner.variables = dict(SECRETS) if secret else {}
    runner.github([step for step in _steps("action") if "Install" not in step.get("name", "")])
    assert runner.status == status, runner.log
    assert runner.context["steps.gate.outputs.status"] == str(status)
    assert runner.kept == [{"record.json", "junit.xml"}]
    assert json.loads(Path(runner.context["steps.gate.outputs.record"]).read_text())["exit_status"] == status
    assert runner.summary.read_text().startswith("## deployspec: ")
    errors = [data for name, _, data in obeyed(runner.log) if name == "error"]
    assert bool(errors) == bool(status)
    assert SECRET not in runner.log + runner.summary.read_text()
    assert not (runner.workspace / "runs").exists()


@pytest.mark.xdist_group("gate-action")
def test_the_summary_can_be_left_out(prepared: Path, service: Service, tmp_path: Path) -> None:
    """By ``false``; a word that is neither ends the step before anything is asked."""
    for said, status in (("false", 0), ("no", 4)):
        home = tmp_path / said
        home.mkdir()
        runner = _acting(home, prepared, summary=said)
        project(runner.workspace, service)
        runner.github([step for step in _steps("action") if step.get("id") == "gate"])
        assert (runner.status, runner.summary.read_text()) == (status, ""), runner.log
        assert ("steps.gate.outputs.record" in runner.context) == (status == 0)
    assert "summary: expected true or false" in runner.log


@pytest.mark.parametrize(("body", "secret", "status"), OUTCOMES)
def test_the_workflow_ends_as_the_gate_does(
    service: Service, tmp_path: Path, body: bytes, secret: bool, status: int
) -> None:
    """And keeps what it wrote."""
    service.body = body
    # A secret that is not in the store is an empty text.
    runner = Runner(
        project(tmp_path / "workspace", service), {"secrets.STAGING_TOKEN": SECRET if secret else ""}
    )
    runner.github(_steps("workflow"))
    assert runner.status == status, runner.log
    assert runner.kept == [{"record.json", "junit.xml"}]
    assert runner.asked == [
        "sudo apt-get update",
        "sudo apt-get install --yes --no-install-recommends prometheus prometheus-alertmanager",
        "pip install deployspec[all]==0.1.0",
    ]
    assert runner.summary.read_text().startswith("## deployspec: ")
    assert SECRET not in runner.log + runner.summary.read_text()


@pytest.mark.parametrize(("body", "secret", "status"), OUTCOMES)
def test_the_job_of_gitlab_ends_as_the_gate_does(
    service: Service, tmp_path: Path, body: bytes, secret: bool, status: int
) -> None:
    """And keeps what it wrote."""
    service.body = body
    runner = Runner(project(tmp_path / "workspace", service), {}, dict(SECRETS) if secret else {})
    runner.gitlab(yaml.safe_load(TEXTS["gitlab"])["gate"])
    assert runner.status == status, runner.log
    names = {"record.json", "junit.xml", "quality.json", "summary.md"}
    assert runner.kept == [names]
    written = {name: (runner.workspace / "gate" / name).read_text() for name in names}
    assert SECRET not in runner.log + "".join(written.values())
    (suite,) = ElementTree.fromstring(written["junit.xml"])  # noqa: S314
    assert bool(int(suite.attrib["failures"])) == (status == 1)
    assert bool(json.loads(written["quality.json"])) == bool(status)
    assert len(runner.asked) == 3
