"""Files are read whole, once, oldest first; what cannot be read is told, and the others are read."""

from __future__ import annotations

import gzip
import os
import resource
import socket
from pathlib import Path

import pytest
import zstandard

from deployspec.chapters.logs.judge.model import MAX_LINE, Trouble
from deployspec.chapters.logs.measure.sources import files as files_module
from deployspec.chapters.logs.measure.sources.files import FilesSource
from tests.chapters.logs.measure.reading import read, records


def source(folder: Path, pattern: str = "*") -> FilesSource:
    """What a pattern in a folder matches."""
    return FilesSource([str(folder / pattern)])


def reasons(troubles: list[Trouble]) -> list[tuple[str, int, str]]:
    """Name of the file, line and reason of each."""
    return [(Path(one.file).name, one.line, one.reason) for one in troubles]


def test_rotated_files_in_order(tmp_path: Path) -> None:
    """A stream is read from its oldest file on, whatever compressed it, with each file's own line numbers."""
    (tmp_path / "app.log.10.zst").write_bytes(zstandard.compress(records(1, 2)))
    (tmp_path / "app.log.2.gz").write_bytes(gzip.compress(records(3)))
    (tmp_path / "app.log.1").write_bytes(records(4, 5))
    (tmp_path / "app.log").write_bytes(records(6))
    found = read(source(tmp_path))
    assert found.data == records(1, 2, 3, 4, 5, 6)
    assert [(name, number) for name, number, _ in found.lines] == [
        ("app.log.10.zst", 1),
        ("app.log.10.zst", 2),
        ("app.log.2.gz", 1),
        ("app.log.1", 1),
        ("app.log.1", 2),
        ("app.log", 1),
    ]
    assert found.streams == [str(tmp_path / "app.log")]
    assert found.troubles == []


def test_streams_one_after_another(tmp_path: Path) -> None:
    """Two logs under one pattern are two streams."""
    for name in ("celery.log", "app.log", "celery.log.1"):
        (tmp_path / name).write_bytes(records(1))
    assert read(source(tmp_path)).streams == [str(tmp_path / "app.log"), str(tmp_path / "celery.log")]


def test_each_file_once(tmp_path: Path) -> None:
    """Overlapping patterns, a second name and a symbolic link bring nothing twice."""
    log = tmp_path / "app-2026-01-01.log"
    log.write_bytes(records(1))
    (tmp_path / "app.log").symlink_to(log)
    os.link(log, tmp_path / "app.log.1")
    found = read(FilesSource([str(tmp_path / "*.log"), str(tmp_path / "app*"), str(log)]))
    assert (found.data, found.troubles) == (records(1), [])


def test_bytes_as_they_are(tmp_path: Path) -> None:
    """Byte-order mark, CRLF, NUL, invalid UTF-8 and empty lines are handed on for the judge to see."""
    data = b'\xef\xbb\xbf{"a":1}\r\n\n\0\0\n\xff\xfe\n\x1b[31m\n \n'
    (tmp_path / "app.log").write_bytes(data)
    found = read(source(tmp_path))
    assert found.data == data
    assert found.lines[-1][1] == 6


def test_empty_file(tmp_path: Path) -> None:
    """An empty file has no lines, and is no trouble: that nothing was measured is for the judge to say."""
    (tmp_path / "app.log").touch()
    assert read(source(tmp_path)) == read(FilesSource([]))


def test_no_match(tmp_path: Path) -> None:
    """A pattern that matches nothing is told; the other patterns are read."""
    (tmp_path / "app.log").write_bytes(records(1))
    missing = [str(tmp_path / "no*.log"), str(tmp_path / "none"), str(tmp_path / "no\0" / "*")]
    found = read(FilesSource([*missing, str(tmp_path / "app.log")]))
    assert found.data == records(1)
    assert [(one.line, one.reason) for one in found.troubles] == [
        (0, "matches no file; expected a log file there")
    ] * 3
    assert found.troubles[2].file.endswith("no\\x00/*")


def test_name_with_brackets(tmp_path: Path) -> None:
    """A name that is there is a name, though it looks like a pattern."""
    (tmp_path / "app[1].log").write_bytes(records(1))
    assert read(source(tmp_path, "app[1].log")).data == records(1)


