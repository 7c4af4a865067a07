"""A page as far as it was read: its families and series, and what is wrong with them."""

from __future__ import annotations

import math
import re
from array import array
from itertools import islice

from deployspec.languages.exposition.families import (
    BARE,
    BUCKET,
    COUNT,
    CREATED,
    INFO,
    QUANTILE,
    STATE,
    SUM,
    TOTAL,
    State,
)
from deployspec.languages.exposition.lines import (
    OPEN,
    Fault,
    Labels,
    Sample,
    Unreadable,
    canonical,
    number_of,
    sample,
)
from deployspec.languages.exposition.model import Exposition, Family, Format, Limits, taken_apart
from deployspec.languages.exposition.register import Register
from deployspec.languages.exposition.rules import RULES
from deployspec.languages.exposition.sums import SPECIAL
from deployspec.languages.exposition.troubles import OF_EACH

_JOINED = 64 * 1024
"""A label's value that goes on in the next lines is followed so far, in bytes."""
_ESCAPE = re.compile(r"\\.")


class Page(Register):
    """Takes lines one after the other, exactly."""

    def __init__(self, form: Format, limits: Limits, now: float | None) -> None:
        super().__init__(form, limits, now)
        self.index: dict[bytes, int] = {}
        self.lines = array("I")
        self.stamps: dict[int, float] = {}
        self._open: list[bytes] = []
        """Lines of a label's value that is not closed."""

    @property
    def is_open(self) -> bool:
        """Whether the next line may belong to a label's value of the one before."""
        return bool(self._open)

    def again(self, text: bytes, known: int, value: float, stamp: bytes, number: int) -> None:
        """A series that the page has already."""
        if self._counts["series-twice"] >= OF_EACH and not stamp:
            self._counts["series-twice"] += 1
            if self._counts["series-twice"] == self.limits.series:
                self.too_many()
            return
        before = f"{self.values[known]:.15g} in line {self.lines[known]}"
        old = self.stamps.get(known)
        if stamp and old is not None:
            new = self.seconds(stamp)
            if new > old:
                self.stamps[known], self.values[known], self.lines[known] = new, value, number
                if self.form is Format.TEXT:
                    said = f"the series {{}} stands there already, with another time: {before}; expected each once"
                    self._trouble("series-repeated", number, 1, said, text)
                return
            if self.form is Format.OPENMETRICS:
                said = f"the series {{}} has a time that is not after that of line {self.lines[known]}"
                self._trouble("timestamp-order", number, 1, said, text)
                return
        said = f"the series {{}} stands there already, with {before}; here it has {value:.15g}"
        self._trouble("series-twice", number, 1, said, text)

    def take(self, line: bytes) -> Sample | None:
        """The next line. The sample that it is; None where it is none, or none that can be read."""
        self.line += 1
        if len(line) > self.limits.line:
            self.stop("limit-line", f"the line is longer than {self.limits.line} bytes, the limit")
            return None
        if self._open:
            return self._go_on(line)
        return self._line(line, self.line)

    def end(self, rest: bytes) -> None:
        """Nothing more comes; ``rest`` stood behind the last line break."""
        if self._open:
            self._give_up()
        self._tell_repeated()
        if self.form is Format.OPENMETRICS:
            if not self._has_ended:
                self._trouble(
                    "eof-missing", self.line, 1, "the page does not end; expected # EOF as its last line"
                )
        elif rest:
            self._trouble("last-newline", self.line, 1, "the last line does not end; expected a line feed")

    def exposition(self) -> Exposition:
        """What was read."""
        if self.family is not None:
            self._leave(self.family)
        if self.whole:
            for state in self._families.values():
                if not state.is_split:
                    for rule, line, text, found in state.found:
                        self._trouble(rule, line, 1, text, found)
                    self._counts += state.more
        return Exposition(
            self.form,
            tuple(_family(state) for state in self._families.values()),
            tuple(sorted(self._troubles, key=lambda one: (one.line, one.column))),
            dict(self._counts),
            self.size,
            self.whole,
            self.index,
            self.values,
            self.lines,
            self.stamps,
        )

    def _line(self, line: bytes, number: int) -> Sample | None:
        if self._has_ended:
            if not self._counts["eof-early"]:
                self._trouble("eof-early", number, 1, "a line stands behind # EOF; expected nothing more")
            return None
        if number == 1 and line.startswith(b"\xef\xbb\xbf"):
            text = "the page begins with a byte order mark; expected none"
            self._trouble("byte-order-mark", 1, 1, text)
            line = line[3:]
        start = line.lstrip(b" \t")
        if not start:
            if self.form is Format.OPENMETRICS:
                self._trouble("empty-line", number, 1, "the line is empty; expected none such")
            return None
        if start == b"\r":
            self._trouble("carriage-return", number, 1, "the line ends in CR LF; expected LF alone")
            return None
        if start.startswith(b"\0"):
            text = (
                "the line begins with a NUL, with which the page ends for Prometheus: all behind it is lost"
            )
            self._trouble("nul", number, 1, text)
            return None
        if start.startswith(b"#"):
            self._metadata(line, start, number)
            return None
        if not self._is_utf8(line, number, "utf-8"):
            return None
        try:
            found = sample(line, self.form)
        except Unreadable as why:
            if why.fault.text is OPEN and self.form is Format.TEXT:
                self._open = [line]
            else:
                self._unreadable(why.fault, number)
            return None
        return self._sample(found, number)

    def _go_on(self, line: bytes) -> Sample | None:
        """A line that may belong to a label's value which began in one before it."""
        self._open.append(line)
        joined = b"\n".join(self._open)
        number = self.line - len(self._open) + 1
        try:
            found = sample(joined, self.form)
            if not self._is_utf8(joined, number, "utf-8"):
                found.faults.append(Fault("syntax", 1, b"", "a label's value is no UTF-8"))
        except Unreadable as why:
            if why.fault.text is not OPEN or len(self._open) > 10 or len(joined) > _JOINED:
                self._give_up()
            return None
        self._open = []
        text = "a label's value goes on in the next line; expected \\n for a line feed"
        self._trouble("newline-in-label", number, 1, text)
        return self._sample(found, number)

    def _give_up(self) -> None:
        """What stood open was no value: its first line is wrong, and the others are lines of their own."""
        first, *others = self._open
        self._open = []
        number = self.line - len(others)
        text = "a quote is not closed; expected each label's value in double quotes"
        self._unreadable(Fault("syntax", first.rfind(b'"') + 1, b"", text), number)
        for place, line in enumerate(others, number + 1):
            self.line = place
            if self._open:
                self._go_on(line)
            else:
                self._line(line, place)

    def _sample(self, found: Sample, number: int) -> Sample:
        self._tell_repeated()
        if self.form is Format.OPENMETRICS:
            _reserve(found)
        found.faults = [fault for fault in found.faults if not RULES[fault.rule].allows(self.form)]
        for fault in found.faults:
            self._fault(fault, number)
        state, suffix = self._of(found.name, number)
        self.role = role = self._roles[state.type].get(suffix, 0)
        text = canonical(found.name, found.labels)
        size = len(self.values)
        known = self.index.setdefault(text, size)
        if found.stamp:
            self.time(found.stamp, number)
        if known != size:
            self.again(text, known, found.value, found.stamp, number)
            return found
        self.values.append(found.value)
        self.lines.append(number)
        if size >= self.limits.series:
            self.too_many()
        if found.stamp:
            self.stamps[size] = self.seconds(found.stamp)
        if role:
            self._judge(state, role, found, number)
        if found.exemplar is not None:
            self._exemplar(state, role, found, number)
        return found

    def _judge(self, state: State, role: int, found: Sample, number: int) -> None:
        value = found.value
        if role == BARE:
            rule = {"counter": "counter-suffix", "info": "info-suffix"}.get(state.type, "histogram-sample")
            parts = "_bucket, _sum or _count" if state.type == "histogram" else "_bucket, _gsum or _gcount"
            suffix = {"counter": "_total", "info": "_info"}.get(state.type, parts)
            said = f"a sample of the {state.type} {{}} has its name; expected {suffix} behind it"
            self._trouble(rule, number, 1, said, found.name)
        elif role == TOTAL:
            if not value >= 0:
                self.counter_value(number, f"{value:.15g}".encode())
        elif role == INFO:
            if value != 1:
                self._trouble("info-value", number, 1, f"an info has the value {value:.15g}; expected 1")
        elif role == STATE:
            if value not in (0, 1) or not any(key == state.name for key, _ in found.labels):
                said = (
                    "a state of {} is not as expected: a label with the family's name, and the value 0 or 1"
                )
                self._trouble("stateset", number, 1, said, state.name)
        elif role == CREATED:
            self._created(state, found, number)
        else:
            self._in_group(role, found, number)

    def _created(self, state: State, found: Sample, number: int) -> None:
        if state.type == "counter":
            own, before = (*islice(reversed(self.index), 2), b"")[:2]
            # Only names in quotes make texts differ whose labels are the same.
            if (
                before.partition(b"{")[2] != own.partition(b"{")[2]
                and taken_apart(before)[1] != taken_apart(own)[1]
            ):
                said = "_created does not stand beside the counter's value; expected its samples side by side"
                self._trouble("interleaved", number, 1, said)
        else:
            self.group(self.groups_of(found.labels), _key(found.labels, b""), number)

    def _in_group(self, role: int, found: Sample, number: int) -> None:
        special = SPECIAL.get(role, b"")
        group = self.group(self.groups_of(found.labels), _key(found.labels, special), number)
        written = next((value for key, value in found.labels if key == special), b"")
        if role == BUCKET:
            if self.form is Format.OPENMETRICS and (found.value % 1.0 or math.isnan(found.value)):
                self.bucket_value(number, f"{found.value:.15g}".encode())
            if not written:
                self._trouble("bucket-bound", number, 1, "the bucket has no le; expected a number")
                return
            bound = self.bounds.get(written)
            self.bucket(group, self.bound(written, number) if bound is None else bound, found.value, number)
        elif role == QUANTILE:
            if written:
                self.quantile(group, written, found.value, number)
            else:
                said = (
                    "the sample {} of a summary has no quantile, and neither _sum nor _count behind its name"
                )
                self._trouble("summary-quantile", number, 1, said, found.name)
        elif role == COUNT:
            self.count(group, found.value, number)
        elif role == SUM:
            self.sum(group, found.value, number)

    def _exemplar(self, state: State, role: int, found: Sample, number: int) -> None:
        assert found.exemplar is not None  # noqa: S101 - the caller has looked
        labels, value, _ = found.exemplar
        if role not in (TOTAL, BUCKET):
            said = f"an exemplar stands at a sample of a {state.type}; expected one at counters' totals and buckets alone"
            self._trouble("exemplar-place", number, 1, said)
        keys = [key for key, _ in labels]
        if len(set(keys)) < len(keys):
            self._trouble("exemplar-labels", number, 1, "an exemplar has a label twice; expected each once")
        length = sum(len(key.decode()) + len(_ESCAPE.sub("x", text.decode())) for key, text in labels)
        if length > 128:
            said = f"an exemplar's labels have {length} characters; expected 128 at most"
            self._trouble("exemplar-labels", number, 1, said)
        if role == BUCKET:
            bound = next((number_of(text) for key, text in found.labels if key == b"le"), None)
            if bound is not None and value > bound:
                said = f"an exemplar of {value:.15g} stands in the bucket le={bound:.15g}; expected one within it"
                self._trouble("exemplar-range", number, 1, said)


def _reserve(found: Sample) -> None:
    key = next((key for key, _ in found.labels if key.startswith(b"_") and key != b"__name__"), None)
    if key is not None:
        text = "the label {} begins with an underscore, as those do that the format keeps for itself"
        found.faults.append(Fault("label-reserved", 1, key, text))


def _key(labels: Labels, special: bytes) -> object:
    """The labels' values that say which histogram or summary it is."""
    values = [value for key, value in sorted(labels) if key != special]
    return values[0] if len(values) == 1 else tuple(values)


def _family(state: State) -> Family:
    text = (
        None
        if state.help is None
        else state.help.decode("utf-8", "replace").replace("\\n", "\n").replace("\\\\", "\\")
    )
    return Family(
        state.name.decode("utf-8", "replace"),
        state.type,
        text,
        state.unit.decode(),
        state.line,
        state.first,
        state.last,
    )
