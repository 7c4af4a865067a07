"""What becomes of a query when Prometheus is slow, refuses, gives half an answer, or is not there."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployspec.chapters.dashboards.judge.answers import answers
from deployspec.chapters.dashboards.judge.nothing import leaves_out
from deployspec.chapters.dashboards.measure.asking import MOST_GLANCES
from deployspec.chapters.dashboards.measure.files import items_of
from deployspec.chapters.dashboards.measure.panels import MOST_WAITS, Panels
from deployspec.chapters.dashboards.model import File, Item, Kind
from deployspec.chapters.dashboards.part import Dashboards
from deployspec.languages.grafana import read
from deployspec.model.verdict import Outcome, Verdict
from deployspec.tools.prometheus.asking import Failed
from tests.tools.http.asking import PATIENT
from tests.tools.prometheus.fake import Answers, FakePrometheus, Question, Reply, fake_prometheus, success
from tests.tools.prometheus.test_asking import probe

LIMIT = 0.5
"""Seconds that a query may take."""


def part(**more: Any) -> Dashboards:
    """The deployment file's part."""
    said: dict[str, Any] = {
        "files": (),
        "libraries": (),
        "sources": None,
        "variables": {},
        "scrape_interval": 15.0,
        "range": 300.0,
        "max_query_time": LIMIT,
        "max_series": 3,
        "meanings": None,
        "unshown": (),
        "movement": (),
    }
    return Dashboards(**(said | more))


def items(*queries: str, **board: Any) -> list[Item]:
    """A dashboard of panels with one query each."""
    panels = [
        {"title": f"P{number}", "type": "timeseries", "targets": [{"refId": "A", "expr": query}]}
        for number, query in enumerate(queries)
    ]
    made = read(json.dumps({"title": "T", "schemaVersion": 39, "panels": panels, **board}), "t.json")
    assert not isinstance(made, tuple)
    return items_of([File("t.json", made, ())], part())


def judged(panels: Panels, item: Item) -> Verdict:
    """The verdict on what Prometheus makes of a query."""
    answer = panels.answer(item)
    reasons = panels.reasons(item) if answer.kind is Kind.ANSWERED else ()
    mismatch = panels.mismatch(item) if answer.kind is Kind.ANSWERED and not reasons else ""
    text = panels.made(item).text
    filters = leaves_out(text)
    return answers(answer, reasons, mismatch, panels.part.max_series, LIMIT, filters=filters)


def panels_of(fake: FakePrometheus, **more: Any) -> Panels:
    """What asks a Prometheus, with a short limit of time."""
    told = {"timeout": LIMIT, "time_limit": PATIENT} | more
    return Panels(part(), probe(fake.url, **told), window=300.0)


def series(number: int, **points: Any) -> Reply:
    """An answer over a range."""
    shown = points or {"values": [[1, "1"], [2, "2"]]}
    found = [{"metric": {"a": str(one)}, **shown} for one in range(number)]
    return success({"resultType": "matrix", "result": found})


def error(kind: str, says: str, status: int) -> Reply:
    """An error as Prometheus tells it."""
    return Reply({"status": "error", "errorType": kind, "error": says}, status)


HALF = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": []}}).encode()[:-9]
HISTOGRAM = [[1, {"count": "7", "sum": "3.5", "buckets": [[0, "0", "1", "7"]]}]]


