"""Alertmanager's routes: read, evaluated, and judged against a table."""

from deployspec.languages.alertmanager.matchers import parse_matchers
from deployspec.languages.alertmanager.routes import Route, Routes, read_routes
from deployspec.languages.alertmanager.routing import (
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
