"""A page as far as it was read: its families and series, and what is wrong with them."""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from itertools import islice

from deployspec.base.shown import cut, one_line
from deployspec.languages.exposition.families import (
    BARE,
    BUCKET,
    COUNT,
    CREATED,
    INFO,
    QUANTILE,
    ROLES,
    STATE,
    SUM,
    TOTAL,
    Group,
    Groups,
    State,
    unsound,
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
from deployspec.languages.exposition.metadata import Metadata, metadata
from deployspec.languages.exposition.model import Exposition, Family, Format, Limits, Trouble
from deployspec.languages.exposition.rules import RULES

_OF_EACH = 20
"""So many troubles of a rule are kept."""
_STALE, _OLD, _AHEAD, _FUTURE = 300.0, 3600.0, 60.0, 600.0
"""Seconds: a query looks back so far; storage takes no older sample; a clock may be so wrong; and no later one."""
_YEARS = 10 * 365 * 86400.0
_JOINED = 64 * 1024
_SPECIAL = {BUCKET: b"le", QUANTILE: b"quantile"}
_NOTHING: Groups = {}


class Page:
    """Takes lines one after the other. ``line`` is the number of the last one."""

    def __init__(self, form: Format, limits: Limits, now: float | None) -> None:
        self.form = form
        self.limits = limits
        self.size = 0
        self.line = 0
        self.whole = True
        self.index: dict[bytes, int] = {}
        self.values = array("d")
        self.lines = array("I")
        self.stamps: dict[int, float] = {}
        self.bounds: dict[bytes, float] = {b"+Inf": math.inf}
        """The numbers of ``le`` that were seen."""
        self.family: State | None = None
        """That of the last line which belongs to one."""
        self.role = 0
        """What the last sample is to it."""
        self._now = now
        self._roles = ROLES[form]
        self._families: dict[bytes, State] = {}
        self._troubles: list[Trouble] = []
        self._counts: Counter[str] = Counter()
        self._has_ended = False
        self._open: list[bytes] = []
        """Lines of a label's value that is not closed, and which line was the first."""
        self._group: Group | None = None
        self._repeated: tuple[int, bytes, bytes] | None = None
        """The line, name and text of a HELP for a name that has one."""

    # What the reader asks.

    def stop(self, rule: str, text: str) -> None:
        """A limit is reached."""
        self.whole = False
        self._trouble(rule, self.line, 1, text)

    @property
    def is_open(self) -> bool:
        """Whether the next line may belong to a label's value of the one before."""
        return bool(self._open)

    def too_many(self) -> None:
        """There are more series than the limit."""
        self.stop("limit-series", f"the page has more than {self.limits.series} series, the limit")

    def groups_of(self, labels: Labels) -> Groups:
        """The histograms or summaries of the family in hand whose labels have these names."""
        state, special = self.family, _SPECIAL.get(self.role)
        if state is None:
            return _NOTHING
        return state.groups.setdefault(tuple(sorted(key for key, _ in labels if key != special)), {})

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

    def again(self, text: bytes, known: int, value: float, stamp: bytes, number: int) -> None:
        """A series that the page has already."""
        if self._counts["series-twice"] >= _OF_EACH and not stamp:
            self._counts["series-twice"] += 1
            return
        before = f"{self.values[known]:.15g} in line {self.lines[known]}"
        old = self.stamps.get(known)
        if stamp and old is not None:
            new = self.seconds(stamp)
            if new > old:
                self.stamps[known], self.values[known] = new, value
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
            said = f"a second bucket has le={bound:.15g}, written in another way; expected each bound once"
            self._trouble("bucket-twice", number, 1, said)
        elif bound < group.bound:
            said = f"the bucket le={bound:.15g} stands behind le={group.bound:.15g}; expected rising bounds"
            self._trouble("bucket-order", number, 1, said)
        is_later = bound >= group.bound
        if not (value >= group.value if is_later else value <= group.value):
            other = "a smaller" if is_later else "a larger"
            said = (
                f"the bucket le={bound:.15g} has the value {value:.15g}, and {other} bound {group.value:.15g}; "
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

    # One line, exactly.

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
                self._fault(why.fault, number)
            return None
        return self._sample(found, number)

    def _is_utf8(self, line: bytes, number: int, rule: str) -> bool:
        try:
            line.decode()
        except UnicodeDecodeError as error:
            text = (
                f"byte {error.start + 1} of the line is no UTF-8 ({line[error.start]:#04x}); expected UTF-8"
            )
            self._trouble(rule, number, error.start + 1, text)
            return False
        return True

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
        self._trouble("syntax", number, first.rfind(b'"') + 1, text)
        for place, line in enumerate(others, number + 1):
            self.line = place
            if self._open:
                self._go_on(line)
            else:
                self._line(line, place)

    # TYPE, HELP, UNIT.

    def _metadata(self, line: bytes, start: bytes, number: int) -> None:
        if self.form is Format.OPENMETRICS and line == b"# EOF":
            self._has_ended = True
            self._enter(None)
            return
        try:
            found = metadata(line, start, self.form)
        except Unreadable as why:
            self._fault(why.fault, number)
            return
        if found is None:
            if self.form is Format.TEXT and not line.isascii():
                self._is_utf8(line, number, "utf-8-in-comment")
            return
        for fault in found.faults:
            self._fault(fault, number)
        if found.word != b"TYPE":
            self._tell_repeated()
        if found.word == b"HELP" and not self._is_utf8(line, number, "utf-8"):
            return
        state = self._families.get(found.name)
        if state is None:
            state = self._new(found.name, number)
            self._clash(found, state, number)
        elif state is not self.family:
            # A second TYPE is told of as such.
            state.is_split = state.is_split or (found.word == b"TYPE" and state.has_type)
            self._split(state, number)
        self._enter(state)
        self._say(state, found, number)

    def _say(self, state: State, found: Metadata, number: int) -> None:
        has_samples = len(self.values) > state.first
        if found.word == b"TYPE":
            new = found.text.decode("ascii")
            if self._is_counter_beside(state, new):
                self._beside(state, new, number)
                return
            self._tell_repeated()
            if state.has_type:
                rule = "type-twice" if state.type == new else "type-changes"
                text = f"{{}} has a TYPE already: {state.type}, and {new} here; expected one"
                self._trouble(rule, number, 1, text, state.name)
                return
            if has_samples or self._has_parts(found.name, new):
                text = "the TYPE of {} stands behind its first sample; expected it before"
                self._trouble("type-late", number, 1, text, state.name)
            state.type, state.has_type = new, True
        elif found.word == b"HELP":
            if state.help is not None:
                self._repeated = number, state.name, found.text
                return
            if has_samples:
                text = "the HELP of {} stands behind its first sample; expected it before"
                self._trouble("help-late", number, 1, text, state.name)
            state.help = found.text
        else:
            self._unit(state, found, number)

    def _unit(self, state: State, found: Metadata, number: int) -> None:
        if state.has_unit:
            self._trouble("unit-twice", number, 1, "{} has a UNIT already; expected one", state.name)
        if len(self.values) > state.first:
            text = "the UNIT of {} stands behind its first sample; expected it before"
            self._trouble("unit-late", number, 1, text, state.name)
        if found.text and not state.name.endswith(b"_" + found.text):
            self._trouble(
                "unit", number, 1, "the name {} does not end in _ and its unit; expected it to", state.name
            )
        if found.text and state.type in ("info", "stateset"):
            self._trouble("unit-of-none", number, 1, "{} has a UNIT; expected none for its type", state.name)
        state.unit, state.has_unit = found.text, True

    def _is_counter_beside(self, state: State, new: str) -> bool:
        """Whether no two samples of the two types could have one name, as Go's metrics of memory have it."""
        both = {state.type, new} if state.has_type else set()
        return self.form is Format.OPENMETRICS and both == {"counter", "gauge"}

    def _beside(self, state: State, new: str, number: int) -> None:
        """A second family of the name."""
        text = f"the name {{}} is a {state.type} in line {state.line} and a {new} here; expected one of each name"
        self._trouble("name-clash", number, 1, text, state.name)
        size = len(self.values)
        second = State(state.name, new, number, size, size, has_type=True)
        if self._repeated is not None:
            second.help, self._repeated = self._repeated[2], None
        # It is found by the name that its samples have.
        self._families[state.name + (b"_total" if new == "counter" else b"\0")] = second
        self._enter(second)

    def _tell_repeated(self) -> None:
        """Tell of a second HELP, unless the TYPE behind it has made it that of another family."""
        if self._repeated is not None:
            number, name, _ = self._repeated
            self._repeated = None
            self._trouble("help-twice", number, 1, "{} has a HELP already; expected one", name)

    def _has_parts(self, name: bytes, new: str) -> bool:
        """Whether samples of a family stand before its TYPE, by names of their own."""
        if new not in ("histogram", "summary"):
            return False
        parts = (self._families.get(name + suffix) for suffix in self._roles[new] if suffix)
        return any(part is not None and not part.has_metadata for part in parts)

    def _clash(self, found: Metadata, state: State, number: int) -> None:
        """Whether samples of this family could have the name of another's."""
        if self.form is Format.TEXT or found.word != b"TYPE":
            return
        name = found.name
        others = [name + suffix for suffix in self._roles.get(found.text.decode("ascii"), ()) if suffix]
        for suffix in (
            b"_total",
            b"_created",
            b"_bucket",
            b"_count",
            b"_sum",
            b"_info",
            b"_gcount",
            b"_gsum",
        ):
            base = self._families.get(name.removesuffix(suffix)) if name.endswith(suffix) else None
            if base is not None and suffix in self._roles[base.type]:
                others.append(base.name)
        other = next((self._families[one] for one in others if one in self._families and one != name), None)
        if other is not None and other is not state:
            text = f"the name {{}} could be a sample's of the family in line {other.line}; expected names that cannot be"
            self._trouble("name-clash", number, 1, text, name)

    # Families.

    def _new(self, name: bytes, number: int) -> State:
        kind = "untyped" if self.form is Format.TEXT else "unknown"
        size = len(self.values)
        state = self._families[name] = State(name, kind, number, size, size)
        return state

    def _enter(self, state: State | None) -> None:
        if state is self.family:
            return
        if self.family is not None:
            self._leave(self.family)
        self.family, self._group = state, None
        if state is not None and state.first == state.last:
            state.first = state.last = len(self.values)

    def _leave(self, state: State) -> None:
        state.is_left = True
        if not state.is_split:
            state.last = len(self.values)
            if state.groups:
                state.found = list(unsound(state, self.form))
        state.groups = {}

    def _split(self, state: State, number: int) -> None:
        if not state.is_split:
            text = f"{{}} goes on here, after another metric; expected all its lines in one place, from line {state.line} on"
            self._trouble("split-family", number, 1, text, state.name)
        state.is_split = True

    def _of(self, name: bytes, number: int) -> tuple[State, bytes]:
        """The family that a sample belongs to, and what its name has behind the family's."""
        state = self.family
        if state is not None and name.startswith(state.name):
            suffix = name[len(state.name) :]
            if suffix in self._roles[state.type]:
                return state, suffix
        known = self._families.get(name)
        if known is not None and known is not state and self._roles[known.type].get(b"", BARE) != BARE:
            self._back(known, number)
            return known, b""
        for suffix in (
            b"_bucket",
            b"_count",
            b"_sum",
            b"_total",
            b"_created",
            b"_info",
            b"_gcount",
            b"_gsum",
        ):
            if name.endswith(suffix):
                base = self._families.get(name[: -len(suffix)])
                if base is not None and suffix in self._roles[base.type]:
                    self._back(base, number)
                    return base, suffix
        if known is not None:
            self._back(known, number)
            return known, b""
        state = self._new(name, number)
        self._enter(state)
        return state, b""

    def _back(self, state: State, number: int) -> None:
        if state.is_left:
            self._split(state, number)
        self._enter(state)

    # Samples.

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
            suffix = {"counter": "_total", "info": "_info"}.get(state.type, "_bucket, _sum or _count")
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
            if before.partition(b"{")[2] != own.partition(b"{")[2]:
                said = "_created does not stand beside the counter's value; expected its samples side by side"
                self._trouble("interleaved", number, 1, said)
        else:
            self.group(self.groups_of(found.labels), _key(found.labels, b""), number)

    def _in_group(self, role: int, found: Sample, number: int) -> None:
        special = _SPECIAL.get(role, b"")
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
            bound = next((self.bounds.get(text) for key, text in found.labels if key == b"le"), None)
            if bound is not None and value > bound:
                said = f"an exemplar of {value:.15g} stands in the bucket le={bound:.15g}; expected one within it"
                self._trouble("exemplar-range", number, 1, said)

    # Times.

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

    # Troubles.

    def _fault(self, fault: Fault, number: int) -> None:
        self._trouble(fault.rule, number, fault.column, fault.text, fault.found)

    def _trouble(self, rule: str, line: int, column: int, text: str, found: bytes = b"") -> None:
        self._counts[rule] += 1
        if self._counts[rule] > _OF_EACH or len(self._troubles) >= self.limits.troubles:
            return
        if "{}" in text:
            text = text.replace("{}", one_line(found[:200].decode("utf-8", "replace"), 80), 1)
        self._troubles.append(
            Trouble(rule, max(line, 1), column, cut(text, 400), *RULES[rule].effects(self.form))
        )


_ESCAPE = re.compile(r"\\.")


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
