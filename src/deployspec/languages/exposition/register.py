"""The families of a page while it is read: what TYPE, HELP and UNIT say of them, and which samples are theirs."""

from __future__ import annotations

from array import array
from collections import Counter

from deployspec.languages.exposition.families import BARE, ROLES, State, shown, unsound
from deployspec.languages.exposition.lines import Unreadable
from deployspec.languages.exposition.metadata import Metadata, metadata
from deployspec.languages.exposition.model import SUFFIXES, Format, Limits
from deployspec.languages.exposition.sums import Sums
from deployspec.languages.exposition.troubles import OF_EACH

_SUFFIXES = tuple(suffix.encode() for suffix in SUFFIXES)


class Register(Sums):
    """Finds the family of a line, and judges how families stand on the page."""

    def __init__(self, form: Format, limits: Limits, now: float | None) -> None:
        super().__init__(form, limits, now)
        self.values = array("d")
        """Of each series."""
        self._roles = ROLES[form]
        self._families: dict[bytes, State] = {}
        self._has_ended = False
        self._repeated: tuple[int, bytes, bytes] | None = None
        """The line, name and text of a HELP for a name that has one."""

    def _metadata(self, line: bytes, start: bytes, number: int) -> None:
        if self.form is Format.OPENMETRICS and line == b"# EOF":
            self._has_ended = True
            self._enter(None)
            return
        try:
            found = metadata(line, start, self.form)
        except Unreadable as why:
            self._unreadable(why.fault, number)
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

    def _new(self, name: bytes, number: int) -> State:
        kind = "untyped" if self.form is Format.TEXT else "unknown"
        size = len(self.values)
        if len(self._families) == self.limits.families:
            self.stop(
                "limit-families", f"the page has more than {self.limits.families} names of metrics, the limit"
            )
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
                self._check(state)
        state.groups = {}

    def _check(self, state: State) -> None:
        seen: Counter[str] = Counter()
        state.found = []
        for rule, line, text, labels in unsound(state, self.form):
            seen[rule] += 1
            if seen[rule] <= OF_EACH:
                state.found.append((rule, line, text, shown(state, *labels)))
        state.more = Counter({rule: number - OF_EACH for rule, number in seen.items() if number > OF_EACH})

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
        if known is not None and self._roles[known.type].get(b"", BARE) != BARE:
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
