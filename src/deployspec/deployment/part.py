"""What a chapter says of its part of the deployment file: one key, what it becomes, and what must go together in it."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from deployspec.base.problems import Problems, did_you_mean, listed
from deployspec.base.secret import Secret
from deployspec.deployment.values import Steps, Values

T = TypeVar("T")
Headers = Mapping[str, Secret]


@dataclass(frozen=True)
class Check:
    """Notes values that do not go together, which a JSON Schema cannot say."""

    values: Values
    problems: Problems

    def add(self, path: Steps, found: str, expected: str) -> None:
        """Note a problem at ``path``, or at what is nearest to it in the file if it is a default."""
        while path not in self.values.places:
            path = path[:-1]
        self.problems.add(self.values.places[path].position, found, expected)

    def shown(self, path: Steps, default: str) -> str:
        """The value at ``path`` as a message may show it."""
        place = self.values.places.get(path)
        return place.shown if place else default

    def one_of(
        self, path: Steps, value: str, known: Sequence[str], default: str, where: str, advice: str = ""
    ) -> None:
        """Note a value that is none of those that are ``known``, with the nearest one or the advice."""
        if value not in known:
            expected = listed(known) if known else "another source"
            expected += did_you_mean(value, known) or advice
            self.add(path, f"{self.shown(path, default)}, which is not in {where}", expected)

    def unique_names(self, items: Iterable[Mapping[str, Any]], *path: str) -> None:
        """Note each of the items at ``path`` whose name another one has already."""
        seen: set[str] = set()
        for index, item in enumerate(items):
            if item["name"] in seen:
                own: Steps = (*path, index, "name")
                found = f"the name {self.shown(own, '')} for the second time"
                self.add(own, found, "a name of its own for each")
            seen.add(item["name"])


def _nothing_to_note(_check: Check, _data: Mapping[str, Any]) -> None: ...


def _nothing_to_add(_said: Any, completed: Any) -> Any:
    return completed


@dataclass(frozen=True)
class Part(Generic[T]):
    """One key of the deployment file. Its JSON Schema is in the chapter's ``part.schema.json``."""

    key: str
    build: Callable[[Any, Path], T]
    """What its valid data becomes, defaults filled in; the folder is that of the file, for paths in it. What
    another file says that this one extends is absolute already, where its schema has one of the formats of paths."""
    check: Callable[[Check, Mapping[str, Any]], None] = _nothing_to_note
    """Given all data of the file, without the keys that are faulty by the schema."""
    complete: Callable[[Any, Any], Any] = _nothing_to_add
    """Given the part as the file says it, and the same with the schema's defaults filled in: that with such defaults,
    too, as depend on what else is said."""


def headers_of(data: Mapping[str, Any]) -> Headers:
    """The headers of a part of the file, with the Authorization that its ``auth`` says."""
    if "auth" in data:
        from deployspec.deployment.auth import AUTHORIZATION, fixed_header

        value = fixed_header(data["auth"])
        if value is not None:
            data = {"headers": {**data.get("headers", {}), AUTHORIZATION: value}}
    return MappingProxyType({name: Secret(value) for name, value in data.get("headers", {}).items()})


def patterns(texts: Iterable[str], folder: Path) -> tuple[str, ...]:
    """Glob patterns, absolute: they are said from the file's folder."""
    base = Path(glob.escape(str(folder.absolute())))
    return tuple(str(base / text) for text in texts)
