"""The chapter logs introduces itself."""

from pathlib import Path

from deployspec.model.chapter import Chapter, Command

CHAPTER = Chapter(
    name="logs",
    sentence='every log line keeps the log contract, and a request can be followed into it (guide: "Logging").',
    checks=(
        "logs.request-is-logged",
        "logs.job-is-logged",
        "logs.lines-are-records",
        "logs.levels-are-promised",
        "logs.time-moves-forward",
        "logs.newest-record-is-fresh",
        "logs.error-log-holds-errors-only",
        "logs.error-log-holds-every-error",
        "logs.exception-is-one-record",
        "logs.request-records-have-their-id",
        "logs.nothing-secret",
        "logs.lines-are-short",
    ),
    only_running=True,
    parts={"logs": "deployspec.chapters.logs.part:LOGS"},
    schema=Path(__file__).with_name("part.schema.json"),
    extra="logs",
    libraries=("detect_secrets", "hyperscan", "orjson", "phonenumbers", "stdnum", "tqdm", "zstandard"),
    plugins=("deployspec.chapters.logs.items", "deployspec.chapters.logs.fixtures"),
    commands={
        "logs": Command(
            "judge every line of log files, or of standard input",
            "deployspec.chapters.logs.command:arguments",
        )
    },
    plans="deployspec.chapters.logs.planning:planned",
    file="test_logs_schema.py",
)
