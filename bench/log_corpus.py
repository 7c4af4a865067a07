"""A file of log records as services write them: several kinds of events, one in a hundred with something wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from deployspec.chapters.logs.judge.schema import combined

SEED = 20261124
START = datetime(2026, 11, 1, tzinfo=UTC)
_WORDS = [
    "listing",
    "deal",
    "scout",
    "price",
    "queue",
    "worker",
    "retry",
    "cache",
    "user",
    "session",
    "request",
    "started",
    "scheduled",
    "fetch",
]
_CHUNK = 20_000


def schema(root: Path) -> dict[str, Any]:
    """The project's schema of log records, and what access records have besides."""
    base = json.loads((root / "schemas" / "log-record.schema.json").read_text(encoding="utf-8"))
    access = {"required": ["method", "path", "status", "duration_ms", "request_id"]}
    return combined(base, {"logger": {"deal_scout.access": access}})


def write(path: Path, records: int) -> None:
    """Write so many records, the same ones every time."""
    random = Random(SEED)  # noqa: S311 - the same records every time
    with path.open("w", encoding="utf-8") as file:
        for first in range(0, records, _CHUNK):
            file.write("".join(_lines(random, first, min(_CHUNK, records - first))))


def _lines(random: Random, first: int, count: int) -> Iterator[str]:
    for number in range(first, first + count):
        moment = START + timedelta(milliseconds=7 * number + random.randrange(7))
        stamp = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
        level = random.choices(("INFO", "WARNING", "ERROR", "CRITICAL"), (930, 55, 14, 1))[0]
        request = f"req_{random.getrandbits(48):012x}"
        kind = random.randrange(100)
        if kind < 60:
            line = (
                f'{{"timestamp":"{stamp}","level":"{level}","logger":"deal_scout.access","message":"request completed",'
                f'"request_id":"{request}","method":"GET","path":"/listings/{random.randrange(10_000)}",'
                f'"status":{random.choice((200, 200, 200, 304, 404, 500))},"duration_ms":{random.randrange(1, 90_000) / 100}}}\n'
            )
        elif kind < 85:
            line = (
                f'{{"timestamp": "{stamp}", "level": "{level}", "logger": "deal_scout.tasks", '
                f'"message": "{" ".join(random.choices(_WORDS, k=random.randint(3, 9)))}", '
                f'"task_id": "{random.getrandbits(128):032x}", "queue": "celery", "request_id": "{request}"}}\n'
            )
        elif kind < 98:
            line = (
                f'{{"timestamp":"{stamp}","level":"{level}","logger":"deal_scout.api","message":"notification sent",'
                f'"request_id":"{request}","user_id":"user_{random.randrange(5000)}","duration_ms":{random.randrange(1000)}}}\n'
            )
        else:
            frames = ",".join(
                f'{{"file":"deal_scout/app.py","line":{random.randrange(900)},"name":"handler"}}'
                for _ in range(6)
            )
            line = (
                f'{{"timestamp":"{stamp}","level":"ERROR","logger":"deal_scout.api","message":"unhandled exception",'
                f'"request_id":"{request}","exception":{{"type":"ValueError","frames":[{frames}]}}}}\n'
            )
        yield line if random.randrange(100) else _wrong(random, line)


def _wrong(random: Random, line: str) -> str:
    kind = random.randrange(8)
    if kind == 0:
        return line.replace('"logger"', '"log"', 1)
    if kind == 1:
        return line.replace('"level":', '"level":"x","severity":', 1)
    if kind == 2:
        return line.replace("T", " ", 1)
    if kind == 3:
        return "Traceback (most recent call last):\n"
    if kind == 4:
        return line[: len(line) // 2] + "\n"
    if kind == 5:
        return line.replace("{", '{"level":"INFO",', 1)
    if kind == 6:
        return line.replace('"message":"', '"message":"password=hunter2hunter2 ', 1)
    return line.replace('"message":"', '"message":"mail to anna.smith@shop.example.org ', 1)
