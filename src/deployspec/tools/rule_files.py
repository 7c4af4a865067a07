"""Finding rule files and their unit tests, and reading them: with bounds, and without ever waiting for a writer."""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deployspec.base.bounded import KINDS, read_bounded
from deployspec.base.problems import Place, Problem, position
from deployspec.languages.rule_files.model import RuleFileEntry, TestFile

LARGEST = 8 * 1024 * 1024
"""In bytes."""
MOST_ENTRIES = 200_000
"""Of folders, that one pattern may look at: ``/**/*.yml`` is a mistake."""
_WILD = re.compile(r"[*?\[]")
_GO_RANGE = r"(\\.|[^\\\]-])(?:-(\\.|[^\\\]-]))?"
_GO = rf"[*?]|\\.|\[(?P<but>\^?)(?P<ranges>(?:{_GO_RANGE})+)\]|[^\\\[]"
"""A token of a pattern of Go's."""


@dataclass(frozen=True)
class Found:
    """What patterns match."""

    by_pattern: Mapping[str, tuple[Path, ...]]
    """For each pattern its files, sorted; the patterns in the order given."""
    problems: Mapping[str, str]
    """What is wrong with a pattern: above all, that it matches nothing. One with a problem may have files too."""

    @property
    def files(self) -> tuple[Path, ...]:
        """All files, sorted, each once, however many patterns match it."""
        once = {os.path.normpath(file): file for files in self.by_pattern.values() for file in files}
        return tuple(once[name] for name in sorted(once))

    def but(self, files: Collection[Path]) -> Found:
        """The others; a pattern that matched one of these alone has no problem for that."""
        left = {
            one: tuple(path for path in paths if path not in files) for one, paths in self.by_pattern.items()
        }
        return Found(left, self.problems)

    def without(self, patterns: Sequence[str], folder: Path) -> Found:
        """What these patterns do not match; a pattern of which that leaves nothing has a problem."""
        if not patterns:
            return self
        out = {os.path.normpath(path) for path in find_files(patterns, folder).files}
        found = self.but([path for path in self.files if os.path.normpath(path) in out])
        emptied = {
            one: "each file that it matches is excluded"
            for one in found.by_pattern
            if not found.by_pattern[one]
        }
        return Found(found.by_pattern, {**emptied, **found.problems})


@dataclass(frozen=True)
class Entry:
    """An entry of ``rule_files``, and the files that promtool loads for it."""

    entry: RuleFileEntry
    files: tuple[Path, ...]
    """Sorted. Empty: promtool warns, and passes the tests."""
    problem: str
    """Why there are none; empty where there are some."""


class _Unfinished(Exception):  # noqa: N818  (control flow: it becomes a pattern's problem)
    """A pattern that cannot be followed to its end."""


def is_pattern(text: str) -> bool:
    """Whether this may match several files, and is not the name of one."""
    return _WILD.search(text) is not None


def find_files(patterns: Sequence[str], folder: Path) -> Found:
    """The files that each pattern matches, relative ones below ``folder``. Never raises.

    ``*``, ``?`` and ``[…]`` match within a name, ``**`` any number of folders; none of them matches a name that
    begins with a dot, and ``**`` follows no symbolic link to a folder. A pattern without them names a file: it is
    found whatever it is, so that reading says what is wrong with it.
    """
    by_pattern: dict[str, tuple[Path, ...]] = {}
    problems: dict[str, str] = {}
    for pattern in patterns:
        walk = _Walk()
        files: set[str] = set()
        try:
            # Cleaned by hand where it is safe: a `..` after a link is not where it seems.
            names = [part for part in pattern.split("/") if part not in ("", ".")]
            if names[-1:] == ["**"]:
                names.append("*")
            parts = [_part(name, is_last=number == len(names)) for number, name in enumerate(names, 1)]
            start = "/" if pattern.startswith("/") else os.fspath(folder)
            if parts and "\0" not in pattern:
                files.update(walk.matches(start, parts))
        except _Unfinished as error:
            problems[pattern] = str(error)
        by_pattern[pattern] = tuple(Path(file) for file in sorted(files))
        if not files:
            problems.setdefault(pattern, "it matches no file")
        if walk.unreadable:
            problems.setdefault(pattern, f"the folder {walk.unreadable[0]} cannot be read")
    return Found(by_pattern, problems)


def rule_files_of(test_file: TestFile, folder: Path | None = None) -> tuple[Entry, ...]:
    """For each entry of ``rule_files`` the files that promtool loads. Never raises.

    ``folder`` is the test file's; by default that of its path. Patterns are those of Go's ``filepath.Glob``: ``**`` is
    no more than ``*``, which matches names that begin with a dot too.
    """
    start = Path(test_file.path).parent if folder is None else folder
    return tuple(_entry(entry, start) for entry in test_file.rule_files)


