"""The documents of an OpenSLO file: each SLO an objective."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple, TypeVar

from deployspec.base.problems import Place, Problem, Problems
from deployspec.base.yaml_tree import Node, Scalar, is_null, read_documents
from deployspec.languages.openslo.annotations import Annotations
from deployspec.languages.openslo.fields import Fields
from deployspec.languages.openslo.indicators import read_indicator
from deployspec.languages.openslo.model import AvailabilityIndicator, LatencyIndicator, Objective

KINDS = ("SLO", "SLI", "Service", "DataSource", "AlertPolicy", "AlertCondition", "AlertNotificationTarget")
_HEAD = ("apiVersion", "kind", "metadata", "spec")
_METADATA = ("name", "displayName", "labels", "annotations")
_SPEC = (
    "description",
    "service",
    "indicator",
    "indicatorRef",
    "timeWindow",
    "budgetingMethod",
    "objectives",
    "alertPolicies",
)
_OBJECTIVE = ("displayName", "op", "value", "target", "targetPercent", "timeSliceTarget", "timeSliceWindow")


@dataclass(frozen=True)
class Read:
    """What a file holds."""

    objectives: tuple[Objective, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class _Document:
    kind: str
    head: Fields
    sound: bool
    """Whether nothing is wrong with its topmost keys."""


class _Metadata(NamedTuple):
    """Of a document, or of an inline indicator."""

    name: str
    """Empty where it is missing or wrong, which has been told."""
    annotations: Mapping[str, Scalar]


_Indicator = LatencyIndicator | AvailabilityIndicator
_T = TypeVar("_T")


def read_objectives(text: str, path: str) -> Read:
    """The objectives in a file of OpenSLO v1 documents; other kinds than SLO and SLI are passed over.

    Never raises for the text: what is wrong with it is in the problems, all at once, and then its objective is missing.
    Source: the OpenSLO specification, v1.
    """
    problems = Problems(path)
    roots = read_documents(text, problems)
    if not problems and all(map(is_null, roots)):
        problems.add(None, "nothing (an empty file, or only comments)", "an OpenSLO document")
    read = [_document(root, problems) for root in roots if not is_null(root)]
    known = [document for document in read if document is not None]
    indicators = _named(known, "SLI", problems, lambda head, _: read_indicator(head))
    usable = {name: indicator for name, (indicator, _) in indicators.items()}
    found = _named(known, "SLO", problems, lambda head, metadata: _objective(head, metadata, usable))
    objectives = (objective for objective, sound in found.values() if objective is not None and sound)
    return Read(tuple(objectives), tuple(problems))


def _named(
    documents: Sequence[_Document],
    kind: str,
    problems: Problems,
    read: Callable[[Fields, _Metadata], _T],
) -> dict[str, tuple[_T, bool]]:
    """What the documents of a kind say, by their names, and whether nothing is wrong with them.

    A name that an earlier one has is told.
    """
    found: dict[str, tuple[_T, bool]] = {}
    first: dict[str, Place] = {}
    for document in documents:
        if document.kind != kind:
            continue
        node, before = document.head.node, len(problems)
        metadata = _metadata(document.head)
        name, said = metadata.name, read(document.head, metadata)
        if name in first:
            there = f"first: {first[name].file}:{first[name].line}"
            problems.add(node, f"the {kind} {name} for the second time ({there})", "a name of its own")
        elif name:
            first[name] = problems.place(node)
            found[name] = said, document.sound and len(problems) == before
    return found


def _document(root: Node, problems: Problems) -> _Document | None:
    """A document's kind and keys; None where it cannot be told what it is."""
    before = len(problems)
    head = Fields(root, problems, "an OpenSLO document", _HEAD)
    version = head.word("apiVersion", ("openslo/v1",))
    kind = head.word("kind", KINDS)
    return _Document(kind, head, sound=len(problems) == before) if version and kind else None


def _metadata(head: Fields) -> _Metadata:
    metadata = head.inner("metadata", _METADATA)
    name = metadata.name("name")
    metadata.text("displayName", "a text")
    metadata.sure_texts("labels", lists=True)
    return _Metadata(name, metadata.sure_texts("annotations"))


