"""The values of a dashboard's variables: what has to be asked, what is made of the answer, what is chosen."""

from __future__ import annotations

from collections.abc import Sequence

from deployspec.languages.grafana.expanding import Unexpanded
from deployspec.languages.grafana.model import Chosen, Question, Scope, Variable


def question(variable: Variable, scope: Scope) -> Question | Unexpanded | None:
    """What has to be asked of Prometheus; None for a variable whose values stand in the file."""
    raise NotImplementedError


def options(variable: Variable, answers: Sequence[str]) -> tuple[str, ...]:
    """The values that the variable offers, given what Prometheus answered: each once, what its regex takes of them."""
    raise NotImplementedError


def choose(variable: Variable, offered: Sequence[str], wanted: Sequence[str] = ()) -> Chosen | None:
    """What is chosen: what is wanted; else what the file has chosen, where it is offered; else the first one, as
    Grafana does. None where there is nothing to choose from."""
    raise NotImplementedError
