"""Answers of a server that are HTTP or are not, and why not."""

from __future__ import annotations

import pytest

_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_BREAK, _AFTER = "a line of its head does not end in CR LF", "there are bytes after its end"
_CODING, _SPACE = (
    "Transfer-Encoding is something other than chunked, or repeated",
    "with a space before its colon",
)
ANSWERS = [
    # the bytes, and why they are not HTTP; empty where they are
    pytest.param(_OK + b"Content-Length: 2\r\n\r\n{}", "", id="sound"),
    pytest.param(b"HTTP/1.1 200\r\nContent-Length:2 \r\nX: \xe9\r\n\r\n{}", "", id="sound-by-the-letter"),
    pytest.param(b"HTTP/1.0 200 OK\r\n\r\n{}", "", id="until-closed"),
    pytest.param(_CHUNKED + b"2;a=b\r\n{}\r\n0\r\nX: y\r\n\r\n", "", id="chunked"),
    pytest.param(b"HTTP/1.1 103 E\r\n\r\n" + _OK + b"Content-Length: 2\r\n\r\n{}", "", id="interim"),
    pytest.param(b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", _BREAK, id="lf-only"),
    pytest.param(_OK + b"X: a\nContent-Length: 2\r\n\r\n{}", _BREAK, id="one-lf"),
    pytest.param(_OK + b"X: a\rb\r\nContent-Length: 2\r\n\r\n{}", _BREAK, id="lone-cr"),
    pytest.param(_OK + b"Content-Length: 2\r\n" * 2 + b"\r\n{}", "Content-Length is repeated", id="repeated"),
    pytest.param(_OK + b"Content-Length: 2, 2\r\n\r\n{}", "Content-Length is not a plain number", id="list"),
    pytest.param(_OK + b"Content-Length: +2\r\n\r\n{}", "Content-Length is not a plain number", id="plus"),
    pytest.param(_OK + b"Content-Length: 2\r\n\r\n{}xyz", _AFTER, id="trailing"),
    pytest.param(_OK + b"Content-Length: 2\r\n\r\n{}\r\n", _AFTER, id="trailing-break"),
    pytest.param((_OK + b"Content-Length: 2\r\n\r\n{}") * 2, _AFTER, id="two-answers"),
    pytest.param(_CHUNKED + b"2\r\n{}\r\n0\r\n\r\nx", _AFTER, id="trailing-chunks"),
    pytest.param(_OK + b"X-A : b\r\nContent-Length: 2\r\n\r\n{}", _SPACE, id="space-before-colon"),
    pytest.param(
        _OK + b"X: b\r\n c\r\nContent-Length: 2\r\n\r\n{}", "goes on with the one before", id="folded"
    ),
    pytest.param(_OK + b"X: \x01\r\nContent-Length: 2\r\n\r\n{}", "with a control character", id="control"),
    pytest.param(_OK + b"X\r\nContent-Length: 2\r\n\r\n{}", "illegal header line", id="no-colon"),
    pytest.param(
        _OK + b"Content-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "both Content-Length and Transfer-Encoding",
        id="length-and-chunks",
    ),
    pytest.param(_OK + b"Transfer-Encoding: gzip\r\n\r\n{}", _CODING, id="other-coding"),
    pytest.param(
        _OK + b"Transfer-Encoding: chunked\t\r\n\r\n2\r\n{}\r\n0\r\n\r\n", _CODING, id="coding-and-tab"
    ),
    pytest.param(
        _CHUNKED + b"2\r\n{}\r\n0\r\nContent-Length: 2\r\n\r\n", "after its chunks", id="trailing-length"
    ),
    pytest.param(_CHUNKED + b"2 \r\n{}\r\n0\r\n\r\n", "illegal chunk header", id="chunk-and-space"),
    pytest.param(_CHUNKED + b"2\n{}\n0\n\n", "between its chunks does not end in CR LF", id="chunk-lf"),
    pytest.param(
        _CHUNKED + b"2\r\n{}xx0\r\n\r\n", "a chunk does not end where it should", id="chunk-too-long"
    ),
    pytest.param(b"HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\n{}", "illegal status line", id="version"),
]
