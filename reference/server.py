"""Serves the API on a socket inherited from the supervisor, with the health faults around it."""

import argparse
import socket
from pathlib import Path

import uvicorn

from reference.deal_scout.main import create_app
from reference.faults.log_records import LogFaults
from reference.faults.middleware import HealthFaults


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m reference.server", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the deployment's folder")
    parser.add_argument("--fd", type=int, required=True, help="a listening socket's file descriptor")
    arguments = parser.parse_args()
    app = HealthFaults(create_app(), arguments.folder)
    LogFaults(arguments.folder).install()
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=1, server_header=False
    )
    # The socket was bound by the supervisor, so nobody can have taken the port in between.
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=arguments.fd)])


if __name__ == "__main__":
    main()
