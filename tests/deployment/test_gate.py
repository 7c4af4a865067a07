"""What a deployment file may say under ``gate``, and what it is told where it cannot be used."""

from __future__ import annotations

import pytest

from deployspec.app import OURS
from deployspec.deployment import load
from tests.deployment.conftest import BASE, Reader, Refusal


def test_the_chapters_that_are_chosen(read: Reader) -> None:
    """In the file's order; none where it chooses none, which leaves it to the chapters."""
    assert read(f"{BASE}gate: [logs, mutation]\n").gate == ("logs", "mutation")
    assert read(BASE).gate == ()


# said: what stands after the key; line: what is told of it.
@pytest.mark.parametrize(
    ("said", "line"),
    [
        pytest.param("[health, helth]", "found helth, which is no chapter; expected metrics, health, logs, alerts, mutation, slo or dashboards; did you mean health?", id="near-miss"),
        pytest.param("[billing]", "found billing, which is no chapter; expected metrics, health, logs, alerts, mutation, slo or dashboards", id="unknown"),
        pytest.param("[]", "found an empty list; expected a list of texts; a list has at least one item", id="empty"),
        pytest.param("health", "found a text; expected a list of texts", id="a-text"),
        pytest.param("[health, health]", "found health for the second time; expected each item once", id="twice"),
        pytest.param("", "found nothing; expected a list of texts, or leave the key out", id="nothing"),
    ],
)  # fmt: skip
def test_what_cannot_be_used(refusal: Refusal, said: str, line: str) -> None:
    """With its place, what was found and what was expected."""
    (told,) = refusal(f"{BASE}gate: {said}\n")
    assert told.partition(": ")[2] == line
    assert told.startswith("2:")


def test_chapters_of_ones_own_are_asked_for_where_they_may_be_named(read: Reader) -> None:
    """They are in the project's settings, which need not be read for any other file."""
    path = read(BASE).path

    def asked() -> list[str]:
        raise AssertionError

    load(path, {}, OURS, (), asked)
    path.write_text(f"{BASE}gate: [shop]\n")
    assert load(path, {}, OURS, (), lambda: ["shop"]).gate == ("shop",)
