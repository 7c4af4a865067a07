"""Name lookup with a time limit, which ``getaddrinfo`` itself does not have."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

from deployspec.model.http import FailureKind
from deployspec.tools.http.budget import Budget, CallFailed
from deployspec.tools.http.urls import is_address

Resolve = Callable[..., list[tuple[Any, ...]]]
"""``socket.getaddrinfo``, or what stands in for it."""
MAX_ADDRESSES = 8
"""How many of a name's addresses are tried: with more, none would have a fair share of the time."""

_NO_SUCH_NAME = {
    getattr(socket, name)
    for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY")
    if hasattr(socket, name)  # not every system has them all
}


def look_up(host: str, port: int, budget: Budget, resolve: Resolve) -> list[tuple[int, tuple[Any, ...]]]:
    """The socket addresses of a host, as pairs of address family and address, each once, in the resolver's order."""
    if is_address(host):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return [(family, (host, port))]
    lookup = _Lookup(host, port, resolve)
    try:
        lookup.start()
    except RuntimeError:
        raise CallFailed(FailureKind.PROBER, "the prober can start no thread for the name lookup") from None
    if not lookup.ended.wait(budget.remaining()):
        raise budget.expired()
    return lookup.addresses()


class _Lookup(threading.Thread):
    """A lookup that can be abandoned: a daemon, so that even one that hangs for ever never keeps the process alive."""

    def __init__(self, host: str, port: int, resolve: Resolve) -> None:
        super().__init__(name=f"lookup-{host}", daemon=True)
        self.ended = threading.Event()
        self._question = (host, port)
        self._resolve = resolve
        self._found: list[tuple[Any, ...]] | None = None
        self._error: OSError | UnicodeError | None = None

    def run(self) -> None:
        host, port = self._question
        try:
            self._found = self._resolve(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            self._error = error
        finally:
            self.ended.set()

    def addresses(self) -> list[tuple[int, tuple[Any, ...]]]:
        host, _ = self._question
        if self._error is not None:
            raise _failure(host, self._error)
        if self._found is None:
            raise RuntimeError(f"the lookup of {host} ended without a result")
        found = list(dict.fromkeys((entry[0], entry[4]) for entry in self._found))
        if not found:
            raise CallFailed(FailureKind.LOOKUP, f"the name {host} has no address")
        return found[:MAX_ADDRESSES]


def _failure(host: str, error: OSError | UnicodeError) -> CallFailed:
    if isinstance(error, UnicodeError):
        return CallFailed(FailureKind.LOOKUP, f"{host} is no valid host name")
    if isinstance(error, socket.gaierror) and error.errno in _NO_SUCH_NAME:
        return CallFailed(FailureKind.LOOKUP, f"unknown host {host} ({error.strerror})")
    text = error.strerror or type(error).__name__
    return CallFailed(FailureKind.PROBER, f"no resolver answered for {host} ({text})")
