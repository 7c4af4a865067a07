"""Whether a promised metric is there, is of its type, and has its labels with no other values than they may have."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from deployspec.base.problems import listed
from deployspec.base.shown import counted, nearest, one_line, value
from deployspec.languages.exposition import Exposition, Family, Format
from deployspec.model.verdict import Verdict, breached, met, unmeasured

_TYPELESS = ("untyped", "unknown", "")
_OWN = {"histogram": "le", "gaugehistogram": "le", "summary": "quantile"}
"""The label that a type brings itself."""
OPENMETRICS_ONLY = ("info", "stateset")
"""Types that the text format does not have."""


@dataclass(frozen=True)
class Wanted:
    """A metric that is promised."""

    name: str
    """Or the regular expression of its whole name, where ``is_pattern`` says so."""
    is_pattern: bool = False
    type: str = ""
    """Empty: not promised."""
    labels: Mapping[str, Sequence[str] | str | None] | None = None
    """By label: the values that it may have, a regular expression for the whole value, or None for any. None: not
    promised."""
    in_prometheus: bool = False
    why: str = ""
    place: str = ""
    """Where it is promised: file and line."""

    def is_called(self, name: str) -> bool:
        """Whether this is (one of) its name."""
        return bool(re.fullmatch(self.name, name)) if self.is_pattern else name == self.name

    @property
    def called(self) -> str:
        """It, in a sentence."""
        return (
            f"a metric that fits {one_line(self.name, 80)}" if self.is_pattern else one_line(self.name, 120)
        )


@dataclass(frozen=True)
class Found:
    """A metric that is there."""

    name: str
    type: str
    """Empty where nobody knows."""
    labels: Sequence[Mapping[str, str]]
    """Of each series, or of each combination of the values of those that are promised."""
    is_all: bool
    """Whether these are all labels that its series have."""


def on_page(wanted: Wanted, page: Exposition) -> list[Found]:
    """What the page has of it."""
    called = [
        family
        for family in page.families
        if any(map(wanted.is_called, names_of(family)))
        or (wanted.type == "info" and wanted.is_called(family.name.removesuffix("_info")))
    ]
    return [_found(page, family, wanted) for family in called]


def names_of(family: Family) -> tuple[str, ...]:
    """What a family may be called: in OpenMetrics, TYPE names counters and infos without what their samples end in."""
    ending = {"counter": "_total", "info": "_info"}.get(family.type)
    if ending is not None and not family.name.endswith(ending):
        return family.name, family.name + ending
    return (family.name,)


def _found(page: Exposition, family: Family, wanted: Wanted) -> Found:
    own = family.name if wanted.type == "stateset" else _OWN.get(family.type)
    labels: list[Mapping[str, str]] = []
    # Without labels that are promised, that there are series is enough.
    for series in page.series(family):
        if series.name.endswith("_created") and family.name != series.name:
            continue
        labels.append({name: text for name, text in series.labels.items() if name != own})
        if wanted.labels is None:
            break
    # The text format has neither info nor stateset: libraries write gauges there.
    is_gauge = page.format is Format.TEXT and family.type == "gauge" and wanted.type in OPENMETRICS_ONLY
    return Found(family.name, wanted.type if is_gauge else family.type, labels, is_all=True)


def is_exported(
    wanted: Wanted, found: Sequence[Found], there: Collection[str], where: str, *, is_whole: bool = True
) -> Verdict:
    """The metric is there as it is promised. ``there`` are the names of all metrics, ``where`` says of what, and
    ``is_whole`` whether it was read to its end."""
    limit = _limit(wanted)
    if not found:
        if not is_whole:
            return unmeasured("the page was not read to its end; see metrics.is-whole", limit=limit)
        why = f" ({wanted.why})" if wanted.why else ""
        if wanted.is_pattern:
            lacks = f"no metric whose name fits {one_line(wanted.name, 80)}"
        else:
            lacks = f"no {one_line(wanted.name, 120)}"
        close = "" if wanted.is_pattern else nearest(wanted.name, there)
        return breached(f"{where} has {lacks}{why}, promised in {wanted.place}{close}", limit=limit)
    for one in found:
        trouble = _trouble(wanted, one)
        if trouble:
            return breached(f"{one_line(one.name, 120)}{trouble}, promised in {wanted.place}", limit=limit)
    empty = [one.name for one in found if not one.labels]
    if wanted.labels and len(empty) == len(found):
        return unmeasured(
            f"{one_line(empty[0], 120)} is declared and has no series yet, so nothing shows its labels; "
            "make it have each series from the start",
            limit=limit,
        )
    one = found[0]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    kind = f" ({one.type})" if one.type else ""
    return met(f"{where} has {one_line(one.name, 120)}{kind}{more}", limit=limit)


def _limit(wanted: Wanted) -> str:
    labels = (
        ""
        if wanted.labels is None
        else " with " + (listed(list(wanted.labels), "and") if wanted.labels else "no label")
    )
    return f"{wanted.called}{f', a {wanted.type}' if wanted.type else ''}{labels}"


def _trouble(wanted: Wanted, found: Found) -> str:
    """How it is not as promised, as what follows its name; empty where it is."""
    if (
        wanted.type
        and found.type
        and found.type != wanted.type
        and not (found.type in _TYPELESS and wanted.type in _TYPELESS)
    ):
        return f" is of type {one_line(found.type, 40)}; expected {wanted.type}"
    if wanted.labels is None:
        return ""
    for labels in found.labels:
        for name, allowed in wanted.labels.items():
            if name not in labels and (allowed is None or not _fits("", allowed)):
                close = nearest(name, sorted(labels))
                has = listed(sorted(labels), "and") if labels else "none"
                return f" has a series without the label {name} (it has {one_line(has, 120)}){close}"
            if not _fits(labels.get(name, ""), allowed):
                return _value(name, labels[name], allowed, found.labels)
        if found.is_all and (others := sorted(labels.keys() - wanted.labels.keys())):
            return f" has a series with the label {one_line(others[0], 60)}, which is not promised; expected {_names(wanted.labels)}"
    return ""


def _names(labels: Iterable[str]) -> str:
    names = list(labels)
    return listed(names, "and") + " alone" if names else "no label"


def _fits(text: str, allowed: Sequence[str] | str | None) -> bool:
    if allowed is None:
        return True
    if isinstance(allowed, str):
        return bool(re.fullmatch(allowed, text))
    return text in allowed


def _value(
    name: str, text: str, allowed: Sequence[str] | str | None, all_labels: Sequence[Mapping[str, str]]
) -> str:
    unfit = {labels[name] for labels in all_labels if name in labels and not _fits(labels[name], allowed)}
    more = f" and {counted(len(unfit) - 1, 'other value')} not promised" if len(unfit) > 1 else ""
    if isinstance(allowed, str):
        return f" has {name}={value(text, name=name)}{more}; expected what fits {one_line(allowed, 80)}"
    words = list(allowed or ())
    close = nearest(text, words)
    shown = listed(words) if len(words) <= 12 else f"one of {len(words)} values"
    return f" has {name}={value(text, name=name)}{more}; expected {one_line(shown, 200)}{close}"
