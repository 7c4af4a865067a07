"""Debian's Chromium without a window, asked by its own protocol (CDP) through a pair of pipes: no port, no driver."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LIMIT = 60.0
"""Seconds for any answer; a busy machine needs some of them."""
PROGRAM = "chromium"


class BrowserError(Exception):
    """The browser did not do what it was asked."""


class Browser:
    """One that runs."""

    def __init__(self, write: int, read: int) -> None:
        self._write, self._read = write, read
        self._rest = b""
        self._last = 0
        self._events: list[dict[str, Any]] = []

    def ask(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Send a command, and give its result. Raises BrowserError."""
        self._last += 1
        said = {"id": self._last, "method": method, "params": parameters}
        data = json.dumps(said | ({"sessionId": session} if session else {})).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data) :]
        deadline = time.monotonic() + LIMIT
        while True:
            got = self._next(deadline, method)
            if got.get("id") == self._last:
                if "error" in got:
                    raise BrowserError(f"{method}: {got['error']['message']}")
                return got["result"]
            self._events.append(got)

    def wait(self, session: str, event: str) -> None:
        """Wait until a page has said so."""
        deadline = time.monotonic() + LIMIT
        while not any(one.get("method") == event for one in self.events(session)):
            self._events.append(self._next(deadline, event))

    def events(self, session: str) -> list[dict[str, Any]]:
        """All that a page has said."""
        return [one for one in self._events if one.get("sessionId") == session]

    def _next(self, deadline: float, what: str) -> dict[str, Any]:
        while b"\0" not in self._rest:
            if not select.select([self._read], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise BrowserError(f"{what}: no answer in {LIMIT:g} s")
            piece = os.read(self._read, 1 << 20)
            if not piece:
                raise BrowserError(f"{what}: the browser has ended")
            self._rest += piece
        one, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(one)
        return found


class Page:
    """A tab with a file in it."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command to this page."""
        return self._browser.ask(method, self._session, **parameters)

    def value(self, script: str) -> Any:
        """What a piece of JavaScript gives, once it is there. Raises BrowserError for what it throws."""
        got = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in got:
            raise BrowserError(str(got["exceptionDetails"]))
        return got["result"].get("value")

    def said(self) -> list[str]:
        """What it has written to the console, or has thrown."""
        told = []
        for one in self._browser.events(self._session):
            match one["method"]:
                case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded":
                    told.append(json.dumps(one["params"]))
        return told

    def requested(self) -> list[str]:
        """The addresses of all that it has asked for."""
        return [
            one["params"]["request"]["url"]
            for one in self._browser.events(self._session)
            if one["method"] == "Network.requestWillBeSent"
        ]

    def width(self) -> int:
        """Of all that is in it, in pixels."""
        return int(self.value("document.scrollingElement.scrollWidth"))

    def picture(self) -> bytes:
        """All of it as PNG."""
        shot = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def printed(self) -> bytes:
        """All of it as PDF, on the paper that it asks for."""
        return base64.b64decode(self.ask("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])  # fmt: skip


@contextlib.contextmanager
def page(browser: Browser, file: Path, width: int = 1280, scheme: str = "light") -> Iterator[Page]:
    """A file in a tab of its own, of that width, in the colours ``light`` or ``dark``."""
    target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
    session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    try:
        for domain in ("Page", "Runtime", "Log", "Network"):
            browser.ask(f"{domain}.enable", session)
        browser.ask("Emulation.setDeviceMetricsOverride", session, width=width, height=844, deviceScaleFactor=1, mobile=width < 600)  # fmt: skip
        browser.ask("Emulation.setEmulatedMedia", session, features=[{"name": "prefers-color-scheme", "value": scheme}])  # fmt: skip
        browser.ask("Page.navigate", session, url=file.as_uri())
        browser.wait(session, "Page.loadEventFired")
        yield Page(browser, session)
    finally:
        browser.ask("Target.closeTarget", targetId=target)


def _pipe() -> tuple[int, int]:
    """A pipe whose numbers are 20 or more."""
    ends = os.pipe()
    high = tuple(fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 20) for one in ends)
    for one in ends:
        os.close(one)
    return high[0], high[1]


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Start one. Raises BrowserError where it does not answer."""
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as folder:
        # It reads from 3 and writes to 4; ours are out of their way.
        to_it, ours_in = _pipe()
        ours_out, from_it = _pipe()
        command = [
            PROGRAM, "--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
            "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={folder}",
            # Chromium refuses to be root's with it.
            *(["--no-sandbox"] if os.getuid() == 0 else []),
        ]  # fmt: skip
        process = os.posix_spawn(
            shutil.which(PROGRAM) or PROGRAM,
            command,
            os.environ | {"HOME": folder},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, to_it, 3),
                (os.POSIX_SPAWN_DUP2, from_it, 4),
            ],
            # So that what it starts ends with it.
            setpgroup=0,
        )
        os.close(to_it)
        os.close(from_it)
        try:
            yield Browser(ours_in, ours_out)
        finally:
            os.close(ours_in)
            os.close(ours_out)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)
