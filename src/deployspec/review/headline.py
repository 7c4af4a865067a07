"""The verdict of a week, its sentence, and what changed, from all sections. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from deployspec.base.shown import counted, cut, lasting
from deployspec.model.review import Change, Section, Tone, Week
from deployspec.review.words import some

_MOST = 160
"""Characters of what was BREACHED, or is not known: its section says the rest."""
_ORDER = (Tone.BAD, Tone.UNKNOWN, Tone.GOOD, Tone.PLAIN, Tone.MUTED)


class Headline(NamedTuple):
    """What stands at the head of the page."""

    verdict: str
    sentence: str
    changes: tuple[Change, ...]


def headline(week: Week, sections: Iterable[Section], runs: int, checks: int, accepted: int) -> Headline:
    """BREACHED where anything was not as promised, and that was not accepted; else UNMEASURED where anything is not known;
    else MET. However short it was: the sentence says how long.

    ``runs`` and ``checks`` are how many count in the week, ``accepted`` of how many checks a verdict was accepted.
    """
    sections = tuple(sections)
    breached = [cut(text, _MOST) for section in sections for text in section.breached]
    unknown = [cut(text, _MOST) for section in sections for text in section.unmeasured]
    changes = [change for section in sections for change in section.changes]
    of = f"{counted(checks, 'check', ',')} in {counted(runs, 'run', ',')}, {lasting(week.span.seconds)}"
    if accepted:
        of += f"; {counted(accepted, 'check', ',')} accepted"
    if breached:
        sentence = f"BREACHED: {some(breached)}. {'Not known: ' + some(unknown) + '.' if unknown else 'All else is known.'}"
    elif unknown:
        sentence = f"UNMEASURED: no breach is known. Not known: {some(unknown)}."
    else:
        kept = "kept, or its breach accepted" if accepted else "kept"
        sentence = f"MET: every promise was {kept}, all the time outside maintenance."
    return Headline(
        "BREACHED" if breached else "UNMEASURED" if unknown else "MET",
        f"{sentence} ({of}.)",
        tuple(sorted(changes, key=lambda change: _ORDER.index(change.tone))),
    )
