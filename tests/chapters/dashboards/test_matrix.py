"""The chapter dashboards against its faults: a sound dashboard broken in one way at a time, beside a real Prometheus.

A row names the checks that are BREACHED, each with a piece of its reason, and those that cannot judge because of it.
Every other selected check stays MET.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chapters.slo.measure.test_window import Exporter, exporting, histogram, prometheus, until
from tests.prometheus_versions import given, versions
from tests.suite import ROOT, Ran, run_checks, seen_once
from tests.tools.prometheus.test_asking import probe

SCRAPE = 0.25
USERS = 'job="$job"'
SHARE = "sum(rate(shop_requests_total{{{}}}[$__rate_interval])) / sum(rate(shop_requests_total{{" + USERS + "}}[$__rate_interval]))"  # fmt: skip
QUERIES = {
    "Error Rate": ("percentunit", SHARE.format(USERS + ', status=~"5.."')),
    "Latency (p95)": (
        "s",
        "histogram_quantile(0.95, sum by (le) (rate(shop_seconds_bucket{" + USERS + "}[$__rate_interval])))",
    ),
    "Request Rate": ("reqps", "sum(rate(shop_requests_total{" + USERS + "}[$__rate_interval]))"),
    "Queue Depth": ("short", "sum by (queue) (shop_queue_length{" + USERS + "})"),
    "Workers": ("short", "sum(shop_workers{" + USERS + "})"),
    # Nothing now, and no fault: of those, each tells how that is known.
    "Gateway Errors": (
        "reqps",
        'sum(rate(shop_requests_total{status="502"}[$__rate_interval])) or vector(0)',
    ),
    "Refunds": ("short", "sum(shop_refunds_total)"),
    "Backlog": ("short", "shop_queue_length > 1000"),
}
SIDES = "sum by (path) (rate(shop_requests_total[$__rate_interval])) / sum by (queue) (shop_queue_length)"
RULES = """groups:
  - name: shop
    rules:
      - {record: shop_queue:sum, expr: sum(shop_queue_length)}
      - {alert: Many, expr: shop_queue:sum > 10}
      - {alert: Errors, expr: 'sum(rate(shop_requests_total[5m])) > 9'}
      - {alert: Few, expr: shop_workers < 1}
      - {alert: Hidden, expr: shop_hidden_things > 1}
"""

FILE, ALERTS, MOVES = "test_file_is_read", "test_alert_metrics_are_shown", "test_fault_moves_panels[a fifth fail]"  # fmt: skip


def parses(panel: str) -> str:
    """The item of a query."""
    return f"test_query_parses[shop/{panel}/A]"


def answers(panel: str) -> str:
    """The item of a query."""
    return f"test_query_answers[shop/{panel}/A]"


def says(panel: str) -> str:
    """The item of a query."""
    return f"test_query_shows_what_it_says[shop/{panel}/A]"


def sound(panel: str) -> str:
    """The item of a query."""
    return f"test_query_is_sound[shop/{panel}/A]"


def ranges(panel: str) -> str:
    """The item of a query."""
    return f"test_ranges_hold_four_scrapes[shop/{panel}/A]"


@dataclass(frozen=True)
class Row:
    """One fault: what a panel asks in its place; None: the panel is gone."""

    fault: str
    breached: dict[str, str]
    """The checks that own it, each with a piece of its reason."""
    unmeasured: dict[str, str] = field(default_factory=dict)
    panel: str = ""
    asks: str | None = ""
    part: dict[str, Any] = field(default_factory=dict)
    """More of the deployment file's part."""
    files: dict[str, Any] = field(default_factory=dict)
    """More files, by name."""

    @property
    def moves(self) -> bool:
        """Whether the fault of the movement is caused, which takes its time: where a verdict on it depends on the row."""
        return (not self.breached and not self.unmeasured) or MOVES in self.breached | self.unmeasured


def unasked(panel: str, *, moves: bool = False) -> dict[str, str]:
    """The checks that cannot judge a query that cannot be asked."""
    own = dict.fromkeys((answers(panel), says(panel), sound(panel), ranges(panel)), "query-parses tells why")
    return own | ({MOVES: "query-parses tells why"} if moves else {})


