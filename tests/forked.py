"""Runs of pytest in processes of their own, which begin as copies of one that has imported what most runs need.

Starting Python and importing takes a run of the suite six times as long as all that it does then.
"""

from __future__ import annotations

import atexit
import functools
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing import util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.preloaded"])
_PLACE = tempfile.gettempdir()


@functools.cache
def _folder() -> str:
    """Where the fork server's socket goes, whose path must be short: where temporary files were before any test."""
    now, tempfile.tempdir = tempfile.tempdir, _PLACE
    try:
        return util.get_temp_dir()
    finally:
        tempfile.tempdir = now


def forget() -> None:
    """Remove that folder, where there is one: a worker of pytest-xdist ends without the interpreter's own cleaning up."""
    if _folder.cache_info().currsize:
        util._run_finalizers()  # type: ignore[attr-defined]


class TooLongError(AssertionError):
    """A run went on after its time limit, and was killed. Its text is what it had printed."""


def run_pytest(
    arguments: list[str], *, cwd: Path, environ: Mapping[str, str], limit: float
) -> tuple[int, str]:
    """``python -m pytest ARGUMENTS``: its exit status, negative for a signal, and its standard output and error.

    Raises TooLongError after ``limit`` seconds.
    """
    with tempfile.NamedTemporaryFile(dir=_folder()) as output:
        process = _CONTEXT.Process(target=_run, args=(arguments, str(cwd), dict(environ), output.name))
        process.start()
        process.join(limit)
        if late := process.is_alive():
            process.kill()
            process.join()
        status = process.exitcode
        process.close()
        text = Path(output.name).read_text("utf-8", "replace")
    if late:
        raise TooLongError(text)
    assert status is not None
    return status, text


def _run(arguments: list[str], cwd: str, environ: dict[str, str], output: str) -> None:
    """Be such a run: what a new interpreter would find is put in place first."""
    for number, name, flags in (0, os.devnull, os.O_RDONLY), (1, output, os.O_WRONLY | os.O_APPEND):
        descriptor = os.open(name, flags)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.dup2(1, 2)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(cwd)
    sys.path[:] = [cwd, *(path for path in sys.path if path not in ("", str(ROOT)))]
    tempfile.tempdir = None
    sys.argv = [pytest.__file__, *arguments]
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]
    try:
        status = pytest.console_main()
    finally:
        atexit._run_exitfuncs()
    sys.exit(status)
