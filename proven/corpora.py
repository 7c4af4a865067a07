"""Counts false alarms among secrets in logs that others published: `python -m proven.corpora DIR`.

Public logs were looked through before they were published: what is found in them is a false alarm, or a person's address that
somebody overlooked. So each finding is to be read. What is shown of it is masked, with its place; the line itself stands in
the file.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from deployspec.base.shown import one_line
from deployspec.chapters.logs.judge.secrets import SecretScanner, masked_window

NAMES = ("*.log", "*.log.*", "*.txt")
"""Which files are logs, unless it is said."""
_AROUND = 40
"""Characters that are shown on each side of a finding."""


class NoLogsError(Exception):
    """There is nothing to judge. ``str()`` says where, and what was expected."""


class Place(NamedTuple):
    """Something that was found."""

    kind: str
    at: str
    """``file:line:column``, the file as seen from the folder."""
    shown: str
    """What stands around it, with the finding hidden."""


class Judged(NamedTuple):
    """What was found in the logs of a folder."""

    files: int
    lines: int
    places: tuple[Place, ...]

    @property
    def per_10_000(self) -> float:
        """Findings in 10,000 lines."""
        return 10_000 * len(self.places) / self.lines

    @property
    def kinds(self) -> list[tuple[str, int]]:
        """How often each kind was found, the most frequent first."""
        return Counter(place.kind for place in self.places).most_common()


def judge(folder: Path, names: tuple[str, ...] = NAMES) -> Judged:
    """Scan every line of a folder's logs for secrets; a file that is there twice is one.

    ``names`` are patterns as ``Path.match`` knows them, ``logs/*`` among them. Raises NoLogsError if no file has such a name
    and a line of text in it.
    """
    scanner = SecretScanner()
    files = lines = 0
    places: list[Place] = []
    seen: set[bytes] = set()
    for path in _logs(folder, names):
        data = path.read_bytes()
        digest = sha256(data).digest()
        if digest in seen or b"\0" in data:
            continue
        seen.add(digest)
        files += 1
        lines += data.count(b"\n") + (data[-1:] not in (b"\n", b""))
        for match in scanner.scan(data):
            begins = data.rfind(b"\n", 0, match.start) + 1
            ends = data.find(b"\n", match.start)
            line = data[begins : ends if ends >= 0 else len(data)].decode("utf-8", "replace")
            column = len(data[begins : match.start].decode("utf-8", "replace"))
            length = len(data[match.start : match.end].decode("utf-8", "replace"))
            row = data.count(b"\n", 0, begins) + 1
            at = f"{path.relative_to(folder)}:{row}:{column + 1}"
            shown = masked_window(line, column - _AROUND, column + length + _AROUND)
            places.append(Place(match.kind, at, one_line(shown)))
    if not lines:
        raise NoLogsError(
            f"no logs: found no line in files named {', '.join(names)} below {folder}; expected a folder with logs"
        )
    return Judged(files, lines, tuple(places))


def _logs(folder: Path, names: tuple[str, ...]) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if any(path.match(name) for name in names) and path.is_file():
            yield path


def report(judged: Judged) -> str:
    """What was found, for a person: the numbers, the kinds, the places."""
    lines = [
        f"{judged.files} files, {judged.lines} lines, {len(judged.places)} findings, {judged.per_10_000:.2f} in 10,000 lines",
        *(f"{count:6} {kind}" for kind, count in judged.kinds),
        *(f"{place.at}: {place.kind}: {place.shown}" for place in judged.places),
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Print what is found. Returns 2 if there are no logs."""
    parser = argparse.ArgumentParser(prog="python -m proven.corpora", description=report.__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder with public logs")
    parser.add_argument(
        "--names", nargs="+", default=NAMES, help="which files are logs (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    try:
        judged = judge(options.folder, tuple(options.names))
    except (NoLogsError, OSError) as error:
        print(f"proven.corpora: {error}", file=sys.stderr)
        return 2
    print(report(judged))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
