"""What becomes of a verdict that is accepted, and which acceptances stand for nothing."""

from __future__ import annotations

import pytest

from deployspec.model.acceptance import Acceptance, matches
from deployspec.model.entry import Entry
from deployspec.record.accepted import Acceptances, without_a_check, without_a_deployment


@pytest.mark.parametrize(
    ("day", "holds"), [("2026-12-30", True), ("2026-12-31", True), ("2027-01-01", False)]
)
def test_the_last_day_is_included(day: str, holds: bool) -> None:
    """It has expired on the day after."""
    one = Acceptance("health.*", "shop", "o", "r", "2026-12-31", "accepted.yaml:2")
    breach = Entry("n", "health.open", "health", "p", "BREACHED", "closed")

    found = Acceptances((one,), day).applied(breach, "shop")

    assert (found.accepted is not None) == holds
    assert found.fails != holds


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("slo.window[api]", "slo.window[api]", True),
        ("slo.window[api]", "slo.windowa", False),
        ("slo.window[*]", "slo.window[api]", True),
        ("slo.window[a?i]", "slo.window[api]", True),
        ("slo.window", "slo.window[api]", False),
        ("slo.*", "slo.window[api]", True),
        ("SLO.*", "slo.window[api]", False),
        ("a.b[[x]]", "a.b[[x]]", True),
        ("a.b[!x]", "a.b[y]", False),
        ("a.b[x-z]", "a.b[y]", False),
        ("*" * 200 + "x", "y" * 200, False),
    ],
)
def test_patterns(pattern: str, name: str, fits: bool) -> None:
    """Brackets are letters like others, and no pattern takes long."""
    assert matches(pattern, name) == fits


def of(check: str, deployment: str = "staging") -> tuple[Acceptance, ...]:
    """One acceptance."""
    return (Acceptance(check, deployment, "o", "r", "9999-12-31", "accepted.yaml:2"),)


COLLECTED = ["health.open", "logs.records[api]", "logs.records[worker]", "alerts.case"]
DECLARED = ["slo.window", "slo.load-run"]


@pytest.mark.parametrize(
    ("check", "deployment", "known"),
    [
        ("health.open", "staging", True),
        ("health.opne", "staging", False),
        ("health.opne", "*", False),
        ("logs.records[api]", "staging", True),
        ("logs.records[db]", "staging", False),
        ("logs.records[db]", "s*", True),
        ("logs.records[db]", "shop", True),
        ("logs.records", "staging", False),
        ("alerts.case[a.yml-0]", "staging", True),
        ("slo.window", "staging", True),
        ("slo.window[api]", "staging", True),
        ("slo.widow[api]", "staging", False),
        ("*.window*", "staging", True),
    ],
)
def test_which_checks_there_are(check: str, deployment: str, known: bool) -> None:
    """By their names; by their parameters, where they are this deployment's alone, and some were collected."""
    found = without_a_check(of(check, deployment), "staging", ["staging", "shop"], COLLECTED, DECLARED)

    assert (not found) == known


def test_what_there_is_instead_is_said_in_few_words() -> None:
    """However many there are."""
    many = [f"logs.records[{number:03}]" for number in range(500)]

    (line,) = without_a_check(of("logs.records[x]"), "staging", ["staging"], many, [])

    assert line.endswith("logs.records[003], logs.records[004] or 495 more")


@pytest.mark.parametrize(
    ("deployment", "names", "known"),
    [
        ("staging", [], True),
        ("*", [], True),
        ("shop", ["staging", "shop"], True),
        ("sho", ["staging", "shop"], False),
        ("sh?p", ["staging", "shop"], True),
    ],
)
def test_which_deployments_there_are(deployment: str, names: list[str], known: bool) -> None:
    """That of the run is one, wherever its file is."""
    assert (not without_a_deployment(of("health.open", deployment), "staging", names)) == known
