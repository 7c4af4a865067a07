"""``unquoted-value``: a word in a PrometheusRule that Kubernetes reads as a boolean or a number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deployspec.base.problems import Place, Problems
from deployspec.base.shown import cut
from deployspec.base.yaml_tree import Mapping, Node, Scalar, Sequence, read_documents

_BOOLEAN = re.compile(r"(?:[yY]es|YES|[nN]o|NO|[oO]n|ON|[oO]ff|OFF|[tT]rue|TRUE|[fF]alse|FALSE)")
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,40})?")


def findings(path: str, source: str) -> Iterator[tuple[Place, str, str]]:
    """A finding at each such label, annotation or name: its place, the rule's or the group's name, and what it says.

    ``source`` is the rule file's text. Files in Prometheus' own format have none: promtool takes ``No`` as a text.
    """
    # Nearly every rule file is spared a second reading.
    if "PrometheusRule" not in source:
        return
    waiting: list[Node] = list(read_documents(source, Problems(path)))
    while waiting:
        root = waiting.pop()
        if not isinstance(root, Mapping):
            continue
        if _text(root, "kind") == "PrometheusRule":
            for group in _items(_below(root, "spec"), "groups"):
                yield from _of(group, "name", path)
                for rule in _items(group, "rules"):
                    yield from _of(rule, "record" if _text(rule, "record") else "alert", path)
        waiting.extend(_items(root, "items"))


def _of(node: Node | None, name: str, path: str) -> Iterator[tuple[Place, str, str]]:
    """What is found in a rule or a group, whose name is the value of ``name``."""
    called = _text(node, name)
    own = _below(node, name)
    if isinstance(own, Scalar) and (read := _read_as(own)):
        yield Place(path, own.line, own.column), called, _message(f"`{name}`", own, read)
    for part in ("labels", "annotations"):
        mapping = _below(node, part)
        if not isinstance(mapping, Mapping):
            continue
        for label, (key, value) in mapping.items.items():
            if _read_as(key) == "boolean":
                message = (
                    f"{part} has the name {cut(key.text, 40)} without quotes: Kubernetes reads a boolean, and names it "
                    f'true or false. Write "{cut(key.text, 40)}"'
                )
                yield Place(path, key.line, key.column), called, message
            if isinstance(value, Scalar) and (read := _read_as(value)):
                where = f"{part}.{cut(label, 60)}"
                yield Place(path, value.line, value.column), called, _message(where, value, read)


def _message(where: str, value: Scalar, read: str) -> str:
    text = cut(value.text, 40)
    return (
        f"{where} is {text} without quotes: Kubernetes reads a {read} where it wants a text, and refuses the whole "
        f'PrometheusRule, while promtool passes it. Write "{text}"'
    )


def _read_as(value: Scalar) -> str:
    """What a YAML 1.1 reader takes it for: a boolean, a number, or (empty) a text."""
    if not value.plain:
        return ""
    return "boolean" if _BOOLEAN.fullmatch(value.text) else "number" if _NUMBER.fullmatch(value.text) else ""


def _below(node: Node | None, name: str) -> Node | None:
    return node.items.get(name, (None, None))[1] if isinstance(node, Mapping) else None


def _items(node: Node | None, name: str) -> list[Node]:
    found = _below(node, name)
    return found.items if isinstance(found, Sequence) else []


def _text(node: Node | None, name: str) -> str:
    found = _below(node, name)
    return found.text if isinstance(found, Scalar) else ""
