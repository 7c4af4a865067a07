"""What has changed since an earlier run, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deployspec.base.shown import counted, one_line, percentage

_MOST = 8
"""Figures of one judgement that have a line of their own."""


def told(comparison: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Lines, each with its colour, of a run record's ``comparison``."""
    baseline = comparison["baseline"]
    margin = f"{100 * comparison['margin']:.3g}%"
    yield f"compared with the run of {baseline['started'][:19]}Z ({baseline['id'][:8] or 'no id'}):", ""
    figures = {
        word: [figure for figure in comparison["figures"] if figure["judgement"] == word]
        for word in ("regressed", "improved", "no worse", "too few samples")
    }
    for word, colour in (("regressed", "red"), ("improved", "green")):
        shown = sorted(figures[word], key=lambda figure: -abs(figure["change"]))
        for figure in shown[:_MOST]:
            yield f"  {word} by more than {margin}: {_line(figure)}", colour
        if len(shown) > _MOST:
            yield f"  … and {len(shown) - _MOST} more {word}", colour
    if figures["no worse"]:
        yield f"  no worse by more than {margin}: {_names(figures['no worse'])}", "green"
    if few := figures["too few samples"]:
        yield f"  too few samples to tell: {_names(few)}; {_needed(few)}", "yellow"
    for reason in comparison["not_compared"][:_MOST]:
        yield f"  not compared: {one_line(reason, 200)}", "yellow"
    if len(comparison["not_compared"]) > _MOST:
        yield f"  … and {len(comparison['not_compared']) - _MOST} more not compared", "yellow"


def _line(figure: Mapping[str, Any]) -> str:
    low, high = (_percent(figure[end]) for end in ("low", "high"))
    of = " of what the objective allows" if figure["kind"] == "share" else ""
    values = " to ".join(_value(figure, figure[name]) for name in ("before", "after"))
    what = " of bad requests" if figure["kind"] == "share" else ""
    return (
        f"{one_line(figure['name'], 80)}: {values}{what}, {_percent(figure['change'])}{of} ({low} to {high})"
    )


def _value(figure: Mapping[str, Any], value: float) -> str:
    if figure["kind"] == "share":
        return percentage(value, 1)
    return f"{1000 * value:.3g} ms" if value < 1 else f"{value:.3g} s"


def _percent(change: float | None) -> str:
    return "unknown" if change is None else f"{change:+.1%}"


def _names(figures: list[Mapping[str, Any]]) -> str:
    if len(figures) > _MOST:
        return counted(len(figures), "figure")
    return ", ".join(one_line(figure["name"], 60) for figure in figures)


def _needed(figures: list[Mapping[str, Any]]) -> str:
    """How much longer runs would settle it."""
    times = sorted(figure["needed"] / min(figure["samples"]) for figure in figures if figure["needed"])
    if not times:
        return "no number of samples would settle it, because the change equals the margin"
    least, most = (f"{round(one):,}" if one >= 10 else f"{one:.1f}" for one in (times[0], times[-1]))
    spread = most if least == most else f"{least} to {most}"
    return f"both runs would have to be {spread} times as long"
