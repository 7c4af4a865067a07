"""Rules for the tests of mutation."""

from __future__ import annotations

import json
from typing import Any

from deployspec.languages.rule_files.model import Rule
from deployspec.languages.rule_files.rules import read_rules


def rule(expr: str, *, kind: str = "alert", name: str = "Alarm", **more: Any) -> Rule:
    """One rule, without labels and annotations unless they are given; ``for`` is ``**{"for": "5m"}``."""
    group = {"name": "made", "rules": [{kind: name, "expr": expr, **more}]}
    file = read_rules(json.dumps({"groups": [group]}), "made.rules.yml")
    assert not file.problems
    return file.rules[0]
