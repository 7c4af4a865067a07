"""Alertmanager's routes: read, evaluated, and judged against a table."""

from deployspec.contracts.alertmanager.matchers import Matcher, parse_matchers
from deployspec.contracts.alertmanager.routes import Route, Routes, read_routes
from deployspec.contracts.alertmanager.routing import (
    AmtoolRun,
    RoutingRow,
    RoutingTable,
    judge_config,
    judge_route,
    read_routing,
    uncovered,
)

__all__ = [
    "AmtoolRun",
    "Matcher",
    "Route",
    "Routes",
    "RoutingRow",
    "RoutingTable",
    "judge_config",
    "judge_route",
    "parse_matchers",
    "read_routes",
    "read_routing",
    "uncovered",
]
