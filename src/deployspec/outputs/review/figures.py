"""A review's figures as SVG for a page: texts as text, colours by the page's own, legend and head left to the page.

Drawn for the width of a telephone, so that what is written in them can be read there too.
"""

from __future__ import annotations

import io
import math
import re
import warnings
import xml.etree.ElementTree as ElementTree
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from deployspec.base.texts import time_zone
from deployspec.model.review import Span, days_between
from deployspec.outputs.charts import SETTINGS
from deployspec.outputs.review.words import day, shown

if TYPE_CHECKING:
    from deployspec.model.chart import Bars, Chart
    from deployspec.model.review import Figure

_WIDTH, _HEIGHT = 380, 190
"""Of a picture, in the units of its texts."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 10, 8, 22
"""What is left beside the axes."""
_MOST_LABELS = 8
_COLOURS = 4
_DASHES = ("", "5 2", "1.5 1.5", "7 2 1.5 2")
"""Of lines one after the other, so that they can be told apart without their colours."""
_VARIABLES = {
    **{f"#0000{number:02x}": f"var(--line-{number})" for number in range(1, _COLOURS + 1)},
    "#0000f0": "var(--bad)",
    "#0000f1": "var(--limit)",
    "#0000f2": "var(--grid)",
    "#0000f3": "currentColor",
}
"""What a picture is drawn with, and what stands there on the page: so it follows light and dark."""
_LINES = [*_VARIABLES][:_COLOURS]
_BAD, _LIMIT, _GRID, _TEXT = [*_VARIABLES][_COLOURS:]
_SETTINGS = SETTINGS | {
    "font.size": 10,
    "text.color": _TEXT,
    "axes.edgecolor": _GRID,
    "axes.linewidth": 0.8,
    "axes.facecolor": "none",
    "xtick.color": _GRID,
    "ytick.color": _GRID,
    "xtick.labelcolor": _TEXT,
    "ytick.labelcolor": _TEXT,
    "axes.spines.left": False,
    "ytick.left": False,
    "figure.facecolor": "none",
}
_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"


class Key(NamedTuple):
    """An entry of a legend."""

    name: str
    colour: str
    dashes: str


class Picture(NamedTuple):
    """A figure, drawn."""

    svg: str
    """Empty where there is nothing to draw."""
    legend: tuple[Key, ...]


def drawn(figure: Figure, name: str) -> Picture:
    """A figure as SVG to stand in a page, where all its ids begin with ``name``."""
    chart = figure.chart
    if not _has_values(chart):
        return Picture("", ())
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Canvas

    with warnings.catch_warnings(), rc_context(_SETTINGS):
        # Such as of a letter that its font does not have.
        warnings.simplefilter("ignore")
        canvas = Canvas(figsize=(_WIDTH / 72, _HEIGHT / 72))
        FigureCanvasSVG(canvas)
        axes = canvas.add_axes(
            (
                _LEFT / _WIDTH,
                _BOTTOM / _HEIGHT,
                1 - (_LEFT + _RIGHT) / _WIDTH,
                1 - (_TOP + _BOTTOM) / _HEIGHT,
            )
        )
        axes.grid(axis="y", color=_GRID, linewidth=0.7)
        axes.set_axisbelow(True)
        legend = _draw_lines(axes, chart) if chart.bars is None else _draw_bars(axes, chart.bars, chart)
        text = io.StringIO()
        canvas.savefig(text, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return Picture(_for_a_page(text.getvalue(), name, shown(chart.title), shown(figure.says)), tuple(legend))


def _has_values(chart: Chart) -> bool:
    if chart.bars is not None:
        return any(chart.bars.counts)
    return any(value is not None and math.isfinite(value) for line in chart.lines for value in line.y)


def _draw_lines(axes: Any, chart: Chart) -> list[Key]:
    legend = []
    for place, line in enumerate(chart.lines):
        values = [float("nan") if value is None else value for value in line.y]
        key = Key(line.name, _LINES[place % _COLOURS], _DASHES[(place + place // _COLOURS) % len(_DASHES)])
        # A value between two that are missing would not be seen without a mark.
        mark = "o" if len(values) <= 40 else "." if any(map(math.isnan, values)) else ""
        axes.plot(
            line.x,
            values,
            color=key.colour,
            linewidth=1.8,
            linestyle=_style(key.dashes),
            marker=mark,
            markersize=3.5,
            markeredgewidth=0,
            solid_capstyle="round",
            # What is named first lies on top.
            zorder=3 - place / 100,
        )
        legend.append(key)
    for name, value in chart.limits:
        axes.axhline(value, color=_LIMIT, linestyle=_style("4 3"), linewidth=1.2)
        legend.append(Key(name, _LIMIT, "4 3"))
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.yaxis.set_major_formatter(_short)
    axes.yaxis.get_major_locator().set_params(nbins=5)
    if chart.zone:
        _days(axes, chart)
    else:
        axes.xaxis.set_major_formatter(_short)
        axes.margins(x=0.02)
    return [key._replace(colour=_VARIABLES[key.colour]) for key in legend]


def _days(axes: Any, chart: Chart) -> None:
    """The days of a zone: a line at each midnight, and the name in the middle."""
    zone = time_zone(chart.zone)
    moments = [x for line in chart.lines for x in line.x]
    first, last = min(moments), max(moments)
    whole = Span(
        datetime.fromtimestamp(first, zone).replace(hour=0, minute=0, second=0, microsecond=0).timestamp(),
        last + 1,
    )
    days = days_between(whole, zone)
    # The last one to its end, as long as there are values in it.
    end = days_between(Span(days[-1].begin, days[-1].begin + 40 * 3600.0), zone)[0].end
    days[-1] = Span(days[-1].begin, end)
    axes.set_xlim(days[0].begin, end)
    each = -(-len(days) // _MOST_LABELS)
    axes.set_xticks([one.begin for one in days], minor=True)
    axes.grid(axis="x", which="minor", color=_GRID, linewidth=0.5)
    axes.tick_params(axis="x", which="minor", length=0)
    axes.tick_params(axis="x", which="major", length=0)
    named = days[::each]
    short = len(days) > 7
    axes.set_xticks(
        [(one.begin + one.end) / 2 for one in named],
        [day(one.begin, zone).partition(" ")[2] if short else day(one.begin, zone).rpartition(" ")[0] for one in named],
    )  # fmt: skip


def _draw_bars(axes: Any, bars: Bars, chart: Chart) -> list[Key]:
    edges = [edge for edge in bars.edges if math.isfinite(edge)]
    # What is beyond the last edge that is a number is drawn beside it.
    widest = max((abs(edge) for edge in edges), default=1.0) or 1.0
    ends = [min(max(edge, -widest * 1.5), widest * 1.5) for edge in bars.edges]
    limit = min((value for _, value in chart.limits), default=math.inf)
    lows, widths = ends[:-1], [high - low for low, high in pairwise(ends)]
    axes.bar(
        lows,
        bars.counts,
        widths,
        align="edge",
        color=[_BAD if low >= limit else _LINES[0] for low in lows],
        edgecolor="none",
    )
    legend = [Key(chart.y, _VARIABLES[_LINES[0]], "")]
    if any(count and low >= limit for low, count in zip(lows, bars.counts, strict=True)):
        legend.append(Key(f"{chart.y} beyond the limit", _VARIABLES[_BAD], ""))
    reach = [ends[0], ends[-1], *(value for _, value in chart.limits if math.isfinite(value))]
    if min(reach) > 0:
        axes.set_xscale("log")
        axes.set_xlim(min(reach) / 1.2, max(reach) * 1.2)
    # Few slow ones among many have to be seen, too.
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.7)
    axes.minorticks_off()
    axes.xaxis.set_major_formatter(_short)
    axes.yaxis.set_major_formatter(_short)
    for name, value in chart.limits:
        axes.axvline(value, color=_LIMIT, linestyle=_style("4 3"), linewidth=1.2)
        legend.append(Key(name, _VARIABLES[_LIMIT], "4 3"))
    return legend


def _style(dashes: str) -> Any:
    return (0, tuple(float(one) for one in dashes.split())) if dashes else "-"


def _short(value: float, _place: int | None = None) -> str:
    """A number at an axis: ``0.5``, ``25k``."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1000.0 if unit == 'k' else size):.4g}{unit}"
    return f"{value:.4g}"


