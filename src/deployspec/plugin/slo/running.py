"""The load run: made once a session, by the first check that wants it, whichever of pytest-xdist's workers that is."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.plugin.deployments import named
from deployspec.plugin.outcomes import Unmeasured
from deployspec.plugin.shared import shared_folder
from deployspec.plugin.signals import signals_to
from deployspec.plugin.slo.comparing import Compared
from deployspec.plugin.slo.interrupting import end_session, is_ending, load_is_going
from deployspec.plugin.slo.planning import plan_of
from deployspec.plugin.slo.reading import objectives_of

if TYPE_CHECKING:
    from deployspec.contracts.load.plan import Plan
    from deployspec.contracts.load.result import LoadResult
    from deployspec.deployment import Deployment
    from deployspec.languages.openslo.model import Objective
    from deployspec.probes.load.counting import Counting

INTERRUPTED = "interrupted"
_FILE = "load.json"
_PIPE_PAUSE = 5.0
"""Seconds between two lines of progress where no person watches."""


def load_file(config: pytest.Config) -> Path:
    """Where the processes of this run find the load run's result, once it was made."""
    return shared_folder(config) / _FILE


class LoadRun:
    """The load run of this session."""

    def __init__(self, config: pytest.Config, deployment: Deployment) -> None:
        self._config = config
        self._deployment = deployment
        self._known: LoadResult | None = None
        self._failure: Unmeasured | None = None

    @property
    def result(self) -> LoadResult:
        """Its result. The caller has the deployment to itself, so that no two processes make one each."""
        if self._failure is not None:
            raise self._failure
        if self._known is None:
            file = load_file(self._config)
            try:
                if file.exists():
                    self._known = _read(file)
                else:
                    with load_is_going(self._config):
                        self._known = self._make(file)
            except Unmeasured as failure:
                # Nobody asked for the load a second time.
                self._failure = failure
                raise
        return self._known

    @property
    def reproduce(self) -> str:
        """A command line that makes the same requests arrive at the same moments."""
        name = named(self._config) or self._deployment.name
        seed = self.result.plan["seed"]
        slos = "".join(f" --slos {shlex.quote(said)}" for said in self._config.getoption("--slos"))
        return f"pytest checks -m slo --deployment {shlex.quote(name)}{slos} --load-seed {seed}"

    def _make(self, file: Path) -> LoadResult:
        from deployspec.contracts.load.result import described
        from deployspec.probes.load import Generator, run

        objectives = objectives_of(self._config)
        plan = plan_of(self._deployment, objectives, self._config.getoption("--load-seed"))
        root = self._config.rootpath
        told = self._deployment.load
        assert told is not None  # noqa: S101 - narrows the type
        generator = Generator(told.locustfile or root / "load" / "locustfile.py", root)
        signals: list[int] = []
        stopper = _Stopper(
            plan,
            objectives if told.abort_on_breach else [],
            lambda: len(signals) or int(is_ending(self._config)),
        )
        compared = Compared(self._deployment, objectives)
        with _Display(self._config) as display, signals_to(lambda number, _: signals.append(number)):
            result = run(
                plan,
                generator,
                described(plan, self._deployment.redact),
                stop=stopper.reason,
                progress=display.show,
                redact=self._deployment.redact,
            )
        if result.cut_short == INTERRUPTED:
            end_session(self._config)
        _keep(result, file)
        if result.trouble or result.cut_short:
            return result
        try:
            with signals_to(_interrupt):
                result = replace(result, reconciliation=compared.with_metrics(result))
        except KeyboardInterrupt:
            # What was measured is judged all the same; only the comparison is missing.
            result = replace(result, cut_short=INTERRUPTED)
            end_session(self._config)
        _keep(result, file)
        return result


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _keep(result: LoadResult, file: Path) -> None:
    """Write it for the other processes, and for the run record. Raises Unmeasured where it cannot be kept."""
    # Written under another name first: another process reads all of it or nothing.
    draft = file.with_suffix(".draft")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            json.dump(result.document(), opened)
        draft.replace(file)
    except OSError as error:
        # Those that come later find that there is nothing to read, and make no load of their own.
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            file.touch(0o600)
        raise Unmeasured(
            f"the load run's result could not be kept in {file.parent}: {error.strerror}"
        ) from None


