"""What promtool is given, and what its answers mean."""

from deployspec.languages.promtool.attribution import attribute, refused
from deployspec.languages.promtool.difference import difference, own_words, summary
from deployspec.languages.promtool.judging import judge_case
from deployspec.languages.promtool.model import CaseKey, CaseRun, case_key
from deployspec.languages.promtool.prepared import (
    CASE_LISTS,
    rules_documents,
    tests_document,
    with_cases,
    yaml_text,
)

__all__ = [
    "CASE_LISTS",
    "CaseKey",
    "CaseRun",
    "attribute",
    "case_key",
    "difference",
    "judge_case",
    "own_words",
    "refused",
    "rules_documents",
    "summary",
    "tests_document",
    "with_cases",
    "yaml_text",
]
