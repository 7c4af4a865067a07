"""What the checks of the chapter dashboards would do. Files are read here; nothing is asked or run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from deployspec.model.plan import Planned

if TYPE_CHECKING:
    from deployspec.deployment import Deployment


def planned(
    config: Any, deployment: Deployment, checks: Mapping[str, Mapping[str, Any]]
) -> Iterator[Planned]:
    """Everything that these checks would do."""
    yield from ()
