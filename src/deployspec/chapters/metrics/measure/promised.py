"""Reads the file that names the metrics, such as ``schemas/metrics.yaml``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deployspec.base.errors import UsageError
from deployspec.base.problems import Problems
from deployspec.base.shown import printable
from deployspec.base.unfit import Unfit
from deployspec.chapters.metrics.judge.presence import Wanted
from deployspec.deployment.schema import Schema
from deployspec.deployment.shape import check_shape
from deployspec.deployment.source import read_text
from deployspec.deployment.tree import read_tree
from deployspec.deployment.values import Steps, Values, evaluate

FILE = Path(__file__).parents[1] / "promised.schema.json"
EXPECTED = "a file of metrics: YAML, at most 1 MiB"


def read_promised(path: Path, name: str = "") -> tuple[Wanted, ...]:
    """The metrics that the file at ``path`` names, which messages call ``name``.

    Raises :class:`UsageError` for anything that is wrong with it: all of it at once, with its place.
    """
    problems = Problems(printable(name or str(path)))
    schema: Schema = json.loads(FILE.read_text(encoding="utf-8"))
    try:
        text = read_text(path, problems, EXPECTED)
    except Unfit as unfit:
        raise UsageError(f"{problems.path}: {unfit}") from None
    tree = None if text is None else read_tree(text, problems, "a mapping with the key metrics")
    if tree is not None:
        values = evaluate(tree, None, problems, schema, {})
        if not check_shape(values, problems, schema):
            found = [
                _wanted(item, values, ("metrics", index), problems)
                for index, item in enumerate(values.data["metrics"])
            ]
            _check_twice(found, values, problems)
            if not problems:
                return tuple(found)
    raise UsageError(problems.in_words())


def _wanted(item: dict[str, Any], values: Values, at: Steps, problems: Problems) -> Wanted:
    position = values.places[at].position
    if ("name" in item) == ("pattern" in item):
        found = "name beside pattern" if "name" in item else "neither name nor pattern"
        problems.add(position, found, "the name of a metric, or the pattern of its name")
    return Wanted(
        name=item.get("name") or item.get("pattern", ""),
        is_pattern="pattern" in item,
        type=item.get("type", ""),
        labels=item.get("labels"),
        in_prometheus=item.get("from") == "prometheus",
        why=item.get("why", ""),
        place=f"{problems.path}:{position.line}",
    )


def _check_twice(found: list[Wanted], values: Values, problems: Problems) -> None:
    seen: set[str] = set()
    for index, one in enumerate(found):
        if one.name in seen:
            key = "pattern" if one.is_pattern else "name"
            problems.add(
                values.places["metrics", index, key].position,
                f"{one.name} for the second time",
                "each metric once",
            )
        seen.add(one.name)
