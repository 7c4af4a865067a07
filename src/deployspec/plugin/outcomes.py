"""How a verdict becomes a pytest outcome: exceptions, the judge, reports, letters and words."""

from __future__ import annotations

import ast
import inspect
import textwrap
import traceback
from collections.abc import Generator, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.base.disclosure import redact
from deployspec.base.shown import printable
from deployspec.model.entry import Accepted, Entry, Evidence
from deployspec.model.http import Call
from deployspec.model.judge import Judge
from deployspec.model.verdict import Breached, Outcome, Unmeasured, Verdict, breached, unmeasured
from deployspec.outputs.failure import failure_text
from deployspec.plugin.accepting import applied
from deployspec.plugin.client import CLIENT
from deployspec.plugin.deployments import without_pieces
from deployspec.plugin.options import chapters_of, is_check, is_worker
from deployspec.plugin.own_checks import (
    Judgement,
    nothing_passes_as_a_warning,
    raised_in,
    told_by,
    told_by_its_end,
)
from deployspec.plugin.selection import id_of, needs_deployment

if TYPE_CHECKING:
    from deployspec.tools.http.client import DeploymentClient


_SKIPS = (pytest.skip.Exception, pytest.xfail.Exception)
_JUDGEMENT: pytest.StashKey[Judgement] = pytest.StashKey()
_SAID: pytest.StashKey[Entry] = pytest.StashKey()
_RUNNING: pytest.StashKey[bool] = pytest.StashKey()
_SUBTESTS: pytest.StashKey[list[Judgement | None]] = pytest.StashKey()
"""What the subtests of a check say, in order; None for one that holds."""
_NOT_ACCEPTED: pytest.StashKey[Entry] = pytest.StashKey()
"""The first subtest that fails whatever the team accepts, as its check would say it."""


@pytest.fixture
def judge(request: pytest.FixtureRequest) -> Judge:
    """Give this check's verdict, once: ``judge(verdict, call, …)``, with the calls it rests on as evidence.

    ``evidence`` is shown as it is, whatever the verdict.
    """
    item = request.node

    def give(
        verdict: Verdict,
        *calls: Call,
        reproduce: str = "",
        waited: float = 0.0,
        evidence: Sequence[Evidence] = (),
    ) -> None:
        from deployspec.outputs.evidence import evidence_of

        __tracebackhide__ = True
        if _JUDGEMENT in item.stash:
            raise RuntimeError("a check gives one verdict; this one has given two")
        # Calls that could not be judged are shown by the check that owns the cause.
        shown = () if verdict.outcome is Outcome.UNMEASURED else evidence_of(calls)
        item.stash[_JUDGEMENT] = Judgement(
            verdict,
            flaky=verdict.outcome is Outcome.MET and any(call.flaky for call in calls),
            evidence=(*shown, *evidence),
            reproduce=reproduce,
            waited=waited,
        )
        if verdict.outcome is Outcome.BREACHED:
            raise Breached(verdict.reason)
        if verdict.outcome is Outcome.UNMEASURED:
            raise Unmeasured(verdict.reason)

    return give


class FailureText:
    """A failure as pytest's reporters take it: our own text instead of a traceback."""

    def __init__(self, text: str, message: str) -> None:
        self.text = text
        # What the short summary and JUnit quote.
        self.reprcrash = SimpleNamespace(message=printable(message), path="", lineno=0)

    def __str__(self) -> str:
        return self.text

    def toterminal(self, tw: Any) -> None:
        """Write it to pytest's terminal."""
        for line in self.text.splitlines():
            # A terminal obeys what a deployment may send.
            tw.line(printable(line), red=line.startswith("BREACHED"), yellow=line.startswith("UNMEASURED"))


def promise_of(item: pytest.Item) -> str:
    """The promise in the check's own words: its docstring's first paragraph, on one line."""
    made_by = getattr(item, "obj", None)
    text = inspect.cleandoc(getattr(made_by, "__doc__", None) or _docstring_in_source(made_by) or item.name)
    return " ".join(text.split("\n\n")[0].split())


