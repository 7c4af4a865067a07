"""The one document of a file of Alertmanager's, or of ours beside it."""

from __future__ import annotations

from deployspec.base.problems import Problems
from deployspec.base.yaml_tree import Node, is_null, read_documents

LARGEST = 1024 * 1024
"""In characters: hundreds of times more than any configuration of Alertmanager."""


def compose(text: str, problems: Problems) -> Node | None:
    """The document's top node, or None with the reason in ``problems``. Never raises for the text."""
    if len(text) > LARGEST:
        problems.add(None, f"a file of {len(text)} characters", f"at most {LARGEST}")
        return None
    roots = read_documents(text, problems)
    if problems:
        return None
    if len(roots) > 1:
        problems.add(roots[1], "a second document", "one document in the file")
        return None
    if not roots or is_null(roots[0]):
        problems.add(None, "nothing (an empty file, or only comments)", "a YAML document")
        return None
    return roots[0]
