"""YAML text as a tree of nodes with positions.

The parser's events are read one by one and nothing is ever constructed from a tag, so the bounds on depth and on
the number of nodes, aliases counted as often as they are used, hold before memory is spent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from deployspec.base.problems import Problems
from deployspec.base.scalars import is_text

if TYPE_CHECKING:
    import yaml

DEEPEST = 32
MOST_NODES = 10_000
_CORE = "tag:yaml.org,2002:"
_PLAIN_TAGS = {_CORE + name for name in ("int", "float", "bool", "null")}


class Scalar(NamedTuple):
    """A text, not yet interpolated."""

    place: tuple[int, int]
    """Line and column, from 1, as in all nodes."""
    text: str
    plain: bool
    """Whether it may be a number, a boolean or null: it has no quotes."""
    size: int
    refused: bool
    """Whether it has a tag. The problem is noted, and nothing else is said of such a node."""


@dataclass(eq=False)
class Sequence:
    """A list of nodes."""

    place: tuple[int, int]
    items: list[Node] = field(default_factory=list)
    size: int = 1
    """How many nodes it has, itself included, with aliases expanded."""
    refused: bool = False


@dataclass(eq=False)
class Mapping:
    """Pairs of a key and a node; each key is there once."""

    place: tuple[int, int]
    items: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    size: int = 1
    refused: bool = False


Node = Scalar | Sequence | Mapping


class _Stop(Exception):  # noqa: N818  (control flow: the problem is already noted)
    """Nothing sensible can be read beyond this point."""


def read_tree(text: str, problems: Problems) -> Mapping | None:
    """The document's top-level mapping, or None with the reason in ``problems``."""
    import yaml

    # libyaml's parser is many times faster; an installation without it has the one in Python.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(problems).build(yaml.parse(text, Loader=loader))
    except _Stop:
        return None
    except yaml.MarkedYAMLError as error:
        problems.add(*_syntax(error, text))
    except (yaml.YAMLError, ValueError, RecursionError):
        # ValueError: the parser in Python on an escape beyond Unicode, "\U00110000".
        problems.add((1, 1), "a text that is no YAML", "YAML")
    return None


def _syntax(error: yaml.MarkedYAMLError, text: str) -> tuple[tuple[int, int], str, str]:
    mark: Any = error.problem_mark or error.context_mark
    place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.splitlines()
    line = lines[place[0] - 1] if place[0] <= len(lines) else ""
    if re.match(r" *\t", line):
        return (place[0], line.index("\t") + 1), "a tab in the indentation", "spaces"
    # Quoted pieces of the parser's message come from the file, and may be from a secret.
    reason = re.sub(r"'([^']*)'", _one_character, error.problem or "an error")
    expected = "YAML; a text with any of : # { [ ' \" & * ! % @ needs quotes"
    if "${" in line:
        expected = "YAML; inside { } and [ ] a value with ${…} needs quotes"
    return place, f"broken YAML ({reason})", expected


def _one_character(quoted: re.Match[str]) -> str:
    return quoted[0] if len(quoted[1]) == 1 or quoted[1].startswith("\\") else "something"


