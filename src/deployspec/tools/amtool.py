"""Runs amtool: where an alert is routed, and whether a configuration is accepted. What it says is judged elsewhere."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deployspec.base.disclosure import redact
from deployspec.base.errors import ToolError
from deployspec.base.shown import one_line
from deployspec.languages.alertmanager.routing import AmtoolRun
from deployspec.tools.process import Kept, operand, run

_MOST = 64 * 1024
"""How much of each output is kept, in bytes: its beginning."""
_TOO_MUCH = 16 * 1024 * 1024
"""What no amtool prints, in bytes."""
_HINT = (
    "install it (Debian: apt-get install --no-install-recommends prometheus-alertmanager; macOS: brew install "
    "alertmanager) or name it in the variable AMTOOL"
)


@dataclass(frozen=True, slots=True)
class Amtool:
    """An amtool that answered."""

    path: str
    version: str
    timeout: float = 20.0
    """Of each run, in seconds."""

    def check_config(self, config: str) -> AmtoolRun:
        """``amtool check-config`` on a file."""
        return self._run(["check-config", str(Path(config).absolute())], ["check-config", operand(config)])

    def routes_test(self, config: str, labels: Mapping[str, str], receivers: Sequence[str]) -> AmtoolRun:
        """``amtool config routes test`` of an alert with these labels.

        ``receivers`` go only into the line that reproduces it: amtool would compare them as one text, so that their
        order counted, and would accept whatever it finds where there are none.
        """
        words = [_label(name, value) for name, value in labels.items()]
        asked = ["config", "routes", "test"]
        return self._run(
            [*asked, f"--config.file={Path(config).absolute()}", *words],
            [*asked, f"--config.file={config}", f"--verify.receivers={','.join(receivers)}", *words],
        )

    def _run(self, arguments: Sequence[str], shown: Sequence[str]) -> AmtoolRun:
        status, output, errors = _finish([self.path, *arguments], self.timeout)
        return AmtoolRun(status, output, errors, shlex.join(["amtool", *shown]))


def find(environ: Mapping[str, str], *, timeout: float = 20.0) -> Amtool:
    """The amtool that the variable AMTOOL (a path or a name) names, or the one on PATH.

    ``timeout`` in seconds, of each run. Raises :class:`ToolError` where there is none, or where it does not answer.
    """
    wanted = environ.get("AMTOOL") or "amtool"
    path = shutil.which(wanted, path=environ.get("PATH", os.defpath))
    if path is None:
        where = (
            f"AMTOOL names {wanted}, which is not a program"
            if environ.get("AMTOOL")
            else "amtool is not on PATH"
        )
        raise ToolError(f"{where}: {_HINT}")
    path = str(Path(path).absolute())
    status, output, errors = _finish([path, "--version"], timeout)
    version = re.search(
        r"amtool, version (\S+)", f"{output}\n{errors}"
    )  # older ones print it to standard error
    if status != 0 or version is None:
        said = one_line(" ".join((errors or output).split())) or "nothing"
        raise ToolError(f"{path} --version does not behave like amtool (status {status}: {said}): {_HINT}")
    return Amtool(path, version[1], timeout)


def _label(name: str, value: str) -> str:
    """A label as amtool reads it: the value in quotes, and the name as well where only newer versions know it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name):
        name = json.dumps(name, ensure_ascii=False)
    return f'{name}="{escaped}"'


def _finish(argv: Sequence[str], timeout: float) -> tuple[int | None, str, str]:
    """Exit status, standard output and standard error; at the time limit the program, and all it started, is ended."""
    output, errors = Kept(_MOST), Kept(_MOST)

    def too_much() -> bool:
        return max(output.printed, errors.printed) > _TOO_MUCH

    try:
        status = run(argv, timeout, output.take, errors=errors.take, stop=too_much)
    except OSError as error:
        return None, "", f"{argv[0]}: {error.strerror}"
    note = ""
    if status is None:
        why = f"it had printed {_TOO_MUCH // 2**20} MiB" if too_much() else f"its time limit of {timeout:g} s"
        note = f"ended after {why}"
    return status, redact(str(output)), f"{redact(str(errors))}\n{note}".strip()
