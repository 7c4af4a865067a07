"""Mutation of rules: changed rules, and what it says of the tests that they pass or fail."""

from deployspec.contracts.mutation.equivalents import Equivalent, read_equivalents, unknown
from deployspec.contracts.mutation.mutants import Mutant, mutants
from deployspec.contracts.mutation.score import MutantRun, MutationResult, score, survivors_text
from deployspec.contracts.mutation.tree import UnreadableError

__all__ = [
    "Equivalent",
    "Mutant",
    "MutantRun",
    "MutationResult",
    "UnreadableError",
    "mutants",
    "read_equivalents",
    "score",
    "survivors_text",
    "unknown",
]
