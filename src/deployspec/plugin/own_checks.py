"""What an exception, or an end without one, tells of a check of one's own."""

from __future__ import annotations

import contextlib
import inspect
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deployspec.base.shown import cut
from deployspec.model.entry import Evidence
from deployspec.model.http import FailureKind
from deployspec.model.verdict import Breached, Verdict, breached, met, unmeasured
from deployspec.plugin.client import CLIENT
from deployspec.plugin.deployments import without_pieces


@dataclass
class Judgement:
    """What a check has said so far."""

    verdict: Verdict
    flaky: bool = False
    evidence: tuple[Evidence, ...] = ()
    reproduce: str = ""
    waited: float = 0.0
    defect: bool = False
    """It says nothing of the deployment: the suite or the check itself is at fault."""


_LONGEST_REASON = 300
_UNSEEN = (pytest.PytestUnhandledThreadExceptionWarning, pytest.PytestUnraisableExceptionWarning)
"""By these pytest tells what was raised where nobody could catch it."""
_RETURNS = getattr(pytest, "PytestReturnNotNoneWarning", None)
"""pytest 8.4 fails a test that returns something, and has no such warning."""
_TELLING: tuple[tuple[type[Warning], str], ...] = (
    *((category, "") for category in _UNSEEN),
    *(() if _RETURNS is None else ((_RETURNS, ""),)),
    (DeprecationWarning, "It is deprecated to return a value that is not None from a test case"),
    (RuntimeWarning, "coroutine .* was never awaited"),
)


def is_own(item: pytest.Item) -> bool:
    """Whether a check is one of those that say what they promise by assertions: it asks for no ``judge``."""
    return "judge" not in getattr(item, "fixturenames", ())


@contextlib.contextmanager
def nothing_passes_as_a_warning(item: pytest.Item) -> Iterator[None]:
    """Let a check of one's own fail by what pytest and Python only warn of: its assertions were not looked at."""
    with warnings.catch_warnings():
        for category, message in _TELLING if is_own(item) else ():
            warnings.filterwarnings("error", message=message, category=category)
        yield


def raised_in(item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.ExceptionInfo[BaseException] | None:
    """The exception of a check, wherever it was kept.

    One of a ``unittest.TestCase`` pytest would set only after others have read the call. The first of several decides.
    """
    raised = call.excinfo
    if kept := getattr(item, "_excinfo", None):
        raised = kept[0]
        kept.clear()
    cause = raised.value.__cause__ if raised is not None and isinstance(raised.value, _UNSEEN) else None
    if cause is not None and cause.__traceback__ is not None:
        return pytest.ExceptionInfo.from_exception(cause)
    return raised


def told_by(item: pytest.Item, when: str, raised: pytest.ExceptionInfo[BaseException]) -> Judgement | None:
    """What an exception says of the deployment: a request that failed, and an assertion in a check of one's own.

    None for any other.
    """
    error = raised.value
    if (verdict := _of_a_request(item, when, error)) is not None:
        return Judgement(verdict)
    if when != "call":
        return None
    if _RETURNS is not None and isinstance(error, _RETURNS):
        return Judgement(unmeasured("the check returns a value, which says nothing; expected an assert"))
    if not isinstance(error, AssertionError | pytest.fail.Exception):
        return None
    if isinstance(error, Breached) or not _is_in(item, raised):
        return None
    # On the whole text: pytest shortens values, and of a secret a piece alone may be left.
    text = without_pieces(item.config, str(error)).strip()
    where = raised.traceback.filter(raised)[-1]
    reason = text or f"an assertion does not hold ({Path(where.path).name}:{where.lineno + 1})"
    evidence = (Evidence("assertion", text),) if "\n" in text else ()
    return Judgement(breached(cut(reason.splitlines()[0], _LONGEST_REASON)), evidence=evidence)


def _of_a_request(item: pytest.Item, when: str, error: BaseException) -> Verdict | None:
    client = item.stash.get(CLIENT, None)
    if client is None or when == "teardown":
        return None
    if when == "call" and (refused := client.status_told_by(error)):
        return breached(f"the deployment answered with {refused}")
    failure = client.failure_of(error)
    if failure is None:
        return None
    if failure.kind is FailureKind.PROBER:
        return unmeasured(failure.reason)
    asked = f"{failure.method} {failure.url}"
    if not client.is_own(failure.url):
        return unmeasured(f"no answer from a host that is not the deployment's: {failure.reason} ({asked})")
    return breached(f"the deployment did not answer: {failure.reason} ({asked})")


def _is_in(item: pytest.Item, raised: pytest.ExceptionInfo[BaseException]) -> bool:
    """Whether an assertion is the check's: not pytest's own objection to the test, nor, where the check has a
    ``judge``, one of a library. The check may be written elsewhere, and inherited or imported."""
    places = [Path(entry.path) for entry in raised.traceback.filter(raised)]
    code = getattr(inspect.unwrap(getattr(item, "obj", None)), "__code__", None)  # type: ignore[arg-type]
    own = {item.path} if code is None else {item.path, Path(code.co_filename)}
    return not own.isdisjoint(places if is_own(item) else places[-1:])


def told_by_its_end(item: pytest.Item, *, has_subtests: bool) -> Verdict | None:
    """What it says that a check has ended, with no verdict and no exception; None where it asked for a ``judge``."""
    if not is_own(item):
        return None
    if not __debug__:
        # pytest's own assertions hold even so, but not those of the modules that it does not rewrite.
        return unmeasured("python -O leaves assertions out, so they were not looked at; run it without")
    if has_subtests or "subtests" in item.fixturenames:  # type: ignore[attr-defined]
        return unmeasured(
            "the check has subtests, which say nothing of the whole; expected assertions, or `judge`"
        )
    client = item.stash.get(CLIENT, None)
    if client is not None and not client.calls:
        return unmeasured("the check has a deployment_client and asked nothing with it")
    return met("every assertion holds")