def _docstring_in_source(function: object) -> str | None:
    """What ``python -OO`` leaves out of a function; None where it has none."""
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body  # type: ignore[arg-type]
        return ast.get_docstring(tree)  # type: ignore[arg-type]
    except (OSError, TypeError, ValueError, SyntaxError):
        return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn what happened in a check into a verdict, and the verdict into pytest's categories."""
    if not is_check(item):
        return (yield)
    call.excinfo = raised_in(item, call)
    found, trace = _taken(item, call)
    # The report gets a text of our own below. For one of pytest's, each line of a traceback costs a parse of its file.
    options, style = item.config.option, item.config.getoption("tbstyle", "auto")
    options.tbstyle = "line"
    try:
        report = yield
    finally:
        options.tbstyle = style
    report.sections = [(title, redact(text)) for title, text in report.sections]
    if item.stash.get(_RUNNING, False):
        return _of_a_subtest(item, call, report, found, trace)
    if found is not None:
        item.stash[_JUDGEMENT] = found
    entry = _entry(item, call, report, trace)
    if entry is None:
        if report.failed:
            reason = _trouble(call)
            report.longrepr = FailureText(reason, reason)  # type: ignore[assignment]
        return report
    entry = applied(item.config, entry).mapped(redact)
    # Half of a surrogate pair has no bytes, and so no way from a worker of pytest-xdist to its controller.
    entry = entry.mapped(_with_bytes) if is_worker(item.config) else entry
    if entry.accepted is not None and (other := item.stash.get(_NOT_ACCEPTED, None)):
        # Whoever accepts the worst of them does not accept the others.
        entry = replace(
            entry, verdict=other.verdict, reason=other.reason, defect=other.defect, accepted=None,
            measured="", limit="", proportion=None,
        )  # fmt: skip
    item.stash[_SAID] = entry
    call.excinfo = _as_told(call.excinfo, entry)
    item.user_properties[:] = [(name, value) for name, value in entry.properties() if value]
    report.user_properties = list(item.user_properties)
    report.deployspec = asdict(entry)  # type: ignore[attr-defined]
    vars(report).pop("wasxfail", None)
    if entry.fails:
        report.outcome, report.longrepr = "failed", _failure_text(entry)  # type: ignore[assignment]
    elif entry.accepted is not None:
        _accept(item, report, entry.accepted)
    else:
        report.outcome, report.longrepr = "passed", None
    return report


