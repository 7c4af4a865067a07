"""What reviews keep of a run record: a row, and what each check found, without evidence. Pure.

Tens of thousands of records are read for it, so no ``Entry`` is made of their checks.
"""

from __future__ import annotations

import array
import contextlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from deployspec.base.moments import seconds_of
from deployspec.model.chapter import Chapter, imported
from deployspec.model.entry import Accepted
from deployspec.model.verdict import Outcome, Proportion
from deployspec.record.history import ACCEPTED, DEFECT, FLAKY, MET_AGAIN, VERDICTS, Known, Row
from deployspec.record.record import FORMAT, Run

_NUMBERS = {verdict.value: number for number, verdict in enumerate(VERDICTS)}
_FLAGS = (("flaky", FLAKY), ("accepted", ACCEPTED), ("defect", DEFECT), ("met_again", MET_AGAIN))
_FLAGGED = tuple(name for name, _ in _FLAGS)
_MOST_SETS = 100
"""Sets of checks that are kept at hand."""
_OURS = frozenset(Run(started="").document())


@dataclass(frozen=True)
class Wanted:
    """What is kept beside what every run has: it depends on the chapters there are."""

    states_version: frozenset[str] = frozenset()
    """The ids of the checks that measure the deployment's own version."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """By the key of what a chapter adds to records: ``module:name`` of the function that makes it smaller."""
    known: dict[tuple[tuple[str, str, str], ...], tuple[Known, ...]] = field(default_factory=dict, repr=False)
    """The checks of runs, each set of them once: nearly all runs make the same."""

    @classmethod
    def by(cls, chapters: Iterable[Chapter]) -> Wanted:
        """What these chapters want."""
        known = tuple(chapters)
        return cls(
            frozenset(chapter.states_version for chapter in known) - {""},
            {key: name for chapter in known for key, name in chapter.digests.items()},
        )

    @property
    def signature(self) -> str:
        """Digests that were made by another one are made anew."""
        return json.dumps([sorted(self.states_version), sorted(self.digests.items())])


class Digest(NamedTuple):
    """What is kept of one run."""

    row: Row
    checks: tuple[Known, ...]
    """Those that it made, each once."""
    verdicts: bytes
    """A number for each of them, as in ``History.verdicts``."""
    flags: bytes
    durations: bytes
    """Seconds, as 32 bit floats."""
    shares: Sequence[tuple[int, Proportion]] = ()
    """With the place in ``checks``, as in the others."""
    accepted: Mapping[int, Accepted] = {}
    added: Mapping[str, Any] = {}


def digest(document: Mapping[str, Any], path: Path, wanted: Wanted) -> Digest:
    """What is kept of a run record, of today's format. Raises ValueError where it is damaged, as ``Run.from_document`` does."""
    try:
        return _digest(document, path, wanted)
    except (LookupError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"it is a damaged run record: {type(error).__name__}: {error}") from None


def _digest(document: Mapping[str, Any], path: Path, wanted: Wanted) -> Digest:
    if document["format"] != FORMAT:
        raise ValueError("it is not a run record of this format")
    pieces, checks = document["evidence"], document["checks"]
    for check in checks:
        for one in check["evidence"]:
            pieces[one["ref"]]
    counts = _counts(checks)
    named = tuple([(check["id"], check["chapter"], check["promise"]) for check in checks])
    if len({name for name, _, _ in named}) < len(named):
        # The last word on a check counts.
        checks = list({check["id"]: check for check in checks}.values())
        named = tuple([(check["id"], check["chapter"], check["promise"]) for check in checks])
    known = wanted.known.get(named)
    if known is None:
        if len(wanted.known) == _MOST_SETS:
            wanted.known.clear()
        known = wanted.known[named] = tuple(Known(*names) for names in named)
    flags = [
        sum(bit for name, bit in _FLAGS if check.get(name)) if any(map(check.get, _FLAGGED)) else 0
        for check in checks
    ]
    versions = (
        check.get("measured", "")
        for check in checks
        if check["id"] in wanted.states_version and check["verdict"] == Outcome.MET
    )
    added = {key: value for key, value in document.items() if key not in _OURS}
    return Digest(
        _row(document, path, counts, tuple(sorted(added)), next(versions, "")),
        known,
        bytes([_NUMBERS[check["verdict"]] for check in checks]),
        bytes(flags),
        array.array("f", [check.get("duration", 0.0) for check in checks]).tobytes(),
        [
            (place, Proportion(**share))
            for place, check in enumerate(checks)
            if (share := check.get("proportion")) is not None
        ],
        {
            place: Accepted(**accepted)
            for place, check in enumerate(checks)
            if (accepted := check.get("accepted")) is not None
        },
        _digests(added, wanted),
    )


def _digests(added: Mapping[str, Any], wanted: Wanted) -> dict[str, Any]:
    """What chapters keep of their additions. Of one that they do not know (of an older format, say) nothing is: the record is no
    damaged one for it."""
    kept = {}
    for key in added.keys() & wanted.digests.keys():
        if added[key] is not None:
            with contextlib.suppress(LookupError, TypeError, AttributeError, ValueError):
                kept[key] = _made(wanted.digests[key])(added[key])
    return dict(sorted(kept.items()))


def _made(name: str) -> Callable[[Any], Any]:
    function: Callable[[Any], Any] = imported(name)
    return function


def _row(
    document: Mapping[str, Any], path: Path, counts: dict[str, int], added: tuple[str, ...], deployed: str
) -> Row:
    return Row(
        path=path,
        id=document.get("id", ""),
        deployment=document.get("deployment", ""),
        kind=document.get("kind", "check"),
        location=document.get("location", ""),
        started=seconds_of(document["started"]) or 0.0,
        finished=seconds_of(document.get("finished", "")),
        exit_status=document.get("exit_status"),
        cut_short=document.get("cut_short", ""),
        maintenance=document.get("maintenance", ""),
        interval=document.get("interval"),
        version=document["versions"].get("deployspec", ""),
        counts=counts,
        base_url=document.get("base_url", ""),
        markers=document.get("markers", ""),
        added=added,
        deployed=deployed,
    )


def _counts(checks: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """As ``Run.counts`` gives them. By the check itself: the last word on it counts."""
    if len({check["check"] for check in checks}) < len(checks):
        checks = list({check["check"]: check for check in checks}.values())
    verdicts = [check["verdict"] for check in checks]
    counts = {verdict.value: verdicts.count(verdict.value) for verdict in Outcome}
    accepted = sum(check.get("accepted") is not None for check in checks)
    return counts | {"flaky": sum(bool(check.get("flaky")) for check in checks), "accepted": accepted}
