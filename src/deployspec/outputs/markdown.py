"""A run as Markdown, such as GitHub shows beside a step: failures first, and never more than there is room for.

Whatever was measured stands in code, inline or in blocks, and is one text there: nothing else keeps HTML, links, mentions,
references and formulas from being made of it, for some of these are looked for in what Markdown has become.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from deployspec.base.shown import counted, percentage
from deployspec.model.entry import Accepted, Entry
from deployspec.model.verdict import Outcome, Proportion
from deployspec.outputs.comparison import told
from deployspec.outputs.marked import block, cell, code, head, row
from deployspec.outputs.troubles import troubles_of
from deployspec.record.record import Run

ROOM = 1024 * 1024
"""Bytes that all summaries of a step may have together: GitHub drops them as a whole where they have more."""
_LONGEST_COMMAND = 8000
"""Characters of a command, which nobody could repeat in part."""
_FOR_THE_END = 400
"""Bytes that are kept free for what is said of that which is left out."""


class _Section(NamedTuple):
    head: str
    items: list[str]
    what: str
    """What the items are, where some are left out."""


def summary(run: Run, refused: str = "", room: int = ROOM) -> str:
    """The run in at most ``room`` bytes of UTF-8; what there is no room for is counted. What is MET gives way first.

    ``refused`` says why no check could begin; empty where they did.
    """
    text = f"{_head(run, refused)}\n"
    left = room - len(text.encode()) - _FOR_THE_END
    missing: list[str] = []
    for section in _sections(run):
        lines: list[str] = []
        for item in section.items if not missing else ():
            piece = item if lines else f"\n{section.head}\n{item}"
            size = len(piece.encode()) + 1
            if size > left:
                break
            left -= size
            lines.append(piece)
        text += "".join(f"{line}\n" for line in lines)
        if len(lines) < len(section.items):
            missing.append(f"{len(section.items) - len(lines)} {section.what}")
    if missing:
        text += f"\n**There is no room here for all of it.** Left out: {', '.join(missing)}.\n"
    return text


def _head(run: Run, refused: str) -> str:
    fail = [entry.verdict for entry in run.entries.values() if entry.fails]
    troubles = [refused] if refused else list(troubles_of(run))
    verdict = Outcome.MET.value
    if Outcome.BREACHED in fail:
        verdict = Outcome.BREACHED.value
    elif Outcome.UNMEASURED in fail or troubles:
        verdict = Outcome.UNMEASURED.value
    elif fail:
        verdict = "MET again, but still accepted"
    lines = [f"## deployspec: {verdict}", "", _counts(run)]
    if troubles:
        lines.append("")
    lines += [f"- {code(line)}" for text in troubles for line in text.splitlines()[:20]]
    return "\n".join(lines)


def _counts(run: Run) -> str:
    counts = run.counts()
    said = [f"{counts[verdict.value]} {verdict.value}" for verdict in (Outcome.BREACHED, Outcome.UNMEASURED, Outcome.MET) if counts[verdict.value]]  # fmt: skip
    accepted = sum(entry.accepted is not None for entry in run.entries.values())
    more = [f"{number} {word}" for number, word in ((accepted, "accepted"), (counts["flaky"], "flaky")) if number]  # fmt: skip
    about = code(run.deployment) if run.deployment else "files alone"
    about += f" ({code(run.base_url)})" if run.base_url else ""
    text = f"{about}: {', '.join(said) or 'no check ran'}"
    text += f" ({', '.join(more)})" if more else ""
    text += f", with {code(f'-m {run.markers}')}" if run.markers else ""
    return text + (f", in the maintenance window {code(run.maintenance)}" if run.maintenance else "")


def _sections(run: Run) -> Iterator[_Section]:
    """What gives way last comes first."""
    entries = run.ordered()
    for verdict in (Outcome.BREACHED, Outcome.UNMEASURED):
        items = [_failure(entry) for entry in entries if entry.fails and entry.verdict == verdict]
        yield _Section(f"### {verdict.value}", items, verdict.value)
    again = [_failure(entry) for entry in entries if entry.met_again]
    yield _Section("### MET again, but still accepted", again, "MET again")
    if comparison := run.added.get("comparison"):
        first, *changes = (code(line.strip()) for line, _ in told(comparison))
        yield _Section("### Since the baseline", [f"\n{first}\n", *(f"- {line}" for line in changes)], "lines on the baseline")  # fmt: skip
    shares = [_share(entry, entry.proportion) for entry in entries if entry.proportion]
    yield _table("Objectives", ("check", "counted by", "good", "95% interval", "target", "verdict"), shares, "objectives")  # fmt: skip
    accepted = [_accepted(entry, entry.accepted, run) for entry in entries if entry.accepted]
    yield _table("Accepted", ("check", "verdict", "reason", "until", "accepted by", "because"), accepted, "accepted")  # fmt: skip
    needs = [(cell(check), cell(part)) for check, part in run.not_described.items()]
    yield _table("Not selected, because the deployment file does not describe or allow it", ("check", "needs"), needs, "not selected")  # fmt: skip
    met = [
        (cell(entry.id), cell(entry.measured), cell(entry.limit), "flaky" if entry.flaky else "")
        for entry in entries
        if entry.verdict == Outcome.MET and not entry.fails
    ]
    yield _table("MET", ("check", "measured", "limit", ""), met, "MET")


def _failure(entry: Entry) -> str:
    lines = ["", f"#### {code(entry.id)}", ""]
    parts = (
        ("found", entry.finding),
        ("measured", entry.measured),
        ("limit", entry.limit),
        ("promise", entry.promise),
        ("check", entry.source),
    )
    lines += [f"- {label}: {code(text)}" for label, text in parts if text]
    if len(entry.reproduce) > _LONGEST_COMMAND:
        lines.append("- reproduce: the command is too long for this page; the run record has it")
    elif entry.reproduce:
        lines += ["", block(entry.reproduce, "sh")]
    return "\n".join(lines)


def _share(entry: Entry, share: Proportion) -> tuple[str, ...]:
    good = f"{percentage(share.good / share.total, share.target)} of {share.total:,.0f}"
    counted_by = {"load": "a load run", "window": "Prometheus"}.get(share.counted_by, "")
    interval = share.interval or "all were counted"
    target = f"{share.target * 100:.10g}%"
    return cell(entry.id), counted_by, cell(good), cell(interval), cell(target), entry.verdict


def _accepted(entry: Entry, accepted: Accepted, run: Run) -> tuple[str, ...]:
    until = f"{accepted.until}{_days_left(accepted.until, run.started)}"
    return cell(entry.id), entry.verdict, cell(entry.reason), cell(until), cell(accepted.owner), cell(accepted.reason)  # fmt: skip


def _days_left(until: str, at: str) -> str:
    """From the day of the run to the last one of an acceptance, which is included."""
    try:
        left = (datetime.date.fromisoformat(until) - datetime.date.fromisoformat(at[:10])).days
    except ValueError:
        return ""
    return f" ({counted(left, 'day')} left)" if left >= 0 else " (expired)"


def _table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], what: str) -> _Section:
    begin = f"### {title}\n\n{head(columns)}"
    return _Section(begin, [row(cells) for cells in rows], what)
