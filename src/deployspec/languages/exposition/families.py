"""What an exposition says of a family, and whether what stands under its name adds up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from deployspec.languages.exposition.model import Format

# What a sample is to its family.
PLAIN, TOTAL, BUCKET, QUANTILE, COUNT, SUM, CREATED, INFO, STATE, BARE = range(10)

_HISTOGRAM = {b"_bucket": BUCKET, b"_count": COUNT, b"_sum": SUM}
ROLES: Mapping[Format, Mapping[str, Mapping[bytes, int]]] = {
    Format.TEXT: {
        "counter": {b"": PLAIN},
        "gauge": {b"": PLAIN},
        "untyped": {b"": PLAIN},
        "histogram": {**_HISTOGRAM, b"": BARE},
        "summary": {b"": QUANTILE, b"_count": COUNT, b"_sum": SUM},
    },
    Format.OPENMETRICS: {
        "counter": {b"_total": TOTAL, b"_created": CREATED, b"": BARE},
        "gauge": {b"": PLAIN},
        "unknown": {b"": PLAIN},
        "histogram": {**_HISTOGRAM, b"_created": CREATED, b"": BARE},
        "gaugehistogram": {b"_bucket": BUCKET, b"_gcount": COUNT, b"_gsum": SUM, b"": BARE},
        "summary": {b"": QUANTILE, b"_count": COUNT, b"_sum": SUM, b"_created": CREATED},
        "info": {b"_info": INFO, b"": BARE},
        "stateset": {b"": STATE},
    },
}
"""By the family's type: what stands behind its name in a sample's, and what such a sample is."""


class Group:
    """The samples of one histogram or summary: all with the same labels but for ``le`` and ``quantile``."""

    __slots__ = ("bound", "count", "has_negative", "line", "sum", "value")

    def __init__(self, line: int) -> None:
        self.line = line
        self.bound = -math.inf
        """The largest bound so far."""
        self.value = 0.0
        """The value of its bucket."""
        self.has_negative = False
        """Whether a bound is below 0, as far as that matters."""
        self.count: float | None = None
        self.sum: float | None = None


Groups = dict[object, Group]
"""By the values of the labels, in the order of their names."""


Unsound = tuple[str, int, str, tuple[tuple[bytes, ...], object]]


@dataclass(slots=True)
class State:
    """A family while the page is read."""

    name: bytes
    type: str
    line: int
    first: int
    last: int
    help: bytes | None = None
    unit: bytes = b""
    has_type: bool = False
    has_unit: bool = False
    is_left: bool = False
    """Another family has begun since."""
    is_split: bool = False
    groups: dict[tuple[bytes, ...], Groups] = field(default_factory=dict)
    """By the names of the labels."""
    found: list[tuple[str, int, str, bytes]] = field(default_factory=list)
    """What was found when it was left, the first of each rule; it counts only where nothing more comes."""
    more: Counter[str] = field(default_factory=Counter)
    """How much was found beside that."""

    @property
    def has_metadata(self) -> bool:
        """Whether TYPE, HELP or UNIT names it."""
        return self.has_type or self.help is not None or self.has_unit


def unsound(state: State, form: Format) -> Iterator[Unsound]:
    """What does not add up in a histogram: rule, line, text, and the labels that the text shows as ``{}``.

    Of a million histograms it may be all: nothing is made here that is not looked at.
    """
    if state.type not in ("histogram", "gaugehistogram"):
        return
    count_name = "_count" if state.type == "histogram" else "_gcount"
    for names, groups in state.groups.items():
        for key, group in groups.items():
            if group.bound != math.inf:
                text = 'the histogram {} has no bucket le="+Inf"; expected one, as no quantile is known without it'
                yield "histogram-infinity", group.line, text, (names, key)
            if group.count is None:
                if form is Format.TEXT or group.sum is not None:
                    text = f"the histogram {{}} has no {count_name}; expected the value of its bucket +Inf"
                    yield "histogram-count", group.line, text, (names, key)
            elif group.bound == math.inf and group.count != group.value:
                text = (
                    f"the histogram {{}} has the {count_name} {group.count:.15g}; expected {group.value:.15g}, "
                    "the value of its bucket +Inf"
                )
                yield "histogram-count", group.line, text, (names, key)
            if form is Format.OPENMETRICS and group.sum is not None:
                yield from _unsound_sum(state, names, key, group)
            if group.sum is None and (form is Format.TEXT or group.count is not None):
                yield "histogram-sum", group.line, "the histogram {} has no sum", (names, key)


def _unsound_sum(state: State, names: tuple[bytes, ...], key: object, group: Group) -> Iterator[Unsound]:
    if state.type == "histogram" and group.has_negative:
        text = "the histogram {} has a sum and a bound below 0; expected no sum, as it is no counter"
        yield "histogram-value", group.line, text, (names, key)
    elif group.sum is not None and group.sum < 0 and not group.has_negative:
        text = f"the histogram {{}} has the sum {group.sum:.15g}; expected 0 or more"
        yield "histogram-value", group.line, text, (names, key)


def shown(state: State, names: tuple[bytes, ...], key: object) -> bytes:
    """A histogram or summary, by its labels."""
    values: tuple[bytes, ...] = key if isinstance(key, tuple) else (key,)
    pairs = b",".join(b'%b="%b"' % pair for pair in zip(names, values, strict=True))
    return b"%b{%b}" % (state.name, pairs) if pairs else state.name