NO_NUMBER = "query-answers tells why"
ROWS = [
    Row("none", {}),
    Row(
        "no dashboard",
        {f"{FILE}[other.json]": "other.json"},
        files={"other.json": {"swagger": "2.0"}},
        part={"files": ["*.json"]},
    ),
    Row(
        "a dashboard of another source",
        {},
        {f"{FILE}[other.json]": "no query in PromQL to this deployment's Prometheus; 1 of other"},
        files={
            "other.json": {
                "title": "Logs",
                "schemaVersion": 39,
                "panels": [
                    {
                        "type": "logs",
                        "title": "Lines",
                        "datasource": {"type": "loki", "uid": "l"},
                        "targets": [{"refId": "A", "expr": '{app="shop"}'}],
                    }
                ],
            }
        },
        part={"files": ["*.json"]},
    ),
    Row(
        "an empty pattern",
        {},
        {f"{FILE}[none.json]": "no file matches this pattern"},
        part={"files": ["shop.json", "none.json"]},
    ),
    Row(
        "a broken query",
        {parses("Queue Depth"): "is no PromQL"},
        unasked("Queue Depth", moves=True),
        panel="Queue Depth",
        asks="sum by (queue) (shop_queue_length",
    ),
    Row(
        "an unknown variable",
        {},
        {parses("Request Rate"): "$nowhere cannot be expanded"} | unasked("Request Rate", moves=True),
        panel="Request Rate",
        asks='sum(rate(shop_requests_total{job="$nowhere"}[$__rate_interval]))',
    ),
    Row(
        "a misspelt metric",
        {answers("Request Rate"): "unknown name: there is no metric `shop_requests_totl`; nearest is `shop_requests_total`"},
        {says("Request Rate"): NO_NUMBER},
        panel="Request Rate",
        asks="sum(rate(shop_requests_totl[$__rate_interval]))",
    ),
    Row(
        "a misspelt metric behind an or",
        {answers("Request Rate"): "unknown name: there is no metric `shop_requests_totl`"},
        panel="Request Rate",
        asks="sum(rate(shop_requests_totl[$__rate_interval])) or vector(0)",
    ),
    Row(
        "a misspelt label",
        {answers("Request Rate"): "the matchers select nothing: no series of `shop_requests_total` has a label `staus`; nearest is `status`"},
        {says("Request Rate"): NO_NUMBER},
        panel="Request Rate",
        asks='sum(rate(shop_requests_total{staus="200"}[$__rate_interval]))',
    ),
    Row(
        "another job",
        {answers("Request Rate"): 'no series of `shop_requests_total` has `job="bazaar"` (there: deal-scout, shop)'},
        {says("Request Rate"): NO_NUMBER},
        panel="Request Rate",
        asks='sum(rate(shop_requests_total{job="bazaar"}[$__rate_interval]))',
    ),
    Row(
        "a misspelt value",
        {answers("Queue Depth"): 'no series of `shop_queue_length` has `queue="mails"`; did you mean mail?'},
        {says("Queue Depth"): NO_NUMBER},
        panel="Queue Depth",
        asks='sum(shop_queue_length{queue="mails"})',
    ),
    Row(
        "a value of which nothing is known",
        {},
        {
            answers("Queue Depth"): 'no series of `shop_queue_length` has `queue="invoices"`, and it is not known whether one may come',
            says("Queue Depth"): NO_NUMBER,
        },
        panel="Queue Depth",
        asks='sum(shop_queue_length{queue="invoices"})',
    ),
    Row(
        "sides that never meet",
        {answers("Request Rate"): "both sides of `/` have series, and none of one meets one of the other: they have (path) and (queue)"},
        {says("Request Rate"): NO_NUMBER},
        panel="Request Rate",
        asks=SIDES,
    ),
    Row(
        "sides that never meet behind an or",
        {answers("Request Rate"): "both sides of `/` have series, and none of one meets one of the other: they have (path) and (queue)"},
        panel="Request Rate",
        asks=f"{SIDES} or vector(0)",
    ),
    Row(
        "a misspelt metric in scalar",
        {answers("Workers"): "unknown name: there is no metric `shop_worker`; nearest is `shop_workers`"},
        panel="Workers",
        asks="sum(shop_workers) / scalar(shop_worker)",
    ),
    Row(
        "a range without two scrapes",
        {ranges("Request Rate"): "less than four scrape intervals of 250ms"},
        {
            answers("Request Rate"): "it shows nothing, although each of its selectors has series",
            says("Request Rate"): NO_NUMBER,
        },
        panel="Request Rate",
        asks="sum(rate(shop_requests_total[100ms]))",
    ),
    Row(
        "a refused query",
        {answers("Request Rate"): "Prometheus refuses it"},
        {says("Request Rate"): NO_NUMBER, MOVES: "Prometheus"},
        panel="Request Rate",
        asks="shop_requests_total / on (job) shop_requests_total",
    ),
    Row(
        "too many series",
        {answers("Workers"): "too many series to read: 300"},
        panel="Workers",
        asks="shop_items + on (job) group_left () shop_workers",
    ),
    Row(
        "a slow query",
        {answers("Workers"): "slower than its limit"},
        {},
        panel="Workers",
        asks="sum(shop_workers) + 0 * count_over_time(vector(1)[5h:1ms])",
        part={"max_query_time": "700ms"},
    ),
    Row(
        "a ratio of each series",
        {
            says("Error Rate"): "shows 1 at each moment",
            sound("Error Rate"): "each series of shop_requests_total is divided by itself",
            MOVES: '"Error Rate" shows 1, more than 0.25',
        },
        panel="Error Rate",
        asks='rate(shop_requests_total{job="$job", status=~"5.."}[$__rate_interval]) / rate(shop_requests_total{job="$job"}[$__rate_interval])',
    ),
    Row(
        "a quantile of each series",
        {sound("Latency (p95)"): "takes a quantile of each series"},
        panel="Latency (p95)",
        asks="histogram_quantile(0.95, rate(shop_seconds_bucket[$__rate_interval]))",
    ),
    Row(
        "a share in percent",
        {
            says("Error Rate"): "an error rate is at least 0, at most 1",
            sound("Error Rate"): "the query has percent",
            MOVES: "more than 0.25",
        },
        panel="Error Rate",
        asks=f"100 * ({QUERIES['Error Rate'][1]})",
    ),
    Row(
        "a short range",
        {ranges("Latency (p95)"): "less than four scrape intervals of 250ms"},
        panel="Latency (p95)",
        asks="histogram_quantile(0.95, sum by (le) (rate(shop_seconds_bucket[900ms])))",
    ),
    Row(
        "an alert without a panel",
        {ALERTS: "no panel shows `shop_workers` (Few)"},
        panel="Workers",
        asks=None,
    ),
    Row(
        "a panel that stands still",
        {MOVES: '"Error Rate" shows 0.01'},
        panel="Error Rate",
        asks=SHARE.format(USERS + ', status="404"'),
    ),
    Row(
        "a panel that moves",
        {MOVES: '"Request Rate" moves from'},
        panel="Request Rate",
        asks='1000 * sum(rate(shop_requests_total{status="500"}[$__rate_interval]))',
    ),
]  # fmt: skip


