"""A rollout: which version do all who answer for the deployment say, and who does not say it yet?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from deployspec.base.duration import format_duration
from deployspec.base.shown import counted, one_line, seconds, value
from deployspec.chapters.health.judge.reading import (
    CannotJudgeError,
    document_of,
    judge,
    named,
    own_answer,
    text,
    without_see,
)
from deployspec.chapters.health.model import HealthPromise
from deployspec.model.http import Call
from deployspec.model.verdict import Verdict, met, unmeasured

_ROOM = 3
"""Of how many the last words are shown; the others are counted."""


class Saying(NamedTuple):
    """What one of them said last."""

    version: str | None
    why: str = ""
    """Why it said no version."""

    @property
    def told(self) -> str:
        """In words, after its name."""
        return f": {self.why}" if self.version is None else f" says {value(self.version)}"


def saying(call: Call, promise: HealthPromise, *, of_another_path: bool = False) -> Saying:
    """What an answer says of the version, which ``promise`` places in it. Another path than the health endpoint's has to
    answer with status 200."""
    try:
        status = own_answer(call, promise).status
        if of_another_path and status != 200:
            return Saying(None, f"status {status} of {one_line(promise.path, 60)}")
        return Saying(text(document_of(call, promise), named(promise.fields.version, "version").at))
    except CannotJudgeError as error:
        return Saying(None, without_see(str(error)))


def missing(sayings: Mapping[str, Saying], wanted: str) -> dict[str, Saying]:
    """Those that do not say the version that is wanted."""
    return {name: one for name, one in sayings.items() if one.version != wanted}


def progress(sayings: Mapping[str, Saying], wanted: str, passed: float, within: float) -> str:
    """How far it has got, on one line."""
    others = missing(sayings, wanted)
    count = f"{len(sayings) - len(others)} of {counted(len(sayings), 'replica')}"
    spent = f"{int(passed)} s of {format_duration(within)}"
    return f"waiting for version {one_line(wanted, 40)}: {count}, {spent} ({_told(others)})"


@judge
def version_arrived(
    sayings: Mapping[str, Saying], wanted: str, passed: float, within: float, trouble: str = ""
) -> Verdict:
    """All of them say the version in one round, within the time.

    ``sayings`` are those of the last round, by name; ``trouble`` says why there was none. A version that has not arrived
    is UNMEASURED, not BREACHED: nothing is known of the version that was to be checked.
    """
    shown, limit = value(wanted), f"{value(wanted)} within {format_duration(within)}"
    if trouble:
        return unmeasured(f"after {seconds(round(passed, 1))}: {trouble}", limit=limit)
    others = missing(sayings, wanted)
    took = seconds(round(passed, 1))
    measured = f"{len(sayings) - len(others)} of {counted(len(sayings), 'replica')} after {took}"
    if not others:
        who = "it says" if len(sayings) == 1 else f"all {len(sayings)} replicas say"
        if passed > within:
            only, limit_text = seconds(passed, within), format_duration(within)
            return unmeasured(f"{who} {shown} only after {only}, expected within {limit_text}", limit=limit)
        return met(f"{who} {shown} after {took}", measured=measured, limit=limit)
    if list(sayings) == [""]:
        return unmeasured(f"after {took}, it does not say {shown}: it{sayings[''].told}", limit=limit)
    do = "does" if len(others) == 1 else "do"
    count = f"{len(others)} of {counted(len(sayings), 'replica')}"
    return unmeasured(f"after {took}, {count} {do} not say {shown}: {_told(others)}", limit=limit)


def _told(others: Mapping[str, Saying]) -> str:
    texts = [f"{name or 'it'}{one.told}" for name, one in list(others.items())[:_ROOM]]
    more = [f"{len(others) - _ROOM} more"] if len(others) > _ROOM else []
    return "; ".join(texts + more)
