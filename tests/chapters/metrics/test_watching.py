"""What is asked of a Prometheus, and how its answers are understood."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deployspec.app import chapters, sinks
from deployspec.chapters.metrics.measure.watching import Watching
from deployspec.deployment import load
from deployspec.model.verdict import Unmeasured
from tests.tools.prometheus.fake import FakePrometheus, Question, Reply, fake_prometheus, success

URL = "http://shop.example:8000/metrics"
TARGET = {
    "labels": {"job": "shop", "instance": "shop.example:8000"},
    "scrapePool": "serviceMonitor/shop/0",
    "scrapeUrl": URL,
    "health": "up",
    "lastError": "",
    "lastScrape": "2099-01-01T00:00:00Z",
    "scrapeInterval": "15s",
    "scrapeTimeout": "10s",
}


def vector(value: float) -> Reply:
    """One series with one value."""
    return success({"resultType": "vector", "result": [{"metric": {}, "value": [1.0, str(value)]}]})


@contextlib.contextmanager
def watching(
    folder: Path, answer: Callable[[Question], Reply | None], window: str = "1d", **target: Any
) -> Iterator[tuple[Watching, FakePrometheus]]:
    """The measuring, with a Prometheus that has one target, and answers the rest so."""

    def answers(question: Question) -> Reply:
        if question.path == "/api/v1/targets":
            return success({"activeTargets": [{**TARGET, **target}]})
        if question.query.get("query") == ["time()"]:
            return success({"resultType": "scalar", "result": [time.time(), str(time.time())]})
        return answer(question) or success({"resultType": "vector", "result": []})

    with fake_prometheus(answers) as fake:
        file = folder / "local.yaml"
        file.write_text(
            f"base_url: http://shop.example:8000\nmetrics: {{}}\nprometheus: {{url: {fake.url}, window: {window}}}\n"
        )
        yield Watching(load(file, {}, chapters(), sinks())), fake


def known_for(known: float) -> Callable[[Question], Reply | None]:
    """The answers of one that has had a hundred series for so many seconds."""
    since = time.time() - known

    def answer(question: Question) -> Reply | None:
        if question.path != "/api/v1/query_range":
            return None
        # Of failed scrapes it would be 0.
        assert question.query["query"][0].endswith(
            'and min(up{job="shop", instance="shop.example:8000"}) == 1'
        )
        start, end, step = (float(question.query[name][0]) for name in ("start", "end", "step"))
        moments = [start + number * step for number in range(int((end - start) / step) + 1)]
        values = [[at, "100"] for at in moments if at >= since]
        return success(
            {"resultType": "matrix", "result": [{"metric": {}, "values": values}] if values else []}
        )

    return answer


@pytest.mark.parametrize("known", [300.0, 1800.0, 40_000.0, 90_000.0])
def test_an_endpoint_that_is_new_to_prometheus_has_as_many_points(known: float, tmp_path: Path) -> None:
    """Growth is looked at as closely over half an hour as over the window of a day, of which that is one point in fifty."""
    with watching(tmp_path, known_for(known)) as (asked, _):
        points = asked.growth(0.0)
    assert len(points) >= min(40, int(known / 15))
    span = points[-1][0] - points[0][0]
    assert 0.9 * min(known, 86_400) < span <= min(known, 86_400)


def test_growth_of_a_target_that_is_down(tmp_path: Path) -> None:
    """What was scraped before is enough, or nothing is waited for, and the check that owns it is named."""
    with watching(tmp_path, known_for(80_000.0), health="down") as (asked, _):
        assert len(asked.growth(600.0)) > 40
    with watching(tmp_path, known_for(300.0), health="down") as (asked, fake):
        with pytest.raises(Unmeasured, match=r"is down, .* see metrics.is-scraped"):
            asked.growth(600.0)
        assert sum(question.path == "/api/v1/query_range" for question in fake.asked) < 8


@pytest.mark.parametrize(
    ("configuration", "drops", "limit"),
    [
        pytest.param("- {job_name: serviceMonitor/shop/0, sample_limit: 500, metric_relabel_configs: [{action: drop}]}", True, 500, id="its-own"),
        pytest.param("- {job_name: serviceMonitor/shop/0}", False, None, id="that-drops-nothing"),
        pytest.param("- {job_name: shop, sample_limit: 500, metric_relabel_configs: [{action: drop}]}", None, None, id="another-of-the-labels-name"),
        pytest.param("[]", None, None, id="in-another-file"),
    ],
)  # fmt: skip
def test_the_configuration_is_that_of_the_scrape_pool(
    configuration: str, drops: bool | None, limit: float | None, tmp_path: Path
) -> None:
    """The label job may have been given another value, as an operator does it."""

    def answer(question: Question) -> Reply | None:
        if question.path == "/api/v1/status/config":
            return success(
                {"yaml": f"scrape_configs:\n{configuration}\n" if configuration != "[]" else "global: {}\n"}
            )
        return vector(100)

    with watching(tmp_path, answer) as (asked, _):
        (taken,) = asked.taken()
    assert (taken.drops, taken.limit, taken.scraped) == (drops, limit, 100)


def test_each_scrape_is_looked_at(tmp_path: Path) -> None:
    """Of a window as long as ten thousand intervals, and of at least eleven."""
    ranges = []

    def answer(question: Question) -> Reply | None:
        ranges.append(question.query["query"][0].partition("[")[2])
        values = [[1.0, "0.1"]] * 9 + [[2.0, "9.5"]]
        return success({"resultType": "matrix", "result": [{"metric": {}, "values": values}]})

    for window in ("10s", "1h", "30d"):
        with watching(tmp_path, answer, window=window) as (asked, _):
            (found,) = asked.quickness()
        assert (found.took, found.slow) == ([0.1] * 9 + [9.5], 1)
    assert ranges == ["165000ms]", "3600000ms]", "150000000ms]"]


def test_a_slow_scrape_of_a_few_is_followed_by_others(tmp_path: Path) -> None:
    """Where they come soon: one of two leaves open what one of ten does not."""
    took = ["0.9"]

    def answer(_: Question) -> Reply | None:
        took.append("0.001")
        values = [[float(number), text] for number, text in enumerate(took)]
        return success({"resultType": "matrix", "result": [{"metric": {}, "values": values}]})

    with watching(tmp_path, answer, scrapeInterval="10ms") as (asked, _):
        (found,) = asked.quickness()
    assert (found.slow, len(found.took)) == (1, 10)


def test_what_would_take_too_long_is_not_waited_for(tmp_path: Path) -> None:
    """Two minutes until there are ten scrapes."""

    def answer(_: Question) -> Reply | None:
        return success({"resultType": "matrix", "result": [{"metric": {}, "values": [[1.0, "9.5"]]}]})

    with watching(tmp_path, answer) as (asked, fake):
        (found,) = asked.quickness()
        assert found.is_open
        assert sum(question.path == "/api/v1/query" for question in fake.asked) == 1


def test_a_count_alone_is_no_histogram(tmp_path: Path) -> None:
    """A gauge shop_items_count makes no shop_items."""
    from deployspec.chapters.metrics.judge.presence import Wanted

    def answer(question: Question) -> Reply | None:
        if question.path.endswith("/values"):
            return success(["shop_items_count", "shop_seconds_count", "shop_seconds_sum"])
        return vector(1) if question.path == "/api/v1/query" else success({})

    with watching(tmp_path, answer) as (asked, _):
        assert asked.metric(Wanted("shop_items"))[0] == []
        assert [one.name for one in asked.metric(Wanted("shop_seconds"))[0]] == ["shop_seconds"]
