"""The report on a log, as text for a person and as JSON for a program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deployspec.chapters.logs.judge.model import Found, Reason, most_often
from deployspec.chapters.logs.judge.report import Report
from deployspec.model.verdict import Outcome

VERSION = 1
"""Of the JSON's form: src/deployspec/schemas/log-report.schema.json describes it."""
_TROUBLES = 20


def as_json(report: Report, outcome: Outcome, source: str) -> dict[str, Any]:
    """The report as a document."""
    return {"version": VERSION, "verdict": str(outcome), "source": source, **report.to_dict()}


def as_text(report: Report, outcome: Outcome, source: str) -> str:
    """The report as text that ends with a line break: no longer for a million bad lines than for one."""
    return "".join(f"{line}\n" for line in _lines(report, outcome, source))


def _lines(report: Report, outcome: Outcome, source: str) -> Iterator[str]:
    document = report.to_dict()
    yield f"{source}: {outcome}"
    yield f"  lines   {report.lines:,} read, {report.valid:,} valid, {report.invalid:,} invalid ({_size(report.size)})"
    if report.levels:
        counts = ", ".join(f"{level} {count:,}" for level, count in report.levels.items())
        yield f"  levels  {counts}"
    if report.newest is not None:
        yield f"  time    {document['oldest']} to {document['newest']}"
    if report.unfinished:
        yield f"  and {report.unfinished} last line{'s that are' if report.unfinished > 1 else ' that is'} still being written, not judged"
    for trouble in report.troubles[:_TROUBLES]:
        where = f"{trouble.file}:{trouble.line}" if trouble.line else trouble.file
        yield f"  not read: {where}: {trouble.reason}"
    if len(report.troubles) > _TROUBLES:
        yield f"  … and {len(report.troubles) - _TROUBLES} more that could not be read"
    yield from _table(most_often(report.found))
    yield from _table(most_often(report.unread), "not read: ")


def _table(found: list[tuple[Reason, Found]], before: str = "") -> Iterator[str]:
    if not found:
        return
    rows = [(f"{one.count:,}", before + reason.check, reason.place, reason.what) for reason, one in found]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for (_, one), (count, check, place, what) in zip(found, rows, strict=True):
        yield ""
        yield f"{count:>{widths[0]}}  {check:{widths[1]}}  {place:{widths[2]}}  {what}"
        for first in one.places:
            yield f"    {first}"
            yield f"        {first.excerpt}"


def _size(size: int) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000 or unit == "MB":
            break
        size /= 1000  # type: ignore[assignment]
    return f"{size:,.1f} {unit}" if unit != "bytes" else f"{size} bytes"
