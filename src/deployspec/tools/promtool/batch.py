"""Several test files judged by one promtool process, and its output divided among them with certainty.

Between the files of a batch stands a file of our own, the separator: a test file without tests, whose ``rule_files``
name a path that does not exist. Every promtool answers it with a warning that repeats the path, and passes it. The
path is random, so nothing that a user's file makes promtool print can look like it; and as the separator passes, the
exit status keeps its meaning. (Newer promtools do not say which file they are at, so their own output divides
nothing.)
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass

from deployspec.tools.promtool.workspace import Workspace

KEPT = 1024 * 1024
"""How much of a file's output is kept, in bytes: its beginning."""
_END = 4096
"""And how much of its end, where something had to be left out."""


class Separator:
    """A file that promtool passes, printing what no other file makes it print."""

    def __init__(self, workspace: Workspace) -> None:
        nowhere = f"/{secrets.token_hex(16)}"
        self.path = workspace.write("separator.yml", f'{{"rule_files": ["{nowhere}"]}}')
        self.printed = f"  WARNING: no file match pattern {nowhere}\n  SUCCESS\n\n".encode()
        self.announced = f"Unit Testing:  {self.path}\n".encode()
        """What promtool prints first, where it says which file it is at."""


@dataclass(frozen=True, slots=True)
class Part:
    """What promtool printed about one file."""

    output: str
    """At most about 2 MiB, and where more was printed a line that says how much was left out."""
    passed: bool | None
    """None: neither a pass nor a failure as promtool prints them."""
    seconds: float


class Output:
    """The output of one promtool process, divided at the separators, of which only so much is kept as is needed."""

    def __init__(self, separator: Separator | None) -> None:
        self._separator = separator
        self._began = time.monotonic()
        self._kept = bytearray()
        self._left_out = 0
        self.parts: list[Part] = []
        """Those that a separator ended."""

    def take(self, piece: bytes) -> bool:
        """The next piece of output. Whether a part ended in it."""
        before = len(self.parts)
        self._kept += piece
        if self._separator is not None:
            mark = self._separator.printed
            searched = max(0, len(self._kept) - len(piece) - len(mark))
            while (at := self._kept.find(mark, searched)) >= 0:
                part = bytes(self._kept[:at]).removesuffix(self._separator.announced)
                self.parts.append(self._part(part))
                del self._kept[: at + len(mark)]
                searched = 0
        if len(self._kept) > 2 * KEPT:
            # Its end stays too: a separator may have begun there.
            self._left_out += len(self._kept) - KEPT - _END
            del self._kept[KEPT:-_END]
        return len(self.parts) > before

    def rest(self) -> Part:
        """What came after the last separator."""
        return self._part(bytes(self._kept))

    def _part(self, printed: bytes) -> Part:
        now = time.monotonic()
        if self._left_out:
            printed = b"%b\n[%d bytes left out]\n%b" % (printed[:KEPT], self._left_out, printed[KEPT:])
        text = printed.decode("utf-8", "replace")
        part = Part(text, outcome(text), now - self._began)
        self._began, self._left_out = now, 0
        return part


_PASSED = re.compile(r"(?:Unit Testing:  [^\n]*\n)?(?:  WARNING: [^\n]*\n)*  SUCCESS\n\n")
_FAILED = re.compile(r"^  FAILED:$", re.MULTILINE)


def outcome(printed: str) -> bool | None:
    """Whether promtool passed a file, told from all that it printed about it; None where that cannot be told."""
    if _PASSED.fullmatch(printed):
        return True
    return False if _FAILED.search(printed) else None
