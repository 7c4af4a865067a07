"""What a probe starts for its checks: pytest, in a process that ends when the probe does, however that ends."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

PATIENCE = 10.0
"""Seconds that checks are given to repair what they broke, once the probe that wanted them is gone."""


def _outlive_nobody(pipe: int, tag: str) -> None:
    """Wait until the other end of the pipe, which only the probe has, is closed, and end all that the checks started."""
    while os.read(pipe, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    from deployspec.base.ending import end_tagged

    end_tagged(tag)
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> int:
    """Run pytest with this process' arguments; returns its exit status."""
    from deployspec.base.ending import TAG

    pipe = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    threading.Thread(target=_outlive_nobody, args=(pipe, os.environ.get(TAG, "")), daemon=True).start()
    from deployspec.cli.check import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
