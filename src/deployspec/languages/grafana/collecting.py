"""What is collected while a dashboard is walked, whichever its form: queries and variables, up to a number of each."""

from __future__ import annotations

from deployspec.languages.grafana.asked import query_of
from deployspec.languages.grafana.document import MOST_QUERIES, Node, Notes
from deployspec.languages.grafana.model import Kind, Language, Panel, Place, Query, Variable
from deployspec.languages.grafana.sources import PROMQL_TYPES, Source, Sources, language_of, text_of
from deployspec.languages.grafana.variables import ALL, listed_values, promql_of, uses_of

MOST_VARIABLES = 1_000


class Collected:
    """The queries and the variables of a dashboard."""

    def __init__(self, notes: Notes, sources: Sources) -> None:
        self.notes = notes
        self.sources = sources
        self.queries: list[Query] = []
        self.variables: list[Variable] = []
        self.full = False
        """Whether there are more queries than are read: then nobody need look for others."""
        self._many_variables = False

    def target(
        self, target: Node, options: Node, number: int, panel: Panel, row: str, source: Source, kind: Kind
    ) -> None:
        """A query of a panel or an annotation. ``options`` hold its letter and whether it is hidden."""
        language = language_of(source, target)
        text = text_of(language, target)
        place = Place(
            self.notes.file,
            _place_of_text(target, text),
            kind,
            panel.title,
            row,
            (options.text("refId") or str(number)) if kind is Kind.PANEL else "",
        )
        self._add(
            Query(
                place=place,
                text=text,
                language=language,
                source=source.name,
                source_type=source.type,
                panel=panel,
                legend=target.text("legendFormat"),
                interval=target.text("interval") or target.text("step"),
                factor=max(target.whole("intervalFactor") or 1, 1),
                instant=target.yes("instant") and not target.yes("range"),
                hidden=options.yes("hide") or options.yes("hidden"),
                format=target.text("format"),
            ),
            target,
        )

    def variable(self, node: Node, kind: str, query: Node, source: Source) -> None:
        """A variable, and the PromQL in its query."""
        name = node.text("name")
        if len(self.variables) == MOST_VARIABLES:
            if not self._many_variables:
                self.notes.add(node, f"more than {MOST_VARIABLES} variables; the others are left out")
            self._many_variables = True
            return
        if not name:
            self.notes.add(node, "a variable without a name")
            return
        asked = query_of(query, node.text("definition")) if kind == "query" else query.text()
        language = Language.OTHER
        # Any text may be a query of Prometheus; those of other sources are told by their type alone.
        if kind == "query" and (source.type in PROMQL_TYPES or source.type in ("", "mixed")):
            language = Language.PROMQL
        # A switch of schema v2 has its value as it is.
        current = node.texts("current", "value") or ((node.text("current"),) if kind == "switch" else ())
        listed = [one.text("value") for one in node.each("options")] or listed_values(kind, asked)
        place = Place(self.notes.file, node.path, Kind.VARIABLE, name)
        if kind == "adhoc" and (node.at("filters").value or node.at("baseFilters").value):
            self.notes.add(
                node,
                f"filters of the variable {name}, which Grafana adds to every query; here they are left out",
                is_sound=True,
            )
        self.variables.append(
            Variable(
                place=place,
                name=name,
                type=kind,
                query=asked,
                language=language,
                source=source.name,
                current=tuple(one for one in current if one or kind in ("textbox", "constant"))
                or (listed_values(kind, asked) if kind in ("textbox", "constant") else ()),
                options=tuple(dict.fromkeys(one for one in listed if one != ALL)),
                multi=node.yes("multi"),
                include_all=node.yes("includeAll"),
                all_value=node.text("allValue"),
                regex=node.text("regex"),
                auto_count=node.whole("auto_count") or 30,
                auto_min=node.text("auto_min") or "10s",
                uses=uses_of(name, asked if kind == "query" else "", node.text("regex")),
            )
        )
        if kind == "query" and asked:
            text = promql_of(asked) if language is Language.PROMQL else asked
            at = Place(self.notes.file, _place_of_variable(query, node), Kind.VARIABLE, name)
            self._add(Query(at, text, language, source.name, source.type, Panel("", name, "")), node)

    def _add(self, query: Query, node: Node) -> None:
        if len(self.queries) < MOST_QUERIES:
            self.queries.append(query)
        else:
            if not self.full:
                self.notes.add(node, f"more than {MOST_QUERIES} queries; the others are left out")
            self.full = True


def _place_of_text(target: Node, text: str) -> str:
    keys = ("expr", "expression", "query", "rawSql", "target")
    return next((target.at(key).path for key in keys if text and target.text(key) == text), target.path)


def _place_of_variable(query: Node, node: Node) -> str:
    if isinstance(query.value, dict):
        return next(
            (query.at(key).path for key in ("query", "__legacyStringValue") if query.text(key)), query.path
        )
    return query.path if query else node.at("definition").path
