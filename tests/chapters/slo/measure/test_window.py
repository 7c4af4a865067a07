"""What a real Prometheus has counted: the census of a window, the buckets, and the counters around a load run."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from deployspec.base import shown
from deployspec.chapters.slo.judge.census import Asked, Buckets, Census, judge_buckets, judge_census
from deployspec.chapters.slo.judge.reconcile import Seen
from deployspec.chapters.slo.measure.window import MOST_POINTS, Counters, grid
from deployspec.languages.openslo.model import AvailabilityIndicator, LatencyIndicator, Objective
from deployspec.languages.prometheus.model import Unavailable
from deployspec.model.verdict import Outcome
from tests.prometheus_versions import Version, given, versions
from tests.tools.prometheus.fake import Question, Reply, fake_prometheus, success
from tests.tools.prometheus.test_asking import probe

pytestmark = pytest.mark.xdist_group("prometheus-census")  # one Prometheus of each version will do

DAY = 86400.0
WINDOW = 6.0
"""Seconds; of the live metrics, which are scraped four times a second."""
LIMIT = 60.0
"""Seconds that a condition is waited for: only a hang takes so long."""
ODD = 'a "b" (c.d) e|f\\g+'
"""A job's name that is harmless only where it is escaped, both for the regular expression and for PromQL."""


def latency(histogram: str, threshold: str = "0.5", matchers: str = "", target: str = "0.95") -> Objective:
    """At least 95% below a threshold."""
    return _objective(LatencyIndicator(Fraction(threshold), False, histogram, matchers), target, strict=False)


def availability(counter: str, bad: str = 'status=~"5.."') -> Objective:
    """Fewer than 5% failed."""
    return _objective(AvailabilityIndicator(f"{counter}{{{bad}}}", counter), "0.95", strict=True)


def _objective(indicator: Any, target: str, strict: bool) -> Objective:
    return Objective("it", indicator, Fraction(target), strict, 28 * DAY, (), (), "", "slos/x.yaml:1")


def histogram(name: str, labels: str, buckets: dict[str, float], at: str = "") -> list[str]:
    """The lines of one histogram; the last bucket is the count."""
    comma = f"{labels}," if labels else ""
    lines = [f'{name}_bucket{{{comma}le="{le}"}} {value:.12g}{at}' for le, value in buckets.items()]
    return [*lines, f"{name}_count{{{labels}}} {list(buckets.values())[-1]:.12g}{at}"]


@dataclass
class Exporter:
    """What is scraped: lines of metrics, made anew for each scrape out of how many there were."""

    lines: Callable[[int], list[str]]
    scrapes: int = 0
    broken: Callable[[int], bool] = lambda _: False
    interval: str = "250ms"
    content_type: str = "text/plain; version=0.0.4"
    port: int = 0


@contextlib.contextmanager
def exporting(exporter: Exporter) -> Iterator[Exporter]:
    """Serve it, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            exporter.scrapes += 1
            broken = exporter.broken(exporter.scrapes)
            body = "".join(f"{line}\n" for line in exporter.lines(exporter.scrapes)).encode()
            with contextlib.suppress(OSError):  # Prometheus has left
                self.send_response(500 if broken else 200)
                self.send_header("Content-Type", exporter.content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        exporter.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield exporter
        finally:
            server.shutdown()
            thread.join()


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait for a condition, and give what it gave."""
    end = time.monotonic() + LIMIT
    while not (found := condition()):
        assert time.monotonic() < end, f"waited {LIMIT:g} s in vain for {what}"
        time.sleep(0.1)
    return found


