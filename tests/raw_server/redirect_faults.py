"""Faults that are redirects. The request for /health is answered with one; what it leads to differs."""

from __future__ import annotations

from .server import Connection


def redirect(connection: Connection, location: str, status: str = "302 Found") -> None:
    """Answer with a redirect that has no body."""
    connection.answer(b"", status=status, headers=[("Location", location)])


def redirect_ok(connection: Connection) -> None:
    """No fault of transport: one relative redirect on the same origin, to an answer."""
    if connection.read_head().target == "/health":
        redirect(connection, "status?full=1", "307 Temporary Redirect")
    else:
        connection.answer()


def redirect_loop(connection: Connection) -> None:
    """Two paths that lead to one another."""
    target = connection.read_head().target
    redirect(connection, "/again" if target == "/health" else "/health")


def redirect_to_itself(connection: Connection) -> None:
    """A path that leads to itself."""
    connection.read_head()
    redirect(connection, "/health")


def _chain(connection: Connection, length: int) -> None:
    target = connection.read_head().target
    step = 0 if target == "/health" else int(target.rpartition("/")[2])
    if step < length:
        redirect(connection, f"/step/{step + 1}")
    else:
        connection.answer()


def redirect_chain_5(connection: Connection) -> None:
    """Five redirects, then an answer."""
    _chain(connection, 5)


def redirect_chain_6(connection: Connection) -> None:
    """Six redirects, then an answer."""
    _chain(connection, 6)


def redirect_other_host(connection: Connection) -> None:
    """A redirect to another port, whose server (``server.other``) records the request and is healthy."""
    connection.read_head()
    assert connection.server.other is not None
    redirect(connection, connection.server.other.url)


def redirect_other_host_and_back(connection: Connection) -> None:
    """A redirect to another port, which redirects back to this one, to an answer."""
    if connection.read_head().target != "/health":
        connection.answer()
        return
    assert connection.server.other is not None
    redirect(connection, f"{connection.server.other.base_url}/back?to={connection.server.port}")


def back_to_first(connection: Connection) -> None:
    """The other server of ``redirect-other-host-and-back``: leads to the port in the query."""
    port = connection.read_head().target.rpartition("=")[2]
    redirect(connection, f"http://127.0.0.1:{port}/home")


def redirect_with_credentials(connection: Connection) -> None:
    """A redirect whose Location carries a name and a password."""
    if connection.read_head().target == "/health":
        redirect(connection, f"http://user:hunter2@127.0.0.1:{connection.server.port}/status")
    else:
        connection.answer()


def redirect_nowhere(connection: Connection) -> None:
    """A redirect without Location."""
    connection.read_head()
    connection.answer(b"", status="302 Found")


def redirect_to_file_scheme(connection: Connection) -> None:
    """A redirect to a file of the prober's machine."""
    connection.read_head()
    redirect(connection, "file:///etc/passwd")


def redirect_to_bad_url(connection: Connection) -> None:
    """A redirect to a URL whose port is not a number."""
    connection.read_head()
    redirect(connection, "http://127.0.0.1:port/health")


def redirect_to_closed_port(connection: Connection) -> None:
    """A redirect to a port that nobody listens on."""
    connection.read_head()
    assert connection.server.other is not None
    redirect(connection, connection.server.other.url)


def slow_redirects(connection: Connection) -> None:
    """Each redirect takes 0.3 s: five of them share one time limit."""
    connection.pause(0.3)
    _chain(connection, 5)