def _objective(
    head: Fields,
    metadata: _Metadata,
    indicators: Mapping[str, _Indicator | None],
) -> Objective | None:
    """The objective of an SLO; None where a value that it needs is not to be had."""
    annotations = Annotations(metadata.annotations, head.problems)
    spec = head.inner("spec", _SPEC)
    description = spec.description()
    spec.text("service", "the name of the service", required=True)
    indicator = _indicator(spec, indicators)
    window = _window(spec)
    spec.word("budgetingMethod", ("Occurrences",), why=" (requests are counted; time slices are not judged)")
    # A ratio of a histogram's counters says its threshold itself.
    asks = isinstance(indicator, LatencyIndicator) and not indicator.threshold
    threshold, inclusive, target = _promise(spec, latency=None if indicator is None else asks)
    spec.items("alertPolicies", "a list of alert policies")
    if indicator is None or not metadata.name or window is None or target is None:
        return None
    if isinstance(indicator, LatencyIndicator) and asks:
        if threshold is None:
            return None
        indicator = replace(indicator, threshold=threshold, inclusive=inclusive)
    place = head.problems.place(head.node)
    return Objective(
        name=metadata.name,
        indicator=indicator,
        target=target,
        strict=annotations.strict,
        window=window,
        routes=annotations.routes,
        alerts=annotations.alerts,
        unwatched=annotations.unwatched,
        description=" ".join(description.split()),
        source=f"{place.file}:{place.line}",
    )


def _indicator(
    spec: Fields,
    indicators: Mapping[str, _Indicator | None],
) -> _Indicator | None:
    said = spec.one_of("indicator", "indicatorRef")
    if said is None:
        return None
    if said == "indicator":
        inline = spec.inner("indicator", ("metadata", "spec"))
        if "metadata" in inline:
            _metadata(inline)
        return read_indicator(inline)
    name = spec.name("indicatorRef")
    if not name or name in indicators:
        return indicators.get(name)
    there = f" (there are: {', '.join(sorted(indicators))})" if indicators else ""
    spec.add("indicatorRef", f'"{name}", and no SLI in this file has that name', f"the name of an SLI{there}")
    return None


def _window(spec: Fields) -> float | None:
    item = spec.only_item("timeWindow", "window")
    if item is None:
        return None
    window = Fields(item, spec.problems, "a window", ("duration", "isRolling", "calendar"))
    length = window.duration("duration")
    if "calendar" in window:
        window.add(
            "calendar", "a window that follows the calendar", "isRolling: true, the only kind that is judged"
        )
        return None
    if not window.true("isRolling", why=", the only kind that is judged"):
        return None
    return length


def _promise(spec: Fields, *, latency: bool | None) -> tuple[Fraction | None, bool, Fraction | None]:
    """Threshold, whether it is itself good, and target. ``latency``: whether there is a threshold to be said; None where the indicator is not known."""
    item = spec.only_item("objectives", "objective")
    if item is None:
        return None, False, None
    promise = Fields(item, spec.problems, "an objective", _OBJECTIVE)
    promise.text("displayName", "a text")
    target = None
    if "targetPercent" in promise and "target" in promise:
        promise.add("targetPercent", "target and targetPercent", "one of the two")
    elif "targetPercent" in promise:
        percent = promise.number("targetPercent", "a number between 0 and 100", below=100)
        target = None if percent is None else percent / 100
    else:
        target = promise.number("target", "a number between 0 and 1, such as 0.95", below=1)
    for key in ("timeSliceTarget", "timeSliceWindow"):
        if key in promise:
            promise.add(key, key, "no time slices: budgetingMethod is Occurrences")
    if latency is None:
        return None, False, target
    if not latency:
        for key in ("op", "value"):
            if key in promise:
                promise.add(key, f"{key}, which belongs to a thresholdMetric", f"no {key} with a ratioMetric")
        return None, False, target
    op = promise.word("op", ("lt", "lte"), why=": a request is good that takes less, or at most, the value")
    value = promise.number("value", "a number of seconds above 0")
    return value, op == "lte", target
