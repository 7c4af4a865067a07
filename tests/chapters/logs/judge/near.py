"""Lines of a few shapes, many of which are nearly right."""

from __future__ import annotations

import json
from collections.abc import Iterable
from random import Random
from typing import Any

MANY = 400
"""Lines of a block that is large enough to learn the shapes of its lines from."""
_PIECES = (
    b'"', b"\\", b"{", b"}", b"[", b"]", b":", b",", b" ", b"\t", b"\r", b"0", b"-", b".", b"e9", b"e999", b"\x00",
    b"\xef\xbb\xbf", b"null", b"true", b"NaN", b'":', b'" :', b'\\":', b"\\u", b"\\ud800", b"\\u0022", b'"level":"INFO",', b'"a":1,',
    b"}{", b'","', b'":"', b"\x7f", b"\n", b'\\"', b"\\\\", b"9" * 20,
)  # fmt: skip


def block_of(records: Iterable[dict[str, Any]]) -> list[bytes]:
    """Each record as a line."""
    return [json.dumps(record, separators=(",", ":")).encode() for record in records]


def near(random: Random, count: int) -> list[bytes]:
    """So many lines, or a few more."""
    lines: list[bytes] = []
    while len(lines) < count:
        line = _line(random, len(lines))
        if not random.randrange(12):
            at = random.randrange(len(line) + 1)
            until = at if random.randrange(2) else min(len(line), at + random.randint(1, 4))
            line = line[:at] + random.choice(_PIECES) + line[until:]
        elif not random.randrange(40):
            line = random.choice([line + line, line + b"," + line, line[: len(line) // 2], b"", b" " + line])
        elif not random.randrange(40) and lines:
            # The beginning of the line before, and the end of this one.
            at = random.randrange(len(line))
            line = lines[-1][:at] + line[at:]
        lines += line.split(b"\n")
    return lines


def _line(random: Random, number: int) -> bytes:
    record: dict[str, Any] = {
        "timestamp": f"2026-11-24T03:59:{number // 100 % 60:02}.{number % 100:02}0Z",
        "level": random.choice(["INFO"] * 80 + ["WARNING", "ERROR", "DEBUG", "info"]),
        "logger": random.choice(["shop.api"] * 60 + ["shop.jobs"] * 5 + [""]),
        "message": random.choice(
            ["sold", "sold", "sold", 'a "word": b', "ü 😀", "\\", "{[,]}", " ", "a\tb", ',"n":1']
        ),
    }
    match random.randrange(4):
        case 0:
            record |= {
                "request_id": random.choice(["r1", "r2", "r3", ""]),
                "status": random.choice([200, 404, 99]),
            }
        case 1:
            record |= {
                "request_id": "r",
                "duration_ms": random.choice([0, 0.5, 12.25, 1e-7] * 9 + [-1]),
                "method": "GET",
            }
        case 2:
            record |= {
                "request_id": "r",
                "exception": {"type": "E", "frames": [{"line": 1}, {"line": random.randrange(99)}]},
                "ok": True,
            }
        case 3:
            record |= {
                "request_id": "r",
                "user_id": random.choice([1, "u", None]),
                "path": "/" + "a" * random.randrange(9),
            }
    separators = (",", ":") if random.randrange(5) else (", ", ": ")
    return json.dumps(record, separators=separators, ensure_ascii=bool(random.randrange(2))).encode()
