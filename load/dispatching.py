"""Sends every request of a plan when it is due, whether or not earlier ones have been answered."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable
from urllib.parse import quote

import gevent

from deployspec.chapters.slo.load.arrivals import Arrival, arrivals
from deployspec.chapters.slo.load.plan import Plan
from deployspec.chapters.slo.load.tally import NO_ANSWER, TURNED_AWAY, RouteTally, Tally
from deployspec.load.sending import Late, NotSentError, Outcome, Sender, kept

_NANO = 1_000_000_000
_TOO_LATE = 1 * _NANO
"""An arrival that could not be dispatched for so long is left out: sent with all the others that waited, it would be a
burst that the plan does not have."""
_LATE = "late by more than 1 s"
_LAST_WAIT = 2 * _NANO
"""How long a run that is stopped waits for what is under way."""
_SWEEP = 0.01
"""Seconds between two looks for requests whose time is up, and at what the event loop has read meanwhile."""
_CROWD = 5
"""Reports, one a second, for which the largest lateness counts: requests that were held up come as a crowd, and all that
come while the deployment is still busy with it wait longer."""
LONGEST_LATENESS = 5.0
"""Seconds beyond its time limit after which a request is ended by its socket, if nothing else does."""
_COARSE = 0.0015
"""Seconds: the event loop's timers are so late at worst, since they count whole milliseconds."""
_FINE_RATE = 100.0
"""Arrivals a second of one process up to which the last millisecond is waited for by looking again and again."""
_UNANSWERED = Outcome("", "no answer", b"")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_clock = time.monotonic_ns


class _GivenUp(Late):
    """The run is over, and nobody waits for this request any longer."""


