"""Finds promtool and asks it what it can do."""

from __future__ import annotations

import functools
import re
import shlex
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deployspec.base.errors import ToolError
from deployspec.base.shown import one_line
from deployspec.tools.process import Kept, run

VARIABLE = "PROMTOOL"
_ASKED = ("run", "junit")
"""The options of ``promtool test rules`` that only some versions have."""
_INSTALL = (
    "Install it (Debian and Ubuntu: apt-get install prometheus; macOS: brew install prometheus; otherwise it is in"
    f" the archive at https://prometheus.io/download/) or give its path in the variable {VARIABLE}."
)
_ANSWER = 64 * 1024
"""How much of an answer is read, in bytes."""


@dataclass(frozen=True, slots=True)
class Promtool:
    """A promtool that answers."""

    path: str
    """Absolute."""
    version: str
    """As it says, such as ``2.42.0+ds``."""
    features: frozenset[str]
    """Those of ``run`` and ``junit`` that its ``test rules --help`` lists."""
    command: str = "promtool"
    """How a person calls it in a shell: its name where it is the promtool on PATH, else its path."""

    @property
    def has_default_interval(self) -> bool:
        """Whether a group of tests without ``interval`` has the ``evaluation_interval``; before, it had 0, so that all
        items of a series were at one time. Came with 2.49, as the option ``--run`` did."""
        return "run" in self.features


def find(environ: Mapping[str, str], *, timeout: float = 10.0) -> Promtool:
    """The promtool that the variable PROMTOOL names (a path, or a name on PATH), else the one on PATH.

    Asked once in a process. ``timeout`` in seconds, for its two answers together. Raises ToolError where there is
    none, where it cannot be run, does not answer in time, or where its answers are no promtool's.
    """
    return _found(environ.get(VARIABLE, ""), environ.get("PATH"), timeout)


@functools.cache
def _found(named: str, search: str | None, timeout: float) -> Promtool:
    said = f"{VARIABLE}={one_line(named)}" if named else "promtool"
    path = shutil.which(named or "promtool", path=search)
    if path is None:
        if named and Path(named).is_file():
            raise ToolError(
                f"{said}: the file is there, but is not executable. Make it executable (chmod +x)."
            )
        where = "is not there" if "/" in named else "is not on PATH"
        raise ToolError(f"{said} {where}. {_INSTALL}")
    path = str(Path(path).absolute())
    version, help_ = _ask(path, said, timeout, ["--version"], ["test", "rules", "--help"])
    match = re.search(r"^promtool, version (\S+)", version, re.MULTILINE)
    if match is None or "test rules" not in help_:
        raise ToolError(
            f'{said} ({path}) is not promtool: asked for its version it answers "{one_line(version.strip())}".'
            f" {_INSTALL}"
        )
    features = frozenset(name for name in _ASKED if re.search(rf"^ +--{name}[= ]", help_, re.MULTILINE))
    command = "promtool" if not named else shlex.quote(named)
    return Promtool(path, match[1], features, command)


def _ask(path: str, said: str, timeout: float, *questions: list[str]) -> list[str]:
    """The answers, all of them within ``timeout``."""
    deadline = time.monotonic() + timeout
    answers = [Kept(_ANSWER) for _ in questions]
    for words, answer in zip(questions, answers, strict=True):
        try:
            status = run([path, *words], deadline - time.monotonic(), answer.take)
        except OSError as error:
            raise ToolError(f"{said} ({path}) cannot be run: {error.strerror}. {_INSTALL}") from None
        if status is None:
            raise ToolError(f"{said} ({path}) did not report its version within {timeout:g} s.")
    return [str(answer) for answer in answers]
