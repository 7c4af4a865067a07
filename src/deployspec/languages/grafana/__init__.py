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
from deployspec.languages.grafana.variables import answer_text, choose, options, question, scope_of

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
    "answer_text",
    "choose",
    "expand",
    "options",
    "question",
    "read",
    "scope_of",
]
