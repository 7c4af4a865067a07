"""The raw server itself: what the tests of the transport stand on."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

from tests.raw_server import FAULTS, serve


def test_faults_have_sentences() -> None:
    """Every fault has a name in lower case and a sentence that says what it does."""
    for name, fault in FAULTS.items():
        assert name == name.lower()
        assert fault.text.endswith(".")
        assert "\n" not in fault.text


def test_healthy_by_another_client() -> None:
    """Without a fault it is a correct HTTP server, as another client sees it."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with serve() as server, opener.open(server.url, timeout=10) as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert response.read().startswith(b'{"ok": true, "db": true, "redis": true, "queue_depth": 0')


def test_good_certificate_by_another_client() -> None:
    """The good certificate is valid by the CA file that comes with it, and for its names only."""
    with serve("tls-ok") as server:
        context = ssl.create_default_context(cafile=server.ca_file)
        for name in ("127.0.0.1", "localhost", "deal-scout.test"):
            with socket.create_connection(("127.0.0.1", server.port)) as sock:
                context.wrap_socket(sock, server_hostname=name).close()


@pytest.mark.parametrize(
    "fault", ["endless-body", "drip-headers", "accepts-never-answers", "black-hole", "stalled-tls"]
)
def test_closes_quickly_and_leaves_no_thread(fault: str) -> None:
    """A server that is busy with a client ends at once when it is closed."""
    with serve(fault) as server, socket.socket() as client:
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", server.port))
        time.sleep(0.1)
        client.send(b"GET / HTTP/1.1\r\n\r\n") if fault != "black-hole" else None
        began = time.monotonic()
    assert time.monotonic() - began < 4
    deadline = time.monotonic() + 5
    while any(str(server.port) in thread.name for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_counts_connections() -> None:
    """Connections are counted, and how many were open at once."""
    with serve("accepts-never-answers") as server:
        clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
        deadline = time.monotonic() + 5
        while server.connections < 3:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for client in clients:
            client.close()
        assert server.peak == 3


def test_process_lives_until_its_input_ends() -> None:
    """``python -m tests.raw_server`` prints its URL, serves, and ends with its standard input."""
    command = [sys.executable, "-m", "tests.raw_server", "gzip-ok"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        port = int(url.removeprefix("http://127.0.0.1:"))
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        process.stdin.close()
        assert process.wait(10) == 0


def test_process_lists_the_faults() -> None:
    """``--list`` names every fault with its sentence."""
    command = [sys.executable, "-m", "tests.raw_server", "--list"]
    listed = subprocess.run(
        command, capture_output=True, text=True, timeout=30, check=True
    ).stdout.splitlines()
    assert [line.split()[0] for line in listed] == list(FAULTS)


def test_process_refuses_an_unknown_fault() -> None:
    """A fault that does not exist is a usage error."""
    command = [sys.executable, "-m", "tests.raw_server", "no-such-fault"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert "no fault named 'no-such-fault'" in ended.stderr
