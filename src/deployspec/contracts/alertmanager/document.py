"""A YAML document as nodes that know their places, within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from deployspec.contracts.rule_files.model import Place, Problem
from deployspec.contracts.shown import cut, one_line

if TYPE_CHECKING:
    import yaml

LARGEST = 1024 * 1024
"""In characters: hundreds of times more than any configuration of Alertmanager."""
DEEPEST = 32
MOST_NODES = 20_000
_CORE = "tag:yaml.org,2002:"


class Problems(list[Problem]):
    """What was found wrong with one file."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def place(self, node: yaml.Node | None) -> Place:
        """Where a node begins; the file's beginning where there is none."""
        if node is None:
            return Place(self.path)
        return Place(self.path, node.start_mark.line + 1, node.start_mark.column + 1)

    def add(self, node: yaml.Node | None, found: str, expected: str) -> None:
        """Note a problem where ``node`` begins."""
        self.append(Problem(self.place(node), found, expected))

    def unexpected(self, node: yaml.Node | None, expected: str) -> None:
        """Note that something else stands here than was expected."""
        self.add(node, kind(node), expected)


def compose(text: str, problems: Problems) -> yaml.Node | None:
    """The document's top node, or None with the reason in ``problems``. Never raises for the text."""
    import yaml

    if len(text) > LARGEST:
        problems.add(None, f"a file of {len(text)} characters", f"at most {LARGEST}")
        return None
    depth = 0
    try:
        # The parser in C, where there is one. Depth is bounded before anything recursive sees the document.
        for event in yaml.parse(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                mark: Any = event.start_mark
                place = Place(problems.path, mark.line + 1, mark.column + 1)
                problems.append(
                    Problem(place, f"more than {DEEPEST} levels of nesting", "a flatter document")
                )
                return None
        node = yaml.compose(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(problems.path, mark.line + 1, mark.column + 1) if mark else Place(problems.path)
        problems.append(Problem(place, f"broken YAML ({one_line(error.problem or 'an error')})", "YAML"))
        return None
    except (yaml.YAMLError, ValueError, RecursionError):
        problems.add(None, "a text that is no YAML", "YAML")
        return None
    if node is None:
        problems.add(None, "nothing (an empty file, or only comments)", "a YAML document")
    elif _size(node, {}, 0) > MOST_NODES:
        problems.add(
            None, f"more than {MOST_NODES} values, with aliases expanded", "a smaller document that ends"
        )
        return None
    return node


def _size(node: yaml.Node, sizes: dict[int, int], depth: int) -> int:
    """How many nodes there are with aliases expanded; more than any limit where an alias is inside its own anchor."""
    if depth > DEEPEST:
        return MOST_NODES + 1
    if id(node) not in sizes:
        sizes[id(node)] = MOST_NODES + 1  # until it is known: whoever asks now stands inside the node itself
        children = node.value if isinstance(node.value, list) else []
        flat = [part for child in children for part in (child if isinstance(child, tuple) else (child,))]
        sizes[id(node)] = 1 + sum(_size(part, sizes, depth + 1) for part in flat)
    return sizes[id(node)]


def fields(node: yaml.Node | None, problems: Problems, expected: str) -> dict[str, yaml.Node]:
    """A mapping's values by key; each key once. Empty, with the problem noted, where it is no mapping."""
    import yaml

    found: dict[str, yaml.Node] = {}
    inherited: dict[str, yaml.Node] = {}
    if not isinstance(node, yaml.MappingNode):
        problems.unexpected(node, expected)
        return found
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            problems.unexpected(key, "a word as a key")
        elif key.tag == _CORE + "merge":
            for merged in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                inherited = {**fields(merged, problems, "a mapping to merge"), **inherited}
        elif key.value in found:
            problems.add(key, f"the key {cut(key.value, 60)} for the second time", "each key once")
        else:
            found[key.value] = value
    return {**inherited, **found}


def items(node: yaml.Node | None, problems: Problems, expected: str) -> Iterator[yaml.Node]:
    """A list's items; none where nothing (or null) is there."""
    import yaml

    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif node is not None and not is_null(node):
        problems.unexpected(node, expected)


def text_of(node: yaml.Node | None, problems: Problems, expected: str) -> str | None:
    """A scalar's text as written (``1`` is a text, too), or None with the problem noted."""
    import yaml

    if isinstance(node, yaml.ScalarNode) and not is_null(node):
        return str(node.value)
    problems.unexpected(node, expected)
    return None


def is_null(node: yaml.Node) -> bool:
    """Whether the node is a null."""
    return bool(node.tag == _CORE + "null")


def kind(node: yaml.Node | None) -> str:
    """What stands there, for a person."""
    import yaml

    match node:
        case None:
            return "nothing"
        case yaml.MappingNode():
            return "a mapping"
        case yaml.SequenceNode():
            return "a list"
        case _:
            return "null" if is_null(node) else f'"{one_line(str(node.value), 60)}"'
