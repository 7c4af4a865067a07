"""The writer of Allure's folder of results: what allure-pytest tells of a check becomes that check's own result."""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
import uuid
from collections.abc import Generator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import allure_commons
import pytest
from attr import asdict

from deployspec.base.disclosure import redact
from deployspec.model.chapter import imported
from deployspec.model.entry import Entry
from deployspec.outputs import allure
from deployspec.outputs.charts import drawn, table
from deployspec.plugin.deployments import obtained
from deployspec.plugin.options import chapters, chapters_of, is_check, is_worker
from deployspec.plugin.outcomes import promise_of
from deployspec.plugin.recording import RECORDER, redacted
from deployspec.plugin.selection import id_of

if TYPE_CHECKING:
    from deployspec.model.chart import Chart
    from deployspec.record.record import Run, Selected

_TROUBLE = "deployspec_allure"
_RESULT = "-result.json"
_SECTION = re.compile(r'\bSource: the guide, "([^"\n]+)"')


class Writer:
    """Writes what Allure is told, in each process that runs tests. Where something cannot be written, it says so once."""

    def __init__(self, config: pytest.Config, folder: Path, run: str) -> None:
        self._config = config
        self._folder = folder
        self._run = run
        self._item: pytest.Item | None = None
        self._said: Entry | None = None
        self.trouble = ""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Know whose result it is that is written meanwhile."""
        self._item, self._said = item, None
        try:
            return (yield)
        finally:
            self._item = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the last word on the check that is going on in this process."""
        attached = getattr(report, "deployspec", None)
        if attached is not None and self._item is not None and report.nodeid == self._item.nodeid:
            self._said = Entry.from_dict(attached)

    @allure_commons.hookimpl
    def report_result(self, result: Any) -> None:
        """Write a test's result: of a check, with all that its verdict says."""
        document = _document(result)
        item = self._item
        if item is not None and is_check(item):
            entry, facts = self._said, self.facts()
            allure.identify(document, self._check(item, document), facts)
            allure.label(document, entry, facts)
            if entry is not None:
                allure.tell(document, entry, self.attach)
        self.write_json(f"{uuid.uuid4()}{_RESULT}", document)

    @allure_commons.hookimpl
    def report_container(self, container: Any) -> None:
        """Write which fixtures some tests had."""
        document = _document(container)
        # With pytest 9, allure-pytest has done with a fixture before its ends have run, and knows nothing of them.
        document["afters"] = [one for one in document.get("afters", ()) if one.get("status")]
        self.write_json(container.file_pattern.format(prefix=uuid.uuid4()), document)

    @allure_commons.hookimpl
    def report_globals(self, globals_item: Any) -> None:
        """Write what belongs to no test."""
        self.report_container(globals_item)

    @allure_commons.hookimpl
    def report_attached_file(self, source: str, file_name: str) -> None:
        """Write an attachment that a check has in a file."""
        with self._noting():
            self._write(file_name, Path(source).read_bytes())

    @allure_commons.hookimpl
    def report_attached_data(self, body: str | bytes, file_name: str) -> None:
        """Write an attachment."""
        with self._noting():
            self._write(file_name, body)

    def facts(self) -> allure.Facts:
        """What all results of this run say alike, as far as it is known by now."""
        deployment = obtained(self._config)
        if deployment is None:
            return allure.Facts(run=self._run)
        return allure.Facts(deployment.name, self._run, **deployment.data.get("report", {}))

    def _check(self, item: pytest.Item, document: dict[str, Any]) -> allure.Check:
        docstring = getattr(getattr(item, "obj", None), "__doc__", None)
        text = docstring or promise_of(item)
        # What is neither the item's own name nor the docstring, the check has said by Allure's means.
        title, said = document.get("name", ""), document.get("description", "")
        section = _SECTION.search(text)
        return allure.Check(
            id=id_of(item),
            chapter=chapters_of(item)[0],
            promise=promise_of(item),
            section=section[1] if section else "",
            in_gate=chapters(self._config)[chapters_of(item)[0]].in_gate,
            title=title if title != item.name else "",
            description=said if said and said != docstring else text,
            parameters=frozenset(getattr(getattr(item, "callspec", None), "params", ())),
        )

    def attach(self, name: str, kind: str, end: str, body: str | bytes) -> allure.Attached:
        """Write an attachment of ours."""
        source = f"{uuid.uuid4()}-attachment.{end}"
        with self._noting():
            self._write(source, body)
        return allure.Attached(name, kind, source)

    def write_json(self, name: str, document: Any) -> None:
        """Write one of Allure's JSON files."""
        with self._noting():
            # In ASCII: a text may hold what UTF-8 has no bytes for.
            self._write(name, json.dumps(redacted(document)), known=True)

    def _write(self, name: str, body: str | bytes, *, known: bool = False) -> None:
        """As a whole or not at all; a text without secrets. Raises OSError."""
        if isinstance(body, bytes):
            # Bytes that are no UTF-8 come out as they are: of an older encoding, or a picture.
            data = redact(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        else:
            data = (body if known else redact(body)).encode("utf-8", "backslashreplace")
        # A check's own attachment may end in anything.
        name = redact(name)
        draft = self._folder / f"{name}.tmp"
        try:
            draft.write_bytes(data)
            draft.replace(self._folder / name)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise

    @contextlib.contextmanager
    def _noting(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            self.trouble = self.trouble or redact(str(error))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """In a worker, tell the controller what could not be written. Else add what is known only now."""
        if is_worker(self._config):
            self._config.workeroutput[_TROUBLE] = self.trouble  # type: ignore[attr-defined]
            return
        if not self._config.getoption("collectonly"):
            self._finish(self._config.pluginmanager.getplugin(RECORDER).run)
        if self.trouble and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker could not write."""
        self.trouble = self.trouble or getattr(node, "workeroutput", {}).get(_TROUBLE, "")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what is missing from the results."""
        if self.trouble:
            terminalreporter.line(f"the results for Allure are not complete: {self.trouble}", red=True)

    def _finish(self, run: Run) -> None:
        facts = replace(self.facts(), maintenance=run.maintenance)
        # Results have been written without secrets, which an id may have in it.
        entries = {redact(allure.test_case_id(one.id, facts.deployment)): one for one in run.entries.values()}
        written = set()
        for path, result in self._of_this_run():
            written.add(result["testCaseId"])
            entry = entries.get(result["testCaseId"])
            allure.label(result, entry, facts)
            for attached in self._pictures(entry, run) if entry is not None else ():
                result["steps"][-2].setdefault("attachments", []).append(allure.attached(attached))
            self.write_json(path.name, result)
        for name, entry in entries.items():
            if name not in written:
                self._write_lost(entry, entry, facts)
        for missing in run.not_run:
            if redact(allure.test_case_id(missing.id, facts.deployment)) not in written:
                self._write_lost(missing, None, facts)
        self.write_json("executor.json", allure.executor(os.environ))
        with self._noting():
            self._write("environment.properties", allure.environment(run), known=True)

    def _of_this_run(self) -> Iterable[tuple[Path, dict[str, Any]]]:
        for path in sorted(self._folder.glob(f"*{_RESULT}")):
            # What others have left there is theirs, whatever it is.
            with contextlib.suppress(OSError, ValueError, TypeError, LookupError, RecursionError):
                result = json.loads(path.read_bytes())
                if any(
                    label["name"] == allure.RUN and label["value"] == self._run for label in result["labels"]
                ):
                    yield path, result

    def _write_lost(self, check: Entry | Selected, entry: Entry | None, facts: allure.Facts) -> None:
        """Of a check for which nothing was written: the worker that ran it has died, or the run was cut short before it."""
        result = allure.lost(check, int(time.time() * 1000))
        allure.identify(result, allure.Check(check.id, check.chapter, check.promise), facts)
        allure.label(result, entry, facts)
        self.write_json(f"{uuid.uuid4()}{_RESULT}", result)

    def _pictures(self, entry: Entry, run: Run) -> list[allure.Attached]:
        """The entry's charts as files."""
        known = chapters(self._config).get(entry.chapter)
        if known is None or not known.charts:
            return []
        charts: list[Chart] = imported(known.charts)(entry, run.added)
        if not charts:
            return []
        made = []
        for chart in charts:
            try:
                svg, png = drawn(chart)
            except ImportError as error:
                self.trouble = self.trouble or (
                    f"charts need {error.name}, which is not installed; expected: pip install 'deployspec[report]'"
                )
            else:
                made.append(self.attach(chart.title, "image/svg+xml", "svg", svg))
                made.append(self.attach(chart.title, "image/png", "png", png))
            made.append(self.attach(f"{chart.title}: numbers", "text/csv", "csv", table(chart)))
        return made


def _document(item: Any) -> dict[str, Any]:
    """What allure-pytest tells, as the JSON object that Allure reads."""
    document: dict[str, Any] = asdict(item, filter=lambda _, value: bool(value) or value is False)
    return document
