"""What a JSON Schema cannot say of any part: headers that are the same, and files that are not there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from deployspec.base.problems import Problems
from deployspec.deployment.part import Check, Part
from deployspec.deployment.values import Values


def check_consistency(
    data: Mapping[str, Any], values: Values, folder: Path, problems: Problems, parts: Iterable[Part[Any]]
) -> None:
    """Note what does not go together in ``data``: those keys that are valid by the schema, defaults filled in."""
    check = Check(values, problems)
    _headers(check, data)
    if any(steps[-1] == "auth" for steps in values.keys):
        from deployspec.deployment.auth import check_auth

        check_auth(check, data)
    _files(check, data, folder)
    for part in parts:
        part.check(check, data)


def _headers(check: Check, data: Mapping[str, Any]) -> None:
    names: dict[object, str] = {}
    for steps, position in check.values.keys.items():
        if steps[-2:-1] == ("headers",) and steps[0] in data:
            name = str(steps[-1])
            first = names.setdefault((*steps[:-1], name.lower()), name)
            if first != name:
                found = f"the header {name}, which is {first} again"
                check.problems.add(
                    position, found, "each header once: upper and lower case make no difference"
                )


def _files(check: Check, data: Mapping[str, Any], folder: Path) -> None:
    for path, place in check.values.places.items():
        if place.schema.get("format") == "file" and path[0] in data:
            value: Any = data
            for step in path:
                value = value[step]
            # os.path answers False where pathlib raises: on a name that is too long.
            if value is not None and not os.path.isfile(os.path.join(folder, value)):  # noqa: PTH113, PTH118
                found = f"{place.shown}, and there is no such file"
                check.problems.add(place.position, found, "a file's path, from this file's folder")
