"""What Grafana sends for a query: variables and macros in place."""

from __future__ import annotations

from dataclasses import dataclass

from deployspec.languages.grafana.model import Scope


@dataclass(frozen=True, slots=True)
class Expanded:
    """What is sent."""

    text: str
    used: tuple[str, ...] = ()
    """The variables whose values stand in it, each once; macros are none."""


@dataclass(frozen=True, slots=True)
class Unexpanded:
    """What cannot be put in place."""

    names: tuple[str, ...]
    """As they are written, each once: ``$job``, ``${__user.login}``."""


def expand(text: str, scope: Scope) -> Expanded | Unexpanded:
    """The query as Prometheus gets it."""
    raise NotImplementedError
