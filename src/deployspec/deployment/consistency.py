"""What a JSON Schema cannot say of any part: headers that are the same, and files that are not there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from deployspec.base.problems import Problems
from deployspec.deployment.model import root_url
from deployspec.deployment.part import Check, Part
from deployspec.deployment.values import Values


def check_consistency(
    data: Mapping[str, Any], values: Values, folder: Path, problems: Problems, parts: Iterable[Part[Any]]
) -> None:
    """Note what does not go together in ``data``: those keys that are valid by the schema, defaults filled in."""
    check = Check(values, problems)
    _headers(check, data)
    _auth(check, data)
    _replicas(check, data)
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


def _replicas(check: Check, data: Mapping[str, Any]) -> None:
    """Note replicas that differ only as texts: each would be counted twice."""
    urls: dict[str, str] = {}
    listed = data.get("replicas")
    for index, url in enumerate(listed if isinstance(listed, list) else ()):
        path = ("replicas", index)
        own = check.shown(path, "a URL")
        first = urls.setdefault(root_url(url), own)
        if index >= len(urls):
            check.add(path, f"{own}, which is {first} again", "each replica once")


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


def _auth(check: Check, data: Mapping[str, Any]) -> None:
    """Note what does not go together in the ``auth`` of any part, or with the headers beside it."""
    for steps in check.values.keys:
        if (
            steps[-1] != "auth"
            or steps[0] not in data
            or not isinstance(auth := check.values.at(steps), dict)
        ):
            continue
        beside = check.values.at(steps[:-1]).get("headers")
        for name in beside if isinstance(beside, dict) else ():
            if name.lower() == "authorization":
                check.problems.add(
                    check.values.keys[(*steps[:-1], "headers", name)],
                    f"the header {name} beside auth, which makes it",
                    "one of the two",
                )
        for key, makers in (("lifetime", ("command",)), ("timeout", ("command", "oauth2"))):
            if key in auth and not auth.keys() & set(makers):
                found = f"{key} beside {next(iter(auth.keys() - {'lifetime', 'timeout'}))}"
                expected = f"{key} only beside {' or '.join(makers)}"
                check.problems.add(check.values.keys[(*steps, key)], found, expected)
        if ":" in auth.get("basic", {}).get("user", ""):
            path = (*steps, "basic", "user")
            check.add(
                path, f"{check.shown(path, 'a value')} with a colon in it", "a user's name without a colon"
            )
