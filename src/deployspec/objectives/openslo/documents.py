"""The documents of an OpenSLO file: each SLO an objective."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from deployspec.contracts.alertmanager.document import Problems
from deployspec.contracts.rule_files.model import Place, Problem
from deployspec.contracts.rule_files.tree import Mapping as MappingNode
from deployspec.contracts.rule_files.tree import Node, Scalar, read_documents
from deployspec.objectives.model import AvailabilityIndicator, LatencyIndicator, Objective
from deployspec.objectives.openslo.annotations import Annotations
from deployspec.objectives.openslo.fields import Fields
from deployspec.objectives.openslo.indicators import read_indicator

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


def read_objectives(text: str, path: str) -> Read:
    """The objectives in a file of OpenSLO v1 documents; other kinds than SLO and SLI are passed over.

    Never raises for the text: what is wrong with it is in the problems, all at once, and then its objective is missing.
    Source: the OpenSLO specification, v1.
    """
    problems = Problems(path)
    documents = read_documents(text, path)
    problems.extend(documents.problems)
    if not documents.problems and all(isinstance(root, Scalar) and root.null for root in documents.roots):
        problems.add(None, "nothing (an empty file, or only comments)", "an OpenSLO document")
    heads = [
        _head(root, problems) for root in documents.roots if not (isinstance(root, Scalar) and root.null)
    ]
    indicators = _indicators(heads, problems)
    found: dict[str, Objective] = {}
    for head in heads:
        if head is None or head[0] != "SLO":
            continue
        objective = _objective(head[1], indicators, problems)
        if objective is None:
            continue
        if objective.name in found:
            first = found[objective.name].source
            problems.add(
                head[1].node,
                f"the SLO {objective.name} for the second time (first: {first})",
                "a name of its own",
            )
        else:
            found[objective.name] = objective
    return Read(tuple(found.values()), tuple(problems))


def _head(root: Node, problems: Problems) -> tuple[str, Fields] | None:
    """A document's kind and fields."""
    if not isinstance(root, MappingNode):
        problems.unexpected(root, "an OpenSLO document: a mapping with apiVersion, kind, metadata and spec")
        return None
    head = Fields(root, problems, _HEAD, "a mapping")
    version = head.word("apiVersion", ("openslo/v1",))
    word = head.word("kind", KINDS)
    return None if version is None or word is None else (word, head)


def _indicators(
    heads: list[tuple[str, Fields] | None], problems: Problems
) -> dict[str, LatencyIndicator | AvailabilityIndicator | None]:
    """The SLI documents, by name; None for one that cannot be used, which has been told."""
    found: dict[str, LatencyIndicator | AvailabilityIndicator | None] = {}
    for head in heads:
        if head is not None and head[0] == "SLI":
            name = head[1].inner("metadata", _METADATA).name("name")
            indicator = read_indicator(head[1], problems)
            if name is not None:
                found[name] = indicator
    return found


def _objective(
    head: Fields,
    indicators: Mapping[str, LatencyIndicator | AvailabilityIndicator | None],
    problems: Problems,
) -> Objective | None:
    before = len(problems)
    metadata = head.inner("metadata", _METADATA)
    name = metadata.name("name")
    metadata.text("displayName", "a text", required=False)
    metadata.texts("labels")
    annotations = Annotations(metadata.texts("annotations"), problems)
    spec = head.inner("spec", _SPEC)
    description = spec.description()
    spec.text("service", "the name of the service")
    indicator = _indicator(spec, indicators, problems)
    window = _window(spec, problems)
    spec.word("budgetingMethod", ("Occurrences",), why=" (requests are counted; time slices are not judged)")
    latency = None if indicator is None else isinstance(indicator, LatencyIndicator)
    threshold, inclusive, target = _promise(spec, problems, latency=latency)
    if len(problems) > before or indicator is None or name is None or window is None or target is None:
        return None
    if isinstance(indicator, LatencyIndicator):
        if threshold is None:
            return None
        indicator = LatencyIndicator(threshold, inclusive, indicator.histogram, indicator.matchers)
    place = Place(problems.path) if head.node is None else Place(problems.path, head.node.line)
    return Objective(
        name=name,
        indicator=indicator,
        target=target,
        strict=annotations.strict,
        window=window,
        routes=annotations.routes,
        alerts=annotations.alerts,
        description=" ".join(description.split()),
        source=f"{place.file}:{place.line}",
    )


def _indicator(
    spec: Fields,
    indicators: Mapping[str, LatencyIndicator | AvailabilityIndicator | None],
    problems: Problems,
) -> LatencyIndicator | AvailabilityIndicator | None:
    if ("indicator" in spec) == ("indicatorRef" in spec):
        if isinstance(spec.node, MappingNode) and spec.node.line:
            found = (
                "indicator and indicatorRef" if "indicator" in spec else "neither indicator nor indicatorRef"
            )
            spec.add("indicatorRef", found, "one of the two")
        return None
    if "indicator" in spec:
        inline = spec.inner("indicator", ("metadata", "spec"))
        return read_indicator(inline, problems)
    name = spec.name("indicatorRef")
    if name is None or name in indicators:
        return indicators.get(name) if name else None
    there = f" (there are: {', '.join(sorted(indicators))})" if indicators else ""
    spec.add("indicatorRef", f'"{name}", and no SLI in this file has that name', f"the name of an SLI{there}")
    return None


def _window(spec: Fields, problems: Problems) -> float | None:
    item = spec.only_item("timeWindow", "window")
    if item is None:
        return None
    window = Fields(item, problems, ("duration", "isRolling", "calendar"), "a window")
    length = window.duration("duration")
    if "calendar" in window:
        window.add(
            "calendar", "a window that follows the calendar", "isRolling: true, the only kind that is judged"
        )
        return None
    if window.word("isRolling", ("true",), why=", the only kind that is judged") is None:
        return None
    return length


def _promise(
    spec: Fields, problems: Problems, *, latency: bool | None
) -> tuple[Fraction | None, bool, Fraction | None]:
    """Threshold, whether it is itself good, and target. ``latency`` is None where the indicator is not known."""
    item = spec.only_item("objectives", "objective")
    if item is None:
        return None, False, None
    promise = Fields(item, problems, _OBJECTIVE, "an objective")
    promise.text("displayName", "a text", required=False)
    one = Fraction(1)
    target: Fraction | None
    if "targetPercent" in promise and "target" in promise:
        promise.add("targetPercent", "target and targetPercent", "one of the two")
        target = None
    elif "targetPercent" in promise:
        percent = promise.number(
            "targetPercent", "a number between 0 and 100", above=one * 0, below=one * 100
        )
        target = None if percent is None else percent / 100
    else:
        target = promise.number("target", "a number between 0 and 1, such as 0.95", above=one * 0, below=one)
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
    value = promise.number("value", "a number of seconds above 0", above=one * 0, below=None)
    return value, op == "lte", target
