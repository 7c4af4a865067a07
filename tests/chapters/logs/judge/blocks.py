"""Blocks of lines, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from deployspec.chapters.logs.judge.judging import LineJudge
from deployspec.chapters.logs.judge.model import Block, LogPromise, Tally
from deployspec.chapters.logs.judge.report import Report
from tests.suite import ROOT

NOW = 1_795_492_800.0
"""2026-11-24T04:00:00Z."""
SCHEMA = json.loads((ROOT / "schemas" / "log-record.schema.json").read_text(encoding="utf-8"))
PROMISE = LogPromise(schema=SCHEMA)


def record(**fields: object) -> dict[str, Any]:
    """A sound record, with some fields of its own; those that are None are left out."""
    whole = {
        "timestamp": "2026-11-24T03:59:00.000Z", "level": "INFO", "logger": "shop.api", "message": "sold",
    } | fields  # fmt: skip
    return {name: value for name, value in whole.items() if value is not None}


def block(*lines: bytes | str | dict[str, Any], first: int = 1, stream: str = "app.log") -> Block:
    """A block of these lines, each with its line break."""
    return Block(b"".join(_bytes(line) + b"\n" for line in lines), stream, first, stream, NOW)


def judged(*lines: bytes | str | dict[str, Any], **promised: Any) -> Tally:
    """What is found in these lines; of the promise, what is named is other than usual."""
    promise = LogPromise(**{"schema": SCHEMA, "secrets": False, **promised})
    return LineJudge(promise).judge(block(*lines))


def reported(blocks: Iterable[Block], **promised: Any) -> Report:
    """What is found in these blocks."""
    promise = LogPromise(**{"schema": SCHEMA, "secrets": False, **promised})
    judge, report = LineJudge(promise), Report(personal_data=promise.personal_data)
    for one in blocks:
        judge.add(one, judge.judge(one), report)
    return report


def told(found: Tally | Report) -> dict[tuple[str, str, str], list[str]]:
    """The reasons that were found, and their first places as line:column."""
    return {
        (reason.check, reason.place, reason.what): [f"{place.line}:{place.column}" for place in one.places]
        for reason, one in found.found.items()
    }


def _bytes(line: bytes | str | dict[str, Any]) -> bytes:
    if isinstance(line, dict):
        return json.dumps(line, separators=(",", ":")).encode()
    return line.encode() if isinstance(line, str) else line
