"""Rule files and their unit tests: what they say, and where."""

from deployspec.contracts.rule_files.model import (
    Case,
    Expected,
    Place,
    Problem,
    Rule,
    RuleFile,
    RuleFileEntry,
    RuleGroup,
    Series,
    TestFile,
    TestGroup,
)

__all__ = [
    "Case",
    "Expected",
    "Place",
    "Problem",
    "Rule",
    "RuleFile",
    "RuleFileEntry",
    "RuleGroup",
    "Series",
    "TestFile",
    "TestGroup",
]
