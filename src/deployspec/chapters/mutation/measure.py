"""Runs the mutants of rules through promtool, many in one run, and says which of them the unit tests notice."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from deployspec.chapters.mutation.judge.dependents import loads, reach, separable, touching
from deployspec.chapters.mutation.judge.documents import Bench, alone, beside, case_failed, noticed, refused
from deployspec.chapters.mutation.judge.mutants import INTERVAL, Mutant, mutants, valid
from deployspec.chapters.mutation.judge.score import MutantRun, MutationResult
from deployspec.chapters.mutation.judge.tree import UnreadableError
from deployspec.languages.promtool.slices import Rules, sliced
from deployspec.languages.rule_files.model import Case, Rule, RuleFile, TestFile
from deployspec.tools.promtool import FileRun

_EVALUATIONS = 20_000
"""How many evaluations of rules one run of promtool is given at most: some seconds of work."""
_WORTH_A_RUN = 1_000
"""How many evaluations cost about as much as another run of promtool."""
_TOGETHER = 200
"""How many mutants stand in one rule file at most, so that promtool's memory has a bound."""
_LONG = 400_000
"""Characters of output beyond which it may not be whole."""
_UNANSWERED = 9
"""How many runs of one rule may stay without an answer before the rest is given up."""
_WAIT = 900.0
"""Seconds after which a run that gives no answer is given up: the runner's own limit is to end it long before."""


