"""Brings a run to all sinks at once: tries again, keeps what did not arrive, and counts what is lost.

What is known of a sink is a file of its own, which is replaced as a whole. Only the thread that asks for the delivery
writes these files; those that send may be left behind, where a sink never answers.
"""

from __future__ import annotations

import contextlib
import json
import queue
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from deployspec.base.bounded import content_of
from deployspec.base.disclosure import redact
from deployspec.base.durable import replace_durably, set_aside
from deployspec.sinks.sending import NotSent, Report, Sender

if TYPE_CHECKING:
    from deployspec.record.record import Run
    from deployspec.sinks.sending import Begins

_FORMAT = "deployspec.sink/1"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0
"""Seconds between two attempts: they double, and a quarter more or less is left to chance, so that many don't come at once."""
_SHORTEST_ATTEMPT = 1.0
"""Seconds. With less, an attempt would most likely tell only that its time ran out, in place of what the last one was told."""
_MOST_KEPT = 100
"""Runs that are listed as pending, superseded or lost; of more, the oldest are only counted."""
_MOST_REASON = 500
"""Characters of a reason."""
_LARGEST = 8 * 1024 * 1024
"""Bytes of a sink's file. What a sink remembers beyond them it forgets."""
_LISTS = ("pending", "superseded_runs", "lost_runs")
_MARGIN = 0.2
"""Seconds beyond the deadline for what comes in at the last moment."""


class Outcome(NamedTuple):
    """What became of a run at one sink."""

    name: str
    ok: bool
    reason: str = ""
    """Why it did not arrive; one line."""
    trouble: str = ""
    """What is wrong with the sink's file; one line, empty where nothing is."""
    remark: str = ""
    """What the sink has to say of a run that arrived; empty where it has nothing."""


class Known(NamedTuple):
    """What is known of a sink from one run to the next."""

    failures: int = 0
    """Runs that did not arrive at once."""
    superseded: int = 0
    """Of these, those that a newer run made needless."""
    lost: int = 0
    """Of these, those that the sink refused for good."""
    pending: tuple[Mapping[str, str], ...] = ()
    """Those that nothing has made needless yet: id, start and reason of each, the newest last."""
    superseded_runs: tuple[Mapping[str, str], ...] = ()
    """The same of the last ones that are superseded."""
    lost_runs: tuple[Mapping[str, str], ...] = ()
    """The same of the last ones that are lost."""
    last: Mapping[str, str] | None = None
    """Id and start of the last run that arrived."""
    memory: Any = None
    """What the sink itself wants to remember."""


class Delivery:
    """Sinks, by their names, and the folder of their files. Of ``others`` only the failures are told."""

    def __init__(self, senders: Mapping[str, Sender], folder: Path, others: Iterable[str] = ()) -> None:
        self._senders = senders
        self._folder = folder
        self._known: dict[str, Known] = {}
        self._troubles: dict[str, str] = {}
        self._beginning: dict[str, threading.Thread] = {}
        self._is_over = threading.Event()
        for name in senders:
            self._known[name], self._troubles[name] = self._read(name)
        self._others = {name: self._read(name, mend=False)[0].failures for name in others}

    def begin(self, report: Report) -> None:
        """Tell the sinks that want to know it that a run begins. It waits for none of them; that one is not told is found out
        at the run's end.
        """
        for name, sender in self._senders.items():
            if hasattr(sender, "begin"):
                self._beginning[name] = threading.Thread(
                    target=_begun, args=(sender, report, self._is_over), name=f"begin {name}", daemon=True
                )
                self._beginning[name].start()

    def failures(self) -> dict[str, int]:
        """By sink, how many runs have not arrived at once, in all."""
        return self._others | {name: known.failures for name, known in self._known.items()}

    def known(self, name: str) -> Known:
        """What is known of a sink."""
        return self._known[name]

    def send(self, report: Report) -> Iterator[Outcome]:
        """Send a finished run everywhere; an outcome each, as they come in, and all of them soon after the deadline."""
        self._is_over.set()
        results: queue.SimpleQueue[tuple[str, Any, NotSent | None]] = queue.SimpleQueue()
        for name, sender in self._senders.items():
            arguments = (name, sender, report, self._known[name].memory, self._beginning.get(name), results)
            threading.Thread(target=_sent, args=arguments, name=f"send {name}", daemon=True).start()
        waiting = dict.fromkeys(self._senders)
        while waiting:
            left = report.deadline + _MARGIN - time.monotonic()
            try:
                name, memory, failed = results.get(timeout=max(0.0, left))
            except queue.Empty:
                for name in waiting:
                    late = NotSent("it did not end within the time limit of the probe")
                    yield self._noted(name, report, None, late)
                return
            del waiting[name]
            yield self._noted(name, report, memory, failed)

    def _noted(self, name: str, report: Report, memory: Any, failed: NotSent | None) -> Outcome:
        """Keep what became of a run at a sink."""
        reason = " ".join(redact(str(failed.reason)).split())[:_MOST_REASON] if failed else ""
        self._known[name] = _after(self._known[name], report.run, memory, failed, reason)
        trouble = "; ".join(filter(None, (self._troubles[name], self._keep(name))))
        remark = "" if failed else str(getattr(self._senders[name], "remark", ""))
        return Outcome(name, failed is None, reason, trouble, remark)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _read(self, name: str, *, mend: bool = True) -> tuple[Known, str]:
        """What is known of a sink, and a line on what is wrong with its file, which is set aside with ``mend`` alone."""
        path = self._path(name)
        try:
            said = json.loads(content_of(path, 2 * _LARGEST))
        except FileNotFoundError:
            return Known(), ""
        except OSError as error:
            return Known(), f"{path}: {error.strerror or error}; nothing is known of earlier pushes"
        except (ValueError, RecursionError):
            said = None
        known = _known_of(said)
        if known is not None:
            return known, ""
        aside = set_aside(path) if mend else None
        where = f"it is {aside.name} now" if aside else "it will be replaced"
        return Known(), f"{path}: found a damaged file, and nothing is known of earlier pushes; {where}"

    def _keep(self, name: str) -> str:
        """Write a sink's file; returns what is wrong, or an empty text."""
        path, known = self._path(name), self._known[name]
        trouble = ""
        try:
            if len(json.dumps(known.memory)) > _LARGEST:
                known = self._known[name] = known._replace(memory=None)
                trouble = f"it wanted to remember more than {_LARGEST} bytes, and remembers nothing"
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_durably(path, {"format": _FORMAT, **known._asdict()})
        except OSError as error:
            return f"{path}: {error.strerror}; what became of this push is not kept"
        return trouble


