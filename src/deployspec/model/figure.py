"""A figure in two runs, and by how much it has changed, within an interval.

A figure (a share of bad requests, a percentile of latencies) is known of each run within an interval; the interval of
their difference comes of those two, by the method of variance estimates recovery: each end is the difference of the
estimates, less (or plus) the root of the summed squares of how far the two ends that matter there are from their
estimates. For shares that is Newcombe's (Interval estimation for the difference between independent proportions,
Statistics in Medicine 17, 1998, method 10); for anything with an interval, Zou and Donner's (Construction of confidence
limits about effect measures, Statistics in Medicine 27, 2008). It takes uneven ends as they are, and no normal errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

_LARGEST = 700.0
"""Of what ``exp`` can take."""


class Estimate(NamedTuple):
    """A figure of one run."""

    value: float
    samples: int
    """What it is of: requests, say."""
    within: Callable[[float, float], tuple[float, float]]
    """The interval at a confidence: as it is, by 1.0; or as it would be by so many times as many samples like these."""


@dataclass(frozen=True)
class Figure:
    """One number in two runs, of which less is better."""

    name: str
    kind: str
    """``latency``, in seconds, whose change is relative; ``share``, whose change is in parts of ``allowed``."""
    before: Estimate
    after: Estimate
    allowed: float = 1.0
    """Of a share: how many bad ones the objective allows, as a share of all."""

    def change(self, confidence: float, times: float = 1.0) -> tuple[float, float, float]:
        """By what part it has become larger, and the ends of the interval of that; 0.2 means by a fifth."""
        (low, high), (new_low, new_high) = (
            one.within(confidence, times) for one in (self.before, self.after)
        )
        if self.kind == "share":
            before, after, scale = self.before.value, self.after.value, self.allowed
            change, least, most = _difference((before, low, high), (after, new_low, new_high))
            return change / scale, least / scale, most / scale
        logs = _difference(
            (_log(self.before.value), _log(low), _log(high)),
            (_log(self.after.value), _log(new_low), _log(new_high)),
        )
        change, least, most = (math.expm1(end) if end < _LARGEST else math.inf for end in logs)
        return change, least, most


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _difference(
    before: tuple[float, float, float], after: tuple[float, float, float]
) -> tuple[float, float, float]:
    """After less before, each with its ends: the difference and its own ends."""
    value, low, high = before
    new_value, new_low, new_high = after
    change = new_value - value
    return (
        change,
        change - math.hypot(new_value - new_low, high - value),
        change + math.hypot(new_high - new_value, value - low),
    )
