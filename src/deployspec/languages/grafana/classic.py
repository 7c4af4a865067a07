"""Dashboards of schema v1, and those before it whose panels stand in rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from deployspec.base.problems import shown
from deployspec.languages.grafana.collecting import Collected
from deployspec.languages.grafana.document import MOST_NESTED, Node
from deployspec.languages.grafana.model import Kind, Panel
from deployspec.languages.grafana.sources import DEFAULT


class _Found(NamedTuple):
    """A panel, and what the row around it says of it."""

    node: Node
    row: str
    repeat: str


def collect(dashboard: Node, into: Collected, libraries: Mapping[str, Node]) -> None:
    """Every query of the dashboard: of variables, annotations, panels."""
    for one in dashboard.each("templating", "list"):
        into.variable(one, one.text("type"), one.at("query"), into.sources.source(one.at("datasource")))
    for one in dashboard.each("annotations", "list"):
        _annotation(one, into)
    for panel in _panels(dashboard):
        if into.full:
            break
        _panel(panel, into, libraries)


def units_of(options: Node) -> tuple[str, ...]:
    """Every unit that a panel names, in any of the places in which panels of any age have one."""
    found = [
        options.text("fieldConfig", "defaults", "unit"),
        options.text("options", "fieldOptions", "defaults", "unit"),
        options.text("options", "fieldOptions", "unit"),
        options.text("options", "yAxis", "unit"),
        options.text("options", "cellValues", "unit"),
        options.text("options", "valueOptions", "unit"),
        options.text("format"),
        options.text("yAxis", "format"),
    ]
    for override in options.each("fieldConfig", "overrides"):
        found += [one.text("value") for one in override.each("properties") if one.text("id") == "unit"]
    found += [one.text("unit") for one in options.each("styles")]
    axes = options.at("y_formats")
    both = list(axes.texts() if isinstance(axes.value, list) else ())
    both += [axis.text("format") for axis in options.each("yaxes")]
    # The axis on the right has a unit always, and series where an override says so.
    right = any(one.text("yaxis") == "2" for one in options.each("seriesOverrides"))
    found += both if right else both[:1]
    return tuple(dict.fromkeys(one for one in found if one))


def _annotation(node: Node, into: Collected) -> None:
    source = into.sources.source(node.at("datasource"))
    panel = Panel("", node.text("name"), "")
    # What Grafana asks since version 8 is in target; it may be there beside the older keys.
    target = node.at("target") if node.text("target", "expr") else node
    if node.text("builtIn") in ("1", "true") or (not target.text("expr") and source.type in ("", "grafana")):
        return
    into.target(target, node, 1, panel, "", source, Kind.ANNOTATION)


def _panels(dashboard: Node) -> Iterator[_Found]:
    """The panels in the order of the file, with those of collapsed rows and of rows in rows."""
    waiting = [(panel, "", "", 0) for panel in reversed(list(dashboard.each("panels")))]
    for row in reversed(list(dashboard.each("rows"))):
        inner = [(one, row.text("title"), row.text("repeat"), 1) for one in row.each("panels")]
        waiting += reversed(inner)
    title, repeat = "", ""
    while waiting:
        node, row_title, row_repeat, depth = waiting.pop()
        if depth > MOST_NESTED:
            node.notes.add(node, f"panels in panels, more than {MOST_NESTED} deep; they are left out")
            continue
        is_row = node.text("type") == "row"
        # The panels that follow an open row, at the top, are its own.
        if is_row and depth == 0:
            title, repeat = node.text("title"), node.text("repeat")
        if node.at("panels"):
            around = (node.text("title"), node.text("repeat")) if is_row else (row_title, row_repeat)
            waiting += reversed([(one, *around, depth + 1) for one in node.each("panels")])
        if not is_row:
            yield _Found(node, *((title, repeat) if depth == 0 else (row_title, row_repeat)))


def _panel(found: _Found, into: Collected, libraries: Mapping[str, Node]) -> None:
    node = found.node
    if library := node.at("libraryPanel"):
        node = library_model(library, node, libraries)
        if node is found.node and not node.at("targets").value:
            return
    panel = Panel(
        id=found.node.text("id"),
        title=found.node.text("title") or node.text("title"),
        type=node.text("type"),
        units=units_of(node),
        repeat=found.node.text("repeat") or found.repeat,
        interval=node.text("interval"),
        points=node.whole("maxDataPoints"),
        from_=node.text("timeFrom"),
        shift=node.text("timeShift"),
        transformations=tuple(one.text("id") for one in node.each("transformations")),
    )
    source = into.sources.source(node.at("datasource"))
    around = DEFAULT if source.type == "mixed" else source
    for number, target in enumerate(node.each("targets"), 1):
        own = into.sources.source(target.at("datasource"), around)
        into.target(target, target, number, panel, found.row, own, Kind.PANEL)


def library_model(library: Node, panel: Node, libraries: Mapping[str, Node]) -> Node:
    """The model of a library panel: in the reference itself, or among the models that are known. The panel itself, with
    a trouble, where it is not there."""
    if isinstance(library.at("model").value, dict):
        return library.at("model")
    model = libraries.get(library.text("uid")) or libraries.get(library.text("name"))
    if model is not None:
        return model
    named = shown(library.text("name") or library.text("uid") or "without a name")
    if not panel.at("targets").value:
        library.notes.add(
            library,
            f"the library panel {named}, whose queries are not in the file",
            "its model, there or in a file of library panels",
            is_sound=True,
        )
    return panel
