"""PromQL: what an expression reads, which labels it names, and which labels its result can have."""

from deployspec.languages.promql.labels import Labels, result_labels
from deployspec.languages.promql.mentions import Mention, mentioned_labels
from deployspec.languages.promql.results import can_give_a_result
from deployspec.languages.promql.selectors import (
    Matcher,
    Selector,
    label_names,
    label_text,
    metric_names,
    selectors,
)
from deployspec.languages.promql.syntax import PromqlError, is_scalar, parse, to_text, walk

__all__ = [
    "Labels",
    "Matcher",
    "Mention",
    "PromqlError",
    "Selector",
    "can_give_a_result",
    "is_scalar",
    "label_names",
    "label_text",
    "mentioned_labels",
    "metric_names",
    "parse",
    "result_labels",
    "selectors",
    "to_text",
    "walk",
]
