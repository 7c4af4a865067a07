"""Name lookup with a time limit, which ``getaddrinfo`` itself does not have."""

from __future__ import annotations

import queue
import socket
import threading
from typing import Any

from deployspec.model.http import FailureKind
from deployspec.tools.http.budget import Budget, CallFailed
from deployspec.tools.http.urls import is_address

MAX_ADDRESSES = 8
"""How many of a name's addresses are tried: with more, none would have a fair share of the time."""

_NO_SUCH_NAME = {
    getattr(socket, name)
    for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY")
    if hasattr(socket, name)  # not every system has them all
}


def look_up(
    host: str, port: int, budget: Budget, most: int = MAX_ADDRESSES
) -> list[tuple[int, tuple[Any, ...]]]:
    """The socket addresses of a host, as pairs of address family and address, each once, in the resolver's order.

    At most ``most`` of them. Raises :class:`CallFailed` where there are none.
    """
    if is_address(host):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return [(family, (host, port))]
    came: queue.SimpleQueue[list[tuple[Any, ...]] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            came.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001 - whoever waits for it raises it
            came.put(error)

    try:
        # A daemon: a lookup that hangs is abandoned, and never keeps the process alive.
        threading.Thread(target=ask, name=f"lookup-{host}", daemon=True).start()
    except RuntimeError:
        raise CallFailed(FailureKind.PROBER, "the prober cannot start a thread for the name lookup") from None
    try:
        found = came.get(timeout=budget.remaining())
    except queue.Empty:
        raise budget.expired() from None
    if isinstance(found, Exception):
        raise _failure(host, found)
    addresses = list(dict.fromkeys((entry[0], entry[4]) for entry in found))
    if not addresses:
        raise CallFailed(FailureKind.LOOKUP, f"the name {host} has no address")
    return addresses[:most]


def _failure(host: str, error: Exception) -> Exception:
    if isinstance(error, UnicodeError):
        return CallFailed(FailureKind.LOOKUP, f"{host} is not a valid host name")
    if isinstance(error, socket.gaierror) and error.errno in _NO_SUCH_NAME:
        return CallFailed(FailureKind.LOOKUP, f"unknown host {host} ({error.strerror})")
    if not isinstance(error, OSError):
        return error
    text = error.strerror or type(error).__name__
    return CallFailed(FailureKind.PROBER, f"no resolver answered for {host} ({text})")
