"""The body of a remote-write 1.0 request: protobuf, by the field numbers of Prometheus' ``prompb``. Pure.

Not by a library: those for remote write bring gRPC's tools or an SDK, and protobuf alone is larger than all that a probe
imports. What is written here is four messages of strings and numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

from deployspec.model.metrics import Family

Labels = tuple[tuple[str, str], ...]
"""All that tells a series from others, its name as ``__name__`` included: each label once, in the order of the names."""

_NAME = "__name__"
_TYPES = {"counter": 1, "gauge": 2}
"""Of MetricMetadata; 0 is a type that is not known."""
_STALE = struct.pack("<Q", 0x7FF0000000000002)
"""The NaN that ends a series at once. As a Python float it would not survive every processor."""
_SAMPLES, _METADATA = 1, 3
"""Fields of a WriteRequest."""


def labels_of(name: str, *layers: Mapping[str, str]) -> Labels:
    """A series' labels; where two layers have the same label, the later one's. An empty value is none at all."""
    merged: dict[str, str] = {}
    for layer in layers:
        merged |= layer
    merged[_NAME] = name
    return tuple(sorted((label, value) for label, value in merged.items() if value))


def name_of(labels: Labels) -> str:
    """The metric that a series belongs to."""
    return dict(labels)[_NAME]


def series(labels: Labels, value: float | None, time: int) -> bytes:
    """One sample of a series at ``time``, in milliseconds since the epoch; None: from then on there is none."""
    told = b"".join(_message(1, _text(1, name) + _text(2, text)) for name, text in labels)
    number = _STALE if value is None else struct.pack("<d", value)
    sample = _key(1, 1) + number + _key(2, 0) + _varint(time)
    return _message(_SAMPLES, told + _message(2, sample))


def metadata(families: Iterable[Family]) -> bytes:
    """Type and help of metrics."""
    return b"".join(
        _message(
            _METADATA,
            _key(1, 0) + _varint(_TYPES.get(family.type, 0)) + _text(2, family.name) + _text(4, family.help),
        )
        for family in families
    )


def _key(field: int, form: int) -> bytes:
    return bytes((field << 3 | form,))


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode("utf-8", "replace"))


def _message(field: int, content: bytes) -> bytes:
    return _key(field, 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    """A number of 0 or more, seven bits a byte, the lowest first."""
    digits = bytearray()
    while number > 0x7F:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    digits.append(number)
    return bytes(digits)
