"""Histograms, summaries and counters while a page is read: what their samples have to be to one another."""

from __future__ import annotations

import math

from deployspec.languages.exposition.families import (
    BUCKET,
    COUNT,
    CREATED,
    QUANTILE,
    SUM,
    Group,
    Groups,
    State,
)
from deployspec.languages.exposition.lines import Labels, number_of
from deployspec.languages.exposition.model import Format, Limits
from deployspec.languages.exposition.troubles import Troubles

SPECIAL = {BUCKET: b"le", QUANTILE: b"quantile"}
"""The label that tells samples of one histogram or summary apart."""
_GROUPED = (BUCKET, QUANTILE, COUNT, SUM, CREATED)
_NOTHING: Groups = {}


def written_as(bound: float) -> str:
    """A bound as a page has it."""
    return "+Inf" if bound == math.inf else f"{bound:.15g}"


class Sums(Troubles):
    """Judges samples of the family in hand, one after the other."""

    def __init__(self, form: Format, limits: Limits, now: float | None) -> None:
        super().__init__(form, limits, now)
        self.bounds: dict[bytes, float] = {b"+Inf": math.inf}
        """The numbers of ``le`` that were seen."""
        self.family: State | None = None
        """That of the last line which belongs to one."""
        self.role = 0
        """What the last sample is to it."""
        self._group: Group | None = None
        self._label_sets = 0
        """In how many ways the labels of histograms and summaries are named, by family."""

    def groups_of(self, labels: Labels) -> Groups:
        """The histograms or summaries of the family in hand whose labels have these names."""
        state, special = self.family, SPECIAL.get(self.role)
        if state is None or self.role not in _GROUPED:
            return _NOTHING
        names = tuple(sorted(key for key, _ in labels if key != special))
        if names not in state.groups:
            self._label_sets += 1
            if self._label_sets > self.limits.label_sets:
                self.stop(
                    "limit-labels",
                    f"histograms and summaries have more than {self.limits.label_sets} sets of labels, the limit",
                )
            state.groups[names] = {}
        return state.groups[names]

    def group(self, groups: Groups | None, key: object, number: int) -> Group:
        """One of them, which is new or the one in hand; else it comes back after another."""
        assert groups is not None  # noqa: S101 - the reader gives those of the shape
        found = groups.get(key)
        if found is None:
            found = groups[key] = Group(number)
        elif found is not self._group and self.form is Format.OPENMETRICS:
            text = f"a series goes on that began in line {found.line}, after another; expected its samples side by side"
            self._trouble("interleaved", number, 1, text)
        self._group = found
        return found

    def counter_value(self, number: int, written: bytes) -> None:
        """A counter that counts nothing."""
        self._trouble("counter-value", number, 1, "a counter has the value {}; expected 0 or more", written)

    def bucket_value(self, number: int, written: bytes) -> None:
        """A bucket of OpenMetrics that counts no whole things."""
        self._trouble(
            "histogram-value", number, 1, "a bucket has the value {}; expected a whole number", written
        )

    def bound(self, written: bytes, number: int) -> float:
        """The number of ``le``; NaN for what is none."""
        found = number_of(written)
        if found is None or math.isnan(found):
            self._trouble("bucket-bound", number, 1, "the bucket's le is {}; expected a number", written)
            return math.nan
        if found == math.inf and written != b"+Inf":
            said = "the bucket's le is {}; expected +Inf, which is what queries look for"
            self._trouble("bucket-infinity", number, 1, said, written)
            return found
        if found < 0 and self._group is not None:
            self._group.has_negative = True
        elif len(self.bounds) < 10_000:
            self.bounds[written] = found
        return found

    def bucket(self, group: Group, bound: float, value: float, number: int) -> None:
        """A bucket that is not plainly the next one."""
        if math.isnan(bound):
            return
        if bound == group.bound and bound > -math.inf:
            said = f"a second bucket has le={written_as(bound)}, written in another way; expected each bound once"
            self._trouble("bucket-twice", number, 1, said)
        elif bound < group.bound:
            said = f"the bucket le={written_as(bound)} stands behind le={written_as(group.bound)}; expected rising bounds"
            self._trouble("bucket-order", number, 1, said)
        is_later = bound >= group.bound
        if not (value >= group.value if is_later else value <= group.value):
            other = "a smaller" if is_later else "a larger"
            said = (
                f"the bucket le={written_as(bound)} has the value {value:.15g}, and {other} bound {group.value:.15g}; "
                "expected buckets to count all below their bound"
            )
            self._trouble("histogram-cumulative", number, 1, said)
        if is_later:
            group.bound, group.value = bound, value

    def quantile(self, group: Group, written: bytes, value: float, number: int) -> None:
        """A quantile of a summary."""
        found = number_of(written)
        if found is None or not 0 <= found <= 1:
            said = "the quantile is {}; expected a number from 0 to 1"
            self._trouble("summary-quantile", number, 1, said, written)
            return
        if found == group.bound:
            said = f"a second value for the quantile {found:.15g}, written in another way; expected each once"
            self._trouble("bucket-twice", number, 1, said)
        elif found < group.bound and self.form is Format.TEXT:
            said = f"the quantile {found:.15g} stands behind {group.bound:.15g}; expected rising quantiles"
            self._trouble("summary-order", number, 1, said)
        group.bound = max(found, group.bound)
        if value < 0 and self.form is Format.OPENMETRICS:
            self._trouble(
                "summary-value", number, 1, f"a quantile has the value {value:.15g}; expected 0 or more"
            )

    def count(self, group: Group, value: float, number: int) -> None:
        """How many a histogram or summary has counted."""
        group.count = value
        if self.form is Format.OPENMETRICS and (not value >= 0 or value % 1.0):
            rule = (
                "summary-value"
                if self.family is not None and self.family.type == "summary"
                else "histogram-value"
            )
            self._trouble(
                rule, number, 1, f"a count has the value {value:.15g}; expected a whole number, 0 or more"
            )

    def sum(self, group: Group, value: float, number: int) -> None:
        """The sum of a histogram or summary."""
        group.sum = value
        is_summary = self.family is not None and self.family.type == "summary"
        if self.form is Format.OPENMETRICS and (math.isnan(value) or (is_summary and value < 0)):
            rule = "summary-value" if is_summary else "histogram-value"
            self._trouble(rule, number, 1, f"a sum has the value {value:.15g}; expected a number, 0 or more")
