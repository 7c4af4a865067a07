"""GitLab's report on code quality: what it shows beside the files of a merge request, as JSON."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from deployspec.outputs.findings import Finding, Gravity

_SEVERITIES = {
    Gravity.REFUSED: "blocker",
    Gravity.BREACHED: "critical",
    Gravity.UNMEASURED: "major",
    Gravity.RUN: "major",
    Gravity.ACCEPTED: "info",
}


def code_quality(findings: Iterable[Finding], deployment: str, otherwise: str) -> str:
    """The report. A finding that is about no file of the repository stands at the beginning of ``otherwise``: GitLab
    refuses one without a path.

    Fingerprints are the same in every run that finds the same, whatever was measured: GitLab shows what is new.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    report = []
    for finding in findings:
        # What a run or a file has several of is told apart by its words, but not by the figures among them.
        of_check = finding.gravity not in (Gravity.REFUSED, Gravity.RUN)
        own = (deployment, finding.id, "" if of_check else re.sub(r"\d+", "", finding.message))
        seen[own] += 1
        report.append(_issue(finding, (*own, str(seen[own])), otherwise))
    return json.dumps(report, ensure_ascii=False, indent=1) + "\n"


def _issue(finding: Finding, own: tuple[str, ...], otherwise: str) -> dict[str, Any]:
    return {
        "description": f"{finding.id}: {finding.message}",
        "check_name": finding.id.partition("[")[0],
        "fingerprint": hashlib.sha256("\0".join(own).encode("utf-8", "surrogatepass")).hexdigest(),
        "severity": _SEVERITIES[finding.gravity],
        "location": {"path": finding.file or otherwise, "lines": {"begin": finding.line}},
    }
