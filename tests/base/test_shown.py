"""How texts, values and places in documents are shown."""

from __future__ import annotations

import pytest

from deployspec.base.shown import excerpt, lasting, place, value

ALPHABET = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (0, "abcd…"),
        (2, "abcdef…"),
        (4, "abcdefgh…"),
        (5, "…bcdefghi…"),
        (13, "…jklmnopq…"),
        (21, "…rstuvwxy…"),
        (22, "…stuvwxyz"),
        (26, "…wxyz"),
    ],
)
def test_an_excerpt_is_around_its_place(at: int, shown: str) -> None:
    """Half of the width on each side; an ellipsis where something was cut off, and nowhere else."""
    assert excerpt(ALPHABET, at, 8) == shown


def test_an_excerpt_of_characters_that_do_not_print() -> None:
    """Each takes several; what is shown has at most twice the width, and the ellipses."""
    assert excerpt("\x00" * 100, 50, 8) == "…" + "\\x00\\x00\\x00\\x0"[:15] + "……"
    assert excerpt("a\nb", 1, 8) == "a\\nb"


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ({}, "an object of 0 fields"),
        ({"a": 1}, "an object of 1 field"),
        ([1, 2], "an array of 2 items"),
        ("x", '"x"'),
        ("x" * 41, '"' + "x" * 39 + '…"'),
        ("x" * 40, '"' + "x" * 40 + '"'),
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        (10**60, "1" + "0" * 38 + "…"),
    ],
)
def test_a_value(found: object, shown: str) -> None:
    """As JSON has it, cut at 40 characters; what has parts is only counted."""
    assert value(found) == shown


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ((), "$"),
        (("A", "b_-9", "_"), "$.A.b_-9._"),
        (("9a", ""), '$["9a"][""]'),
        ((0, "a"), "$[0].a"),
        (("a" * 40,), "$." + "a" * 40),
        (("a" * 41,), "$." + "a" * 39 + "…"),
        (("é" * 41,), '$["' + "é" * 39 + '…"]'),
        (tuple("abcdefgh"), "$.a.b.c.d.e.f.g.h"),
        (tuple("abcdefghi"), "$.a.b.c.d.e.f.g.h…"),
    ],
)
def test_a_place_in_a_document(path: tuple[str | int, ...], shown: str) -> None:
    """Eight steps of at most 40 characters each; an ellipsis for what is left out."""
    assert place(path) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "0 s"),
        (0.2, "less than 1 s"),
        (59.99, "59 s"),
        (60, "1 min"),
        (754, "12 min 34 s"),
        (3599.9999999, "1 h"),
        (3600 + 59, "1 h"),
        (7 * 3600 + 12 * 60 + 59, "7 h 12 min"),
        (7 * 24 * 3600, "168 h"),
    ],
)
def test_a_span_of_time(amount: float, shown: str) -> None:
    """Its two largest units, never more than it is but for the noise of floats."""
    assert lasting(amount) == shown
