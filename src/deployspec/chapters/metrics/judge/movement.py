"""Whether series moved by what was done, and by no more than that.

Others use a service meanwhile, so a sum may rise by more than was sent. Where it rises by exactly what was sent, in one round
of several, each request was counted once: a service that counts each of them twice never does that. Where it rises in every
round by the same multiple of what was sent, it is the service. Anything else is what others sent, and nobody can tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deployspec.base.problems import listed
from deployspec.base.shown import counted, one_line, seconds
from deployspec.languages.exposition.model import Exposition, Series, name_of
from deployspec.languages.promql.selectors import Selector
from deployspec.model.verdict import Verdict, breached, met, unmeasured

ROUNDS = 3
"""How often it is tried at most."""
_SLACK = 1e-9
_ELSEWHERE = (
    "That may be a restart, or the answer of another replica (which replicas: in the deployment file would name), and no "
    "process_start_time_seconds tells"
)


@dataclass(frozen=True)
class Sums:
    """The sums of series at one moment, by selector. One without a series has none."""

    values: Mapping[str, float]
    others: Mapping[str, float] = field(default_factory=dict)
    """By its canonical text: each series of the same metrics that no selector finds."""
    process: float | None = None
    """When the process began that has them, in seconds since 1970; None where nobody knows."""


@dataclass(frozen=True)
class Round:
    """What was sent once, and the sums before and after it."""

    sent: int
    before: Sums
    after: Sums
    waited: float
    """Seconds from the last answer to the second look."""

    def rise(self, selector: str) -> float:
        """By how much a sum has risen. A series that begins has begun at 0."""
        return self.after.values.get(selector, 0.0) - self.before.values.get(selector, 0.0)

    @property
    def moved_others(self) -> dict[str, float]:
        """Other series of these metrics, by how much they rose."""
        rises = {text: value - self.before.others.get(text, 0.0) for text, value in self.after.others.items()}
        return {text: rise for text, rise in rises.items() if rise}


def sums_on(page: Exposition, selectors: Mapping[str, Selector]) -> Sums:
    """The sums of a page's series."""
    values: dict[str, float] = {}
    others: dict[str, float] = {}
    by_name: dict[str, list[tuple[str, Selector]]] = {}
    for named, selector in selectors.items():
        by_name.setdefault(selector.name or "", []).append((named, selector))
    for text, number in page.index.items():
        own = by_name.get(name_of(text))
        if own is None:
            continue
        series: Series = page.series_of(text)
        is_found = False
        for name, selector in own:
            if selector.matches(series.name, series.labels):
                values[name] = values.get(name, 0.0) + page.values[number]
                is_found = True
        if not is_found:
            others[text.decode("utf-8", "replace")] = page.values[number]
    return Sums(values, others, page.value(b"process_start_time_seconds"))


def is_enough(one: Round, exact: Sequence[str], least: Mapping[str, float]) -> bool:
    """Whether nothing has to be waited for any more."""
    return all(one.rise(text) >= one.sent - _SLACK for text in exact) and all(
        one.rise(text) >= amount * max(1, one.sent) - _SLACK for text, amount in least.items()
    )


def is_settled(rounds: Sequence[Round], exact: Sequence[str]) -> bool:
    """Whether a further round would tell nothing more: all that should rose by exactly what was sent, or one by less."""
    last = rounds[-1]
    if not exact or any(last.rise(text) < last.sent - _SLACK for text in exact):
        return True
    return all(_is_exact(rounds, text) for text in exact) and not _twins(rounds)


def _is_exact(rounds: Sequence[Round], text: str) -> bool:
    return any(abs(one.rise(text) - one.sent) <= _SLACK for one in rounds)


def _twins(rounds: Sequence[Round]) -> list[str]:
    """Series that nobody named and that rose by what was sent, each time."""
    if not rounds[0].sent:
        return []
    return [
        text
        for text in rounds[0].moved_others
        if all(abs(one.moved_others.get(text, 0.0) - one.sent) <= _SLACK for one in rounds)
    ]