def test_what_is_no_file(tmp_path: Path) -> None:
    """A FIFO, a directory, a socket, a loop of links and a link to nothing are told at once; the files are read."""
    (tmp_path / "app.log").write_bytes(records(1))
    (tmp_path / "directory.log").mkdir()
    os.mkfifo(tmp_path / "fifo.log")
    (tmp_path / "loop.log").symlink_to(tmp_path / "loop.log")
    (tmp_path / "nothing.log").symlink_to(tmp_path / "gone")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "socket.log"))
        found = read(source(tmp_path))
    assert found.data == records(1)
    assert reasons(found.troubles) == [
        ("directory.log", 0, "is a directory; expected a file"),
        ("fifo.log", 0, "is a FIFO; expected a file"),
        ("loop.log", 0, "cannot be read: Too many levels of symbolic links"),
        ("nothing.log", 0, "cannot be read: a symbolic link to nothing"),
        ("socket.log", 0, "is a socket; expected a file"),
    ]


def test_device() -> None:
    """A device is not even opened: /dev/zero has no end."""
    assert reasons(read(FilesSource(["/dev/zero"])).troubles) == [("zero", 0, "is a device; expected a file")]


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be read is told; the others are read."""
    (tmp_path / "app.log").write_bytes(records(1))
    (tmp_path / "secret.log").write_bytes(records(2))
    really_open = os.open

    def refused(path: str, flags: int) -> int:
        if path.endswith("secret.log"):
            raise PermissionError(13, "Permission denied")
        return really_open(path, flags)

    monkeypatch.setattr(os, "open", refused)
    found = read(source(tmp_path))
    assert found.data == records(1)
    assert reasons(found.troubles) == [("secret.log", 0, "cannot be read: Permission denied")]


def test_failing_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails while it is read is told with the line from which on nothing is known."""
    data = b"".join(b'{"message":"%06d"}\n' % number for number in range(40_000))
    (tmp_path / "app.log").write_bytes(data)
    (tmp_path / "other.log").write_bytes(records(1))
    really_read = os.pread

    def failing(fd: int, length: int, at: int) -> bytes:
        if at >= files_module.BLOCK:
            raise OSError(5, "Input/output error")
        return really_read(fd, length, at)

    monkeypatch.setattr(os, "pread", failing)
    found = read(source(tmp_path))
    first = files_module.BLOCK // len(b'{"message":"000000"}\n')
    assert len(found.lines) == first + 1
    assert reasons(found.troubles) == [("app.log", first + 1, "cannot be read: Input/output error")]


# name, content, what is read of it, the line and the reason of the trouble
DAMAGED = [
    (
        "cut.gz",
        gzip.compress(records(*range(50_000)))[:-9000],
        None,
        None,
        "ends within its compressed data (gzip)",
    ),
    ("checksum.gz", gzip.compress(records(1, 2))[:-8] + bytes(8), records(1, 2), 3, "incorrect data check"),
    (
        "garbage.gz",
        gzip.compress(records(1)) + b"garbage",
        records(1),
        2,
        "something after its compressed data",
    ),
    ("header.gz", b"\x1f\x8b\x08", b"", 1, "ends within its compressed data (gzip)"),
    ("method.gz", b"\x1f\x8b\x07" + bytes(20), b"", 1, "unknown compression method"),
    ("nothing.gz", b"", b"", 0, "is empty; expected compressed data"),
    (
        "cut.zst",
        zstandard.compress(records(*range(50_000)))[:-500],
        None,
        None,
        "ends within its compressed data (zstd)",
    ),
    (
        "bad.zst",
        zstandard.compress(b"") + b"\x28\xb5\x2f\xfd" + b"\xff" * 20,
        b"",
        1,
        "is damaged: zstd says",
    ),
    ("app.bz2", b"BZh91AY&SY", b"", 1, "is compressed with bzip2, which is not read"),
    ("app.xz", b"\xfd7zXZ\x00\x00\x04", b"", 1, "is compressed with xz, which is not read"),
    ("app.zip", b"PK\x03\x04\x14\x00\x00\x00", b"", 1, "is compressed with zip, which is not read"),
]


@pytest.mark.parametrize(
    ("name", "content", "kept", "line", "reason"), DAMAGED, ids=[row[0] for row in DAMAGED]
)
def test_damaged(
    tmp_path: Path, name: str, content: bytes, kept: bytes | None, line: int | None, reason: str
) -> None:
    """Of what is damaged, all that comes before is read, no part of a line; then it is told. The others are read."""
    (tmp_path / name).write_bytes(content)
    (tmp_path / "other.log").write_bytes(records(7))
    found = read(source(tmp_path))
    assert found.lines[-1] == ("other.log", 1, records(7))
    (trouble,) = found.troubles
    assert reason in trouble.reason
    data = b"".join(text for file, _, text in found.lines if file == name)
    if kept is None:
        assert records(*range(50_000)).startswith(data)
        assert data.endswith(b"\n")
        assert trouble.line == data.count(b"\n") + 1
    else:
        assert (data, trouble.line) == (kept, line)


