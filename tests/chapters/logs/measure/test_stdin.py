"""Standard input is read to its end, compressed or not."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
from pathlib import Path

import pytest

from deployspec.chapters.logs.measure.sources.stdin import NAME, StdinSource
from tests.chapters.logs.measure.reading import read, records
from tests.suite import ROOT


def test_lines() -> None:
    """The lines of a stream, with their numbers; the last may have no line break."""
    found = read(StdinSource(io.BytesIO(records(1, 2) + b'{"a')))
    assert found.lines == [(NAME, 1, records(1)), (NAME, 2, records(2)), (NAME, 3, b'{"a')]


def test_compressed() -> None:
    """What is compressed is unpacked; what is damaged is told after all that came before."""
    packed = gzip.compress(records(1, 2))
    assert read(StdinSource(io.BytesIO(packed))).data == records(1, 2)
    (trouble,) = read(StdinSource(io.BytesIO(packed[:-3]))).troubles
    assert "ends within its compressed data" in trouble.reason


def test_size_of_a_file(tmp_path: Path) -> None:
    """Where standard input is a file, it is known how much there is."""
    (tmp_path / "app.log").write_bytes(records(1, 2))
    with (tmp_path / "app.log").open("rb") as file:
        source = StdinSource(file)
        read(source)
    assert source.done == source.total == len(records(1, 2))


class _Folder(io.BytesIO):
    """What standard input is after ``< /``."""

    def read1(self, _: int | None = -1) -> bytes:
        raise IsADirectoryError(21, "Is a directory")


def test_nothing_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed standard input, and a directory, are told."""
    monkeypatch.setattr(sys, "stdin", None)
    assert [one.reason for one in read(StdinSource()).troubles] == ["is closed; expected log lines"]
    with _Folder() as folder:
        (trouble,) = read(StdinSource(folder)).troubles
    assert trouble.reason == "cannot be read: Is a directory"


def test_pipe() -> None:
    """A pipe that is filled slowly gives all of its lines."""
    program = "from tests.chapters.logs.measure.reading import read; from deployspec.chapters.logs.measure.sources import source_of\n"
    program += "print(len(read(source_of('-')).lines))"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdin is not None
        for number in range(1000):
            process.stdin.write(records(number))
            process.stdin.flush()
        output, _ = process.communicate(timeout=60)
    assert output == b"1000\n"
