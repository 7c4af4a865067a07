"""Runs the commands of a pipeline's file as its runner does, with what other actions do left out and written down."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ops.production import SECRET, Service

LIMIT = 300
"""Seconds for one command. To install takes as long as the network does."""
_KEPT_AWAY = ("GITHUB_", "PYTEST", "PIP_CONSTRAINT", "UV_CONSTRAINT", "DEPLOYMENT", "TOX", "PYTHON")


def project(folder: Path, service: Service) -> Path:
    """What is checked out: a deployment file, the secret of which comes from the environment."""
    (folder / "deployments").mkdir(parents=True)
    (folder / "deployments/staging.yaml").write_text(
        f"base_url: http://127.0.0.1:{service.server_address[1]}\n"
        'headers: {Authorization: "Bearer ${STAGING_TOKEN}"}\n'
        "health: {path: /health, form: text, expect_text: well, timeout: 20s, max_response_time: 20s}\n"
        "gate: [health]\n"
    )
    return folder


@dataclass
class Runner:
    """A machine with a project checked out."""

    workspace: Path
    context: dict[str, str]
    """By their names in expressions, such as ``inputs.deployment``, the values that are known before."""
    variables: dict[str, str] = field(default_factory=dict)
    temporary: Path | None = None
    """What jobs share here; by default, a folder of this one."""
    log: str = ""
    asked: list[str] = field(default_factory=list)
    """What the programs that change a machine were asked for: a line each."""
    kept: list[set[str]] = field(default_factory=list)
    """The names of the files in each artefact."""
    status: int = 0

    def __post_init__(self) -> None:
        home = self.workspace.parent
        self.temporary = self.temporary or home / "temporary"
        self.programs = home / "programs"
        for folder in (self.temporary, self.programs):
            folder.mkdir(exist_ok=True)
        self.wishes = home / "wishes"
        for name in ("pip", "sudo", "apt-get"):
            program = self.programs / name
            program.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.wishes}\n')
            program.chmod(0o755)
        (self.programs / "deployspec").symlink_to(Path(sys.executable).parent / "deployspec")
        self.summary = home / "summary.md"
        self.summary.touch()

    def shell(self, text: str, *command: str, **variables: str) -> int:
        """The status of a script, run in the workspace."""
        known = {name: value for name, value in os.environ.items() if not name.startswith(_KEPT_AWAY)}
        known["PATH"] = f"{self.programs}{os.pathsep}{known['PATH']}"
        script = self.workspace.parent / "script"
        script.write_text(text)
        done = subprocess.run(
            [*command, script],
            cwd=self.workspace,
            env=known | self.variables | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        self.log += done.stdout
        self.asked = self.wishes.read_text().splitlines() if self.wishes.exists() else []
        return done.returncode

    def value(self, text: Any) -> str:
        """A text, its expressions replaced. Raises KeyError for a name that is not known."""
        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: self.context[found[1]], str(text))

    def github(self, steps: list[dict[str, Any]]) -> None:
        """Go through the steps of a job or of an action."""
        for step in steps:
            condition = step.get("if")
            if self.status and condition is None:
                continue
            if condition is not None and not self._holds(condition):
                continue
            if "run" in step:
                self._run(step)
            elif step["uses"].startswith("actions/setup-python@"):
                self.context[f"steps.{step.get('id', '')}.outputs.python-path"] = sys.executable
            elif step["uses"].startswith("actions/upload-artifact@"):
                folder = self.workspace / self.value(step["with"]["path"])
                self.kept.append({file.name for file in folder.iterdir()} if folder.is_dir() else set())

    def _holds(self, condition: str) -> bool:
        inner = re.fullmatch(r"\$\{\{ (.*) \}\}", condition)
        assert inner, condition
        return all(part == "!cancelled()" or self.context.get(part) for part in inner[1].split(" && "))

    def _run(self, step: dict[str, Any]) -> None:
        output = self.workspace.parent / "output"
        output.write_text("")
        variables = {name: self.value(value) for name, value in step.get("env", {}).items()}
        self.status = self.shell(
            step["run"],
            *("bash", "--noprofile", "--norc", "-eo", "pipefail"),
            GITHUB_ACTIONS="true",
            GITHUB_OUTPUT=str(output),
            GITHUB_STEP_SUMMARY=str(self.summary),
            GITHUB_WORKSPACE=str(self.workspace),
            RUNNER_TEMP=str(self.temporary),
            **variables,
        )
        for line in output.read_text().splitlines():
            name, _, value = line.partition("=")
            self.context[f"steps.{step.get('id', '')}.outputs.{name}"] = value

    def gitlab(self, job: dict[str, Any]) -> None:
        """Go through a job, in the one shell that it has, and keep what it keeps."""
        lines = [*job.get("before_script", []), *job["script"]]
        variables = {name: str(value) for name, value in job.get("variables", {}).items()}
        self.status = self.shell("\n".join(lines), "sh", "-e", GITLAB_CI="true", **variables)
        if not self.status or job["artifacts"]["when"] == "always":
            folders = [self.workspace / path for path in job["artifacts"]["paths"]]
            self.kept.append(
                {file.name for folder in folders if folder.is_dir() for file in folder.iterdir()}
            )


SECRETS = {"STAGING_TOKEN": SECRET}
