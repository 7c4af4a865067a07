"""Reviews where Prometheus says nothing: none there, one that fails, one that is empty, one whose histogram is native."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deployspec.chapters.alerts import measure
from deployspec.chapters.alerts.review import fired_in
from deployspec.chapters.alerts.review import sections as sections_of_alerts
from deployspec.chapters.slo.judge.census import Census
from deployspec.chapters.slo.judge.past import HOUR, Count, Past, Piece, long_span, pieces_of
from deployspec.chapters.slo.judge.review.budgets import objectives
from deployspec.chapters.slo.judge.review.latency import latency
from deployspec.chapters.slo.judge.review.objective import Reviewed
from deployspec.chapters.slo.load.histogram import Histogram
from deployspec.chapters.slo.review import sections
from deployspec.chapters.slo.stored import digest
from deployspec.languages.prometheus.model import Unavailable
from deployspec.model.review import Cell, Section, Span, Table, Tone, Week
from deployspec.model.verdict import Outcome, Proportion
from deployspec.record.history import History, Row, Share
from tests.chapters.slo.judge.test_census import objective
from tests.chapters.slo.test_review_autumn import deployed
from tests.tools.prometheus.fake import FakePrometheus, Question, Reply, fake_prometheus, success

BEGIN = 1_780_272_000.0  # 2026-06-01 00:00 UTC, a Monday
DAY = 86400.0
WEEK = Week("shop", Span(BEGIN, BEGIN + 7 * DAY), UTC)


def run(day: float, maintenance: str = "") -> Row:
    """A gate that began so many days after the week."""
    return Row(
        Path(f"{day:g}.json"),
        f"run-{day:g}",
        "shop",
        "gate",
        "",
        BEGIN + day * DAY,
        BEGIN + day * DAY + 60,
        0,
        "",
        maintenance,
        None,
        "1",
        {},
    )


def latencies(*milliseconds: int) -> dict[str, Any]:
    """What is kept of a load result."""
    histogram = Histogram()
    for one in milliseconds:
        histogram.add({one * 1000: 100})
    return digest({"total": {"latency": histogram.document()}})


RUNS = (run(-6), run(0.5), run(0.75), run(3, "upgrade"))
COUNTS = ((900, 1000), (999, 1000), (0, 10), (5, 1000))
"""Good ones, and all, of each."""


def history(*, empty: bool = False) -> History:
    """Four load runs, of which the first was in the week before, and the last in maintenance."""
    runs = () if empty else RUNS
    shape = (len(runs), 0)
    shares = [
        Share(place, 0, Proportion("quick", "load", good, total, 0.95))
        for place, (good, total) in enumerate(COUNTS)
        if not empty
    ]
    kept = [(0, latencies(100)), (1, latencies(200)), (2, latencies(200, 400)), (3, latencies(9000))]
    return History(
        "shop",
        runs,
        (),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.float32),
        tuple(shares),
        added={} if empty else {"load": kept},
    )


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    fired_in.cache_clear()
    yield
    fired_in.cache_clear()


def tables(made: Section) -> dict[str, Table]:
    """Its tables by their keys."""
    return {part.key: part for part in made.parts if isinstance(part, Table)}


def test_without_a_prometheus_load_runs_tell() -> None:
    (made,) = sections(WEEK, None, history())
    assert made.key == "load-runs"
    assert any(
        "No deployment file says which Prometheus" in part for part in made.parts if isinstance(part, str)
    )
    (row,) = tables(made)["load-shares"].rows
    # 999 of 1,010, not the mean of 99.9% and 0%; the one in maintenance is left out.
    assert row[2].value == pytest.approx(999 / 1010)
    assert row[2].tone is Tone.GOOD
    assert (row[3].value, row[4].value) == (1010, 2)
    assert row[5].value == pytest.approx(0.9)
    assert row[5].tone is Tone.BAD
    assert [one.run for one in made.sources] == ["run--6", "run-0.5", "run-0.75"]


def test_latencies_of_load_runs_by_day() -> None:
    (made,) = sections(WEEK, None, history())
    first, second, *_, whole = tables(made)["load-p95"].rows
    # 200 of 200 ms and 100 of 400 ms together; the week before had its run on a Tuesday.
    assert [cell.value for cell in first[1:]] == [pytest.approx(0.4, rel=0.001), None]
    assert [cell.value for cell in second[1:]] == [None, pytest.approx(0.1, rel=0.001)]
    assert [cell.value for cell in whole[1:]] == [
        pytest.approx(0.4, rel=0.001),
        pytest.approx(0.1, rel=0.001),
    ]
    assert second[1].tone is Tone.UNKNOWN


@pytest.mark.parametrize("kept", [None, {}, {"latency": "no histogram"}, {"latency": 7}, 3])
def test_a_digest_that_cannot_be_read_is_none(kept: Any) -> None:
    of = history()
    of.added["load"] = [(1, kept)]
    (made,) = sections(WEEK, None, of)
    assert "load-p95" not in tables(made)


def test_without_a_prometheus_and_load_runs_there_is_no_section() -> None:
    assert not list(sections(WEEK, None, history(empty=True)))
    (made,) = sections_of_alerts(WEEK, None, history(empty=True))
    assert any("nothing is known of its alerts" in part for part in made.parts if isinstance(part, str))


def asked(tmp_path: Path, answer: Any, of: History) -> tuple[dict[str, Section], FakePrometheus]:
    """What a Prometheus that answers so is told of."""
    with fake_prometheus(answer) as fake:
        deployment = deployed(tmp_path, fake.url)
        made = [*sections(WEEK, deployment, of), *sections_of_alerts(WEEK, deployment, of)]
    return {one.key: one for one in made}, fake


def test_one_that_fails_is_unmeasured_and_load_runs_tell(tmp_path: Path) -> None:
    made, fake = asked(tmp_path, lambda _: Reply({"status": "error", "error": "no disk"}, 500), history())
    table = tables(made["objectives"])["objectives"]
    assert [row[1].text for row in table.rows] == ["UNMEASURED"] * 3
    assert all("answers with an error (status 500): no disk" in row[1].note for row in table.rows)
    [said] = made["objectives"].unmeasured
    assert said.startswith("objectives absent and 2 more (")
    assert not made["objectives"].breached
    assert "load-shares" in tables(made["load-runs"])
    assert made["alerts"].unmeasured[0].startswith("alerts and thresholds (Prometheus at http://127.0.0.1:")
    assert "thresholds" not in made
    # It is not asked about the others in vain.
    assert len(fake.asked) <= 3


def test_what_is_wrong_with_one_objective_is_not_said_of_others(tmp_path: Path) -> None:
    """A name that an old Prometheus cannot have, say."""

    def answer(question: Question) -> Reply:
        if question.path.endswith("buildinfo"):
            return success({"version": "2.42.0"})
        asked_for = question.query.get("query", [""])[0]
        if "nothing_total" in asked_for:
            return Reply({"status": "error", "error": "too many samples"}, 422)
        return _empty(question)

    made, _ = asked(tmp_path, answer, history(empty=True))
    notes = {row[0].text: row[1].note for row in tables(made["objectives"])["objectives"].rows}
    assert "too many samples" in notes["absent"]
    assert all("too many samples" not in notes[name] for name in ("availability", "latency"))


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (None, "shop.rules.yaml: "),
        ("groups: [", "shop.rules.yaml:"),
        ("groups: [{name: a, rules: [{alert: A}]}]", "shop.rules.yaml:1:"),
    ],
)
def test_rules_that_cannot_be_read_are_no_quiet_week(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: str | None, said: str
) -> None:
    """Which alerts are the deployment's is not known, so nobody knows whether one fired."""
    monkeypatch.chdir(tmp_path)
    with fake_prometheus(_empty) as fake:
        deployment = deployed(tmp_path, fake.url)
        path = tmp_path / "shop.rules.yaml"
        path.unlink()
        if rules is not None:
            path.write_text(rules)
        made, *_ = sections_of_alerts(WEEK, deployment, history(empty=True))
    assert any(text.startswith(f"alerts ({said}") for text in made.unmeasured)
    assert isinstance(made.parts[0], str)
    assert said in made.parts[0]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"<html>login</html>", type="text/html"),
        success({"resultType": "matrix", "result": 7}),
        success({"resultType": "matrix", "result": [{"metric": {}, "values": [["x"]]}]}),
        success({"resultType": "matrix", "result": [{"metric": 7, "values": [[1, "1"]]}]}),
        success({}),
        success([]),
    ],
)
def test_an_answer_in_no_known_form_is_unmeasured(tmp_path: Path, reply: Reply) -> None:
    made, _ = asked(tmp_path, lambda _: reply, history(empty=True))
    table = tables(made["objectives"])["objectives"]
    assert [row[1].text for row in table.rows] == ["UNMEASURED"] * 3
    assert made["alerts"].unmeasured