class _Stopper:
    """Says why a load run should end early."""

    def __init__(self, plan: Plan, objectives: list[Objective], interrupts: Callable[[], int]) -> None:
        self._plan = plan
        self._objectives = objectives
        self._interrupts = interrupts
        self._asked = 0.0
        # Before the run: it takes as long as the run has requests.
        self._planned, self._all = _planned(plan) if objectives else (Counter[str](), 0)

    def reason(self, counting: Counting) -> str:
        """Empty where it should go on."""
        interrupts = self._interrupts()
        if interrupts > 1:
            raise KeyboardInterrupt
        if interrupts:
            return INTERRUPTED
        if self._objectives and counting.begun and time.monotonic() - self._asked >= 1:
            self._asked = time.monotonic()
            return self._breach(counting)
        return ""

    def _breach(self, counting: Counting) -> str:
        from deployspec.contracts.load.result import described
        from deployspec.objectives.load import certainly_breached

        so_far = counting.so_far(described(self._plan))
        for objective in self._objectives:
            for route in (None, *self._planned) if not objective.routes else objective.routes:
                count = self._all if route is None else self._planned[route]
                if count and certainly_breached(objective, so_far, route, count):
                    about = objective.name if route is None else f"{objective.name}, {route}"
                    return f"{about} is breached, whatever is still to come"
        return ""


def _planned(plan: Plan) -> tuple[Counter[str], int]:
    """How many requests of each kind there may be, and how many there are in all.

    Those that bring a value are also sent in place of such as want it.
    """
    from deployspec.contracts.load.arrivals import planned

    counts = planned(plan)
    most = Counter(
        {
            route.name: counts[route.name]
            + sum(counts[other.name] for other in plan.routes if f"{{{route.name}}}" in other.target)
            for route in plan.routes
        }
    )
    return most, counts.total()


class _Display:
    """Progress on standard error: one line, rewritten once a second, for a person; else a line every five seconds."""

    def __init__(self, config: pytest.Config) -> None:
        self._capture = config.pluginmanager.getplugin("capturemanager")
        self._told = 0.0
        self._lines = 0

    def __enter__(self) -> _Display:
        return self

    def __exit__(self, *_: object) -> None:
        if self._lines:
            self._write(lambda stream: stream.write("\n" if stream.isatty() else ""))

    def show(self, counting: Counting) -> None:
        """Called about once a second."""
        from deployspec.reporting.load import progress

        if counting.elapsed < 1:
            return
        line = progress(
            counting.elapsed,
            counting.offered,
            counting.histogram.samples + counting.tally.warm_up.total(),
            counting.in_flight,
            counting.histogram,
            sum(route.errors.total() for route in counting.tally.routes),
        )

        def write(stream: Any) -> None:
            if stream.isatty():
                stream.write(("\n" if not self._lines else "") + f"\r\x1b[K{line}")
            elif time.monotonic() - self._told >= _PIPE_PAUSE:
                self._told = time.monotonic()
                stream.write(("\n" if not self._lines else "") + line + "\n")
            else:
                return
            self._lines += 1
            stream.flush()

        self._write(write)

    def _write(self, write: Callable[[Any], object]) -> None:
        if self._capture is None:
            write(sys.stderr)
            return
        with self._capture.global_and_fixture_disabled():
            write(sys.stderr)


def _read(file: Path) -> LoadResult:
    from deployspec.contracts.load.result import LoadResult

    try:
        return LoadResult.from_document(json.loads(file.read_text()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unmeasured(f"the load run's result cannot be read: {error}") from None
