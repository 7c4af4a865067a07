"""What the parts of a load run's request say together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def writes(request: Mapping[str, Any]) -> bool:
    """Whether this request of the deployment file, defaults filled in, changes something there."""
    return bool(request.get("writes", request["method"] not in _READING))


def placeholders(path: str) -> list[str]:
    """The names of the requests whose kept values stand in a path: ``/snap/{snap}`` has ``snap``."""
    return _PLACEHOLDER.findall(path)