def _empty(question: Question) -> Reply:
    if "label" in question.path:
        return success([])
    kind = "matrix" if question.path.endswith("range") else "vector"
    return success({"resultType": kind, "result": []})


def test_one_that_is_empty_knows_nothing(tmp_path: Path) -> None:
    made, _ = asked(tmp_path, _empty, history(empty=True))
    overview = tables(made["objectives"])["objectives"]
    for row in overview.rows:
        assert row[1].text == "UNMEASURED"
        assert row[-1].text == "168 h of 168 h"
        assert all(cell.value is None for cell in row[2:-1])
        assert all(cell.tone is not Tone.GOOD for cell in row)
    assert not made["objectives"].breached
    assert made["alerts"].unmeasured == ("alerts (168 h of 168 h without a sample in Prometheus)",)
    assert not made["thresholds"].advice
    assert not tables(made["alerts-and-objectives"])["noise"].rows


def _told(week: Week) -> Reviewed:
    """Of a latency objective, all of whose requests took less than 0.1 s."""
    pieces = pieces_of(week, ())
    counts = (Count(1000, 1),) * len(pieces)
    buckets = {end: (1000.0,) * len(pieces) for end in (0.1, math.inf)}
    return Reviewed(Past(objective("latency"), pieces, counts, buckets=buckets), week, week.span)


