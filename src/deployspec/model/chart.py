"""A chart as data: what is drawn, by whoever draws it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from deployspec.base.texts import time_zone


@dataclass(frozen=True)
class Line:
    """Values over something, such as a percentile over time. None where there is no value."""

    name: str
    x: tuple[float, ...]
    y: tuple[float | None, ...]


@dataclass(frozen=True)
class Bars:
    """How many there are between each edge and the next; one edge more than counts, in ascending order."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Chart:
    """One chart: bars, or else lines, and the limits that they are held against."""

    title: str
    """What is seen; free of secrets."""
    x: str
    """What the axis is, with its unit."""
    y: str
    bars: Bars | None = None
    lines: tuple[Line, ...] = ()
    limits: tuple[tuple[str, float], ...] = ()
    """Names and values: of bars, along the axis of the edges, and of lines, along that of the values."""
    zone: str = ""
    """Of lines over time: the zone, by its name in the IANA database, by whose clocks the moments are told that ``x`` has, in
    seconds since 1970. Empty where ``x`` is no moment."""

    def rows(self) -> list[list[str]]:
        """The same as a table, with a head: for those who draw it themselves."""
        if self.bars is not None:
            pairs = zip(self.bars.edges, self.bars.edges[1:], self.bars.counts, strict=False)
            return [
                [f"{self.x}, from", "to below", self.y],
                *([f"{low:g}", f"{high:g}", str(count)] for low, high, count in pairs),
            ]
        values: dict[float, list[str]] = {}
        for place, line in enumerate(self.lines):
            for x, y in zip(line.x, line.y, strict=True):
                row = values.setdefault(x, [""] * len(self.lines))
                row[place] = "" if y is None else f"{y:g}"
        return [
            [self.x, *(f"{self.y}, {line.name}" for line in self.lines)],
            *([self._told(x), *row] for x, row in sorted(values.items())),
        ]

    def _told(self, x: float) -> str:
        if not self.zone:
            return f"{x:g}"
        # With its offset: clocks that are set back show an hour twice.
        return datetime.fromtimestamp(x, time_zone(self.zone)).isoformat(" ", "minutes")
