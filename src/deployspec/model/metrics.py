"""Metrics, as Prometheus has them: families of samples without a time. No dataclasses: a probe imports this each time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Sample(NamedTuple):
    """One value. Its labels are bounded, and no text that was measured is among them."""

    value: float
    labels: Mapping[str, str] = {}


class Family(NamedTuple):
    """A metric with all its samples. Name, type and help are constants of ours: servers object where they change."""

    name: str
    type: str
    """``gauge`` or ``counter``."""
    help: str
    """One line."""
    samples: tuple[Sample, ...] = ()
