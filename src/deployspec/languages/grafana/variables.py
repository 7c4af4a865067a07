"""The values of a dashboard's variables: what has to be asked, what is made of the answers, what is chosen.

As Grafana 12 has it (``metric_find_query.ts`` of ``packages/grafana-prometheus``, ``metricNamesToVariableValues`` of
``@grafana/scenes``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from deployspec.languages.grafana.expanding import Expanded, Unexpanded, expand, references
from deployspec.languages.grafana.macros import length, rate_interval, step
from deployspec.languages.grafana.model import Chosen, Query, Question, Scope, Trouble, Variable

if TYPE_CHECKING:
    import regex

ALL = "$__all"
AUTO = "$__auto"
"""Of an interval: as long as the range asks for."""
_STEP = ("$__interval", "${__interval}")
_RATE = ("$__rate_interval", "${__rate_interval}")
_LABEL_VALUES = re.compile(r"label_values\((?:(.+),\s*)?([a-zA-Z_$][\w${}:]*|\[\[\w+\]\])\s*\)\s*", re.DOTALL)
_LABEL_NAMES = re.compile(r"label_names\((.*)\)\s*", re.DOTALL)
_METRICS = re.compile(r"metrics\((.*)\)\s*", re.DOTALL)
_QUERY_RESULT = re.compile(r"query_result\((.+)\)\s*", re.DOTALL)
_WRITTEN_REGEX = re.compile(r"/(.*)/([a-z]*)", re.DOTALL)
_CUSTOM = re.compile(r"(?:\\,|[^,])+")
MOST_ANSWERS = 10_000
"""That a variable is read from; nobody chooses from more."""
_LONGEST_ANSWER = 1_000
_MATCHING = 0.2
"""Seconds for one answer: an expression that has not matched by then may never say that it does not."""
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
    listed = list(islice(answers, MOST_ANSWERS))
    if not variable.regex:
        return tuple(dict.fromkeys(listed))
    written = expand(variable.regex, scope) if scope is not None else Expanded(variable.regex)
    if isinstance(written, Unexpanded):
        return None
    return taken(written.text, listed)


def taken(text: str, answers: Iterable[str]) -> tuple[str, ...] | None:
    """What a regular expression of JavaScript takes of each answer: its group ``value``, or ``text``, or its first one; of
    one without groups the answer itself. With the flag ``g``, every match counts. None where it cannot be read, or takes
    too long."""
    pattern, every = _pattern(text)
    if pattern is None:
        return None
    found: dict[str, None] = {}
    try:
        for answer in answers:
            if len(answer) <= _LONGEST_ANSWER:
                found |= dict.fromkeys(_of_one(pattern, answer, every=every))
    except TimeoutError:
        return None
    return tuple(found)


def fitting(pattern: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names that ``metrics(…)`` gives: those with a match anywhere. None where it cannot be read, or takes too long."""
    made, _ = _pattern(f"/{pattern}/")
    try:
        return tuple(name for name in names if made is not None and made.search(name, timeout=_MATCHING))
    except TimeoutError:
        return ()


def _of_one(pattern: regex.Pattern[str], answer: str, *, every: bool) -> Iterator[str]:
    matches = list(islice(pattern.finditer(answer, timeout=_MATCHING), None if every else 1))
    for group in ("value", "text"):
        named = (one[group] for one in matches if group in pattern.groupindex)
        if value := next((one for one in named if one), None):
            yield value
            return
    if pattern.groups:
        yield from (one[1] for one in matches if one[1])
    elif matches:
        yield answer


def choose(variable: Variable, offered: Sequence[str], wanted: Sequence[str] = ()) -> Chosen | None:
    """What is chosen: what is wanted; else what the file has chosen, where it is offered; else the first one, as
    Grafana does. None where there is nothing to choose from.

    ``$__all`` among what is wanted or chosen stands for all of them.
    """
    many = variable.multi or variable.include_all
    listed = tuple(one for one in offered if one != ALL)
    picked = tuple(wanted) or variable.current
    if wants_all(variable, picked) and (variable.include_all or not wanted):
        if variable.all_value:
            return Chosen((variable.all_value,), many=True, raw=True, texts=("All",), listed=listed)
        return Chosen(listed, many=True, texts=("All",)) if listed else None
    if variable.type == "interval" and picked and picked[0].startswith(AUTO):
        return Chosen((AUTO,), auto=(variable.auto_count, length(variable.auto_min) or 0.0))
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


def wants_all(variable: Variable, picked: Sequence[str]) -> bool:
    """Whether what is picked stands for all of a variable's values."""
    if variable.type in ("textbox", "constant"):
        return False
    return list(picked[:1]) == [ALL] or (list(picked[:1]) == ["All"] and "All" not in variable.options)


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
def _pattern(text: str) -> tuple[regex.Pattern[str] | None, bool]:
    """A regular expression of JavaScript, and whether it has the flag ``g``; None where there is none."""
    import regex

    written = _WRITTEN_REGEX.fullmatch(text)
    body, flags = (written[1], written[2]) if written else (f"^{text}$", "")
    options = {"i": regex.IGNORECASE, "m": regex.MULTILINE, "s": regex.DOTALL}
    try:
        made = regex.compile(body, sum({value for flag, value in options.items() if flag in flags}))
    except (regex.error, OverflowError, RecursionError):
        return None, False
    return made, "g" in flags
