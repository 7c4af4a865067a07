"""``deployspec check``: pytest on the specification and on the project's own checks, wherever the library is installed."""

from __future__ import annotations

import argparse
import glob
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from deployspec.app import chapters
from deployspec.base.places import Places


def arguments(parser: argparse.ArgumentParser) -> None:
    """None: all that follows ``deployspec check`` is pytest's."""
    parser.add_help = False


_SETTINGS = {
    "addopts": "",
    "python_files": "test_*.py",
    "python_functions": "test",
    "python_classes": "Test",
    "required_plugins": "",
    "usefixtures": "",
}
"""Settings of pytest that suit the project's other tests: they must not change which checks there are, or a verdict."""


def pytest_arguments(arguments: Sequence[str], places: Places) -> list[str]:
    """What pytest is started with. Paths among the ``arguments`` take the place of the specification's."""
    said = [_findable(one, places) for one in _joined(arguments)]
    if places.is_clone:
        # Its pytest.ini says all the rest.
        ini = str(places.project / "pytest.ini")
        return ["-c", ini, "--rootdir", str(places.project), "--override-ini", "testpaths=checks", *said]
    own = [places.own_checks] if places.own_checks.is_dir() else []
    settings = _SETTINGS | {"testpaths": " ".join(_as_pattern(one, places) for one in (places.checks, *own))}
    return [
        *("-p", "deployspec.plugin"),
        # What happens to be installed must not change a verdict.
        "--disable-plugin-autoload",
        *(part for name, value in settings.items() for part in ("--override-ini", f"{name}={value}")),
        # An assertion that cannot fail.
        *("-W", "error:assertion is always true"),
        *("--rootdir", str(places.project)),
        # A conftest above is for other tests.
        *(("--confcutdir", str(places.own_checks)) if own else ()),
        *said,
    ]


def _joined(arguments: Sequence[str]) -> Iterator[str]:
    """With ``=`` between our options and their values: beside a path that stands alone, pytest looks for its settings."""
    ours = {"--deployment", "--record", "--state", "--leave-out", "--accept"}
    flags = ("store_true", "store_false", "store_const")
    options = (option for chapter in chapters() for option in chapter.options)
    ours |= {option.name for option in options if option.settings.get("action") not in flags}
    rest = iter(arguments)
    for one in rest:
        value = next(rest, None) if one in ours else None
        yield one if value is None else f"{one}={value}"


def _findable(argument: str, places: Places) -> str:
    """A node id of the specification, as a run prints it, by the path that it stands for."""
    inside = argument.removeprefix("deployspec/checks/")
    if inside == argument or Path(argument.partition("::")[0]).exists():
        return argument
    return str(places.checks / inside)


def _as_pattern(folder: Path, places: Places) -> str:
    """A folder for ``testpaths``: from the project where it is in it, for pytest takes no path with a bracket."""
    if folder.is_relative_to(places.project):
        folder = folder.relative_to(places.project)
    return shlex.quote(glob.escape(str(folder)))


def run(arguments: Sequence[str]) -> int:
    """Run pytest; returns its exit status."""
    import pytest

    return int(pytest.main(pytest_arguments(arguments, Places(Path.cwd()))))
