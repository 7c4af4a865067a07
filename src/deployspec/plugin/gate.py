"""The marker ``gate``: the checks that a pipeline asks for before it goes on, whatever chapters they are of."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from deployspec.plugin.deployments import is_asked, obtain
from deployspec.plugin.options import GATE, chapters, chapters_of, named_in

_GATE: pytest.StashKey[frozenset[str]] = pytest.StashKey()


def gate(config: pytest.Config) -> frozenset[str]:
    """The chapters that ``-m gate`` stands for in this run: those that the deployment file chooses, or else those that
    say themselves that they belong to it. Empty where ``-m`` does not speak of it.

    Raises pytest.UsageError where a deployment is named that cannot be used.
    """
    if GATE not in named_in(config.getoption("markexpr") or ""):
        return frozenset()
    known = config.stash.get(_GATE, None)
    if known is None:
        chosen = obtain(config).gate if is_asked(config) else ()
        known = frozenset(chosen or (name for name, one in chapters(config).items() if one.in_gate))
        config.stash[_GATE] = known
    return known


def with_gate(config: pytest.Config, markers: Collection[str]) -> Collection[str]:
    """The markers of a check, with ``gate`` where it belongs to it."""
    return markers if gate(config).isdisjoint(markers) else {*markers, GATE}


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Find out before items are made: here a faulty deployment still ends the run with status 4."""
    gate(session.config)


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the checks of the gate, before pytest chooses among them."""
    if not gate(item.config).isdisjoint(chapters_of(item)):
        item.add_marker(GATE)
