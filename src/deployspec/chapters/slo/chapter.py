"""The chapter slo introduces itself."""

from pathlib import Path

from deployspec.base.arguments import seed
from deployspec.model.chapter import Chapter, Command, Option

CHAPTER = Chapter(
    name="slo",
    sentence='requests meet the objectives, in a load run and in Prometheus (guide: "Alert Rules", p95 and error rate).',
    checks=("slo.load-run", "slo.window", "slo.buckets", "slo.alerts-agree"),
    only_running=True,
    never_alone=("load",),
    markers={
        "load": "makes load, which the deployment file has to allow.",
        "after_load": "looks at what the load run leaves behind, where one is selected.",
        "of_kind(kind)": "made only for objectives of this kind: latency or availability.",
    },
    options=(
        Option(
            "--slos",
            {
                "metavar": "GLOB",
                "action": "append",
                "default": [],
                "help": "the objectives to check, OpenSLO v1 documents; may be given several times (default: slos/*.yaml)",
            },
        ),
        Option(
            "--load-seed",
            {
                "metavar": "N",
                "type": seed,
                "default": None,
                "help": "make a load run's requests arrive as in the run that printed this seed "
                "(default: the deployment file's load.seed, else a new one for each run)",
            },
        ),
    ),
    parts={"slos": "deployspec.chapters.slo.part:SLOS", "load": "deployspec.chapters.slo.part:LOAD"},
    schema=Path(__file__).with_name("part.schema.json"),
    extra="load",
    libraries=("hdrh", "locust", "numpy", "orjson", "prometheus_api_client", "promql_parser", "scipy"),
    plugins=(
        # Objectives are compared with alert rules, and counted by the Prometheus that has those loaded.
        "deployspec.chapters.alerts.items",
        "deployspec.chapters.alerts.fixtures.live",
        "deployspec.chapters.slo.items",
        "deployspec.chapters.slo.fixtures.given",
    ),
    keeps="deployspec.chapters.slo.part:longest",
    commands={"load": Command("load runs", "deployspec.chapters.slo.command:arguments")},
    recorded={"load": "deployspec.chapters.slo.report:recorded"},
    charts="deployspec.chapters.slo.charts:charts",
    compares="deployspec.chapters.slo.report:changes",
    digests={"load": "deployspec.chapters.slo.stored:digest"},
    reviews="deployspec.chapters.slo.review:sections",
    metrics="deployspec.chapters.slo.metrics:families",
    plans="deployspec.chapters.slo.planning:planned",
    file="test_latency_slo.py",
)
