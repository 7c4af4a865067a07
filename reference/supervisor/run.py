"""The supervisor's life: boot, say so, wait for the end, and leave nothing behind."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Sequence

from .control import Control
from .deployment import Deployment
from .folder import Folder, sweep
from .parts import PartError


def run(*, log_level: str, keep: bool, rules: Sequence[str] | None = None) -> int:
    """Run the reference deployment until standard input ends; give the exit status.

    `rules` are absolute patterns of the rule files to watch it by; None: it is not watched.
    """
    return asyncio.run(_run(log_level, keep, rules))


async def _run(log_level: str, keep: bool, rules: Sequence[str] | None) -> int:
    end = _end_of_input_or_signal()
    sweep()
    with Folder(keep=keep) as folder:
        os.chdir(folder.path)
        deployment = Deployment(folder, log_level, rules)
        control = Control(deployment)
        boot = asyncio.create_task(deployment.boot())
        try:
            await asyncio.wait({boot, end}, return_when=asyncio.FIRST_COMPLETED)
            if boot.done():
                boot.result()
                await control.open()
                print(folder.path / "deployment.yaml", flush=True)
                await end
        except PartError as failure:
            print(f"the reference did not start: {failure}", file=sys.stderr)
            return 1
        except BrokenPipeError:
            return 1  # nobody reads the path, so nobody will use the deployment
        finally:
            boot.cancel()
            await asyncio.gather(boot, return_exceptions=True)
            await control.close()
            await deployment.stop()
            os.chdir("/")
    return 0


def _end_of_input_or_signal() -> "asyncio.Future[None]":
    loop = asyncio.get_running_loop()
    end: asyncio.Future[None] = loop.create_future()

    def finish() -> None:
        if not end.done():
            end.set_result(None)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, finish)

    def read_to_end() -> None:
        # A thread, because standard input may be a file or a device, which an event loop cannot watch.
        with contextlib.suppress(OSError):  # closed from the start
            while os.read(0, 4096):
                pass
        with contextlib.suppress(RuntimeError):  # the loop has ended first
            loop.call_soon_threadsafe(finish)

    threading.Thread(target=read_to_end, daemon=True).start()
    return end
