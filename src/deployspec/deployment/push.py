"""The deployment file's parts ``push`` and ``runs``: where results are sent, and where runs are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployspec.base.duration import parse_duration
from deployspec.base.texts import read_size
from deployspec.deployment.part import Check, Part
from deployspec.model.chapter import imported

if TYPE_CHECKING:
    from deployspec.model.sink import Sink


@dataclass(frozen=True)
class Push:
    """One sink, as the file describes it."""

    name: str
    kind: str
    data: Mapping[str, Any] = field(repr=False)
    """All that the file says of it, with its defaults. There are secrets among it."""
    folder: Path
    """The file's folder, for paths in ``data``."""


@dataclass(frozen=True)
class Runs:
    """The store of runs."""

    folder: Path | None
    """None: in the state folder."""
    keep: float
    """Seconds."""
    max_size: int
    """Bytes."""


def _push(items: Sequence[Mapping[str, Any]], folder: Path) -> tuple[Push, ...]:
    return tuple(Push(item["name"], item["kind"], item, folder) for item in items)


def _runs(data: Mapping[str, Any], folder: Path) -> Runs:
    said = data.get("dir")
    return Runs(
        None if said is None else (folder / said).absolute(),
        parse_duration(data["keep"]),
        read_size(data["max_size"]),
    )


RUNS = Part("runs", _runs)
PUSH = Part("push", _push)
"""Without the sinks' own checks, which :func:`push_of` adds."""


def push_of(sinks: Iterable[Sink]) -> Part[tuple[Push, ...]]:
    """The part ``push``, where what each of these sinks says of its items goes together, too."""
    own = {sink.kind: sink.check for sink in sinks if sink.check}

    def check(check: Check, data: Mapping[str, Any]) -> None:
        check.unique_names(data["push"], "push")
        for index, item in enumerate(data["push"]):
            for found, expected in imported(own[item["kind"]])(item) if item["kind"] in own else ():
                check.add(("push", index), found, expected)

    return Part("push", _push, check)
