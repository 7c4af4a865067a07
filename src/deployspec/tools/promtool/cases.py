"""promtool's own verdict on every single case, at the price of one run of each file."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from deployspec.base.shown import printable
from deployspec.languages.promtool.attribution import attribute, refused
from deployspec.languages.promtool.difference import difference, own_words
from deployspec.languages.promtool.model import CaseKey, CaseRun, case_key
from deployspec.languages.promtool.newer import needs_newer
from deployspec.languages.promtool.prepared import (
    groups_document,
    later_documents,
    loading_document,
    tests_document,
)
from deployspec.languages.promtool.slices import Part, Rules, parts_of, sliced
from deployspec.languages.rule_files.model import Case, RuleFile, TestFile
from deployspec.tools.process import operand
from deployspec.tools.promtool.finding import Promtool
from deployspec.tools.promtool.ordering import Orders
from deployspec.tools.promtool.running import FileRun, TestRunner
from deployspec.tools.promtool.workspace import Workspace, folder_in_memory
from deployspec.tools.promtool.written import as_it_is, rule_paths

_SHOWN = 32 * 1024
"""How many characters of a failure are shown."""
_EVALUATION = re.compile(r" *rule: .*, time: \S+, err: ")
"""How promtool begins what it says of a rule that cannot be evaluated."""
_Tested = tuple[TestFile, Sequence[RuleFile]]


class CaseRuns:
    """promtool's verdicts on the cases of test files, each with the rule files that it loads.

    Every file is run once: whole or, where that is much less work, group by group with the rules that can have to do
    with the group's verdict (``languages/promtool/slices.py``). What does not pass so is run again whole, and that alone
    is believed. Where a file fails, the output tells which cases failed; where it does not tell
    with certainty, each case of the file is run alone. A group in which a series begins after the last ``eval_time`` is
    evaluated once more, for longer; one for which the order of the groups of rules can make a difference, and is open, in
    both orders. ``close`` ends all that still runs. ``timeout`` is in seconds of processor time, for
    one run of one file. ``slices``: whether files may be run in parts.
    """

    def __init__(
        self,
        promtool: Promtool,
        test_files: Sequence[_Tested],
        *,
        timeout: float = 120.0,
        slices: bool = True,
    ) -> None:
        self.promtool = promtool
        self._slices = slices
        self._tested: dict[str, _Tested] = {tested[0].path: tested for tested in test_files}
        self._runner = TestRunner(promtool, timeout=timeout)
        self._workspace: Workspace | None = None
        self._whole: dict[str, Future[FileRun]] = {}
        self._in_parts: dict[str, list[tuple[tuple[int, ...], Future[FileRun]]]] = {}
        self._rules_of_parts: dict[str, dict[int, list[str]]] = {}
        self._later: dict[str, dict[int, Future[FileRun]]] = {}
        self._orders: Orders | None = None
        self._rules_read: dict[tuple[str, ...], Rules] = {}
        self._unfit: dict[str, str] = {}
        self._rules: dict[str, list[str]] = {}
        self._runs: dict[str, dict[CaseKey, CaseRun]] = {}

    def start(self) -> None:
        """Begin to run all files, in the background. Nothing happens the second time."""
        if self._workspace is not None:
            return
        self._workspace = Workspace(folder_in_memory())
        self._orders = Orders(self._runner, self._workspace)
        paths = {}
        for test_file, rule_files in self._tested.values():
            unfit = [file for file in rule_files if file.problems and not as_it_is(file)]
            if unfit:
                self._unfit[test_file.path] = f"a rule file is not sound: {unfit[0].problems[0]}"
            elif all(map(as_it_is, rule_files)):
                paths[test_file.path] = test_file.path
            elif test_file.problems:
                self._unfit[test_file.path] = f"the test file is not sound: {test_file.problems[0]}"
            else:
                paths[test_file.path] = self._prepared(test_file, None)
        for path, parts in (self._parts(paths) if self._slices else {}).items():
            self._begin_parts(self._tested[path], parts, self._workspace)
        whole = [path for path in paths if path not in self._in_parts]
        self._whole = dict(zip(whole, self._runner.submit_all([paths[path] for path in whole]), strict=True))
        for test_file, rule_files in self._tested.values():
            if test_file.path in paths and not test_file.problems:
                own = self._rules_of_parts.get(test_file.path, {})
                self._later[test_file.path] = self._evaluate_later(test_file, own, self._workspace)
                if not any(file.problems for file in rule_files):
                    self._orders.begin(test_file, rule_files, self._read(rule_files), slices=self._slices)

    def _parts(self, paths: Iterable[str]) -> dict[str, list[Part]]:
        """The parts of those files that are to be run in parts."""
        found = {}
        for path in paths:
            test_file, rule_files = self._tested[path]
            if test_file.problems or any(file.problems for file in rule_files):
                continue
            if parts := parts_of(test_file, self._read(rule_files)):
                found[path] = parts
        return found

    def _read(self, rule_files: Sequence[RuleFile]) -> Rules:
        loaded = tuple(file.path for file in rule_files)
        if loaded not in self._rules_read:
            self._rules_read[loaded] = Rules(rule_files)
        return self._rules_read[loaded]

    def _begin_parts(self, tested: _Tested, parts: Sequence[Part], workspace: Workspace) -> None:
        test_file, rule_files = tested
        documents = [loading_document(test_file, self._rules_of(test_file, workspace))]
        groups: list[tuple[int, ...]] = [()]
        of_groups = self._rules_of_parts.setdefault(test_file.path, {})
        for part in parts:
            rules = rule_paths(sliced(rule_files, part.rules), workspace)
            documents.append(groups_document(test_file, rules, part.groups))
            groups.append(part.groups)
            of_groups.update(dict.fromkeys(part.groups, rules))
        written = [workspace.write(test_file.path, document) for document in documents]
        self._in_parts[test_file.path] = list(zip(groups, self._runner.submit_all(written), strict=True))

    def of(self, test_file: TestFile, case: Case) -> CaseRun:
        """What promtool makes of a case; waits for it. Raises KeyError where it is none of the test files' cases."""
        self.start()
        if test_file.path not in self._runs:
            self._runs[test_file.path] = self._judge(self._tested[test_file.path][0])
        return self._runs[test_file.path][case_key(case)]

    def close(self) -> None:
        """End every promtool, remove all temporary files. Nothing happens the second time."""
        self._runner.close()
        if self._workspace is not None:
            self._workspace.close()

    def _judge(self, test_file: TestFile) -> dict[CaseKey, CaseRun]:
        trouble = self._unfit.get(test_file.path)
        whole = FileRun(test_file.path, None, "", 0.0, trouble) if trouble else self._run_of(test_file)
        cases = test_file.cases
        if whole.exit_status != 1 or refused(whole.output):
            runs = dict.fromkeys(map(case_key, cases), whole)
        elif (failed := attribute(test_file, whole.output, 1)) is not None:
            runs = {
                key: FileRun(whole.path, int(key in failed), failed.get(key, ""), whole.seconds)
                for key in map(case_key, cases)
            }
        else:
            runs = self._each_alone(test_file, whole)
        later = self._fail_later(test_file) if whole.exit_status == 0 else {}
        passing = {} if trouble or self._orders is None else self._orders.passing(test_file)
        for key in passing:
            # By chance it has passed or failed.
            runs[key] = FileRun(whole.path, 0, "", whole.seconds)
        return {
            case_key(case): replace(
                self._case_run(test_file, case, runs[case_key(case)]),
                later=later.get(case.group, ""),
                order=passing.get(case_key(case), ()),
            )
            for case in cases
        }

    def _run_of(self, test_file: TestFile) -> FileRun:
        path = test_file.path
        if path not in self._in_parts:
            return self._whole[path].result()
        assert self._workspace is not None  # noqa: S101 - start() made it
        runs = [(groups, future.result()) for groups, future in self._in_parts[path]]
        failed = [groups for groups, run in runs if run.exit_status != 0]
        passed = sum(run.seconds for _, run in runs)
        if not failed:
            return FileRun(path, 0, "", passed)
        # Only what all rules say is believed. Groups know nothing of one another: those that passed need not run again.
        rules = self._rules_of(test_file, self._workspace)
        every = range(len(test_file.groups))
        groups = every if () in failed else sorted(group for some in failed for group in some)
        again = groups_document(test_file, rules, groups)
        return self._runner.submit(self._workspace.write(path, again)).result()

    def _evaluate_later(
        self, test_file: TestFile, own: Mapping[int, list[str]], workspace: Workspace
    ) -> dict[int, Future[FileRun]]:
        """Begin to evaluate groups for longer, each with its own rules, or else with all."""
        documents = later_documents(
            test_file, lambda group: own.get(group) or self._rules_of(test_file, workspace)
        )
        written = [workspace.write(test_file.path, text) for text in documents.values()]
        return dict(zip(documents, self._runner.submit_all(written), strict=True)) if written else {}

    def _fail_later(self, test_file: TestFile) -> dict[int, str]:
        """By a group's index, promtool's words on a rule that fails only after the group's last ``eval_time``."""
        assert self._workspace is not None  # noqa: S101 - start() made it
        later = self._later.get(test_file.path, {})
        failed = {index for index, future in later.items() if future.result().exit_status == 1}
        if failed and test_file.path in self._in_parts:
            later = self._evaluate_later(test_file, {}, self._workspace)
        runs = {index: future.result() for index, future in later.items() if index in failed}
        said = {index: own_words(run.output) for index, run in runs.items() if run.exit_status == 1}
        return {index: words for index, words in said.items() if _EVALUATION.match(words)}

    def _each_alone(self, test_file: TestFile, whole: FileRun) -> dict[CaseKey, FileRun]:
        cases = test_file.cases
        alone = self._runner.submit_all([self._prepared(test_file, [case]) for case in cases])
        runs = {case_key(case): future.result() for case, future in zip(cases, alone, strict=True)}
        if all(run.exit_status == 0 for run in runs.values()):
            # promtool fails the file for a reason that is no single case's. A pass would hide it.
            output = (
                f"promtool fails the whole file, though it passes each of its cases alone:\n{whole.output}"
            )
            return dict.fromkeys(runs, FileRun(whole.path, 1, output, whole.seconds))
        return runs

    def _case_run(self, test_file: TestFile, case: Case, run: FileRun) -> CaseRun:
        printed = own_words(run.output) if run.exit_status == 1 else ""
        text = run.output.strip("\n") if run.exit_status is None else printed
        if printed:
            # A name with line breaks would hide the rest; which case it is, is known.
            name = case.group_name
            printed = printed.replace(f"    name: {name},", f"    name: {printable(name)},", 1)
            summary = difference(printed)
            text = printed if summary == own_words(printed) else f"{summary}\n\npromtool:\n{printed}"
        if len(text) > _SHOWN:
            text = f"{text[:_SHOWN]}\n… and {len(text) - _SHOWN} more characters"
        line = self._reproduce(test_file, case)
        if printed and (why := needs_newer(run.output, self.promtool.version, sound=not test_file.problems)):
            return CaseRun(None, text, line, run.seconds, printed, why)
        return CaseRun(run.exit_status, text, line, run.seconds, printed, run.trouble)

    def _reproduce(self, test_file: TestFile, case: Case) -> str:
        name = case.group_name
        only = ""
        if name and "run" in self.promtool.features:
            only = f"--run {shlex.quote(f'^{_pattern(name)}$')} "
        line = f"{self.promtool.command} test rules {only}"
        if all(map(as_it_is, self._tested[test_file.path][1])):
            return line + shlex.quote(operand(test_file.path))
        plain = Path(test_file.path).name
        return (
            f"deployspec rules plain {shlex.quote(operand(test_file.path))} --to plain"
            f" && {line}{shlex.quote(f'plain/{plain}')}"
        )

    def _prepared(self, test_file: TestFile, cases: Iterable[Case] | None) -> str:
        assert self._workspace is not None  # noqa: S101 - start() made it
        rules = self._rules_of(test_file, self._workspace)
        return self._workspace.write(test_file.path, tests_document(test_file, rules, cases))

    def _rules_of(self, test_file: TestFile, workspace: Workspace) -> list[str]:
        if test_file.path not in self._rules:
            self._rules[test_file.path] = rule_paths(self._tested[test_file.path][1], workspace)
        return self._rules[test_file.path]


def export(test_file: TestFile, rule_files: Sequence[RuleFile], folder: str) -> str:
    """Write a test file, and those of its rule files that promtool cannot read as they are, to a folder of the user's.

    Returns the path of the written test file, which has the name of the original. Raises OSError.
    """
    target = Path(folder).absolute()
    target.mkdir(parents=True, exist_ok=True)
    written = target / Path(test_file.path).name
    rules = rule_paths(rule_files, target)
    written.write_text(tests_document(test_file, rules), encoding="utf-8")
    return str(written)


def _pattern(name: str) -> str:
    """A regular expression of Go's for exactly this text."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", name)