class MutationRuns:
    """The mutation runs of a set of test files, each rule's begun when it is asked for."""

    def __init__(
        self,
        submit: Callable[[str], Future[FileRun]],
        folder: str,
        tests: Sequence[tuple[TestFile, Sequence[RuleFile]]],
        *,
        slices: bool = True,
    ) -> None:
        """``submit`` runs promtool on a test file; ``folder`` exists, is ours alone, and is removed by its owner.

        ``tests``: each test file with the rule files that it loads. ``slices``: whether rules may be left out that can
        have nothing to do with a group's verdict.
        """
        self._slices = slices
        self._known: dict[tuple[str, ...], Rules] = {}
        self._submit = submit
        self._folder = Path(folder)
        self._tests = tests
        self._numbers = itertools.count()
        self._silent = ""
        """Why promtool is not asked any more; empty while it answers."""
        self._closed = False
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="mutation")
        self._results: dict[tuple[str, str], Future[MutationResult]] = {}

    def start(self, rules: Iterable[Rule]) -> None:
        """Begin the runs of these rules in the background; those that have begun go on."""
        for rule in rules:
            key = (rule.name, str(rule.place))
            if key not in self._results:
                self._results[key] = self._threads.submit(self._measure, rule)

    def of(self, rule: Rule) -> MutationResult:
        """The rule's result; waits for it, and begins it where nobody did."""
        self.start([rule])
        try:
            return self._results[rule.name, str(rule.place)].result()
        except CancelledError:
            return MutationResult(rule, problem="the runs were stopped before this rule's turn")

    def mutants(self, rule: Rule) -> tuple[Mutant, ...]:
        """The rule's mutants, with ``for`` moved by the test files' evaluation interval.

        Raises UnreadableError for an expression that is not PromQL.
        """
        intervals = [
            test_file.evaluation_interval for test_file, rule_files in self._tests if loads(rule_files, rule)
        ]
        return mutants(rule, min((each for each in intervals if each > 0), default=INTERVAL))

    def close(self) -> None:
        """End this: what runs is waited for, nothing more is begun. Close it before the runner behind ``submit``."""
        self._closed = True
        self._threads.shutdown(cancel_futures=True)

    def _measure(self, rule: Rule) -> MutationResult:
        tests = [(test_file, rule_files) for test_file, rule_files in self._tests if loads(rule_files, rule)]
        for test_file, rule_files in tests:
            problems = (*test_file.problems, *(each for file in rule_files for each in file.problems))
            if problems:
                return MutationResult(rule, problem=str(problems[0]))
        try:
            made = self.mutants(rule)
        except UnreadableError as error:
            return MutationResult(rule, problem=f"its expression cannot be read: {error}")
        settled = {
            mutant.id: MutantRun(mutant, "survived" if valid(mutant) else "invalid") for mutant in made
        }
        cases = 0
        for test_file, rule_files in tests:
            reached = reach(rule, rule_files)
            looking = touching(test_file, reached)
            if not looking:
                continue
            cases += len(looking)
            if self._silent:
                return MutationResult(rule, cases=cases, problem=self._silent)
            if self._slices:
                rule_files = self._sliced(rule, rule_files, test_file, looking)
                reached = reach(rule, rule_files)
            bench = Bench(rule, test_file, rule_files, reached, looking)
            left = [run.mutant for run in settled.values() if run.status in ("survived", "unmeasured")]
            try:
                runs = _Runs(self._run, bench).of(left)
            except _CannotMutateError as error:
                if isinstance(error, _NoAnswerError):
                    self._silent = str(error)
                return MutationResult(rule, cases=cases, problem=f"{test_file.path}: {error}")
            for run in runs:
                if run.status == "survived" and settled[run.mutant.id].status == "unmeasured":
                    continue  # another file's answer is still not known
                settled[run.mutant.id] = run
        return MutationResult(rule, tuple(settled.values()), cases)

    def _sliced(
        self, rule: Rule, rule_files: Sequence[RuleFile], test_file: TestFile, looking: Iterable[Case]
    ) -> Sequence[RuleFile]:
        """The rule files with the rules that can have to do with these cases, and the rule itself."""
        loaded = tuple(file.path for file in rule_files)
        rules = self._known.get(loaded) or self._known.setdefault(loaded, Rules(rule_files))
        groups = {case.group for case in looking}
        kept = rules.places_of(rule).union(
            *(rules.of(one) for one in test_file.groups if one.index in groups)
        )
        return sliced(rule_files, kept)

    def _run(self, files: Callable[[str], dict[str, str]]) -> FileRun:
        if self._closed:
            return _no_answer("the runs were stopped")
        stem = f"mutation-{next(self._numbers)}"
        written = {self._folder / name: text for name, text in files(stem).items()}
        try:
            for path, text in written.items():
                path.write_text(text, "utf-8")
            return self._submit(str(self._folder / f"{stem}.test.yml")).result(_WAIT)
        except (TimeoutError, CancelledError):
            return _no_answer("promtool's runner did not answer")
        except OSError as error:
            return _no_answer(f"files for promtool cannot be written: {error.strerror}")
        finally:
            for path in written:
                path.unlink(missing_ok=True)


def _no_answer(trouble: str) -> FileRun:
    return FileRun("", None, "", 0.0, trouble)


class _CannotMutateError(Exception):
    """The tests say nothing about mutants, because they do not pass without any."""


class _NoAnswerError(_CannotMutateError):
    """promtool does not even judge the rule as it is: there is no use in asking it about other rules."""


