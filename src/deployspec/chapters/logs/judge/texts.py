"""What stands in the lines of a log: the text of each record, less what others have put around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from deployspec.chapters.logs.form import WRAPPED_AT, Form

PREFIX_LIMIT = 1024
"""How far a prefix, or what shows that a line goes on with a record, can reach into a line, in bytes: a bound for slow
patterns."""
NO_DOCKER = "is not a line of Docker's json-file log: expected an object with log, stream and time"
NO_CRI = "is not a line of a CRI log: expected its time, stdout or stderr, P or F, and a text"
CRI = re.compile(rb"(\S{1,64}) (stdout|stderr) ([FP])(?::\S{1,64})?(?: |$)")
"""Before the text of a line: its time, its stream, and whether it is a part (P) or whole, or the last of its parts (F)."""
_DOCKER_TEXT = b'{"log":"'

Said = Mapping[str, Any]


@dataclass(slots=True)
class Texts:
    """The texts of a block's lines. Lists of one length, but for those that are empty where nothing is told."""

    data: bytes
    """Bytes that hold all of them."""
    lines: Sequence[bytes]
    """What is judged of each line: its record."""
    begins: Sequence[int] = ()
    """Where in the line, in characters, that begins."""
    said: Sequence[Said] = ()
    """What stands beside it: the named groups of a prefix, the time that a container runtime has put there."""
    goes_on: frozenset[int] = frozenset()
    """The numbers of the lines, from 0, that belong to a record before them."""
    faults: Mapping[int, str] = field(default_factory=dict)
    """By number, what is wrong with lines that have nothing in them."""


class Unwrapping:
    """Takes records out of their lines. Raises ValueError for a regular expression that cannot be used."""

    def __init__(self, form: Form, *, timed: bool = True) -> None:
        """``timed``: whether a record gets the time that a container runtime has put around it."""
        self._form, self._timed = form, timed
        self._prefix = _compiled("prefix", form.prefix)
        self._continuation = _compiled("continuation", form.continuation)

    def texts(self, data: bytes, lines: Sequence[bytes]) -> Texts:
        """The texts of a block's lines, each of which is whole."""
        if self._form.is_plain:
            return Texts(data, lines)
        texts = Texts(data, list(lines), [0] * len(lines), [{}] * len(lines))
        faults: dict[int, str] = {}
        if self._form.wrapper is not None:
            _unwrap(_WRAPPERS[self._form.wrapper], texts, faults)
            if not self._timed:
                texts.said = [{}] * len(lines)
            if self._form.wrapper == "docker":
                # Its JSON escapes that of the records: what they say stands in no piece of it.
                texts.data = b"\n".join((*texts.lines, b""))
        if self._prefix is not None:
            _strip(self._prefix, texts)
        if self._continuation is not None:
            match = self._continuation.match
            texts.goes_on = frozenset(
                number
                for number, line in enumerate(texts.lines)
                if number not in faults and match(line, 0, PREFIX_LIMIT)
            )
        texts.faults = faults
        return texts


def _compiled(key: str, pattern: str | None) -> re.Pattern[bytes] | None:
    if pattern is None:
        return None
    try:
        return re.compile(pattern.encode())
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"{key}: not a regular expression: {error}") from None


Unwrapped = tuple[bytes, int, Said] | str


def _unwrap(one: Callable[[bytes], Unwrapped], texts: Texts, faults: dict[int, str]) -> None:
    lines, begins, said = list(texts.lines), list(texts.begins), list(texts.said)
    for number, line in enumerate(lines):
        found = one(line)
        if isinstance(found, str):
            faults[number] = found
            continue
        lines[number], begins[number], said[number] = found
    texts.lines, texts.begins, texts.said = lines, begins, said


def _strip(prefix: re.Pattern[bytes], texts: Texts) -> None:
    lines, begins, said = list(texts.lines), list(texts.begins), list(texts.said)
    for number, line in enumerate(lines):
        if found := prefix.match(line, 0, PREFIX_LIMIT):
            lines[number] = line[found.end() :]
            begins[number] += len(found[0].decode("utf-8", "replace"))
            if prefix.groupindex:
                groups = {name: _decoded(value) for name, value in found.groupdict().items() if value}
                said[number] = {**said[number], **groups}
    texts.lines, texts.begins, texts.said = lines, begins, said


def _decoded(value: bytes) -> str:
    return value.decode("utf-8", "replace").strip()


def _of_docker(line: bytes) -> Unwrapped:
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return NO_DOCKER
    if not isinstance(entry, dict) or not isinstance(entry.get("log"), str):
        return NO_DOCKER
    text = entry["log"].removesuffix("\n").removesuffix("\r")
    begin = len(_DOCKER_TEXT) if line.startswith(_DOCKER_TEXT) else 0
    # A text of several lines is one record that is no JSON: as such it is judged, its line breaks shown.
    return text.replace("\n", "\v").encode(), begin, {WRAPPED_AT["docker"]: entry.get("time")}


def _of_cri(line: bytes) -> Unwrapped:
    found = CRI.match(line)
    if not found:
        return NO_CRI
    return line[found.end() :], found.end(), {WRAPPED_AT["cri"]: _decoded(found[1])}


_WRAPPERS: dict[str, Callable[[bytes], Unwrapped]] = {"docker": _of_docker, "cri": _of_cri}
