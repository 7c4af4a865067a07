"""Values of a YAML document, each asked for by what it has to be."""

from __future__ import annotations

from collections.abc import Iterator

from deployspec.base.problems import Problems as AnyProblems
from deployspec.base.shown import one_line
from deployspec.base.yaml_tree import Mapping, Node, Scalar, Sequence, is_null, read_documents

LARGEST = 1024 * 1024
"""In characters: hundreds of times more than any configuration of Alertmanager."""


class Problems(AnyProblems):
    """What was found wrong with one file."""

    def unexpected(self, node: Node | None, expected: str) -> None:
        """Note that something else stands here than was expected."""
        self.add(node, kind(node), expected)


def compose(text: str, problems: Problems) -> Node | None:
    """The document's top node, or None with the reason in ``problems``. Never raises for the text."""
    if len(text) > LARGEST:
        problems.add(None, f"a file of {len(text)} characters", f"at most {LARGEST}")
        return None
    roots = read_documents(text, problems)
    if problems:
        return None
    if len(roots) > 1:
        problems.add(roots[1], "a second document", "one document in the file")
        return None
    if not roots or is_null(roots[0]):
        problems.add(None, "nothing (an empty file, or only comments)", "a YAML document")
        return None
    return roots[0]


def fields(node: Node | None, problems: Problems, expected: str) -> dict[str, Node]:
    """A mapping's values by key. Empty, with the problem noted, where it is no mapping."""
    if isinstance(node, Mapping):
        return {key: value for key, (_, value) in node.items.items()}
    problems.unexpected(node, expected)
    return {}


def items(node: Node | None, problems: Problems, expected: str) -> Iterator[Node]:
    """A list's items; none where nothing (or null) is there."""
    if isinstance(node, Sequence):
        yield from node.items
    elif node is not None and not is_null(node):
        problems.unexpected(node, expected)


def text_of(node: Node | None, problems: Problems, expected: str) -> str | None:
    """A scalar's text as written (``1`` is a text, too), or None with the problem noted."""
    if isinstance(node, Scalar) and not node.null:
        return node.text
    problems.unexpected(node, expected)
    return None


def kind(node: Node | None) -> str:
    """What stands there, for a person."""
    match node:
        case None:
            return "nothing"
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case _:
            return "null" if node.null else f'"{one_line(node.text, 60)}"'
