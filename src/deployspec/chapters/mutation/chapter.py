"""The chapter mutation introduces itself."""

from deployspec.model.chapter import Chapter

CHAPTER = Chapter(
    name="mutation",
    sentence="no mutant of an alert rule survives its unit tests (our own choice).",
    in_gate=False,
    checks=("mutation.mutants-are-killed", "mutation.equivalent-mutants-are-current"),
    extra="alerts",
    libraries=("promql_parser",),
    plugins=(
        # Its items are made of the same rules.
        "deployspec.chapters.alerts.fixtures.running",
        "deployspec.chapters.alerts.items",
        "deployspec.chapters.mutation.fixtures",
    ),
    plans="deployspec.chapters.mutation.planning:planned",
    file="test_alert_mutations.py",
)
