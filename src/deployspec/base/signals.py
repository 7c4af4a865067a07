"""Takes the signals that end a run, where something has to be finished in order first."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def signals_to(handler: Callable[[int, Any], Any]) -> Iterator[None]:
    r"""Let ``handler`` take Ctrl-C, Ctrl-\, SIGTERM (a pipeline was cancelled) and SIGHUP (the terminal went away).

    One that this process was started to ignore stays ignored (nohup). Only the main thread can have signals;
    elsewhere, nothing changes. Nothing helps against SIGKILL.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP)
    before = {
        number: signal.signal(number, handler)
        for number in taken
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
