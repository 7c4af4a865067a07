"""What a selector that has found nothing says."""

from __future__ import annotations

import pytest

from deployspec.chapters.slo.judge.selecting import Found, doubt, no_counter, selector_of

TOTAL = selector_of("m")


def found(bad: str, label: str, *values: str) -> Found:
    """Nothing, among series whose label has these values."""
    return Found(selector_of(bad), False, TOTAL, True, {label: frozenset(values)}, frozenset({label}))


@pytest.mark.parametrize(
    ("bad", "label", "values", "said"),
    [
        ('m{status=~"5.."}', "status", ["200", "404"], ""),
        ('m{status="500"}', "status", ["200"], ""),
        ('m{status=~"5[0-9]{2}|429"}', "status", ["200"], ""),
        ('m{status=~"5.."}', "status", ["2xx"], ""),
        ('m{status="5xx"}', "status", ["2xx", "4xx"], ""),
        ('m{status="5xx"}', "status", ["2XX", "4XX"], "nearest to `5xx` is `"),
        ('m{status="5xx"}', "status", ["200"], ""),
        ('m{status="500"}', "status", ["2xx"], "found `2xx`"),
        ('m{status=~"5.."}', "status", ["OK"], "found `OK`"),
        ('m{grpc="13"}', "grpc", ["0"], ""),
        ('m{ok="false"}', "ok", ["False", "True"], "nearest to `false` is `False`"),
        ('m{result="error"}', "result", ["success"], ""),
        ('m{result="error"}', "result", ["success", "errors"], "nearest to `error` is `errors`"),
        ('m{result=~"timeout|eror"}', "result", ["ok", "error"], "nearest to `eror` is `error`"),
        ('m{result=~"timeout|eror"}', "result", ["timeout", "error"], ""),
        ('m{status!~"2.."}', "status", ["200"], ""),
    ],
)
def test_values_that_may_come(bad: str, label: str, values: list[str], said: str) -> None:
    """A status may come where there are others; what is nearly there, or of another form, is a mistake."""
    reason = doubt(found(bad, label, *values))
    assert (said in reason) if said else not reason


def test_a_label_that_is_not_there() -> None:
    """It is named, with the nearest one."""
    told = doubt(
        Found(selector_of('m{kode="5"}'), False, TOTAL, True, {"kode": frozenset()}, frozenset({"code"}))
    )
    assert (
        told
        == '`m{kode="5"}` selects nothing by the label `kode`, which no series of `m` has; nearest is `code`'
    )


@pytest.mark.parametrize(
    ("expr", "is_counter"),
    [
        ("sum(rate(x_total[5m]))", False),
        ("sum(increase(x_total[1h])) by (job)", False),
        ("a_total / b_total", False),
        ("max_over_time(sum(irate(x_total[1m]))[5m:])", False),
        ("sum without (instance) (x_total)", True),
        ("x_total / 1000", True),
        ("label_replace(x_total, 'a', '$1', 'b', '(.*)')", True),
        ("m", True),
        ("not promql (", True),
    ],
)
def test_what_a_rule_records(expr: str, is_counter: bool) -> None:
    """A sum of counters counts; a rate, and one count divided by another, rise and fall."""
    why = no_counter("m", {"m": [expr]}, frozenset(), 0, 100)
    assert why == ("" if is_counter else f"`m` is not a counter: a rule records it as `{expr}`")


@pytest.mark.parametrize(
    ("kinds", "falls", "is_counter"),
    [
        ({"counter"}, 10, True),
        ({"counter"}, 11, False),
        ({"gauge"}, 0, False),
        ({"gauge", "counter"}, 0, True),
        ({"unknown"}, 0, True),
        (set(), 0, True),
    ],
)
def test_what_is_declared_and_what_falls(kinds: set[str], falls: int, is_counter: bool) -> None:
    """One exporter of several may say counter; a restart makes values fall, but not every tenth one."""
    assert bool(no_counter("m", {}, frozenset(kinds), falls, 100)) is not is_counter


@pytest.mark.parametrize(
    ("name", "is_counter"),
    [
        ("job:http_requests:rate5m", False),
        ("job:http_requests:sum_irate1m", False),
        ("job:http_errors_per_request:ratio_rate5m", False),
        ("job:http_error_ratio", False),
        ("job:http_error_ratio:avg", False),
        ("job:http_requests:rate5m_sum", False),
        ("job:latency:p99", False),
        ("job:latency:99quantile", False),
        ("job:http_operations:sum", True),
        ("job:tokens_generated_total:sum", True),
        ("job:db_migrations:sum", True),
        ("job:http2_group100_requests:sum", True),
        ("job:rate_limited_requests_total", True),
        ("job:rate_limited_requests_total:sum", True),
        ("error_rate_total", True),
    ],
)
def test_what_a_name_says(name: str, is_counter: bool) -> None:
    """A rate is named as a word of its own: operations, which have "ratio" in them, can be counted."""
    assert bool(no_counter(name, {}, frozenset(), 0, 100)) is not is_counter
