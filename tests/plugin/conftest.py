"""A small project of its own, whose checks give the verdicts that a test wants."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.suite import Ran, run_checks

HEAD = """
import pytest
from deployspec.model.verdict import breached, met, unmeasured

pytestmark = pytest.mark.health
"""
INI = """
[pytest]
strict = true
addopts = --disable-plugin-autoload -p deployspec.plugin -p xdist --import-mode=importlib
filterwarnings =
    error
    default:assertions not in test modules:pytest.PytestConfigWarning
markers =
    health: the health chapter.
    slo: a chapter without a check.
    needs(part): a part of the deployment file.
"""

Project = Callable[..., Ran]


def in_turn(rows: Iterable[Any]) -> list[Any]:
    """Parameters with the options of a run as one more: each row once, in one process and by a worker in turn.

    What a check comes to is found out where it runs, by the same code; that its worker tells it whole, each kind of test
    shows for itself.
    """
    options = [((), "one-process"), (("-n", "1"), "a-worker")]
    return [
        pytest.param(*row.values, options[number % 2][0], id=f"{row.id}-{options[number % 2][1]}")
        for number, row in enumerate(rows)
    ]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """``project(body, *options)``: run pytest on a project with one file of checks; ``more`` adds files."""

    def run(
        body: str,
        *options: str,
        deployment: str | None = "local",
        more: dict[str, str] | None = None,
        **kwargs: object,
    ) -> Ran:
        files = {
            "pytest.ini": INI,
            "checks/test_promises.py": HEAD + textwrap.dedent(body),
            "deployments/local.yaml": "base_url: http://127.0.0.1:9\nhealth: {}\nheaders: {Authorization: Bearer sesame-open-up}\n",
            **(more or {}),
        }
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return run_checks(deployment, *options, folder=tmp_path, root=tmp_path, **kwargs)  # type: ignore[arg-type]

    return run
