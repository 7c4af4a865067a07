"""Reads remote-write requests, slowly and step by step, by what the formats' own pages say."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

import cramjam

STALE = 0x7FF0000000000002


class Sent(NamedTuple):
    """One series of a request, with its one sample."""

    labels: tuple[tuple[str, str], ...]
    bits: int
    """Of the value."""
    time: int

    @property
    def name(self) -> str:
        """Of its metric."""
        return dict(self.labels)["__name__"]

    @property
    def value(self) -> float | None:
        """None where it is a marker of staleness."""
        return None if self.bits == STALE else struct.unpack("<d", struct.pack("<Q", self.bits))[0]


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a protobuf message in their order: numbers as such, everything else as bytes."""
    at = 0

    def varint() -> int:
        nonlocal at
        number = shift = 0
        while True:
            byte = message[at]
            at += 1
            number += (byte % 128) << shift
            shift += 7
            if byte < 128:
                return number

    def taken(count: int) -> bytes:
        nonlocal at
        at += count
        assert at <= len(message)
        return message[at - count : at]

    while at < len(message):
        field, form = divmod(varint(), 8)
        if form == 0:
            yield field, varint()
        elif form == 1:
            yield field, taken(8)
        else:
            assert form == 2, form
            yield field, taken(varint())


def decoded(message: bytes) -> tuple[list[Sent], dict[str, tuple[int, str]]]:
    """The series of a WriteRequest, and by its name type and help of each metric."""
    sent, told = [], {}
    for field, content in fields(message):
        if field == 3:
            of = dict(fields(content))
            told[of[2].decode()] = (of.get(1, 0), of.get(4, b"").decode())
            continue
        assert field == 1, field
        labels, samples = [], []
        for inner, part in fields(content):
            if inner == 1:
                label = dict(fields(part))
                labels.append((label[1].decode(), label.get(2, b"").decode()))
            else:
                assert inner == 2, inner
                samples.append(dict(fields(part)))
        (sample,) = samples
        sent.append(Sent(tuple(labels), int.from_bytes(sample[1], "little"), sample[2]))
    return sent, told


def read(body: bytes) -> list[Sent]:
    """The series of a request as it was sent."""
    return decoded(bytes(cramjam.snappy.decompress_raw(body)))[0]