def test_members_and_frames(tmp_path: Path) -> None:
    """Compressed files that were put together, padded or given skippable frames are read whole."""
    pieces = [records(*range(at, at + 100)) for at in range(0, 1000, 100)]
    packed = b"".join(gzip.compress(piece) for piece in pieces)
    (tmp_path / "a.log.gz").write_bytes(packed + bytes(700))
    frames = b"".join(zstandard.compress(piece) for piece in pieces)
    (tmp_path / "b.log.zst").write_bytes(b"\x50\x2a\x4d\x18\x04\x00\x00\x00skip" + frames)
    found = read(source(tmp_path))
    assert (found.data, found.troubles) == (b"".join(pieces) * 2, [])


@pytest.mark.parametrize("size", [1 << 19, (1 << 19) + 1, 3 << 19, 5_000_000])
def test_whole_of_what_was_compressed(tmp_path: Path, size: int) -> None:
    """Whatever the sizes, nothing stays inside the decompressor."""
    data = (records(*range(size // 14 + 1)))[: size - 1] + b"\n"
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(data, 1))
    (tmp_path / "b.log.zst").write_bytes(zstandard.compress(data))
    (tmp_path / "c.log.gz").write_bytes(gzip.compress(b"x" * (size - 1) + b"\n"))
    found = read(source(tmp_path))
    long = sum(one.length + 1 for one in found.long)
    assert len(found.data) + long == 3 * size
    assert found.data[: 2 * size] == data * 2
    assert found.troubles == []


def test_name_does_not_make_it_compressed(tmp_path: Path) -> None:
    """The first bytes say what a file is: text named .gz is text, gzip named .log is gzip."""
    (tmp_path / "a.log.gz").write_bytes(records(1))
    (tmp_path / "b.log").write_bytes(gzip.compress(records(2)))
    assert read(source(tmp_path)).data == records(1, 2)


def test_bombs_in_little_memory(tmp_path: Path) -> None:
    """A gigabyte from a megabyte, and 256 MiB from a few KiB of zstd, are lines that are too long, in bounded memory."""
    zeros = gzip.compress(bytes(1 << 24), 1)
    (tmp_path / "a.log.gz").write_bytes(zeros * 16)
    (tmp_path / "b.log.zst").write_bytes(zstandard.compress(bytes(1 << 28)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = read(source(tmp_path))
    assert [one.length for one in found.long] == [1 << 28, 1 << 28]
    assert found.long[0].beginning == bytes(4096)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_sparse_file(tmp_path: Path) -> None:
    """The holes of a file of 8 TiB are passed over, not read; what lies between them is judged."""
    log = tmp_path / "app.log"
    with log.open("wb") as file:
        file.write(records(1))
        file.seek(1 << 42)
        file.write(b"\n" + records(2))
        file.truncate(1 << 43)
    found = read(source(tmp_path))
    assert found.lines[0] == ("app.log", 1, records(1))
    assert found.data.endswith(records(2))
    assert sum(one.length for one in found.long) + len(found.data) <= 1 << 43
    assert [one.length > MAX_LINE for one in found.long] == [True, True]


def test_one_line_of_100_megabytes(tmp_path: Path) -> None:
    """It is counted, never held."""
    with (tmp_path / "app.log").open("wb") as file:
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b"\n" + records(1))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = read(source(tmp_path))
    assert [(one.line, one.length) for one in found.long] == [(1, 100_000_000)]
    assert found.lines == [("app.log", 2, records(1))]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_progress_by_bytes_on_disk(tmp_path: Path) -> None:
    """Bytes done reach the total, compressed files by what they are on the disk."""
    (tmp_path / "app.log.1.gz").write_bytes(gzip.compress(records(*range(100))))
    (tmp_path / "app.log").write_bytes(records(*range(100)))
    files = source(tmp_path)
    read(files)
    assert files.done == files.total == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_file_name_that_a_terminal_would_obey(tmp_path: Path) -> None:
    """Control characters and bytes that are no text are shown, not sent."""
    os.close(os.open(os.fsencode(tmp_path) + b"/a\x1b[2J\xff.log", os.O_CREAT | os.O_WRONLY))
    (tmp_path / "b.log").mkdir()
    log = next(path for path in tmp_path.iterdir() if path.name != "b.log")
    log.write_bytes(records(1))
    (name, _, _) = read(source(tmp_path)).lines[0]
    assert name == "a\\x1b[2J\\udcff.log"
