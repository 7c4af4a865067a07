"""The values of a dashboard's variables: what has to be asked, what is made of the answers, what is chosen.

As Grafana 12 has it (``metric_find_query.ts`` of ``packages/grafana-prometheus``, ``metricNamesToVariableValues`` of
``@grafana/scenes``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from deployspec.languages.grafana.expanding import Expanded, Unexpanded, expand, references
from deployspec.languages.grafana.macros import length, rate_interval, step
from deployspec.languages.grafana.model import Chosen, Query, Question, Scope, Trouble, Variable

ALL = "$__all"
_STEP = ("$__interval", "${__interval}")
_RATE = ("$__rate_interval", "${__rate_interval}")
_LABEL_VALUES = re.compile(r"label_values\((?:(.+),\s*)?([a-zA-Z_$][\w${}:]*|\[\[\w+\]\])\s*\)\s*", re.DOTALL)
_LABEL_NAMES = re.compile(r"label_names\((.*)\)\s*", re.DOTALL)
_METRICS = re.compile(r"metrics\((.*)\)\s*", re.DOTALL)
_QUERY_RESULT = re.compile(r"query_result\((.+)\)\s*", re.DOTALL)
_WRITTEN_REGEX = re.compile(r"/(.*)/([a-z]*)", re.DOTALL)
_CUSTOM = re.compile(r"(?:\\,|[^,])+")
_COSTLY = re.compile(r"\((?:[^()\\]|\\.)*(?:[*+]|\{\d+,\})(?:[^()\\]|\\.)*\)(?:[*+]|\{\d*,)")
"""A repetition of a repetition: Python may need longer than anyone lives to say that it does not match."""
MOST_ANSWERS = 10_000
"""That a variable is read from; nobody chooses from more."""
_LONGEST_ANSWER = 1_000
_FILE_TYPES = frozenset({"custom", "constant", "textbox", "interval", "datasource", "switch"})


def question(variable: Variable, scope: Scope) -> Question | Unexpanded | None:
    """What has to be asked of Prometheus; None for a variable whose values stand in the file."""
    if variable.type != "query" or not variable.query:
        return None
    # One that refers to itself is asked with what is saved as chosen.
    if variable.name not in scope.values and (own := choose(variable, variable.options)):
        scope = replace(scope, values={**scope.values, variable.name: own})
    expanded = expand(variable.query, scope)
    return expanded if isinstance(expanded, Unexpanded) else question_of(expanded.text.strip())


def question_of(text: str) -> Question:
    """What one of Grafana's functions asks; a text that is none of them is a selector, whose series' names are asked."""
    if found := _LABEL_VALUES.fullmatch(text):
        match = (found[1] or "").strip()
        return Question("label_values", "" if match.replace(" ", "") == "{}" else match, found[2])
    if found := _LABEL_NAMES.fullmatch(text):
        named = found[1].strip()
        return Question("label_names", f'{{__name__=~".*{named}.*"}}' if named else "")
    if found := _METRICS.fullmatch(text):
        return Question("metrics", pattern=found[1].strip())
    if found := _QUERY_RESULT.fullmatch(text):
        return Question("query", found[1].strip())
    return Question("series", text)


def promql_of(text: str) -> str:
    """The PromQL in one of Grafana's functions: the selector, or the query; empty where there is none in it."""
    asked = question_of(text.strip())
    return asked.match if asked.kind in ("query", "series", "label_values") else ""


def answer_text(metric: Mapping[str, str], value: str, at: float) -> str:
    """A series of an answer as ``query_result`` gives it to the variable's regex: ``up{job="api"} 1 1700000000000``."""
    labels = ",".join(f'{label}="{text}"' for label, text in metric.items() if label != "__name__")
    return f"{metric.get('__name__', '')}{{{labels}}} {value} {round(at * 1000)}"


def options(
    variable: Variable, answers: Iterable[str] = (), scope: Scope | None = None
) -> tuple[str, ...] | None:
    """The values that the variable offers: of a query, what its regex takes of each answer, each once; of other types
    those that the file lists. None where the regex cannot be read."""
    if variable.type != "query":
        return tuple(one for one in variable.options if one != ALL)
    if not variable.regex:
        return tuple(dict.fromkeys(answer for answer, _ in zip(answers, range(MOST_ANSWERS), strict=False)))
    written = expand(variable.regex, scope) if scope is not None else Expanded(variable.regex)
    pattern = None if isinstance(written, Unexpanded) else _pattern(written.text)
    if pattern is None:
        return None
    taken: dict[str, None] = {}
    for answer, _ in zip(answers, range(MOST_ANSWERS), strict=False):
        found = pattern.search(answer) if len(answer) <= _LONGEST_ANSWER else None
        if found is None:
            continue
        named = found.groupdict()
        groups = found.groups()
        value = (
            named.get("value") or named.get("text") or next((one for one in groups if one), None) or found[0]
        )
        taken[value] = None
    return tuple(taken)


