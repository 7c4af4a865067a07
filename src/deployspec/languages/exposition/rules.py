"""What is asked of an exposition, rule by rule, and what two versions of Prometheus make of a page that breaks it.

The rules are those of the formats' own texts: "Exposition formats" of Prometheus' documentation, and the specification of
OpenMetrics 1.0. What the servers make of it was seen: a test shows each to a Prometheus 2.42 and to a 3.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from deployspec.languages.exposition.model import Effect, Format


class Aspect(StrEnum):
    """What a rule is about: each is one promise."""

    SYNTAX = "syntax"
    SERIES = "series"
    TYPES = "types"
    TIMES = "times"
    SUMS = "sums"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, and what becomes of a scrape that breaks it: in 2.42 and 3.5 of the text format, then of OpenMetrics."""

    aspect: Aspect
    text: tuple[Effect, Effect] | None
    """None where the format allows it, or does not have it."""
    openmetrics: tuple[Effect, Effect] | None
    is_listed: bool = False
    """It is no fault by itself: every server takes it as it is meant, and libraries in wide use write it."""

    def allows(self, form: Format) -> bool:
        """Whether the format does not forbid it, and servers take it."""
        return (self.text if form is Format.TEXT else self.openmetrics) is None

    def effects(self, form: Format) -> tuple[Effect, Effect]:
        """What both versions make of it; nothing where the format does not forbid it."""
        found = self.text if form is Format.TEXT else self.openmetrics
        return found or (Effect.NOTHING, Effect.NOTHING)


_N, _L, _A, _R, _U = Effect.NOTHING, Effect.LOSES, Effect.ALTERS, Effect.REFUSES, Effect.UNSEEN
_FINE, _LOST, _REFUSED = (_N, _N), (_L, _L), (_R, _R)
_S, _D, _T, _W, _H = Aspect.SYNTAX, Aspect.SERIES, Aspect.TYPES, Aspect.TIMES, Aspect.SUMS

RULES: dict[str, Rule] = {
    # Where reading stops.
    "limit-size": Rule(_S, _FINE, _FINE),
    "limit-line": Rule(_S, _FINE, _FINE),
    "limit-series": Rule(_S, _FINE, _FINE),
    "limit-families": Rule(_S, _FINE, _FINE),
    "limit-labels": Rule(_S, _FINE, _FINE),
    "limit-unreadable": Rule(_S, _FINE, _FINE),
    # Lines and characters.
    "last-newline": Rule(_S, _FINE, None),
    "empty-line": Rule(_S, None, _REFUSED),
    "blank-before": Rule(_S, (_R, _A), _REFUSED),
    "blanks": Rule(_S, None, _REFUSED),
    "blanks-in-type": Rule(_S, _REFUSED, _REFUSED),
    "carriage-return": Rule(_S, _REFUSED, _REFUSED),
    "carriage-return-in-help": Rule(_S, None, _FINE),
    "nul": Rule(_S, _LOST, _REFUSED),
    "utf-8": Rule(_S, _REFUSED, _REFUSED),
    "utf-8-in-comment": Rule(_S, _FINE, None),
    "byte-order-mark": Rule(_S, _REFUSED, _REFUSED),
    "comment": Rule(_S, None, _REFUSED),
    "eof-missing": Rule(_S, None, _REFUSED),
    "eof-early": Rule(_S, None, _REFUSED),
    # Samples.
    "syntax": Rule(_S, _REFUSED, _REFUSED),
    "comma-missing": Rule(_S, _FINE, _REFUSED),
    "comma-last": Rule(_S, None, (_R, _N)),
    "newline-in-label": Rule(_S, _FINE, None),
    "escape": Rule(_S, _FINE, None),
    "quote-in-help": Rule(_S, None, _FINE, is_listed=True),
    "quoted-name": Rule(_S, (_R, _N), (_R, _N)),
    "label-twice": Rule(_S, _REFUSED, _REFUSED),
    "label-reserved": Rule(_S, None, _FINE),
    "value": Rule(_S, _REFUSED, _REFUSED),
    "exemplar-in-text": Rule(_S, _REFUSED, None),
    "exemplar": Rule(_S, None, _REFUSED),
    "exemplar-place": Rule(_S, None, (_R, _N)),
    "exemplar-labels": Rule(_S, None, _FINE),
    "exemplar-range": Rule(_S, None, _FINE),
    # TYPE, HELP, UNIT, and which samples belong to them.
    "metadata": Rule(_T, _REFUSED, _REFUSED),
    "metadata-ignored": Rule(_T, _FINE, None),
    "type-name": Rule(_T, _REFUSED, _REFUSED),
    "type-twice": Rule(_T, _FINE, _FINE),
    "type-changes": Rule(_T, _FINE, _FINE),
    "type-late": Rule(_T, _FINE, _FINE),
    "help-twice": Rule(_T, _FINE, _FINE),
    "help-late": Rule(_T, _FINE, _FINE),
    "split-family": Rule(_T, _FINE, _FINE),
    "interleaved": Rule(_T, None, _FINE),
    "name-clash": Rule(_T, None, _FINE, is_listed=True),
    "unit": Rule(_T, None, _REFUSED),
    "unit-of-none": Rule(_T, None, _FINE),
    "unit-twice": Rule(_T, None, _FINE),
    "unit-late": Rule(_T, None, _FINE),
    "counter-suffix": Rule(_T, None, _FINE),
    "info-suffix": Rule(_T, None, _FINE),
    "info-value": Rule(_T, None, _FINE),
    "stateset": Rule(_T, None, _FINE),
    # Series.
    "series-twice": Rule(_D, _LOST, _LOST),
    "series-repeated": Rule(_D, _FINE, None),
    "bucket-twice": Rule(_D, (_N, _L), (_N, _L)),
    # Times.
    "timestamp": Rule(_W, _REFUSED, _REFUSED),
    "timestamp-sign": Rule(_W, _REFUSED, None),
    "timestamp-unit": Rule(_W, _LOST, _LOST),
    "timestamp-stale": Rule(_W, (_U, _U), (_U, _U)),
    "timestamp-old": Rule(_W, _LOST, _LOST),
    "timestamp-ahead": Rule(_W, (_U, _U), (_U, _U)),
    "timestamp-future": Rule(_W, _LOST, _LOST),
    "timestamp-order": Rule(_W, None, _LOST),
    # Histograms, summaries, counters.
    "bucket-bound": Rule(_H, _FINE, _FINE),
    "bucket-infinity": Rule(_H, (_A, _N), (_A, _N)),
    "bucket-order": Rule(_H, _FINE, _FINE),
    "histogram-sample": Rule(_H, _FINE, _FINE),
    "histogram-infinity": Rule(_H, _FINE, _FINE),
    "histogram-count": Rule(_H, _FINE, _FINE),
    "histogram-sum": Rule(_H, _FINE, _FINE, is_listed=True),
    "histogram-cumulative": Rule(_H, _FINE, _FINE),
    "histogram-value": Rule(_H, None, _FINE),
    "summary-quantile": Rule(_H, _FINE, _FINE),
    "summary-order": Rule(_H, _FINE, None),
    "summary-value": Rule(_H, None, _FINE),
    "counter-value": Rule(_H, None, _FINE),
}
"""By their ids."""
