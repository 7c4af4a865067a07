"""How a verdict becomes a pytest outcome: exceptions, the judge, reports, letters and words."""

from __future__ import annotations

import ast
import contextlib
import inspect
import textwrap
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial, update_wrapper
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.base.disclosure import redact
from deployspec.base.shown import cut
from deployspec.model.entry import Entry, Evidence
from deployspec.model.http import Call, FailureKind
from deployspec.model.judge import Judge
from deployspec.model.verdict import Breached, Outcome, Unmeasured, Verdict, breached, met, unmeasured
from deployspec.outputs.failure import failure_text
from deployspec.plugin.client import CLIENT
from deployspec.plugin.deployments import without_pieces
from deployspec.plugin.options import chapters_of, is_check
from deployspec.plugin.selection import id_of, needs_deployment

if TYPE_CHECKING:
    from deployspec.tools.http.client import DeploymentClient


@dataclass
class Judgement:
    """What a check has said so far."""

    verdict: Verdict
    flaky: bool = False
    evidence: tuple[Evidence, ...] = ()
    reproduce: str = ""
    waited: float = 0.0


_SKIPS = (pytest.skip.Exception, pytest.xfail.Exception)
_JUDGEMENT: pytest.StashKey[Judgement] = pytest.StashKey()
_SAID: pytest.StashKey[Entry] = pytest.StashKey()


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
        self.reprcrash = SimpleNamespace(message=message, path="", lineno=0)

    def __str__(self) -> str:
        return self.text

    def toterminal(self, tw: Any) -> None:
        """Write it to pytest's terminal."""
        for line in self.text.splitlines():
            tw.line(line, red=line.startswith("BREACHED"), yellow=line.startswith("UNMEASURED"))


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
    trace = None
    raised = call.excinfo
    if raised is not None and isinstance(raised.value, _SKIPS):
        raised.value.msg = without_pieces(item.config, str(raised.value))
    elif raised is not None and (found := _found(item, call.when, raised)):
        item.stash[_JUDGEMENT] = found
        kind = Breached if found.verdict.outcome is Outcome.BREACHED else Unmeasured
        call.excinfo = pytest.ExceptionInfo.from_exception(
            kind(found.verdict.reason).with_traceback(raised.tb)
        )
    elif raised is not None and not isinstance(raised.value, Breached | Unmeasured):
        # Where a defect sits. Without local variables: nobody has to see them all, and there are many.
        text = "".join(traceback.format_exception(raised.value)).rstrip()
        trace = Evidence("traceback", without_pieces(item.config, text))
        # Others, such as allure-pytest, read the exception itself, and not the report: it becomes a verdict.
        error = Unmeasured(without_pieces(item.config, _trouble(call))).with_traceback(raised.tb)
        call.excinfo = pytest.ExceptionInfo.from_exception(error)
    report = yield
    entry = _entry(item, call, report, trace)
    report.sections = [(title, redact(text)) for title, text in report.sections]
    if entry is None:
        if report.failed:
            reason = _trouble(call)
            report.longrepr = FailureText(reason, reason)  # type: ignore[assignment]
        return report
    entry = entry.mapped(redact)
    item.stash[_SAID] = entry
    item.user_properties[:] = [(name, value) for name, value in entry.properties() if value]
    report.user_properties = list(item.user_properties)
    report.deployspec = asdict(entry)  # type: ignore[attr-defined]
    report.outcome = "passed" if entry.verdict == Outcome.MET else "failed"
    vars(report).pop("wasxfail", None)
    report.longrepr = None if report.passed else _failure_text(entry)  # type: ignore[assignment]
    return report


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Redact what is raised in a fixture, and at its end, before others read it, such as allure-pytest."""
    try:
        with _hidden(request.config):
            return (yield)
    finally:
        # allure-pytest puts its own around these, and reads what comes out of them.
        ends = getattr(fixturedef, "_finalizers", [])
        ends[:] = [update_wrapper(partial(_end, request.config, end), end) for end in ends]


def _end(config: pytest.Config, finalizer: Callable[[], object]) -> None:
    with _hidden(config):
        finalizer()


@contextlib.contextmanager
def _hidden(config: pytest.Config) -> Iterator[None]:
    """Let no exception out that tells a secret."""
    hide = partial(without_pieces, config)
    try:
        yield
    except (Breached, Unmeasured):
        raise
    except (*_SKIPS, pytest.fail.Exception) as error:
        error.msg = hide(str(error))
        raise
    except Exception as error:
        error.args = tuple(hide(one) if isinstance(one, str) else one for one in error.args)
        if notes := getattr(error, "__notes__", None):
            error.__notes__ = [hide(str(note)) for note in notes]
        if hide(str(error)) != str(error):
            raise Unmeasured(f"{type(error).__name__}: {hide(str(error))}") from None
        raise


@pytest.hookimpl(tryfirst=True)
def pytest_warning_recorded(warning_message: warnings.WarningMessage) -> None:
    """Redact what pytest lists at the end, an exception in a thread among it."""
    text = str(warning_message.message)
    if redact(text) != text:
        # A text: a warning of whatever class might not be made of one.
        warning_message.message = redact(text)


@pytest.hookimpl(tryfirst=True)
def pytest_keyboard_interrupt(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Redact why a run ends at once, before the terminal takes it."""
    if isinstance(excinfo.value, pytest.exit.Exception):
        excinfo.value.msg = redact(str(excinfo.value))
        excinfo.value.args = (excinfo.value.msg,)


