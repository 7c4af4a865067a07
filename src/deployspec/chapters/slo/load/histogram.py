"""Latencies as an HdrHistogram: three significant digits, and the sum of two is the histogram of all their samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hdrh.histogram import HdrHistogram

LARGEST = 3_600_000_000
"""In microseconds: an hour. What takes longer is counted there."""
PERCENTILES = (50.0, 90.0, 95.0, 99.0, 99.9)


class Histogram:
    """Counts of durations, in microseconds, each known to three significant digits.

    A percentile is a nearest rank: of n samples, the one whose rank is p/100 of n, rounded half up, and at least 1. It
    is told as the largest duration that has the same three digits, so never as less than it was.
    """

    def __init__(self, hdr: HdrHistogram | None = None) -> None:
        from hdrh.histogram import HdrHistogram

        self._hdr = HdrHistogram(1, LARGEST, 3) if hdr is None else hdr

    @classmethod
    def of(cls, counts: Mapping[int, int]) -> Histogram:
        """Of so many samples of each duration."""
        histogram = cls()
        histogram.add(counts)
        return histogram

    @classmethod
    def merged(cls, histograms: Iterable[Histogram]) -> Histogram:
        """All their samples in one."""
        merged = cls()
        for histogram in histograms:
            merged._hdr.add(histogram._hdr)
        return merged

    def add(self, counts: Mapping[int, int]) -> None:
        """Count so many more samples of each duration."""
        for value, count in counts.items():
            self._hdr.record_value(min(max(value, 1), LARGEST), count)

    @property
    def samples(self) -> int:
        """How many."""
        return int(self._hdr.get_total_count())

    def at(self, percentile: float) -> int | None:
        """The duration at a percentile, in microseconds; None where there are no samples."""
        return int(self._hdr.get_value_at_percentile(percentile)) if self.samples else None

    @property
    def longest(self) -> int | None:
        """The longest duration, in microseconds; None where there are no samples."""
        return int(self._hdr.get_max_value()) if self.samples else None

    def counts(self) -> Counter[int]:
        """How many samples there are of each duration that can be told from others: the shortest of those alike."""
        counts = Counter[int]()
        for item in self._hdr.get_recorded_iterator():
            shortest = int(self._hdr.get_lowest_equivalent_value(item.value_iterated_to))
            counts[shortest] = int(item.count_added_in_this_iter_step)
        return counts

    def document(self) -> dict[str, Any]:
        """As JSON data: percentiles in milliseconds, and the whole in HdrHistogram's own V2 encoding, base64."""
        return {
            "samples": self.samples,
            "milliseconds": {
                f"p{p:g}": None if (at := self.at(p)) is None else at / 1000 for p in PERCENTILES
            }
            | {"max": None if self.longest is None else self.longest / 1000},
            "hdr": self._hdr.encode().decode("ascii"),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Histogram:
        """Read back what ``document`` gave. Raises ValueError where that is not a histogram."""
        from hdrh.histogram import HdrHistogram

        try:
            return cls(HdrHistogram.decode(document["hdr"].encode("ascii")))
        except Exception as error:  # noqa: BLE001 - the library raises what the bytes happen to cause
            raise ValueError(f"no HdrHistogram ({type(error).__name__})") from None
