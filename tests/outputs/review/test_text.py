"""A review as Markdown and as a message: what stands in it, and that texts stay texts."""

from __future__ import annotations

import dataclasses
from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.base.shown import printable
from deployspec.model.review import Change, Column, Section, Span, Table, Tone
from deployspec.outputs.marked import said
from deployspec.outputs.review import html, markdown, message
from deployspec.outputs.review.words import heading, span
from tests.outputs.review.examples import ALL, HOSTILE, bad, calm, empty, hostile, with_texts
from tests.outputs.test_markdown import NASTY, TEXTS, tokens_of
from tests.trials import trials


def rows_of(text: str) -> list[list[str]]:
    """The cells of all rows of all tables, as a reader shows them."""
    rows: list[list[str]] = []
    in_row = False
    for token in tokens_of(text):
        if token.type in ("tr_open", "tr_close"):
            in_row = token.type == "tr_open"
            rows += [[]] if in_row else []
        elif token.type == "inline" and in_row:
            rows[-1].append("".join(child.content for child in token.children or ()))
    return rows


def test_it_begins_with_the_verdict_and_what_changed() -> None:
    """And then has a section each."""
    text = markdown([bad()])
    assert text.startswith(
        "# production: BREACHED\n\n`BREACHED: objective checkout-latency, p95 on 23 Oct (712 ms), health.healthy-now"
    )
    assert "\n## What changed\n\n- ✗ logs.no-secrets is BREACHED since Fri 23 Oct 14:05\n" in text
    heads = [line for line in text.splitlines() if line.startswith("## ")]
    assert heads == ["## What changed", "## Objectives", "## Latency", "## Checks", "## How it was made"]
    assert "| search-freshness | 99.9% | ? no data (7 h 12 min of 169 h) \\[4\\] |" in text.replace("`", "")


@pytest.mark.parametrize("name", ["calm", "bad", "empty", "forty"])
def test_every_number_is_in_it(name: str) -> None:
    """In the row of its table, with its source's number."""
    review = ALL[name]()
    rows = rows_of(markdown([review]))
    tables = [part for section in review.sections for part in section.parts if isinstance(part, Table)]
    for table in tables:
        for row in table.rows:
            assert any(
                len(written) == len(row)
                and all(
                    cell.text in text and cell.note in text for cell, text in zip(row, written, strict=True)
                )
                for written in rows
            ), row


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_the_same_review_is_the_same_text(make: object) -> None:
    """But for the stamp."""
    first, second = make(), make()  # type: ignore[operator]
    assert markdown([first]) == markdown([second])
    assert message(first) == message(second)


def test_several_have_an_overview() -> None:
    """With a row each."""
    text = markdown([calm(), empty()])
    assert text.startswith("# 2 deployments\n\n| Deployment | Verdict | In short | Changes |\n| --- |")
    assert [row[1] for row in rows_of(text)[1:3]] == ["MET", "UNMEASURED"]


@settings(max_examples=trials(60), deadline=None)
@given(TEXTS | st.sampled_from([HOSTILE]))
def test_a_text_is_a_text(text: str) -> None:
    """Nothing is made of it, whatever it is; the tables keep their rows."""
    told = markdown([with_texts(bad(), lambda _: text)])
    kinds = {token.type for token in tokens_of(told)}
    assert not any(kind.startswith(("html", "link", "image", "em", "s_", "hr", "blockquote", "ordered")) for kind in kinds)  # fmt: skip
    outside = "".join(token.content for token in tokens_of(told) if token.type == "text")
    assert not set("<>@#$`\\~*|&_") & set(outside)
    assert all(one.isprintable() for one in told.replace("\n", ""))


@pytest.mark.parametrize(
    "text",
    [*NASTY, "1. x", "1) x", "- x", "+ x", "see GH-12", "JIRA-7", "a1b2c3d4e5", "x:smile: y", "mailto:a", "ftp://x", "www.x", "x  ", "a_b_c"],
)  # fmt: skip
def test_what_could_mean_more_is_code(text: str) -> None:
    """To any reader of Markdown: lists, issues, commits, emoji, addresses."""
    assert said(text) in ("", f"`{printable(text)}`") or said(text).startswith("`")


@pytest.mark.parametrize("text", ["99.95%", "7 h 12 min of 168 h", "p95 by day", "(3 of 5 runs)", "What: nothing, at 10:30"])  # fmt: skip
def test_what_means_nothing_else_stands_as_it_is(text: str) -> None:
    """So that a page of numbers can be read."""
    assert said(text) == text


def test_a_message_is_short() -> None:
    """The sentence, what changed, and how many more there are."""
    lines = message(bad()).splitlines()
    assert lines[0] == "*production*, Mon 2026-10-19 00:00 to Mon 2026-10-26 00:00 (Europe/Berlin)"
    assert lines[1] == bad().sentence
    assert lines[2] == "✗ logs.no-secrets is BREACHED since Fri 23 Oct 14:05"
    assert len(lines) == 8
    many = dataclasses.replace(bad(), changes=tuple(Change(f"change {number}", Tone.BAD) for number in range(30)))  # fmt: skip
    lines = message(many).splitlines()
    assert len(lines) == 10
    assert lines[-2:] == ["✗ change 6", "and 23 more changes"]
    assert message(empty()).splitlines()[2:] == ["Nothing has changed."]


def test_a_message_calls_nobody() -> None:
    """Whatever its texts are."""
    told = message(hostile("<!channel> @here ``` <https://evil|x> & \n::error::x\x1b[31m" + "x" * 5000))
    assert "<" not in told
    assert "@here" not in told
    assert "```" not in told
    assert len(told.splitlines()) <= 10
    assert len(told) < 40_000


@pytest.mark.parametrize(("name", "expected"), [("budget spent", "Budget spent"), ("p95", "p95"), ("MET", "MET"), ("", "")])  # fmt: skip
def test_the_head_of_a_column(name: str, expected: str) -> None:
    assert heading(name) == expected


def test_a_span_of_one_day_names_it_once() -> None:
    assert span(Span(0, 5400), UTC) == "Thu 1970-01-01 00:00 to 01:30"
    assert span(Span(0, 90000), UTC) == "Thu 1970-01-01 00:00 to Fri 1970-01-02 01:00"


def test_what_has_no_rows_has_no_note() -> None:
    """A note tells how to read rows."""
    table = Table("t", "T", (Column("A"),), none="None.", note="How to read it.")
    week = dataclasses.replace(calm(), sections=(Section("s", "S", (table,)),))
    assert "How to read it" not in markdown([week])
    assert "How to read it" not in html([week])
