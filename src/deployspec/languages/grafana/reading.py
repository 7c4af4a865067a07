"""Reads a dashboard in any of the forms that Grafana has had.

Found are the queries of panels, also of those in collapsed rows, in rows of the older form, and of library panels whose
model is there; of annotations, in each of the keys that they have had; and the PromQL in variables' queries. Where the
text leaves something open, it is taken as Grafana takes it: a key that stands twice counts the last time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from deployspec.languages.grafana import classic, resources
from deployspec.languages.grafana.collecting import Collected
from deployspec.languages.grafana.document import NoDashboardError, Node, Notes, load, unwrapped
from deployspec.languages.grafana.macros import length
from deployspec.languages.grafana.model import Dashboard, Form, Trouble
from deployspec.languages.grafana.sources import Sources
from deployspec.languages.grafana.variables import in_order

_UP_TO_NOW = re.compile(r"now-(\d{1,9}[smhdwMy])")


def read(
    text: str | bytes, file: str, libraries: Mapping[str, object] | None = None
) -> Dashboard | tuple[Trouble, ...]:
    """The dashboard; or, of a file that is none, why. Never raises, whatever the file.

    ``libraries`` are the models of library panels by uid, where they are known.
    """
    notes = Notes(file)
    try:
        node = unwrapped(load(text, notes))
    except NoDashboardError as error:
        return (error.trouble,)
    newer = isinstance(node.at("elements").value, dict)
    known = {uid: Node(model, f"library panel {uid}", notes) for uid, model in (libraries or {}).items()}
    collected = Collected(notes, Sources(node))
    if newer:
        resources.collect(node, collected, known)
    else:
        classic.collect(node, collected, known | _exported(node))
    variables, circles = in_order(collected.variables, file)
    return Dashboard(
        file=file,
        title=node.text("title"),
        uid=node.text("uid"),
        form=Form.V2 if newer else Form.V1 if node.at("panels") or not node.at("rows") else Form.ROWS,
        variables=variables,
        queries=tuple(collected.queries),
        troubles=(*notes.told(), *circles),
        span=_span(
            *(node.text(key, end) for key in ("timeSettings" if newer else "time",) for end in ("from", "to"))
        ),
    )


def _exported(node: Node) -> dict[str, Node]:
    """The models of library panels that an export has with it."""
    elements = node.at("__elements")
    found = (
        list(elements.each()) if isinstance(elements.value, list) else [one for _, one in elements.items()]
    )
    return {one.text("uid"): one.at("model") for one in found if isinstance(one.at("model").value, dict)}


def _span(begin: str, end: str) -> float | None:
    match = _UP_TO_NOW.fullmatch(begin)
    return length(match[1]) if match and end == "now" else None
