"""The chapter health introduces itself."""

from pathlib import Path

from deployspec.model.chapter import Chapter, Option

CHAPTER = Chapter(
    name="health",
    sentence='the health endpoint keeps its contract (guide: "Health Checks").',
    checks=(
        "health.version-arrived",
        "health.answers-in-time",
        "health.answer-is-its-own",
        "health.healthy-now",
        "health.status-tells-ok",
        "health.content-type-is-expected",
        "health.body-is-strict-json",
        "health.body-is-empty",
        "health.body-fits-schema",
        "health.ok-is-all-parts",
        "health.queue-depth-is-known",
        "health.time-is-current",
        "health.time-moves-on",
        "health.version-is-stated",
        "health.version-is-expected",
        "health.not-from-a-cache",
        "health.discloses-nothing",
        "health.answers-within-max-response-time",
        "health.steady",
        "health.holds-under-concurrency",
        "health.outage-is-told",
    ),
    only_running=True,
    options=(
        Option(
            "--wait-for-version",
            {
                "metavar": "VERSION",
                "default": None,
                "help": "begin when all replicas say this version (health.fields.version); if they do not within --within, every "
                "check of the deployment is UNMEASURED",
            },
            alone=False,
        ),
        Option(
            "--within",
            {
                "metavar": "DURATION",
                "default": None,
                "help": "how long to wait for the version at most, such as 90s or 10m (default: 5m)",
            },
            alone=False,
        ),
    ),
    in_probes=True,
    parts={
        "health": "deployspec.chapters.health.part:HEALTH",
        "faults": "deployspec.chapters.health.part:FAULTS",
    },
    schema=Path(__file__).with_name("part.schema.json"),
    plugins=(
        "deployspec.chapters.health.fixtures",
        "deployspec.chapters.health.items",
        "deployspec.chapters.health.rollout",
    ),
    states_version="health.version-is-stated",
    plans="deployspec.chapters.health.planning:planned",
    file="test_health.py",
)