@contextlib.contextmanager
def prometheus(
    version: Version, folder: Path, jobs: dict[str, Exporter], data: Path, *options: str
) -> Iterator[str]:
    """A Prometheus that scrapes these, four times a second where they say nothing else; its address."""
    recorded = {
        "recorded": "sum by (status) (rate(some[3s]))",
        "recorded_of_it": "recorded * 60",
        "recorded_sum": "sum by (status) (some) / 2",
    }
    rules = [{"record": name, "expr": expr} for name, expr in recorded.items()]
    (folder / "rules.yml").write_text(
        json.dumps({"groups": [{"name": "recording", "interval": "250ms", "rules": rules}]})
    )
    config = {
        "global": {"scrape_timeout": "250ms"},
        "rule_files": ["rules.yml"],
        "scrape_configs": [
            {
                "job_name": name,
                "honor_labels": True,
                "scrape_interval": exporter.interval,
                "static_configs": [{"targets": [f"127.0.0.1:{exporter.port}"]}],
            }
            for name, exporter in jobs.items()
        ],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))  # which is YAML
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        version.prometheus,
        f"--web.listen-address=127.0.0.1:{port}",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={data}",
        "--log.level=warn",
        *options,
    ]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
    url = f"http://127.0.0.1:{port}"
    try:

        def answers() -> bool:
            assert process.poll() is None, (folder / "output").read_text()
            return not isinstance(probe(url).version(), Unavailable)

        until(answers, "Prometheus to answer")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def live(scrapes: int) -> list[str]:
    """Counters of which each scrape sees 20 requests more."""
    n = 20 * scrapes
    many = {"0.1": 0.5 * n, "0.5": 0.95 * n, "+Inf": n}
    return [
        *histogram("exact", "", many),
        *histogram("below", "", many | {"0.5": 0.949 * n}),
        *histogram("above", "", many | {"0.5": 0.951 * n}),
        *histogram("chosen", 'route="yes"', many),
        *histogram("chosen", 'route="no"', many | {"0.1": 0, "0.5": 0}),
        *histogram("mixed", 'part="a"', {"1": 0.96 * n, "+Inf": n}),
        *histogram("mixed", 'part="b"', {"1.0": 0.96 * n, "+Inf": n}),
        *histogram("lacking", 'part="a"', many),
        *histogram("lacking", 'part="b"', {"0.25": 0.9 * n, "0.75": n, "+Inf": n}),
        f"summary_count {n}",
        *histogram("silent", "", {"0.5": 7, "+Inf": 7}),
        *histogram("pushed", 'job="batch"', many),
        f'some{{status="200"}} {0.96 * n:g}',
        f'some{{status="503"}} {0.04 * n:g}',
        f'many{{status="200"}} {0.95 * n:g}',
        f'many{{status="503"}} {0.05 * n:g}',
        f'none{{status="200"}} {n:g}',
        f'by_code{{code="200",method="GET"}} {0.9 * n:g}',
        f'by_code{{code="503",method="GET"}} {0.1 * n:g}',
        f'by_class{{class="2xx",result="success"}} {0.9 * n:g}',
        f'by_class{{class="5xx",result="failure"}} {0.1 * n:g}',
        f'its_errors{{kind="client",status="404"}} {0.1 * n:g}',
        "# TYPE declared gauge",
        f'declared{{status="200"}} {n:g}',
        f'level:requests:rate5m{{status="200"}} {n:g}',
        f'unsteady{{status="200"}} {1e6 + 7 * (scrapes % 3):g}',
        *histogram("half_bucket", 'part="a"', many),
        *[
            line
            for line in histogram("half_bucket", 'part="b"', many)
            # There in each second dozen of scrapes only.
            if 'le="0.5"' not in line or scrapes // 12 % 2
        ],
    ]


def backfilled(now: float) -> Iterator[str]:
    """A past, in OpenMetrics: a whole day, ten minutes of it, a day without its middle, one whose half is gone, and 20
    minutes with a gap that is shorter than Prometheus' lookback."""

    def past(name: str, good: float, ages: Iterator[int]) -> Iterator[str]:
        for age in ages:
            at = f" {now - age:.3f}"
            n = 2 * (2 * DAY - age)
            yield f'up{{job="{name}"}} 1{at}'
            yield from histogram(name, f'job="{name}"', {"0.5": good * n, "+Inf": n}, at)

    minutes = range(int(DAY) + 600, -1, -60)
    yield from past("long", 0.949, iter(minutes))
    yield from past("recent", 0.949, iter(range(600, -1, -15)))
    yield from past("gap", 0.949, (age for age in minutes if not DAY / 4 < age <= 3 * DAY / 4))
    yield from past("short_gap", 0.949, (age for age in range(1500, -1, -5) if not 480 < age <= 720))
    yield from past("half", 0.95, iter(minutes))
    for age in range(int(DAY) + 600, int(DAY / 2), -60):
        n = 2 * (2 * DAY - age)
        yield from histogram("half", 'job="half",version="old"', {"0.6": n, "+Inf": n}, f" {now - age:.3f}")
    # One target of three has the counter of `part` and was up for 40% of the day; 24 healthy ones have none.
    for age in minutes:
        at = f" {now - age:.3f}"
        n = 2 * (2 * DAY - age)
        up = age <= 0.4 * DAY
        yield f'up{{instance="api",job="crowd"}} {up:d}{at}'
        if up:
            yield from histogram("crowded", 'instance="api",job="crowd"', {"0.5": n, "+Inf": n}, at)
        for other in range(24):
            yield f'up{{instance="other-{other}",job="crowd"}} 1{at}'
        # The mirror: a healthy one beside a dead one.
        yield f'up{{instance="api",job="pair"}} 1{at}'
        yield f'up{{instance="dead",job="pair"}} 0{at}'
        yield from histogram("paired", 'instance="api",job="pair"', {"0.5": n, "+Inf": n}, at)
        # Instances replace each other every four hours; their first and last scrapes fail.
        number, life = divmod(age, 14400)
        yield f'up{{instance="pod-{number}",job="rolling"}} {120 <= life < 14280:d}{at}'
        if 120 <= life < 14280:
            yield from histogram(
                "rolling", f'instance="pod-{number}",job="rolling"', {"0.5": n, "+Inf": n}, at
            )
        # The same, and nobody there for a quarter of the day.
        if not DAY / 4 < age <= DAY / 2:
            yield f'up{{instance="pod-{number}",job="absent"}} 1{at}'
            yield from histogram("absent", f'instance="pod-{number}",job="absent"', {"0.5": n, "+Inf": n}, at)
            yield f'up{{instance="other",job="absent"}} 1{at}'
    yield "# EOF"


@dataclass
class Running:
    """The Prometheus of these tests, of one version."""

    url: str
    version: Version
    load: Exporter
    """What an interval's counts are asked of."""
    slow: Exporter
    """One that is scraped every two seconds."""

    @property
    def counters(self) -> Counters:
        """A patient one."""
        return Counters(probe(self.url))


