"""Which files are one log, and which of them is older: read off their names, as rotation makes them."""

from __future__ import annotations

import re
from typing import NamedTuple

_DATE = r"(?:19|20)\d\d-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])(?:[-_.T]?\d{2}){0,3}(?:-\d{9,10})?"
_COMPRESSED = re.compile(r"\.(?:gz|zst|bz2|xz|lz4|Z|zip)\Z")
_NUMBERED = re.compile(r"(?P<name>.+)\.(?P<number>\d{1,7})\Z")
_EPOCH = re.compile(r"(?P<name>.+)[.-](?P<date>\d{9,13})\Z")
# app.log-20260101, app.log.2026-01-01_10, app.log.2026-01-01.2
_DATED = re.compile(rf"(?P<name>.+)[-._](?P<date>{_DATE})(?:\.(?P<index>\d{{1,4}}))?\Z")
# app-2026-01-01.log, app.20260101.2.log
_DATED_INSIDE = re.compile(
    rf"(?P<name>.+)[-._](?P<date>{_DATE})(?:\.(?P<index>\d{{1,4}}))?(?P<tail>\.[A-Za-z]+)\Z"
)


class Age(NamedTuple):
    """Sorts the files of a stream, oldest first: those with a date, those with a number, the one with neither."""

    kind: int
    date: str = ""
    number: int = 0

    @property
    def rotated(self) -> bool:
        """Whether rotation has given the file its name: nothing new is written to it."""
        return self.kind < 2


def compressed(path: str) -> bool:
    """Whether the name says that the file is compressed."""
    return _COMPRESSED.search(path) is not None


def without_compression(path: str) -> str:
    """The name less what compression appended."""
    return _COMPRESSED.sub("", path)


def stream_and_age(path: str) -> tuple[str, Age]:
    """The log that a file belongs to, and its age among that log's files.

    ``app.log`` of ``app.log``, ``app.log.2.gz``, ``app.log-20260101``, ``app.log.2026-01-01`` and
    ``app-2026-01-01.log``. Numbers grow with age, as logrotate and Python's handlers count; dates fall, and the number
    after a date counts on from it, as Logback's do.
    """
    path = without_compression(path)
    name = path.rpartition("/")[2]
    folder = path.removesuffix(name)
    for pattern in (_DATED_INSIDE, _DATED, _EPOCH):
        if match := pattern.match(name):
            parts = match.groupdict()
            digits = re.sub(r"\D", "", parts["date"])
            stream = parts["name"] + (parts.get("tail") or "")
            return folder + stream, Age(0, digits, int(parts.get("index") or 0))
    if match := _NUMBERED.match(name):
        return folder + match["name"], Age(1, "", -int(match["number"]))
    return folder + name, Age(2)
