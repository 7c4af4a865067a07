"""Whether the bytes of an HTTP/1 answer have the form that every client reads alike: one rule for whoever asks."""

from __future__ import annotations

import re
from collections.abc import Callable

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_TEXT = rb"[\t\x20-\x7e\x80-\xff]*+"
_FIELDS = rb"(?:" + _TOKEN + rb":" + _TEXT + rb"\r\n)*+"
_STATUS_LINE = rb"HTTP/1\.[01] [1-9][0-9]{2}(?: " + _TEXT + rb")?+"
_HEAD = re.compile(_STATUS_LINE + rb"\r\n" + _FIELDS + rb"\r\n")
_BAD_BREAK = re.compile(rb"[^\r]\n|\r[^\n]")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([^\r]*?)[ \t]*(?=\r)", re.IGNORECASE)
# Of a tab behind it, clients differ in whether it belongs to the coding's name.
_CODING = re.compile(rb"\r\ntransfer-encoding:[ \t]*([^\r]*?) *(?=\r)", re.IGNORECASE)
_FRAMING = re.compile(rb"(?:content-length|transfer-encoding):", re.IGNORECASE)
_NUMBER = re.compile(rb"[0-9]{1,18}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;" + _TOKEN + rb"(?:=" + _TOKEN + rb")?)*+")
_CHUNK_START = re.compile(_CHUNK.pattern + rb"\r\n")
_AFTER = "there are bytes after its end"


class Form:
    """Looks at an answer as it comes, and keeps no more of it than its head, or one line.

    What a parser refuses beyond this (a head that is too long, an end that comes too soon) is left to it.
    """

    def __init__(self, method: str = "GET") -> None:
        self._method = method
        self._next: Callable[[], bool] = self._head
        self._held = bytearray()
        self._left = 0
        self._why = ""
        self.line = b""
        """The line that is wrong, where it is one. It may hold a secret."""

    @property
    def has_head(self) -> bool:
        """Whether the head of the answer itself has come, and was sound."""
        return self._next != self._head

    def take(self, data: bytes) -> str:
        """Why what has come so far is not sound HTTP, in a few words without any of it; empty where it may be."""
        if not self._why and self._next != self._until_closed:
            self._held += data
            while self._held and not self._why and self._next():
                pass
        return self._why

    def _refuse(self, why: str, line: bytes = b"") -> bool:
        self._why, self.line = why, line
        return False

    # Each step takes its part away and says whether another may follow; it leaves what is not whole yet.

    def _head(self) -> bool:
        held = self._held
        # Where the last look ended; a break may lie across it.
        begin = max(0, self._left - 3)
        end = held.find(b"\r\n\r\n", begin)
        # A lone line feed is told at once: whoever sends such may never send another end of the head.
        if _BAD_BREAK.search(held, begin, len(held) if end < 0 else end + 4):
            return self._refuse("a line of its head does not end in CR LF")
        if end < 0:
            self._left = len(held)
            return False
        head = bytes(held[: end + 4])
        del held[: end + 4]
        self._left = 0
        if not _HEAD.fullmatch(head):
            return self._refuse(*_unsound(head))
        status = int(head[9:12])
        lengths, codings = _LENGTH.findall(head), _CODING.findall(head)
        if why := _unclear(lengths, codings):
            return self._refuse(why)
        if status == 101:
            return self._body_is(self._until_closed)
        if status < 200:
            return True
        if self._method == "HEAD" or status in (204, 304):
            return self._body_is(self._end)
        if codings:
            return self._body_is(self._chunk_line)
        if lengths:
            self._left = int(lengths[0])
            return self._body_is(self._counted)
        return self._body_is(self._until_closed)

    def _body_is(self, step: Callable[[], bool]) -> bool:
        self._next = step
        return True

    def _until_closed(self) -> bool:
        self._held.clear()
        return False

    def _counted(self, then: Callable[[], bool] | None = None) -> bool:
        taken = min(self._left, len(self._held))
        del self._held[:taken]
        self._left -= taken
        return self._left == 0 and self._body_is(then or self._end)

    def _end(self) -> bool:
        return self._refuse(_AFTER)

    def _line(self) -> bytes | None:
        """The next line of what frames a body; None where it is not whole, or wrong."""
        if _BAD_BREAK.search(self._held, 0, end := self._held.find(b"\n") + 1) or self._held[:1] == b"\n":
            self._refuse("a line between its chunks does not end in CR LF")
            return None
        if not end:
            return None
        line = bytes(self._held[: end - 2])
        del self._held[:end]
        return line

    def _chunk_line(self) -> bool:
        self._skip_whole_chunks()
        line = self._line()
        if line is None:
            return False
        size = _CHUNK.fullmatch(line)
        if size is None:
            return self._refuse("illegal chunk header", line)
        self._left = int(size[1], 16)
        return self._body_is(self._chunk if self._left else self._trailer)

    def _skip_whole_chunks(self) -> None:
        """Step over those that are whole and sound, all at once: a server may send a million of one byte each."""
        held, place = self._held, 0
        while found := _CHUNK_START.match(held, place):
            size, begin = int(found[1], 16), found.end()
            if not size or held[begin + size : begin + size + 2] != b"\r\n":
                break
            place = begin + size + 2
        del held[:place]

    def _chunk(self) -> bool:
        return self._counted(self._chunk_end)

    def _chunk_end(self) -> bool:
        if not b"\r\n".startswith(self._held[:2]):
            return self._refuse("a chunk does not end where it should")
        if len(self._held) < 2:
            return False
        del self._held[:2]
        return self._body_is(self._chunk_line)

    def _trailer(self) -> bool:
        line = self._line()
        if line is None:
            return False
        if not line:
            return self._body_is(self._end)
        if not re.fullmatch(_FIELDS, line + b"\r\n"):
            return self._refuse(_unsound_field(line), line)
        if _FRAMING.match(line):
            return self._refuse("a length or a coding after its chunks")
        return True


def _unsound(head: bytes) -> tuple[str, bytes]:
    """What is wrong with a head, and the line that is."""
    first, *fields = head[:-4].split(b"\r\n")
    if not re.fullmatch(_STATUS_LINE, first):
        return "illegal status line", first
    line = next(field for field in fields if not re.fullmatch(_TOKEN + rb":" + _TEXT, field))
    return _unsound_field(line), line


def _unsound_field(field: bytes) -> str:
    """What is wrong with a line of headers."""
    name, colon, _ = field.partition(b":")
    if field[:1] in (b" ", b"\t"):
        return "illegal header line, which goes on with the one before"
    if colon and re.fullmatch(_TOKEN + rb"[ \t]+", name):
        return "illegal header line, with a space before its colon"
    if colon and re.fullmatch(_TOKEN, name):
        return "illegal header line, with a control character"
    return "illegal header line"


def _unclear(lengths: list[bytes], codings: list[bytes]) -> str:
    """Why it cannot be told, by every client alike, where the body ends."""
    if len(set(lengths)) > 1:
        return "conflicting Content-Length headers"
    if len(lengths) > 1:
        return "Content-Length is repeated"
    if lengths and not _NUMBER.fullmatch(lengths[0]):
        return "Content-Length is not a plain number"
    if codings and [coding.lower() for coding in codings] != [b"chunked"]:
        return "Transfer-Encoding is something other than chunked, or repeated"
    if codings and lengths:
        return "both Content-Length and Transfer-Encoding"
    return ""
