"""Reviews as Markdown, for a chat or a wiki, and one in short as a message for Slack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from deployspec.base.shown import counted, cut
from deployspec.model.review import Cell, Figure, Review, Section, Table, Tone
from deployspec.outputs.marked import code, head, row, said
from deployspec.outputs.mrkdwn import MOST_TEXT, escaped
from deployspec.outputs.review import words

_MOST_CELL = 400
"""Characters of a cell."""
_MOST_QUERY = 4000
_MOST_NUMBERS = 31
"""Rows of a figure's numbers that Markdown has: a month by day."""
_MOST_LINES = 10
"""Of a message."""
_MOST_LINE = 2000


def markdown(reviews: Sequence[Review]) -> str:
    """All of them, each under a heading of its own; whatever came from a deployment is a text there."""
    lines: list[str] = []
    if len(reviews) != 1:
        lines += [f"# {len(reviews)} deployments", "", head(("Deployment", "Verdict", "In short", "Changes"))]
        lines += [
            row((_cell(Cell(one.week.deployment)), _cell(Cell(one.verdict)), _cell(Cell(one.sentence)), str(len(one.changes))))
            for one in reviews
        ]  # fmt: skip
        lines.append("")
    for review in reviews:
        lines += _review(review)
    return "\n".join(lines).rstrip() + "\n"


def _review(review: Review) -> Iterator[str]:
    sources = words.cited(review)
    yield from (f"# {said(review.week.deployment)}: {said(review.verdict)}", "", said(review.sentence), "")
    yield from (said(words.period(review.week)), "", "## What changed", "")
    yield from ([f"- {_toned(change.tone)}{said(change.text)}" for change in review.changes] or ["Nothing."])
    yield ""
    if windows := words.left_out(review.week):
        yield from (
            "**Maintenance**, left out of every figure:",
            "",
            *(f"- {said(one)}" for one in windows),
            "",
        )
    sections = list(review.sections)
    if sources and not any(section.key == words.MADE for section in sections):
        sections.append(Section(words.MADE, "How it was made"))
    for section in sections:
        yield from _section(section, sources)
        if section.key == words.MADE and sources:
            yield from _sources(review, sources)
    yield from (f"Made {said(words.at(review.made.timestamp(), review.week.zone))}.", "")


def _section(section: Section, sources: Mapping[str, words.Cited]) -> Iterator[str]:
    yield from (f"## {said(section.title)}", "")
    for what, names in (("BREACHED", section.breached), ("Not known", section.unmeasured)):
        if names:
            yield from (f"**{what}**", "", *(f"- {said(name)}" for name in names), "")
    for part in section.parts:
        if isinstance(part, Table):
            yield from _table(part, sources)
        elif isinstance(part, Figure):
            yield from _figure(part, sources)
        else:
            for line in part.splitlines():
                if line.strip():
                    yield from (said(line), "")
    if section.advice:
        yield from ("**Worth a thought**", "", *(f"- {said(text)}" for text in section.advice), "")


def _table(table: Table, sources: Mapping[str, words.Cited]) -> Iterator[str]:
    yield from (f"### {said(table.title)}{_cite(table.source, sources)}", "")
    if table.rows:
        yield head(tuple(_cell(Cell(words.heading(column.name))) for column in table.columns))
        yield from (row(tuple(_cell(one, sources) for one in cells)) for cells in table.rows)
    else:
        yield said(table.none)
    yield ""
    if table.note and table.rows:
        yield from (said(table.note), "")


def _figure(figure: Figure, sources: Mapping[str, words.Cited]) -> Iterator[str]:
    yield from (f"### {said(figure.chart.title)}{_cite(figure.source, sources)}", "", said(figure.says), "")
    names, *rows = figure.chart.rows()
    if 0 < len(rows) <= _MOST_NUMBERS:
        yield head(tuple(_cell(Cell(name)) for name in names))
        yield from (row(tuple(_cell(Cell(one)) for one in cells)) for cells in rows)
        yield ""
    elif rows:
        yield from (f"The page has its {counted(len(rows), 'number', ',')}.", "")


def _sources(review: Review, sources: Mapping[str, words.Cited]) -> Iterator[str]:
    yield from (
        "### Where the numbers come from",
        "",
        head(("Source", "What", "Query or run", "Record", "Asked of")),
    )
    for number, source in sources.values():
        when = words.at(source.at, review.week.zone) if source.at is not None else ""
        asked = code(source.query or source.run, _MOST_QUERY).replace("|", "\\|")
        yield row((str(number), _cell(Cell(source.what)), asked, _cell(Cell(source.path, code=True)), when))
    yield ""


def _cell(one: Cell, sources: Mapping[str, words.Cited] | None = None) -> str:
    written = (code if one.code else said)(one.text, _MOST_CELL)
    text = " ".join(
        filter(
            None, (_toned(one.tone).strip(), written, f"({said(one.note, _MOST_CELL)})" if one.note else "")
        )
    )
    # In a table, a vertical line ends a cell even in code.
    return text.replace("|", "\\|") + _cite(one.source, sources or {})


def _toned(tone: Tone) -> str:
    return f"{words.SIGNS[tone]} " if tone in words.SIGNS else ""


def _cite(source: str, sources: Mapping[str, words.Cited]) -> str:
    return f" \\[{sources[source].number}\\]" if source in sources else ""


def message(review: Review) -> str:
    """What a channel is told, in Slack's mrkdwn: the sentence and what changed, in ten lines at most."""
    lines = [f"*{_told(review.week.deployment)}*, {_told(words.period(review.week))}", _told(review.sentence)]
    room = _MOST_LINES - len(lines)
    listed = review.changes if len(review.changes) <= room else review.changes[: room - 1]
    lines += [f"{words.SIGNS.get(change.tone, '•')} {_told(change.text)}" for change in listed]
    if not listed:
        lines.append("Nothing has changed.")
    elif len(listed) < len(review.changes):
        lines.append(f"and {len(review.changes) - len(listed)} more changes")
    return "\n".join(lines)[:MOST_TEXT]


def _told(text: str) -> str:
    return escaped(cut(text, _MOST_LINE))
