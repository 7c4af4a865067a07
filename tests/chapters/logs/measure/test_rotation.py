"""Which log a file belongs to, and how old it is there, is read off its name."""

from __future__ import annotations

import pytest

from deployspec.chapters.logs.measure.rotation import stream_and_age

STREAMS = [
    # oldest first; one stream each
    ("/l/app.log", ["/l/app.log.10", "/l/app.log.2.gz", "/l/app.log.1", "/l/app.log"]),
    ("/l/app.log", ["/l/app.log-20251231.zst", "/l/app.log-20260101", "/l/app.log"]),
    ("/l/app.log", ["/l/app.log.2025-12-31", "/l/app.log.2026-01-01", "/l/app.log"]),
    ("/l/app.log", ["/l/app.log.2026-01-01_09", "/l/app.log.2026-01-01_10", "/l/app.log"]),
    ("/l/app.log", ["/l/app.log.2026-01-01_09-59-59", "/l/app.log.2026-01-01_10-00-00", "/l/app.log"]),
    ("/l/app.log", ["/l/app.log-20260101-1767225600.gz", "/l/app.log-20260101-1767229200"]),
    ("/l/app.log", ["/l/app-2025-12-31.log.gz", "/l/app-2026-01-01.log", "/l/app.log"]),
    ("/l/app.log", ["/l/app.20260101.1.log.gz", "/l/app.20260101.2.log.gz", "/l/app.20260101.10.log"]),
    ("/l/app.log", ["/l/app.log.1767225600", "/l/app.log.1767229200"]),
    ("app.log", ["app.log.1", "app.log"]),
]


@pytest.mark.parametrize(
    ("stream", "paths"), STREAMS, ids=[paths[0].rpartition("/")[2] for _, paths in STREAMS]
)
def test_oldest_first(stream: str, paths: list[str]) -> None:
    """The names that logrotate, Python's handlers, Logback and Log4j give are put in the order of writing."""
    assert [stream_and_age(path)[0] for path in paths] == [stream] * len(paths)
    assert sorted(sorted(paths), key=lambda path: stream_and_age(path)[1]) == paths


@pytest.mark.parametrize(
    "name", ["app.log", "worker.1.log", "celery.log", "app2.log", "app-1.2.3.log", "log", "7"]
)
def test_not_rotated(name: str) -> None:
    """Numbers that rotation does not set belong to the name: worker.1.log is not worker.log's past."""
    stream, age = stream_and_age(f"/var/log/2026-01-01/{name}")
    assert (stream, age.rotated) == (f"/var/log/2026-01-01/{name}", False)


def test_folders_apart() -> None:
    """Files of one name in two folders are two streams."""
    assert stream_and_age("/a/app.log.1")[0] != stream_and_age("/b/app.log.1")[0]
