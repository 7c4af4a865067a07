"""What is found of a matcher's value, and how it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deployspec.base import shown

SHOWN = 3
"""How many faults, values not seen and seen values a reason lists."""


@dataclass(frozen=True)
class Value:
    """What was found of a matcher's value that was not seen."""

    text: str
    fault: bool = False
    never: bool = False
    """Whether no series can ever meet the matcher."""
    known: bool = True


def some(values: Sequence[str]) -> str:
    """The first values, and how many more there are."""
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    return ", ".join(shown.one_line(value, 40) for value in values[:SHOWN]) + more or "none"


def code(text: object) -> str:
    """A piece of PromQL within a sentence."""
    return f"`{shown.one_line(str(text), 120)}`"