class Shop:
    """A shop that always has requests, 1% of them 404 and 2% of them 500; a fifth while its fault is on."""

    def __init__(self, fault: Path) -> None:
        self.fault = fault
        self.lock, self.seen = threading.Lock(), time.monotonic()
        self.counts = {"200": 0.0, "404": 0.0, "500": 0.0}

    def lines(self, scrape: int) -> list[str]:
        """What is scraped."""
        with self.lock:
            return self._lines(scrape)

    def _lines(self, scrape: int) -> list[str]:
        now = time.monotonic()
        since, self.seen = now - self.seen, now
        wrong = 0.2 if self.fault.exists() else 0.02
        for status, share in (("404", 0.01), ("500", wrong), ("200", 0.99 - wrong)):
            self.counts[status] += 400 * since * share
        total = sum(self.counts.values())
        return [
            "# TYPE shop_requests_total counter",
            *(
                f'shop_requests_total{{path="/",status="{status}"}} {count:.6f}'
                for status, count in self.counts.items()
            ),
            "# TYPE shop_seconds histogram",
            *histogram("shop_seconds", "", {"0.1": total * 0.9, "0.5": total * 0.99, "+Inf": total}),
            "# TYPE shop_queue_length gauge",
            'shop_queue_length{queue="mail"} 3',
            "# TYPE shop_refunds_total counter",
            "# TYPE shop_workers gauge",
            f"shop_workers {2 + scrape % 2}",
            "shop_hidden_things 1",
            *(f'shop_items{{item="{number}"}} 1' for number in range(150)),
            *guides(total),
        ]


