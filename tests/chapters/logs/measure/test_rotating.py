"""A file that is written to, renamed, replaced, compressed or cut short while it is read."""

from __future__ import annotations

import gzip
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deployspec.chapters.logs.judge.model import Block, LongLine, Piece, Trouble, Unfinished
from deployspec.chapters.logs.measure.cutting import BLOCK
from deployspec.chapters.logs.measure.sources import files as files_module
from deployspec.chapters.logs.measure.sources.files import FilesSource
from tests.chapters.logs.measure.reading import read, records


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of some blocks, each record with its number."""
    path = tmp_path / "app.log"
    path.write_bytes(numbered(0, 200_000))
    return path


def numbered(begin: int, end: int) -> bytes:
    """Records with their numbers."""
    return b"".join(b'{"message":"%06d"}\n' % number for number in range(begin, end))


def everything(pieces: Iterator[Piece]) -> tuple[bytes, list[Trouble]]:
    """All of the lines, and the troubles."""
    found = list(pieces)
    assert not [piece for piece in found if isinstance(piece, LongLine | Unfinished)]
    return (
        b"".join(piece.data for piece in found if isinstance(piece, Block)),
        [piece for piece in found if isinstance(piece, Trouble)],
    )


def begun(folder: Path) -> tuple[Block, Iterator[Piece]]:
    """A reading that has given its first block."""
    pieces = FilesSource([str(folder / "app.log*")]).pieces()
    first = next(pieces)
    assert isinstance(first, Block)
    return first, pieces


def test_renamed_and_created_anew(tmp_path: Path, log: Path) -> None:
    """What is renamed while it is read is read to its end, once; the new file is not what was to be read."""
    (tmp_path / "app.log.1").write_bytes(numbered(900_000, 950_000))
    first, pieces = begun(tmp_path)
    (tmp_path / "app.log.1").rename(tmp_path / "app.log.2")
    log.rename(tmp_path / "app.log.1")
    log.write_bytes(numbered(500_000, 500_001))
    rest, troubles = everything(pieces)
    assert first.data + rest == numbered(900_000, 950_000) + numbered(0, 200_000)
    assert troubles == []


def test_compressed_and_removed(tmp_path: Path, log: Path) -> None:
    """What rotation compresses and removes while it is read is read nevertheless, once."""
    (tmp_path / "app.log.1").write_bytes(numbered(900_000, 950_000))
    first, pieces = begun(tmp_path)
    (tmp_path / "app.log.2.gz").write_bytes(gzip.compress((tmp_path / "app.log.1").read_bytes()))
    (tmp_path / "app.log.1").unlink()
    log.unlink()
    rest, troubles = everything(pieces)
    assert (first.data + rest, troubles) == (numbered(900_000, 950_000) + numbered(0, 200_000), [])


def test_more_files_than_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was not held open is found under its new name; one that has gone is told."""
    monkeypatch.setattr("deployspec.chapters.logs.measure.listing.HELD", 1)
    for number in range(4):
        (tmp_path / f"app.log.{number + 1}").write_bytes(records(number))
    first, pieces = begun(tmp_path)
    assert first.data == records(3)
    (tmp_path / "app.log.4").rename(tmp_path / "app.log.5")
    (tmp_path / "app.log.3").rename(tmp_path / "app.log.4")
    (tmp_path / "app.log.2").unlink()
    (tmp_path / "app.log.1").unlink()
    rest, troubles = everything(pieces)
    assert rest == records(2, 0)
    assert [(Path(one.file).name, one.reason) for one in troubles] == [
        ("app.log.2", "was removed before its turn to be read")
    ]


def test_cut_short(tmp_path: Path, log: Path) -> None:
    """A copytruncate while it is read is told, with the line from which on nothing is known."""
    first, pieces = begun(tmp_path)
    os.truncate(log, 0)
    rest, (trouble,) = everything(pieces)
    assert rest == b""
    assert (trouble.file, trouble.line) == (str(log), first.data.count(b"\n") + 1)
    assert trouble.reason.startswith("was cut short while it was read (copytruncate?)")


