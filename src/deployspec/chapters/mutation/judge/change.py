"""One way to change an expression or a rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from deployspec.chapters.mutation.judge.tree import Node


class Change(NamedTuple):
    """A node's replacement."""

    operator: str
    """What kind of change: a kebab-case name, explained in docs/mutation.md."""
    what: str
    """The change in one line: ``threshold 0.05 → 0.0505``."""
    test: str
    """What a case would have to show for this change to be noticed, as a sentence's second half."""
    node: Node


def swap(operator: str, node: Node, part: str, new: Any, test: str) -> Change:
    """Another value for one of the node's own parts, told as ``old → new``."""
    what = " → ".join("none" if each is None else str(each) for each in (getattr(node, part), new))
    return Change(operator, what, test, replace(node, **{part: new}))
