"""The traffic of a load run, made by Locust: one user a process, which sends that process' share of the plan.

deployspec starts it and writes the plan (``deployspec.chapters.slo.load.plan``); alone it does nothing. What is counted
goes through Locust's own messages to its master, or stays in the process where there is but one, and from there as
lines of JSON to deployspec, once a second.

To send something else, describe it in the deployment file (``load.requests``). What cannot be described there can be
written in a file that ``load.locustfile`` names: a subclass of ``Sender`` with a ``send`` of its own, set on the user::

    from deployspec.load.locustfile import *
    from deployspec.load.sending import Sender

    class Signing(Sender):
        def send(self, route, target): ...

    Arrivals.sender = Signing
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import orjson
from gevent.monkey import get_original
from geventhttpclient.client import HTTPClientPool
from locust import FastHttpUser, events, task
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import WorkerRunner

from deployspec.chapters.slo.load.plan import Plan
from deployspec.load.dispatching import LONGEST_LATENESS, Dispatcher
from deployspec.load.sending import Sender

PLAN = Path(os.environ["DEPLOYSPEC_LOAD_PLAN"])
"""The plan's file. Beside it a file called ``stop`` may appear, which ends the run early."""
REPORT = int(os.environ["DEPLOYSPEC_LOAD_REPORT"])
"""The file descriptor that takes the lines of JSON."""
_HELLO, _GO, _COUNTED = "deployspec-hello", "deployspec-go", "deployspec-counted"
_FAILED = "deployspec-failed"
_HEAD_START = 300_000_000
"""Nanoseconds between the moment at which all processes are ready, and the run's origin."""

plan = Plan.from_document(orjson.loads(PLAN.read_bytes()))
# It holds credentials, and every process there will be has read it: they come of this one.
PLAN.unlink()
_starter = os.getpid()
"""Who reads this file: of several processes, the parent of all others."""


class Arrivals(FastHttpUser):
    """Sends every request of one process' share when it is due."""

    host = plan.base_url
    insecure = False
    sender: type[Sender] = Sender
    """What sends a request and says what came of it."""

    def __init__(self, environment: Environment) -> None:
        with _telling(environment):
            self.client_pool = HTTPClientPool(
                # One that is turned away never asks for a connection, so that none waits for one.
                concurrency=plan.max_in_flight + 16,
                # The dispatcher ends what takes too long; it allows for its own lateness, which a socket cannot.
                connection_timeout=plan.timeout + LONGEST_LATENESS,
                network_timeout=plan.timeout + LONGEST_LATENESS,
                insecure=False,
                ssl_context_factory=_trusting,
                **_proxy(),
            )
            super().__init__(environment)
        self._origin = gevent.event.AsyncResult()
        self._stopped = False

    @task
    def send(self) -> None:
        """Send the whole share, then stop."""
        if _waiting:
            # Locust hands over the user of a process that it has lost: a second share here would be nobody's plan.
            os._exit(3)
        runner = self.environment.runner
        share = runner.worker_index
        with _telling(self.environment):
            sender = self.sender(plan, self.client_pool.get_client(plan.base_url))
            dispatcher = Dispatcher(plan, sender, share, plan.processes)
        _waiting.append(self._origin)
        self._say(_HELLO, {"share": share, "pid": os.getpid()})
        origin = self._origin.get(timeout=30)
        gc.collect()
        gc.freeze()
        reporter = gevent.spawn(self._report, dispatcher, share, origin)
        done = False
        try:
            dispatcher.run(origin, lambda: self._stopped)
            done = True
        finally:
            reporter.kill()
            # Whoever was ended from outside has not told of its last request: the run is not whole.
            self._count(dispatcher, share, origin, last=done)
        if _is_orphan():
            _abandon()
        raise StopUser

    def _report(self, dispatcher: Dispatcher, share: int, origin: int) -> None:
        """Tell what was counted once a second; look more often whether to stop."""
        reported = origin
        while True:
            gevent.sleep(0.1)
            self._stopped = _is_orphan() or PLAN.with_name("stop").exists()
            if time.monotonic_ns() - reported >= 1_000_000_000:
                reported += 1_000_000_000
                self._count(dispatcher, share, origin, last=False)

    def _count(self, dispatcher: Dispatcher, share: int, origin: int, *, last: bool) -> None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        counted = {
            "share": share,
            "elapsed": (time.monotonic_ns() - origin) / 1e9,
            "last": last,
            "offered": dispatcher.offered,
            "in_flight": dispatcher.in_flight,
            "cpu": used.ru_utime + used.ru_stime,
            "peak": _peak(),
            "tally": dispatcher.taken().document(),
        }
        self._say(_COUNTED, counted)

    def _say(self, kind: str, data: dict[str, Any]) -> None:
        self.environment.runner.send_message(kind, data)


