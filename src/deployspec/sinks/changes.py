"""What has changed since a sink was last told: each change of a check's verdict once. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from deployspec.base.disclosure import redact
from deployspec.base.shown import cut, printable
from deployspec.model.entry import Entry
from deployspec.model.metrics import check_label
from deployspec.model.verdict import Outcome
from deployspec.record.record import Run
from deployspec.sinks.sending import NotSent, Report

FORMAT = "deployspec.changes/1"
MOST_KEPT = 1000
"""Changes that wait for a receiver which cannot be reached."""
MOST_REFUSED = 50
"""The same for one that refuses them: it may do so because they are too many."""
LONGEST = {"promise": 300, "reason": 600, "measured": 200, "limit": 200, "reproduce": 1000}
"""Characters of a change's texts."""
GONE = "the check is gone: the run had no such check any more"
_WORST = (Outcome.MET, Outcome.UNMEASURED, Outcome.BREACHED)


class Change(NamedTuple):
    """A check's verdict that is not the one before. ``changes.schema.json`` says what the texts are."""

    run: str
    time: str
    check: str
    promise: str
    verdict: str | None
    """None: the check is gone."""
    before: str | None
    """None: nothing was told of it before."""
    reason: str
    measured: str = ""
    limit: str = ""
    reproduce: str = ""


class Seen(NamedTuple):
    """A check, as a sink remembers it."""

    told: str | None = None
    """The verdict that was told last, or need not be told; None where there is none."""
    verdict: str = ""
    """That of the newest run."""
    runs: int = 0
    """How many runs in a row had it."""
    markers: str = ""
    """The ``-m`` expression of the newest run that had the check: a run of another one says nothing of its absence."""


class News(NamedTuple):
    """What a sink remembers."""

    run: str = ""
    """The id of the newest run that was compared."""
    seen: Mapping[str, Seen] = {}
    untold: tuple[Change, ...] = ()
    """In the order of the runs."""
    dropped: int = 0
    """Changes that were never told, for there were too many."""

    def memory(self) -> Any:
        """The same as JSON."""
        return {
            "run": self.run,
            "seen": {check: list(seen) for check, seen in self.seen.items()},
            "untold": [change._asdict() for change in self.untold],
            "dropped": self.dropped,
        }

    def at_most(self, most: int) -> News:
        """The same with no more changes than ``most``: the oldest go. What is not MET then is told by the next run."""
        lost, kept = self.untold[: max(0, len(self.untold) - most)], self.untold[-most:]
        forgotten = {change.check for change in lost} - {change.check for change in kept}
        seen = {check: seen for check, seen in self.seen.items() if check not in forgotten}
        return self._replace(seen=seen, untold=kept, dropped=self.dropped + len(lost))


def tell(report: Report, memory: Any, after: int, post: Callable[[News], object]) -> Any:
    """Have ``post`` tell what is new, all at once; the memory of it. In a maintenance window nothing is told, nor is
    anything compared: after it, what still is not as it was told is told.

    Raises NotSent as ``post`` does, with what is to be told another time.
    """
    if report.run.maintenance:
        return memory
    news = compared(report.run, remembered(memory), after)
    if not news.untold:
        return news.memory()
    try:
        post(news)
    except NotSent as error:
        error.memory = news.at_most(MOST_REFUSED if error.final else MOST_KEPT).memory()
        raise
    return news._replace(untold=(), dropped=0).memory()


def remembered(memory: Any) -> News:
    """What :meth:`News.memory` gave; nothing where it is lost, or damaged in any way."""
    try:
        news = News(
            memory["run"],
            {check: Seen(*seen) for check, seen in memory["seen"].items()},
            tuple(Change(**change) for change in memory["untold"]),
            memory["dropped"],
        )
    except (LookupError, TypeError, AttributeError):
        return News()
    return news if _is_sound(news) else News()


def _is_sound(news: News) -> bool:
    """Whether all values have their types, and verdicts are such, or None where there may be none."""
    named = [*(seen._asdict() for seen in news.seen.values()), *(change._asdict() for change in news.untold)]
    return (
        isinstance(news.run, str)
        and type(news.dropped) is int
        and all(_fits(name, value) for values in named for name, value in values.items())
    )


def _fits(name: str, value: object) -> bool:
    if name in ("told", "before", "verdict"):
        return value in (None, *Outcome)
    return type(value) is int if name == "runs" else isinstance(value, str)


def compared(run: Run, news: News, after: int = 1) -> News:
    """The news with what this run changes; ``after`` is how many runs in a row a verdict must have had.

    A run that was compared already changes nothing: another attempt to send it tells nothing twice.
    """
    if run.id and run.id == news.run:
        return news
    seen, changes = dict(news.seen), list(news.untold)
    entries = _by_check(run)
    for check, entry in entries.items():
        was = seen.get(check, Seen())
        if entry.accepted is not None:
            # No news, nor is its end, but where the acceptance ends first: then it is told whatever was told before.
            seen[check] = Seen(None, entry.verdict, 0, run.markers)
            continue
        runs = was.runs + 1 if was.verdict == entry.verdict else 1
        told = was.told
        if runs >= after and told != entry.verdict:
            if told is not None or entry.verdict != Outcome.MET.value:
                changes.append(_change(run, check, entry, told))
            told = entry.verdict
        seen[check] = Seen(told, entry.verdict, runs, run.markers)
    if entries and not run.cut_short:
        for check, was in news.seen.items():
            if check not in entries and was.markers == run.markers:
                del seen[check]
                if was.told not in (None, Outcome.MET.value):
                    changes.append(Change(run.id, _time(run), check, "", None, was.told, GONE))
    return News(run.id, seen, tuple(changes), news.dropped).at_most(MOST_KEPT)


def counted(changes: tuple[Change, ...]) -> str:
    """How many checks there are of which newest verdict: ``2 BREACHED, 1 MET again``."""
    newest = {change.check: change for change in changes}
    counts = Counter(change.verdict for change in newest.values())
    words = {"BREACHED": "BREACHED", "UNMEASURED": "UNMEASURED", "MET": "MET again", None: "gone"}
    return ", ".join(f"{counts[verdict]} {word}" for verdict, word in words.items() if counts[verdict])


def _by_check(run: Run) -> dict[str, Entry]:
    """The run's checks by their ids; of checks with the same id, the one that is worst."""
    found: dict[str, Entry] = {}
    for entry in run.ordered():
        check = check_label(entry.id)
        if check not in found or _badness(entry) > _badness(found[check]):
            found[check] = entry
    return found


def _badness(entry: Entry) -> int:
    return _WORST.index(Outcome(entry.verdict))


def _change(run: Run, check: str, entry: Entry, before: str | None) -> Change:
    texts = {
        name: cut(getattr(entry, name), LONGEST[name]) for name in ("promise", "reason", "measured", "limit")
    }
    return Change(
        run=run.id,
        time=_time(run),
        check=check,
        verdict=entry.verdict,
        before=before,
        reproduce=_command(entry.reproduce),
        **texts,
    )


def _command(text: str) -> str:
    """A command to be repeated, line by line as it is."""
    text = "\n".join(map(printable, redact(text).splitlines()))
    return text if len(text) <= LONGEST["reproduce"] else text[: LONGEST["reproduce"] - 1] + "…"


def _time(run: Run) -> str:
    return run.finished or run.started
