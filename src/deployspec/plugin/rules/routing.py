"""Alertmanager's configuration and the routing table, as amtool understands them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import pytest

from deployspec.base.errors import ToolError
from deployspec.plugin.outcomes import Unmeasured
from deployspec.plugin.rules.collecting import given, rule_set_of

if TYPE_CHECKING:
    from deployspec.languages.alertmanager import AmtoolRun, RoutingRow
    from deployspec.tools.amtool import Amtool


@dataclass(frozen=True)
class RouteMeasured:
    """A row of the routing table, and where amtool sends such an alert."""

    row: RoutingRow
    run: AmtoolRun


@lru_cache(maxsize=1)
def _amtool() -> Amtool:
    from deployspec.tools.amtool import find

    try:
        return find(os.environ)
    except ToolError as error:
        raise Unmeasured(str(error)) from None


@pytest.fixture
def route(request: pytest.FixtureRequest) -> RouteMeasured:
    """One row of the routing table."""
    row: RoutingRow = given(request)
    rules = rule_set_of(request.config)
    return RouteMeasured(
        row, _amtool().routes_test(rules.shown(rules.sources.alertmanager), row.labels, row.receivers)
    )


@pytest.fixture
def alertmanager_config(request: pytest.FixtureRequest) -> AmtoolRun:
    """What amtool says of Alertmanager's configuration."""
    path = given(request)
    return _amtool().check_config(rule_set_of(request.config).shown(path))
