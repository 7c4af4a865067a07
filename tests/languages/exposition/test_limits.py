"""Whatever a server sends, reading it ends: in bounded time and memory, with one clear trouble for what is too much."""

from __future__ import annotations

import itertools
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from deployspec.languages.exposition import Exposition, Format, Limits, read

MB = 1_000_000


def _endless() -> Iterator[bytes]:
    for number in itertools.count():
        yield b'x{a="%d"} 1\n' % number


def _bounded(chunks: Iterator[bytes], most: int, limits: Limits | None = None) -> Exposition:
    """The page, read with at most so many bytes of memory beside what there was."""
    tracemalloc.start()
    try:
        page = read(chunks, Format.TEXT, limits)
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()
    return page


def test_a_page_without_end_is_read_up_to_its_limit() -> None:
    """It stops at the limit of size, and says so once."""
    page = _bounded(_endless(), 20 * MB, Limits(size=200_000))
    assert [one.rule for one in page.troubles] == ["limit-size"]
    assert "larger than 200000 bytes" in page.troubles[0].text
    assert (page.size, page.whole) == (200_000, False)


def test_a_page_of_exactly_the_limit_is_whole() -> None:
    """The limit itself is allowed, and a byte more is not."""
    data = b"x 1\ny 22\n"
    assert read([data], Format.TEXT, Limits(size=9)).whole
    assert not read([data], Format.TEXT, Limits(size=8)).whole


def test_no_more_is_taken_than_the_limit() -> None:
    """What comes behind the limit is not asked for."""
    chunks = _endless()
    read(chunks, Format.TEXT, Limits(size=1000))
    assert int(next(chunks).split(b'"')[1]) < 200


def test_two_hundred_megabytes_of_one_line() -> None:
    """A line without end stops at the limit of a line, long before that of size."""
    line = itertools.chain([b'x{a="'], itertools.repeat(b"y" * 65_536, 3000))
    page = _bounded(line, 5 * MB, Limits(size=500 * MB))
    assert [(one.rule, one.line) for one in page.troubles] == [("limit-line", 1)]


def test_a_long_line_that_comes_at_once() -> None:
    """50 MB as one piece, with its end."""
    page = read([b"x 1\n" + b"y" * (50 * MB) + b" 1\nz 1\n"], Format.TEXT, Limits(size=100 * MB))
    assert [(one.rule, one.line) for one in page.troubles] == [("limit-line", 2)]
    assert list(page.index) == [b"x"]


def test_more_series_than_the_limit() -> None:
    """It stops soon behind the limit of series."""
    page = read(_endless(), Format.TEXT, Limits(series=10_000))
    assert [one.rule for one in page.troubles] == ["limit-series"]
    assert 10_000 < len(page.index) < 200_000


@pytest.mark.parametrize(
    ("line", "limits", "rule"),
    [
        (b"no sample\n", Limits(unreadable=100), "limit-unreadable"),
        (b'x{a="\n', Limits(unreadable=100), "limit-unreadable"),
        (b"x 1\n", Limits(series=100), "limit-series"),
        (b"# TYPE x%d gauge\n", Limits(families=100), "limit-families"),
    ],
)
def test_a_page_that_is_none_is_not_read_for_minutes(line: bytes, limits: Limits, rule: str) -> None:
    """Reading stops soon where lines cannot be read, stand there already, or name ever more metrics."""
    lines = (line % number if b"%" in line else line for number in itertools.count())
    page = read(lines, Format.TEXT, limits)
    assert not page.whole
    assert [one.rule for one in page.troubles if one.rule.startswith("limit")] == [rule]
    assert page.size < 20_000


def test_histograms_whose_labels_always_have_other_names() -> None:
    """Reading stops where histograms and summaries have more sets of labels than the limit; metrics of one sample may have them."""
    lines = (b'h_bucket{a%d="1",le="+Inf"} 1\n' % number for number in itertools.count())
    limits = Limits(label_sets=100)
    page = read(itertools.chain([b"# TYPE h histogram\n"], lines), Format.TEXT, limits)
    assert [(one.rule, one.line) for one in page.troubles if one.rule.startswith("limit")] == [
        ("limit-labels", 102)
    ]
    assert read([b'x{a%d="1"} 1\n' % number for number in range(200)], Format.TEXT, limits).whole


def test_labels_that_always_have_other_names_cost_no_more_than_series() -> None:
    """Of ever new shapes of lines, few are remembered."""
    lines = (b'x{a%d="1"} 1\n' % number for number in range(10_000))
    page = _bounded(lines, 4 * MB)
    assert (page.whole, len(page.index)) == (True, 10_000)


def test_a_line_of_a_hundred_thousand_labels_with_one_twice() -> None:
    """It is looked through once: to count each of them anew took minutes."""
    line = b"x{%b} 1\n" % b",".join(b'a%d=""' % number for number in (*range(90_000), 89_999))
    began = time.monotonic()
    page = read([line], Format.TEXT)
    assert time.monotonic() - began < 60
    assert [(one.rule, one.text) for one in page.troubles] == [
        ("label-twice", "the label a89999 stands twice; expected each label once")
    ]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(lambda number: b"x 1\n", id="one-series"),
        pytest.param(lambda number: b"%d\n" % number, id="no-names"),
        pytest.param(lambda number: b'x{a="\n', id="open-quotes"),
        pytest.param(lambda number: b"# TYPE x gauge\n", id="types"),
        pytest.param(lambda number: b"# TYPE x%d gauge\n" % number, id="families"),
        pytest.param(lambda number: b"x%d 1\n" % (number % 5), id="split-families"),
        pytest.param(lambda number: b'x{%b} 1\n' % b",".join(b'a%d="%d"' % (one, number) for one in range(50)), id="labels"),
        pytest.param(lambda number: b'x{a="%d"} 1 # {a="b"} 1\n' % number, id="exemplars"),
        pytest.param(lambda number: b'x{a="%d",b="' % number + b'\\"} \\n\\\\ # {=,' * 20 + b'"} NaN\n', id="awkward-labels"),
        pytest.param(lambda number: b'x{a="' + b"\\" * 1000 + b'\n', id="backslashes"),
        pytest.param(lambda number: b"x{" * 500 + b"\n", id="braces"),
    ],
)  # fmt: skip
def test_awkward_pages_are_read_in_proportion_to_their_size(line: Callable[[int], bytes]) -> None:
    """Thirty thousand bytes of anything: no more troubles are kept than the limit, and no more lines are looked at than there are."""
    data = b"".join(map(line, range(30_000 // len(line(0)))))
    page = _bounded(iter([data]), 20 * MB)
    assert page.whole
    assert len(page.troubles) <= Limits().troubles
    assert all(len(one.text) <= 400 for one in page.troubles)
