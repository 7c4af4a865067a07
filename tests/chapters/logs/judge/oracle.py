"""A slow and strict judge of lines, of other people's parts, and lines that are hard to judge."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from random import Random
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError

BASE: dict[str, Any] = {
    "type": "object",
    "required": ["timestamp", "level", "message"],
    "properties": {
        "timestamp": {"type": "string", "pattern": r"^2026-[0-9-]{5}T[0-9:]{8}\.[0-9]{3}Z$"},
        "level": {"enum": ["INFO", "ERROR"]},
        "message": {"type": "string", "maxLength": 40},
        "duration_ms": {"type": "number", "minimum": 0},
        "count": {"type": "integer"},
        "frames": {"type": "array", "items": {"$ref": "#/$defs/frame"}},
    },
    "$defs": {"frame": {"type": "object", "properties": {"line": {"type": "integer"}}, "required": ["line"]}},
}
ADDED: dict[str, Any] = {
    "event": {"sold": {"required": ["price"], "properties": {"price": {"type": "number"}}}}
}


class Oracle:
    """Judges one line after the other."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._validator = _Validator(schema)

    def fits(self, line: bytes) -> bool:
        """Whether a line is one strict JSON object that fits the schema."""
        try:
            record = strict(line)
        except (ValueError, RecursionError):
            return False
        return isinstance(record, dict) and self._validator.is_valid(record)


def strict(line: bytes) -> Any:
    """The value of a line. Raises ValueError where it is not strict JSON; for lines nested less than 500 deep."""
    value = json.loads(
        line.decode("utf-8"),
        object_pairs_hook=_once,
        parse_constant=_never,
        parse_float=_finite,
        parse_int=_finite,
    )
    json.dumps(value, ensure_ascii=False).encode("utf-8")  # a lone surrogate has no bytes
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


def _never(name: str) -> Any:
    raise ValueError(name)


def _finite(text: str) -> float | int:
    if math.isinf(float(text)):
        raise ValueError("infinite")
    return float(text) if re.search("[.eE]", text) else int(text)


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Any:
    """As ECMA 262 has it: ``$`` is the end, and not the place before a last line break."""
    if isinstance(instance, str) and not re.search(re.sub(r"\$\Z", r"\\Z", pattern), instance):
        yield ValidationError("pattern")


_Validator = validators.extend(Draft202012Validator, {"pattern": _pattern})

_WHOLE = (
    b"", b" ", b"\t", b"\r", b"{}", b"[]", b"null", b"1", b'"a"', b"{", b"}", b"[", b"]", b",", b"{},{}", b"{}, {}", b"{}{}",
    b'{"a":', b'1}', b'{"a":"', b'"}', b'{"a":[', b"]}", b"[{}", b"{}]", b'{"a":1},{"a"', b':1}', b"{},", b",{}", b'"', b'\\"',
    b'{"a":1,"a":1}', b'{"a":1,"b":{"c":1,"c":2}}', b'{"a" :1,"a":2}', b'{"a"\t:1,"b":2}', b'{"a":NaN}', b'{"a":-Infinity}',
    b'{"a":1e999}', b'{"a":-1e999}', b'{"a":' + b"9" * 400 + b"}", b'{"a":"\\ud800"}', b'{"\\udc00":1}', b'{"a":"\\ud83d\\ude00"}',
    b"\xef\xbb\xbf{}", b"\xef\xbb\xbf", b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}', b"\x00", b"\x00\x00{}", b'{"a":"\x00"}',
    b'{"a":"\x1f"}', b'{"a":"\x7f"}', b'{"a":01}', b'{"a":1.}', b'{"a":.5}', b'{"a":+1}', b'{"a":1,}', b"{'a':1}", b"{a:1}",
    b'{"a":tru}', b'{"a":"\\x"}', b'{"a":1}//', b"/**/{}", b'{"a":' + b"[" * 300 + b"]" * 300 + b"}", b"[" * 400 + b"]" * 400,
    b"Traceback (most recent call last):", b'  File "a.py", line 3, in b', b"\xc2\xa0{}", b"{}\x0b", b"{}\xe2\x80\xa8",
    b'{"a\\\\":1,"a\\\\":2}', b'{"a\\\\":1,"a\\\\":2,"b":":"}', b'{"":1,"":2}', b'{"a":{"b":[{"c":1,"c":1}]}}',
)  # fmt: skip
_PIECES = (
    b'"', b"\\", b"{", b"}", b"[", b"]", b":", b",", b" ", b"\t", b"\r", b"0", b"-", b".", b"e9", b"\x00", b"\xff", b"\xc3",
    b"\xef\xbb\xbf", b"null", b"true", b"NaN", b'":', b'" :', b'\\":', b"\\u", b"\\ud800", b'"level":"INFO",', b'"a":1,', b"}{",
)  # fmt: skip


def line(random: Random) -> bytes:
    """A line: a record, a record with something wrong, or no record at all."""
    kind = random.randrange(10)
    if kind < 2:
        return random.choice(_WHOLE)
    text = _record(random)
    if kind < 6:
        return text
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(text) + 1)
        until = at if random.randrange(2) else min(len(text), at + random.randint(1, 4))
        text = text[:at] + (random.choice(_PIECES) if random.randrange(4) else b"") + text[until:]
    return text.replace(b"\n", b" ")


def _record(random: Random) -> bytes:
    record: dict[str, Any] = {
        "timestamp": f"2026-11-24T10:{random.randrange(60):02}:00.{random.randrange(1000):03}Z",
        "level": random.choice(["INFO", "INFO", "ERROR", "info", None]),
        "message": random.choice(["sold", 'a "quoted": word', "{[,]}", "ü 😀", "\\", "x" * 41, ':"', '":']),
    }
    more: dict[str, Any] = {
        "duration_ms": random.choice([0, 0.5, -1, "3", 1e300, 3.0]),
        "count": random.choice([1, 1.0, 1.5, True, 2**63, 10**30]),
        "frames": random.choice([[], [{"line": 1}], [{"line": "1"}], [{}], {}, [[1]], [{"line": 1, "x": {"y": []}}]]),
        "event": random.choice(["sold", "bought", 3]),
        "price": random.choice([1, "1"]),
        "": random.choice([None, {"": ""}]),
    }  # fmt: skip
    for name in random.sample(sorted(more), random.randrange(4)):
        record[name] = more[name]
    if not random.randrange(8):
        record.pop(random.choice(sorted(record)))
    separators = random.choice([(",", ":"), (", ", ": "), (" , ", " : "), (",", "\t:")])
    text = json.dumps(record, separators=separators, ensure_ascii=bool(random.randrange(2))).encode()
    return text + random.choice([b"", b"", b"\r", b" "])
