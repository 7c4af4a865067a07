"""Which checks of a run are flaky by what the store has of the runs before."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from deployspec.base.errors import UsageError
from deployspec.model.chapter import Chapter
from deployspec.model.verdict import Outcome
from deployspec.record.record import Run
from deployspec.record.store import Store, read

LAST = 20
"""Runs of a check that are looked at, this one included."""
LEAST_CHANGES = 2
"""From MET to BREACHED or back. One is a check that broke, or was repaired."""
_MOST_READ = 60
"""Records: others than those of the last runs of each check may lie between them."""
_MOST_BYTES = 100_000_000
"""Of all of them together. To read so much takes some four seconds."""


def earlier(run: Run, store: Store, chapters: Iterable[Chapter]) -> Iterator[Run]:
    """The runs of the same deployment before this one, the newest first, as far back as is looked. Damaged records tell
    nothing. Raises OSError where the store cannot be used."""
    room, known = _MOST_BYTES, tuple(chapters)
    for kept in itertools.islice(store.runs(run.deployment), _MOST_READ):
        if kept.id == run.id:
            continue
        try:
            room -= kept.path.stat().st_size
            if room < 0:
                return
            yield read(kept.path, known)
        except (FileNotFoundError, UsageError):
            continue


def changes(run: Run, before: Iterable[Run]) -> dict[str, int]:
    """By id, how often a check of the run went from MET to BREACHED or back in its last runs; only those that did so at
    least twice.

    ``before`` are the runs before, the newest first. Of them those count which the same version of deployspec made outside
    of a maintenance window. A run in which a check was UNMEASURED is one of its last, and no change.
    """
    verdicts = {entry.id: [entry.verdict] for entry in run.entries.values()}
    short = set(verdicts)
    for one in before:
        if not short:
            break
        if one.maintenance or one.versions.get("deployspec") != run.versions.get("deployspec"):
            continue
        for entry in one.entries.values():
            if entry.id in short:
                verdicts[entry.id].append(entry.verdict)
                if len(verdicts[entry.id]) == LAST:
                    short.discard(entry.id)
    counted = {check: _changes(seen) for check, seen in verdicts.items()}
    return {check: count for check, count in counted.items() if count >= LEAST_CHANGES}


def _changes(verdicts: Iterable[str]) -> int:
    told = [one for one in verdicts if one != Outcome.UNMEASURED]
    return sum(one != other for one, other in itertools.pairwise(told))
