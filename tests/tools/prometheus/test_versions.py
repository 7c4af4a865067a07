"""What Prometheus 2 and 3 have otherwise than each other: boundaries of buckets, names, native histograms."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from deployspec.chapters.alerts.judge.live_rules import can_fire, wanted
from deployspec.chapters.slo.judge.census import Buckets, Census, judge_buckets, judge_census
from deployspec.chapters.slo.measure.window import Counters
from deployspec.languages.openslo.model import AvailabilityIndicator, Objective
from deployspec.languages.prometheus.model import Observed
from deployspec.languages.rule_files.model import Rule
from deployspec.model.verdict import Outcome
from deployspec.tools.prometheus.asking import Prometheus
from tests.chapters.alerts.judge.live_rules.test_firing import TARGETS, rule
from tests.chapters.slo.measure.test_window import (
    WINDOW,
    Exporter,
    exporting,
    histogram,
    latency,
    prometheus,
    selecting,
    until,
)
from tests.prometheus_versions import ON_PATH, THREE, Version, given, is_missing_by_mistake, three, versions
from tests.tools.prometheus.test_asking import probe

pytestmark = pytest.mark.xdist_group("prometheus-versions")

UTF8 = "text/plain; version=1.0.0; escaping=allow-utf-8"
ITS_OWN = "prometheus_http_request_duration_seconds"
"""A histogram of Prometheus 3 itself, which it tells of as a native one too."""
BOUNDARIES = {"1": 0.95, "10": 0.99, "20": 1.0, "+Inf": 1.0}


def whole_numbers(scrapes: int) -> list[str]:
    """A histogram whose boundaries a client writes as whole numbers."""
    return [
        "# TYPE whole histogram",
        *histogram("whole", "", {le: 20 * scrapes * share for le, share in BOUNDARIES.items()}),
    ]


def no_words(scrapes: int) -> list[str]:
    """A counter and a histogram with names that only Prometheus 3 can have, and a plain one with such a label."""
    n = 20 * scrapes
    return [
        '# TYPE "http.requests" counter',
        f'{{"http.requests","http.status"="200"}} {0.96 * n:g}',
        f'{{"http.requests","http.status"="503"}} {0.04 * n:g}',
        '# TYPE "http.dur" histogram',
        f'{{"http.dur_bucket",le="0.5"}} {0.95 * n:g}',
        f'{{"http.dur_bucket",le="+Inf"}} {n:g}',
        f'{{"http.dur_count"}} {n:g}',
        "# TYPE plain counter",
        f'plain{{"http.status"="200"}} {0.96 * n:g}',
        f'plain{{"http.status"="503"}} {0.04 * n:g}',
    ]


@dataclass
class Running:
    """A Prometheus of one version."""

    version: Version
    url: str

    @property
    def probe(self) -> Prometheus:
        """A patient one."""
        return probe(self.url)

    def verdict(self, of: Objective) -> tuple[Outcome, str]:
        """What its window says of an objective, once there is data for it or none will come."""
        found = Counters(self.probe).census(of, WINDOW)
        verdict = judge_census(of, found, asked_window=WINDOW)
        return verdict.outcome, verdict.reason

    def can_fire(self, expr: str) -> tuple[Outcome, str]:
        """Whether an alert on it can fire there."""
        asked: Rule = rule(expr)
        observed = self.probe.observe(wanted([asked]))
        assert isinstance(observed, Observed), observed
        verdict = can_fire(asked, [], observed, TARGETS)
        return verdict.outcome, verdict.reason


@contextlib.contextmanager
def started(version: Version, folder: object, jobs: dict[str, Exporter]) -> Iterator[Running]:
    """One that keeps native histograms, which both majors only do when they are asked to."""
    with prometheus(version, folder, jobs, folder / "data", "--enable-feature=native-histograms") as url:  # type: ignore[arg-type,operator]
        yield Running(version, url)


@pytest.fixture(scope="module", params=versions())
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A Prometheus of each version, that scrapes whole boundaries and names that are not words, and a Prometheus 3."""
    version = given(request)
    with contextlib.ExitStack() as stack:
        jobs = {"whole": Exporter(whole_numbers), "no-words": Exporter(no_words, content_type=UTF8)}
        for exporter in jobs.values():
            stack.enter_context(exporting(exporter))
        if THREE is not None:
            other = stack.enter_context(started(THREE, tmp_path_factory.mktemp("scraped"), {}))
            jobs["native"] = Exporter(lambda _: [], port=int(other.url.rpartition(":")[2]))
        found = stack.enter_context(started(version, tmp_path_factory.mktemp("running"), jobs))
        names = ["whole"] + (["plain"] if version.major >= 3 else [])

        def covered(of: Objective) -> bool:
            census = Counters(found.probe).census(of, WINDOW)
            return isinstance(census, Census) and census.covered == 1.0

        until(lambda: covered(latency("whole", "1")), "a whole window of scrapes")
        if "plain" in names:
            until(lambda: covered(selecting('plain{"http.status"="503"}', "plain")), "the same of the other")
        yield found


