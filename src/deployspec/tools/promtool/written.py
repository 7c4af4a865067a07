"""Rule files as promtool is given them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from deployspec.languages.promtool.prepared import rules_documents
from deployspec.languages.rule_files.model import RuleFile
from deployspec.tools.promtool.workspace import Workspace


def rule_paths(rule_files: Sequence[RuleFile], to: Workspace | Path) -> list[str]:
    """The paths of rule files, of which those that promtool cannot read are written anew to a folder. Raises OSError."""
    paths = []
    for file in rule_files:
        if as_it_is(file):
            paths.append(str(Path(file.path).absolute()))
            continue
        for number, document in enumerate(rules_documents(file)):
            if isinstance(to, Workspace):
                paths.append(to.write(file.path, document))
            else:
                path = to / f"{len(paths):02d}-{number}-{Path(file.path).name}"
                path.write_text(document, encoding="utf-8")
                paths.append(str(path))
    return paths


def as_it_is(file: RuleFile) -> bool:
    """Whether promtool is given the file itself: it can read it, or nobody can, and then promtool says why."""
    return file.plain or (bool(file.problems) and not file.groups)
