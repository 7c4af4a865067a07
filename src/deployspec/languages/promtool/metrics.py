"""What ``promtool check metrics`` prints: a line for each finding, a metric's name and a sentence; or why it cannot read the page.

It names no lines but in what it cannot read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ERROR = re.compile(r"error while linting: (?:text format parsing error in line (\d+): )?(.*)")


@dataclass(frozen=True, slots=True)
class MetricLint:
    """One finding."""

    metric: str
    """Empty where promtool cannot read the page."""
    text: str
    line: int | None = None
    """Where it could not go on; None of any other finding."""


def metric_lints(printed: str) -> list[MetricLint]:
    """The findings, in the order in which they are printed."""
    found = []
    for line in printed.splitlines():
        if error := _ERROR.fullmatch(line):
            found.append(MetricLint("", error[2], int(error[1]) if error[1] else None))
        elif line.strip():
            metric, _, text = line.partition(" ")
            found.append(MetricLint(metric, text))
    return found
