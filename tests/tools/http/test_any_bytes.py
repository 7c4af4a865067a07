"""The HTTP probe against bytes that nobody thought of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployspec.model.http import Answer
from tests.raw_server import Connection, Server, serve
from tests.tools.http.asking import ask
from tests.trials import trials

LIMIT = 2000

_LINES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 200\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n",
        b"HTTP/1.1 204 No Content\r\n",
        b"HTTP/1.1 302 Found\r\n",
        b"HTTP/1.1 000 Zero\r\n",
        b"HTTP/1.1 099 Odd\r\n",
        b"HTTP/1.1 999 Odd\r\n",
        b"HTTP/2 200 OK\r\n",
        b"Content-Length: 10\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 1_0\r\n",
        b"Content-Length: \xb2\r\n",
        b"Content-Length: " + b"9" * 5000 + b"\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Content-Encoding: deflate\r\n",
        b"Content-Encoding: \xff\xfe, ,\r\n",
        b"Location: /health\r\n",
        b"Location: \xff\r\n",
        b"Location: http://[\r\n",
        b"Location: http://xn--\xe9.test:80:80/\r\n",
        b"Location: //\r\n",
        b" folded\r\n",
        b"Name\xff: value\r\n",
        b"\r\n",
        b"\n",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"ffffffffffffffffffff\r\n",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"x" * 3000,
    ]
)
RESPONSES = st.one_of(
    st.binary(max_size=300),
    st.binary(max_size=300).map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail),
    st.lists(st.one_of(_LINES, st.binary(max_size=20)), max_size=12).map(b"".join),
)


@pytest.fixture(scope="module")
def scripted() -> Iterator[tuple[Server, list[bytes]]]:
    """A server that answers every request with the bytes in a list of one."""
    script = [b""]

    def handler(connection: Connection) -> None:
        connection.read_head()
        connection.send(script[0])

    with serve(handler) as server:
        yield server, script


@settings(
    max_examples=trials(300),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(response=RESPONSES)
def test_no_response_raises(scripted: tuple[Server, list[bytes]], response: bytes) -> None:
    """Whatever a server sends before it closes, the call ends in time with an answer or a readable failure."""
    server, script = scripted
    script[0] = response
    result = ask(server, max_body=LIMIT, timeout=5)
    assert result.timings.total < 5
    if isinstance(result, Answer):
        assert len(result.body) <= LIMIT
        assert result.headers == tuple((name.lower(), value) for name, value in result.headers)
