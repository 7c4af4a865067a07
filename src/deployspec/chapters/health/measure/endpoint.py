"""What is measured of an endpoint, of each replica that answers for it, and the verdict on all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from deployspec.base.shown import one_line
from deployspec.chapters.health.judge import meaning, repeat
from deployspec.chapters.health.judge.reading import without_see
from deployspec.chapters.health.judge.replicas import of_each, worst_of
from deployspec.chapters.health.measure.asked import AT_ONCE, Asked, at_once
from deployspec.chapters.health.model import HealthPromise
from deployspec.model.http import Call
from deployspec.model.verdict import Outcome, Verdict
from deployspec.tools.schema_file import read_schema

if TYPE_CHECKING:
    from deployspec.model.judge import Judge

Single = Callable[[Call, HealthPromise], Verdict]
Judged = Callable[[Asked], tuple[Verdict, *tuple[Call, ...]]]
"""Of one replica: the verdict, and after it the calls that it rests on."""
Measured = Literal["first", "steady", "later", "every", "versions"]
"""What a check looks at: a property of what was asked."""

BURSTS_AT_ONCE = 10
"""How many replicas are asked concurrently at the same time: with more, the prober would measure itself."""
_BURSTS = (("steady", AT_ONCE), ("concurrent", BURSTS_AT_ONCE))
SHOWN = 3
"""Of how many replicas the calls are shown."""


class HealthMeasurements:
    """What is measured of one endpoint: of each replica that answers for it."""

    def __init__(
        self, each: Callable[[], Sequence[Asked]], schema: Path | Mapping[str, object] | None
    ) -> None:
        self._each = each
        self._schema = schema

    @property
    def each(self) -> Sequence[Asked]:
        """The replicas. Raises Unmeasured where it could not be found out which there are."""
        return self._each()

    @cached_property
    def schema(self) -> Mapping[str, object]:
        """The JSON Schema of the answer, which one check alone needs. Raises Unmeasured where it cannot be read."""
        schema = read_schema(self._schema) if isinstance(self._schema, Path) else self._schema
        return schema or {}

    def with_schema(self, single: Single) -> Single:
        """``single`` with the promise that has the JSON Schema. Raises Unmeasured where that cannot be read."""
        schema = self.schema
        return lambda call, promise: single(call, replace(promise, schema=schema))

    def judge_each(self, judge: Judge, measured: Measured, single: Judged) -> None:
        """Give the verdict on all replicas: ``single`` gives that on one, and after it the calls that it rests on.

        ``measured`` is what it looks at, which is measured of all replicas first, of several at the same time. Raises
        Unmeasured where it could not be found out which there are.
        """
        from deployspec.tools.http import curl_line

        each = {one.name: one for one in self.each}
        _measure(list(each.values()), measured)
        found = {name: single(one) for name, one in each.items()}
        verdicts = {name: verdict for name, (verdict, *_) in found.items()}
        whole = of_each(verdicts)
        # Where all is well, one is as good as another.
        decide = list(worst_of(verdicts))[: 1 if whole.outcome is Outcome.MET else SHOWN]
        shown = each[decide[0]].of_version if measured == "versions" else each[decide[0]]
        judge(
            whole,
            *(call for name in decide for call in found[name][1:]),
            reproduce=curl_line(shown.request, ours=("Accept",)),
            # The check that waited, and no other, says so.
            waited=max(one.waited for one in each.values()) if measured == "later" else 0.0,
        )

    def judge_every_call(self, judge: Judge, single: Single) -> None:
        """The same of what ``single`` says of each call: the first one, those in a row and those at once."""
        self.judge_each(
            judge, "every", lambda one: (repeat.on_every_call(single, one.every, one.promise), *one.every)
        )

    def judge_version(self, judge: Judge, single: Single) -> None:
        """The same of the answers that have the version, which may be another endpoint's: then those in a row."""
        if all(one.of_version is one for one in self.each):
            self.judge_every_call(judge, single)
            return
        self.judge_each(judge, "versions", lambda one: _in_each(single, one.of_version))


def _measure(each: Sequence[Asked], measured: Measured) -> None:
    """Measure of all what a check looks at. The calls at once come after all others, for they would be in their way."""
    for name, most in _BURSTS if measured == "every" else ((measured, AT_ONCE),):
        new = [one for one in each if name not in vars(one)]
        at_once(attrgetter(name), new, most)


def _in_each(single: Single, one: Asked) -> tuple[Verdict, *tuple[Call, ...]]:
    verdict = repeat.on_every_call(meaning.of_another_path(single), one.steady, one.promise)
    # The checks that own the cause elsewhere look at another path.
    reason = without_see(verdict.reason, f"(GET {one_line(one.promise.path, 60)})")
    return replace(verdict, reason=reason), *one.steady
