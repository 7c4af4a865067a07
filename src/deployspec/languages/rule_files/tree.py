"""YAML text as trees of nodes that know where they stand.

The parser's events are read one by one and nothing is constructed from a tag, so the bounds on depth and on the
number of nodes, aliases counted as often as they are used, hold before memory is spent. Scalars are kept as written:
Prometheus' formats want texts nearly everywhere, and take ``severity: 1`` for the text ``1``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from deployspec.base.shown import cut
from deployspec.languages.rule_files.model import Place, Problem

LARGEST = 8 * 1024 * 1024
"""In characters. Prometheus itself reads larger files, but nobody writes them."""
LARGEST_WITHOUT_LIBYAML = 1024 * 1024
"""PyYAML's parser in Python takes seconds a megabyte."""
DEEPEST = 32
MOST_NODES = 2_000_000
_CORE = "tag:yaml.org,2002:"
_SCALAR_TAGS = {_CORE + name for name in ("str", "int", "float", "bool", "null", "timestamp")}
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_UNPRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Scalar(NamedTuple):
    """A text, or nothing."""

    line: int
    """Line and column of the node, from 1, as in all nodes."""
    column: int
    text: str
    """Empty where it is null."""
    null: bool
    style: str
    """How it is written: empty for plain, else ``'``, ``"``, ``|`` or ``>``."""
    begin: int
    """Where it begins and ends in the file, in characters."""
    end: int
    size: int = 1
    """How many nodes it counts for."""


@dataclass(eq=False, slots=True)
class Sequence:
    """A list of nodes."""

    line: int
    column: int
    items: list[Node] = field(default_factory=list)
    size: int = 1


@dataclass(eq=False, slots=True)
class Mapping:
    """Pairs of a key and a node; each key is there once."""

    line: int
    column: int
    items: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    size: int = 1
    merged: set[str] = field(default_factory=set)
    """The keys that came through a merge key (``<<``): its own ones are preferred to them."""


Node = Scalar | Sequence | Mapping


class Documents(NamedTuple):
    """What a file holds."""

    roots: tuple[Node, ...]
    """The top-level node of each document; an empty document has a null."""
    problems: tuple[Problem, ...]


class _Stop(Exception):  # noqa: N818  (control flow: the problem is already noted)
    """Nothing sensible can be read beyond this point."""


