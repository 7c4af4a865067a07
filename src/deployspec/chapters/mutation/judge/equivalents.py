"""The file of mutants that no test can tell from their rule, each with the reason why."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import yaml

from deployspec.languages.rule_files import Place, Problem
from deployspec.model.verdict import Verdict, breached, met

_EXPECTED = "a list of `{id: …, reason: …}`"
_MOST = 20
"""How many problems a reason tells one by one."""


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A mutant that is accepted as equivalent."""

    id: str
    reason: str
    place: Place


def read_equivalents(text: str, file: str) -> tuple[tuple[Equivalent, ...], tuple[Problem, ...]]:
    """Read the file; what is wrong with it comes beside what could be read. An empty file is an empty list."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        return (), (Problem(place, f"YAML that cannot be read: {error.problem}", _EXPECTED),)
    except (yaml.YAMLError, RecursionError) as error:
        return (), (
            Problem(Place(file), f"YAML that cannot be read: {str(error).splitlines()[0]}", _EXPECTED),
        )
    if root is None or (isinstance(root, yaml.ScalarNode) and root.tag == "tag:yaml.org,2002:null"):
        return (), ()
    if not isinstance(root, yaml.SequenceNode):
        return (), (Problem(_place(root, file), _kind(root), _EXPECTED),)
    entries: list[Equivalent] = []
    problems: list[Problem] = []
    for node in root.value:
        entry = _entry(node, file)
        if isinstance(entry, Problem):
            problems.append(entry)
        elif any(entry.id == other.id for other in entries):
            problems.append(Problem(entry.place, f"{entry.id} again", "each mutant once"))
        else:
            entries.append(entry)
    return tuple(entries), tuple(problems)


def _entry(node: yaml.Node, file: str) -> Equivalent | Problem:
    place = _place(node, file)
    if not isinstance(node, yaml.MappingNode):
        return Problem(place, _kind(node), "a mapping with `id` and `reason`")
    values: dict[str, str] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.value not in ("id", "reason"):
            return Problem(
                _place(key, file), f"the key {getattr(key, 'value', '')!r}", "`id` and `reason` alone"
            )
        if key.value in values:
            return Problem(_place(key, file), f"{key.value} again", "each key once")
        text = value.value.strip() if isinstance(value, yaml.ScalarNode) else ""
        if not text or (isinstance(value, yaml.ScalarNode) and value.tag == "tag:yaml.org,2002:null"):
            return Problem(_place(value, file), f"no text for `{key.value}`", _MEANING[key.value])
        values[key.value] = text
    for name in ("id", "reason"):
        if name not in values:
            return Problem(place, f"no `{name}`", _MEANING[name])
    return Equivalent(values["id"], values["reason"], place)


_MEANING = {
    "id": "the id of a mutant, as a survivor is reported",
    "reason": "why no test can tell the mutant from its rule",
}


def unknown(entries: Sequence[Equivalent], ids: Collection[str]) -> tuple[Problem, ...]:
    """Entries that name no mutant; ``ids``: those of all mutants of all rules."""
    return tuple(
        Problem(entry.place, f"{entry.id}, which is no mutant of any rule", "that this entry is taken out")
        for entry in entries
        if entry.id not in ids
    )


def equivalents_are_current(entries: Sequence[Equivalent], problems: Sequence[Problem]) -> Verdict:
    """MET when the file of equivalent mutants is read without an objection, and each entry names a mutant."""
    if problems:
        more = f"; and {len(problems) - _MOST} more" if len(problems) > _MOST else ""
        return breached("; ".join(map(str, problems[:_MOST])) + more)
    return met("current", measured=f"{len(entries)} entr{'y' if len(entries) == 1 else 'ies'}")


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return repr(node.value)
    return "a mapping" if isinstance(node, yaml.MappingNode) else "a list"


def _place(node: yaml.Node, file: str) -> Place:
    return Place(file, node.start_mark.line + 1, node.start_mark.column + 1)
