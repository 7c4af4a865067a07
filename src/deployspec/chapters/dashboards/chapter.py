"""The chapter dashboards introduces itself."""

from pathlib import Path

from deployspec.model.chapter import Chapter

CHAPTER = Chapter(
    name="dashboards",
    sentence='each query of the dashboards shows what its title says (guide: "Dashboard Setup").',
    checks=(
        "dashboards.file-is-read",
        "dashboards.query-parses",
        "dashboards.query-answers",
        "dashboards.query-shows-what-it-says",
        "dashboards.query-is-sound",
        "dashboards.ranges-hold-four-scrapes",
        "dashboards.alert-metrics-are-shown",
        "dashboards.fault-moves-panels",
    ),
    # A gate asks for something of each of its chapters: one with dashboards names it (`gate`).
    in_gate=False,
    parts={"dashboards": "deployspec.chapters.dashboards.part:DASHBOARDS"},
    schema=Path(__file__).with_name("part.schema.json"),
    plugins=("deployspec.chapters.dashboards.fixtures", "deployspec.chapters.dashboards.items"),
    keeps="deployspec.chapters.dashboards.part:longest",
    extra="alerts",
    libraries=("promql_parser", "regex"),
    plans="deployspec.chapters.dashboards.planning:planned",
    file="test_dashboards.py",
)
