"""Causes a fault, reads the panels before and during it, and always ends it again."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from deployspec.base import shown
from deployspec.base.signals import signals_to
from deployspec.chapters.dashboards.judge.moving import Reading, Sends, is_shown
from deployspec.chapters.dashboards.measure.sending import Sender
from deployspec.chapters.dashboards.model import Item, Kind, Movement, Shown, Stays
from deployspec.chapters.dashboards.part import LONGEST_SETTLE
from deployspec.languages.grafana import Kind as What
from deployspec.languages.promql.selectors import selectors
from deployspec.languages.promql.syntax import PromqlError, parse
from deployspec.model.verdict import Outcome, Unmeasured, Verdict
from deployspec.tools.command import run

if TYPE_CHECKING:
    from deployspec.chapters.dashboards.measure.panels import Panels
    from deployspec.deployment import Deployment
    from deployspec.tools.command import CommandResult

SCRAPES = 2
"""So many scrapes are waited for beyond the longest range: one that has just been missed, and one that is late."""
_GLANCE = 0.1
Values = dict[frozenset[tuple[str, str]], float]
"""What a query shows: a number for each series, which is known by its labels."""


class Moving:
    """The panels of a deployment during one movement."""

    def __init__(
        self, deployment: Deployment, panels: Panels, items: Sequence[Item], movement: Movement
    ) -> None:
        self._panels, self._movement = panels, movement
        self._shows = [(one, item) for one in movement.shows for item in _items(items, one)]
        self._stays = [(one, item) for one in movement.stays for item in _items(items, one)]
        self._items = {item.id: item for _, item in (*self._shows, *self._stays)}
        self._ranges = {own: self._range(item) for own, item in self._items.items()}
        sent = movement.sent
        self._sender = None if sent is None else Sender(deployment, sent)
        self._times = 0 if sent is None else sent.times or 0
        self._came: list[int] = []

    @property
    def settle(self) -> float:
        """The seconds after which the panels show nothing of the time before."""
        scrapes = SCRAPES * self._panels.part.scrape_interval
        return self._movement.settle or min(LONGEST_SETTLE, max(self._ranges.values()) + scrapes)

    def verdict(self) -> Verdict:
        """Cause the fault, and say whether the panels show it. Raises Unmeasured where it could not be caused, or ended."""
        verdict: Verdict | None = None
        # A signal is noted, and raises nothing: an exception could come while a command is being started, which would
        # then go on, unknown to us, and break what has just been mended.
        with signals_to(lambda number, _: self._came.append(number)), self._sending():
            before = {own: self._values(item) for own, item in self._items.items()}
            if not self._came:
                verdict = self._broken(before)
        if verdict is None:
            raise KeyboardInterrupt
        return verdict

    def _broken(self, before: dict[str, Values]) -> Verdict | None:
        name, fault = self._movement.name, self._movement.fault
        verdict: Verdict | None = None
        injected = restored = None
        try:
            injected = run(fault.inject, fault.timeout, stop=lambda: bool(self._came))
            if injected.ok and not self._came:
                if self._sender is not None and self._times:
                    self._sender.once(self._times)
                verdict = self._watch(before)
        finally:
            # Whatever happened: what may be broken is mended, and the mending is not cut short.
            restored = run(fault.restore, fault.timeout)
        if not restored.ok:
            raise Unmeasured(
                f"{name} could not be ended, so the deployment may still be broken: {_ending(restored)}"
            )
        if verdict is None and not self._came:
            raise Unmeasured(f"{name} could not be caused: {_ending(injected)}")
        return verdict

    def _watch(self, before: dict[str, Values]) -> Verdict | None:
        """The verdict once the panels have settled; where it is not MET, they are given as long again."""
        self._wait(self.settle)
        patience = time.monotonic() + self.settle
        while not self._came:
            verdict = self._judged(before)
            if verdict.outcome is Outcome.MET or time.monotonic() > patience:
                return verdict
            self._wait(min(self._panels.part.scrape_interval, self.settle))
        return None

    def _judged(self, before: dict[str, Values]) -> Verdict:
        during = {own: self._values(item) for own, item in self._items.items()}

        def reading(item: Item) -> Reading:
            sends = self._sender.within(self._ranges[item.id]) if self._sender is not None else Sends(0, 0)
            was, now = before[item.id], during[item.id]
            both = tuple((was[labels], now[labels]) for labels in was if labels in now)
            return Reading(
                _name(item, self._items),
                max(was.values(), default=None),
                max(now.values(), default=None),
                sends,
                both,
            )

        return is_shown(
            self._movement,
            [(one, reading(item)) for one, item in self._shows],
            [(one, reading(item)) for one, item in self._stays],
        )

    @contextmanager
    def _sending(self) -> Iterator[None]:
        """Requests at the rate, from so long before the block that the panels show nothing of the time without them."""
        sent = self._movement.sent
        if self._sender is None or sent is None or sent.rate is None:
            yield
            return
        self._sender.start()
        try:
            self._wait(self.settle)
            yield
        finally:
            self._sender.stop()

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._came and (left := until - time.monotonic()) > 0:
            time.sleep(min(_GLANCE, left))

    def _values(self, item: Item) -> Values:
        """What a query shows at this moment: the number of each series, by its labels."""
        answer = self._panels.now(item)
        if answer.kind is not Kind.ANSWERED:
            raise Unmeasured(f"Prometheus does not answer {item.id}: {answer.reason}")
        return {frozenset(one.labels.items()): one.last for one in answer.curves if not math.isnan(one.last)}

    def _range(self, item: Item) -> float:
        """How far back a query looks, in seconds."""
        made = self._panels.made(item)
        if not made.is_made:
            raise Unmeasured(f"{item.id} cannot be asked; query-parses tells why")
        try:
            found = selectors(parse(made.text))
        except PromqlError:
            raise Unmeasured(f"{item.id} cannot be asked; query-parses tells why") from None
        return max((one.range or 0.0 for one in found), default=0.0)


def _items(items: Sequence[Item], wanted: Shown | Stays) -> list[Item]:
    of_panels = [item for item in items if item.query.place.kind is What.PANEL and not item.query.hidden]
    found = [
        item
        for item in of_panels
        if item.title == wanted.panel and wanted.query in (None, item.query.place.ref)
    ]
    if not found:
        which = "" if wanted.query is None else f" with a query {wanted.query}"
        near = shown.nearest(wanted.panel, {item.title for item in of_panels})
        raise Unmeasured(f'no dashboard has a panel "{wanted.panel}"{which}{near}')
    return found


def _name(item: Item, items: dict[str, Item]) -> str:
    several = sum(one.title == item.title for one in items.values()) > 1
    return f'"{item.title}"' + (f" {item.query.place.ref}" if several else "")


def _ending(done: CommandResult | None) -> str:
    """How a command ended, on one line."""
    if done is None:
        return "it was not begun"
    how = "no exit status" if done.exit_status is None else f"exit status {done.exit_status}"
    said = " ".join(done.output.split())[-300:]
    return f"{Path(done.argv[0]).name}: {how}" + (f", {said}" if said else "")
