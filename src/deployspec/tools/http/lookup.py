"""Name lookup with a time limit, which ``getaddrinfo`` itself does not have."""

from __future__ import annotations

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


def look_up(host: str, port: int, budget: Budget) -> list[tuple[int, tuple[Any, ...]]]:
    """The socket addresses of a host, as pairs of address family and address, each once, in the resolver's order."""
    if is_address(host):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return [(family, (host, port))]
    ended = threading.Event()
    came: list[list[tuple[Any, ...]] | OSError | UnicodeError] = []

    def ask() -> None:
        try:
            came.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            came.append(error)
        finally:
            ended.set()

    try:
        # A daemon: a lookup that hangs is abandoned, and never keeps the process alive.
        threading.Thread(target=ask, name=f"lookup-{host}", daemon=True).start()
    except RuntimeError:
        raise CallFailed(FailureKind.PROBER, "the prober can start no thread for the name lookup") from None
    if not ended.wait(budget.remaining()):
        raise budget.expired()
    if not came:
        raise RuntimeError(f"the lookup of {host} ended without a result")
    (found,) = came
    if not isinstance(found, list):
        raise _failure(host, found)
    addresses = list(dict.fromkeys((entry[0], entry[4]) for entry in found))
    if not addresses:
        raise CallFailed(FailureKind.LOOKUP, f"the name {host} has no address")
    return addresses[:MAX_ADDRESSES]


def _failure(host: str, error: OSError | UnicodeError) -> CallFailed:
    if isinstance(error, UnicodeError):
        return CallFailed(FailureKind.LOOKUP, f"{host} is no valid host name")
    if isinstance(error, socket.gaierror) and error.errno in _NO_SUCH_NAME:
        return CallFailed(FailureKind.LOOKUP, f"unknown host {host} ({error.strerror})")
    text = error.strerror or type(error).__name__
    return CallFailed(FailureKind.PROBER, f"no resolver answered for {host} ({text})")