class Load:
    """Counters that a test moves."""

    requests: float = 100
    failed: float = 10
    within: float = 80
    pod: str = "one"

    def lines(self, _: int) -> list[str]:
        """As they stand."""
        return [
            *histogram("load", f'pod="{self.pod}"', {"0.5": self.within, "+Inf": self.requests}),
            f'load_total{{pod="{self.pod}",status="200"}} {self.requests - self.failed:g}',
            f'load_total{{pod="{self.pod}",status="500"}} {self.failed:g}',
        ]


class Changing:
    """What a test makes begin and end: failures that are there all at once, an instance without the bucket."""

    burst: bool = False
    old: bool = True
    paths: int = 0

    def lines(self, scrapes: int) -> list[str]:
        """As they stand."""
        n = 20 * scrapes
        return [
            f'burst{{status="200"}} {n:g}',
            *(['burst{status="503"} 400'] if self.burst else []),
            f'raw{{status="200",path="/"}} {n:g}',
            *[f'raw{{status="500",path="/items/{number}"}} 1' for number in range(self.paths)],
            *histogram("renewed", 'pod="new"', {"0.5": n, "+Inf": n}),
            *(histogram("renewed", 'pod="old"', {"1": n, "+Inf": n}) if self.old else []),
        ]


CHANGING = Changing()
LOAD = Load()
"""Each Prometheus finds both as they were made."""
LOAD_OBJECTIVES = [latency("load"), availability("load_total", 'status="500"')]


