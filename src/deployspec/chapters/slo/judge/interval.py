"""The confidence interval by which a share of bad requests is judged, though neighbours fail together.

A stall of the server makes all requests bad that arrive within it, so a run tells less than its number of requests:
about as much as the number of its stalls. The interval of independent requests (Clopper and Pearson 1934) then covers
the true share in 20 to 80 of 100 runs instead of 95. So the variance of the measured share is estimated from the
order in which bad requests came, and the run is judged as if it had only as many requests as would give that
variance. How often that covers is measured by ``python -m bench coverage``.

1. Requests and bad ones are counted in short bins of time. A bin's residual is its bad requests less the measured
   share of its requests (the ratio estimator: Cochran, Sampling Techniques, 1977, section 6.3), so that neither
   uneven arrivals nor a last bin that is partial distort anything.
2. The variance of the residuals' sum is that of the initial monotone sequence: autocovariances are added in pairs
   until a pair is no longer positive, none counted above the one before (Geyer, Practical Markov chain Monte Carlo,
   Statistical Science 7, 1992, section 3.3). The data thus choose how far neighbours reach; nothing is tuned to a
   length of stalls. His proof is for reversible chains, which a server need not be: hence the simulation.
3. Stalls that come in spells (a bad minute) correlate too weakly from bin to bin to be seen there. So the same is
   done with bins merged by 16, by 256, ..., as long as 100 of them are left, and the largest variance counts (batch
   means: Alexopoulos and Seila, Output data analysis, in Banks, Handbook of Simulation, 1998).
4. That variance, divided by the one of independent requests and never taken below 1, is the design effect; requests
   divided by it are the effective number of requests, which goes into Clopper and Pearson's formula (Korn and
   Graubard, Confidence intervals for proportions with small expected number of positive counts estimated from survey
   data, Survey Methodology 24, 1998). As there, it is lessened by (z/t)^2 for the variance being an estimate. Their
   degrees of freedom, blocks less one, count blocks without any stall as knowledge of how long stalls are. Where
   stall lengths are exponential, the design effect of K stalls has the relative variance 2/K, that of K degrees of
   freedom (Satterthwaite 1946), and the effective number of bad requests is K/2. Hence twice that number, and two
   more, as in the upper end itself: a Poisson mean's is a quantile of chi-squared with 2(x + 1) degrees of freedom
   (Garwood 1936).

What it cannot know: stalls that the run did not meet. With none, or one or two, no interval says how frequent they
are; nor does any speak of another hour than the one that was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CONFIDENCE = 0.95
MOST_REQUESTS = 10**9
"""How many more requests ``more_needed`` thinks of at most."""
MERGED_AT_ONCE = 16
FEWEST_MERGED = 100
"""Merged bins, below which their variance is too much of a guess to be worth its noise."""
MOST_BINS = 25_000
"""Of more, neighbours are merged first: the time of one call has a bound, and so many tell of neighbours enough."""


@dataclass(frozen=True)
class Counts:
    """What came of requests: how many, how many bad ones, and in which order."""

    total: int
    bad: int
    bins: Sequence[tuple[int, int]] = ()
    """Requests and bad ones of consecutive spans of equal length, empty spans included. None: the order is unknown,
    and requests are taken to be independent."""
    bin_seconds: float = 0.0
    """Length of a span; above 0 where there are bins. The last one may be shorter."""

    def __post_init__(self) -> None:
        """Refuse with ``ValueError`` what cannot have been counted."""
        if not 0 <= self.bad <= self.total:
            raise ValueError(f"{self.bad} bad of {self.total} requests cannot be")
        if len(self.bins) and not self.bin_seconds > 0:
            raise ValueError(f"bins have a length above 0 s, not {self.bin_seconds} s")


@dataclass(frozen=True)
class Interval:
    """Where the share of bad requests lies in the long run."""

    low: float
    high: float
    """Both ends belong to it; from 0 to 1."""
    confidence: float
    effective: float
    """The number of independent requests that would tell as much; at most their number."""
    block_seconds: float
    """Requests further apart than about this tell something new; 0 where neighbours don't matter (or the order is
    unknown, or all requests are alike)."""

    def is_beside(self, limit: float | Fraction) -> bool:
        """Whether all of it is below the limit, or all of it above; the limit itself is on neither side."""
        return self.high < limit or self.low > limit


def interval(counts: Counts, confidence: float = CONFIDENCE) -> Interval:
    """The interval of the share of bad requests; the sources are in the module's docstring.

    It is never narrower, at either end, than Clopper and Pearson's of as many independent requests. Where no request
    is bad, or all are, the whole of what confidence leaves goes to the one side there is: 3/n for 95% (Hanley and
    Lippman-Hand, If nothing goes wrong, is everything all right?, JAMA 249, 1983). No request at all says nothing:
    from 0 to 1.

    Raises ``ValueError`` for bins that cannot be or don't add up to the counts, and for a confidence that is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence is between 0 and 1, not {confidence}")
    effective, block_seconds = _effective(counts, confidence)
    low, high = ends(counts.total, counts.bad, effective, confidence)
    return Interval(low, high, confidence, effective, block_seconds)


def effective_number(counts: Counts, confidence: float = CONFIDENCE) -> float:
    """The number of independent requests that would tell as much as these, by an interval of this confidence."""
    return _effective(counts, confidence)[0]