def choose(variable: Variable, offered: Sequence[str], wanted: Sequence[str] = ()) -> Chosen | None:
    """What is chosen: what is wanted; else what the file has chosen, where it is offered; else the first one, as
    Grafana does. None where there is nothing to choose from.

    ``$__all`` among what is wanted or chosen stands for all of them.
    """
    many = variable.multi or variable.include_all
    listed = tuple(one for one in offered if one != ALL)
    picked = tuple(wanted) or variable.current
    if picked and picked[0] in (ALL, "All") and (variable.include_all or not wanted):
        if variable.all_value:
            return Chosen((variable.all_value,), many=True, raw=True, texts=("All",), listed=listed)
        return Chosen(listed, many=True, texts=("All",)) if listed else None
    if not wanted:
        free = variable.type in ("textbox", "constant")
        kept = tuple(one for one in picked if free or not listed or one in listed)
        # A file that was never opened has chosen nothing, or what its author's servers had.
        if variable.type == "query" and not listed:
            kept = ()
        picked = kept or listed[:1]
        if not kept and variable.include_all and variable.type == "query":
            return choose(variable, offered, (ALL,))
    if free_text := [one for one in picked if one or variable.type in ("textbox", "constant")]:
        return Chosen(tuple(free_text) if many else (free_text[0],), many)
    return None


def scope_of(
    query: Query, values: Mapping[str, Chosen], begin: float, end: float, scrape: float = 15.0
) -> Scope | Unexpanded:
    """What Grafana knows when it asks a query of a panel: its own steps and points are taken into account.

    Of copies that are made of the panel, one for each value of a variable, it is the first.
    Unexpanded: its least step names what is not known.
    """
    points = query.panel.points
    if (repeated := values.get(query.panel.repeat)) is not None:
        values = {**values, query.panel.repeat: repeated.first}
    bare = Scope(values, begin, end, step(end - begin, points, scrape), scrape=scrape)
    lengths: list[float | None] = []
    for text in (query.interval, query.panel.interval):
        written = expand("" if text in _STEP + _RATE else text, bare)
        if isinstance(written, Unexpanded):
            return written
        lengths.append(length(written.text))
    own, panel = lengths
    wide = step(end - begin, points, own or panel or scrape)
    if query.interval in _RATE:
        wide = rate_interval(wide, scrape)
        return Scope(values, begin, end, wide, scrape=scrape, rate=wide)
    factor = max(query.factor, 1)
    # PromQL's $__rate_interval counts by the query's own least step, not by the panel's.
    return Scope(
        values, begin, end, wide, factor, wide * factor if query.interval in _STEP else own or scrape
    )


def in_order(variables: Sequence[Variable], file: str) -> tuple[tuple[Variable, ...], tuple[Trouble, ...]]:
    """The variables, each after those that it uses; those that wait for one another at the end, and a trouble for them."""
    placed: dict[str, Variable] = {}
    waiting = list(variables)
    names = {one.name for one in variables}
    while waiting:
        ready = [one for one in waiting if all(use in placed or use not in names for use in one.uses)]
        if not ready:
            break
        placed.update((one.name, one) for one in ready)
        waiting = [one for one in waiting if one.name not in placed]
    if not waiting:
        return tuple(placed.values()), ()
    circle = waiting
    # What only waits for a circle, and is not waited for, is not in it.
    while len(inner := [one for one in circle if any(one.name in other.uses for other in circle)]) < len(
        circle
    ):
        circle = inner
    names_shown = ", ".join(one.name for one in circle[:10]) + (", …" if len(circle) > 10 else "")
    trouble = Trouble(
        file,
        waiting[0].place.path,
        f"variables that wait for one another: {names_shown}",
        "no circle among variables",
    )
    return (*placed.values(), *waiting), (trouble,)


def uses_of(name: str, *texts: str) -> tuple[str, ...]:
    """The variables that texts of the variable ``name`` refer to, but for itself."""
    found = dict.fromkeys(one for text in texts for one in references(text))
    return tuple(one for one in found if not one.startswith("__") and one != name)


def listed_values(kind: str, query: str) -> tuple[str, ...]:
    """The values that stand in the ``query`` of a variable that asks nobody."""
    if kind == "custom":
        parts = (part.replace("\\,", ",").strip() for part in _CUSTOM.findall(query))
        return tuple(dict.fromkeys(part.rpartition(" : ")[2].strip() for part in parts if part))
    if kind == "interval":
        return tuple(dict.fromkeys(part.strip().strip("\"'") for part in query.split(",") if part.strip()))
    return (query,) if kind in ("constant", "textbox") else ()


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str] | None:
    """A regular expression of JavaScript in Python's writing; None where there is none, or it is too costly."""
    written = _WRITTEN_REGEX.fullmatch(text)
    body, flags = (written[1], written[2]) if written else (f"^{text}$", "")
    if _COSTLY.search(body):
        return None
    try:
        return re.compile(re.sub(r"\(\?<(?=\w)", "(?P<", body), re.IGNORECASE if "i" in flags else 0)
    except (re.error, OverflowError, RecursionError):
        return None
