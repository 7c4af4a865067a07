"""One way to change an expression or a rule."""

from __future__ import annotations

from typing import NamedTuple

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
