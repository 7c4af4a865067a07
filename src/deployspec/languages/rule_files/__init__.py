"""Rule files and their unit tests: what they say, and where."""

from deployspec.base.problems import Place, Problem
from deployspec.languages.rule_files.model import (
    Case,
    Expected,
    Rule,
    RuleFile,
    RuleFileEntry,
    RuleGroup,
    Series,
    TestFile,
    TestGroup,
)
from deployspec.languages.rule_files.rules import read_rules
from deployspec.languages.rule_files.unit_tests import read_tests

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
    "read_rules",
    "read_tests",
]