def _with_bytes(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _accept(item: pytest.Item, report: pytest.TestReport, accepted: Accepted) -> None:
    """Neither passed nor failed. A setup that had passed would be followed by the check itself."""
    report.outcome = "skipped"
    path, line, _ = item.location
    report.longrepr = (path, line or 0, accepted.in_words())


def _as_told(
    raised: pytest.ExceptionInfo[BaseException] | None, entry: Entry
) -> pytest.ExceptionInfo[BaseException] | None:
    """What was raised, as the entry tells it: others read it, and not the report."""
    if entry.accepted is not None:
        return None
    text = entry.met_again or entry.reason
    if not entry.met_again and (raised is None or str(raised.value) == text):
        return raised
    try:
        raise (Unmeasured if entry.verdict == Outcome.UNMEASURED else Breached)(text)
    except (Breached, Unmeasured) as error:
        return pytest.ExceptionInfo.from_exception(error.with_traceback(raised.tb) if raised else error)


def _taken(item: pytest.Item, call: pytest.CallInfo[None]) -> tuple[Judgement | None, Evidence | None]:
    """What was raised says of the deployment, or else where it was; what others read of it becomes a verdict.

    For others, such as allure-pytest, read the exception itself, and not the report.
    """
    raised = call.excinfo
    if raised is None or isinstance(raised.value, Breached | Unmeasured):
        return None, None
    if isinstance(raised.value, _SKIPS):
        raised.value.msg = without_pieces(item.config, str(raised.value))
        return None, None
    found, trace, error = told_by(item, call.when, raised), None, None
    if found is not None:
        kind = Breached if found.verdict.outcome is Outcome.BREACHED else Unmeasured
        error = kind(found.verdict.reason)
    else:
        # Where a defect sits. Without local variables: nobody has to see them all, and there are many.
        text = "".join(traceback.format_exception(raised.value)).rstrip()
        trace = Evidence("traceback", without_pieces(item.config, text))
        error = Unmeasured(without_pieces(item.config, _trouble(call)))
    call.excinfo = pytest.ExceptionInfo.from_exception(error.with_traceback(raised.tb))
    return found, trace


def _of_a_subtest(
    item: pytest.Item,
    call: pytest.CallInfo[None],
    report: pytest.TestReport,
    found: Judgement | None,
    trace: Evidence | None,
) -> pytest.TestReport:
    """Keep what a subtest says for the end of its check, which goes on: it is reported as the check itself would be."""
    if call.excinfo is not None and found is None:
        error = call.excinfo.value
        verdict = breached(str(error)) if isinstance(error, Breached) else unmeasured(_trouble(call))
        found = Judgement(verdict, defect=trace is not None)
    item.stash.setdefault(_SUBTESTS, []).append(found)
    if report.failed and found is not None:
        outcome, reason = found.verdict.outcome.value, redact(found.verdict.reason)
        own = Entry(item.nodeid, id_of(item), "", "", outcome, reason, defect=found.defect)
        own = applied(item.config, own)
        if own.accepted is not None:
            _accept(item, report, own.accepted)
            return report
        item.stash.setdefault(_NOT_ACCEPTED, own)
        report.longrepr = FailureText(reason, reason)  # type: ignore[assignment]
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Know that a check is going on: a report that is made meanwhile is one of a subtest."""
    if not is_check(item):
        return (yield)
    item.stash[_RUNNING] = True
    try:
        with nothing_passes_as_a_warning(item):
            return (yield)
    finally:
        item.stash[_RUNNING] = False


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Notice what threads have raised until a check's fixtures have ended."""
    if not is_check(item):
        return (yield)
    with nothing_passes_as_a_warning(item):
        return (yield)


def _failure_text(entry: Entry) -> FailureText:
    return FailureText(failure_text(entry), entry.met_again or entry.reason)


def _entry(
    item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport, trace: Evidence | None
) -> Entry | None:
    """What is to be said of this phase; None where the verdict is not decided by it."""
    decided_by_call = call.when == "call"
    troubled = call.excinfo is not None
    if not (decided_by_call or troubled):
        return None
    judgement = item.stash.get(_JUDGEMENT, None)
    said = item.stash.get(_SAID, None)
    if call.when == "teardown" and said is not None and said.verdict != Outcome.MET and said.fails:
        return None
    subtests = item.stash.get(_SUBTESTS, [])
    if not troubled and judgement is None and (ended := told_by_its_end(item, has_subtests=bool(subtests))):
        judgement = Judgement(ended)
    if not troubled and (judgement is None or judgement.verdict.outcome is not Outcome.BREACHED):
        # The worst of them: a breach, or else the first that did not hold.
        failed = [one for one in subtests if one is not None]
        judgement = min(
            failed, key=lambda one: one.verdict.outcome is not Outcome.BREACHED, default=judgement
        )
    if call.when == "teardown" or judgement is None or trace is not None or _skipped(call):
        judgement = Judgement(
            unmeasured(_trouble(call)),
            waited=judgement.waited if judgement else 0.0,
            evidence=() if trace is None else (trace,),
            # One that was skipped, or whose measurement could not be taken, is at no fault.
            defect=trace is not None or not troubled,
        )
    verdict = judgement.verdict
    client = item.stash.get(CLIENT, None)
    return Entry(
        check=item.nodeid,
        id=id_of(item),
        chapter=chapters_of(item)[0],
        promise=promise_of(item),
        verdict=verdict.outcome.value,
        reason=verdict.reason,
        measured=verdict.measured,
        limit=verdict.limit,
        flaky=judgement.flaky,
        reproduce=judgement.reproduce,
        evidence=(*judgement.evidence, *_exchanges(client)),
        duration=report.duration,
        waited=judgement.waited,
        source=source_of(item),
        asks=needs_deployment(item),
        proportion=verdict.proportion,
        defect=judgement.defect,
    )


def _exchanges(client: DeploymentClient | None) -> tuple[Evidence, ...]:
    if client is None or not client.calls:
        return ()
    from deployspec.outputs.evidence import evidence_of

    return evidence_of(client.calls, last=True)


def source_of(item: pytest.Item) -> str:
    """File and line of a check."""
    return f"{relative(item.path, item.config.rootpath)}:{item.location[1] or 0}"


@lru_cache(64)
def relative(path: Path, root: Path) -> str:
    """A path as it is said from a folder: from there where it is in it, else whole."""
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _skipped(call: pytest.CallInfo[None]) -> bool:
    return call.excinfo is not None and isinstance(call.excinfo.value, _SKIPS)


def _trouble(call: pytest.CallInfo[None]) -> str:
    """Why there is no verdict: the suite's own breakage reads differently from the deployment's."""
    if call.excinfo is None:
        return "the check ended without a verdict: a defect in the check itself"
    error = call.excinfo.value
    if isinstance(error, Unmeasured):
        return str(error)
    if isinstance(error, _SKIPS):
        return f"skipped ({error}); a check cannot be skipped silently"
    where = call.excinfo.traceback[-1]
    return (
        f"a defect in deployspec or the check, not in the deployment: {type(error).__name__}: "
        f"{' '.join(str(error).split())} (in {call.when}, {Path(where.path).name}:{where.lineno + 1})"
    )


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, Any] | None:
    """Letters and words of the verdicts. UNMEASURED stays in pytest's own failing categories."""
    attached = getattr(report, "deployspec", None)
    if attached is None:
        return None
    if attached.get("accepted") is not None:
        return "accepted", "a", (f"ACCEPTED ({attached['verdict']})", {"yellow": True})
    if report.passed:
        return (
            ("passed", "~", ("MET (flaky)", {"yellow": True}))
            if attached["flaky"]
            else ("passed", ".", "MET")
        )
    category = "failed" if report.when == "call" else "error"
    if attached.get("met_again"):
        return category, "A", ("MET AGAIN", {"red": True})
    if attached["verdict"] == Outcome.BREACHED:
        return category, "B", ("BREACHED", {"red": True})
    return category, "U", ("UNMEASURED", {"yellow": True})


CRASHED = "???"
"""The phase that pytest-xdist names for a test whose worker ended in mid-test."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Give a worker's report its text back: on its way to the controller it became a plain string."""
    # A subtest's output comes into its report only after that was made.
    report.sections = [(title, redact(text)) for title, text in report.sections]
    if report.when == CRASHED:
        # All that the worker had measured is gone with it.
        own, reason = (
            report.nodeid,
            "the pytest-xdist worker running this check died, so nothing was measured",
        )
        lost = Entry(own, own, "", own, Outcome.UNMEASURED.value, reason, defect=True)
        report.deployspec = asdict(lost)  # type: ignore[attr-defined]
    attached = getattr(report, "deployspec", None)
    if attached is not None and report.failed and not isinstance(report.longrepr, FailureText):
        report.longrepr = _failure_text(Entry.from_dict(attached))  # type: ignore[assignment]
