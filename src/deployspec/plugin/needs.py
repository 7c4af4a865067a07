"""What a check needs of the deployment file, as its marks ``needs`` and ``within`` say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from deployspec.deployment import Deployment

_OR = " or "
"""Between the alternatives in a ``needs`` mark."""


def parts_needed(item: pytest.Item) -> list[str]:
    """The parts of the deployment file that this check speaks of, as ``needs`` markers say it, at the places that
    ``within`` markers name; of alternatives (``A or B``), all in one text."""
    moved = [_moved(marker, item) for marker in item.iter_markers("within")]
    return [
        _OR.join(_placed(part, moved) for part in alternatives(str(text)))
        for marker in item.iter_markers("needs")
        for text in marker.args
    ]


def alternatives(text: str) -> list[str]:
    """The parts of which a check needs one."""
    return [part.strip() for part in text.split(_OR)]


def _moved(marker: pytest.Mark, item: pytest.Item) -> tuple[str, str]:
    """A part, and the place where it is looked up."""
    try:
        part, place = map(str, marker.args)
    except ValueError:
        raise pytest.UsageError(
            f"{item.nodeid}: found a mark `within` with {len(marker.args)} texts; expected two, a part and its place"
        ) from None
    return part, place


def _placed(part: str, moved: Iterable[tuple[str, str]]) -> str:
    """The part at the place that the first of ``moved`` which speaks of it names."""
    return next((place + part[len(own) :] for own, place in moved if f"{part}.".startswith(f"{own}.")), part)


def parts_missing(item: pytest.Item, deployment: Deployment) -> list[str]:
    """The parts that a check speaks of and this deployment's file does not describe."""
    try:
        # A list, not a generator: a misspelt alternative is an error beside a described one, too.
        return [
            text
            for text in parts_needed(item)
            if not any([deployment.describes(part) for part in alternatives(text)])  # noqa: C419
        ]
    except ValueError as error:
        raise pytest.UsageError(
            f"{item.nodeid}: found a mark `needs` with something that is not part of a deployment file ({error}); expected a key of "
            "the deployment file, such as health.max_response_time"
        ) from None
