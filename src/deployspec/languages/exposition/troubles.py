"""What is wrong with a page, kept as it is found: the first of each rule, and a count of the rest."""

from __future__ import annotations

from collections import Counter

from deployspec.base.shown import cut, one_line
from deployspec.languages.exposition.lines import Fault
from deployspec.languages.exposition.model import Format, Limits, Trouble
from deployspec.languages.exposition.rules import RULES

OF_EACH = 20
"""So many troubles of a rule are kept."""
_STALE, _OLD, _AHEAD, _FUTURE = 300.0, 3600.0, 60.0, 600.0
"""Seconds: a query looks back so far; storage takes no older sample; a clock may be so wrong; and no later one."""
_YEARS = 10 * 365 * 86400.0


class Troubles:
    """Of one page, of which ``line`` is the number of the last line."""

    def __init__(self, form: Format, limits: Limits, now: float | None) -> None:
        self.form = form
        self.limits = limits
        self.size = 0
        self.line = 0
        self.whole = True
        self._now = now
        self._troubles: list[Trouble] = []
        self._counts: Counter[str] = Counter()
        self._unread = 0

    def stop(self, rule: str, text: str) -> None:
        """A limit is reached."""
        self.whole = False
        self._trouble(rule, self.line, 1, text)

    def too_many(self) -> None:
        """There are more series than the limit."""
        self.stop("limit-series", f"the page has more than {self.limits.series} series, the limit")

    def seconds(self, stamp: bytes) -> float:
        """A timestamp in seconds since 1970."""
        return float(stamp) / (1000 if self.form is Format.TEXT else 1)

    def time(self, stamp: bytes, number: int) -> None:
        """Judge a timestamp by when the answer came."""
        if self._now is None:
            return
        age, written = self._now - self.seconds(stamp), float(stamp)
        other = written if self.form is Format.TEXT else written / 1000
        if abs(age) > _YEARS and abs(self._now - other) < _YEARS:
            units = ("seconds", "milliseconds") if self.form is Format.TEXT else ("milliseconds", "seconds")
            said = f"the timestamp {{}} is one in {units[0]}; expected {units[1]}"
            self._trouble("timestamp-unit", number, 1, said, stamp)
        elif age > _STALE:
            rule, limit = ("timestamp-old", "an hour") if age > _OLD else ("timestamp-stale", "five minutes")
            self._trouble(rule, number, 1, f"the timestamp is {age:.0f} s old; expected less than {limit}")
        elif age < -_AHEAD:
            rule, limit = (
                ("timestamp-future", "ten minutes") if age < -_FUTURE else ("timestamp-ahead", "a minute")
            )
            self._trouble(rule, number, 1, f"the timestamp is {-age:.0f} s ahead; expected less than {limit}")

    def _unreadable(self, fault: Fault, number: int) -> None:
        """A line is no sample, nor anything else."""
        self._fault(fault, number)
        self._unread += 1
        if self._unread == self.limits.unreadable:
            self.stop("limit-unreadable", f"{self._unread} lines cannot be read; the others are left alone")

    def _fault(self, fault: Fault, number: int) -> None:
        self._trouble(fault.rule, number, fault.column, fault.text, fault.found)

    def _trouble(self, rule: str, line: int, column: int, text: str, found: bytes = b"") -> None:
        self._counts[rule] += 1
        number = self._counts[rule]
        # The first of each rule is kept whatever came before it: a check looks for its own rules here.
        if number > OF_EACH or (number > 1 and len(self._troubles) >= self.limits.troubles):
            return
        if "{}" in text:
            text = text.replace("{}", one_line(found[:200].decode("utf-8", "replace"), 80), 1)
        self._troubles.append(
            Trouble(rule, max(line, 1), column, cut(text, 400), *RULES[rule].effects(self.form))
        )