_LONGEST_REASON = 300


def _found(item: pytest.Item, when: str, raised: pytest.ExceptionInfo[BaseException]) -> Judgement | None:
    """What an exception says of the deployment: a request that failed, and an assertion in a check of one's own.

    None for any other.
    """
    error = raised.value
    client = item.stash.get(CLIENT, None)
    failure = None if client is None else client.failure_of(error)
    if failure is not None and when != "teardown":
        if failure.kind is FailureKind.PROBER:
            return Judgement(unmeasured(failure.reason))
        asked = f"{failure.method} {failure.url}"
        return Judgement(breached(f"the deployment did not answer: {failure.reason} ({asked})"))
    if when != "call" or not isinstance(error, AssertionError | pytest.fail.Exception):
        return None
    if isinstance(error, Breached) or not _is_in(item, raised):
        return None
    # On the whole text: pytest shortens values, and of a secret a piece alone may be left.
    text = without_pieces(item.config, str(error)).strip()
    where = raised.traceback.filter(raised)[-1]
    reason = text or f"an assertion does not hold ({Path(where.path).name}:{where.lineno + 1})"
    evidence = (Evidence("assertion", text),) if "\n" in text else ()
    return Judgement(breached(cut(reason.splitlines()[0], _LONGEST_REASON)), evidence=evidence)


def _is_own(item: pytest.Item) -> bool:
    """Whether a check is one of those that say what they promise by assertions: it asks for no ``judge``."""
    return "judge" not in getattr(item, "fixturenames", ())


def _is_in(item: pytest.Item, raised: pytest.ExceptionInfo[BaseException]) -> bool:
    """Whether an assertion is the check's: not pytest's own objection to the test, nor, where the check has a
    ``judge``, one of a library."""
    places = [Path(entry.path) for entry in raised.traceback.filter(raised)]
    return item.path in (places if _is_own(item) else places[-1:])


def _holds(item: pytest.Item, report: pytest.TestReport) -> bool:
    """Whether a check without a verdict has shown its promise to hold, by assertions that were looked at.

    Not where it has subtests: the check goes on after one of them that failed.
    """
    looked_at = __debug__ or item.config.getoption("assertmode") == "rewrite"
    return report.passed and _is_own(item) and looked_at and "subtests" not in item.fixturenames  # type: ignore[attr-defined]


def _failure_text(entry: Entry) -> FailureText:
    return FailureText(failure_text(entry), entry.reason)


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
    if call.when == "teardown" and said is not None and said.verdict != Outcome.MET:
        return None
    if judgement is None and not troubled and _holds(item, report):
        judgement = Judgement(met("every assertion holds"))
    if call.when == "teardown" or judgement is None or trace is not None or _skipped(call):
        judgement = Judgement(unmeasured(_trouble(call)), waited=judgement.waited if judgement else 0.0)
        if trace is not None:
            judgement.evidence = (trace,)
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
        source=f"{relative(item.path, item.config.rootpath)}:{report.location[1] or 0}",
        asks=needs_deployment(item),
    )


def _exchanges(client: DeploymentClient | None) -> tuple[Evidence, ...]:
    if client is None or not client.calls:
        return ()
    from deployspec.outputs.evidence import evidence_of

    return evidence_of(client.calls, last=True)


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
    if report.passed:
        return (
            ("passed", "~", ("MET (flaky)", {"yellow": True}))
            if attached["flaky"]
            else ("passed", ".", "MET")
        )
    category = "failed" if report.when == "call" else "error"
    if attached["verdict"] == Outcome.BREACHED:
        return category, "B", ("BREACHED", {"red": True})
    return category, "U", ("UNMEASURED", {"yellow": True})


CRASHED = "???"
"""The phase that pytest-xdist names for a test whose worker ended in mid-test."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Give a worker's report its text back: on its way to the controller it became a plain string."""
    if report.when == CRASHED:
        # All that the worker had measured is gone with it.
        own, reason = (
            report.nodeid,
            "the pytest-xdist worker running this check died, so nothing was measured",
        )
        lost = Entry(own, own, "", own, Outcome.UNMEASURED.value, reason)
        report.deployspec = asdict(lost)  # type: ignore[attr-defined]
    attached = getattr(report, "deployspec", None)
    if attached is not None and report.failed and not isinstance(report.longrepr, FailureText):
        report.longrepr = _failure_text(Entry.from_dict(attached))  # type: ignore[assignment]
