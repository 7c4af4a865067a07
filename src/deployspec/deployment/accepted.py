"""The file of accepted breaches: ``accepted.yaml`` beside the folder of deployment files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deployspec.base.errors import UsageError
from deployspec.base.problems import Problems
from deployspec.base.shown import one_line, printable
from deployspec.base.texts import is_day
from deployspec.base.unfit import Unfit
from deployspec.deployment.schema import Schema
from deployspec.deployment.shape import check_shape
from deployspec.deployment.source import read_text
from deployspec.deployment.tree import read_tree
from deployspec.deployment.values import Values, evaluate
from deployspec.model.acceptance import Acceptance

FILE = Path(__file__).with_name("accepted.schema.json")
EXPECTED = "a file of accepted breaches: YAML, at most 1 MiB"


def read_accepted(path: Path, name: str = "") -> tuple[Acceptance, ...]:
    """The entries of the file at ``path``, which messages call ``name``. There are no variables in it.

    A text that names no day is taken, for it counts as one that has passed. Raises :class:`UsageError` for anything else
    that is wrong, whatever the file is: all of it at once, with its place.
    """
    problems = Problems(printable(name or str(path)))
    schema: Schema = json.loads(FILE.read_text(encoding="utf-8"))
    try:
        text = read_text(path, problems, EXPECTED)
    except Unfit as unfit:
        raise UsageError(f"{problems.path}: {unfit}") from None
    tree = None if text is None else read_tree(text, problems, "a mapping with the key accepted")
    if tree is not None:
        values = evaluate(tree, None, problems, schema, {})
        check_shape(values, problems, schema)
        _check_blanks(values, problems)
        if not problems:
            items: list[dict[str, Any]] = values.data["accepted"] or []
            return tuple(_acceptance(item, values, index, problems) for index, item in enumerate(items))
    raise UsageError(problems.in_words())


def _check_blanks(values: Values, problems: Problems) -> None:
    """A text of blanks names nobody, and says nothing."""
    for path, place in values.places.items():
        if path[2:] in (("owner",), ("reason",)):
            text = values.at(path)
            if isinstance(text, str) and text and not text.strip():
                problems.add(place.position, "blanks alone", f"text that says the {path[2]}")


def _acceptance(item: dict[str, Any], values: Values, index: int, problems: Problems) -> Acceptance:
    at = values.places["accepted", index].position
    said = {**item, "owner": one_line(item["owner"]), "reason": one_line(item["reason"])}
    return Acceptance(**said, place=f"{problems.path}:{at.line}", is_day=is_day(item["until"]))
