"""``extends``: a file, and those that it is based on, as one tree whose nodes know their file."""

from __future__ import annotations

from collections.abc import Mapping as Folders
from functools import reduce
from pathlib import Path

from deployspec.base.problems import Problems
from deployspec.base.scalars import is_null
from deployspec.base.shown import cut, printable
from deployspec.base.unfit import Unfit
from deployspec.base.yaml_tree import Mapping, Node, Scalar
from deployspec.deployment.interpolation import interpolate
from deployspec.deployment.schema import Schema, below, types
from deployspec.deployment.shape import check_shape
from deployspec.deployment.source import EXPECTED, read_text, real
from deployspec.deployment.tree import read_tree
from deployspec.deployment.values import evaluate

MOST_BASES = 8
_KEY = "extends"
_LONGEST_SHOWN = 300


def read_whole(path: Path, problems: Problems, schema: Schema) -> tuple[Mapping, Folders[str, Path]] | None:
    """The tree of a file merged with its bases, and the folders of these by their names in messages.

    None with the reasons in ``problems``. Raises :class:`Unfit` where there is no file at ``path``.
    """
    folders: dict[str, Path] = {}
    chain = {real(path): problems.path}
    trees = []
    text = read_text(path, problems)
    tree = None if text is None else read_tree(text, problems, "a mapping with at least the key base_url")
    while tree is not None:
        trees.append(tree)
        if _KEY not in tree.items:
            # From the root: what a base replaces is not there for those that extend it.
            return reduce(lambda base, child: merged(child, base, schema), reversed(trees)), folders
        key, node = tree.items.pop(_KEY)
        target = _target(key, node, problems, schema)
        if target is None:
            return None
        path = path.parent / target
        name = printable(str(path))
        if (own := real(path)) in chain:
            files = [*chain.values()][[*chain].index(own) :]
            circle = " extends ".join([*files, files[0]])
            problems.add(key, f"a circle: {circle}", "a chain of files that ends")
            return None
        if len(trees) > MOST_BASES:
            problems.add(key, f"a chain of more than {MOST_BASES} files that are extended", "a shorter one")
            return None
        chain[own] = name
        folders[name] = path.parent
        tree = _base(path, key, problems)
    return None


def _target(key: Scalar, node: Node, problems: Problems, schema: Schema) -> str | None:
    """The path that ``extends`` names; None with the reason noted."""
    if isinstance(node, Scalar):
        said = interpolate(node.text, {}, 0)
        if said.variables or said.problems:
            problems.add(node, "a variable in extends", "a path without variables; $$ for a dollar sign")
            return None
    alone = Mapping(key.line, key.column, {_KEY: (key, node)}, file=key.file)
    place = {"type": "object", "properties": {_KEY: schema["properties"][_KEY]}}
    values = evaluate(alone, {}, problems, place, {})
    return None if check_shape(values, problems, place) else str(values.data[_KEY])


def _base(path: Path, key: Scalar, problems: Problems) -> Mapping | None:
    """The tree of a base; None with the reason noted, also at the ``key`` that names it."""
    own = Problems(printable(str(path)))
    shown = cut(own.path, _LONGEST_SHOWN)
    try:
        text = read_text(path, own)
    except Unfit as unfit:
        problems.add(key, f"{unfit.found}: {shown}", unfit.expected)
        return None
    tree = None if text is None else read_tree(text, own, "a mapping of a deployment file's keys")
    problems.extend(own)
    if tree is None:
        problems.add(key, f"{shown}, which cannot be read (its own problem is told too)", EXPECTED)
    return tree


_CREDENTIALS = ("auth", "client_certificate")
_WHOLE = frozenset({*((name,) for name in _CREDENTIALS), *(("prometheus", name) for name in _CREDENTIALS)})
"""Mappings that say one thing in one of several forms: who says it otherwise means it instead."""


_OWN = (("allow",), ("replicas",), ("push",))
"""What a deployment does not inherit: what may be done to it, where it answers, and where its results go. A heartbeat that
two deployments share would call the one well because of the other."""


def merged(child: Mapping, base: Mapping, schema: Schema, at: tuple[str, ...] = ()) -> Mapping:
    """What the two say together: mappings key by key, anything else as the child says it.

    A null of the child takes an inherited key away, where it is not itself a value.
    """
    inherited = {name: pair for name, pair in base.items.items() if (*at, name) not in _OWN}
    items = {**inherited, **child.items}
    for name in child.items.keys() & base.items.keys():
        (key, own), (_, other) = child.items[name], base.items[name]
        place = below(schema, name)
        if isinstance(own, Scalar) and own.plain and is_null(own.text) and "null" not in types(place):
            del items[name]
        if (*at, name) in _WHOLE:
            continue
        if isinstance(own, Mapping) and isinstance(other, Mapping) and not own.refused:
            items[name] = (key, merged(own, other, place, (*at, name)))
    return Mapping(child.line, child.column, items, file=child.file)
