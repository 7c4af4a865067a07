"""The guards on silence: a case that expects it must be one in which the alert could have fired."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from deployspec.base.shown import cut
from deployspec.chapters.alerts.judge.reading import parsed, read
from deployspec.chapters.alerts.judge.rule_tests.finding import Finding
from deployspec.chapters.alerts.judge.rule_tests.reach import data_end, reaches, reaches_of
from deployspec.chapters.alerts.judge.rule_tests.rules import LoadedRules, read_by
from deployspec.chapters.alerts.judge.rule_tests.times import (
    duration,
    is_silent,
    last_item,
    looked_at,
    milliseconds,
)
from deployspec.languages.promql.results import can_give_a_result
from deployspec.languages.promql.selectors import Selector
from deployspec.languages.rule_files.model import Case, Rule, Series, TestFile, TestGroup

MISSING_DATA = "missing data"
"""What the name of a group says, in capitals or not, whose cases are about data that is not there."""


def says_missing_data(group: TestGroup) -> bool:
    """Whether the group's name says ``missing data``."""
    return MISSING_DATA in group.name.casefold()


def silent_before_for(test_file: TestFile, rules: LoadedRules) -> Iterator[Finding]:
    """A case that expects silence before the alert's ``for`` could elapse, counted from the first evaluation at 0,
    unless a later case of its group shows that alert firing, or one of a group in which the alert reads the same.

    The same are series with the same names, labels and items up to that time, whatever values the labels have that no
    matcher asks for. Of several rules of one name, the shortest ``for`` counts. ``keep_firing_for`` makes no alert fire earlier.
    """
    for group in test_file.groups:
        for case in _silences(group):
            waits = [milliseconds(rule.for_) for rule in rules.alerts.get(case.subject, ())]
            at = looked_at(case, test_file)
            if not waits or at >= min(waits) or _fires_later(case, at, group, test_file, rules):
                continue
            late = (
                f" (the last evaluation is at {duration(at)})" if at != milliseconds(case.eval_time) else ""
            )
            yield Finding(
                case.place,
                f"{cut(case.subject, 120)} cannot fire at {case.eval_time_text}{late}, as its for is"
                f" {duration(min(waits))}; look at {duration(min(waits))} or later, or show that it fires later with"
                " the same series",
                case,
            )


def silent_after_data(test_file: TestFile, rules: LoadedRules) -> Iterator[Finding]:
    """A case that expects silence at a time past the last item of every input series, when nothing that it looks at is
    in reach any more, unless its group's name says ``missing data``.

    In reach is what a selector of the alert, of its recording rules or of the expression still sees: for 5 minutes
    after the last number, for its range, later by its ``offset``. ``stale`` ends a series at once, but for ranges. ``_``
    and ``stale`` count as items. The time is that of the evaluation that the case sees (``looked_at``). An
    expression that expects no samples expects silence too. Where the alert or the expression can hold without any
    data, as with ``absent``, silence says something, and nothing is found.
    """
    for group in test_file.groups:
        if says_missing_data(group):
            continue
        last = max((last_item(series, group) for series in group.series), default=-1)
        for case in _silences(group):
            if case.kind == "alert":
                seen = reaches_of(rules.alerts.get(case.subject, ()), rules)
            else:
                expr = parsed(case.subject)
                seen = reaches(expr, rules) if expr is not None else ()
            end = data_end(group, seen)
            if (
                looked_at(case, test_file) < end
                or _ends_in_gaps(group, [reach.selector for reach in seen])
                or _holds_without_data(case, rules)
            ):
                continue
            reached = f"the last input ends at {duration(last)}"
            if end > last + 1:
                reached += f" and is out of reach after {duration(round(end) - 1)}"
            yield Finding(
                case.place,
                f"silence at {case.eval_time_text} shows nothing: {reached}; let the series go on, or put"
                f" “{MISSING_DATA}” in the group's name",
                case,
            )


def unmatched_series(test_file: TestFile, rules: LoadedRules) -> Iterator[Finding]:
    """A silent case of an alert whose metric the group has under its name only: no series of that metric matches any
    of the rule's selectors of it, without it the rule cannot hold, and nothing in the group ever fires.

    A series that has every label that a selector asks for, some with another value, is welcome without it: the case
    shows that the matcher leaves it out, and would fail if the matcher were dropped. A label that it lacks is the fault.

    Recording rules are followed to what they read. A ratio of failures to all requests is fine without a failure, as
    the other requests match the selector below; ``unless`` and ``or`` don't need their right side, ``absent`` needs
    nothing. A group on missing data shows more when the series that vanishes was there before.
    """
    for group in test_file.groups:
        if any(case.expected for case in group.cases):
            continue
        known: dict[str, tuple[Series, str] | None] = {}
        for case in group.cases:
            if case.kind != "alert":
                continue
            if case.subject not in known:
                known[case.subject] = _unmatched(rules.alerts.get(case.subject, ()), group, rules)
            found = known[case.subject]
            if found is not None:
                series, wanted = found
                yield Finding(
                    series.place,
                    f"{cut(series.text, 160)} has the name but not the labels that {cut(case.subject, 120)} reads"
                    f" ({cut(wanted, 160)}), no other series has them, and nothing in the group fires: silence at"
                    f" {case.eval_time_text} shows nothing",
                    case,
                )


