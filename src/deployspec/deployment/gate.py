"""The deployment file's part ``gate``: the chapters that ``-m gate`` stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from deployspec.base.problems import did_you_mean, listed
from deployspec.deployment.part import Check, Part


def gate_of(names: Callable[[], Iterable[str]]) -> Part[tuple[str, ...]]:
    """The part, where these are the names of all chapters. They are asked for where the file has the part."""

    def check(check: Check, data: Mapping[str, Any]) -> None:
        known = list(names())
        for index, name in enumerate(data["gate"]):
            if name not in known:
                found = f"{check.shown(('gate', index), '')}, which is no chapter"
                check.add(("gate", index), found, listed(known) + did_you_mean(name, known))

    return Part("gate", lambda chosen, _folder: tuple(chosen), check)
