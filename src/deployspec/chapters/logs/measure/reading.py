"""The sources of log records, each read once a run, by the first check that wants it."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from deployspec.base.errors import UsageError
from deployspec.base.shown import counted
from deployspec.chapters.logs.judge.errors import Comparison, compare
from deployspec.chapters.logs.judge.model import most_often
from deployspec.chapters.logs.judge.report import Report
from deployspec.chapters.logs.judge.verdicts import of_error_log
from deployspec.chapters.logs.measure.measuring import measure
from deployspec.chapters.logs.measure.promises import promise_of_lines, source_to_read
from deployspec.chapters.logs.measure.source import Source
from deployspec.chapters.logs.measure.spool import Spool
from deployspec.chapters.logs.part import LOGS, LogSource
from deployspec.deployment import Deployment
from deployspec.languages.json_schema import SchemaUnusableError
from deployspec.model.entry import Evidence
from deployspec.model.verdict import Unmeasured, Verdict

_SHOWN = 20
"""How many reasons the evidence lists."""


class Log:
    """One source: what the file says of it, and what was found in it."""

    def __init__(self, log_source: LogSource, schema: Path, *, keep_errors: bool, deployment: str) -> None:
        """``deployment``: its name, or its file's path, for a command line."""
        self.log_source = log_source
        self._deployment = deployment
        self._schema = schema
        self._keep_errors = keep_errors
        self._spool = Spool()
        self.began = 0.0
        """When reading began, in seconds since the epoch."""

    @property
    def source(self) -> Source:
        """What is read. Raises Unmeasured where its address cannot be used."""
        try:
            return source_to_read(self.log_source)
        except UsageError as error:
            raise Unmeasured(str(error)) from None

    @property
    def report(self) -> Report:
        """What was found, in one pass over all there is. Raises Unmeasured where it cannot even begin."""
        if isinstance(self._read, Unmeasured):
            raise self._read
        return self._read

    @property
    def errors(self) -> Spool:
        """The records at or above the error level, where they are to be compared."""
        _ = self.report
        return self._spool

    @cached_property
    def _read(self) -> Report | Unmeasured:
        try:
            promise = promise_of_lines(self.log_source, self._schema, keep_errors=self._keep_errors)
            self.began = time.time()
            return measure(self.source, promise, errors=self._spool.add)
        except Unmeasured as error:
            return error
        except (SchemaUnusableError, UsageError, ValueError) as error:
            return Unmeasured(str(error))

    def close(self) -> None:
        """Let go of the errors that were kept."""
        self._spool.close()

    def judged(self, contract: Callable[..., Verdict], **more: Any) -> Verdict:
        """What ``contract`` says of the report; an error log may be empty."""

        verdict = contract(self.report, **more)
        return of_error_log(self.report, verdict) if self.log_source.errors_of else verdict

    def how(self, *checks: str) -> dict[str, Any]:
        """How a person repeats the reading, and the first places of what ``checks`` found, for ``judge``."""
        return {"reproduce": self.reproduce, "evidence": list(_findings(self.report, checks))}

    @property
    def reproduce(self) -> str:
        """A command line that reads the same by the same promises, in the project's folder."""
        return shlex.join(
            ["deployspec", "logs", f"--deployment={self._deployment}", f"--source={self.log_source.name}"]
        )


class Logs:
    """All sources of a deployment."""

    def __init__(self, deployment: Deployment, schema: Path, name: str) -> None:
        """``schema``: the project's own, for sources that name none; ``name``: by which the deployment is found."""
        sources = deployment.require(LOGS)
        compared = {
            name
            for log_source in sources
            for name in (*log_source.errors_of, log_source.name)
            if log_source.errors_of
        }
        self._logs = {
            log_source.name: Log(log_source, schema, keep_errors=log_source.name in compared, deployment=name)
            for log_source in sources
        }

    def close(self) -> None:
        """Let go of what was kept of them."""
        for log in self._logs.values():
            log.close()

    def of(self, name: str) -> Log:
        """The source of this name."""
        return self._logs[name]

    def sources_of(self, error_log: Log) -> dict[str, Log]:
        """Those whose errors it collects."""
        return {name: self._logs[name] for name in error_log.log_source.errors_of}

    def how(self, error_log: Log) -> dict[str, Any]:
        """How a person repeats the reading of an error log and of its sources, for ``judge``."""
        lines = [log.reproduce for log in (error_log, *self.sources_of(error_log).values())]
        return {**error_log.how(), "reproduce": "; ".join(lines)}

    def comparison(self, error_log: Log) -> Comparison:
        """The error log against its sources."""

        sources = self.sources_of(error_log)
        # Read in this order: what is written meanwhile is in the error log, if at all, and is no error of theirs.
        streams = [stream for log in sources.values() for stream in log.errors.streams()]
        collected = error_log.errors.merged()
        return compare(collected, streams, until=error_log.began)


def _findings(report: Report, checks: Iterable[str]) -> Iterator[Evidence]:
    wanted = frozenset(checks)
    found = [(reason, one) for reason, one in most_often(report.found) if reason.check in wanted]
    if not found:
        return
    lines = []
    for reason, one in found[:_SHOWN]:
        lines.append(f"{counted(one.count, 'time', ',')}: {reason.place}: {reason.what}")
        lines += [f"    {place}: {place.excerpt}" for place in one.places]
    if len(found) > _SHOWN:
        lines.append(f"… and {len(found) - _SHOWN} other reasons")
    yield Evidence("findings", "\n".join(lines))
