"""The quick reading finds what the exact one finds, whatever stands on a page and however it arrives."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.languages.exposition import Exposition, Format, read
from tests.languages.exposition.cases import CASES, NOW
from tests.trials import trials

_NAMES = st.sampled_from(["a", "b_total", "c_seconds", "c_seconds_count", "d", "e:f"])
_KEYS = st.sampled_from(["a", "b", "le", "quantile", "_c", "s"])
_VALUES = st.sampled_from(
    ["", "x", "1", "1.0", "+Inf", "0.5", "2", 'q\\"', "\\\\", "\\n", "\\d", "\u00fc", "} ", " # {", ","]
)
_NUMBERS = st.sampled_from(
    [
        "0",
        "1",
        "2",
        "3.0",
        "-1",
        "1e5",
        "NaN",
        "+Inf",
        "1e400",
        "1_0",
        "0.5",
        "1 1700000000",
        "1 1700000000000",
    ]
)
_TYPES = st.sampled_from(
    [
        "counter",
        "gauge",
        "histogram",
        "summary",
        "untyped",
        "unknown",
        "info",
        "stateset",
        "gaugehistogram",
        "Gauge",
    ]
)
_SUFFIXES = st.sampled_from(["", "_bucket", "_sum", "_count", "_total", "_created", "_info"])
_AWKWARD = st.sampled_from([b'"', b"{", b"}", b",", b"=", b"\\", b" ", b"\n", b"\r", b"\0", b"#", b"\xff", b"# EOF", b"} ", b'""', b"\t", b"1", b"_"])  # fmt: skip


@st.composite
def _line(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["TYPE", "HELP", "UNIT", "", "", "", ""]))
    name = draw(_NAMES)
    if kind:
        return f"# {kind} {name} {draw(_TYPES)}\n"
    labels = ",".join(
        f'{key}="{value}"' for key, value in draw(st.lists(st.tuples(_KEYS, _VALUES), max_size=3))
    )
    comma = draw(st.sampled_from(["", "", "", ","]))
    braces = f"{{{labels}{comma if labels else ''}}}" if labels or draw(st.booleans()) else ""
    return f"{name}{draw(_SUFFIXES)}{braces} {draw(_NUMBERS)}\n"


_PAGES = st.lists(_line(), max_size=12).map(lambda lines: "".join(line * 1 for line in lines).encode())
_KNOWN = st.lists(st.sampled_from(CASES), min_size=1, max_size=4).map(
    lambda cases: b"".join(one.at(NOW) for one in cases)
)
_CHANGES = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 3), _AWKWARD), max_size=4)


def _changed(page: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for at, left_out, put in changes:
        place = at % (len(page) + 1)
        page = page[:place] + put + page[place + left_out :]
    return page


def _said(page: Exposition) -> object:
    return (
        page.families, page.troubles, page.counts, page.size, page.whole, list(page.index), page.values.tobytes(),
        page.lines, page.timestamps,
    )  # fmt: skip


@given(
    page=_PAGES | _KNOWN,
    changes=_CHANGES,
    repeated=st.integers(1, 3),
    form=st.sampled_from(Format),
    size=st.integers(1, 400),
)
@settings(max_examples=trials(600), deadline=None)
def test_quick_and_exact_find_the_same(
    page: bytes, changes: list[tuple[int, int, bytes]], repeated: int, form: Format, size: int
) -> None:
    """Any page, sound or changed in some places, in pieces of any size."""
    data = _changed(page * repeated, changes)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert _said(read(pieces, form, now=NOW)) == _said(read([data], form, now=NOW, is_exact=True))


_ALIKE = st.sampled_from(
    [
        *(b"# TYPE a %b\n" % kind for kind in (b"counter", b"histogram", b"summary")),
        *(b'a{x="%b"} 1\n' % value for value in (b"1", b"2")),
        *(b'a{quantile="%b"} 1\n' % value for value in (b"0.5", b"2")),
        *(b'a_bucket{le="%b"} %b\n' % pair for pair in ((b"1", b"1"), (b"x", b"1"), (b"+Inf", b"1.5"))),
        *(b'a_bucket{le="%b",x="%b"} 1\n' % pair for pair in ((b"1", b"1"), (b"2", b"1"), (b"1", b"2"))),
        *(b'a_bucket{quantile="%b"} 1\n' % value for value in (b"0.5", b"2")),
        *(b'a_total{x="%b"} -1\n' % value for value in (b"1", b"2")),
        b"a_sum 1\n",
        b"b 1\n",
    ]
)
"""Lines of a family and its parts, each of which looks like another."""


@given(lines=st.lists(_ALIKE, min_size=2, max_size=10), form=st.sampled_from(Format))
@settings(max_examples=trials(600), deadline=None)
def test_what_lines_have_in_common_is_no_more_than_they_have(lines: list[bytes], form: Format) -> None:
    """What was learnt from one counts for another as long as nothing between them has changed it."""
    data = b"".join(lines)
    assert _said(read([data], form, now=NOW)) == _said(read([data], form, now=NOW, is_exact=True))


@given(data=st.binary(max_size=300), form=st.sampled_from(Format))
@settings(max_examples=trials(300), deadline=None)
def test_whatever_a_server_sends_is_read(data: bytes, form: Format) -> None:
    """Nothing raises, and each trouble has a place on the page."""
    page = read([data], form, now=NOW)
    assert all(1 <= one.line <= data.count(b"\n") + 1 and one.column >= 1 for one in page.troubles)