class _Builder:
    """Puts events together to a tree, without recursion."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.open: list[Sequence | Mapping] = []
        self.keys: list[Scalar | None] = []
        """For each open collection: the key whose value comes next."""
        self.anchors: dict[str, Node | None] = {}
        """None while the anchor's own node is not complete."""
        self.names: list[str | None] = []
        self.refused: set[tuple[int, int]] = set()
        """Where keys stand that are left out of their mappings, their problem being noted."""
        self.root: Node | None = None

    def build(self, events: Iterator[Any]) -> Mapping | None:
        documents = 0
        for event in events:
            kind = type(event).__name__
            place = (event.start_mark.line + 1, event.start_mark.column + 1)
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    self.problems.add(place, "a second document", "one document in the file")
                    return None
            elif kind == "ScalarEvent":
                self.scalar(event, place)
            elif kind == "AliasEvent":
                self.alias(event.anchor, place)
            elif kind in ("SequenceStartEvent", "MappingStartEvent"):
                self.begin(event, place, Sequence(place) if kind.startswith("S") else Mapping(place))
            elif kind in ("SequenceEndEvent", "MappingEndEvent"):
                self.end()
        return self.result()

    def result(self) -> Mapping | None:
        if isinstance(self.root, Mapping):
            return self.root
        expected = "a mapping with at least the key base_url"
        if self.root is None or (isinstance(self.root, Scalar) and self.root.plain and not self.root.text):
            self.problems.add((1, 1), "nothing (an empty file, or only comments)", expected)
        else:
            what = "a list" if isinstance(self.root, Sequence) else "a single text"
            self.problems.add(self.root.place, f"{what} at the top", expected)
        return None

    def scalar(self, event: Any, place: tuple[int, int]) -> None:
        plain = event.implicit[0] and event.style in (None, "")
        if event.tag in _PLAIN_TAGS:
            plain = True
        refused = event.tag not in {None, "!", _CORE + "str", *_PLAIN_TAGS}
        if refused:
            self.tag(place)
        if any("\ud800" <= letter <= "\udfff" for letter in event.value):
            self.problems.add(place, "an escape of half a character", "whole characters")
            raise _Stop
        # A long text counts for more than one node, or a thousand aliases of it would fill the memory.
        self.add(Scalar(place, event.value, plain, 1 + len(event.value) // 256, refused), event.anchor)

    def tag(self, place: tuple[int, int]) -> None:
        # Not quoted: it may be a password that begins with an exclamation mark.
        self.problems.add(place, "a YAML tag", "plain data; a text that begins with ! needs quotes")

    def begin(self, event: Any, place: tuple[int, int], node: Sequence | Mapping) -> None:
        own = _CORE + ("seq" if isinstance(node, Sequence) else "map")
        if event.tag not in (None, "!", own):
            self.tag(place)
            node.refused = True
        if self.expects_key():
            self.problems.add(place, "a list or a mapping as a key", "a word as a key")
            raise _Stop
        if len(self.open) >= DEEPEST:
            self.problems.add(place, f"more than {DEEPEST} levels of nesting", "a flatter document")
            raise _Stop
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.open.append(node)
        self.keys.append(None)
        self.names.append(event.anchor)

    def end(self) -> None:
        node = self.open.pop()
        self.keys.pop()
        self.add(node, self.names.pop())

    def alias(self, name: str, place: tuple[int, int]) -> None:
        if self.expects_key():
            self.problems.add(place, "an alias as a key", "a word as a key")
            raise _Stop
        if name not in self.anchors:
            found = "an alias of an anchor that there is not"
            self.problems.add(place, found, "an anchor before it; a text that begins with * needs quotes")
            raise _Stop
        node = self.anchors[name]
        if node is None:
            self.problems.add(place, "an alias inside its own anchor", "a document that ends")
            raise _Stop
        self.add(node, None, place)

    def expects_key(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1], Mapping) and self.keys[-1] is None

    def add(self, node: Node, anchor: str | None, place: tuple[int, int] | None = None) -> None:
        """Put a complete node where it belongs; ``place`` is where it is used, if that is not where it stands."""
        if anchor is not None:
            self.anchors[anchor] = node
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        if self.expects_key():
            assert isinstance(node, Scalar)  # noqa: S101  (begin() let nothing else through)
            self.key(node)
            return
        parent.size += node.size + isinstance(parent, Mapping)
        if sum(collection.size for collection in self.open) > MOST_NODES:
            found = f"more than {MOST_NODES} values, with aliases expanded"
            self.problems.add(place or node.place, found, "a smaller document")
            raise _Stop
        if isinstance(parent, Sequence):
            parent.items.append(node)
            return
        key, self.keys[-1] = self.keys[-1], None
        assert key is not None  # noqa: S101  (expects_key() was False)
        if key.place not in self.refused:
            parent.items[key.text] = (key, node)

    def key(self, key: Scalar) -> None:
        mapping = self.open[-1]
        assert isinstance(mapping, Mapping)  # noqa: S101  (expects_key() was True)
        self.keys[-1] = key
        found, expected = "", ""
        if key.plain and key.text == "<<":
            found, expected = "a merge key (<<)", "the keys written out"
        elif key.plain and not is_text(key.text):
            found = "a key that YAML may read as a number, a boolean, a date or null"
            expected = "a word as a key, in quotes if need be"
        elif "${" in key.text:
            found, expected = "a variable in a key", "variables only in values"
        elif key.text in mapping.items:
            first = mapping.items[key.text][0].place
            found = f"a key for the second time (the first is at line {first[0]}, column {first[1]})"
            expected = "each key once"
        if found:
            self.problems.add(key.place, found, expected)
            self.refused.add(key.place)