@pytest.fixture(scope="module", params=versions())
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A Prometheus with a past, that has scraped for longer than the window."""
    version = given(request)
    for state in (CHANGING, LOAD):
        vars(state).clear()
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "past.om").write_text("\n".join(backfilled(time.time())) + "\n")
    blocks = [version.promtool, "tsdb", "create-blocks-from", "openmetrics", "past.om", "data"]
    subprocess.run(blocks, cwd=folder, check=True, capture_output=True, timeout=LIMIT)
    with contextlib.ExitStack() as stack:
        jobs = {
            "live": Exporter(live),
            ODD: Exporter(lambda n: histogram("odd", "", {"0.5": 19 * n, "+Inf": 20 * n})),
            "flapping": Exporter(
                lambda n: histogram("flapping", "", {"0.5": 19 * n, "+Inf": 20 * n}),
                broken=lambda n: n % 8 < 4,
            ),
            "load": Exporter(LOAD.lines),
            "changing": Exporter(CHANGING.lines),
            "quick": Exporter(lambda n: [f'twin{{pod="quick"}} {LOAD.requests:g}']),
            "slow": Exporter(lambda n: [f'twin{{pod="slow"}} {LOAD.requests:g}'], interval="2s"),
        }
        for exporter in jobs.values():
            stack.enter_context(exporting(exporter))
        url = stack.enter_context(prometheus(version, folder, jobs, folder / "data"))
        found = Running(url, version, jobs["load"], jobs["slow"])

        def covered(name: str) -> bool:
            census = found.counters.census(latency(name), WINDOW)
            return isinstance(census, Census) and census.covered == 1.0

        until(lambda: covered("exact") and covered("odd") and covered("pushed"), "a whole window of scrapes")
        yield found


def census(running: Running, of: Objective, window: float = WINDOW) -> Census:
    """What it has counted."""
    found = running.counters.census(of, window)
    assert isinstance(found, Census), found
    return found


def whole(running: Running, of: Objective) -> Census:
    """What it has counted in a window without a gap, which a busy machine may not have at once."""

    def without_gap() -> Census | None:
        found = census(running, of)
        return found if found.covered == 1.0 else None

    found = until(without_gap, "a whole window of scrapes")
    assert isinstance(found, Census)
    return found


GOOD = _objective(AvailabilityIndicator('some{status!~"5.."}', "some", counts_good=True), "0.95", strict=True)
"""The same requests, counted by those that did not fail."""


@pytest.mark.parametrize(
    ("of", "share"),
    [
        pytest.param(latency("exact"), 0.95, id="exact"),
        pytest.param(latency("below"), 0.949, id="below"),
        pytest.param(latency("above"), 0.951, id="above"),
        pytest.param(latency("chosen", matchers='route="yes"'), 0.95, id="matchers"),
        pytest.param(latency("chosen"), 0.475, id="both-routes"),
        pytest.param(latency("mixed", "1"), 0.96, id="spellings-of-1"),
        pytest.param(latency("odd"), 0.95, id="odd-job"),
        pytest.param(availability("some"), 0.96, id="failures"),
        pytest.param(GOOD, 0.96, id="good-ones"),
        pytest.param(availability("many"), 0.95, id="many-failures"),
        pytest.param(availability("none"), 1.0, id="no-failures"),
    ],
)
def test_a_short_window(running: Running, of: Objective, share: float) -> None:
    """Six seconds are covered, and have the share that the exporter has made, to the last digits."""
    found = whole(running, of)
    assert found.good / found.total == pytest.approx(share, rel=1e-9)
    # Four scrapes a second with 20 requests each, and as many for each of two series.
    assert 0.5 * 480 < found.total < 1.5 * 480 * (2 if of.indicator in TWICE else 1)
    assert found.without_bucket == ()


TWICE = (latency("chosen").indicator, latency("mixed", "1").indicator)


def test_the_verdicts_of_a_short_window(running: Running) -> None:
    """Clearly above and clearly below the target are MET and BREACHED."""
    for name, outcome in (("above", Outcome.MET), ("below", Outcome.BREACHED)):
        found = judge_census(latency(name), whole(running, latency(name)), asked_window=WINDOW)
        assert found.outcome is outcome, found.reason
        assert "requests in the last 6s (of the objective's 4w)" in found.reason


def test_the_estimate(running: Running) -> None:
    """The 95th percentile is interpolated within its bucket; of availability there is none."""
    assert census(running, latency("exact")).p95 == pytest.approx(0.5)
    assert census(running, availability("some")).p95 is None
    assert census(running, latency("silent")).p95 is None


def selecting(bad: str, total: str) -> Objective:
    """Fewer than 5% failed."""
    return _objective(AvailabilityIndicator(bad, total), "0.95", strict=True)


@pytest.mark.parametrize(
    ("bad", "total", "said"),
    [
        pytest.param(
            'by_code{status=~"5.."}',
            "by_code",
            '`by_code{status=~"5.."}` selects nothing by the label `status`, which no series of `by_code` has',
            id="no-such-label",
        ),
        pytest.param(
            'by_code{codes=~"5.."}',
            'by_code{method="GET"}',
            'selects nothing by the label `codes`, which no series of `by_code{method="GET"}` has; nearest is `code`',
            id="nearest-label",
        ),
        pytest.param(
            'by_kode{code=~"5.."}',
            "by_code",
            '`by_kode{code=~"5.."}` selects nothing, as there is no series of `by_kode`; nearest is `by_code`',
            id="no-such-metric",
        ),
        pytest.param(
            'by_code{code=~"5..",method="GTE"}', "by_code", "nearest to `GTE` is `GET`", id="misspelt-value"
        ),
        pytest.param(
            'by_class{class="500"}',
            "by_class",
            "of `class` there are no such values: found `2xx`, `5xx`",
            id="a-status-where-classes-are",
        ),
        pytest.param(
            'by_class{class=~"5[0-9]{2}"}',
            "by_class",
            "of `class` there are no such values: found `2xx`, `5xx`",
            id="a-pattern-of-statuses",
        ),
        pytest.param(
            'by_class{result=~"failed|broken"}',
            "by_class",
            "nearest to `failed` is `failure`",
            id="one-of-several-words",
        ),
        pytest.param(
            'by_code{status!~"2.."}',
            "by_code",
            '`by_code{status!~"2.."}` selects by the label `status`, which no series of `by_code` has',
            id="everything-is-bad",
        ),
        pytest.param(
            'by_code{code=~"5..",path!="/x"}',
            'by_code{path!="/x"}',
            '`by_code{path!="/x"}` selects by the label `path`, which no series of `by_code` has',
            id="nothing-is-left-out",
        ),
        pytest.param(
            "by_code",
            'by_code{path="/x"}',
            '`by_code{path="/x"}` selects nothing by the label `path`, which no series of `by_code` has',
            id="no-requests",
        ),
    ],
)
def test_a_selector_that_does_not_select_what_it_means(
    running: Running, bad: str, total: str, said: str
) -> None:
    """Nothing found is no 0 where nothing could be found; and a label that is missing leaves nothing out."""
    of = selecting(bad, total)
    found = judge_census(
        of, whole(running, of) if total == "by_code" else census(running, of), asked_window=WINDOW
    )
    assert found.outcome is Outcome.UNMEASURED, found.reason
    assert said in found.reason


@pytest.mark.parametrize(
    ("bad", "total"),
    [
        pytest.param('by_code{code="500"}', "by_code", id="a-status"),
        pytest.param('by_code{code=~"51[0-9]|6.."}', "by_code", id="a-pattern"),
        pytest.param('by_class{class="4xx"}', "by_class", id="a-class"),
        pytest.param('by_class{class=~"4.."}', "by_class", id="a-pattern-of-classes"),
        pytest.param('by_class{result="timeout"}', "by_class", id="a-word"),
        pytest.param('its_errors{status=~"5.."}', "by_code", id="another-metric"),
        pytest.param('by_code{code="503",method="GET",code!~"5.."}', "by_code", id="no-combination"),
    ],
)
def test_what_has_not_come_yet(running: Running, bad: str, total: str) -> None:
    """A value that may still come, on a label that is there, has been counted 0 times."""
    of = selecting(bad, total)
    found = judge_census(of, whole(running, of), asked_window=WINDOW)
    assert found.outcome is Outcome.MET, found.reason
    assert ": 0.00% of " in found.reason


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        pytest.param("recorded", "`recorded` is not a counter: a rule records it as `sum by (status) (rate(some[3s]))`", id="rule"),
        pytest.param("recorded_of_it", "`recorded_of_it` is not a counter: a rule records it as `sum by (status) (rate(some[3s]))`", id="rule-of-a-rule"),
        pytest.param("declared", "`declared` is not a counter: its exporters declare it as a gauge", id="gauge"),
        pytest.param("level:requests:rate5m", "`level:requests:rate5m` is not a counter by its name", id="name"),
        pytest.param("unsteady", "`unsteady` is not a counter: its values fell ", id="values"),
    ],
)  # fmt: skip
def test_what_is_no_counter(running: Running, metric: str, said: str) -> None:
    """Its increase would be that of a number that rises and falls."""
    of = availability(metric)
    until(lambda: census(running, of).total, "values of it")
    found = judge_census(of, census(running, of), asked_window=WINDOW)
    assert found.outcome is Outcome.UNMEASURED
    assert said in found.reason


def test_a_recorded_sum_of_counters(running: Running) -> None:
    """It counts as they do."""
    found = whole(running, availability("recorded_sum"))
    assert found.doubts == ()
    assert found.good / found.total == pytest.approx(0.96, rel=1e-3)


def test_failures_on_raw_paths(running: Running) -> None:
    """Each of 300 paths has one failure, so none ever increases: the label that makes it so is told."""
    CHANGING.paths = 300
    of = availability("raw")
    until(lambda: census(running, of).began_total >= 300, "the failures")
    found = whole(running, of)
    assert (found.began_good, found.began_total) == (0, 300)
    assert found.good == found.total > 0
    verdict = judge_census(of, found, asked_window=WINDOW)
    assert verdict.outcome is Outcome.UNMEASURED, verdict.reason
    assert "the label `path` (300 values) splits them into series that never increase" in verdict.reason


def test_a_bucket_that_was_not_there_all_the_time(running: Running) -> None:
    """It and its series are named: in the count there are requests of which the bucket knows nothing."""

    def for_a_time() -> Census | None:
        found = census(running, latency("half_bucket"))
        return found if found.bucket_for_a_time else None

    found = until(for_a_time, "a window in which the bucket is missing for a time")
    assert len(found.bucket_for_a_time) == 1
    assert 'part="b"' in found.bucket_for_a_time[0]
    assert census(running, latency("exact")).bucket_for_a_time == ()
    assert census(running, latency("mixed", "1")).bucket_for_a_time == ()
    verdict = judge_census(latency("half_bucket"), replace(found, covered=1.0), asked_window=WINDOW)
    assert verdict.outcome is Outcome.UNMEASURED
    assert "the bucket that ends at 0.5 s was missing for a part of the last 6s" in verdict.reason


def test_series_that_lack_the_bucket(running: Running) -> None:
    """They are named, without those that have it; and then the share is not known."""
    found = census(running, latency("lacking"))
    assert len(found.without_bucket) == 1
    assert 'job="live", part="b"}' in found.without_bucket[0]
    verdict = judge_census(latency("lacking"), found, asked_window=WINDOW)
    assert verdict.outcome is Outcome.UNMEASURED
    assert "1 series of the histogram has no bucket that ends at the threshold" in verdict.reason


def test_no_series_has_the_bucket(running: Running) -> None:
    """A threshold that is no boundary at all is not taken for a share of 0."""
    found = census(running, latency("exact", "0.3"))
    assert (found.good, len(found.without_bucket)) == (0, 1)
    assert judge_census(latency("exact", "0.3"), found, asked_window=WINDOW).outcome is Outcome.UNMEASURED


def test_a_series_that_has_ended_lacked_the_bucket(running: Running) -> None:
    """Its requests are in the day's count, and none of them among the good ones: the share is not known."""
    found = census(running, latency("half"), DAY)
    assert found.without_bucket == ('{job="half", version="old"}',)
    buckets = running.counters.buckets(latency("half"))
    assert isinstance(buckets, Buckets)
    assert (buckets.series, buckets.without) == (1, ())


