"""Metrics, as Prometheus has them: families of samples without a time. No dataclasses: a probe imports this each time."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple

from deployspec.base.disclosure import redact
from deployspec.base.shown import printable

LONGEST_LABEL = 120
"""Characters of a label's value. What a longer one has beyond them is a digest, so that two stay two."""
_DIGEST = 12


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


def label(text: str) -> str:
    """A text as a label's value: bounded, and in one line. Two texts never become one."""
    line = " ".join(text.split())
    if line == text and len(line) <= LONGEST_LABEL:
        return line
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    return f"{line[: LONGEST_LABEL - _DIGEST - 1]}~{digest}"


def check_label(identity: str) -> str:
    """A check's id as a label's value: in characters that print, and without the secrets that a parameter may have."""
    return label(printable(redact(identity)))
