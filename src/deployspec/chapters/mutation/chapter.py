"""The chapter mutation introduces itself."""

from deployspec.model.chapter import Chapter

CHAPTER = Chapter(
    name="mutation",
    sentence="no mutant of an alert rule survives its unit tests (our own choice).",
    checks=("mutation.mutants-are-killed", "mutation.equivalent-mutants-are-current"),
    plugins=("deployspec.chapters.mutation.fixtures",),
    old_file="test_alert_mutations.py",
)
