"""What is scraped, and what is known of it."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from proven.servers import Running, Server, ask

MEANWHILE = 0.25
"""Seconds from one round of requests to the next."""


@dataclass(frozen=True)
class Exposer:
    """A server whose metrics are scraped."""

    server: Server
    path: str = "/metrics"
    """With a query, if it needs one; ``{port}`` is the server's own port."""
    breaches: Mapping[str, str] = field(default_factory=dict)
    """By check, a piece of the reason: what it truly breaks, as docs/proven-on.md says; a check that cannot be measured because of it, too."""
    mixins: tuple[str, ...] = ()
    """Of monitoring-mixins/website: the names of those whose dashboards and rules are for it."""
    published: tuple[str, ...] = ()
    """Patterns of other published dashboards of it, below the folder of checkouts."""
    job: str = "service"
    """As its dashboards want it to be called."""
    honors_labels: bool = False
    """Whether its documentation says that it is scraped with `honor_labels`."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What is chosen in its dashboards, where Prometheus does not tell it; ``{port}`` is that of its page."""
    meanwhile: Callable[[Running], None] = field(default_factory=lambda: asking())
    """What is done again and again, so that there is something to count."""

    @property
    def dashboards(self) -> tuple[str, ...]:
        """Patterns of all its published dashboards, below the folder of checkouts."""
        return tuple(f"website/assets/{name}/dashboards/*.json" for name in self.mixins) + self.published

    @property
    def rules(self) -> tuple[str, ...]:
        """Patterns of the rules that come with them, below the same folder."""
        return tuple(f"website/assets/{name}/*.yaml" for name in self.mixins)


def asking(*paths: str) -> Callable[[Running], None]:
    """What asks for each of these once, or for `Running.paths`, where none is said."""

    def once(server: Running) -> None:
        for path in paths or server.paths:
            with suppress(OSError, http.client.HTTPException):
                ask(server, path)

    return once


@contextmanager
def busy(exposer: Exposer, server: Running) -> Iterator[None]:
    """The server has something to do."""
    over = Event()

    def go_on() -> None:
        while not over.wait(MEANWHILE):
            exposer.meanwhile(server)

    thread = Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(60)


APPS = Path(__file__).parent / "apps"
