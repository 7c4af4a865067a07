"""The deployment file's part ``rules``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from deployspec.base.duration import format_duration, parse_duration
from deployspec.base.problems import listed, shown, suggestion
from deployspec.deployment.part import Check, Headers, Part, Steps, headers_of, patterns



@dataclass(frozen=True)
class Rules:
    """The alert rules that the deployment's Prometheus is to have. Patterns and paths are absolute."""

    files: tuple[str, ...]
    """Glob patterns of rule files."""
    tests: tuple[str, ...]
    """Glob patterns of unit tests in promtool's format; empty where there are none."""
    runbooks: Path | None
    """A folder with one page for each alert."""
    alertmanager: Path | None
    """Alertmanager's configuration."""
    routing: Path | None
    """The routing table."""


def _rules(part: Mapping[str, Any] | None, folder: Path) -> Rules | None:
    """null says that there are none, as without the key."""
    if part is None:
        return None
    return Rules(
        files=patterns(part["files"], folder),
        tests=patterns(part.get("tests", ()), folder),
        **{
            key: folder / part[key] if key in part else None
            for key in ("runbooks", "alertmanager", "routing")
        },
    )


RULES = Part("rules", _rules)
