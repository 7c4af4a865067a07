"""What promtool is given, and what its answers mean."""

from deployspec.contracts.promtool.prepared import rules_document, rules_documents, tests_document

__all__ = ["rules_document", "rules_documents", "tests_document"]