def floor(target: Fraction) -> int:
    """The smallest number of requests, none of them bad, after which at least ``target`` are good, at 95% confidence.

    That is the smallest n with ``target**n <= 0.05``, exactly: 59 for 95%, 299 for 99%. Raises ``ValueError`` for a
    target that is not between 0 and 1.
    """
    from decimal import Decimal, localcontext

    if not 0 < target < 1:
        raise ValueError(f"a target is between 0 and 1, not {target}")
    if target <= Fraction(1, 20):
        return 1
    with localcontext(prec=60):
        # Powers of 0.999999 have millions of digits, logarithms only need enough to tell on which side of a whole
        # number their ratio is. It is none itself: 20 is no power of another integer.
        share = Decimal(target.numerator) / target.denominator
        return int(Decimal("0.05").ln() / share.ln()) + 1


def more_needed(
    counts: Counts, limit: float | Fraction, confidence: float = CONFIDENCE, measured: Interval | None = None
) -> int | None:
    """How many more requests would put the whole interval on one side of the limit, a share of bad requests.

    They are thought to be as bad as those so far, bad ones rounded towards the limit, and to fail together as those
    so far. ``measured`` is the interval of these counts, where it is known already. 0 where it is decided; None where
    the share is the limit, or so near that ``MOST_REQUESTS`` would not do. With no request so far nothing is known of
    the share: as many as settle it at best.
    """
    if not counts.total:
        return floor(1 - Fraction(limit))
    now = measured or interval(counts, confidence)
    if now.is_beside(limit):
        return 0
    share = Fraction(counts.bad, counts.total)
    if share == limit:
        return None
    worth = now.effective / counts.total

    def settled(more: int) -> bool:
        total = counts.total + more
        bad = counts.bad * total // counts.total
        if share < limit:
            bad = -(-counts.bad * total // counts.total)
        low, high = ends(total, bad, total * worth, now.confidence)
        return high < limit or low > limit

    too_few, enough = 0, 1
    while not settled(enough):
        if enough >= MOST_REQUESTS:
            return None
        too_few, enough = enough, min(2 * enough, MOST_REQUESTS)
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if settled(middle):
            enough = middle
        else:
            too_few = middle
    return enough


def ends(total: float, bad: float, effective: float, confidence: float) -> tuple[float, float]:
    """The interval of a share where ``effective`` independent requests would tell as much. Numbers need not be whole.

    It is the wider, at each end, of Clopper and Pearson's and the same of the effective number.
    """
    low, high = _clopper_pearson(total, bad, confidence)
    if effective < total:
        other_low, other_high = _clopper_pearson(effective, bad * (effective / total), confidence)
        low, high = min(low, other_low), max(high, other_high)
    return low, high


def _clopper_pearson(total: float, bad: float, confidence: float) -> tuple[float, float]:
    """Clopper and Pearson's interval, as quantiles of beta distributions, so that numbers need not be whole."""
    from scipy.special import betaincinv

    if total <= 0:
        return 0.0, 1.0
    one_sided = bad <= 0 or bad >= total
    tail = (1 - confidence) / (1 if one_sided else 2)
    low = float(betaincinv(bad, total - bad + 1, tail)) if bad > 0 else 0.0
    high = float(betaincinv(bad + 1, total - bad, 1 - tail)) if bad < total else 1.0
    return low, high


def _effective(counts: Counts, confidence: float) -> tuple[float, float]:
    """The effective number of requests, and for how many seconds neighbours tell much the same."""
    import numpy as np
    from scipy.special import ndtri, stdtrit

    total, bad = counts.total, counts.bad
    if not len(counts.bins):
        return float(total), 0.0
    flat = np.fromiter(chain.from_iterable(counts.bins), np.int64, 2 * len(counts.bins))
    many, bads = flat[0::2], flat[1::2]
    if (many.sum(), bads.sum()) != (total, bad):
        raise ValueError(
            f"the bins hold {bads.sum()} bad of {many.sum()} requests, the counts {bad} of {total}"
        )
    if (bads < 0).any() or (bads > many).any():
        raise ValueError("a bin holds more bad requests than requests, or fewer than none")
    if not 0 < bad < total:
        return float(total), 0.0
    share = bad / total
    residuals = bads - share * many
    variance = _variance_of_sum(residuals)
    design_effect = variance / (total * share * (1 - share))
    if design_effect <= 1:
        return float(total), 0.0
    effective = total / design_effect
    freedom = 2 * (effective * min(share, 1 - share) + 1)
    tail = (1 - confidence) / 2
    effective *= float(ndtri(tail) / stdtrit(freedom, tail)) ** 2
    return effective, float(variance / (residuals @ residuals)) * counts.bin_seconds


def _variance_of_sum(residuals: NDArray[np.float64]) -> float:
    """The variance of the sum of consecutive residuals: the largest of those that bins of several lengths show."""
    merged = _merged(residuals, -(-len(residuals) // MOST_BINS))
    variance = _initial_monotone(merged)
    while len(merged) >= MERGED_AT_ONCE * FEWEST_MERGED:
        merged = _merged(merged, MERGED_AT_ONCE)
        variance = max(variance, _initial_monotone(merged))
    return variance


def _merged(values: NDArray[np.float64], many: int) -> NDArray[np.float64]:
    import numpy as np

    return values if many == 1 else np.add.reduceat(values, np.arange(0, len(values), many))


def _initial_monotone(values: NDArray[np.float64]) -> float:
    """Geyer's initial monotone sequence estimator of the variance of the sum of values whose mean is 0."""
    import numpy as np

    many = len(values)
    if many < 2:
        return 0.0
    size = 1 << (2 * many - 1).bit_length()  # room for all lags: nothing wraps around
    spectrum = np.fft.rfft(values, size)
    products = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, size)[: many - many % 2]
    pairs = products.reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs <= 0)
    if len(ends):
        pairs = pairs[: ends[0]]
    return float(2 * np.minimum.accumulate(pairs).sum() - products[0])
