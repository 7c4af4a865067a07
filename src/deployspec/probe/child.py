"""What a probe starts for its checks: pytest, in a process that ends when the probe does, however that ends."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import NoReturn

PATIENCE = 10.0
"""Seconds that checks are given to repair what they broke, once the probe that wanted them is gone."""


class _Bond:
    """Ends this process, and all that it has started, once the other end of a pipe, which the probe has, is closed."""

    def __init__(self, pipe: int, tag: str) -> None:
        self._pipe = pipe
        self._tag = tag
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while os.read(self._pipe, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PATIENCE)
        self.close()
        os.kill(os.getpid(), signal.SIGKILL)

    def close(self) -> None:
        """Leave nothing behind: by now there may be no probe that would see to it."""
        from deployspec.base.ending import end_tagged

        end_tagged(self._tag)


def _end(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


def main() -> int:
    """Run pytest with this process' arguments; returns its exit status."""
    from deployspec.base.ending import TAG

    pipe = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # Before and after its tests pytest does not take it, and without this nothing more would be done here.
    signal.signal(signal.SIGTERM, _end)
    bond = _Bond(pipe, os.environ.get(TAG, ""))
    from deployspec.cli.check import run

    try:
        return run(sys.argv[1:])
    finally:
        bond.close()


if __name__ == "__main__":
    sys.exit(main())
