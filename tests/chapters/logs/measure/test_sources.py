"""A kind of source is a module: dropped in, it is there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from deployspec.base.errors import UsageError
from deployspec.chapters.logs.measure import sources
from deployspec.chapters.logs.measure.sources import kinds, source_of
from deployspec.chapters.logs.measure.sources.files import FilesSource
from deployspec.chapters.logs.measure.sources.stdin import StdinSource
from tests.chapters.logs.measure.reading import read, records

MODULE = '''
"""Log records out of nowhere."""

import time

from deployspec.chapters.logs.judge.model import Block
from deployspec.base.errors import UsageError
from deployspec.chapters.logs.measure.source import Source


def from_address(rest):
    if not rest:
        raise UsageError("nowhere: expected a message")
    return Nowhere(rest)


class Nowhere(Source):
    def __init__(self, message):
        self.label = f"nowhere, {message}"
        self.message = message

    def pieces(self):
        yield Block(b'{"message":"%s"}\\n' % self.message.encode(), "nowhere", 1, "nowhere", time.time())
'''


def test_kinds() -> None:
    """There are three."""
    assert kinds() == ("command", "files", "stdin")


def test_module_that_is_dropped_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file adds a kind: nothing else is touched."""
    (tmp_path / "nowhere.py").write_text(MODULE)
    monkeypatch.setattr(sources, "__path__", [*sources.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, f"{sources.__name__}.nowhere", raising=False)
    source = source_of("nowhere:1")
    assert source.label == "nowhere, 1"
    assert read(source).data == records(1)
    assert "nowhere" in kinds()
    with pytest.raises(UsageError, match="expected a message"):
        source_of("nowhere:")
    monkeypatch.delitem(sys.modules, f"{sources.__name__}.nowhere")


def test_unknown_kind() -> None:
    """A kind that there is not is told, with those that there are."""
    with pytest.raises(
        UsageError, match="no kind of source is called cloudwatch; there are command, files and stdin"
    ):
        source_of("cloudwatch:/aws/app")


@pytest.mark.parametrize("address", ["/var/log/app.log*", "app.log", "files:/var/log/*", "./a:b", "C:x"])
def test_paths(address: str) -> None:
    """Anything else is a path or a pattern."""
    source = source_of(address)
    assert isinstance(source, FilesSource)
    assert source.patterns == (address.removeprefix("files:"),)


def test_file_with_a_colon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is a file's name is a file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stdin:1").write_bytes(records(1))
    assert read(source_of("stdin:1")).data == records(1)


def test_standard_input() -> None:
    """A dash is standard input."""
    assert isinstance(source_of("-"), StdinSource)
    with pytest.raises(UsageError, match="nothing can follow"):
        source_of("stdin:rest")
