"""Charts as pictures, SVG and PNG, drawn by matplotlib, and as a table (CSV)."""

from __future__ import annotations

import csv
import io
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deployspec.model.chart import Bars, Chart

SETTINGS: dict[Any, Any] = {
    # A name may have a dollar in it, which would begin a formula.
    "text.parse_math": False,
    # Text stays text: it can be read and searched for, and takes less room than outlines.
    "svg.fonttype": "none",
    "svg.hashsalt": "deployspec",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_SIZE = (7.5, 3.4)
"""Inches."""
_DOTS = 110
"""Of the PNG, to an inch."""
_GOOD, _BAD, _LIMIT = "#2a78d6", "#d03b3b", "#52514e"
_LINES = ("#2a78d6", "#1baf7a", "#eda100", "#4a3aa7")


def drawn(chart: Chart) -> tuple[str, bytes]:
    """The chart as SVG and as PNG. Raises ImportError where matplotlib is not installed."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with warnings.catch_warnings(), rc_context(SETTINGS):
        # Such as of a letter that its font does not have.
        warnings.simplefilter("ignore")
        figure = Figure(figsize=_SIZE, layout="constrained")
        axes = figure.add_subplot()
        axes.set_title(chart.title, loc="left", wrap=True)
        axes.set_xlabel(chart.x)
        axes.set_ylabel(chart.y)
        if chart.bars is not None:
            _draw_bars(axes, chart.bars, chart)
        else:
            _draw_lines(axes, chart)
        svg, png = io.StringIO(), io.BytesIO()
        figure.savefig(svg, format="svg", metadata={"Date": None, "Title": chart.title})
        figure.savefig(png, format="png", dpi=_DOTS)
    # A screen reader takes it for a picture, with the title as what it shows.
    return svg.getvalue().replace("<svg ", '<svg role="img" ', 1), png.getvalue()


def _draw_bars(axes: Any, bars: Bars, chart: Chart) -> None:
    lows, highs = bars.edges[:-1], bars.edges[1:]
    limit = min((value for _, value in chart.limits), default=float("inf"))
    axes.bar(
        lows,
        bars.counts,
        [high - low for low, high in zip(lows, highs, strict=True)],
        align="edge",
        color=[_BAD if low >= limit else _GOOD for low in lows],
        edgecolor="white",
        linewidth=0.4,
    )
    # Few slow ones among many have to be seen, too.
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.7)
    ends = [bars.edges[0], bars.edges[-1], *(value for _, value in chart.limits)]
    axes.set_xlim(min(ends) / 1.2, max(ends) * 1.2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")
    for name, value in chart.limits:
        axes.axvline(value, color=_LIMIT, linestyle="--", linewidth=1.2)
        axes.annotate(name, (value, 1), xycoords=("data", "axes fraction"), xytext=(-4, -2), textcoords="offset points", ha="right", va="top", color=_LIMIT)  # fmt: skip


def _draw_lines(axes: Any, chart: Chart) -> None:
    for line, colour in zip(chart.lines, _LINES, strict=False):
        values = [float("nan") if value is None else value for value in line.y]
        axes.plot(line.x, values, color=colour, linewidth=1.4, label=line.name)
    for name, value in chart.limits:
        axes.axhline(value, color=_LIMIT, linestyle="--", linewidth=1.2, label=name)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color="#e4e4e0", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def table(chart: Chart) -> str:
    """The chart's numbers as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(chart.rows())
    return text.getvalue()
