"""A file for node_exporter's textfile collector: the newest run, for the next scrape."""

from __future__ import annotations

import contextlib
import os
from typing import Any
from urllib.parse import quote

from deployspec.base.durable import sync_folder
from deployspec.deployment.push import Push
from deployspec.sinks.exposition import exposition
from deployspec.sinks.sending import NotSent, Report

_FOR_ALL = 0o644
"""node_exporter is another user, whatever our umask is."""


class Textfile:
    """Replaces the file as a whole. Each sample has the labels ``deployment`` and ``location``."""

    def __init__(self, push: Push) -> None:
        self._folder = push.folder / push.data["dir"]

    def send(self, report: Report, memory: Any) -> Any:
        """Write the file of this deployment and location."""
        labels = {"deployment": report.deployment, "location": report.location}
        text = exposition(report.families, labels)
        name = f"deployspec-{quote(report.deployment, safe='')}-{quote(report.location, safe='')}.prom"
        # node_exporter reads whatever ends in .prom.
        draft = self._folder / f"{name}.{os.getpid()}.draft"
        try:
            with os.fdopen(
                os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _FOR_ALL), "wb"
            ) as file:
                file.write(text)
                os.fchmod(file.fileno(), _FOR_ALL)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._folder / name)
            sync_folder(self._folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise NotSent(
                f"{self._folder}: {error.strerror}; expected a folder that can be written", final=True
            ) from None
        return memory
