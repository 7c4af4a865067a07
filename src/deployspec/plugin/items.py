"""Items that are made of what a deployment's file or the rules say: what every chapter that makes some does alike."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.model.chapter import lacking
from deployspec.plugin.deployments import is_asked, obtain
from deployspec.plugin.gate import gate, with_gate
from deployspec.plugin.options import GATE, chapters, chapters_of, is_check
from deployspec.plugin.selection import may_select, may_select_of, refuse_lacking

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet

NONE = "-"
"""The id of an item that is about to be deselected, or listed only, or that there is but one of."""


def may_run(config: pytest.Config, *checks: Collection[str]) -> bool:
    """Whether ``-m`` may select one of these checks, each given by its markers."""
    expression = config.getoption("markexpr") or ""
    return any(may_select(expression, with_gate(config, markers)) for markers in checks)


def may_run_item(item: pytest.Item) -> bool:
    """Whether ``-m`` may select this check. Where it does not, nothing is to be read for it."""
    return may_run(item.config, {mark.name for mark in item.iter_markers()})


def load_early(config: pytest.Config, *checks: Collection[str]) -> None:
    """Load the deployment before items are made of it: in ``pytest_collection``, a faulty one still ends the run with
    status 4, and so does one whose parts need libraries that are not installed."""
    if may_run(config, *checks) and is_asked(config):
        deployment, known = obtain(config), chapters(config)
        expression = config.getoption("markexpr") or ""
        refuse_lacking(
            chapter
            for name, chapter in known.items()
            if any(deployment.parts.get(key) is not None for key in chapter.parts)
            and may_select_of(expression, name, known, () if name in gate(config) else (GATE,))
        )


def parameter(*values: Any, name: str = NONE, missing: str = "") -> ParameterSet:
    """One item's parameter; ``missing`` is the part that is not described, for which it is not selected."""
    return pytest.param(
        *(values or (None,)), id=name, marks=[pytest.mark.not_described(missing)] if missing else []
    )


def parametrize(
    metafunc: pytest.Metafunc,
    names: Container[str],
    make: Callable[[str, pytest.Config], Iterable[ParameterSet]],
) -> None:
    """Make the items of a check that uses an indirect fixture of these names; one where it may not be selected.

    A test that is no check may have fixtures of its own by these names.
    """
    if not is_check(metafunc.definition):
        return
    name = next((name for name in metafunc.fixturenames if name in names), None)
    if name is not None:
        try:
            made = list(make(name, metafunc.config)) if may_run_item(metafunc.definition) else [parameter()]
        except ModuleNotFoundError:
            known = chapters(metafunc.config)
            if not any(map(lacking, (known[chapter] for chapter in chapters_of(metafunc.definition)))):
                raise
            # What is raised here would be shown with a traceback: the selection says it, which the item is for.
            made = [parameter()]
        metafunc.parametrize(name, made, indirect=True)
