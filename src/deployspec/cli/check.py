"""``deployspec check``: pytest on the specification and on the project's own checks, wherever the library is installed."""

from __future__ import annotations

import glob
import shlex
from collections.abc import Sequence

from deployspec.base.places import Places

HELP = "run the checks, with pytest's own options: -m health --deployment NAME"
_NOT_WANTED = ("locust", "anyio")
"""Plugins of pytest that libraries of ours bring along: they would take option names and a third of the start."""


def pytest_arguments(arguments: Sequence[str], places: Places) -> list[str]:
    """What pytest is started with. Paths among the ``arguments`` take the place of the specification's."""
    folders = (
        [places.checks]
        if places.is_clone or not places.own_checks.is_dir()
        else [places.checks, places.own_checks]
    )
    found = " ".join(shlex.quote(glob.escape(str(folder))) for folder in folders)
    return [
        *("-p", "deployspec.plugin"),
        *(part for name in _NOT_WANTED for part in ("-p", f"no:{name}")),
        *("--rootdir", str(places.project)),
        *("--override-ini", f"testpaths={found}"),
        *arguments,
    ]


def run(arguments: Sequence[str], places: Places) -> int:
    """Run pytest; returns its exit status."""
    import pytest

    return int(pytest.main(pytest_arguments(arguments, places)))
