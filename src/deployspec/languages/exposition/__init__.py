"""Metrics as a service serves them: Prometheus' text format 0.0.4 and OpenMetrics 1.0, read strictly."""

from __future__ import annotations

from deployspec.languages.exposition.model import Effect, Exposition, Family, Format, Limits, Series, Trouble
from deployspec.languages.exposition.reading import read

__all__ = ["Effect", "Exposition", "Family", "Format", "Limits", "Series", "Trouble", "read"]