def test_a_prometheus_3_is_here_in_ci() -> None:
    """On Debian, where apt-get could have brought it, CI does not leave its tests out."""
    assert not is_missing_by_mistake(), "run scripts/newer-prometheus"
    assert ON_PATH is None or ON_PATH.id


@pytest.mark.parametrize(
    ("matcher", "of_2", "of_3"),
    [
        pytest.param('le="1"', "", '`le="1"` is stored as `"1.0"` there', id="1"),
        pytest.param('le="1.0"', '`le="1.0"` is stored as `"1"` there', "", id="1.0"),
        pytest.param('le=~"10|20"', "", '`le="10"` is stored as `"10.0"` there', id="10|20"),
        pytest.param('le=~"1|1\\\\.0"', "", "", id="either"),
        pytest.param('le!="1"', "", '`le="1"` is stored as `"1.0"` there', id="not-1"),
    ],
)
def test_the_spelling_of_a_bucket(running: Running, matcher: str, of_2: str, of_3: str) -> None:
    """Each major stores what the other has not: what can fire on one never does on the other."""
    outcome, reason = running.can_fire(f"rate(whole_bucket{{{matcher}}}[5m]) > 1")
    said = of_3 if running.version.major >= 3 else of_2
    assert outcome is (Outcome.BREACHED if said else Outcome.MET), reason
    assert said in reason


def test_a_whole_threshold(running: Running) -> None:
    """An objective at 1 s finds its bucket in either spelling."""
    of = latency("whole", "1")
    found = Counters(running.probe).census(of, WINDOW)
    assert isinstance(found, Census)
    assert found.good / found.total == pytest.approx(0.95, rel=1e-9)
    buckets = Counters(running.probe).buckets(of)
    assert isinstance(buckets, Buckets)
    assert judge_buckets(of, buckets).outcome is Outcome.MET


NO_WORDS = [
    pytest.param(selecting('{"http.requests","http.status"=~"5.."}', '{"http.requests"}'), id="metric"),
    pytest.param(
        selecting('{__name__="http.requests","http.status"=~"5.."}', '{__name__="http.requests"}'),
        id="metric-by-matcher",
    ),
    pytest.param(selecting('plain{"http.status"=~"5.."}', "plain"), id="label"),
    pytest.param(latency("http.dur", target="0.9"), id="histogram"),
]


