"""A small raw server of transport faults: plain sockets and threads, one short function a fault.

``with serve("drip-body") as server: ...`` starts one on a free loopback port; ``python -m tests.raw_server drip-body``
does the same in a process of its own. ``FAULTS`` lists them all; ``healthy`` is the one without a fault.
"""

from .catalogue import FAULTS, Fault, serve
from .server import Connection, Head, Server, health_body

__all__ = ["FAULTS", "Connection", "Fault", "Head", "Server", "health_body", "serve"]
