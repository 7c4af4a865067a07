"""Tests that share a booted deployment run in one worker of pytest-xdist."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests import forked

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what is to run in the background deaf to Ctrl-C, and what we start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """Know pytest-xdist's marker also in runs without it."""
    config.addinivalue_line("markers", "xdist_group(name): tests that run in one worker of pytest-xdist.")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Give each item the name with its group: pytest-xdist 3.8 writes it where pytest 9.2 does not read it."""
    yield
    for item in items:
        grouped = getattr(item, "_nodeid", item.nodeid)
        if grouped != item.nodeid:
            item._id = item.id.parse(grouped)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind where the interpreter does not see to it."""
    if hasattr(config, "workerinput"):
        forked.forget()
