"""YAML text as trees of nodes that know where they stand.

The parser's events are read one by one and nothing is constructed from a tag, so the bounds on depth and on the
number of nodes, aliases counted as often as they are used, hold before memory is spent. Scalars are kept as written:
what a text such as ``1`` stands for is the reader's to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from deployspec.base import scalars
from deployspec.base.problems import Position, Problems, position
from deployspec.base.shown import cut

LARGEST = 8 * 1024 * 1024
"""In characters. Prometheus itself reads larger files, but nobody writes them."""
LARGEST_WITHOUT_LIBYAML = 1024 * 1024
"""PyYAML's parser in Python takes seconds a megabyte."""
DEEPEST = 32
MOST_NODES = 2_000_000
_CORE = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset(_CORE + name for name in ("int", "float", "bool", "null"))
# What YAML lets in, turned round: re takes ten times as long to compile a set that goes beyond U+FFFF.
_UNPRINTABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


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
    plain: bool = True
    """Whether YAML may take it for a number, a boolean or null: it has no quotes, or the tag of one of them."""
    refused: bool = False
    """Whether it has a tag that is not taken. The problem is noted, and nothing else is to be said of such a node."""
    file: str = ""
    """What messages call its file, as in all nodes; empty for the one that the problems are of."""


@dataclass(eq=False, slots=True)
class Sequence:
    """A list of nodes."""

    line: int
    column: int
    items: list[Node] = field(default_factory=list)
    size: int = 1
    refused: bool = False
    file: str = ""


@dataclass(eq=False, slots=True)
class Mapping:
    """Pairs of a key and a node; each key is there once."""

    line: int
    column: int
    items: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    size: int = 1
    refused: bool = False
    merged: set[str] = field(default_factory=set)
    """The keys that came through a merge key (``<<``): its own ones are preferred to them."""
    file: str = ""


Node = Scalar | Sequence | Mapping


def is_null(node: Node) -> bool:
    """Whether it stands for nothing."""
    return isinstance(node, Scalar) and node.null


class _Stop(Exception):  # noqa: N818  (control flow: the problem is already noted)
    """Nothing sensible can be read beyond this point."""


def read_documents(text: str, problems: Problems) -> tuple[Node, ...]:
    """The top-level node of each document, a null where it is empty.

    Where the YAML is broken there are none, and the reason is in ``problems``.
    """
    import yaml

    largest = LARGEST if hasattr(yaml, "CSafeLoader") else LARGEST_WITHOUT_LIBYAML
    if len(text) > largest:
        problems.add(None, f"a file of {len(text)} characters", f"at most {largest}")
    elif wrong := _UNPRINTABLE.search(text):
        problems.add(position(text, wrong.start()), f"the character U+{ord(wrong[0]):04X}", "printable text")
    else:
        return tuple(Builder(problems).build(text) or ())
    return ()