def read_text(path: Path, limit: int = LARGEST, name: str | None = None) -> str | Problem:
    """A file's text, without a byte order mark, or why there is none. Never raises.

    ``limit`` is in bytes; ``name`` is what a problem calls the file, by default its path. It takes a bounded amount
    of memory whatever ``path`` is, and does not wait for a named pipe's writer.
    """
    name = os.fspath(path) if name is None else name
    expected = f"a text file of at most {limit} bytes"
    try:
        raw, status = read_bounded(path, limit + 1)
    except FileNotFoundError:
        return Problem(Place(name), "no such file", "a file")
    except PermissionError:
        return Problem(Place(name), "a file that you have no permission to read", "a readable file")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else "no file can have this name"
        return Problem(Place(name), f"something that cannot be read ({reason})", expected)
    if not stat.S_ISREG(status.st_mode):
        return Problem(Place(name), KINDS.get(stat.S_IFMT(status.st_mode), "no regular file"), expected)
    if len(raw) > limit:
        return Problem(Place(name), f"a file of more than {limit} bytes", expected)
    try:
        return raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8").removeprefix("\ufeff")
        byte = f"a byte that is not UTF-8 (0x{raw[error.start]:02x})"
        return Problem(Place(name, *position(before, len(before))), byte, "a text in UTF-8")


_Fits = Callable[["os.DirEntry[str]"], object]
_Part = str | _Fits
"""A part of a pattern: a name, ``**``, or whether an entry of a folder fits."""


class _Walk:
    """Follows one pattern, part by part."""

    def __init__(self) -> None:
        self.entries = 0
        self.unreadable: list[str] = []

    def matches(self, folder: str, parts: Sequence[_Part]) -> Iterator[str]:
        part, *rest = parts
        if part == "**":
            yield from self.below(folder, rest)
            return
        if isinstance(part, str):
            path = f"{folder.rstrip('/')}/{part}"
            found = [path] if rest or os.path.lexists(path) else []
        else:
            found = [entry.path for entry in self.listed(folder) if part(entry)]
        for path in found:
            yield from self.matches(path, rest) if rest else [path]

    def below(self, folder: str, rest: Sequence[_Part]) -> Iterator[str]:
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            yield from self.matches(here, rest)
            waiting.extend(
                entry.path
                for entry in self.listed(here)
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            )

    def listed(self, folder: str) -> list[os.DirEntry[str]]:
        entries = []
        try:
            with os.scandir(folder) as listing:
                for entry in listing:
                    self.entries += 1
                    if self.entries > MOST_ENTRIES:
                        raise _Unfinished(f"it looks at more than {MOST_ENTRIES} files and folders")
                    entries.append(entry)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError:
            self.unreadable.append(folder)
        return entries


def _part(name: str, *, is_last: bool) -> _Part:
    if name == "**" or not _WILD.search(name):
        return name
    fits = re.compile(fnmatch.translate(name)).match

    def fits_entry(entry: os.DirEntry[str]) -> bool:
        hidden = entry.name.startswith(".") and not name.startswith(".")
        return not hidden and fits(entry.name) is not None and _is_folder(entry) is not is_last

    return fits_entry


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a loop of symbolic links: reading it says so


def _entry(entry: RuleFileEntry, folder: Path) -> Entry:
    text = entry.text
    if not text or "\0" in text:
        return Entry(entry, (), "it is empty" if not text else "no file can have this name")
    # As Go does it, a relative path is cleaned before links are followed.
    pattern = text if text.startswith("/") else os.path.normpath(f"{os.fspath(folder)}/{text}")
    try:
        files = sorted(set(_glob(pattern)))
    except (_Unfinished, ValueError) as error:
        return Entry(entry, (), str(error))
    if files:
        return Entry(entry, tuple(Path(file) for file in files), "")
    return Entry(entry, (), "it matches no file" if re.search(r"[*?\[\\]", text) else "there is no such file")


def _glob(pattern: str) -> Iterator[str]:
    """Go's ``filepath.Glob``. Raises ValueError for a pattern that Go refuses."""
    plain = re.match(r"(?:[^*?\[\\/]*(?:/|\Z))*", pattern)[0]  # type: ignore[index]
    if plain == pattern:
        return iter([pattern] if os.path.lexists(pattern) else [])
    return _Walk().matches(plain or ".", [_go_part(part) for part in pattern[len(plain) :].split("/")])


def _go_part(text: str) -> _Fits:
    if not re.fullmatch(rf"(?:{_GO})*", text, re.DOTALL):
        raise ValueError(f"its pattern {text} is broken")
    fits = re.compile(re.sub(_GO, _as_python, text, flags=re.DOTALL), re.DOTALL).fullmatch
    return lambda entry: fits(entry.name)


def _as_python(token: re.Match[str]) -> str:
    """What stands for a token of a Go pattern in a regular expression."""
    match token[0][0]:
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
        case "[":
            ranges = [
                re.escape(low[-1]) + (f"-{re.escape(high[-1])}" if high else "")
                for low, high in re.findall(_GO_RANGE, token["ranges"], re.DOTALL)
                if not high or low[-1] <= high[-1]  # an empty range matches nothing
            ]
            inside = f"[{token['but']}{''.join(ranges)}]"
            return inside if ranges else "." if token["but"] else "(?!)"
    return re.escape(token[0][-1])