def test_a_count_without_any_bucket(running: Running) -> None:
    """A summary has a count, too: it is not taken for a histogram whose requests were all slow."""
    found = census(running, latency("summary"))
    assert found.total > 0
    assert len(found.without_bucket) == 1
    buckets = running.counters.buckets(latency("summary"))
    assert isinstance(buckets, Buckets)
    assert (buckets.series, len(buckets.without), buckets.boundaries) == (1, 1, ())


def test_no_traffic(running: Running) -> None:
    """Counters that stand still are covered, and are no requests."""
    found = whole(running, latency("silent"))
    assert (found.good, found.total) == (0, 0)
    verdict = judge_census(latency("silent"), found, asked_window=WINDOW)
    assert verdict.reason == "it: Prometheus has counted no request in the last 6s"


@pytest.mark.parametrize("of", [latency("nowhere"), availability("nowhere")], ids=["latency", "availability"])
def test_metrics_that_are_not_there(running: Running, of: Objective) -> None:
    """Metrics that nobody has are no data, and no requests."""
    found = census(running, of)
    assert (found.good, found.total, found.covered) == (0, 0, 0)
    assert judge_census(of, found, asked_window=WINDOW).reason.startswith(
        "it: Prometheus has no data for nowhere"
    )


def test_metrics_without_up_are_covered_where_they_are(running: Running) -> None:
    """Pushed metrics have a job that is no target's."""
    found = whole(running, latency("pushed"))
    assert found.good / found.total == pytest.approx(0.95, rel=1e-9)
    assert census(running, latency("pushed"), DAY).covered < 0.01


@pytest.mark.parametrize(
    ("name", "covered", "within"),
    [
        ("long", 1.0, 0.0),
        ("short_gap", 0.0, 0.02),
        ("recent", 0.007, 0.0015),
        ("gap", 0.5, 0.01),
        ("exact", 0.0, 0.01),
    ],
)
def test_how_much_of_a_day_is_covered(running: Running, name: str, covered: float, within: float) -> None:
    """The lookback of 5 minutes makes no day out of ten minutes, and hides no gap of half a day."""
    found = census(running, latency(name), DAY)
    assert found.covered == pytest.approx(covered, abs=within)
    # The share is that of what is there, however little: coverage alone says that it is not the day's.
    share = 0.95 if name == "exact" else 0.949
    assert found.good / found.total == pytest.approx(share, rel=1e-9)
    verdict = judge_census(latency(name), found, asked_window=DAY)
    assert verdict.outcome is (Outcome.BREACHED if name == "long" else Outcome.UNMEASURED)
    assert ("there is data for " in verdict.reason) == (name != "long")