@pytest.mark.parametrize("of", NO_WORDS)
def test_names_that_are_no_words(running: Running, of: Objective) -> None:
    """Prometheus 3 counts them as others; of an older one it is said that it cannot."""
    outcome, reason = running.verdict(of)
    if running.version.major < 3:
        assert outcome is Outcome.UNMEASURED
        assert f"is of version {running.version.id}" in reason
        assert "which has no names such as `http." in reason
        return
    until(lambda: running.verdict(of)[0] is not Outcome.UNMEASURED, "a whole window of scrapes")
    outcome, reason = running.verdict(of)
    assert outcome is Outcome.MET, reason
    part = "4.00%" if isinstance(of.indicator, AvailabilityIndicator) else "95.00%"
    assert f"{part} of " in reason


@pytest.mark.parametrize(
    ("bad", "total", "said"),
    [
        pytest.param('plain{"http.state"=~"5.."}', "plain", "nearest is `http.status`", id="label"),
        pytest.param('plain{status=~"5.."}', "plain", "nearest is `http.status`", id="a-word"),
        pytest.param('{"http.request"}', "plain", "nearest is `http.requests`", id="metric"),
        pytest.param('plain{"http.status"="503"}', 'plain{"a \\"b\\""!="x"}', "selects by the label `a", id="quotes"),
    ],
)  # fmt: skip
def test_misspelt_names_that_are_no_words(running: Running, bad: str, total: str, said: str) -> None:
    """They are told with the nearest, and never as what Prometheus could not parse."""
    outcome, reason = running.verdict(selecting(bad, total))
    assert outcome is Outcome.UNMEASURED
    assert "parse error" not in reason
    if running.version.major >= 3:
        assert said in reason


@pytest.mark.parametrize(
    ("expr", "said"),
    [
        ('rate({"http.requests","http.status"=~"5.."}[5m]) > 1', ""),
        (
            'rate({"http.requests","http.state"=~"5.."}[5m]) > 1',
            "label `http.state` does not exist there on `http.requests`; nearest is `http.status`",
        ),
        (
            'rate({"http.request"}[5m]) > 1',
            "metric `http.request` does not exist there; nearest is `http.requests`",
        ),
    ],
    ids=["there", "label", "metric"],
)
def test_alerts_on_names_that_are_no_words(running: Running, expr: str, said: str) -> None:
    """They can fire where there are such series, which is on Prometheus 3 alone."""
    outcome, reason = running.can_fire(expr)
    if running.version.major < 3:
        assert outcome is Outcome.BREACHED
        assert "does not exist there" in reason
    else:
        assert outcome is (Outcome.BREACHED if said else Outcome.MET), reason
        assert said in reason


@pytest.mark.skipif(THREE is None, reason="no Prometheus 3 to scrape")
def test_a_native_histogram(running: Running) -> None:
    """An alert on its quantile can fire; an objective's share of it is not known, and that is said."""

    def fires() -> bool:
        return (
            running.can_fire(f"histogram_quantile(0.9, rate({ITS_OWN}[5m])) > 1")[0] is Outcome.MET
            and running.can_fire(f"histogram_quantile(0.9, sum by (le) (rate({ITS_OWN}[5m]))) > 1")[0]
            is Outcome.MET
        )

    until(fires, "native histograms")
    of = latency(ITS_OWN, "0.1")
    outcome, reason = running.verdict(of)
    assert outcome is Outcome.UNMEASURED
    assert f"series of {ITS_OWN} are native histograms there" in reason
    verdict = judge_buckets(of, Counters(running.probe).buckets(of))
    assert verdict.outcome is Outcome.UNMEASURED
    assert f"series of {ITS_OWN} are native histograms there" in verdict.reason
    outcome, reason = running.can_fire(f"rate({ITS_OWN}_count[5m]) > 1")
    assert outcome is Outcome.BREACHED
    assert f"nearest is `{ITS_OWN}`" in reason
    assert running.can_fire("histogram_quantile(0.9, rate(up[5m])) > 1")[0] is Outcome.BREACHED


@pytest.mark.parametrize("version", three())
def test_what_the_parameters_are(version: Version) -> None:
    """The newer program is of the version that its rows are named by."""
    assert version.major >= 3
