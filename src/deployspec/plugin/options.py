"""The command line options and the hooks for conftests."""

from __future__ import annotations

import argparse

import pytest

CHAPTERS = ("health", "logs", "alerts", "mutation", "slo")
"""The markers that make a test a check, in the order of the guide's chapters."""
OF_A_DEPLOYMENT = ("health", "logs", "slo")
"""Those whose promises only the running deployment can keep, whatever its files say."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    group = parser.getgroup("deployspec", "the deployment under check")
    group.addoption(
        "--deployment",
        metavar="NAME",
        default=None,
        help="the deployment to check: the stem of a file in deployments/, or a path (default: $DEPLOYMENT)",
    )
    group.addoption(
        "--record",
        metavar="PATH",
        default=None,
        help="where the run record goes (default: a new file under runs/)",
    )
    group.addoption(
        "--rules",
        metavar="GLOB",
        action="append",
        default=[],
        help="the alert rules to check, Prometheus' format or PrometheusRule documents; may be given several times "
        "(default: the deployment file's rules.files, else rules/*.rules.yml)",
    )
    group.addoption(
        "--rule-tests",
        metavar="GLOB",
        action="append",
        default=[],
        help="the rules' unit tests in promtool's format; may be given several times "
        "(default: the deployment file's rules.tests, else rules/*.test.yml)",
    )
    group.addoption(
        "--promtool-timeout",
        metavar="SECONDS",
        type=_seconds,
        default=120.0,
        help="how long promtool may take for one file of unit tests (default: 120)",
    )
    group.addoption(
        "--slos",
        metavar="GLOB",
        action="append",
        default=[],
        help="the objectives to check, OpenSLO v1 documents; may be given several times (default: slos/*.yaml)",
    )
    group.addoption(
        "--load-seed",
        metavar="N",
        type=_seed,
        default=None,
        help="make a load run's requests arrive as in the run that told this seed "
        "(default: the deployment file's load.seed, else a new one for each run)",
    )


def _seed(text: str) -> int:
    """A whole number of 32 bits."""
    if not text.isascii() or not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to {2**32 - 1}")
    return int(text)


def _seconds(text: str) -> float:
    """A positive number of seconds, at most an hour."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0 and at most 3600")
    return seconds


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Let a conftest bring deployments of its own."""
    from deployspec.plugin import hooks

    pluginmanager.add_hookspecs(hooks)


def chapters_of(item: pytest.Item) -> list[str]:
    """The chapters that this item belongs to; empty for an ordinary test."""
    return [name for name in CHAPTERS if item.get_closest_marker(name) is not None]


def is_check(item: pytest.Item) -> bool:
    """Whether this item is a check: one promise of the specification."""
    return bool(chapters_of(item))


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is one of pytest-xdist's workers."""
    return hasattr(config, "workerinput")
