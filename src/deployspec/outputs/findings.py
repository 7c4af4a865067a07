"""What is to be shown beside the files of a repository: for annotations, and reports on code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import NamedTuple

from deployspec.base.shown import cut
from deployspec.model.entry import Entry
from deployspec.model.verdict import Outcome
from deployspec.outputs.troubles import troubles_of
from deployspec.record.record import Run

_LONGEST = 1000
_PLACE = re.compile(r"(?P<file>[^\s:;][^:;\n]*):(?P<line>[1-9]\d{0,8})(?::(?P<column>[1-9]\d{0,8}))?: ")

Located = Callable[[str], str | None]
"""The path of a file as it is in the repository; None for one that is not there."""


class Gravity(IntEnum):
    """How grave a finding is; the gravest first."""

    REFUSED = 0
    """No check could begin."""
    BREACHED = 1
    UNMEASURED = 2
    RUN = 3
    """The run as a whole was not what it was to be, or an acceptance is to be removed."""
    ACCEPTED = 4
    """It fails nothing."""


class Finding(NamedTuple):
    """One thing that a person is to see, on one line."""

    gravity: Gravity
    id: str
    """The check's, or what stands for it."""
    message: str
    file: str = ""
    """From the repository's root; empty where it is about no file of the repository."""
    line: int = 1
    column: int = 0
    """0 where it is not known."""


def findings_of(run: Run, refused: str, located: Located) -> list[Finding]:
    """Those of a run, the gravest first, each in the order of the specification or of its file.

    ``refused`` says why no check could begin: a problem on each line, with its place where it has one.
    """
    return sorted(_found(run, refused, located), key=lambda finding: finding.gravity)


def _found(run: Run, refused: str, located: Located) -> Iterator[Finding]:
    for line in refused.splitlines():
        yield _placed(Finding(Gravity.REFUSED, "run", line), located)
    for entry in run.ordered():
        if entry.fails or entry.accepted:
            yield _placed(Finding(_gravity(entry), entry.id, _message(entry)), located)
    for trouble in () if refused else troubles_of(run):
        yield Finding(Gravity.RUN, "run", trouble)


def _gravity(entry: Entry) -> Gravity:
    if not entry.fails:
        return Gravity.ACCEPTED
    if entry.met_again:
        return Gravity.RUN
    return Gravity.BREACHED if entry.verdict == Outcome.BREACHED else Gravity.UNMEASURED


def _message(entry: Entry) -> str:
    return entry.finding if entry.accepted is None else f"{entry.reason} ({entry.accepted.in_words()})"


def _placed(finding: Finding, located: Located) -> Finding:
    """A finding whose message begins with a place, as those on rules, schemas, objectives and deployment files do, at
    that place."""
    match = _PLACE.match(finding.message)
    file = located(match["file"]) if match else None
    if match is None or file is None:
        return finding._replace(message=cut(finding.message, _LONGEST))
    return finding._replace(
        message=cut(finding.message[match.end() :], _LONGEST),
        file=file,
        line=int(match["line"]),
        column=int(match["column"] or 0),
    )