def test_four_weeks_stand_once_in_a_review_of_four_weeks() -> None:
    """Two columns of one name would be two figures of one key."""
    week = Week("shop", Span(BEGIN, BEGIN + 28 * DAY), UTC)
    found = tables(objectives([_told(week)], [], week))
    names = [column.name for column in found["objectives"].columns]
    assert names == [
        "objective", "verdict", "good in 28 days", "budget spent in 28 days", "budget left of 28 days",
        "days until it is spent", "no data in 28 days",
    ]  # fmt: skip
    assert found["objectives"].rows[0][2].value == pytest.approx(0.999)
    assert [column.name for column in found["objective-api-latency"].columns] == ["", "28 days"]
    (until,) = (
        row[1].value for row in found["objective-api-latency"].rows if row[0].text.startswith("days until")
    )
    assert until is not None
    side_by_side = tables(objectives([_told(WEEK)], [], WEEK))
    assert [column.name for column in side_by_side["objective-api-latency"].columns] == [
        "",
        "7 days",
        "28 days",
    ]


def test_a_day_without_data_is_not_known_whatever_four_weeks_say() -> None:
    """The objective is MET by the four weeks, of which a day is less than a twentieth; the week is not known."""
    told = _told(WEEK)
    past = replace(told.past, gaps=(Span(WEEK.span.end - DAY, WEEK.span.end),))
    made = objectives([Reviewed(past, WEEK, long_span(WEEK))], [], WEEK)
    assert tables(made)["objectives"].rows[0][1].text == "MET"
    assert made.unmeasured == ("objective api-latency (24 h of 168 h without data)",)
    past = replace(told.past, gaps=(Span(WEEK.span.end - 8 * HOUR, WEEK.span.end),))
    assert not objectives([Reviewed(past, WEEK, long_span(WEEK))], [], WEEK).unmeasured