def _for_a_page(svg: str, name: str, title: str, says: str) -> str:
    """An SVG document as an element of HTML: colours and fonts are the page's, and ids are its own there."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - matplotlib's
    for parent in [*root.iter()]:
        for child in [*parent]:
            # A style in a picture would be one of the whole page.
            if child.tag in (f"{_SVG}style", f"{_SVG}metadata", f"{_SVG}title"):
                parent.remove(child)
    used = {link.removeprefix("#") for one in root.iter() if (link := one.get(_LINK, ""))}
    used |= {link for one in root.iter() for value in one.attrib.values() for link in re.findall(r"url\(#([^)]+)\)", value)}  # fmt: skip
    for one in root.iter():
        one.tag = one.tag.removeprefix(_SVG)
        if (own := one.attrib.pop("id", "")) in used:
            one.set("id", f"{name}-{own}")
        if link := one.attrib.pop(_LINK, ""):
            one.set("href", f"#{name}-{link[1:]}")
        for attribute in ("style", "clip-path"):
            if attribute in one.attrib:
                one.set(attribute, _styled(one.attrib[attribute], name))
        if one.text and one.tag != "text":
            one.text = one.text.strip() or None
        one.tail = (one.tail or "").strip() or None
        if "d" in one.attrib:
            one.set("d", " ".join(one.attrib["d"].split()))
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    root.set("role", "img")
    root.set("aria-labelledby", f"{name}-title")
    root.set("aria-describedby", f"{name}-desc")
    for place, (tag, text) in enumerate((("title", title), ("desc", says))):
        element = ElementTree.Element(tag, {"id": f"{name}-{tag}"})
        element.text = text
        root.insert(place, element)
    return ElementTree.tostring(root, "unicode", short_empty_elements=False)


def _styled(style: str, name: str) -> str:
    style = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", style)
    style = re.sub(r"font: ([\d.]+)px [^;]*", r"font-size: \1px", style)
    return re.sub("#[0-9a-f]{6}", lambda found: _VARIABLES.get(found[0], found[0]), style)
