"""Reads the dashboards that a deployment file names, and lists their queries."""

from __future__ import annotations

import glob
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployspec.base import shown
from deployspec.base.disclosure import mask
from deployspec.chapters.dashboards.model import File, Item
from deployspec.languages.grafana import Kind as What
from deployspec.languages.grafana import Language, Trouble, read
from deployspec.languages.grafana.expanding import references

if TYPE_CHECKING:
    from deployspec.chapters.dashboards.part import Dashboards
    from deployspec.languages.grafana import Dashboard, Query

MOST_BYTES = 32 * 1024 * 1024
"""Of one file; what is larger is no dashboard."""
_LONGEST_ID = 90


def files_of(part: Dashboards) -> tuple[list[File], dict[str, str]]:
    """Every file that the patterns match, read; and the patterns in whose place there is none, each with why."""
    libraries: dict[str, object] = {}
    for path in _matched(part.libraries):
        libraries |= _library(path)
    found, trouble = [], {}
    for pattern in part.files:
        paths = _matched([pattern])
        if not paths:
            trouble[_short(pattern)] = "no file matches this pattern"
        found += [_file(path, libraries) for path in paths]
    return list({one.path: one for one in found}.values()), trouble


def _matched(patterns: Sequence[str]) -> list[Path]:
    return [
        Path(path)
        for pattern in patterns
        for path in sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - absolute patterns
        if Path(path).is_file()
    ]


def _short(path: str) -> str:
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path


def _bytes(path: Path) -> bytes | str:
    """What is in a file; or why it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        return error.strerror or "an error"
    return content if len(content) <= MOST_BYTES else f"more than {MOST_BYTES // 1024 // 1024} MiB"


def _file(path: Path, libraries: dict[str, object]) -> File:
    name, content = _short(str(path)), _bytes(path)
    if isinstance(content, str):
        return File(name, None, (Trouble(name, "", content, "a dashboard as JSON"),))
    made = read(content, name, libraries)
    if isinstance(made, tuple):
        return File(name, None, made)
    return File(name, made, made.troubles)


def _library(path: Path) -> dict[str, object]:
    """A library panel's model by its uid, as Grafana's API gives it, alone or in a list. What is none is passed over: a
    dashboard that wants it says that it is not there."""
    content = _bytes(path)
    try:
        document: Any = json.loads(content) if isinstance(content, bytes) else None
    except (ValueError, RecursionError):
        return {}
    result = document.get("result", document) if isinstance(document, dict) else document
    elements = result.get("elements", [result]) if isinstance(result, dict) else result
    return {
        str(one["uid"]): one["model"]
        for one in (elements if isinstance(elements, list) else ())
        if isinstance(one, dict) and "uid" in one and "model" in one
    }


def is_asked(query: Query, dashboard: Dashboard, part: Dashboards) -> bool:
    """Whether a query is in PromQL, and goes to this deployment's Prometheus."""
    if query.language is not Language.PROMQL or not query.text.strip():
        return False
    if part.sources is None or not query.source:
        return True
    named = references(query.source)
    if named:
        variable = dashboard.variable(named[0])
        said = part.variables.get(named[0]) or (variable.current if variable else ())
        # As a target that names no source is, one of the default source is taken for this one.
        return not said or bool((part.sources | {"default"}) & set(said))
    return query.source in part.sources


def items_of(files: Sequence[File], part: Dashboards) -> list[Item]:
    """One item for each query, its id once each."""
    names = _names([one.path for one in files])
    often: Counter[str] = Counter()
    made = []
    for file in files:
        if file.dashboard is None:
            continue
        for query in file.dashboard.queries:
            if not is_asked(query, file.dashboard, part):
                continue
            own = _id(names[file.path], query)
            often[own] += 1
            while often[own] > 1 and f"{own}#{often[own]}" in often:
                often[own] += 1
            made.append(Item(own if often[own] == 1 else f"{own}#{often[own]}", file.dashboard, query))
            often[made[-1].id] |= 1
    return made


def left_out(file: File, part: Dashboards) -> int:
    """How many queries of a file no check looks at."""
    board = file.dashboard
    if board is None:
        return 0
    return sum(bool(one.text.strip()) and not is_asked(one, board, part) for one in board.queries)


def _id(file: str, query: Query) -> str:
    place = query.place
    name = mask(place.name or query.panel.id or "untitled")
    if place.kind is not What.PANEL:
        name = f"{place.kind}:{name}"
    parts = (" ".join(part.split()) for part in (file, name.replace("/", "|"), place.ref) if part)
    return shown.cut("/".join(parts), _LONGEST_ID)


def _names(paths: Sequence[str]) -> dict[str, str]:
    """Of each path its name without the ending; with as many folders before it as tell it from others."""
    stems = {path: Path(path).with_suffix("").parts for path in paths}
    return dict(_each_name(stems))


def _each_name(stems: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    for path, parts in stems.items():
        for length in range(1, len(parts) + 1):
            end = parts[-length:]
            if sum(other[-length:] == end for other in stems.values()) == 1:
                break
        yield path, "|".join(end)
