"""Judges public logs twice, passing over lines of known shapes and not: `python -m proven.log_shapes DIR`.

Of every file of JSON records. What is promised of them is made of the file: the fields that most records have, the type and
the length that most values have. So most lines are right, and have a shape; and some are nearly right.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from deployspec.base import rfc3339
from deployspec.chapters.logs.form import Fields
from deployspec.chapters.logs.judge import plainly
from deployspec.chapters.logs.judge.judging import LineJudge
from deployspec.chapters.logs.judge.model import Block, LogPromise
from deployspec.chapters.logs.judge.plainly import Passing, Plain
from deployspec.chapters.logs.judge.report import Report
from deployspec.chapters.logs.measure.cutting import BLOCK, Cutter
from proven.corpora import NAMES

PATTERNS = (*NAMES, "*.json", "*.jsonl", "*.ndjson")
_LEAST = 1 << 17
"""Bytes of which shapes are surely learned; smaller files are repeated."""
_SOME = 1000
"""Records that the promise is made of."""


class Compared(NamedTuple):
    """A file, judged both ways."""

    lines: int
    passed: int
    """Lines that were passed over by their shapes."""
    is_same: bool


def compared(data: bytes) -> Compared | None:
    """What both ways say of a file; None where it has no records."""
    records = list(islice(_records(data), _SOME))
    if not records:
        return None
    whole = data if data.endswith(b"\n") else data + b"\n"
    whole *= -(-_LEAST // len(whole))
    promise, over = _promise(records), Passing.over
    passed = 0

    def counted(passing: Passing, block: bytes, lines: list[bytes]) -> Plain | None:
        nonlocal passed
        plain = over(passing, block, lines)
        passed += 0 if plain is None else plain.lines - len(plain.rest)
        return plain

    fast = _judged(whole, promise, counted)
    return Compared(fast.lines, passed, fast == _judged(whole, promise, lambda *_: None))


def _records(data: bytes) -> Iterator[dict[str, Any]]:
    for line in data.split(b"\n"):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            yield record


def _promise(records: list[dict[str, Any]]) -> LogPromise:
    held: dict[str, list[Any]] = {}
    for record in records:
        for name, value in record.items():
            held.setdefault(name, []).append(value)
    most = {name: values for name, values in held.items() if len(values) > len(records) * 0.95}
    times = [name for name, values in most.items() if all(map(_is_time, values))]
    schema = {
        "type": "object",
        "required": list(most),
        "properties": {name: _most_of(values) for name, values in held.items()},
    }
    fields = Fields(times[0] if times else None, None, None, None, None, None)
    return LogPromise(schema, fields, secrets=False, kept=10_000)


def _is_time(value: object) -> bool:
    return isinstance(value, str) and isinstance(rfc3339.parse(value), rfc3339.Stamp)


def _most_of(values: list[Any]) -> dict[str, Any]:
    kinds = {str: "string", bool: "boolean", int: "number", float: "number", dict: "object", list: "array"}
    kind = Counter(kinds.get(type(value), "null") for value in values).most_common(1)[0][0]
    lengths = sorted(len(value) for value in values if isinstance(value, str))
    longest = {"maxLength": lengths[len(lengths) * 98 // 100]} if lengths else {}
    return {"type": kind, **longest}


def _judged(data: bytes, promise: LogPromise, over: Callable[..., Plain | None]) -> Report:
    with mock.patch.object(Passing, "over", over), mock.patch.object(plainly, "AFTER", 0):
        judge, report, cutter = LineJudge(promise), Report(kept=promise.kept), Cutter("", "")
        for start in range(0, len(data), BLOCK):
            for piece in cutter.feed(data[start : start + BLOCK]):
                if isinstance(piece, Block):
                    # Read so late that no time is ahead, and both times then.
                    block = Block(piece.data, "", piece.line, "", math.inf)
                    judge.add(block, judge.judge(block), report)
                else:
                    report.add(piece)
    return report


def main(arguments: list[str]) -> int:
    """Print how many files were judged, and where the two ways differ. Returns 1 where they do, 2 if there is no record."""
    parser = argparse.ArgumentParser(prog="python -m proven.log_shapes", description=compared.__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder with public logs")
    folder = parser.parse_args(arguments).folder
    files, differ = [], []
    for path in sorted(folder.rglob("*")):
        if any(path.match(name) for name in PATTERNS) and path.is_file():
            found = compared(path.read_bytes())
            files += [found] if found else []
            differ += [path] if found and not found.is_same else []
    if not files:
        print(
            f"proven.log_shapes: found no JSON record in files named {', '.join(PATTERNS)} below {folder}; "
            "expected a folder with logs",
            file=sys.stderr,
        )
        return 2
    lines, passed = sum(one.lines for one in files), sum(one.passed for one in files)
    print(
        f"files of records: {len(files)}; lines: {lines}; passed over: {passed}; files judged differently: {len(differ)}",
        *(f"{path.relative_to(folder)}: other verdicts where its lines are passed over" for path in differ),
        sep="\n",
    )
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
