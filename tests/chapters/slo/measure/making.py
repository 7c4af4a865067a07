"""Makes short load runs with the project's own generator."""

from __future__ import annotations

from typing import Any

from deployspec.chapters.slo.load.plan import Plan, Route
from deployspec.chapters.slo.load.result import LoadResult, described
from deployspec.chapters.slo.measure.running import Generator, run
from tests.suite import ROOT

HALF = 500_000_000
GENERATOR = Generator(ROOT / "load" / "locustfile.py", ROOT)
GET = Route("get", "GET", "/health", 1.0)


def plan(url: str, *routes: Route, **more: Any) -> Plan:
    """20 requests in a second, without a warm-up, unless it is said otherwise."""
    told = {"rate": 20.0, "duration": 1.0, "seed": 1, "thresholds": (HALF,), "timeout": 5.0}
    return Plan(base_url=url, routes=routes or (GET,), **{**told, **more})


def make(url: str, *routes: Route, generator: Generator = GENERATOR, **more: Any) -> LoadResult:
    """Make one; ``more`` goes to the plan, but for ``stop`` and ``progress``."""
    hooks = {name: more.pop(name) for name in ("stop", "progress") if name in more}
    told = plan(url, *routes, **more)
    return run(told, generator, described(told), **hooks)


def requests(result: LoadResult) -> int:
    """How many were counted."""
    return sum(counts[0] for counts in result.total.bins.values())
