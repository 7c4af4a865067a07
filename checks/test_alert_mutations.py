"""The alert rules' unit tests are strong: no change of a rule goes unnoticed.

The guide asks for alerts, and a test that passes whatever the rule says proves none of them. This is our own choice.
"""

from __future__ import annotations

import pytest

from deployspec.base.lazy import Lazy

equivalents = Lazy("deployspec.chapters.mutation.judge.equivalents")
scoring = Lazy("deployspec.chapters.mutation.judge.score")
pytestmark = pytest.mark.mutation


def test_mutants_are_killed(mutated_rule, judge):
    """Every mutant of a rule fails a unit test, or is listed in the file of equivalent mutants with its reason.

    Source: our own choice (docs/mutation.md).
    Limit: no survivor without a reason.
    Measured: promtool runs the unit tests on each changed copy of the rule.
    Fault: a weak unit test lets mutants survive: the test uses values far from the threshold.
    Keys: rules.files, rules.tests
    """
    judge(scoring.score(mutated_rule.result, mutated_rule.equivalents), evidence=mutated_rule.evidence)


def test_equivalent_mutants_are_current(equivalent_mutants, judge):
    """The file of equivalent mutants is read without an objection, and names only mutants that exist.

    Source: our own choice (docs/mutation.md).
    Limit: no outdated entry.
    Measured: the file equivalent-mutants.yml beside the unit tests, compared with the mutants of all rules.
    Fault: an entry for a mutant that is not there is breached: the file still lists a mutant that no rule has.
    Keys: rules.files, rules.tests
    """
    judge(equivalents.equivalents_are_current(equivalent_mutants.entries, equivalent_mutants.problems))
