"""What the store knows of many runs, without their evidence: a row a run, and what each check found in it.

``deployspec.record.index`` reads it; it is a plain value, so that whoever judges it needs no store.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from deployspec.model.entry import Accepted
from deployspec.model.verdict import Outcome, Proportion

if TYPE_CHECKING:
    from numpy import float32, uint8
    from numpy.typing import NDArray

VERDICTS = (Outcome.MET, Outcome.BREACHED, Outcome.UNMEASURED)
"""By their numbers in ``History.verdicts``."""
ABSENT = 255
"""The number there of a check that the run did not make."""
FLAKY, ACCEPTED, DEFECT, MET_AGAIN = 1, 2, 4, 8
"""Bits of ``History.flags``."""


class Row(NamedTuple):
    """A run, as ``deployspec runs list`` shows it."""

    path: Path
    id: str
    deployment: str
    kind: str
    location: str
    started: float
    """In seconds since 1970, as ``finished``."""
    finished: float | None
    exit_status: int | None
    """None while it goes on, and after it was killed."""
    cut_short: str
    maintenance: str
    """The name of the window that it fell into; empty where it fell into none."""
    interval: float | None
    """Seconds from one probe to the next, as its schedule has them."""
    version: str
    """Of deployspec."""
    counts: dict[str, int]
    """As ``Run.counts`` gives them."""
    base_url: str = ""
    markers: str = ""
    added: tuple[str, ...] = ()
    """The keys of what chapters have added to its record: ``load``."""
    deployed: str = ""
    """The version of the deployment itself, as the check measured it whose id ``Chapter.states_version`` names, and if it was
    MET; empty where the run does not know."""


class Known(NamedTuple):
    """A check, as its newest run in the history has it."""

    id: str
    chapter: str
    promise: str


class Share(NamedTuple):
    """The share that a verdict rests on."""

    run: int
    """Its place in ``History.runs``."""
    check: int
    proportion: Proportion


@dataclass(frozen=True)
class History:
    """The runs of one deployment that began in a span of time, from the oldest to the newest."""

    deployment: str
    runs: tuple[Row, ...]
    checks: tuple[Known, ...]
    verdicts: NDArray[uint8]
    """A row a run, a column a check."""
    flags: NDArray[uint8]
    """Of the same shape."""
    durations: NDArray[float32]
    """Of the same shape: seconds that the check took, NaN where it is absent."""
    shares: tuple[Share, ...] = ()
    accepted: dict[int, Accepted] = field(default_factory=dict)
    """By check: the acceptance that its newest run has, where that accepts its verdict."""
    damaged: tuple[tuple[Path, str], ...] = ()
    """Files that are no run records, although they have the names of some, each with the reason."""
    added: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    """By the key of what a chapter has added to records: the place of each run that has it, and what of it the chapter keeps
    for reviews (``Chapter.digests``)."""