def guides(total: float) -> list[str]:
    """The metrics of the guide's dashboard."""
    return [
        f'deal_scout_requests_total{{method="GET",path="/",status="200"}} {total:.6f}',
        f'deal_scout_requests_total{{method="GET",path="/",status="500"}} {total / 50:.6f}',
        *histogram("deal_scout_request_duration_seconds", 'path="/"', {"0.1": total * 0.9, "+Inf": total}),
        'celery_queue_length{queue="celery"} 3',
        "sqlalchemy_pool_size 5",
    ]


@dataclass(frozen=True)
class Watched:
    """A shop, and the Prometheus that watches it."""

    url: str
    fault: Path


@pytest.fixture(scope="module")
def watched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """One that has been scraped for long enough."""
    folder = tmp_path_factory.mktemp("prometheus")
    shop = Shop(folder / "fault")
    with (
        exporting(Exporter(shop.lines)) as exporter,
        prometheus(given(request), folder, {"shop": exporter, "deal-scout": exporter}, folder / "data") as url,
    ):  # fmt: skip
        asked = probe(url)
        until(lambda: exporter.scrapes > 60, "sixty scrapes")
        until(lambda: asked.answer("query?query=shop_workers"), "the shop's metrics")
        yield Watched(url, shop.fault)


def dashboard(row: Row) -> dict[str, Any]:
    """The shop's dashboard, with the row's fault."""
    asked = {title: query for title, (_, query) in QUERIES.items()}
    if row.panel:
        assert row.panel in asked
        asked |= {row.panel: row.asks or ""}
    return {
        "title": "Shop",
        "uid": "shop",
        "schemaVersion": 39,
        "templating": {
            "list": [
                {"name": "job", "type": "query", "query": "label_values(shop_requests_total{path!=\"\"}, job)", "current": {"value": "shop", "text": "shop"}}
            ]
        },
        "panels": [
            {
                "id": number,
                "type": "timeseries",
                "title": title,
                "fieldConfig": {"defaults": {"unit": QUERIES[title][0]}, "overrides": []},
                "targets": [{"refId": "A", "expr": query}],
            }
            for number, (title, query) in enumerate(asked.items())
            if row.asks is not None or title != row.panel
        ],
    }  # fmt: skip


def run(row: Row, watched: Watched, folder: Path, *options: str) -> Ran:
    """The chapter's checks, of a deployment with the row's fault."""
    (folder / "shop.json").write_text(json.dumps(dashboard(row)))
    for name, content in row.files.items():
        (folder / name).write_text(json.dumps(content))
    (folder / "shop.rules.yml").write_text(RULES)
    switch = "import pathlib, sys; path = pathlib.Path(sys.argv[2])\ngetattr(path, sys.argv[1])()"
    command = [sys.executable, "-c", switch]
    document = {
        "base_url": "http://127.0.0.1:9",
        "allow": ["faults"] if row.moves else [],
        "prometheus": {"url": watched.url, "window": "8s"},
        "rules": {"files": ["shop.rules.yml"]},
        "dashboards": {
            "files": ["shop.json"],
            "scrape_interval": "250ms",
            "range": "4s",
            "unshown": ["shop_hidden_*"],
            "movement": [
                {
                    "name": "a fifth fail",
                    "fault": {
                        "inject": [*command, "touch", str(watched.fault)],
                        "restore": [*command, "unlink", str(watched.fault)],
                    },
                    "settle": "2500ms",
                    "shows": [{"panel": "Error Rate", "at_least": 0.15, "at_most": 0.25}],
                    "stays": [
                        {"panel": "Request Rate", "within": 120},
                        {"panel": "Queue Depth", "within": 0},
                    ],
                }
            ],
            **row.part,
        },
    }
    path = folder / "shop.yaml"
    path.write_text(yaml.safe_dump(document))
    return run_checks(path, *options, folder=folder, chapter="dashboards")


