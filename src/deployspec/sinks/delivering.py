"""Brings a run to all sinks at once: tries again, keeps what did not arrive, and counts what is lost.

What is known of a sink is a file of its own, which is replaced as a whole. Only the thread that asks for the delivery
writes these files; those that send may be left behind, where a sink never answers.
"""

from __future__ import annotations

import json
import queue
import random
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from deployspec.base.disclosure import redact
from deployspec.base.durable import replace_durably, set_aside
from deployspec.sinks.sending import NotSent, Report, Sender

_FORMAT = "deployspec.sink/1"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0
"""Seconds between two attempts: they double, and a quarter more or less is left to chance, so that many don't come at once."""
_MOST_KEPT = 100
"""Runs that are listed as pending, or as lost; of more, the oldest are only counted."""
_LARGEST = 8 * 1024 * 1024
"""Bytes of a sink's file. What a sink remembers beyond them it forgets."""
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
    refused: tuple[Mapping[str, str], ...] = ()
    """The same of the last ones that are lost."""
    last: Mapping[str, str] | None = None
    """Id and start of the last run that arrived."""
    memory: Any = None
    """What the sink itself wants to remember."""


class Delivery:
    """Sinks, by their names, and the folder of their files."""

    def __init__(self, senders: Mapping[str, Sender], folder: Path) -> None:
        self._senders = senders
        self._folder = folder
        self._known: dict[str, Known] = {}
        self._troubles: dict[str, str] = {}
        self._beginning: list[threading.Thread] = []
        for name in senders:
            self._known[name], self._troubles[name] = self._read(name)

    def begin(self, report: Report) -> None:
        """Tell the sinks that want to know it that a run begins. It waits for none; one that fails is told nothing else."""
        for name, sender in self._senders.items():
            if hasattr(sender, "begin"):
                thread = threading.Thread(
                    target=_begun, args=(sender, report), name=f"begin {name}", daemon=True
                )
                thread.start()
                self._beginning.append(thread)

    def failures(self) -> dict[str, int]:
        """By sink, how many runs have not arrived at once, in all."""
        return {name: known.failures for name, known in self._known.items()}

    def known(self, name: str) -> Known:
        """What is known of a sink."""
        return self._known[name]

    def send(self, report: Report) -> Iterator[Outcome]:
        """Send a finished run everywhere; an outcome each, as they come in, and all of them soon after the deadline."""
        for thread in self._beginning:
            # A sink that hears of the end before the beginning would take the run for a new one.
            thread.join(max(0.0, report.deadline - time.monotonic()) / 2)
        results: queue.SimpleQueue[tuple[str, Any, NotSent | None]] = queue.SimpleQueue()
        for name, sender in self._senders.items():
            arguments = (name, sender, report, self._known[name].memory, results)
            threading.Thread(target=_sent, args=arguments, name=f"send {name}", daemon=True).start()
        waiting = dict.fromkeys(self._senders)
        while waiting:
            left = report.deadline + _MARGIN - time.monotonic()
            try:
                name, memory, failed = results.get(timeout=max(0.0, left))
            except queue.Empty:
                for name in waiting:
                    late = NotSent("it took no answer for one within the time limit of the probe")
                    yield self._noted(name, report, None, late)
                return
            del waiting[name]
            yield self._noted(name, report, memory, failed)

    def _noted(self, name: str, report: Report, memory: Any, failed: NotSent | None) -> Outcome:
        """Keep what became of a run at a sink."""
        known = self._known[name]
        run = {"id": report.run.id, "started": report.run.started}
        if failed is None:
            older = [one for one in known.pending if one["id"] != run["id"]]
            known = known._replace(
                superseded=known.superseded + len(older), pending=(), last=run, memory=memory
            )
        else:
            if failed.memory is not None:
                known = known._replace(memory=failed.memory)
            this = {**run, "reason": redact(failed.reason)}
            known = known._replace(failures=known.failures + 1)
            if failed.final:
                known = known._replace(lost=known.lost + 1, refused=(*known.refused, this)[-_MOST_KEPT:])
            else:
                pending = (*known.pending, this)
                more = max(0, len(pending) - _MOST_KEPT)
                known = known._replace(superseded=known.superseded + more, pending=pending[more:])
        self._known[name] = known
        trouble = "; ".join(filter(None, (self._troubles[name], self._keep(name))))
        return Outcome(name, failed is None, failed.reason if failed else "", trouble)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _read(self, name: str) -> tuple[Known, str]:
        """What is known of a sink, and a line on what is wrong with its file."""
        path = self._path(name)
        try:
            said = json.loads(path.read_bytes())
        except FileNotFoundError:
            return Known(), ""
        except OSError as error:
            return Known(), f"{path}: {error.strerror}; nothing is known of earlier pushes"
        except ValueError:
            said = None
        known = _known_of(said)
        if known is not None:
            return known, ""
        aside = set_aside(path)
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


def _begun(sender: Any, report: Report) -> None:
    try:
        _again_and_again(lambda: sender.begin(report), report)
    except NotSent:
        # The end of the run will find out, and count it.
        return


def _sent(name: str, sender: Sender, report: Report, memory: Any, results: queue.SimpleQueue[Any]) -> None:
    try:
        kept = _again_and_again(lambda: sender.send(report, memory), report)
        json.dumps(kept)
    except NotSent as failed:
        results.put((name, None, failed))
    except Exception as error:  # noqa: BLE001 - a sink may come from outside, and takes no other with it
        said = f"an error of the sink's own: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
        results.put((name, None, NotSent(redact(said), final=True)))
    else:
        results.put((name, kept, None))


def _again_and_again(send: Any, report: Report) -> Any:
    """Try until it is sent, is refused for good, or another attempt would come too late."""
    pause = _FIRST_PAUSE
    while True:
        try:
            return send()
        except NotSent as failed:
            wait = pause * random.uniform(0.75, 1.25) if failed.after is None else failed.after  # noqa: S311 - no secret
            if failed.final or time.monotonic() + wait >= report.deadline:
                raise
            time.sleep(wait)
            pause = min(2 * pause, _LONGEST_PAUSE)


def _known_of(said: Any) -> Known | None:
    """What a sink's file says; None where it is damaged."""
    try:
        if said["format"] != _FORMAT:
            return None
        pending, refused = tuple(said["pending"]), tuple(said["refused"])
        if not all(isinstance(one["id"], str) for one in (*pending, *refused)):
            return None
        failures, superseded, lost = (int(said[name]) for name in ("failures", "superseded", "lost"))
        return Known(failures, superseded, lost, pending, refused, said["last"], said["memory"])
    except (LookupError, TypeError, ValueError):
        return None
