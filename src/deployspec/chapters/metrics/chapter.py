"""The chapter metrics introduces itself."""

from pathlib import Path

from deployspec.model.chapter import Chapter

CHAPTER = Chapter(
    name="metrics",
    sentence='the metrics are sound, there, move, are bounded, and arrive in Prometheus (guide: "Metrics").',
    checks=(
        "metrics.answers-in-time",
        "metrics.content-type-is-accepted",
        "metrics.is-whole",
        "metrics.well-formed",
        "metrics.series-once",
        "metrics.types-constant",
        "metrics.timestamps-fresh",
        "metrics.sums-add-up",
        "metrics.counters-rise",
        "metrics.promtool-finds-nothing",
        "metrics.is-exported",
        "metrics.requests-are-counted",
        "metrics.work-is-counted",
        "metrics.faults-show",
        "metrics.labels-are-bounded",
        "metrics.series-are-few",
        "metrics.growth-is-bounded",
        "metrics.is-scraped",
        "metrics.scrapes-are-quick",
        "metrics.nothing-is-dropped",
        "metrics.names-arrive",
        "metrics.ranges-are-long-enough",
    ),
    only_running=True,
    # A gate fails where one of its chapters has nothing to ask: no file that has no metrics yet is to fail for that.
    in_gate=False,
    parts={"metrics": "deployspec.chapters.metrics.part:METRICS"},
    schema=Path(__file__).with_name("part.schema.json"),
    extra="alerts",
    libraries=("prometheus_api_client", "promql_parser"),
    plugins=("deployspec.chapters.metrics.items", "deployspec.chapters.metrics.fixtures"),
    plans="deployspec.chapters.metrics.planning:planned",
    file="test_metrics.py",
)
