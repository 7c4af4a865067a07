"""The verdict on one case."""

from __future__ import annotations

from deployspec.base.shown import counted, one_line
from deployspec.languages.promtool.difference import summary
from deployspec.languages.promtool.model import CaseRun
from deployspec.languages.rule_files.model import Case
from deployspec.model.verdict import Verdict, breached, met, unmeasured


def judge_case(case: Case, run: CaseRun) -> Verdict:
    """MET where promtool passed the case, BREACHED where it failed it, UNMEASURED where it could not judge.

    Where promtool refuses a file (broken YAML, bad PromQL, an unknown field) each case that needs the file is
    BREACHED, with promtool's own words: it is the file that is wrong, and Prometheus would refuse the rules as well.
    Where its words prove that it is only too old for the file, the case is UNMEASURED.
    """
    if run.status is None:
        return unmeasured(one_line(run.trouble or "promtool's answer could not be understood"))
    if run.status != 0:
        return breached(one_line(summary(run.printed or run.text), 400))
    if case.kind == "expr":
        return met(f"promtool finds the expected samples at {one_line(case.eval_time_text)}")
    number = len(case.expected)
    what = f"{counted(number, 'alert')} firing" if number else "no alert firing"
    return met(f"promtool finds {what} at {one_line(case.eval_time_text)}, as expected")