def test_cut_short_and_grown_again(tmp_path: Path, log: Path) -> None:
    """It is told as well where the file is longer than before by the time it is looked at again."""
    _, pieces = begun(tmp_path)
    with log.open("r+b") as file:
        file.truncate(0)
        file.write(numbered(500_000, 900_000))
    rest, (trouble,) = everything(pieces)
    assert rest == b""
    assert "was cut short while it was read" in trouble.reason


def test_growing(tmp_path: Path, log: Path) -> None:
    """What is written after reading began is not waited for: reading ends, however fast the writer is."""
    first, pieces = begun(tmp_path)
    with log.open("ab") as file:
        file.write(numbered(200_000, 300_000))
    rest, troubles = everything(pieces)
    assert (first.data + rest, troubles) == (numbered(0, 200_000), [])


def test_size_within_a_line(tmp_path: Path, log: Path) -> None:
    """The line that was being written when reading began is read to its end, and no further."""
    with log.open("ab") as file:
        file.write(b'{"message":')
    first, pieces = begun(tmp_path)
    with log.open("ab") as file:
        file.write(b'"the rest"}\n' + records(1))
    rest, troubles = everything(pieces)
    assert (first.data + rest, troubles) == (numbered(0, 200_000) + b'{"message":"the rest"}\n', [])


def test_rotation_without_pause(tmp_path: Path) -> None:
    """Under a writer that rotates all the time, each record that was there at the start is read once."""
    (tmp_path / "app.log").write_bytes(records(-1))
    done = threading.Event()

    def rotate() -> None:
        number = 0
        while not done.is_set() and number < 20_000:
            for age in range(4, 0, -1):
                if (tmp_path / f"app.log.{age}").exists():
                    (tmp_path / f"app.log.{age}").rename(tmp_path / f"app.log.{age + 1}")
            (tmp_path / "app.log").rename(tmp_path / "app.log.1")
            (tmp_path / "app.log").write_bytes(records(number))
            number += 1
            time.sleep(0.001)

    writer = threading.Thread(target=rotate)
    writer.start()
    try:
        for _ in range(30):
            found = read(FilesSource([str(tmp_path / "app.log*")]))
            numbers = [int(line.split(b'"')[3]) for _, _, line in found.lines]
            assert numbers == sorted(set(numbers))
    finally:
        done.set()
        writer.join()


def test_half_compressed(tmp_path: Path) -> None:
    """While gzip writes app.log.1.gz, app.log.1 is still there: it alone is read."""
    whole = numbered(0, 50_000)
    packed = gzip.compress(whole)
    (tmp_path / "app.log.1").write_bytes(whole)
    for length in (0, 10, 5000, len(packed)):
        (tmp_path / "app.log.1.gz").write_bytes(packed[:length])
        found = read(FilesSource([str(tmp_path / "app.log*")]))
        assert (found.data, found.troubles) == (whole, [])


def test_left_over_compressed(tmp_path: Path) -> None:
    """A compressed file that holds something else than its namesake is read as well."""
    (tmp_path / "app.log.1").write_bytes(numbered(10, 20))
    (tmp_path / "app.log.1.gz").write_bytes(gzip.compress(numbered(0, 10)))
    found = read(FilesSource([str(tmp_path / "app.log*")]))
    assert sorted(line for _, _, line in found.lines) == numbered(0, 20).splitlines(keepends=True)


