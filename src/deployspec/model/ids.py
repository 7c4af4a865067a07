"""What a check is called for years: in run records, JUnit and summaries, whatever file it stands in.

An id is the chapter, the check's own name and, where it looks at several things, which one:
``health.ok-is-all-parts``, ``logs.lines-are-records[api]``. It holds no path, port or folder.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployspec.model.chapter import Chapter


def check_id(chapter: str, function: str, parameter: str = "") -> str:
    """The id of the check that the test function of this name makes; a parameter of ``-`` stands for none."""
    name = function.removeprefix("test_").replace("_", "-")
    return f"{chapter}.{name}".removeprefix(".") + ("" if parameter in ("", "-") else f"[{parameter}]")


def old_id(node: str, chapter: str, chapters: Iterable[Chapter]) -> str:
    """The id of a check that a run record of format 1 names by pytest's node id, and perhaps by its chapter."""
    function, bracket, rest = node.partition("[")
    parameter = rest.removesuffix("]") if bracket else ""
    file, _, function = function.rpartition("/")[2].partition("::")
    for known in chapters:
        own = check_id(known.name, function)
        if known.file == file and own in known.checks:
            change = known.old_parameters.get(own, str)
            return check_id(known.name, function, change(parameter))
    return check_id(chapter, function.rpartition("::")[2], parameter)