def unmatched_expression(test_file: TestFile, rules: LoadedRules) -> Iterator[Finding]:
    """An expression that expects no samples and can have none, because no input series of its group answers what it
    selects and no loaded rule records it, unless the group's name says ``missing data``.

    Of a recording rule, and of ``ALERTS``, only the name is looked at. Two sides of which one is enough, as of ``or``,
    need one; ``absent`` needs nothing.
    """
    for group in test_file.groups:
        if says_missing_data(group):
            continue

        def there(selector: Selector, group: TestGroup = group) -> bool:
            read = any(selector.matches(one.name, one.labels) for one in group.series)
            return read or bool(rules.makers(selector))

        for case in group.cases:
            if case.kind == "alert" or not is_silent(case, group):
                continue
            expr = parsed(case.subject)
            # promtool may read what cannot be read here; its verdict counts.
            if expr is not None and not can_give_a_result(expr, there):
                yield Finding(
                    case.place,
                    f"{cut(case.subject, 120)} selects no input series of its group and no recorded metric, so it has"
                    f" no samples whatever the rules are; correct its names and labels, or put “{MISSING_DATA}” in the"
                    " group's name",
                    case,
                )


def _silences(group: TestGroup) -> Iterator[Case]:
    return (case for case in group.cases if is_silent(case, group))


def _fires_later(case: Case, at: int, group: TestGroup, test_file: TestFile, rules: LoadedRules) -> bool:
    selectors = [
        selector
        for rule in rules.reached_from(rules.alerts.get(case.subject, ()))
        for selector in read_by(rule)
    ]
    return any(
        later.kind == "alert"
        and later.subject == case.subject
        and later.expected
        and later.eval_time > case.eval_time
        and (other is group or _read_until(at, other, selectors) == _read_until(at, group, selectors))
        for other in test_file.groups
        for later in other.cases
    )


def _read_until(at: int, group: TestGroup, selectors: Sequence[Selector]) -> list[object]:
    """The items up to a time of the series that the selectors read, and what tells these apart.

    Another pod, say, is the same if the same selectors read it: values of labels count by the order in which they
    appear, so that series that belong together still do. Bounds of buckets are numbers, and count as they are.
    """
    number = at // max(1, milliseconds(group.interval)) + 1
    values: dict[str, dict[str, int]] = {}
    read: list[object] = []
    for series in group.series:
        by = [selector.matches(series.name, series.labels) for selector in selectors]
        if any(by):
            labels = {
                label: value
                if label == "le"
                else values.setdefault(label, {}).setdefault(value, len(values[label]))
                for label, value in series.labels.items()
            }
            read.append((series.name, labels, by, group.interval, series.first(number)))
    return read


def _ends_in_gaps(group: TestGroup, read: Sequence[Selector]) -> bool:
    """Whether data is missing for all to see: there is no series, or those that are read end in a gap."""
    series = [one for one in group.series if any(selector.matches(one.name, one.labels) for selector in read)]
    return not group.series or (bool(series) and all(one.last_number < one.items - 1 for one in series))


def _holds_without_data(case: Case, rules: LoadedRules) -> bool:
    if case.kind == "alert":
        alerts = [rule for rule in rules.alerts.get(case.subject, ()) if read(rule) is not None]
        return rules.can_hold(alerts, lambda _: False)
    expr = parsed(case.subject)
    return expr is not None and can_give_a_result(
        expr, lambda selector: rules.can_hold(rules.makers(selector), lambda _: False)
    )


def _has_labels(series: Series, selector: Selector) -> bool:
    """Whether the selector reads the series, or leaves it out by the values of labels that it has."""
    return all(
        matcher.label in series.labels or matcher.matches("")
        for matcher in selector.matchers
        if matcher.label != "__name__"
    )


def _unmatched(alerts: Sequence[Rule], group: TestGroup, rules: LoadedRules) -> tuple[Series, str] | None:
    """The first series that keeps the alert from ever holding, and what the rule reads of its metric instead."""
    read = [selector for rule in rules.reached_from(alerts) for selector in read_by(rule)]
    starved: dict[str, tuple[Series, list[Selector]]] = {}
    for name in {series.name: None for series in group.series}:
        several = [series for series in group.series if series.name == name]
        named = [selector for selector in read if selector.matches_name(name)]
        if named and not any(_has_labels(one, selector) for selector in named for one in several):
            starved[name] = (several[0], named)

    def can_hold_without(names: Collection[str]) -> bool:
        def there(selector: Selector) -> bool | None:
            read_here = [one.name for one in group.series if selector.matches_name(one.name)]
            return any(name not in names for name in read_here) if read_here else None

        return rules.can_hold(alerts, there)

    if not alerts or not starved or can_hold_without(starved):
        return None
    # Of several, one without which the rule cannot hold: the others may be what it does not need.
    name = next((name for name in starved if not can_hold_without([name])), next(iter(starved)))
    series, named = starved[name]
    return series, " or ".join(dict.fromkeys(selector.text for selector in named))
