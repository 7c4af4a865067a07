"""Whether an expression can have a result when some of what it reads is not there."""

from __future__ import annotations

import pytest

from deployspec.languages.promql.results import can_give_a_result
from deployspec.languages.promql.syntax import parse


@pytest.mark.parametrize(
    "text",
    [
        "there",
        "there / there > 0.5",
        "there unless gone",
        "gone or there",
        "absent(gone)",
        "absent(there)",
        "absent_over_time(gone[5m]) == 1",
        "vector(1)",
        "time() > bool 5",
        "hour() > 20",
        "there * scalar(gone)",
        "sum(gone or vector(0)) > 1",
        'label_replace(there, "a", "", "b", "")',
    ],
)
def test_can_give_a_result(text):
    """Something may come of it, depending on the values."""
    assert can_give_a_result(parse(text), lambda selector: selector.name == "there")


@pytest.mark.parametrize(
    "text",
    [
        "gone > 0",
        "gone / there",
        "there / gone",
        "there and gone",
        "gone unless there",
        "gone or gone",
        "sum(rate(gone[5m])) > bool 0",
        "count(gone) == 0",
        "histogram_quantile(0.9, gone)",
        "predict_linear(gone[1h], 60) < 0",
        "max_over_time((gone > 1)[1h:1m])",
        "-(gone)",
        "gone * scalar(there)",
    ],
)
def test_cannot_give_a_result(text):
    """The result is empty, whatever the values of the rest are."""
    assert not can_give_a_result(parse(text), lambda selector: selector.name == "there")