def _after(known: Known, run: Run, memory: Any, failed: NotSent | None, reason: str) -> Known:
    """What is known of a sink once this run has arrived, or has failed to."""
    this = {"id": run.id, "started": run.started}
    others = tuple(one for one in known.pending if one["id"] != run.id)
    if failed is None:
        older = tuple(one for one in others if one["started"] <= run.started)
        newer = tuple(one for one in others if one["started"] > run.started)
        return _superseding(known._replace(pending=newer, last=this, memory=memory), older)
    known = known._replace(failures=known.failures + 1)
    if failed.memory is not None:
        known = known._replace(memory=failed.memory)
    this["reason"] = reason
    if failed.final:
        lost = (*known.lost_runs, this)[-_MOST_KEPT:]
        return known._replace(pending=others, lost=known.lost + 1, lost_runs=lost)
    pending = (*others, this)
    return _superseding(known._replace(pending=pending[-_MOST_KEPT:]), pending[:-_MOST_KEPT])


def _superseding(known: Known, runs: tuple[Mapping[str, str], ...]) -> Known:
    """The same, with these runs made needless, too."""
    gone = (*known.superseded_runs, *runs)[-_MOST_KEPT:]
    return known._replace(superseded=known.superseded + len(runs), superseded_runs=gone)


def _begun(sender: Begins, report: Report, is_over: threading.Event) -> None:
    """Tell a sink that a run begins, until it is over."""
    # What a sink from outside raises is found out at the end of the run, and counted then.
    with contextlib.suppress(Exception):
        for pause in _pauses():
            try:
                sender.begin(report)
            except NotSent as failed:
                if not is_over.wait(_wait(failed, pause, report.deadline)):
                    continue
            return


def _sent(
    name: str,
    sender: Sender,
    report: Report,
    memory: Any,
    beginning: threading.Thread | None,
    results: queue.SimpleQueue[tuple[str, Any, NotSent | None]],
) -> None:
    """Send to one sink, until it is sent, is refused for good, or another attempt would come too late."""
    try:
        if beginning is not None:
            # A sink that hears of the end before the beginning would take the run for a new one.
            beginning.join(max(0.0, report.deadline - time.monotonic()) / 2)
        for pause in _pauses():
            try:
                results.put((name, _kept(sender.send(report, _kept(memory))), None))
            except NotSent as failed:
                failed.memory = _kept(failed.memory)
                if failed.memory is not None:
                    memory = failed.memory
                time.sleep(_wait(failed, pause, report.deadline))
            else:
                return
    except NotSent as failed:
        failed.memory = memory
        results.put((name, None, failed))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a sink may come from outside, and takes no other with it
        said = f"an error of the sink's own: {type(error).__name__}: {error}"
        results.put((name, None, NotSent(said, final=True)))


def _kept(memory: Any) -> Any:
    """What a sink remembers, as it will be read again: a copy, so that nothing that is left behind changes it."""
    return json.loads(json.dumps(memory))


def until_sent(attempt: Callable[[], None], deadline: float) -> None:
    """Make an attempt until one succeeds. Raises the :class:`NotSent` of one that is final, or after which another would have
    less than a second to ``deadline`` (``time.monotonic()``)."""
    for pause in _pauses():
        try:
            attempt()
        except NotSent as failed:
            time.sleep(_wait(failed, pause, deadline))
        else:
            return


def _pauses() -> Iterator[float]:
    """The seconds between attempts, without an end."""
    pause = _FIRST_PAUSE
    while True:
        yield pause * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
        pause = min(2 * pause, _LONGEST_PAUSE)


def _wait(failed: NotSent, pause: float, deadline: float) -> float:
    """The seconds to the next attempt: no fewer than the receiver asks for. Raises ``failed`` where there will be none."""
    wait = max(pause, failed.after or 0.0)
    if failed.final or time.monotonic() + wait + _SHORTEST_ATTEMPT >= deadline:
        raise failed
    return wait


def _known_of(said: Any) -> Known | None:
    """What a sink's file says; None where it is damaged."""
    try:
        if said["format"] != _FORMAT:
            return None
        pending, superseded_runs, lost_runs = (tuple(map(_run, said[name])) for name in _LISTS)
        failures, superseded, lost = (int(said[name]) for name in ("failures", "superseded", "lost"))
        last = said["last"] and _run(said["last"])
        return Known(
            failures, superseded, lost, pending, superseded_runs, lost_runs, last or None, said["memory"]
        )
    except (AttributeError, LookupError, TypeError, ValueError, OverflowError):
        return None


def _run(said: Any) -> Mapping[str, str]:
    """A run as a sink's file has it. Raises what :func:`_known_of` takes for damage."""
    if not {"id", "started"} <= said.keys() or not all(isinstance(text, str) for text in said.values()):
        raise ValueError
    return dict(said)
