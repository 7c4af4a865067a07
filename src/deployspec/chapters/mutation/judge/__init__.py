"""Mutation of rules: changed rules, and what it says of the tests that they pass or fail."""

from deployspec.chapters.mutation.judge.equivalents import (
    Equivalent,
    equivalents_are_current,
    read_equivalents,
    unknown,
)
from deployspec.chapters.mutation.judge.mutants import Mutant, mutants
from deployspec.chapters.mutation.judge.score import MutantRun, MutationResult, score, survivors_text
from deployspec.chapters.mutation.judge.tree import UnreadableError

__all__ = [
    "Equivalent",
    "Mutant",
    "MutantRun",
    "MutationResult",
    "UnreadableError",
    "equivalents_are_current",
    "mutants",
    "read_equivalents",
    "score",
    "survivors_text",
    "unknown",
]
