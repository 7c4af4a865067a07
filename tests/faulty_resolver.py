"""A pytest plugin for the fault matrix: name lookups that go wrong as ``FAULTY_RESOLVER`` says.

A resolver is the one part of the wire that cannot be replaced by a server on a free loopback port.
"""

from __future__ import annotations

import os
import socket
import threading
from typing import Any


def _lookup(*_: Any, **__: Any) -> Any:
    how = os.environ["FAULTY_RESOLVER"]
    if how == "stalled":
        threading.Event().wait()
    if how == "unreachable":
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


socket.getaddrinfo = _lookup