@contextlib.contextmanager
def _telling(environment: Environment) -> Iterator[None]:
    """Tell of what goes wrong before the first request: Locust would log it, and everybody else would wait."""
    try:
        yield
    except Exception as error:
        environment.runner.send_message(_FAILED, f"{type(error).__name__}: {error}")
        raise


def _peak() -> int:
    """Bytes of memory at most; getrusage would tell of whoever started us where that is larger."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _watch() -> None:
    """End with whoever started us, also while nothing is counted yet."""
    poll = get_original("select", "poll")()
    # No event is asked for: that nobody reads any more is always told.
    poll.register(REPORT, 0)
    while True:
        gevent.sleep(0.5)
        if _is_orphan() or poll.poll(0):
            _abandon()


def _is_orphan() -> bool:
    """Whether the process that started us has gone, so that nobody reads what we count."""
    return os.getpid() != _starter and os.getppid() != _starter


_waiting: list[Any] = []
"""What the users of this process wait for: the origin."""


def _trusting(cafile: str | None = None) -> Any:
    """TLS settings that verify: by the system's authorities and, where one is named, a private one."""
    context = gevent.ssl.create_default_context()
    if plan.ca is not None:
        context.load_verify_locations(cafile=plan.ca)
    elif cafile is not None:
        with contextlib.suppress(OSError):
            context.load_verify_locations(cafile=cafile)
    if plan.client_certificate is not None:
        certificate, key, password = plan.client_certificate
        context.load_cert_chain(certificate, key, lambda: password)
    return context


def _proxy() -> dict[str, Any]:
    if plan.proxy is None:
        return {}
    host, port, user, password = plan.proxy
    return {"proxy_host": host, "proxy_port": port, "proxy_user": user, "proxy_password": password}


@events.init.add_listener
def listen(environment: Environment, **_: Any) -> None:
    """Take the messages: of the users where the counting comes together, of there where the users are."""
    runner = environment.runner
    gevent.spawn(_watch)
    if isinstance(runner, WorkerRunner):
        runner.register_message(_GO, lambda msg, **_: _go(int(msg.data)))
        return
    seen: dict[str, set[int]] = {"ready": set(), "ended": set()}

    def hello(msg: Any, **_: Any) -> None:
        said = msg.data
        _tell({"kind": "hello", **said})
        seen["ready"].add(said["share"])
        if len(seen["ready"]) == plan.processes:
            origin = time.monotonic_ns() + _HEAD_START
            _tell({"kind": "origin", "monotonic": origin, "epoch": time.time() + _HEAD_START / 1e9})
            if plan.processes > 1:
                runner.send_message(_GO, str(origin))
            else:
                _go(origin)

    def counted(msg: Any, **_: Any) -> None:
        said = msg.data
        _tell({"kind": "counted", **said})
        if said["last"]:
            seen["ended"].add(said["share"])
        if len(seen["ended"]) == plan.processes:
            gevent.spawn_later(0.05, runner.quit)

    runner.register_message(_FAILED, lambda msg, **_: _tell({"kind": "failed", "why": msg.data}))
    runner.register_message(_HELLO, hello)
    runner.register_message(_COUNTED, counted)


def _go(origin: int) -> None:
    for waiting in _waiting:
        waiting.set(origin)


def _tell(line: dict[str, Any]) -> None:
    """Hand a line to deployspec; with nobody there to read it, end."""
    data = orjson.dumps(line) + b"\n"
    try:
        while data:
            data = data[os.write(REPORT, data) :]
    except OSError:
        _abandon()


def _abandon() -> None:
    """Whoever started us was killed: leave nothing, and end."""
    shutil.rmtree(PLAN.parent, ignore_errors=True)
    os._exit(3)
