"""Serves the API on a socket inherited from the supervisor, with the faults around and inside it."""

import argparse
import socket
from functools import partial
from pathlib import Path

import uvicorn

from reference.deal_scout.main import create_app
from reference.faults import queries
from reference.faults.log_records import LogFaults
from reference.faults.metrics.middleware import MetricsFaults
from reference.faults.middleware import HealthFaults
from reference.faults.traffic.connections import ResettableConnection
from reference.faults.traffic.middleware import MeasuredTraffic


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m reference.server", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the deployment's folder")
    parser.add_argument("--fd", type=int, required=True, help="a listening socket's file descriptor")
    arguments = parser.parse_args()
    queries.install(arguments.folder)
    app = create_app(partial(MeasuredTraffic, folder=arguments.folder))
    LogFaults(arguments.folder).install()
    config = uvicorn.Config(
        MetricsFaults(HealthFaults(app, arguments.folder), arguments.folder),
        http=ResettableConnection,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    # The socket was bound by the supervisor, so nobody can have taken the port in between.
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=arguments.fd)])


if __name__ == "__main__":
    main()
