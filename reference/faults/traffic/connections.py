"""Connections that the application can reset, which ASGI has no word for."""

import asyncio
import socket
import struct

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_TRANSPORT = "transport"


class ResettableConnection(H11Protocol):
    """uvicorn's HTTP/1.1, with the connection's transport in the state of each of its requests."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to serve a connection."""
        super().connection_made(transport)
        # The state is shared by all connections: this one gets a copy of its own.
        self.app_state = {**self.app_state, _TRANSPORT: transport}


def reset(scope: Scope) -> None:
    """Reset the connection that a request came on: what was sent already may be lost, too."""
    transport: asyncio.Transport = scope["state"][_TRANSPORT]
    # To linger for no time makes the kernel send RST where it would have sent FIN.
    transport.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    transport.abort()
