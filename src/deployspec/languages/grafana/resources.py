"""Dashboards of schema v2: elements, and a layout that says where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from deployspec.languages.grafana.classic import library_model, units_of
from deployspec.languages.grafana.collecting import Collected
from deployspec.languages.grafana.document import MOST_NESTED, Node
from deployspec.languages.grafana.model import Kind, Panel
from deployspec.languages.grafana.sources import DEFAULT, Source

_VARIABLES = {
    "QueryVariable": "query",
    "CustomVariable": "custom",
    "ConstantVariable": "constant",
    "TextVariable": "textbox",
    "IntervalVariable": "interval",
    "DatasourceVariable": "datasource",
    "AdhocVariable": "adhoc",
    "GroupByVariable": "groupby",
    "SwitchVariable": "switch",
}


class _Stands(NamedTuple):
    """Where the layout has an element."""

    row: str
    repeat: str


def collect(dashboard: Node, into: Collected, libraries: Mapping[str, Node]) -> None:
    """Every query of the dashboard: of variables, annotations, elements, also those that the layout leaves out."""
    for one in dashboard.each("variables"):
        spec, kind = one.at("spec"), one.text("kind")
        query = spec.at("query")
        source = _source(spec, query, into) if kind == "QueryVariable" else DEFAULT
        asked = query.at("spec") if isinstance(query.value, dict) else query
        into.variable(spec, _VARIABLES.get(kind, kind), asked, source)
    for one in dashboard.each("annotations"):
        _annotation(one.at("spec"), into)
    standing = _standing(dashboard.at("layout"))
    for key, element in dashboard.items("elements"):
        if into.full:
            break
        _element(key, element, standing.get(key, _Stands("", "")), into, libraries)


def _source(spec: Node, query: Node, into: Collected) -> Source:
    """What a query asks: ``kind`` (v2alpha1) or ``group`` (since v2beta1) is the type of its source."""
    group = query.text("group") or (query.text("kind") if query.text("kind") != "DataQuery" else "")
    named = into.sources.source(query.at("datasource") or spec.at("datasource"))
    return Source(named.name, group or named.type)


def _annotation(spec: Node, into: Collected) -> None:
    query = spec.at("query")
    source = _source(spec, query, into)
    target = next(
        (one for one in (query.at("spec"), spec.at("legacyOptions")) if one.text("expr")), query.at("spec")
    )
    # A migrated annotation has its query among what is left over of the older form.
    inner = spec.at("legacyOptions", "target")
    if not target.text("expr") and inner.text("expr"):
        target = inner
    if spec.yes("builtIn") or (not target.text("expr") and source.type in ("", "grafana", "datasource")):
        return
    into.target(target, spec, 1, Panel("", spec.text("name"), ""), "", source, Kind.ANNOTATION)


def _element(key: str, element: Node, at: _Stands, into: Collected, libraries: Mapping[str, Node]) -> None:
    spec = element.at("spec")
    if element.text("kind") == "LibraryPanel":
        model = library_model(spec.at("libraryPanel"), spec, libraries)
        if model is not spec:
            _library(key, spec, model, at, into)
        return
    options = spec.at("data", "spec", "queryOptions")
    shown = spec.at("vizConfig")
    panel = Panel(
        id=key,
        title=spec.text("title"),
        type=shown.text("group") or (shown.text("kind") if shown.text("kind") != "VizConfig" else ""),
        units=units_of(shown.at("spec")),
        repeat=at.repeat,
        interval=options.text("interval"),
        points=options.whole("maxDataPoints"),
        from_=options.text("timeFrom"),
        shift=options.text("timeShift"),
        transformations=tuple(
            one.text("group") or one.text("kind") for one in spec.each("data", "spec", "transformations")
        ),
    )
    for number, one in enumerate(spec.each("data", "spec", "queries"), 1):
        query = one.at("spec", "query")
        source = _source(one.at("spec"), query, into)
        into.target(query.at("spec"), one.at("spec"), number, panel, at.row, source, Kind.PANEL)


def _library(key: str, spec: Node, model: Node, at: _Stands, into: Collected) -> None:
    """A library panel's model has the form of schema v1."""
    panel = Panel(
        id=key,
        title=spec.text("title") or model.text("title"),
        type=model.text("type"),
        units=units_of(model),
        repeat=at.repeat,
        interval=model.text("interval"),
        points=model.whole("maxDataPoints"),
        from_=model.text("timeFrom"),
        shift=model.text("timeShift"),
        transformations=tuple(one.text("id") for one in model.each("transformations")),
    )
    source = into.sources.source(model.at("datasource"))
    around = DEFAULT if source.type == "mixed" else source
    for number, target in enumerate(model.each("targets"), 1):
        own = into.sources.source(target.at("datasource"), around)
        into.target(target, target, number, panel, at.row, own, Kind.PANEL)


def _standing(layout: Node) -> dict[str, _Stands]:
    """By the key of an element, the row or the tab that holds it, and what they or it are repeated by."""
    found: dict[str, _Stands] = {}
    waiting = [(layout, _Stands("", ""), 0)]
    while waiting:
        node, around, depth = waiting.pop()
        if depth > MOST_NESTED:
            node.notes.add(
                node, f"layouts in layouts, more than {MOST_NESTED} deep; what is in them is in no row"
            )
            continue
        spec = node.at("spec")
        for item in spec.each("items"):
            repeat = item.text("spec", "repeat", "value") or around.repeat
            if name := item.text("spec", "element", "name"):
                found.setdefault(name, _Stands(around.row, repeat))
            # v2alpha1 has rows among the items of a grid.
            if item.at("spec", "elements"):
                row = _Stands(item.text("spec", "title"), repeat)
                inner = Node({"spec": {"items": item.at("spec", "elements").value}}, item.path, item.notes)
                waiting.append((inner, row, depth + 1))
        for part in (*spec.each("rows"), *spec.each("tabs")):
            inside = part.at("spec")
            title = inside.text("title") or around.row
            repeat = inside.text("repeat", "value") or around.repeat
            waiting.append((inside.at("layout"), _Stands(title, repeat), depth + 1))
    return found