@pytest.mark.parametrize(
    ("name", "covered", "least", "outcome"),
    [
        pytest.param(
            "crowded", 0.4, 'the target {instance="api", job="crowd"}', Outcome.UNMEASURED, id="crowd"
        ),
        pytest.param("paired", 1.0, "", Outcome.MET, id="dead-beside-it"),
        pytest.param("rolling", 0.983, "", Outcome.MET, id="rolling"),
        pytest.param("absent", 0.75, 'any target of {job="absent"}', Outcome.UNMEASURED, id="nobody"),
    ],
)
def test_the_targets_that_have_the_metric(
    running: Running, name: str, covered: float, least: str, outcome: Outcome
) -> None:
    """Each counts on its own, and those without the metric do not; one that was replaced is no gap."""
    found = census(running, latency(name), DAY)
    assert found.covered == pytest.approx(covered, abs=0.01)
    verdict = judge_census(latency(name), found, asked_window=DAY)
    assert verdict.outcome is outcome, verdict.reason
    if least:
        assert f", of {least}; expected 95%" in verdict.reason


def test_a_gap_that_the_lookback_would_hide(running: Running) -> None:
    """4 of the last 20 minutes were not scraped, nor was the time since this Prometheus began."""
    found = census(running, latency("short_gap"), 1200.0)
    assert 0.65 < found.covered < 0.83


def test_failures_that_are_there_all_at_once(running: Running) -> None:
    """400 requests failed between two scrapes: their counter begins with 400 and stays there, so it never increases."""
    CHANGING.burst = True
    until(lambda: census(running, availability("burst")).began_total >= 400, "the failures")
    found = whole(running, availability("burst"))
    assert found.good == found.total > 0
    assert (found.began_good, found.began_total) == (0, 400)
    verdict = judge_census(availability("burst"), found, asked_window=WINDOW)
    assert verdict.outcome is Outcome.UNMEASURED
    assert "had counted 0 good and 400 bad requests when they were scraped first" in verdict.reason


def test_a_series_without_the_bucket_that_has_ended(running: Running) -> None:
    """Its requests are among those of the window, so it is named, though every series of now has the bucket."""
    CHANGING.old = False

    def all_have_it() -> bool:
        found = running.counters.buckets(latency("renewed"))
        return isinstance(found, Buckets) and (found.series, found.without) == (1, ())

    until(all_have_it, "the end of the old instance")
    found = census(running, latency("renewed"))
    assert len(found.without_bucket) == 1
    assert 'pod="old"' in found.without_bucket[0]


def test_a_window_longer_than_the_past(running: Running) -> None:
    """Of the objective's own 28 days, one day is a twenty-eighth."""
    assert census(running, latency("long"), 90 * DAY).covered == pytest.approx(1 / 28, abs=0.002)


def test_a_target_that_fails_is_not_covered(running: Running) -> None:
    """Scrapes that failed are no data, though counters stand on both sides of them."""
    found = census(running, latency("flapping"))
    assert 0.25 < found.covered < 0.75


def test_the_buckets(running: Running) -> None:
    """All series, those without the boundary, and all boundaries in order."""
    found = running.counters.buckets(latency("lacking"))
    assert isinstance(found, Buckets)
    assert (found.series, len(found.without)) == (2, 1)
    assert found.boundaries == ("0.1", "0.25", "0.5", "0.75", "+Inf")
    assert judge_buckets(latency("lacking"), found).outcome is Outcome.BREACHED


@pytest.mark.parametrize(
    ("of", "series"),
    [
        (latency("exact"), 1),
        (latency("mixed", "1"), 2),
        (latency("chosen", matchers='route="no"'), 1),
        (latency("nowhere"), 0),
    ],
    ids=["one", "spellings-of-1", "matchers", "none"],
)
def test_no_series_lacks_its_bucket(running: Running, of: Objective, series: int) -> None:
    """Both spellings of a whole boundary are the boundary."""
    found = running.counters.buckets(of)
    assert isinstance(found, Buckets)
    assert (found.series, found.without) == (series, ())


def test_promql_that_prometheus_refuses(running: Running) -> None:
    """A selector that is none is unavailable, with Prometheus' own words."""
    found = running.counters.census(availability("some", "status=oops"), WINDOW)
    assert isinstance(found, Unavailable)
    assert "answers with an error (status 400)" in found.reason
    assert "parse error" in found.reason


@pytest.fixture
def begun(running: Running) -> float:
    """Prometheus' time at a moment when it has seen the counters as they stand."""
    LOAD.requests, LOAD.failed, LOAD.within = 100, 10, 80
    seen = running.load.scrapes
    until(lambda: running.load.scrapes >= seen + 3, "scrapes of the counters")
    begin = running.counters.now()
    assert isinstance(begin, float)
    return begin


def counts(running: Running, begin: float, patience: float = 20.0) -> tuple[Seen, float] | Unavailable:
    """What was counted since, until now."""
    end = running.counters.now()
    assert isinstance(end, float)
    return running.counters.interval_counts(LOAD_OBJECTIVES, begin, end, patience)


def test_its_clock(running: Running) -> None:
    """It is this machine's here."""
    assert running.counters.now() == pytest.approx(time.time(), abs=30)