BY_PROMETHEUS = ("none", "a misspelt label", "a value of which nothing is known", "sides that never meet", "a refused query", "too many series", "a slow query")  # fmt: skip
"""The rows whose verdicts rest on what a version of Prometheus answers: one of each kind of answer. The others are found in the
files alone, or by the same questions."""


def by_version() -> list[Any]:
    """All rows with the first version, and those with each."""
    first, *others = versions()
    rows = [(first, row) for row in ROWS] + [(one, row) for one in others for row in ROWS if row.fault in BY_PROMETHEUS]  # fmt: skip
    return [
        pytest.param(*one.values, row, marks=one.marks, id=f"{one.id}-{row.fault.replace(' ', '-')}")
        for one, row in rows
    ]


@pytest.mark.xdist_group("dashboards")
@pytest.mark.parametrize(("watched", "row"), by_version(), indirect=["watched"], scope="module")
def test_matrix(row: Row, watched: Watched, tmp_path: Path) -> None:
    """Each fault turns exactly its own checks red, and is gone afterwards."""
    seen_once(lambda: run(row, watched, tmp_path), partial(compare, row=row))
    assert not watched.fault.exists()


def compare(ran: Ran, row: Row) -> None:
    """Every verdict of the run is the row's, for the row's reason, and no check has silently vanished."""
    assert ran.record is not None, ran.output
    got = {short(entry["check"]): entry for entry in ran.record["checks"]}
    told = {name: f"{entry['verdict']}: {entry['reason']}" for name, entry in got.items() if entry["verdict"] != "MET"}  # fmt: skip
    wanted = {name: f"BREACHED: {reason}" for name, reason in row.breached.items()}
    wanted |= {name: f"UNMEASURED: {reason}" for name, reason in row.unmeasured.items()}
    assert told.keys() == wanted.keys(), json.dumps(told, indent=1)
    for name, start in wanted.items():
        verdict, _, reason = start.partition(": ")
        assert told[name].startswith(verdict), told[name]
        assert reason in told[name], told[name]
    panels = len(QUERIES) - (row.asks is None)
    assert len(got) >= 5 * panels + 2 + row.moves
    assert ran.status == (1 if wanted else 0), ran.output
    assert "Traceback" not in ran.output, ran.output


def short(check: str) -> str:
    """A check's item, with a file by its name alone."""
    test = check.partition("::")[2]
    name, bracket, parameter = test.partition("[")
    return f"{name}[{Path(parameter).name}" if bracket and name == FILE else test


def test_every_check_has_a_fault() -> None:
    """A check that no row turns red is not known to work."""
    from deployspec.chapters.dashboards.chapter import CHAPTER

    red = {name.partition("[")[0] for row in ROWS for name in row.breached}
    assert {f"test_{own.partition('.')[2].replace('-', '_')}" for own in CHAPTER.checks} == red


@pytest.mark.xdist_group("dashboards")
@pytest.mark.parametrize("watched", versions()[:1], indirect=True)
def test_the_guides_own_dashboard_is_breached(watched: Watched, tmp_path: Path) -> None:
    """Its error rate divides each series by itself, so it is 1 at each moment. No deployment names the file."""
    row = Row("the guide's own", {}, {}, part={"files": [f"{ROOT}/dashboards/literal/*.json"]})
    ran = run(row, watched, tmp_path, "-k", "query_answers or shows_what or sound")
    assert ran.record is not None, ran.output
    told = {entry["check"].partition("::")[2]: entry for entry in ran.record["checks"] if entry["verdict"] != "MET"}  # fmt: skip
    assert {name: entry["verdict"] for name, entry in told.items()} == {
        "test_query_shows_what_it_says[deal-scout/Error Rate/1]": "BREACHED",
        "test_query_is_sound[deal-scout/Error Rate/1]": "BREACHED",
        "test_query_is_sound[deal-scout/Latency (p95)/1]": "BREACHED",
    }, ran.output
    named = [*(ROOT / "deployments").glob("*.yaml"), ROOT / "reference/supervisor/deployment_file.py"]
    assert not [path for path in named if "literal" in path.read_text()]