def test_unfinished_last_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last line of the newest file is not judged while it is not JSON: somebody is writing it."""
    monkeypatch.setattr(files_module, "PATIENCE", 0.0)
    (tmp_path / "app.log").write_bytes(records(1) + b'{"message":"ha')
    found = read(FilesSource([str(tmp_path / "app.log")]))
    assert found.data == records(1)
    (unfinished,) = found.unfinished
    assert (unfinished.line, unfinished.data, unfinished.file) == (
        2,
        b'{"message":"ha',
        str(tmp_path / "app.log"),
    )


@pytest.mark.parametrize(
    "last",
    [
        b'{"a":1}',
        b'{"a":NaN}',
        b"[1]",
        b"12",
        b'{"a":"\xff"}',
        b'{"a":' + b"9" * 10_000 + b"}",
        b"[" * 100_000,
    ],
)
def test_last_line_that_is_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: bytes) -> None:
    """A last line that is whole, or too deep to tell, is judged, however wrong it may be."""
    monkeypatch.setattr(files_module, "PATIENCE", 0.0)
    (tmp_path / "app.log").write_bytes(records(1) + last)
    found = read(FilesSource([str(tmp_path / "app.log")]))
    assert (found.data, found.unfinished) == (records(1) + last, [])


def test_whole_object_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object without a line break is whole at once."""
    monkeypatch.setattr(files_module, "PATIENCE", 3600.0)
    (tmp_path / "app.log").write_bytes(b'{"a":1}')
    assert read(FilesSource([str(tmp_path / "app.log")])).data == b'{"a":1}'


def test_file_that_rests_is_not_waited_for(tmp_path: Path) -> None:
    """Nobody is writing a line of a file that was last written to a day ago."""
    (tmp_path / "app.log").write_bytes(b'{"a":')
    yesterday = time.time() - 86_400
    os.utime(tmp_path / "app.log", (yesterday, yesterday))
    waited: list[float] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(files_module.time, "sleep", waited.append)
        assert len(read(FilesSource([str(tmp_path / "app.log")])).unfinished) == 1
    assert waited == []


def test_rest_that_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of a line that comes while it is waited for belongs to it."""
    monkeypatch.setattr(files_module, "PATIENCE", 3600.0)
    log = tmp_path / "app.log"
    log.write_bytes(b'{"message":')

    def write_on(_: float) -> None:
        with log.open("ab") as file:
            file.write(b'"1"' if not log.read_bytes().endswith(b'"1"') else b"}\n")

    monkeypatch.setattr(files_module.time, "sleep", write_on)
    found = read(FilesSource([str(log)]))
    assert (found.data, found.unfinished) == (records(1), [])


def test_line_that_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line to which something is added all the time is not read for ever."""
    monkeypatch.setattr(files_module, "ENDLESS", 0.05)
    log = tmp_path / "app.log"
    log.write_bytes(b"x")
    really_read = os.pread

    def grown(fd: int, length: int, at: int) -> bytes:
        with log.open("ab") as file:
            file.write(b"x" * 100)
        return really_read(fd, length, at)

    monkeypatch.setattr(os, "pread", grown)
    found = read(FilesSource([str(log)]))
    assert len(found.unfinished) + len(found.long) == 1


def test_rotated_last_line(tmp_path: Path) -> None:
    """Nobody writes to a rotated file: its last line is judged, whatever it is."""
    (tmp_path / "app.log.1").write_bytes(b'{"message":"ha')
    (tmp_path / "app.log").write_bytes(records(1))
    found = read(FilesSource([str(tmp_path / "app.log*")]))
    assert (found.data, found.unfinished) == (b'{"message":"ha' + records(1), [])


def test_compressed_last_line(tmp_path: Path) -> None:
    """Nobody writes to a compressed file, either."""
    (tmp_path / "app.log.gz").write_bytes(gzip.compress(b'{"message":"ha'))
    assert read(FilesSource([str(tmp_path / "app.log.gz")])).data == b'{"message":"ha'


def test_nothing_is_left_open(tmp_path: Path, log: Path) -> None:
    """Reading that is broken off, or done, leaves no file open."""
    before = psutil.Process().num_fds()
    _, pieces = begun(tmp_path)
    pieces.close()  # type: ignore[attr-defined]
    read(FilesSource([str(log)]))
    assert psutil.Process().num_fds() == before


def test_blocks_are_whole_lines_of_bounded_size(log: Path) -> None:
    """No block is longer than what is read at once and one line."""
    shutil.copyfile(log, log.with_suffix(".1"))
    blocks = [piece for piece in FilesSource([str(log)]).pieces() if isinstance(piece, Block)]
    assert len(blocks) > 5
    assert all(piece.data.endswith(b"\n") and len(piece.data) <= BLOCK + 100 for piece in blocks)
