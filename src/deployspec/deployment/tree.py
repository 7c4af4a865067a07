"""The YAML of a deployment file: plain data in one document, of which messages quote nothing, for it may be secret."""

from __future__ import annotations

import re
from typing import Any

from deployspec.base.problems import Problems
from deployspec.base.scalars import is_text
from deployspec.base.yaml_tree import Builder, Mapping, Node, Scalar, Sequence


def read_tree(text: str, problems: Problems, expected: str) -> Mapping | None:
    """The document's top-level mapping, or None with the reason in ``problems``: something else is there than is
    ``expected``."""
    roots = _Builder(problems).build(text)
    if roots is None:
        return None
    root = roots[0] if roots else None
    if isinstance(root, Mapping):
        return root
    if root is None or (isinstance(root, Scalar) and root.null and root.begin == root.end):
        problems.add(None, "nothing (an empty file, or only comments)", expected)
    else:
        what = "a list" if isinstance(root, Sequence) else "a single text"
        problems.add(root, f"{what} at the top", expected)
    return None


class _Builder(Builder):
    whole = "document"
    most_nodes = 10_000
    scalar_tags = Builder.scalar_tags - {"tag:yaml.org,2002:timestamp"}
    no_anchor = "an alias of an anchor that does not exist"

    def __init__(self, problems: Problems) -> None:
        super().__init__(problems)
        self.file = problems.path
        self.left_out: set[Scalar] = set()
        """Keys whose problem is noted."""

    def broken(self, at: Any, found: str, expected: str) -> None:
        self.problems.add(at, found, expected)

    def syntax(self, reason: str, line: str) -> tuple[str, str]:
        # Quoted pieces of the parser's message come from the file, and may be from a secret.
        found, expected = super().syntax(re.sub(r"'([^']*)'", _one_character, reason), line)
        if "${" in line:
            expected = "YAML; inside { } and [ ] a value with ${…} needs quotes"
        return found, expected

    def document(self, event: Any) -> None:
        if self.roots:
            raise self.stop(event, "a second document", "one document in the file")

    def tag(self, event: Any) -> None:
        # Reading goes on. Not quoted: it may be a password that begins with an exclamation mark.
        self.stop(event, "a YAML tag", "plain data; a text that begins with ! needs quotes")

    def scalar(self, event: Any) -> None:
        if any("\ud800" <= letter <= "\udfff" for letter in event.value):
            raise self.stop(event, "an escape of half a character", "whole characters")
        super().scalar(event)

    def alias(self, event: Any) -> None:
        if self.expects_key():
            raise self.stop(event, "an alias as a key", "a word as a key")
        super().alias(event)

    def key(self, parent: Mapping, key: Scalar) -> None:
        found, expected = "", ""
        if key.plain and key.text == "<<":
            found, expected = "a merge key (<<)", "the keys written out"
        elif key.plain and not is_text(key.text) and not _NUMBER.fullmatch(key.text):
            found = "a key that YAML may read as a number, a boolean, a date or null"
            expected = "a word as a key, in quotes if need be"
        elif "${" in key.text:
            found, expected = "a variable in a key", "variables only in values"
        elif key.text in parent.items:
            first = parent.items[key.text][0]
            found = f"a key for the second time (the first is at line {first.line}, column {first.column})"
            expected = "each key once"
        if found:
            self.problems.add(key, found, expected)
            self.left_out.add(key)

    def pair(self, parent: Mapping, key: Scalar, node: Node) -> None:
        if key not in self.left_out:
            parent.items[key.text] = (key, node)


_NUMBER = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
"""A key that is read as the same number everywhere, and as a word here."""


def _one_character(quoted: re.Match[str]) -> str:
    return quoted[0] if len(quoted[1]) == 1 or quoted[1].startswith("\\") else "something"
