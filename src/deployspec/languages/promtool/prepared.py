"""Rule files and test files written anew for promtool: what it cannot read as it is, and tests of single cases."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from deployspec.languages.rule_files import Case, RuleFile, RuleGroup, TestFile

_LISTS = {"alert": "alert_rule_test", "expr": "promql_expr_test"}


def rules_document(rule_file: RuleFile) -> str:
    """All groups of a rule file as one document in Prometheus' own format."""
    return _document(rule_file.groups)


def rules_documents(rule_file: RuleFile) -> tuple[str, ...]:
    """The same as several documents, in none of which a group's name occurs twice.

    Two ``PrometheusRule`` documents in one file may name a group alike: in a cluster they are two files.
    """
    documents: list[dict[str, RuleGroup]] = []
    for group in rule_file.groups:
        for document in documents:
            if group.name not in document:
                document[group.name] = group
                break
        else:
            documents.append({group.name: group})
    return tuple(_document(document.values()) for document in documents)


def tests_document(
    test_file: TestFile,
    rule_files: Sequence[str],
    cases: Iterable[Case] | None = None,  # noqa: PT028 - no test
) -> str:
    """A test file with other rule files, and with these cases only (None: all of them).

    ``rule_files`` are absolute paths, meant as they are: nothing in them is a pattern. Groups of which no case is
    wanted are left out; whatever else the file says is kept. Raises ValueError where a case is none of the file's.
    """
    document = {**test_file.data, "rule_files": [_literal(path) for path in rule_files]}
    if cases is not None:
        wanted: dict[int, dict[str, list[int]]] = {}
        for case in cases:
            wanted.setdefault(case.group, {"alert": [], "expr": []})[case.kind].append(case.number)
        document["tests"] = [_part(test_file.data["tests"][group], wanted[group]) for group in sorted(wanted)]
    return _yaml(document)


def _part(group: Mapping[str, Any], wanted: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    part = {key: value for key, value in group.items() if key not in _LISTS.values()}
    for kind, key in _LISTS.items():
        if numbers := sorted(set(wanted[kind])):
            cases = group.get(key) or ()
            if numbers[-1] >= len(cases):
                raise ValueError(f"the group has no case {numbers[-1]} under {key}")
            part[key] = [cases[number] for number in numbers]
    return part


def _document(groups: Iterable[RuleGroup]) -> str:
    return _yaml({"groups": [group.data for group in groups]})


def _literal(path: str) -> str:
    """A path that promtool's pattern matching takes literally."""
    return re.sub(r"([*?\[\\])", r"\\\1", path)


_TROUBLESOME = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""What may stand in a JSON string and not, or with another meaning, in a YAML one."""


def _yaml(data: object) -> str:
    """YAML, written as JSON, which it includes: but for a few characters, and numbers that are none."""
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, default=_plain)
    except ValueError:
        text = _slowly(data)
    return _TROUBLESOME.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} in a YAML document")


def _slowly(data: object) -> str:
    """The same for data with an infinity or a NaN in it, which JSON cannot say."""
    match data:
        case Mapping():
            return (
                "{"
                + ", ".join(
                    f"{json.dumps(str(key), ensure_ascii=False)}: {_slowly(value)}"
                    for key, value in data.items()
                )
                + "}"
            )
        case list() | tuple():
            return "[" + ", ".join(map(_slowly, data)) + "]"
        case float() if not math.isfinite(data):
            return ".nan" if math.isnan(data) else ".inf" if data > 0 else "-.inf"
        case _:
            return json.dumps(data, ensure_ascii=False, default=_plain)
