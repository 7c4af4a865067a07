"""Whether a YAML file holds rules, unit tests, or something else: told from its topmost keys."""

from __future__ import annotations

import re
from enum import Enum

from deployspec.base.problems import Problems, suggestion
from deployspec.base.yaml_tree import Mapping, Node, Scalar, is_null, read_documents

_PLAINLY_RULES = re.compile(r"^groups:", re.MULTILINE)

_OF_A_SERVER = {"global", "scrape_configs", "alerting", "remote_write", "remote_read"}
"""Keys of Prometheus' own configuration, which has ``rule_files`` as well."""


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
    if "tests" in keys or "rule_files" in keys:
        return Kind.TESTS
    return Kind.RULES if any(suggestion(key, ["groups"]) for key in keys) else Kind.OTHER