class _Runs:
    """The runs of one rule's mutants against one test file."""

    def __init__(self, run: Callable[[Callable[[str], dict[str, str]]], FileRun], bench: Bench) -> None:
        self._run, self._bench = run, bench
        self._unanswered = 0

    def of(self, left: Sequence[Mutant]) -> list[MutantRun]:
        """Judge each mutant. Raises _CannotMutateError where the rule as it is does not pass every case."""
        bench = self._bench
        if separable(bench.test_file, bench.reached, bench.cases):
            runs = self._in_stages(left)
            if runs is not None:
                return runs
        self._baseline()
        return [self._alone(mutant) for mutant in left]

    def _in_stages(self, left: Sequence[Mutant]) -> list[MutantRun] | None:
        """Ask the cheapest groups of all mutants, the next ones of those that survive; None where the rule fails.

        Most mutants are noticed by the first group, whichever it is, and evaluation is what promtool's time goes into.
        """
        groups = sorted(
            {case.group for case in self._bench.cases}, key=lambda group: self._of(group).evaluations
        )
        settled: list[MutantRun] = []
        while groups:
            stage = self._of(groups.pop(0))
            while groups and (not left or stage.evaluations * len(left) < _WORTH_A_RUN):
                stage = self._of(groups.pop(0), *stage.cases)
            size = max(1, min(_TOGETHER, _EVALUATIONS // max(1, stage.evaluations)))
            parts = max(1, -(-len(left) // size))
            survivors = []
            for part in range(parts):
                runs = self._together(stage, left[part::parts])
                if runs is None:
                    return None
                settled += [run for run in runs if run.status != "survived"]
                survivors += [run.mutant for run in runs if run.status == "survived"]
            left = survivors
        return settled + [MutantRun(mutant, "survived") for mutant in left]

    def _of(self, group: int, *more: Case) -> Bench:
        return replace(
            self._bench, cases=[*more, *(case for case in self._bench.cases if case.group == group)]
        )

    def _together(self, bench: Bench, left: Sequence[Mutant]) -> list[MutantRun] | None:
        """Judge mutants that stand in one rule file beside the rule; None where the rule as it is fails."""
        run = self._run(lambda stem: beside(bench, {0: None, **dict(enumerate(left, 1))}, stem))
        if run.exit_status == 0:
            return [MutantRun(mutant, "survived") for mutant in left]
        failed, errors = noticed(run.output, bench.mark)
        noticed_ones = failed | errors
        if run.exit_status == 1 and (0 in noticed_ones or not left):
            return None
        if run.exit_status == 1 and noticed_ones:
            rest = [mutant for number, mutant in enumerate(left, 1) if number not in noticed_ones]
            runs = [
                MutantRun(mutant, "killed") for number, mutant in enumerate(left, 1) if number in noticed_ones
            ]
            # After an error promtool leaves out the rest of that group, and of a long output only the beginning is
            # kept: the others have not been asked all cases.
            if rest and (errors or len(run.output) > _LONG):
                others = self._together(bench, rest)
                return None if others is None else runs + others
            return runs + [MutantRun(mutant, "survived") for mutant in rest]
        if run.exit_status is None:
            self._unanswered += 1
            if self._unanswered == 1:
                self._baseline()
            if self._unanswered > _UNANSWERED:
                return [MutantRun(mutant, "unmeasured", run.trouble) for mutant in left]
        if len(left) <= 1:
            return [self._alone(mutant) for mutant in left]
        half = len(left) // 2
        first = self._together(bench, left[:half])
        second = None if first is None else self._together(bench, left[half:])
        return None if first is None or second is None else first + second

    def _baseline(self) -> None:
        run = self._run(lambda stem: alone(self._bench, None, stem))
        if run.exit_status is None:
            raise _NoAnswerError(f"promtool did not answer even without a mutation: {run.trouble}")
        if run.exit_status != 0:
            raise _CannotMutateError(f"the tests fail without any mutation: {_first_line(run.output)}")

    def _alone(self, mutant: Mutant) -> MutantRun:
        run = self._run(lambda stem: alone(self._bench, mutant, stem))
        if run.exit_status == 0:
            return MutantRun(mutant, "survived")
        if run.exit_status == 1 and case_failed(run.output):
            return MutantRun(mutant, "killed")
        if run.exit_status == 1 and refused(run.output):
            return MutantRun(mutant, "invalid")
        return MutantRun(mutant, "unmeasured", run.trouble or _first_line(run.output))


def _first_line(output: str) -> str:
    """The first line that tells something: not the file's name, nor the group's, nor that it failed."""
    lines = (line.strip() for line in output.splitlines())
    return next(
        (line for line in lines if line and not line.startswith(("Unit Testing", "FAILED", "name: "))),
        "no output",
    )