def read_documents(text: str, path: str) -> Documents:
    """The documents of a YAML text. Where it is broken there are none, and the reason is the problem."""
    import yaml

    # libyaml's parser is many times faster; an installation without it has the one in Python.
    loader = getattr(yaml, "CSafeLoader", None)
    largest = LARGEST if loader else LARGEST_WITHOUT_LIBYAML
    if len(text) > largest:
        found = f"a file of {len(text)} characters"
        return Documents((), (Problem(Place(path), found, f"at most {largest}"),))
    wrong = _UNPRINTABLE.search(text)
    if wrong:
        before = text[: wrong.start()]
        place = Place(path, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        found = f"the character U+{ord(wrong[0]):04X}"
        return Documents((), (Problem(place, found, "printable text"),))
    builder = _Builder(path)
    try:
        builder.build(yaml.parse(text, Loader=loader or yaml.SafeLoader))
    except _Stop:
        builder.roots.clear()
    except yaml.MarkedYAMLError as error:
        builder.roots.clear()
        builder.problems = [_syntax(error, path, text)]
    except (yaml.YAMLError, ValueError, RecursionError):
        # ValueError: the parser in Python on an escape beyond Unicode, "\U00110000".
        builder.roots.clear()
        builder.problems = [Problem(Place(path), "a text that is no YAML", "YAML")]
    return Documents(tuple(builder.roots), tuple(builder.problems))


def _syntax(error: Any, path: str, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.splitlines()
    there = lines[line - 1] if line <= len(lines) else ""
    if re.match(r" *\t", there):
        place = Place(path, line, there.index("\t") + 1)
        return Problem(place, "a tab in the indentation", "spaces")
    reason = cut(error.problem or "an error", 120)
    expected = "YAML; a text with any of : # { [ ' \" & * ! % @ needs quotes"
    return Problem(Place(path, line, column), f"broken YAML ({reason})", expected)


class _Builder:
    """Puts events together to trees, without recursion."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.roots: list[Node] = []
        self.open: list[Sequence | Mapping] = []
        self.keys: list[Scalar | None] = []
        """For each open collection: the key whose value comes next."""
        self.names: list[str | None] = []
        self.anchors: dict[str, Node | None] = {}
        """None while the anchor's own node is not complete."""
        self.nodes = 0

    def build(self, events: Iterator[Any]) -> None:
        for event in events:
            kind = type(event).__name__
            if kind == "ScalarEvent":
                self.scalar(event)
            elif kind == "MappingStartEvent":
                self.begin(event, Mapping, "map")
            elif kind == "SequenceStartEvent":
                self.begin(event, Sequence, "seq")
            elif kind in ("SequenceEndEvent", "MappingEndEvent"):
                self.end()
            elif kind == "AliasEvent":
                self.alias(event)
            elif kind == "DocumentStartEvent":
                self.anchors.clear()

    def problem(self, line: int, column: int, found: str, expected: str) -> None:
        self.problems.append(Problem(Place(self.path, line, column), found, expected))

    def stop(self, mark: Any, found: str, expected: str) -> _Stop:
        self.problem(mark.line + 1, mark.column + 1, found, expected)
        return _Stop()

    def count(self, size: int, mark: Any) -> None:
        self.nodes += size
        if self.nodes > MOST_NODES:
            found = f"more than {MOST_NODES} values, with aliases expanded"
            raise self.stop(mark, found, "a smaller file")

    def scalar(self, event: Any) -> None:
        mark, tag, style = event.start_mark, event.tag, event.style or ""
        if tag not in (None, "!") and tag not in _SCALAR_TAGS:
            raise self.stop(mark, f"the YAML tag {cut(tag, 60)}", "plain data")
        text = event.value
        null = not style and text in _NULL and tag in (None, _CORE + "null")
        # A long text counts for more than one node, or a thousand aliases of it would fill the memory.
        size = 1 + len(text) // 256
        self.count(size, mark)
        begin, end = mark.index, event.end_mark.index
        self.add(
            Scalar(mark.line + 1, mark.column + 1, "" if null else text, null, style, begin, end, size),
            event.anchor,
        )

    def begin(self, event: Any, kind: type[Sequence] | type[Mapping], own: str) -> None:
        mark = event.start_mark
        if event.tag not in (None, "!", _CORE + own):
            raise self.stop(mark, f"the YAML tag {cut(event.tag, 60)}", "plain data")
        if self.expects_key():
            raise self.stop(mark, "a list or a mapping as a key", "a word as a key")
        if len(self.open) >= DEEPEST:
            raise self.stop(mark, f"more than {DEEPEST} levels of nesting", "a flatter file")
        self.count(1, mark)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.open.append(kind(mark.line + 1, mark.column + 1))
        self.keys.append(None)
        self.names.append(event.anchor)

    def end(self) -> None:
        node = self.open.pop()
        self.keys.pop()
        self.add(node, self.names.pop())

    def alias(self, event: Any) -> None:
        mark = event.start_mark
        if event.anchor not in self.anchors:
            found = f"an alias of the anchor {cut(event.anchor, 60)}, which there is not"
            raise self.stop(mark, found, "an anchor before it; a text that begins with * needs quotes")
        node = self.anchors[event.anchor]
        if node is None:
            raise self.stop(mark, "an alias inside its own anchor", "a file that ends")
        if self.expects_key() and not isinstance(node, Scalar):
            raise self.stop(mark, "a list or a mapping as a key", "a word as a key")
        self.count(node.size, mark)
        self.add(node, None)

    def expects_key(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1], Mapping) and self.keys[-1] is None

    def add(self, node: Node, anchor: str | None) -> None:
        """Put a complete node where it belongs."""
        if anchor is not None:
            self.anchors[anchor] = node
        if not self.open:
            self.roots.append(node)
            return
        parent = self.open[-1]
        parent.size += node.size
        if isinstance(parent, Sequence):
            parent.items.append(node)
            return
        key = self.keys[-1]
        if key is None:
            assert isinstance(node, Scalar)  # noqa: S101  (begin() and alias() let nothing else through)
            self.keys[-1] = node
            return
        self.keys[-1] = None
        if key.text == "<<" and not key.style:
            self.merge(parent, key, node)
        elif key.text in parent.items and key.text not in parent.merged:
            first = parent.items[key.text][0]
            found = f"the key `{cut(key.text, 60)}` for the second time (the first is at {first.line}:{first.column})"
            self.problem(key.line, key.column, found, "each key once")
        else:
            parent.merged.discard(key.text)
            parent.items[key.text] = (key, node)

    def merge(self, parent: Mapping, key: Scalar, node: Node) -> None:
        sources = node.items if isinstance(node, Sequence) else [node]
        for source in sources:
            if not isinstance(source, Mapping):
                self.problem(
                    key.line, key.column, "a merge key (<<) without a mapping", "an alias of a mapping"
                )
                return
            for name, pair in source.items.items():
                if name not in parent.items:
                    parent.items[name] = pair
                    parent.merged.add(name)