def test_a_day_that_was_not_in_the_time_before_is_not_one_without_data() -> None:
    """Of an hour, the time before is an hour of the same day."""
    week = Week("shop", Span(BEGIN + 12 * HOUR, BEGIN + 13 * HOUR), UTC)
    made = latency([_told(week)], week)
    assert made is not None
    day, whole = tables(made)["p95-api-latency"].rows
    assert [cell.text for cell in day[1:]] == ["0.095 s", "—"]
    assert [cell.text for cell in whole[1:]] == ["0.095 s", "0.095 s"]
    (made,) = sections(week, None, history())
    assert [row[2].text for row in tables(made)["load-p95"].rows] == ["—", "no load run"]


def test_thresholds_are_not_asked_about_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What there was no time for is not known, and says so."""
    monkeypatch.setattr(measure, "ALL_THRESHOLDS", 0.0)
    made, fake = asked(tmp_path, _empty, history(empty=True))
    assert any(
        "not asked about, as those before it took more than 0" in text
        for text in made["thresholds"].unmeasured
    )
    assert not any("free_share" in str(question.query) for question in fake.asked)


def test_a_native_histogram_is_not_counted() -> None:
    of = objective("latency")
    census = Census(0, 0, 1, native=('{job="shop"}',))
    told = Reviewed(Past(of, (), (), census=census), WEEK, WEEK.span)
    made = objectives([told], [], WEEK)
    (row,) = tables(made)["objectives"].rows
    assert isinstance(row[1], Cell)
    assert row[1].text == "UNMEASURED"
    assert re.search("native", row[1].note)
    assert all(cell.value is None for cell in row[2:-1])
    assert made.unmeasured


def test_objectives_of_which_the_same_is_to_be_said_are_told_of_together() -> None:
    """Forty that a silent Prometheus says nothing of are one sentence at the head of the page, and forty rows."""
    why = Unavailable("Prometheus did not answer")
    several = [replace(objective("latency"), name=name) for name in "abc"]
    made = objectives([], [(one, why) for one in several], WEEK)
    assert made.unmeasured == ("objectives a and 2 more (Prometheus did not answer)",)
    assert len(tables(made)["objectives"].rows) == 3
    made = objectives(
        [], [(one, Unavailable(f"no {one.name}")) for one in [*several, replace(several[0], name="d")]], WEEK
    )
    assert made.unmeasured == ("objectives a and 3 more (for 4 reasons)",)


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ([(0, 167.9)], "data for the last 6 min of 168 h alone"),
        ([(0, 80), (100, 120)], "no data for 100 h of 168 h"),
        ([(0, 168)], "no data in 168 h"),
    ],
)
def test_what_has_just_begun_is_told_as_such(gaps: list[tuple[float, float]], expected: str) -> None:
    """A deployment that was booted six minutes ago has no gap: it has not been there for longer."""
    begin = WEEK.span.begin
    silent = tuple(Span(begin + a * 3600, begin + b * 3600) for a, b in gaps)
    pieces = (Piece(WEEK.span, paused=False, hour=False),)
    past = Past(objective("latency"), pieces, (Count(100.0, 0.0),), gaps=silent)
    assert Reviewed(past, WEEK, WEEK.span).verdict() == (Outcome.UNMEASURED, expected)


def test_all_that_is_asked_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty objectives that take three minutes each are no review of two hours: what is left is UNMEASURED, and says why."""
    monkeypatch.setattr("deployspec.chapters.slo.review.TIME_LIMIT", 0.0)
    made, _ = asked(tmp_path, _empty, history(empty=True))
    rows = tables(made["objectives"])["objectives"].rows
    assert [row[1].text for row in rows] == ["UNMEASURED"] * 3
    assert all("not asked about, as those before it took more than" in row[1].note for row in rows)