@pytest.mark.parametrize(
    ("reply", "outcome", "says"),
    [
        pytest.param(series(3), Outcome.MET, "it shows 3 series", id="series"),
        pytest.param(series(4), Outcome.BREACHED, "too many series to read: 4", id="too-many"),
        pytest.param(series(1, histograms=HISTOGRAM), Outcome.MET, "it shows 1 series", id="native-histogram"),
        pytest.param(success({"resultType": "scalar", "result": [1, "2"]}), Outcome.MET, "it shows 1 series", id="scalar"),
        pytest.param(Reply(b'{"status": "success", "data": "' + b"x" * 70_000 + b'"}'), Outcome.BREACHED, "too many series to read", id="too-large"),
        pytest.param(error("bad_data", "parse error: x", 400), Outcome.BREACHED, "Prometheus refuses it: answers with an error (status 400): parse error: x", id="refused"),
        pytest.param(error("execution", "many-to-many matching not allowed", 422), Outcome.BREACHED, "many-to-many", id="cannot-be-executed"),
        pytest.param(error("execution", "query processing would load too many samples into memory", 422), Outcome.BREACHED, "too many series to read", id="too-many-samples"),
        pytest.param(error("timeout", "query timed out in expression evaluation", 503), Outcome.BREACHED, "slower than its limit", id="its-own-time-limit"),
        pytest.param(error("internal", "disk is gone", 500), Outcome.UNMEASURED, "disk is gone", id="its-own-fault"),
        pytest.param(Reply(b"<h1>400 Bad Request</h1>", 400, "text/html"), Outcome.UNMEASURED, "status 400", id="refused-by-what-stands-before-it"),
        pytest.param(Reply(b"no org id\n", 401, "text/plain"), Outcome.UNMEASURED, "rejected the credentials (status 401)", id="refused-credentials"),
        pytest.param(Reply(b"", 403), Outcome.UNMEASURED, "rejected the credentials (status 403)", id="forbidden"),
        pytest.param(Reply(HALF), Outcome.UNMEASURED, "something that is not JSON", id="half-an-answer"),
        pytest.param(Reply({"status": "success", "data": {"resultType": "matrix", "result": []}, "warnings": ["a store is away"]}), Outcome.UNMEASURED, "answers only in part, with a warning: a store is away", id="partial-data"),
        pytest.param(success({"resultType": "matrix", "result": [{"metric": {}, "values": [[1]]}]}), Outcome.UNMEASURED, "something other than series", id="half-a-point"),
        pytest.param(success({"resultType": "matrix", "result": [{"metric": {}}]}), Outcome.UNMEASURED, "something other than series", id="no-points"),
        pytest.param(success([]), Outcome.UNMEASURED, "something other than series", id="no-series"),
    ],
)  # fmt: skip
def test_how_a_query_is_answered(reply: Reply, outcome: Outcome, says: str) -> None:
    """What Prometheus says of the query is the query's own fault; what is wrong with Prometheus is not."""

    def answer(question: Question) -> Reply:
        return (
            reply
            if question.path.endswith("query_range")
            else success({"resultType": "vector", "result": []})
        )

    with fake_prometheus(answer) as fake:
        verdict = judged(panels_of(fake, max_body=60_000, timeout=PATIENT), items("sum(x)")[0])
    assert verdict.outcome is outcome, verdict
    assert says in verdict.reason, verdict


@pytest.fixture
def hanging() -> Any:
    """Makes answers of others: what ``hangs`` says is not answered before the test is over."""
    over = threading.Event()

    def hang(answer: Answers, hangs: Callable[[Question], bool]) -> Answers:
        def answered(question: Question) -> Reply:
            if hangs(question):
                over.wait(PATIENT * 3)
            return answer(question)

        return answered

    yield hang
    over.set()


def quick(question: Question) -> Reply:
    """Answers all as a Prometheus without series."""
    if question.path.endswith(("query", "query_range")):
        return success({"resultType": "vector", "result": []})
    return success({} if question.path.endswith("metadata") else [])


def test_a_query_that_is_too_slow(hanging: Any) -> None:
    """It is BREACHED where Prometheus answers other questions."""
    with fake_prometheus(
        hanging(quick, lambda question: "slow" in question.query.get("query", [""])[0])
    ) as fake:
        panels = panels_of(fake)
        slow, other = (judged(panels, item) for item in items("sum(slow)", "absent(x) > 5"))
        assert slow.outcome is Outcome.BREACHED, slow
        assert slow.reason.startswith("slower than its limit: no answer within 1.5"), slow
        assert slow.reason.endswith("and it has 0.5 s"), slow
        assert other.outcome is Outcome.BREACHED, other
        assert "unknown name" in other.reason


@pytest.mark.parametrize(("slow", "outcome"), [(1, Outcome.MET), (2, Outcome.BREACHED)])
def test_a_query_that_was_slow_once_is_asked_again(slow: int, outcome: Outcome) -> None:
    """A busy moment is not the query's own; the quicker of two answers counts."""
    asked = 0

    def answer(_: Question) -> Reply:
        nonlocal asked
        asked += 1
        if asked <= slow:
            time.sleep(2 * LIMIT)
        return series(1)

    with fake_prometheus(answer) as fake:
        panels = panels_of(fake, timeout=PATIENT)
        verdict = judged(panels, items("x")[0])
        assert verdict.outcome is outcome, verdict
        assert asked == 2


def test_a_prometheus_that_answers_nothing(hanging: Any) -> None:
    """No query is slow because of it, and it is not waited for again and again."""
    with fake_prometheus(hanging(quick, lambda question: True)) as fake:
        panels = panels_of(fake)
        began = time.monotonic()
        verdicts = [judged(panels, item) for item in items(*(f"sum(x{number})" for number in range(20)))]
        assert {one.outcome for one in verdicts} == {Outcome.UNMEASURED}, verdicts[0]
        assert all("did not answer" in one.reason for one in verdicts), verdicts[-1]
        assert time.monotonic() - began < 2 * (LIMIT + 1) + PATIENT
        assert len(fake.asked) <= 2
        with pytest.raises(Failed):
            _ = panels.asking.names
        assert panels.asking.recorded == frozenset()
        assert panels.types == {}
        assert len(fake.asked) <= 2


