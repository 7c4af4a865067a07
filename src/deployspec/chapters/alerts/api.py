"""What other chapters use of the chapter alerts."""

from deployspec.chapters.alerts.items import given, rule_set_of

__all__ = ["given", "rule_set_of"]
