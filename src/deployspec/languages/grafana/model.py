"""What a dashboard asks, and where it asks it. Times and durations are in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a query is there for."""

    PANEL = "panel"
    ANNOTATION = "annotation"
    VARIABLE = "variable"


class Language(StrEnum):
    """What a query is written in, as far as its data source tells."""

    PROMQL = "PromQL"
    EXPRESSION = "an expression of Grafana's own"
    """Its data source is ``__expr__``: it computes from the panel's other queries."""
    OTHER = "another language"


class Form(StrEnum):
    """How the file has it."""

    ROWS = "rows with panels, as before Grafana 5"
    V1 = "schema v1"
    V2 = "schema v2"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a query, or a variable, stands."""

    file: str
    path: str
    """In the JSON, from its top: ``panels[3].targets[0].expr``."""
    kind: Kind
    name: str
    """The panel's title, the annotation's or the variable's name."""
    row: str = ""
    """The row that the panel stands in; empty outside rows, and for a row without a title."""
    ref: str = ""
    """The query's letter among those of the panel; its number, from 1, where it has none."""

    def __str__(self) -> str:
        row = f' in row "{self.row}"' if self.row else ""
        ref = f", query {self.ref}" if self.ref else ""
        return f'{self.file}: {self.kind} "{self.name}"{row}{ref} ({self.path})'


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps a file, or a part of one, from being read."""

    file: str
    path: str
    """In the JSON; empty for the file as a whole."""
    found: str
    expected: str
    """Empty where ``found`` says all."""
    is_sound: bool = False
    """Whether the file is right, and only the reader lacks something: what stands elsewhere, or is not read here."""

    def __str__(self) -> str:
        where = f"{self.file}: {self.path}" if self.path else self.file
        return f"{where}: found {self.found}" + (f"; expected {self.expected}" if self.expected else "")


@dataclass(frozen=True, slots=True)
class Panel:
    """What a query's panel says of it."""

    id: str
    """Its number, or its key among the elements of schema v2."""
    title: str
    type: str
    """``timeseries``, ``stat``, ``graph``, …; empty for queries of annotations and variables."""
    units: tuple[str, ...] = ()
    """Every unit that it names (default, overrides, axes), each once: ``s``, ``percentunit``, ``short``. Empty: none."""
    repeat: str = ""
    """The variable for each value of which there is a copy of the panel, or of its row."""
    interval: str = ""
    """The least step, as written; may hold a variable."""
    points: int | None = None
    """``maxDataPoints``; None where it is the panel's width."""
    from_: str = ""
    """``timeFrom``: a time range of its own, such as ``24h``."""
    shift: str = ""
    """``timeShift``."""
    transformations: tuple[str, ...] = ()
    """Their ids. What they make of the result is not said here."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query as it is written."""

    place: Place
    text: str
    """As written, with its variables. Empty where the query has none: nothing is asked then."""
    language: Language
    source: str
    """The data source as written: its name, uid or variable; empty for the default one."""
    source_type: str
    """``prometheus``, ``loki``, …; empty where nothing in the file tells it. PromQL is assumed for ``expr`` then."""
    panel: Panel
    legend: str = ""
    interval: str = ""
    """The query's own least step, as written."""
    factor: int = 1
    """``intervalFactor``: the step is so many times longer."""
    instant: bool = False
    hidden: bool = False
    """Not shown, and still asked where another query or an expression uses it."""
    format: str = ""
    """``time_series``, ``table`` or ``heatmap``."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the dashboard."""

    place: Place
    name: str
    type: str
    """``query``, ``custom``, ``textbox``, ``constant``, ``interval``, ``datasource``, ``adhoc``, …"""
    query: str
    """As written: the function of a query (``label_values(up, job)``), the list of a custom one, the type of data
    source, the constant."""
    language: Language
    """Of a query; ``OTHER`` for the other types."""
    source: str = ""
    current: tuple[str, ...] = ()
    """The values that are saved as chosen; ``$__all`` among them."""
    options: tuple[str, ...] = ()
    """The values that the file lists, ``$__all`` left out."""
    multi: bool = False
    include_all: bool = False
    all_value: str = ""
    """What stands for all of them; empty: the list of them."""
    regex: str = ""
    """What is taken of each answer, as written."""
    auto_count: int = 30
    """Of an interval that Grafana chooses: how many of it the time range is to have."""
    auto_min: str = "10s"
    """How long it is at least, as written."""
    uses: tuple[str, ...] = ()
    """The variables of the dashboard that its query, or its regex, needs first."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard, as far as it could be read."""

    file: str
    title: str
    uid: str
    form: Form
    variables: tuple[Variable, ...]
    """Each after those that it uses; those of a cycle at the end, with a trouble."""
    queries: tuple[Query, ...]
    """In the order of the file: variables, annotations, panels. Those of other languages too."""
    troubles: tuple[Trouble, ...]
    """What is missing or was left out: library panels that are not there, cycles, limits."""
    span: float | None = None
    """The time range that it opens with, where it is one up to now; None otherwise."""

    def variable(self, name: str) -> Variable | None:
        """The variable of that name."""
        return next((one for one in self.variables if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is chosen of a variable, as Grafana writes it into a query."""

    values: tuple[str, ...]
    many: bool = False
    """Several can be chosen, or all: then PromQL gets each escaped as a regular expression, with ``|`` between them."""
    raw: bool = False
    """It is the variable's ``allValue``, which is written as it is, whatever the format."""
    texts: tuple[str, ...] = ()
    """What is shown for the values, for ``${x:text}``; empty: the values."""
    auto: tuple[int, float] | None = None
    """Of an interval that Grafana chooses: into how many the range is divided, and how long one is at least."""
    listed: tuple[str, ...] = ()
    """What ``allValue`` stands for, one by one."""

    @property
    def first(self) -> Chosen:
        """What the first copy of a panel has that is repeated by the variable: one value, written as before."""
        values = self.listed if self.raw else self.values
        return Chosen(values[:1], self.many) if values else self


@dataclass(frozen=True, slots=True)
class Scope:
    """What Grafana knows at the moment that it asks."""

    values: Mapping[str, Chosen] = field(default_factory=dict)
    begin: float = 0.0
    """Of the time range, since 1970."""
    end: float = 3600.0
    step: float = 15.0
    """The distance of two points, as :func:`deployspec.languages.grafana.macros.step` gives it."""
    factor: int = 1
    """The query's ``intervalFactor``: Grafana asks for a point every so many steps, and ``$__interval`` is as long."""
    scrape: float = 15.0
    """The data source's scrape interval, or the query's least step where it has one."""
    rate: float | None = None
    """``$__rate_interval``, where the query's least step is it; None: it follows from ``step`` and ``scrape``."""


@dataclass(frozen=True, slots=True)
class Question:
    """What has to be asked of Prometheus before the values of a variable are known."""

    kind: str
    """``label_values``, ``label_names``, ``metrics``, ``query`` or ``series``."""
    match: str = ""
    """A selector that the series are to match (``label_values``, ``label_names``, ``series``), or the query."""
    label: str = ""
    """Of ``label_values``."""
    pattern: str = ""
    """Of ``metrics``: what their names are to match, anywhere in them."""
