"""When promtool looks: at which time a case is decided, and how far the input series reach."""

from __future__ import annotations

from deployspec.base.duration import format_duration
from deployspec.languages.rule_files.model import Case, Series, TestFile, TestGroup


def looked_at(case: Case, test_file: TestFile) -> int:
    """The time whose data decides the case, in milliseconds.

    An expression is evaluated at ``eval_time``. Alerts are evaluated at 0 and every ``evaluation_interval`` from
    there, whatever the rule group's own interval, and an alert case sees the last evaluation at or before its
    ``eval_time`` (tried with promtool 2.42, 2.53 and 3.5).
    """
    time = milliseconds(case.eval_time)
    if case.kind == "expr":
        return time
    return time - time % max(1, milliseconds(test_file.evaluation_interval))


def last_item(series: Series, group: TestGroup) -> int:
    """When the series' last item is scraped, in milliseconds; negative: it has none."""
    return (series.items - 1) * milliseconds(group.interval)


def last_number(series: Series, group: TestGroup) -> int:
    """When the series' last number is scraped, in milliseconds; negative: it has none."""
    return series.last_number * milliseconds(group.interval)


def first_gap(series: Series, group: TestGroup) -> int:
    """When the first item of the series that is no number is due, in milliseconds; negative: there is none."""
    return series.first_gap * milliseconds(group.interval)


def is_silent(case: Case, group: TestGroup) -> bool:
    """Whether the case expects no alerts, or no samples."""
    if case.kind == "alert":
        return not case.expected
    try:
        return not group.data["promql_expr_test"][case.number].get("exp_samples")
    except (AttributeError, IndexError, KeyError, TypeError):
        return False


def milliseconds(seconds: float) -> int:
    """Prometheus counts in these; sums of them are exact."""
    return round(seconds * 1000)


def duration(time: int) -> str:
    """Milliseconds as Prometheus writes them: ``1m30s``."""
    return format_duration(time / 1000, largest="h")
