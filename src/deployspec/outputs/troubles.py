"""What is wrong with a run as a whole, whatever the verdicts are that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deployspec.record.record import Run


def troubles_of(run: Run) -> Iterator[str]:
    """A line for each way in which the run as a whole was not what it was to be."""
    of = f" of {run.deployment}" if run.deployment else ""
    if run.cut_short:
        yield f"incomplete: {run.cut_short}"
    elif not run.entries:
        yield f"nothing was measured: no check{of} was selected{_because(run)}"
    elif run.asked_nothing:
        yield f"no check asked {run.deployment} anything, so nothing of it was measured"
    yield from run.problems
    for marker in run.empty_markers:
        yield f"{selected_by(run, marker, 'no checks')}{_because(run, marker)}, so {marker} was not measured"


def selected_by(run: Run, marker: str, what: str) -> str:
    """The beginning of a sentence on a marker that selected nothing; a chapter that was not named was asked for by
    ``gate``."""
    named = re.findall(r"[^\s()|&]+", run.markers)
    if marker in named or "gate" not in named:
        return f"-m {marker} selected {what}"
    return f"-m gate, of which {marker} is a chapter, selected {what} of it"


def _because(run: Run, chapter: str = "") -> str:
    """What the file would have to describe; for a chapter, what that one's checks need."""
    own = f"{chapter}." if chapter else ""
    needed = sorted({part for check, part in run.not_described.items() if check.startswith(own)})
    return f" (needs {', '.join(needed[:3])}{' …' if len(needed) > 3 else ''})" if needed else ""
