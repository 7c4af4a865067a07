"""What names a Prometheus knows: of metrics, of labels, and of the values of labels."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from deployspec.languages.prometheus.model import Observed
from deployspec.model.http import FailureKind
from deployspec.tools.prometheus.asking import CONNECTIONS, Failed

if TYPE_CHECKING:
    from prometheus_api_client import PrometheusConnect

_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_T = TypeVar("_T")
_A = TypeVar("_A")


def observe(connection: PrometheusConnect, wanted: Mapping[str, frozenset[str]], window: float) -> Observed:
    """Ask for what ``Prometheus.observe`` tells, of the last ``window`` seconds.

    Raises:
        Failed: when a question has no answer that can be used.
    """
    # No end: its clock may be ahead of ours, and what it has just seen counts.
    since = {"start": time.time() - window}
    metrics = frozenset(_names(connection.all_metrics(params=dict(since))))

    def labels_of(selector: str) -> frozenset[str]:
        return frozenset(_names(connection.get_label_names(params=since | {"match[]": selector})))

    def values_of(pair: tuple[str, str]) -> frozenset[str] | None:
        selector, label = pair
        try:
            found = connection.get_label_values(label, params=since | {"match[]": selector})
        except Failed as failed:
            if failed.kind is FailureKind.TOO_LARGE:
                return None
            raise
        return frozenset(_names(found))

    labels = _all_at_once(labels_of, wanted)
    pairs = [
        (selector, label)
        for selector, names in wanted.items()
        for label in sorted(names & labels[selector])
        # The path of the question has no room for the names that Prometheus 3 allows beside words.
        if _LABEL.fullmatch(label)
    ]
    values = {pair: found for pair, found in _all_at_once(values_of, pairs).items() if found is not None}
    # A native histogram has no buckets as series: `le` is wanted of it, and not there.
    suspects = [selector for selector, names in wanted.items() if "le" in names and labels[selector]]

    def is_native(selector: str) -> bool:
        # Prometheus 2.42 makes a plain 0 of a native histogram's last_over_time: there, those of now are found.
        lately = f"histogram_count(last_over_time({selector}[{round(window * 1000)}ms]))"
        asked = f"count({lately} or histogram_count({selector}))"
        return bool(connection.custom_query(asked))

    native = _all_at_once(is_native, [one for one in suspects if "le" not in labels[one]])
    names = frozenset(
        name for selector, found in native.items() if found and (name := _name_of(selector)) is not None
    )
    return Observed(metrics=metrics, labels=labels, values=values, window=window, native=names)


def _name_of(selector: str) -> str | None:
    """The metric's name out of ``{__name__="latency"}``, with more matchers or not; None where it says no single one."""
    text = selector.removeprefix("{__name__=")
    if not text.startswith('"'):
        return None
    name: str = json.JSONDecoder().raw_decode(text)[0]
    return name


def _names(found: object) -> list[str]:
    # Prometheus writes an empty list as null or []; other data is not what was asked for.
    names = [] if found is None else found
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Failed("answers with data that are not a list of names")
    return names


def _all_at_once(ask: Callable[[_A], _T], questions: Iterable[_A]) -> dict[_A, _T]:
    questions = list(questions)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        # Where one fails, map cancels those that have not begun.
        return dict(zip(questions, pool.map(ask, questions), strict=True))