def test_what_was_counted_in_between(running: Running, begun: float) -> None:
    """Requests, failures and quick ones between two moments, whole; and the time between scrapes."""
    LOAD.requests, LOAD.failed, LOAD.within = 350, 13, 290
    found = counts(running, begun)
    assert isinstance(found, tuple), found
    assert found[0] == Seen(requests=250, failed=3, within=210, timed=250)
    assert 0.1 < found[1] < 1.0


def test_what_was_not_counted_in_between(running: Running, begun: float) -> None:
    """What no counter tells is not told as none: failures without an objective of them, a bucket that is not there."""
    LOAD.requests = 350
    for of, known in (
        ([latency("load")], Seen(250, None, 0, timed=250)),
        ([latency("load", "0.3")], Seen(250, None, None, timed=250)),
        ([availability("load_total", 'status="500"')], Seen(250, 0, None)),
    ):
        end = running.counters.now()
        assert isinstance(end, float)
        found = running.counters.interval_counts(of, begun, end, 20.0)
        assert isinstance(found, tuple), found
        assert found[0] == known


def test_failures_that_nobody_could_count(running: Running, begun: float) -> None:
    """A label that is not there has not counted 0 failures."""
    LOAD.requests = 350
    end = running.counters.now()
    assert isinstance(end, float)
    found = running.counters.interval_counts([availability("load_total", 'code="500"')], begun, end, 20.0)
    assert isinstance(found, tuple), found
    assert found[0] == Seen(250, None, None)


def test_every_instance_is_waited_for(running: Running, begun: float) -> None:
    """One that is scraped every two seconds is waited for, though the other one has been scraped eight times."""
    seen = running.slow.scrapes
    until(lambda: running.slow.scrapes > seen + 1, "scrapes of the slow one")
    begin = running.counters.now()
    assert isinstance(begin, float)
    LOAD.requests = 350
    end = running.counters.now()
    assert isinstance(end, float)
    found = running.counters.interval_counts([availability("twin", 'pod="none"')], begin, end, 20.0)
    assert isinstance(found, tuple), found
    assert found[0] == Seen(500, 0, None)


def test_nothing_was_counted_in_between(running: Running, begun: float) -> None:
    """Counters that stand still have counted nothing."""
    found = counts(running, begun)
    assert isinstance(found, tuple), found
    assert found[0] == Seen(0, 0, 0, timed=0)


@pytest.mark.parametrize("scraped_first", [False, True], ids=["at-once", "later"])
def test_a_restart_in_between(running: Running, begun: float, scraped_first: bool) -> None:
    """A counter that began anew leaves no number, even if it did so before the first scrape of the run."""
    if scraped_first:
        LOAD.requests = 120
        seen = running.load.scrapes
        until(lambda: running.load.scrapes >= seen + 3, "scrapes of the counters")
    LOAD.requests, LOAD.failed, LOAD.within = 60, 5, 50
    found = counts(running, begun)
    assert isinstance(found, Unavailable), found
    assert "a counter of the deployment began anew during the run" in found.reason


def test_another_instance_in_between(running: Running, begun: float) -> None:
    """Series that have ended take their counts with them: others in their place leave no number either."""
    LOAD.requests, LOAD.pod = 160, f"not {LOAD.pod}"
    found = counts(running, begun)
    assert isinstance(found, Unavailable), found
    assert "series of the deployment ended during the run" in found.reason


def test_no_scrape_after_the_run(running: Running, begun: float) -> None:
    """Counters that are no longer scraped are waited for, and not for ever."""
    running.load.broken = lambda _: True
    try:
        seen = running.load.scrapes
        until(lambda: running.load.scrapes >= seen + 3, "scrapes that fail")
        began = time.monotonic()
        found = counts(running, begun, patience=1.0)
        assert 1.0 <= time.monotonic() - began < 20
    finally:
        running.load.broken = lambda _: False
    assert isinstance(found, Unavailable), found
    said = "has not scraped the deployment for 1 s after the run: it has no series of load_total now"
    assert found.reason == f"Prometheus at {running.url} {said}"


@pytest.mark.parametrize("at", [1_700_000_000.0, 1_700_000_000.4995, 1_700_000_000.0006])
@pytest.mark.parametrize("window", [0.1, 0.25, 1.0, 4.99, 6.0, 7.777, 249.9, 251.0, 3600.7, DAY, 28 * DAY])
def test_the_points_of_a_window(at: float, window: float) -> None:
    """At most 1,000, no finer than 250 ms, each within the window, and none of it left out for another one."""
    start, end, step = grid(at, window)
    points = (end - start) // step + 1
    assert (end - start) % step == 0
    assert 1 <= points <= MOST_POINTS
    assert step >= 250
    assert abs(end - at * 1000) <= 0.5
    if points > 1:
        assert 0 <= window * 1000 - points * step < step


def counted(question: Question) -> Reply:
    """Answer as a Prometheus that has counted 90 good ones of 100, in one job with `up`."""
    if question.path.endswith("/query_range"):
        return success({"resultType": "matrix", "result": [{"metric": {}, "values": [[1, "1"]] * 12}]})
    if not question.path.endswith("/query"):
        return Reply(b"", 404)
    query = question.query["query"][0]
    if query == "time()":
        return success({"resultType": "scalar", "result": [1_700_000_000.123, "1700000000.123"]})
    series: list[dict[str, Any]] = [
        {"metric": {"job": "api"}, "value": [1, "90" if "_bucket" in query else "100"]}
    ]
    if query.startswith("label_replace("):
        series = [
            {"metric": {"counts": name}, "value": [1, value]}
            for name, value in (("all", "100"), ("part", "90"))
        ]
    return success(
        {
            "resultType": "vector",
            "result": [] if any(word in query for word in (" unless ", " - ", "resets(")) else series,
        }
    )


