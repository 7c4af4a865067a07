"""The deployment file's part ``review``: by which clocks the weekly review tells of the deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from deployspec.base.texts import read_night, time_zone
from deployspec.deployment.part import Part


@dataclass(frozen=True)
class Clocks:
    """Those of a team."""

    zone: tzinfo = UTC
    zone_name: str = "UTC"
    night: tuple[int, int] = (22 * 60, 7 * 60)
    """Minutes of the day, in that zone, at which the night begins and ends."""


def _clocks(data: Mapping[str, Any], _folder: Path) -> Clocks:
    return Clocks(time_zone(data["time_zone"]), data["time_zone"], read_night(data["night"]))


REVIEW = Part("review", _clocks)