def test_how_often_it_is_asked_whether_it_answers_at_all(hanging: Any) -> None:
    """Many slow queries do not double the questions."""
    with fake_prometheus(hanging(quick, lambda question: question.path.endswith("query_range"))) as fake:
        panels = panels_of(fake)
        panels.asking.prometheus.timeout = 0.1
        for item in items(*(f"sum(x{number})" for number in range(MOST_GLANCES + 3))):
            assert panels.answer(item).kind is Kind.SLOW
        glances = [one for one in fake.asked if one.query.get("query") == ["1"]]
        assert len(glances) == MOST_GLANCES


def variables(**said: Any) -> dict[str, Any]:
    """A dashboard's variable v."""
    return {
        "templating": {"list": [{"name": "v", "type": "query", "query": "label_values(up, job)", **said}]}
    }


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        pytest.param(success([]), "Prometheus has no value for it", id="none"),
        pytest.param(Reply(b"", 401), "rejected the credentials", id="refused-credentials"),
        pytest.param(error("bad_data", "no", 400), "answers with an error (status 400): no", id="error"),
        pytest.param(Reply(HALF), "not JSON", id="half-an-answer"),
    ],
)
def test_a_variable_that_cannot_be_asked(reply: Reply, says: str) -> None:
    """Its queries cannot be made, and say why."""
    with fake_prometheus(lambda _: reply) as fake:
        made = panels_of(fake, timeout=PATIENT).made(items('up{job="$v"}', **variables())[-1])
    assert made.names == ("$v",)
    assert says in made.reason


def test_all_that_is_wanted_is_asked_for() -> None:
    """``All`` in the deployment file stands for the values that there are."""
    with fake_prometheus(lambda _: success(["a", "b"])) as fake:
        panels = panels_of(fake, timeout=PATIENT)
        panels.part = part(variables={"v": ("All",)})
        made = panels.made(items('up{job=~"$v"}', **variables(includeAll=True))[-1])
    assert made.text == 'up{job=~"(a|b)"}'


def test_a_name_that_begins_as_another_one_does_not_lend_it_its_reason() -> None:
    """Of ``$vv`` it is not told why ``$v`` has no value."""
    with fake_prometheus(lambda _: success([])) as fake:
        made = panels_of(fake, timeout=PATIENT).made(items('up{job="$vv"}', **variables())[-1])
    assert (made.names, made.reason) == (("$vv",), "")


def test_two_items_never_have_one_id() -> None:
    """Answers are kept by it."""
    panels = [{"title": "P", "targets": [{"refId": ref, "expr": "up"}]} for ref in ("A#2", "A", "A", "A#2")]
    made = items(panels=panels)
    assert len({one.id for one in made}) == len(made) == 4


def test_which_items_there_are_where_sources_are_named(tmp_path: Path) -> None:
    """A variable may stand for the default source, in each of the ways to write one."""
    listed = [{"name": "ds", "type": "datasource", "query": "prometheus", "current": {"value": "default"}}]
    sources = ("$ds", "${ds}", "[[ds]]", "${ds:raw}", {"type": "prometheus", "uid": "${ds}"}, "main", "other")
    panels = [
        {"title": str(number), "datasource": source, "targets": [{"expr": "up"}]}
        for number, source in enumerate(sources)
    ]
    board = {"title": "T", "schemaVersion": 39, "panels": panels, "templating": {"list": listed}}
    made = read(json.dumps(board), "t.json")
    assert not isinstance(made, tuple)
    found = items_of([File("t.json", made, ())], part(sources=frozenset({"main"})))
    assert [item.title for item in found] == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize(("empty", "outcome"), [(2, Outcome.MET), (10**9, Outcome.UNMEASURED)])
def test_what_has_just_been_booted_is_given_two_scrapes(empty: int, outcome: Outcome) -> None:
    """A range that has one sample of series that are there is asked again for a while, and once for all queries."""
    asked = 0

    def answer(question: Question) -> Reply:
        nonlocal asked
        if "rate" not in question.query.get("query", [""])[0]:
            return success({"resultType": "vector", "result": [{"metric": {}, "value": [1, "1"]}]})
        asked += 1
        return series(0 if asked <= empty else 1)

    with fake_prometheus(answer) as fake:
        panels = Panels(
            part(scrape_interval=0.3), probe(fake.url, timeout=PATIENT, time_limit=PATIENT), window=300.0
        )
        first, second = (judged(panels, item) for item in items("rate(x[5m])", "rate(y[5m])"))
        assert (first.outcome, second.outcome) == (outcome, outcome), (first, second)
        # The second one finds that all has been waited that there is to wait.
        assert asked == (4 if outcome is Outcome.MET else 2 + MOST_WAITS)
