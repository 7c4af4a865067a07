"""Charts as pictures and as tables."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ElementTree

from deployspec.model.chart import Bars, Chart, Line
from deployspec.outputs.charts import drawn, table

BARS = Chart("Latency of $x_{", "ms", "requests", bars=Bars((1.0, 10.0, 500.0, 600.0), (5, 90, 2)), limits=(("500 ms", 500.0),))  # fmt: skip
LINES = Chart("Latency & <time>", "s", "ms", lines=(Line("p50", (1.0, 2.0), (3.0, None)), Line("p95", (2.0, 3.0), (5.0, 6.0))), limits=(("limit", 4.0),))  # fmt: skip


def test_both_pictures_can_be_read() -> None:
    """Whatever signs a name has: a dollar begins no formula, and nothing ends the SVG early."""
    for chart in (BARS, LINES):
        svg, png = drawn(chart)
        root = ElementTree.fromstring(svg)  # noqa: S314 - our own
        texts = ["".join(one.itertext()) for one in root.iter("{http://www.w3.org/2000/svg}text")]
        assert root.get("role") == "img"
        assert root.findtext("{http://www.w3.org/2000/svg}title") == chart.title
        assert chart.title in texts
        assert any(name in texts for name, _ in chart.limits)
        assert png.startswith(b"\x89PNG")
        assert struct.unpack(">II", png[16:24]) == (825, 374)


def test_bars_beyond_the_limit_are_told_apart() -> None:
    """What begins at the limit or above it is bad."""
    svg, _ = drawn(BARS)
    assert (svg.count("#2a78d6"), svg.count("#d03b3b")) == (2, 1)


def test_the_same_chart_is_the_same_picture() -> None:
    """No time of making, no random names in it."""
    assert drawn(LINES) == drawn(LINES)


def test_a_table_has_the_numbers() -> None:
    """Of bars their edges and counts, of lines a column each."""
    assert table(BARS) == '"ms, from",to below,requests\n1,10,5\n10,500,90\n500,600,2\n'
    assert table(LINES) == 's,"ms, p50","ms, p95"\n1,3,\n2,,5\n3,,6\n'
