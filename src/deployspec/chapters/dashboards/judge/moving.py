"""What panels show of a fault, and what they do not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from deployspec.base import shown
from deployspec.chapters.dashboards.model import Movement, Shown, Stays
from deployspec.model.verdict import Verdict, breached, met, unmeasured

_Z = 1.959963984540054
"""Of the standard normal distribution, 95% lies within so many deviations."""


@dataclass(frozen=True, slots=True)
class Sends:
    """The requests that were answered within the range that a panel looks at."""

    answered: int
    failed: int
    """Those with status 500 and above."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one query of a panel showed. None: no number."""

    name: str
    """The panel's title, and the query's letter where the panel has several."""
    before: float | None
    during: float | None
    sends: Sends = Sends(0, 0)
    series: tuple[tuple[float, float], ...] = ()
    """Of each series that is there both times: what it showed before, and during. ``before`` and ``during`` are the largest."""

    @property
    def rise(self) -> float | None:
        """By how much the series rises that rises most; of those that were not there before, the largest value counts."""
        if self.series:
            return max(during - before for before, during in self.series)
        return None if self.before is None or self.during is None else self.during - self.before


def wilson(failed: int, answered: int) -> tuple[float, float]:
    """The 95% interval of a share by so many requests, as Wilson has it. Of none it is all that a share can be."""
    if not answered:
        return 0.0, 1.0
    share, square = failed / answered, _Z * _Z
    middle = (share + square / (2 * answered)) / (1 + square / answered)
    half = (
        _Z * math.sqrt(share * (1 - share) / answered + square / (4 * answered**2)) / (1 + square / answered)
    )
    return max(0.0, middle - half), min(1.0, middle + half)


def is_shown(
    movement: Movement,
    shows: Sequence[tuple[Shown, Reading]],
    stays: Sequence[tuple[Stays, Reading]],
) -> Verdict:
    """BREACHED where a panel does not show what it is to show of the fault, or moves where it is not to."""
    faults: dict[str, None] = {}
    untold: dict[str, None] = {}
    for wanted, reading in shows:
        fault, unknown = _shown(wanted, reading)
        faults |= dict.fromkeys(fault)
        untold |= dict.fromkeys(unknown)
    for still, reading in stays:
        fault, unknown = _stayed(still, reading)
        faults |= dict.fromkeys(fault)
        untold |= dict.fromkeys(unknown)
    limit = "; ".join(
        dict.fromkeys([*map(_limit, (one for one, _ in shows)), *(_stay(one) for one, _ in stays)])
    )
    measured = "; ".join(dict.fromkeys(_told(reading) for _, reading in (*shows, *stays)))
    name = shown.one_line(movement.name, 80)
    if faults:
        return breached(shown.one_line(f"{name}: {'; '.join(faults)}", 400), measured=measured, limit=limit)
    if untold:
        return unmeasured(shown.one_line(f"{name}: {'; '.join(untold)}", 400), measured=measured, limit=limit)
    return met(f"{name}: the panels show it, and no other one moves", measured=measured, limit=limit)


def _shown(wanted: Shown, reading: Reading) -> tuple[list[str], list[str]]:
    value = reading.during
    if value is None:
        return [f"{reading.name} shows no number"], []
    faults: list[str] = []
    untold: list[str] = []
    if wanted.at_least is not None and value < wanted.at_least:
        faults.append(f"{reading.name} shows {value:.4g}, less than {wanted.at_least:g}")
    if wanted.at_most is not None and value > wanted.at_most:
        faults.append(f"{reading.name} shows {value:.4g}, more than {wanted.at_most:g}")
    before, sends = reading.before, reading.sends
    low, high = wilson(sends.failed, sends.answered) if wanted.share_failed else (-math.inf, math.inf)
    if before is not None and _was_there(wanted, before, low, high):
        untold.append(
            f"{reading.name} showed {before:.4g} before the fault as well, so it need not be the fault that it shows"
        )
    if wanted.share_failed:
        of = f"{sends.failed} of {sends.answered} requests failed"
        if not sends.failed:
            untold.append(f"{of}: the fault shows in no answer")
        elif not low <= value <= high:
            faults.append(f"{reading.name} shows {value:.4g}, and {of}, a share of {low:.3f} to {high:.3f}")
    if wanted.rises_by is not None:
        rise = reading.rise
        if rise is None or before is None:
            untold.append(f"{reading.name} showed no number before")
        elif abs(rise - wanted.rises_by) > wanted.tolerance:
            ends = (
                f"from {before:.4g} to {value:.4g}"
                if len(reading.series) < 2
                else "the series that rises most"
            )
            faults.append(f"{reading.name} rises by {rise:.4g}, {ends}, and not by {wanted.rises_by:g}")
    return faults, untold


def _was_there(wanted: Shown, before: float, low: float, high: float) -> bool:
    """Whether a value before the fault is where the fault is to bring it: at its ``at_least``, however high; without one, below
    its ``at_most`` and from ``low`` to ``high``. Where it is to rise, the rise tells."""
    if wanted.at_least is not None:
        return before >= wanted.at_least
    most = math.inf if wanted.at_most is None else wanted.at_most
    return wanted.rises_by is None and low <= before <= min(high, most)


def _stayed(still: Stays, reading: Reading) -> tuple[list[str], list[str]]:
    if reading.before is None and reading.during is None:
        return [], []
    if reading.before is None or reading.during is None:
        when = "before" if reading.before is None else "during the fault"
        return [], [f"{reading.name} showed no number {when}"]
    ends = [(reading.before, reading.during), *reading.series]
    before, during = max(ends, key=lambda pair: abs(pair[1] - pair[0]))
    if abs(during - before) > still.within:
        return [f"{reading.name} moves from {before:.4g} to {during:.4g}"], []
    return [], []


def _limit(wanted: Shown) -> str:
    said = []
    if wanted.at_least is not None:
        said.append(f"at least {wanted.at_least:g}")
    if wanted.at_most is not None:
        said.append(f"at most {wanted.at_most:g}")
    if wanted.share_failed:
        said.append("the share of requests that fail")
    if wanted.rises_by is not None:
        around = f", give or take {wanted.tolerance:g}" if wanted.tolerance else ""
        said.append(f"{wanted.rises_by:g} more{around}")
    return f"{wanted.panel}: {', '.join(said)}"


def _stay(still: Stays) -> str:
    return f"{still.panel}: as before, give or take {still.within:g}"


def _told(reading: Reading) -> str:
    def number(value: float | None) -> str:
        return "no number" if value is None else f"{value:.4g}"

    return f"{reading.name}: {number(reading.before)}, then {number(reading.during)}"