def is_counted(
    rounds: Sequence[Round], exact: Sequence[str], least: Mapping[str, float], *, what: str, within: float
) -> Verdict:
    """Each request raised the sums by exactly one, or by at least what it should."""
    last = rounds[-1]
    wanted_of = {text: float(last.sent) for text in exact}
    wanted_of |= {text: amount * max(1, last.sent) for text, amount in least.items()}
    amounts = ["by one for each request"] if exact else []
    amounts += [f"by at least {wanted_of[text]:g}" for text in least]
    limit = f"{listed(dict.fromkeys(amounts), 'and')}, within {seconds(within)}"
    for one in rounds:
        if (
            one.before.process is not None
            and one.after.process is not None
            and one.before.process != one.after.process
        ):
            return unmeasured(
                "another process answered the second scrape, so nothing can be compared", limit=limit
            )
    said = f"after {what}"
    for text, wanted in wanted_of.items():
        rise = last.rise(text)
        if rise < -_SLACK:
            reason = f"{one_line(text, 160)} fell by {-rise:g} {said}; expected {wanted:g} more"
            if last.before.process is None:
                return unmeasured(f"{reason}. {_ELSEWHERE}", measured=f"by {rise:g}", limit=limit)
            return breached(reason, measured=f"by {rise:g}", limit=limit)
    for text in exact:
        rise = last.rise(text)
        shown = one_line(text, 160)
        if rise < last.sent - _SLACK:
            instead = _instead(last)
            reason = f"{shown} rose by {rise:g} {said}; expected {last.sent:g}{_absent(last, text)}{instead}"
            return breached(reason, measured=f"by {rise:g}", limit=limit)
    for text, amount in least.items():
        rise = last.rise(text)
        wanted = amount * max(1, last.sent)
        if rise < wanted - _SLACK:
            reason = f"{one_line(text, 160)} rose by {rise:.6g} {said}; expected at least {wanted:g}{_absent(last, text)}"
            return breached(reason, measured=f"by {rise:.6g}", limit=limit)
    for text in exact:
        if _is_exact(rounds, text):
            continue
        rises = [one.rise(text) for one in rounds]
        all_rises = ", ".join(f"{rise:g} for {one.sent}" for rise, one in zip(rises, rounds, strict=True))
        ratios = {rise / one.sent for rise, one in zip(rises, rounds, strict=True)}
        if len(ratios) == 1 and len(rounds) > 1:
            ratio = ratios.pop()
            reason = (
                f"{one_line(text, 160)} rose by {ratio:g} for each request ({all_rises}), in {len(rounds)} rounds alike; "
                "expected 1: others would not send the same multiple each time"
            )
            return breached(reason, measured=f"{ratio:g} a request", limit=limit)
        return unmeasured(
            f"{one_line(text, 160)} rose by more than was sent ({all_rises}): others send such requests, too (scrapes, perhaps); "
            "describe one that nobody else sends",
            measured=all_rises,
            limit=limit,
        )
    if exact and len(rounds) > 1 and (twins := _twins(rounds)):
        reason = (
            f"{one_line(twins[0], 160)} rose by as much as was sent, too, in each of {len(rounds)} rounds; "
            f"expected {one_line(exact[0], 120)} alone to rise"
        )
        return breached(reason, limit=limit)
    moved: dict[str, str] = {}
    for text in exact:
        sent = next(one.sent for one in reversed(rounds) if abs(one.rise(text) - one.sent) <= _SLACK)
        moved[text] = f"by {sent} for {counted(sent, 'request')}"
    moved |= {text: f"by {last.rise(text):.6g}" for text in least}
    theirs = len(last.moved_others)
    more = f"; {theirs} other series of these metrics moved by what others sent" if theirs else ""
    parts = listed([f"{one_line(text, 120)} {rise}" for text, rise in moved.items()], "and")
    return met(
        f"{said} rose {parts}{more}", measured=listed(dict.fromkeys(moved.values()), "and"), limit=limit
    )


def _absent(last: Round, text: str) -> str:
    return "" if text in last.after.values else " (it has no such series)"


def _instead(last: Round) -> str:
    """What rose by as much, though nobody named it."""
    found = [text for text, rise in last.moved_others.items() if abs(rise - last.sent) <= _SLACK]
    return f"; {one_line(found[0], 160)} rose by {last.sent} instead" if found else ""


@dataclass(frozen=True)
class Lowered:
    """The sums around a fault."""

    before: Sums
    during: Sums
    after: Sums


def is_lowered(found: Lowered, selectors: Sequence[str], *, what: str, within: float) -> Verdict:
    """Each sum was lower while the fault lasted, and is back at what it was."""
    limit = f"lower within {seconds(within)}, and back within {seconds(within)}"
    for text in selectors:
        shown = one_line(text, 160)
        before = found.before.values.get(text)
        if before is None:
            return unmeasured(f"there is no {shown} before {what}, so nothing can fall", limit=limit)
        if before == 0:
            return unmeasured(f"{shown} is 0 before {what}, so nothing can fall", limit=limit)
        during, after = found.during.values.get(text), found.after.values.get(text)
        if during is not None and during >= before:
            reason = f"{shown} was {during:g} during {what}, and {before:g} before; expected less"
            return breached(reason, measured=f"{during:g}", limit=limit)
        if after is None or after < before:
            now = "gone" if after is None else f"{after:g}"
            reason = f"{shown} was {before:g} before {what}, and is {now} after it; expected {before:g} again"
            return breached(reason, measured=now, limit=limit)
    falls = [
        f"from {found.before.values[text]:g} to {_or_none(found.during.values.get(text))}"
        for text in selectors
    ]
    shown = listed(
        [f"{one_line(text, 120)} {fall}" for text, fall in zip(selectors, falls, strict=True)], "and"
    )
    return met(f"during {what} fell {shown}, and came back", measured=listed(falls, "and"), limit=limit)


def _or_none(value: float | None) -> str:
    return "no series" if value is None else f"{value:g}"