class Dispatcher:
    """One process' share of a plan: one greenlet for each request."""

    def __init__(self, plan: Plan, sender: Sender, share: int, of: int) -> None:
        self._plan = plan
        self._sender = sender
        self._share = share
        self._of = of
        # The first processes take what cannot be divided.
        self._room = plan.max_in_flight // of + (share < plan.max_in_flight % of)
        self._timeout = int(plan.timeout * _NANO)
        self._in_flight: dict[gevent.Greenlet, int] = {}
        """With the moment at which its time is up: in that order, since all have the same."""
        self._values: dict[str, str] = {}
        names = {route.name: index for index, route in enumerate(plan.routes)}
        self._makers = {
            index: [(place, names[place]) for place in places]
            for index, route in enumerate(plan.routes)
            if (places := _PLACEHOLDER.findall(route.target))
        }
        """By route: the values that its target wants, and the routes that bring them, which want none themselves."""
        self._tally = Tally.empty(plan.thresholds, len(plan.routes))
        # Of each of the last reports, and of the current one.
        self._latest = deque([0], _CROWD)
        self._lateness = 0
        """The largest lateness, in nanoseconds, that anything which is under way may suffer from."""
        self._looks = (_clock(),) * 3
        """When the event loop has looked last for what can be read, at three of its rounds."""
        self.offered = 0
        """Arrivals that were due so far, warm-up included."""

    @property
    def in_flight(self) -> int:
        """Requests that wait for their answers."""
        return len(self._in_flight)

    def taken(self) -> Tally:
        """What was counted since this was last asked."""
        taken, self._tally = self._tally, Tally.empty(self._plan.thresholds, len(self._plan.routes))
        self._latest.append(0)
        self._lateness = max(self._latest)
        return taken

    def run(self, origin: int, stopped: Callable[[], bool]) -> None:
        """Dispatch from ``origin`` (nanoseconds, monotonic) on; returns when every request has ended or run out of time.

        ``stopped`` is asked again and again whether nothing more is to be sent; then what is under way is waited for.
        """
        sweeper = gevent.spawn(self._sweep)
        fine = self._plan.rate / self._of <= _FINE_RATE
        try:
            for arrival in arrivals(self._plan, self._share, self._of):
                due = origin + arrival.at
                if not self._wait_until(due, fine, stopped):
                    break
                self.offered += 1
                self._dispatch(arrival, due)
            while self._in_flight and not stopped():
                gevent.sleep(0.01)
            # Who stops a run does not want to wait for its last requests as long as they may take.
            deadline = _clock() + _LAST_WAIT
            while self._in_flight and _clock() < deadline:
                gevent.sleep(0.01)
        finally:
            sweeper.kill()
            gevent.killall(list(self._in_flight), exception=_GivenUp)

    def _wait_until(self, due: int, fine: bool, stopped: Callable[[], bool]) -> bool:
        """Whether the moment has come, and not the end of the run instead."""
        while (left := (due - _clock()) / _NANO) > 0:
            if stopped():
                return False
            if left > _COARSE:
                gevent.sleep(min(left - _COARSE, 0.2) if fine else min(left, 0.2))
            else:
                gevent.sleep(0 if fine else left)
        return not stopped()

    def _dispatch(self, arrival: Arrival, due: int) -> None:
        unsent = self._counted(arrival, arrival.route, is_kept=not arrival.is_fresh)
        late_by = _clock() - due
        self._note(late_by)
        if late_by > _TOO_LATE:
            if arrival.bin < 0:
                self._tally.warm_up[_LATE] += 1
            else:
                for tally in unsent:
                    tally.add_undispatched(arrival.bin, _LATE)
        elif len(self._in_flight) >= self._room:
            if arrival.bin < 0:
                self._tally.warm_up[TURNED_AWAY] += 1
            else:
                # Where it is we who are late, we have made the crowd ourselves.
                self._tally.lateness[late_by // 1000] += 1
                for tally in unsent:
                    tally.add_turned_away(arrival.bin)
        else:
            greenlet = gevent.Greenlet(self._request, arrival, due)
            greenlet.sent = greenlet.is_reused = None
            greenlet.is_fresh = arrival.is_fresh
            self._in_flight[greenlet] = due + self._timeout
            greenlet.start()
            # Requests that are due while we are late would all be started before the first is sent.
            gevent.sleep(0)

    def _request(self, arrival: Arrival, due: int) -> None:
        greenlet = gevent.getcurrent()
        greenlet.sent = began = _clock()
        self._note(began - due)
        index, target = self._resolved(arrival.route)
        route = self._plan.routes[index]
        why, given_up = "", False
        outcome = _UNANSWERED
        try:
            outcome = self._sender.send(route, target)
        except _GivenUp:
            given_up = True
        except Late:
            pass
        except NotSentError as error:
            why = str(error)
        except Exception as error:  # noqa: BLE001 - a Sender of somebody's own: no request may be lost uncounted
            why = f"{type(error).__name__} in the generator's own code"
        finally:
            elapsed = _clock() - due
            waited = self._waited(greenlet.sent, due)
            self._in_flight.pop(greenlet, None)
        # That of now: the one that was counted with when the request began may have been taken meanwhile.
        tallies = self._counted(arrival, index, is_kept=greenlet.is_reused)
        # Its time may have run out between two looks of the sweeper.
        late = elapsed > self._timeout or outcome is _UNANSWERED
        error = f"{NO_ANSWER} {self._plan.timeout:g} s" if late else outcome.error
        # What came too late for its time limit may have come so by our lateness; and so may a connection's idle end.
        excused = waited < self._timeout if late else outcome.is_idle_end
        if arrival.bin < 0:
            self._tally.warm_up[why or error or "ok"] += 1
        elif why:
            for tally in tallies:
                tally.add_undispatched(arrival.bin, why)
        elif given_up:
            for tally in tallies:
                tally.add_unfinished(arrival.bin, elapsed, waited)
        else:
            self._tally.lateness[(began - due) // 1000] += 1
            for tally in tallies:
                tally.add_request(
                    arrival.bin,
                    elapsed,
                    outcome.status,
                    error,
                    given_up=late,
                    waited=waited,
                    excused=excused,
                )
        if route.keep is not None and not (why or error):
            value = kept(outcome.body, route.keep)
            if value is not None:
                self._values[route.name] = quote(value, safe="")

    def _counted(self, arrival: Arrival, index: int, *, is_kept: bool | None) -> list[RouteTally]:
        """Where it is counted: with its route, and with those on new connections if it went on one, or was to.

        ``is_kept`` is None where it is not known: a Sender of somebody's own need not say.
        """
        tallies = [self._tally.routes[index]]
        if is_kept is False:
            tallies.append((self._tally.chosen if arrival.is_fresh else self._tally.needed)[index])
        return tallies

    def _note(self, late_by: int) -> None:
        if late_by > self._lateness:
            self._lateness = late_by
        if late_by > self._latest[-1]:
            self._latest[-1] = late_by

    def _waited(self, sent: int, due: int) -> int:
        """For how long a request has waited for the deployment at the very least, if it ends now.

        From its sending, or later where requests may have come as a crowd because they were late: in a queue, none is
        held up for longer by that than the latest of them was late. To three looks ago: what could be read then would
        have been read, since between two looks the event loop asks anew, and hands out all it is told in that round.
        """
        return max(0, self._looks[0] - max(sent, due + self._lateness))

    def _resolved(self, index: int) -> tuple[int, str]:
        """The route to send, and its target: where a value is not there yet, the request that brings it goes first."""
        target = self._plan.routes[index].target
        wanted = self._makers.get(index)
        if wanted is None:
            return index, target
        for name, maker in wanted:
            if name not in self._values:
                return maker, self._plan.routes[maker].target
        return index, _PLACEHOLDER.sub(lambda match: self._values[match[1]], target)

    def _sweep(self) -> None:
        while True:
            gevent.sleep(_SWEEP)
            now = _clock()
            self._looks = (*self._looks[1:], now)
            for greenlet, deadline in self._in_flight.items():
                if deadline > now:
                    break
                # One that is ended before it begins would never be counted; and none is ended for our own lateness.
                if greenlet.sent and self._waited(greenlet.sent, deadline - self._timeout) >= self._timeout:
                    greenlet.kill(Late, block=False)
