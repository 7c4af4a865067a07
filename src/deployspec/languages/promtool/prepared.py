"""Rule files and test files written anew for promtool: what it cannot read as it is, and tests of single cases."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from deployspec.base.duration import format_duration
from deployspec.languages.rule_files.model import Case, RuleFile, RuleGroup, TestFile

CASE_LISTS = {"alert": "alert_rule_test", "expr": "promql_expr_test"}
"""Where a test group has its cases, by their kind."""
_EVALUATIONS = 1_000
_DAY = 86_400.0


def rules_documents(rule_file: RuleFile) -> tuple[str, ...]:
    """A rule file as documents in Prometheus' own format, in none of which a group's name occurs twice.

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
    return tuple(yaml_text({"groups": [group.data for group in document.values()]}) for document in documents)


def tests_document(
    test_file: TestFile,
    rule_files: Sequence[str],
    cases: Iterable[Case] | None = None,  # noqa: PT028 - no test
    order: Sequence[str] | None = None,  # noqa: PT028 - no test
) -> str:
    """A test file with other rule files, and with these cases only (None: all of them).

    ``rule_files`` are absolute paths, meant as they are: nothing in them is a pattern. Groups of which no case is
    wanted are left out; whatever else the file says is kept, but for the order of the groups of rules, where one is given.
    Raises ValueError where a case is none of the file's.
    """
    document = {**test_file.data, "rule_files": [_literal(path) for path in rule_files]}
    if order is not None:
        document["group_eval_order"] = list(order)
    if cases is not None:
        wanted: dict[int, dict[str, list[int]]] = {}
        for case in cases:
            wanted.setdefault(case.group, {"alert": [], "expr": []})[case.kind].append(case.number)
        document["tests"] = [
            with_cases(data, {kind: _numbered(data, kind, numbers) for kind, numbers in by_kind.items()})
            for index, by_kind in sorted(wanted.items())
            for data in (test_file.data["tests"][index],)
        ]
    return yaml_text(document)


def groups_document(test_file: TestFile, rule_files: Sequence[str], groups: Iterable[int]) -> str:
    """A test file with other rule files, and with these groups only, by their indices. ``rule_files`` are as in
    ``tests_document``."""
    rules = [_literal(path) for path in rule_files]
    tests = [test_file.data["tests"][index] for index in groups]
    return yaml_text({**test_file.data, "rule_files": rules, "tests": tests})


def loading_document(test_file: TestFile, rule_files: Sequence[str]) -> str:
    """A test file that fails where promtool does not load these rule files, or cannot evaluate a rule even without any
    series. ``rule_files`` are as in ``tests_document``."""
    passing = {"expr": "vector(0)", "exp_samples": [{"labels": "{}", "value": 0}]}
    rules = [_literal(path) for path in rule_files]
    tests = [{"promql_expr_test": [passing]}]
    return yaml_text({**test_file.data, "rule_files": rules, "tests": tests})


def later_documents(test_file: TestFile, rule_files: Callable[[int], Sequence[str]]) -> dict[int, str]:
    """Of each group with a series that begins, or begins again, after its last ``eval_time``: a test file in which
    nothing but the evaluation of the rules, until those series end, can fail. By the group's index.

    promtool evaluates no rule after the last ``eval_time``. Series that go on for more than 1,000 evaluations or a day
    from there are left alone: they would take time. ``rule_files`` gives those of a group, by its index; they are as in ``tests_document``.
    """
    documents = {}
    furthest = min(_DAY, _EVALUATIONS * test_file.evaluation_interval)
    for group in test_file.groups:
        last = max((case.eval_time for case in group.cases), default=math.inf)
        ends = [
            (series.items - 1) * group.interval
            for series in group.series
            if 0 <= series.first_gap * group.interval <= last < series.last_number * group.interval
        ]
        end = max((end for end in ends if end <= last + furthest), default=0)
        if end:
            passing = {
                "expr": "vector(0)",
                "eval_time": format_duration(end),
                "exp_samples": [{"labels": "{}", "value": 0}],
            }
            data = with_cases(test_file.data["tests"][group.index], {"alert": (), "expr": (passing,)})
            rules = [_literal(path) for path in rule_files(group.index)]
            documents[group.index] = yaml_text({**test_file.data, "rule_files": rules, "tests": [data]})
    return documents


def with_cases(group: Mapping[str, Any], cases: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """A test group with other cases, given by kind. A kind without any is left out."""
    kept = {key: value for key, value in group.items() if key not in CASE_LISTS.values()}
    return kept | {key: cases[kind] for kind, key in CASE_LISTS.items() if cases[kind]}


def _numbered(group: Mapping[str, Any], kind: str, numbers: Iterable[int]) -> list[Any]:
    cases = group.get(CASE_LISTS[kind]) or ()
    wanted = sorted(set(numbers))
    if wanted and wanted[-1] >= len(cases):
        raise ValueError(f"the group has no case {wanted[-1]} under {CASE_LISTS[kind]}")
    return [cases[number] for number in wanted]


def _literal(path: str) -> str:
    """A path that promtool's pattern matching takes literally."""
    return re.sub(r"([*?\[\\])", r"\\\1", path)


_TROUBLESOME = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""What may stand in a JSON string and not, or with another meaning, in a YAML one."""


def yaml_text(data: object) -> str:
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
            pairs = (
                f"{json.dumps(str(key), ensure_ascii=False)}: {_slowly(value)}" for key, value in data.items()
            )
            return "{" + ", ".join(pairs) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_slowly, data)) + "]"
        case float() if not math.isfinite(data):
            return ".nan" if math.isnan(data) else ".inf" if data > 0 else "-.inf"
        case _:
            return json.dumps(data, ensure_ascii=False, default=_plain)
