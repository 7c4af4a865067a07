"""The file of mutants that no test can tell from their rule, each with the reason why."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from deployspec.base.problems import Place, Problem, Problems
from deployspec.base.yaml_tree import Mapping, Node, Scalar, Sequence, is_null, read_documents
from deployspec.languages.fields import kind_of
from deployspec.languages.rule_files.fields import data_of
from deployspec.model.verdict import Verdict, breached, met

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
    problems = Problems(file)
    entries: dict[str, Equivalent] = {}
    roots = read_documents(text, problems)
    for root in () if problems else roots:
        if not isinstance(root, Sequence):
            if not is_null(root):
                problems.add(root, _kind(root), "a list of `{id: …, reason: …}`")
            continue
        for node in root.items:
            if wrong := _wrong(node):
                problems.add(*wrong)
                continue
            entry = Equivalent(**data_of(node), place=problems.place(node))
            if entry.id in entries:
                problems.add(node, f"{entry.id} again", "each mutant once")
            else:
                entries[entry.id] = entry
    return tuple(entries.values()), tuple(problems)


_MEANING = {
    "id": "the id of a mutant, as a survivor is reported",
    "reason": "why no test can tell the mutant from its rule",
}


def _wrong(node: Node) -> tuple[Node, str, str] | None:
    """Where an entry is none, what stands there, and what is expected; None where nothing is wrong with it."""
    if not isinstance(node, Mapping):
        return node, _kind(node), "a mapping with `id` and `reason`"
    for name, (key, value) in node.items.items():
        if name not in _MEANING:
            return key, f"the key {name!r}", "only `id` and `reason`"
        if not isinstance(value, Scalar) or not value.text.strip():
            return value, f"no text for `{name}`", _MEANING[name]
    lacking = next((name for name in _MEANING if name not in node.items), None)
    return None if lacking is None else (node, f"no `{lacking}`", _MEANING[lacking])


def unknown(entries: Iterable[Equivalent], ids: Collection[str]) -> tuple[Problem, ...]:
    """Entries that name no mutant; ``ids``: those of all mutants of all rules."""
    return tuple(
        Problem(entry.place, f"{entry.id}, which is not a mutant of any rule", "this entry to be removed")
        for entry in entries
        if entry.id not in ids
    )


def equivalents_are_current(entries: tuple[Equivalent, ...], problems: tuple[Problem, ...]) -> Verdict:
    """MET when the file of equivalent mutants is read without an objection, and each entry names a mutant."""
    if problems:
        more = f"; and {len(problems) - _MOST} more" if len(problems) > _MOST else ""
        return breached("; ".join(map(str, problems[:_MOST])) + more)
    return met("current", measured=f"{len(entries)} entr{'y' if len(entries) == 1 else 'ies'}")


def _kind(node: Node) -> str:
    return repr(node.text) if isinstance(node, Scalar) else kind_of(node)
