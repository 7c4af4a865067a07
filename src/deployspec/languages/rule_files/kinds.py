"""Whether a YAML file holds rules, unit tests, or something else: told from its topmost keys."""

from __future__ import annotations

import re
from enum import Enum

from deployspec.base.problems import Problems, suggestion
from deployspec.base.yaml_tree import Mapping, Node, Scalar, Sequence, is_null, read_documents

_PLAINLY_RULES = re.compile(r"^groups:", re.MULTILINE)

_OF_A_SERVER = {"global", "scrape_configs", "alerting", "remote_write", "remote_read"}
"""Keys of Prometheus' own configuration, which has ``rule_files`` as well."""
_OF_A_GROUP = {"interval", "input_series", "alert_rule_test", "promql_expr_test"}
"""Keys of a group of tests; other tools' files have ``tests`` as well."""


class Kind(Enum):
    """What a file holds."""

    RULES = "rules"
    """Rules; also what cannot be told (broken YAML, nothing, a misspelt ``groups``): reading it says what is wrong."""
    TESTS = "unit tests"
    OTHER = "something else"


def kind_of_file(text: str, path: str) -> Kind:
    """What a file holds. Never raises."""
    if _PLAINLY_RULES.search(text):
        return Kind.RULES
    problems = Problems(path)
    roots = [root for root in read_documents(text, problems) if not is_null(root)]
    if problems or not roots:
        return Kind.RULES
    kinds = set(map(_kind, roots))
    return next(kind for kind in (Kind.RULES, Kind.TESTS, Kind.OTHER) if kind in kinds)


def _kind(root: Node) -> Kind:
    if not isinstance(root, Mapping):
        return Kind.OTHER
    keys = root.items
    said = keys["kind"][1] if "kind" in keys else None
    word = said.text if isinstance(said, Scalar) else ""
    if "apiVersion" in keys and word:
        # A list may hold PrometheusRules: reading it tells.
        rules = word == "PrometheusRule" or word.endswith("List")
        return Kind.RULES if rules else Kind.OTHER
    if "groups" in keys or not keys:
        return Kind.RULES
    if "rule_files" in keys and "tests" not in keys and keys.keys() & _OF_A_SERVER:
        return Kind.OTHER
    if "rule_files" in keys:
        return Kind.TESTS
    if "tests" in keys:
        return Kind.TESTS if _may_be_groups(keys["tests"][1]) else Kind.OTHER
    return Kind.RULES if any(suggestion(key, ["groups"]) for key in keys) else Kind.OTHER


def _may_be_groups(node: Node) -> bool:
    """Whether the ``tests`` of a file without ``rule_files`` are none yet, or one has a key of a test group."""
    items = node.items if isinstance(node, Sequence) else []
    return not items or any(isinstance(item, Mapping) and item.items.keys() & _OF_A_GROUP for item in items)
