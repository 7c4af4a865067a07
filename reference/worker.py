"""Runs the Celery worker, and tells the supervisor when it takes tasks."""

import argparse
import os
from pathlib import Path
from typing import Any

from celery import signals

from reference.deal_scout.tasks import celery_app
from reference.faults.log_records import LogFaults


def main() -> None:
    """Work until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m reference.worker", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the deployment's folder")
    parser.add_argument(
        "--ready-file",
        type=Path,
        required=True,
        help="its process id is written there when the worker takes tasks",
    )
    arguments = parser.parse_args()

    def ready(**_: Any) -> None:
        LogFaults(arguments.folder).install()
        arguments.ready_file.write_text(str(os.getpid()))

    signals.worker_ready.connect(ready, weak=False)
    celery_app.worker_main(
        [
            "--quiet",
            "worker",
            # Snaps wait for others most of the time, so threads do; and one process is easily ended.
            "--pool=threads",
            "--concurrency=2",
            "--without-gossip",
            "--without-mingle",
        ]
    )


if __name__ == "__main__":
    main()
