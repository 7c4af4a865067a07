"""``deployspec check``: pytest on the specification and on the project's own checks, wherever the library is installed."""

from __future__ import annotations

import argparse
import glob
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from deployspec.base.places import Places


def arguments(parser: argparse.ArgumentParser) -> None:
    """None: all that follows ``deployspec check`` is pytest's."""
    parser.add_help = False


def pytest_arguments(arguments: Sequence[str], places: Places) -> list[str]:
    """What pytest is started with. Paths among the ``arguments`` take the place of the specification's."""
    if places.is_clone:
        # Its pytest.ini says all the rest.
        return [
            "-c",
            str(places.project / "pytest.ini"),
            "--rootdir",
            str(places.project),
            "--override-ini",
            "testpaths=checks",
            *arguments,
        ]
    folders = [places.checks, *([places.own_checks] if places.own_checks.is_dir() else [])]
    found = " ".join(shlex.quote(glob.escape(str(folder))) for folder in folders)
    return [
        *("-p", "deployspec.plugin"),
        # What happens to be installed, or suits the project's other tests, must not change a verdict.
        "--disable-plugin-autoload",
        *("--override-ini", "addopts="),
        *("--rootdir", str(places.project)),
        *("--override-ini", f"testpaths={found}"),
        *arguments,
    ]


def run(arguments: Sequence[str]) -> int:
    """Run pytest; returns its exit status."""
    import pytest

    # pytest names itself by what it was started with.
    sys.argv = ["deployspec check", *pytest_arguments(arguments, Places(Path.cwd()))]
    return int(pytest.console_main())
