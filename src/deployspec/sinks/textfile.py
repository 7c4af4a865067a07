"""A file for node_exporter's textfile collector: the newest run, for the next scrape."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deployspec.base.durable import write_durably
from deployspec.deployment.push import Push
from deployspec.sinks.exposition import exposition
from deployspec.sinks.sending import NotSent, Report

_FOR_ALL = 0o644
"""node_exporter is another user, whatever our umask is."""
_ENDING = ".prom"
"""node_exporter reads whatever ends so, and nothing else: a draft does not."""


class Textfile:
    """Replaces the file as a whole. Each sample has the labels ``deployment`` and ``location``."""

    def __init__(self, push: Push) -> None:
        self._push = push
        self.remark = ""

    def send(self, report: Report, memory: Any) -> Any:
        """Write the file."""
        path = self._push.folder / str(self._push.data["dir"]) / self._name(report)
        text = exposition(report.families, {"deployment": report.deployment, "location": report.location})
        try:
            write_durably(path, text, _FOR_ALL)
        except OSError as error:
            raise NotSent(
                f"{path}: {error.strerror}; expected a folder that can be written", final=True
            ) from None
        closed = _closed(path.parent.resolve())
        self.remark = (
            f"others than its owner and group cannot enter {closed}, so node_exporter has to run as one of these"
            if closed
            else ""
        )
        return memory

    def _name(self, report: Report) -> str:
        if "file" in self._push.data:
            return str(self._push.data["file"])
        # Quoting leaves no @ in either, so that two deployments or locations never have one file.
        both = (quote(name, safe="", errors="replace") for name in (report.deployment, report.location))
        return f"deployspec-{'@'.join(both)}{_ENDING}"


def unfit(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What cannot be used in an item of the deployment file."""
    name = data.get("file", _ENDING)
    if "/" in name or not name.endswith(_ENDING):
        yield (
            f"the file {name}",
            f"a name without folders that ends in {_ENDING}: node_exporter reads no other",
        )


def _closed(folder: Path) -> Path | None:
    """The first folder on the way to this one that others than its owner and group cannot enter; None without one."""
    for one in (*reversed(folder.parents), folder):
        try:
            if not one.stat().st_mode & stat.S_IXOTH:
                return one
        except OSError:
            return None
    return None
