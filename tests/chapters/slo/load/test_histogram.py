"""Percentiles, and histograms that are added up."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from deployspec.chapters.slo.load.histogram import LARGEST, Histogram


def test_a_percentile_is_a_nearest_rank() -> None:
    """Of 1 to 1000, the 95th percentile is the 950th: rank p/100 of n."""
    histogram = Histogram.of(dict.fromkeys(range(1, 1001), 1))
    assert (histogram.at(50), histogram.at(95), histogram.at(99.9), histogram.at(100)) == (
        500,
        950,
        999,
        1000,
    )


@pytest.mark.parametrize(("samples", "rank"), [(1, 1), (2, 2), (10, 10), (20, 19)])
def test_ranks_of_few_samples(samples: int, rank: int) -> None:
    """0.95 n rounded half up, and at least 1: of 10 samples the 10th (9.5), of 20 the 19th."""
    assert Histogram.of(dict.fromkeys(range(1, samples + 1), 1)).at(95) == rank


def test_three_digits() -> None:
    """496 ms stay 496 ms, where Locust's own table says 500; never told as less than it was, and within 0.1%."""
    at = Histogram.of({496_000: 100}).at(95)
    assert at is not None
    assert 496_000 <= at < 496_000 * 1.001


def test_merged_histograms_are_the_histogram_of_all_samples() -> None:
    """To the last count, not approximately."""
    rng = random.Random(5)  # noqa: S311
    parts = [Counter(rng.randrange(1, 20_000_000) for _ in range(2000)) for _ in range(4)]
    together = sum(parts, Counter())
    merged = Histogram.merged(map(Histogram.of, parts))
    assert merged.document() == Histogram.of(together).document()
    assert merged.samples == 8000


def test_an_encoded_histogram_reads_back() -> None:
    """Every count survives, and what is beyond the range is counted at its end."""
    histogram = Histogram.of({1: 2, 777_777: 3, LARGEST * 10: 1, 0: 1})
    again = Histogram.from_document(histogram.document())
    assert again.document() == histogram.document()
    assert again.samples == 7
    assert Histogram.of(again.counts()).document() == histogram.document()


def test_nothing_has_no_percentile() -> None:
    """None, not 0: a run that measured nothing was not quick."""
    assert Histogram.of({}).at(95) is None
    assert Histogram.of({}).longest is None
    assert Histogram.from_document(Histogram.of({}).document()).samples == 0


@pytest.mark.parametrize("text", ["", "AAAA", "HISTFAAAAAA", "no base64 at all!"])
def test_what_is_no_histogram_is_refused(text: str) -> None:
    """As a ValueError, whatever the bytes happen to be."""
    with pytest.raises(ValueError, match="no HdrHistogram"):
        Histogram.from_document({"hdr": text})
