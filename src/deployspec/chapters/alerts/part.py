"""The deployment file's part ``rules``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployspec.deployment import Part, patterns


@dataclass(frozen=True)
class Rules:
    """The alert rules that the deployment's Prometheus is to have. Patterns and paths are absolute."""

    files: tuple[str, ...]
    """Glob patterns of rule files."""
    tests: tuple[str, ...]
    """Glob patterns of unit tests in promtool's format; empty where there are none."""
    runbooks: Path | None = None
    """A folder with one page for each alert."""
    alertmanager: Path | None = None
    """Alertmanager's configuration."""
    routing: Path | None = None
    """The routing table."""
    coverage: tuple[str, ...] = ("fires", "silent", "missing")
    """The kinds of case that each alert has to have."""
    exclude: tuple[str, ...] = ()
    """Glob patterns of files that are neither rules nor unit tests, whatever other patterns match."""


def _rules(part: Mapping[str, Any] | None, folder: Path) -> Rules | None:
    """null says that there are none, as without the key."""
    if part is None:
        return None
    return Rules(
        files=patterns(part["files"], folder),
        tests=patterns(part.get("tests", ()), folder),
        exclude=patterns(part.get("exclude", ()), folder),
        coverage=tuple(part["coverage"]),
        **{
            key: folder / part[key] if key in part else None
            for key in ("runbooks", "alertmanager", "routing")
        },
    )


RULES = Part("rules", _rules)
