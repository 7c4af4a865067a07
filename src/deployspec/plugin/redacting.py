"""No secret in what pytest and other plugins tell beside the verdicts: fixtures, warnings, logs, the end of a run."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Callable, Generator, Iterator
from functools import partial, update_wrapper
from typing import Any

import pytest

from deployspec.base.disclosure import redact
from deployspec.model.verdict import Breached, Unmeasured
from deployspec.plugin.deployments import without_pieces


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
    except (pytest.skip.Exception, pytest.xfail.Exception, pytest.fail.Exception) as error:
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


class _Redacting(logging.Formatter):
    """Another one's text, redacted. The record itself stays: a check may look at it."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return redact(self._inner.format(record))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Redact logs that are written as they come (``log_cli``, ``--log-file``): no report holds them."""
    logs = session.config.pluginmanager.getplugin("logging-plugin")
    for handler in () if logs is None else (logs.log_cli_handler, logs.log_file_handler):
        handler.setFormatter(_Redacting(handler.formatter))