class Builder:
    """Puts the parser's events together to trees, without recursion. Subclasses refuse more, or say it otherwise."""

    whole = "file"
    """What messages call the text."""
    file = ""
    """That of all nodes."""
    most_nodes = MOST_NODES
    scalar_tags = _PLAIN_TAGS | {_CORE + "str", _CORE + "timestamp"}
    no_anchor = "an alias of the anchor {}, which does not exist"

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.roots: list[Node] = []
        self.open: list[Sequence | Mapping] = []
        self.keys: list[Scalar | None] = []
        """For each open collection: the key whose value comes next."""
        self.names: list[str | None] = []
        self.anchors: dict[str, Node | None] = {}
        """None while the anchor's own node is not complete."""
        self.nodes = 0

    def build(self, text: str) -> list[Node] | None:
        """The top-level node of each document. None where the text is broken, with the reason in the problems."""
        import yaml

        try:
            # libyaml's parser is many times faster; an installation without it has the one in Python.
            self.read(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
        except _Stop:
            return None
        except yaml.MarkedYAMLError as error:
            mark: Any = error.problem_mark or error.context_mark
            at = _position(mark) if mark else Position(1, 1)
            lines = text.splitlines()
            line = lines[at.line - 1] if at.line <= len(lines) else ""
            if re.match(r" *\t", line):
                at = Position(at.line, line.index("\t") + 1)
                self.broken(at, "a tab in the indentation", "spaces")
            else:
                self.broken(at, *self.syntax(error.problem or "an error", line))
            return None
        except (yaml.YAMLError, ValueError, RecursionError):
            # ValueError: the parser in Python on an escape beyond Unicode, "\U00110000".
            self.broken(None, "a text that is not YAML", "YAML")
            return None
        return self.roots

    def broken(self, at: Position | None, found: str, expected: str) -> None:
        """Note that this is not YAML, and nothing else."""
        self.problems.clear()
        self.problems.add(at, found, expected)

    def syntax(self, reason: str, line: str) -> tuple[str, str]:
        """What was found, and expected, where the parser gives up for a ``reason`` in a ``line``."""
        del line
        expected = "YAML; a text with any of : # { [ ' \" & * ! % @ needs quotes"
        return f"broken YAML ({cut(reason, 120)})", expected

    def read(self, events: Iterable[Any]) -> None:
        for event in events:
            kind = type(event).__name__
            if kind == "ScalarEvent":
                self.scalar(event)
            elif kind == "MappingStartEvent":
                self.begin(event, Mapping, "map")
            elif kind == "SequenceStartEvent":
                self.begin(event, Sequence, "seq")
            elif kind in ("SequenceEndEvent", "MappingEndEvent"):
                node = self.open.pop()
                self.keys.pop()
                self.add(node, self.names.pop())
            elif kind == "AliasEvent":
                self.alias(event)
            elif kind == "DocumentStartEvent":
                self.document(event)

    def stop(self, event: Any, found: str, expected: str) -> _Stop:
        self.problems.add(_position(event.start_mark), found, expected)
        return _Stop()

    def document(self, event: Any) -> None:
        del event
        self.anchors.clear()

    def count(self, size: int, event: Any) -> None:
        self.nodes += size
        if self.nodes > self.most_nodes:
            found = f"more than {self.most_nodes} values, with aliases expanded"
            raise self.stop(event, found, f"a smaller {self.whole}")

    def tag(self, event: Any) -> None:
        """Refuse a tag."""
        raise self.stop(event, f"the YAML tag {cut(event.tag, 60)}", "plain data")

    def scalar(self, event: Any) -> None:
        tag, style, text = event.tag, event.style or "", event.value
        refused = tag not in (None, "!") and tag not in self.scalar_tags
        if refused:
            self.tag(event)
        null = not style and scalars.is_null(text) and tag in (None, _CORE + "null")
        # A long text counts for more than one node, or a thousand aliases of it would fill the memory.
        size = 1 + len(text) // 256
        self.count(size, event)
        node = Scalar(
            *_position(event.start_mark),
            "" if null else text,
            null,
            style,
            event.start_mark.index,
            event.end_mark.index,
            size,
            plain=(event.implicit[0] and not style) or tag in _PLAIN_TAGS,
            refused=refused,
            file=self.file,
        )
        self.add(node, event.anchor)

    def begin(self, event: Any, kind: type[Sequence] | type[Mapping], own: str) -> None:
        node = kind(*_position(event.start_mark), file=self.file)
        if event.tag not in (None, "!", _CORE + own):
            self.tag(event)
            node.refused = True
        if self.expects_key():
            raise self.stop(event, "a list or a mapping as a key", "a word as a key")
        if len(self.open) >= DEEPEST:
            raise self.stop(event, f"more than {DEEPEST} levels of nesting", f"a flatter {self.whole}")
        self.count(1, event)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.open.append(node)
        self.keys.append(None)
        self.names.append(event.anchor)

    def alias(self, event: Any) -> None:
        if event.anchor not in self.anchors:
            found = self.no_anchor.format(cut(event.anchor, 60))
            raise self.stop(event, found, "an anchor before it; a text that begins with * needs quotes")
        node = self.anchors[event.anchor]
        if node is None:
            raise self.stop(event, "an alias inside its own anchor", f"a {self.whole} that ends")
        if self.expects_key() and not isinstance(node, Scalar):
            raise self.stop(event, "a list or a mapping as a key", "a word as a key")
        self.count(node.size, event)
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
            self.key(parent, node)
            self.keys[-1] = node
        else:
            self.keys[-1] = None
            self.pair(parent, key, node)

    def key(self, parent: Mapping, key: Scalar) -> None:
        """Look at a key before its value is known."""

    def pair(self, parent: Mapping, key: Scalar, node: Node) -> None:
        if key.text == "<<" and not key.style:
            self.merge(parent, key, node)
        elif key.text in parent.items and key.text not in parent.merged:
            first = parent.items[key.text][0]
            found = f"the key `{cut(key.text, 60)}` for the second time (the first is at {first.line}:{first.column})"
            self.problems.add(key, found, "each key once")
        else:
            parent.merged.discard(key.text)
            parent.items[key.text] = (key, node)

    def merge(self, parent: Mapping, key: Scalar, node: Node) -> None:
        for source in node.items if isinstance(node, Sequence) else [node]:
            if not isinstance(source, Mapping):
                self.problems.add(key, "a merge key (<<) without a mapping", "an alias of a mapping")
                return
            for name, pair in source.items.items():
                if name not in parent.items:
                    parent.items[name] = pair
                    parent.merged.add(name)


def _position(mark: Any) -> Position:
    return Position(mark.line + 1, mark.column + 1)
