"""What is found of each replica, or endpoint, as one verdict that names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from deployspec.chapters.health.judge.reading import judge
from deployspec.model.verdict import Outcome, Verdict, unmeasured

_ROOM = 3
"""How many of them, or of what was measured, are shown; the others are counted."""


@judge
def of_each(verdicts: Mapping[str, Verdict], kind: str = "replica") -> Verdict:
    """The verdicts of several as one: a breach of one is a breach, and names it; what could not be measured of one is not
    met. The verdict of one that has no name is given as it is."""
    if not verdicts:
        return unmeasured(f"no {kind} was asked")
    if list(verdicts) == [""]:
        return verdicts[""]
    total = f"{len(verdicts)} {kind}{'' if len(verdicts) == 1 else 's'}"
    found = worst_of(verdicts)
    first = next(iter(found.values()))
    if first.outcome is Outcome.MET:
        seen = list(dict.fromkeys(one.measured for one in found.values() if one.measured))
        which = f"{total}" if len(seen) < 2 else f"{next(iter(found))}, the first of {total}"
        limits = list(dict.fromkeys(one.limit for one in found.values() if one.limit))
        return replace(
            first, reason=f"{first.reason} ({which})", measured=_several(seen), limit=_several(limits)
        )
    shown = list(found)[:_ROOM]
    if len({one.reason for one in found.values()}) == 1:
        who = f"all {total}" if len(found) == len(verdicts) > 1 else _names(list(found), total)
        return replace(first, reason=f"{who}: {first.reason}")
    texts = [f"{name}: {found[name].reason}" for name in shown]
    more = f" (and {len(found) - _ROOM} more)" if len(found) > _ROOM else ""
    count = f"{len(found)} of {total}"
    measured = "; ".join(f"{name}: {found[name].measured}" for name in shown if found[name].measured)
    return replace(first, reason=f"{count}: {'; '.join(texts)}{more}", measured=measured)


def worst_of(verdicts: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """Those verdicts that decide: the breaches, or else what could not be measured, or else all."""
    for outcome in (Outcome.BREACHED, Outcome.UNMEASURED):
        found = {name: one for name, one in verdicts.items() if one.outcome is outcome}
        if found:
            return found
    return dict(verdicts)


def _several(texts: list[str]) -> str:
    more = f" and {len(texts) - _ROOM} more" if len(texts) > _ROOM else ""
    return "; ".join(texts[:_ROOM]) + more


def _names(names: list[str], total: str) -> str:
    """``10.0.0.2 (1 of 3 replicas)``."""
    more = f" and {len(names) - _ROOM} more" if len(names) > _ROOM else ""
    return f"{', '.join(names[:_ROOM])}{more} ({len(names)} of {total})"
