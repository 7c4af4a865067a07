"""Which cases of a file failed, told from what promtool printed; or that it cannot be told."""

from __future__ import annotations

import re
from collections.abc import Mapping

from deployspec.base.duration import format_duration
from deployspec.languages.promtool.blocks import Block, blocks
from deployspec.languages.promtool.golang import quote
from deployspec.languages.promtool.model import CaseKey, case_key
from deployspec.languages.rule_files.model import Case, TestFile

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_REFUSED = re.compile(
    r"(?:Unit Testing:  [^\n]*\n)?(?:  WARNING: [^\n]*\n)*  FAILED:\n"
    r"(?:yaml: |group name repeated in evaluation order: |syntax error in pattern\n)"
)


def attribute(test_file: TestFile, output: str, exit_status: int) -> Mapping[CaseKey, str] | None:
    """promtool's words about each failed case of a file, by ``case_key``; every other case has passed.

    None where that cannot be told with certainty: a line that is not understood (a rule or a series that could not
    be evaluated ends a group early), a failure that fits no case or several, failures in another order than the
    cases'. ``output`` is what promtool printed about this file.
    """
    if exit_status == 0:
        return {}
    found = blocks(output)
    by_header: dict[str, Case | None] = {}
    for case in test_file.cases:
        header = _header(case)
        if header is None:
            return None
        by_header[header] = None if header in by_header else case
    if not found:
        return None
    failed: dict[CaseKey, str] = {}
    last: tuple[int, int, float, int] = (-1, 0, 0.0, 0)
    for block in found:
        failing = by_header.get(block.header)
        if failing is None or not _trusted(block, failing) or not last < _order(failing):
            return None
        failed[case_key(failing)], last = block.text, _order(failing)
    return failed


def refused(output: str) -> bool:
    """Whether promtool's output about a failed file says that it could not be read, so that no case was judged."""
    return _REFUSED.match(output) is not None


def _header(case: Case) -> str | None:
    """How promtool begins what it prints about a case; None where other lines could be made to look like that."""
    time = format_duration(case.eval_time)
    if case.kind == "expr":
        return f"    expr: {quote(case.subject)}, time: {time}"
    if _CONTROL.search(case.group_name) or _CONTROL.search(case.subject):
        return None
    name = f"    name: {case.group_name},\n" if case.group_name else ""
    return f"{name}    alertname: {case.subject}, time: {time}, "


def _trusted(block: Block, case: Case) -> bool:
    # An error may quote a part of the expression as it is, with line breaks that make it look like other failures.
    return not block.error or not _CONTROL.search(case.subject)


def _order(case: Case) -> tuple[int, int, float, int]:
    """The order in which promtool judges."""
    if case.kind == "alert":
        return case.group, 0, case.eval_time, case.number
    return case.group, 1, 0.0, case.number
