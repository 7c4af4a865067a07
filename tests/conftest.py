"""Tests that share a booted deployment run in one worker of pytest-xdist."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployspec.base import disclosure
from tests import forked

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what is to run in the background deaf to Ctrl-C, and what we start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Whatever runs a suite keeps its runs here, and nowhere in a person's home.
_STATE = tempfile.TemporaryDirectory(prefix="deployspec-tests-", ignore_cleanup_errors=True)
os.environ["XDG_STATE_HOME"] = _STATE.name

# Nor has GitHub, where these tests run there, anything to read of them.
for _name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
    os.environ.pop(_name, None)

ROOT = Path(__file__).resolve().parent
PARTS = {
    "load": (
        "chapters/slo/test_matrix.py",
        *(f"chapters/slo/measure/test_{name}.py" for name in ("one_reading", "running", "wire")),
        "installed/test_own_service_page.py",
        "plugin/test_comparing.py",
    ),
    "pure": (
        *("base", "model", "languages", "deployment", "outputs"),
        *(
            f"chapters/{chapter}/judge"
            for chapter in ("alerts", "dashboards", "logs", "metrics", "mutation", "slo")
        ),
        "chapters/slo/load",
    ),
    "python": (
        "installed/test_wheel.py",
        "tools/http",
        *(f"plugin/test_{name}.py" for name in ("leftovers", "lock", "outcomes", "own_checks")),
        *(
            f"chapters/health/test_{name}.py"
            for name in ("chain", "clock", "form", "meaning", "outage", "outages")
        ),
        *(
            f"chapters/health/test_{name}.py"
            for name in ("recorded", "repeat", "replicas", "state", "transport")
        ),
    ),
}
"""Which tests run beside which others, and on which Python: ``--part`` (docs/decisions/0051). What is in none of them is
the part ``rest``."""


def _part(place: str) -> str:
    return next(
        (name for name, places in PARTS.items() if any(f"{place}/".startswith(f"{one}/") for one in places)),
        "rest",
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run take parts of the tests."""
    parser.addoption(
        "--part",
        action="append",
        choices=(*PARTS, "rest"),
        help="run this part of deployspec's own tests only (may be given again)",
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the files of other parts."""
    parts = config.getoption("part")
    if not parts or collection_path.suffix != ".py" or not collection_path.is_relative_to(ROOT):
        return None
    return True if _part(collection_path.relative_to(ROOT).as_posix()) not in parts else None


def pytest_configure(config: pytest.Config) -> None:
    """Know pytest-xdist's marker also in runs without it."""
    config.addinivalue_line("markers", "xdist_group(name): tests that run in one worker of pytest-xdist.")


LONG = ("installed/test_own_service_page.py", "chapters/slo/test_matrix.py", "plugin/test_comparing.py")
"""What takes longest, and comes first: begun at the end, it would go on alone."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """The longest first; and give each item the name with its group: pytest-xdist 3.8 writes it where pytest 9.2 does not
    read it."""
    yield
    order = {ROOT / place: number for number, place in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path, len(order)))
    for item in items:
        grouped = getattr(item, "_nodeid", item.nodeid)
        if grouped != item.nodeid:
            item._id = item.id.parse(grouped)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """What a test made known as a secret, ``password`` for one, is hidden in no other test's texts."""
    disclosure.hide(disclosure.nothing)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind where the interpreter does not see to it."""
    if hasattr(config, "workerinput"):
        forked.forget()
