"""Grafana's dashboards: every query of one, with its place, and what Grafana makes of its variables."""

from __future__ import annotations

from deployspec.languages.grafana.expanding import Expanded, Unexpanded, expand
from deployspec.languages.grafana.model import (
    Chosen,
    Dashboard,
    Kind,
    Language,
    Place,
    Query,
    Question,
    Scope,
    Trouble,
    Variable,
)
from deployspec.languages.grafana.reading import read
from deployspec.languages.grafana.variables import choose, options, question

__all__ = [
    "Chosen",
    "Dashboard",
    "Expanded",
    "Kind",
    "Language",
    "Place",
    "Query",
    "Question",
    "Scope",
    "Trouble",
    "Unexpanded",
    "Variable",
    "choose",
    "expand",
    "options",
    "question",
    "read",
]
