"""The summary that a person reads at the end of a run."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import NamedTuple

from deployspec.base.shown import printable
from deployspec.model.entry import Entry
from deployspec.model.verdict import Outcome
from deployspec.outputs.comparison import told
from deployspec.outputs.troubles import selected_by
from deployspec.record.record import Run

_MOST_ROWS = 8
"""A check with more parameters than these has one row for all that are MET."""
_MOST_LEFT_OUT = 4
"""A check that is not selected with more parameters than these has one line for all of them."""
_GAP = "  "
_GIVE_WAY = ((0, 20), (3, 8), (2, 12))
"""The columns that become narrower on a narrow terminal, in turn, each with its least width: what was measured is last."""
_COLOURS = {"MET": "green", "BREACHED": "red", "UNMEASURED": "yellow", "MET again": "red"}


class Line(NamedTuple):
    """A line of the summary, with the colour of its verdict ("" for none)."""

    text: str
    colour: str = ""


def summary(run: Run, width: int | None, more: Iterable[str] = ()) -> list[Line]:
    """The table (check, verdict, measured, limit), what was not selected, and the count.

    In ``width`` columns; None: as wide as it is, for a pipe has no edge.

    ``more`` are lines that chapters add below the table.
    """
    lines = [*_table(run, width), *map(Line, more)]
    if run.added.get("comparison"):
        lines += [Line(""), *(Line(*one) for one in told(run.added["comparison"]))]
    if run.not_described:
        lines.append(Line(""))
        because = f", because {run.deployment} does not describe or allow it" if run.deployment else ""
        lines.append(Line(f"not selected{because}:"))
        lines += _left_out(run.not_described)
    asking = f" that ask {run.deployment}" if run.deployment else ""
    lines += _accepted(run)
    lines += [
        Line(
            f"{selected_by(run, marker, 'no checks')}{asking}, so {marker} was not measured",
            "yellow",
        )
        for marker in run.empty_markers
    ]
    if run.cut_short:
        lines.append(Line(f"cut short: {run.cut_short}; what did not run is unmeasured", "yellow"))
    lines += [Line(problem, "red") for problem in run.problems]
    lines.append(Line(""))
    lines += verdict_lines(run)
    # A terminal obeys what a deployment may send.
    return [line._replace(text=printable(line.text)) for line in lines]


def _accepted(run: Run) -> list[Line]:
    """What the team lives with, for how long, and what is no longer so."""
    lines = [Line(f"{entry.id}: {entry.met_again}", "red") for entry in run.ordered() if entry.met_again]
    lines += [
        Line(f"{entry.id} is {entry.verdict}, {entry.accepted.in_words(run.started[:10])}", "yellow")
        for entry in run.ordered()
        if entry.accepted is not None
    ]
    return [Line(""), *lines] if lines else []


def verdict_lines(run: Run) -> list[Line]:
    """The whole run: a line for what was asked of the deployment, and one for what was read in files alone."""
    unsound = bool(run.empty_markers or run.cut_short or run.problems)
    if not run.deployment:
        return [_counted("", run, None, unsound=unsound)]
    about = f"{run.deployment} ({run.base_url}): " if run.base_url else f"{run.deployment}: "
    lines = []
    if run.asked_nothing:
        lines.append(Line(f"{about}nothing was asked of it, so nothing is known about it", "yellow"))
    else:
        lines.append(_counted(about, run, True, unsound=unsound))
    if any(not entry.asks for entry in run.entries.values()):
        lines.append(_counted("from files alone: ", run, False, unsound=unsound))
    return lines


def _counted(about: str, run: Run, asking: bool | None, *, unsound: bool) -> Line:
    counts = run.counts(asking=asking)
    failing = {
        entry.verdict
        for entry in run.entries.values()
        if entry.fails and (asking is None or entry.asks == asking)
    }
    words = ", ".join(f"{counts[word]} {word}" for word in _COLOURS if counts.get(word)) or "no check ran"
    words += f" ({counts['accepted']} accepted)" if counts["accepted"] else ""
    flaky = f" ({counts['flaky']} flaky)" if counts["flaky"] else ""
    colour = "green"
    if failing - {"UNMEASURED"}:
        colour = "red"
    elif failing or counts["accepted"] or not counts["MET"] or unsound or flaky:
        colour = "yellow"
    return Line(about + words + flaky, colour)


def _left_out(not_described: Mapping[str, str]) -> list[Line]:
    """One line for each check and what it needs; more than a few parameters of a check share theirs."""
    together: dict[tuple[str, str], list[str]] = {}
    for check, part in not_described.items():
        part = re.sub(r"allow\.(\w+)", r"allow: [\1]", part)
        together.setdefault((check.partition("[")[0], part), []).append(check)
    lines = []
    for (check, part), all_of_it in together.items():
        if len(all_of_it) > _MOST_LEFT_OUT:
            lines.append(Line(f"  {check}, {len(all_of_it)} times (needs {part})"))
        else:
            lines += [Line(f"  {one} (needs {part})") for one in all_of_it]
    return lines


def _rows(run: Run) -> list[tuple[str, str, str, str]]:
    """One row for each check; the MET ones of a check that has many parameters share a row."""
    ordered = run.ordered()
    many = Counter(map(_check, ordered))
    held = Counter(_check(entry) for entry in ordered if _held(entry) and "[" in entry.id)
    rows: dict[str, tuple[str, str, str, str]] = {}
    for entry in ordered:
        check = _check(entry)
        if many[check] > _MOST_ROWS and _held(entry):
            rows[check] = (check, entry.verdict, f"{held[check]} of {many[check]}", "all")
        else:
            rows[entry.check] = (entry.id, _word(entry), entry.measured or "-", entry.limit or "-")
    # What a person has to act on stands first.
    return sorted(rows.values(), key=lambda row: row[1].rstrip("~") == Outcome.MET)


def _check(entry: Entry) -> str:
    return entry.id.partition("[")[0]


def _held(entry: Entry) -> bool:
    return entry.verdict == Outcome.MET and not entry.flaky and not entry.fails


def _word(entry: Entry) -> str:
    """The verdict, and what qualifies it."""
    accepted = ", accepted" if entry.accepted else " again" if entry.met_again else ""
    return entry.verdict + ("~" if entry.flaky else "") + accepted


def _table(run: Run, width: int | None) -> list[Line]:
    rows = _rows(run)
    if not rows:
        return []
    head = ("check", "verdict", "measured", "limit")
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(4)]
    over = 0 if width is None else sum(widths) + 3 * len(_GAP) - width
    for column, least in _GIVE_WAY:
        given = max(0, min(over, widths[column] - least))
        widths[column] -= given
        over -= given
    lines = []
    for row in [head, *rows]:
        verdict = row[1].partition("~")[0].partition(",")[0]
        # What is as promised takes one line, but for what was measured; what is not is told whole.
        fold = _fold if verdict in ("BREACHED", "UNMEASURED") else _cut
        name, word, measured, limit = row
        cells = [fold(name, widths[0]), [word], _fold(measured, widths[2]), fold(limit, widths[3])]
        colour = _COLOURS.get(verdict, "") if row[1] == verdict else "yellow"
        for parts in zip_longest(*cells, fillvalue=""):
            text = _GAP.join(part.ljust(size) for part, size in zip(parts, widths, strict=True)).rstrip()
            lines.append(Line(text, colour))
    return lines


def _cut(text: str, size: int) -> list[str]:
    return [text if len(text) <= size else text[: size - 1] + "…"]


def _fold(text: str, size: int) -> list[str]:
    return textwrap.wrap(text, size) or [""]
