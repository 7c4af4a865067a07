"""Faults of the connection and of the response's head: everything before the body."""

from __future__ import annotations

import itertools
import time

from .server import Connection, head_bytes, health_body

RESETS = 2
"""How many connections ``resets-then-ok`` resets before it is healthy."""


def healthy(connection: Connection) -> None:
    """No fault: Deal Scout's health at /health, 404 elsewhere."""
    if connection.read_head().target.split("?")[0] == "/health":
        connection.answer()
    else:
        connection.answer(b'{"detail": "Not Found"}', status="404 Not Found")


def answers_late(connection: Connection) -> None:
    """Healthy, but each answer takes half a second; concurrent ones don't wait for one another."""
    connection.read_head()
    connection.pause(0.5)
    connection.answer()


def answers_one_at_a_time(connection: Connection) -> None:
    """Healthy, but concurrent calls queue behind one another, 0.3 s each."""
    connection.read_head()
    with connection.server.turn:
        connection.pause(0.3)
        connection.answer()


def accepts_never_answers(connection: Connection) -> None:
    """Accepts the connection, reads the request and says nothing."""
    connection.wait_until_client_leaves()


def closes_without_answer(connection: Connection) -> None:
    """Reads the request and closes the connection in good order."""
    connection.read_head()


def reset_before_answer(connection: Connection) -> None:
    """Reads the request and resets the connection."""
    connection.read_head()
    connection.reset()


def resets_then_ok(connection: Connection) -> None:
    """Resets its first two connections, and is healthy from the third on."""
    connection.read_head()
    if connection.number <= RESETS:
        connection.reset()
    else:
        connection.answer()


def closes_in_headers(connection: Connection) -> None:
    """Closes the connection in the middle of the response's headers."""
    connection.read_head()
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Ty")


def not_http(connection: Connection) -> None:
    """An SSH server: greets at once, and waits."""
    connection.send(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n")
    connection.wait_until_client_leaves()


def http_0_9(connection: Connection) -> None:
    """Answers with a body alone, as HTTP/0.9 did: no status line, no headers."""
    connection.read_head()
    connection.send(health_body())


def broken_status_line(connection: Connection) -> None:
    """A status line whose status is a word."""
    connection.read_head()
    connection.send(b"HTTP/1.1 okay OK\r\n\r\n{}")


def status_out_of_range(connection: Connection) -> None:
    """A status of four digits."""
    connection.read_head()
    connection.send(b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n")


def header_without_colon(connection: Connection) -> None:
    """A header line that is none."""
    connection.read_head()
    connection.send(b"HTTP/1.1 200 OK\r\nthis is no header\r\nContent-Length: 0\r\n\r\n")


def two_lengths(connection: Connection) -> None:
    """Two Content-Length headers that contradict each other."""
    connection.read_head()
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}")


def drip_headers(connection: Connection) -> None:
    """The response's headers, one byte every 0.3 s."""
    connection.read_head()
    connection.drip(head_bytes("200 OK", [("Content-Length", "2")]))
    connection.send(b"{}")


def endless_headers(connection: Connection) -> None:
    """One short header line after another, without end."""
    connection.read_head()
    connection.send(b"HTTP/1.1 200 OK\r\n")
    for number in itertools.count():
        connection.send(b"".join(b"X-%d-%d: again\r\n" % (number, part) for part in range(500)))


def huge_header(connection: Connection) -> None:
    """One header of 10 MB."""
    connection.read_head()
    connection.send(b"HTTP/1.1 200 OK\r\nX-Huge: ")
    for _ in range(160):
        connection.send(b"x" * 65536)
    connection.send(b"\r\nContent-Length: 2\r\n\r\n{}")


def endless_1xx(connection: Connection) -> None:
    """``103 Early Hints`` again and again, as fast as it goes."""
    connection.read_head()
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" * 100
    while True:
        connection.send(hints)


def status_100_forever(connection: Connection) -> None:
    """``100 Continue`` every 0.1 s, and never an answer."""
    connection.read_head()
    while True:
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.pause(0.1)


def switches_protocols(connection: Connection) -> None:
    """``101 Switching Protocols``, which nobody asked for."""
    connection.read_head()
    connection.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    connection.wait_until_client_leaves()


def stalled_tls(connection: Connection) -> None:
    """An https URL whose server accepts the connection and never answers the handshake."""
    connection.wait_until_client_leaves()


def drip_tls(connection: Connection) -> None:
    """An https URL whose server begins a TLS record and sends it one byte every 0.3 s."""
    connection.drip(b"\x16\x03\x03\x40\x00" + bytes(0x4000))


def resets_tls(connection: Connection) -> None:
    """An https URL whose server resets the connection on the first byte of the handshake."""
    connection.sock.recv(1)
    time.sleep(0.02)
    connection.reset()


def closes_tls(connection: Connection) -> None:
    """An https URL whose server reads the client's greeting and closes."""
    connection.sock.recv(8192)


def no_tls(connection: Connection) -> None:
    """An https URL on a port that speaks plain HTTP."""
    connection.sock.recv(8192)
    connection.answer(b"This port speaks HTTP", status="400 Bad Request")