def test_all_is_asked_at_one_time() -> None:
    """The numbers belong together: they are of one moment, of Prometheus' own clock."""
    with fake_prometheus(counted) as fake:
        found = Counters(probe(fake.url)).census(latency("h"), WINDOW)
    # Twelve of the 24 points that were asked for are there.
    assert found == Census(90, 100, 0.5, p95=90, least='any target of {job="api"}')
    assert fake.asked[0].query["query"] == ["time()"]
    queries = [one.query for one in fake.asked if one.path.endswith("/query")][1:]
    assert {query["time"][0] for query in queries} == {"1700000000.123"}
    (asked,) = [one.query for one in fake.asked if one.path.endswith("/query_range")]
    (query,) = asked["query"]
    assert query == (
        'group((max by (job, instance) (last_over_time(up{job="api"}[250ms])) and on (job, instance) '
        "group by (job, instance) (last_over_time(h_count{}[6s] @ 1700000000.123))) == 1)"
    )
    assert (asked["start"], asked["end"], asked["step"]) == (
        ["1699999994.373"],
        ["1700000000.123"],
        ["0.250"],
    )


def _value(text: object) -> Reply:
    return success({"resultType": "vector", "result": [{"metric": {"counts": "all"}, "value": [1, text]}]})


TWO = success({"resultType": "vector", "result": [{"metric": {"counts": "all"}, "value": [1, "1"]}] * 2})
OTHER = success({"resultType": "vector", "result": [{"metric": {}, "value": [1, "1"]}]})
SUM = "answers " + shown.one_line(Asked(latency("h"), WINDOW).counts(), 80) + " with "


def is_sum(question: Question) -> bool:
    """Whether it asks how many requests there were."""
    return question.query["query"] == [Asked(latency("h"), WINDOW).counts()]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        pytest.param(TWO, f"{SUM}other series; expected two sums", id="two"),
        pytest.param(OTHER, f"{SUM}other series; expected two sums", id="other"),
        pytest.param(_value("many"), "answers with something other than a value at a time", id="text"),
        pytest.param(_value(None), "answers with something other than a value at a time", id="null"),
        pytest.param(success({"result": {}}), f"{SUM}something other than a list of series", id="object"),
        pytest.param(
            success({"result": ["x"]}), "answers with something other than a series", id="no-series"
        ),
        pytest.param(success({}), "answers in an unexpected form", id="no-result"),
        pytest.param(success([]), "answers in an unexpected form", id="a-list"),
        pytest.param(Reply(b"busy", 503), "answers with an error (status 503)", id="busy"),
        pytest.param(
            success({"result": []}, warnings=["store 2 is down"]),
            "answers only in part, with a warning: store 2 is down",
            id="in-part",
        ),
    ],
)
def test_answers_of_another_form(reply: Reply, said: str) -> None:
    """What is no sum is unavailable, and never taken for a number."""

    def answers(question: Question) -> Reply:
        return reply if is_sum(question) else counted(question)

    with fake_prometheus(answers) as fake:
        found = Counters(probe(fake.url)).census(latency("h"), WINDOW)
    assert found == Unavailable(f"Prometheus at {fake.url} {said}")


@pytest.mark.parametrize("text", ["NaN", "+Inf", "-1"])
def test_numbers_that_no_counter_has(text: str) -> None:
    """They are handed on, and judged as what cannot be."""
    reply = _value(text)

    def answers(question: Question) -> Reply:
        return reply if is_sum(question) else counted(question)

    with fake_prometheus(answers) as fake:
        found = Counters(probe(fake.url)).census(latency("h"), WINDOW)
    assert isinstance(found, Census)
    full = Census(found.good, found.total, 1.0)
    assert judge_census(latency("h"), full, asked_window=WINDOW).outcome is Outcome.UNMEASURED


@pytest.mark.parametrize("values", [["NaN"] * 24, ["0"] * 24, []], ids=["nan", "down", "missing"])
def test_points_that_are_no_data(values: list[str]) -> None:
    """A point that is missing, no number or 0 covers nothing."""

    def answers(question: Question) -> Reply:
        if question.path.endswith("/query_range"):
            points = [[number, value] for number, value in enumerate(values)]
            return success({"result": [{"metric": {}, "values": points}] if points else []})
        return counted(question)

    with fake_prometheus(answers) as fake:
        found = Counters(probe(fake.url)).census(latency("h"), WINDOW)
    assert isinstance(found, Census)
    assert found.covered == 0


def test_a_prometheus_that_hangs_while_it_counts() -> None:
    """The time limit of the probe holds for a census, too."""
    released = threading.Event()

    def hang(question: Question) -> Reply:
        released.wait(LIMIT)
        return counted(question)

    with fake_prometheus(hang) as fake:
        found = Counters(probe(fake.url, time_limit=0.3)).census(latency("h"), WINDOW)
        released.set()
    assert found == Unavailable(f"Prometheus at {fake.url} did not answer all queries within 0.3 s")
