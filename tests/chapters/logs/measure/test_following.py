"""A record that is still to be written is waited for, across rotation, and no longer than was said."""

from __future__ import annotations

import gzip
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deployspec.chapters.logs.form import Form
from deployspec.chapters.logs.judge.model import MAX_LINE
from deployspec.chapters.logs.measure.following import Follower
from deployspec.chapters.logs.measure.sources.command import CommandSource
from deployspec.chapters.logs.measure.sources.files import FilesSource
from tests.chapters.logs.measure.reading import records

LONG = 30.0
"""Enough for any machine; nothing waits so long that succeeds."""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log that has some records already."""
    path = tmp_path / "app.log"
    path.write_bytes(records(*range(1000)))
    return path


@pytest.fixture
def follower(log: Path) -> Iterator[Follower]:
    """What is written from now on to the log, and what rotation makes of it."""
    with Follower([f"{log}*"]) as one:
        yield one


def says(message: str) -> Callable[[dict[str, Any]], bool]:
    """A predicate for a record's message."""
    return lambda record: record.get("message") == message


def append(log: Path, data: bytes) -> None:
    """Write to a file as a service does."""
    with log.open("ab") as file:
        file.write(data)


def place(follower: Follower, message: str, timeout: float = LONG) -> str | None:
    """Name and line of the record with that message."""
    found = follower.wait(says(message), timeout)
    return None if found is None else f"{Path(found[1].file).name}:{found[1].line}"


def test_record_and_place(log: Path, follower: Follower) -> None:
    """The record is found with its line, though the file was not read from its beginning."""
    append(log, b'no json\n\n[1]\n{"message":"new","status":200}\n')
    found = follower.wait(says("new"), LONG)
    assert found is not None
    record, where = found
    assert record == {"message": "new", "status": 200}
    assert (where.file, where.line, where.column) == (str(log), 1004, 1)
    assert where.excerpt == '{"message":"new","status":200}'


def test_what_was_there_before(follower: Follower) -> None:
    """What was written before is not found."""
    assert place(follower, "1", timeout=0.1) is None


def test_record_that_comes_late(log: Path, follower: Follower) -> None:
    """A record is found that is written while it is waited for, in two parts."""
    calls = []

    def seen(record: dict[str, Any]) -> bool:
        calls.append(record["message"])
        return record["message"] == "second"

    append(log, b'{"message":"first"}\n{"message":"sec')
    writer = threading.Timer(0.2, append, (log, b'ond"}\n'))
    writer.start()
    try:
        assert follower.wait(seen, LONG) is not None
    finally:
        writer.join()
    assert calls == ["first", "second"]


def test_line_begun_before(tmp_path: Path) -> None:
    """A line that was half written when following began is read whole."""
    log = tmp_path / "app.log"
    log.write_bytes(records(1) + b'{"message":')
    with Follower([str(log)]) as follower:
        append(log, b'"new"}\n')
        assert place(follower, "new") == "app.log:2"


def test_record_without_line_break(log: Path, follower: Follower) -> None:
    """A whole record counts before its line break comes, and once."""
    append(log, b'{"message":"new"}')
    assert place(follower, "new") == "app.log:1001"
    append(log, b"\n")
    assert place(follower, "new") == "app.log:1001"


def test_several_waits(log: Path, follower: Follower) -> None:
    """Of several records each is found, in whatever order they are asked for."""
    append(log, records(2001, 2002, 2003))
    for message in ("2003", "2001", "2002", "2003"):
        assert place(follower, message) == f"app.log:{int(message) - 1000}"


def test_file_that_comes_later(tmp_path: Path) -> None:
    """A file that was not there when following began is read from its beginning."""
    with Follower([str(tmp_path / "later" / "app.log")]) as follower:
        assert place(follower, "1", timeout=0.1) is None
        (tmp_path / "later").mkdir()
        append(tmp_path / "later" / "app.log", records(0, 1))
        assert place(follower, "1") == "app.log:2"


def test_rename_and_create(log: Path, follower: Follower) -> None:
    """What was written before a rotation, after it to the old file, and to the new one, is found."""
    append(log, records(2000))
    with log.open("ab") as still_open:
        log.rename(log.with_suffix(".log.1"))
        log.write_bytes(records(3000))
        still_open.write(records(2001))
    assert place(follower, "3000") == "app.log:1"
    assert place(follower, "2000") == "app.log.1:1001"
    assert place(follower, "2001") == "app.log.1:1002"


def test_rename_beyond_the_pattern(log: Path) -> None:
    """A file that was renamed away from the pattern is read to its end."""
    with Follower([str(log)]) as follower:
        append(log, records(2000))
        log.rename(log.with_suffix(".old"))
        log.write_bytes(records(3000))
        assert place(follower, "2000") == "app.log:1001"
        assert place(follower, "3000") == "app.log:1"


def test_compressed_at_once(log: Path, follower: Follower) -> None:
    """A file that rotation compresses and removes is read to its end nevertheless; the packed one is passed over."""
    append(log, records(2000))
    log.with_suffix(".log.1.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.unlink()
    log.write_bytes(records(3000))
    assert place(follower, "2000") == "app.log:1001"
    assert place(follower, "3000") == "app.log:1"
    assert place(follower, "1", timeout=0.1) is None


def test_two_rotations_between_two_looks(log: Path, follower: Follower) -> None:
    """A file that was made and renamed before anybody looked is read from its beginning."""
    append(log, records(2000))
    log.rename(log.with_suffix(".log.2"))
    log.with_suffix(".log.1").write_bytes(b'{"message":"3000","more":1}\n')
    log.write_bytes(records(4000))
    assert place(follower, "3000") == "app.log.1:1"
    assert place(follower, "2000") == "app.log.2:1001"
    assert place(follower, "4000") == "app.log:1"


@pytest.mark.parametrize("looks", [False, True], ids=["at once", "with a look between"])
def test_copytruncate(log: Path, follower: Follower, looks: bool) -> None:
    """Of a copy and the file that was cut short, what is new is read, and nothing old."""
    append(log, records(2000))
    shutil.copyfile(log, log.with_suffix(".log.1"))
    if looks:
        assert place(follower, "none", timeout=0.1) is None
    with log.open("r+b") as file:
        file.truncate(0)
    if looks:
        assert place(follower, "none", timeout=0.1) is None
    append(log, records(3000))
    assert place(follower, "3000") == "app.log:1"
    assert place(follower, "2000") in ("app.log.1:1001", "app.log:1001", "app.log:0")
    assert place(follower, "1", timeout=0.1) is None


def test_copytruncate_to_more_than_before(log: Path, follower: Follower) -> None:
    """A file that was cut short and has grown beyond its old size is read from its beginning."""
    with log.open("r+b") as file:
        file.truncate(0)
    append(log, records(*range(5000, 8000)))
    assert place(follower, "5001") == "app.log:2"


def test_long_line_is_passed_over(log: Path, follower: Follower) -> None:
    """A line that is too long is neither held nor found; the next is."""
    append(log, b'{"message":"' + b"x" * (MAX_LINE + 1) + b'"}\n' + records(2000))
    assert place(follower, "2000") == "app.log:1002"


def test_what_is_no_file(tmp_path: Path, log: Path) -> None:
    """Directories, links to nothing and patterns that match nothing do not disturb."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    with Follower([str(tmp_path / "*"), str(tmp_path / "none"), "no\0/*"]) as follower:
        append(log, records(2000))
        assert place(follower, "2000") == "app.log:1001"


def test_time_limit(log: Path, follower: Follower) -> None:
    """The time limit holds while a service writes all the time."""
    done = threading.Event()

    def write() -> None:
        with log.open("ab") as file:
            while not done.is_set() and file.tell() < 1 << 28:
                file.write(records(*range(1000)))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        began = time.monotonic()
        assert follower.wait(says("none"), 0.5) is None
        assert time.monotonic() - began < 10
    finally:
        done.set()
        writer.join()


def test_no_time(log: Path, follower: Follower) -> None:
    """Without time, what is there already is looked at once."""
    append(log, records(2000))
    assert place(follower, "2000", timeout=0) == "app.log:1001"
    assert place(follower, "2001", timeout=0) is None


def test_secrets_are_masked(log: Path, follower: Follower) -> None:
    """The excerpt shows no secret."""
    append(log, b'{"message":"new","dsn":"postgres://joe:s3cr3tpw@db/x"}\n')
    found = follower.wait(says("new"), LONG)
    assert found is not None
    assert "s3cr3tpw" not in found[1].excerpt


def test_command_that_is_run_again(tmp_path: Path) -> None:
    """A command is run again until the record is there."""
    runs = tmp_path / "runs"
    script = f'echo x >> {runs}; echo "{{\\"message\\":\\"$(wc -l < {runs} | tr -d \' \')\\"}}"'
    with Follower(CommandSource(["sh", "-c", script], name="worker")) as follower:
        found = follower.wait(says("3"), LONG)
    assert found is not None
    assert (found[1].file, found[1].line) == ("worker", 1)


def test_command_that_goes_on(tmp_path: Path) -> None:
    """A command that does not end by itself gives its lines while it runs, and ends with the wait."""
    with Follower(CommandSource(["sh", "-c", 'echo \'{"message":"1"}\'; sleep 60'])) as follower:
        began = time.monotonic()
        assert follower.wait(says("1"), LONG) is not None
        assert follower.wait(says("2"), 0.5) is None
        assert time.monotonic() - began < 20


def test_command_that_fails() -> None:
    """A command that cannot be started is tried until the time is over; nothing is raised."""
    with Follower(CommandSource(["/no/such/program"])) as follower:
        assert follower.wait(says("1"), 0.3) is None


def test_source_of_files(log: Path) -> None:
    """A source of files is followed as its patterns are."""
    with Follower(FilesSource([str(log)])) as follower:
        append(log, records(2000))
        assert place(follower, "2000") == "app.log:1001"


@pytest.mark.parametrize("command", [False, True])
def test_where_a_text_stands(tmp_path: Path, command: bool) -> None:
    """An id in lines that are not records is told apart from one in records, with its places."""
    log = tmp_path / "app.log"
    log.write_text("" if command else "job-1234 of before\n")
    source = CommandSource(["cat", str(log)]) if command else [str(log)]
    with Follower(source) as follower:
        with log.open("a") as file:
            file.write('started job-1234\n{"note":"job-1234"}\n"job-1234"\n{"job":"job-1234"}\n')
        assert follower.wait(says("none"), 0.3) is None
        lines, records, others = follower.mentions("job-1234", lambda record: record.get("job") == "job-1234")
    first = 1 if command else 2
    assert [place.line for place in lines] == [first, first + 2]
    assert [place.line for place in records] == [first + 1]
    assert [place.line for place in others] == [first + 3]


def test_a_record_in_a_containers_log(tmp_path: Path) -> None:
    """It is found in what the runtime puts around it, though it was cut into parts and another stream stands between."""
    log = tmp_path / "shop.log"
    log.write_bytes(b"2026-11-01T00:00:00.1Z stdout P {")
    form = Form(wrapper="cri")
    with Follower([str(log)], form) as follower:
        append(log, b'"message":\n2026-11-01T00:00:00.2Z stderr F {"message":"other"}\n')
        assert follower.wait(says("other"), LONG) is not None
        append(log, b'2026-11-01T00:00:00.3Z stdout F "new"}\n')
        found = follower.wait(says("new"), LONG)
    assert found is not None
    assert (found[0]["cri.time"], found[1].line) == ("2026-11-01T00:00:00.3Z", 3)


def test_a_record_of_text(tmp_path: Path) -> None:
    """What a pattern takes apart is a record as any other; lines that go on are none."""
    log = tmp_path / "shop.log"
    log.touch()
    form = Form(syntax="text", pattern="(?P<level>[A-Z]+): (?P<message>.*)", continuation=r"\t")
    with Follower([str(log)], form) as follower:
        append(log, b"INFO: old\n\tERROR: new\nrubbish\nERROR: new\n")
        found = follower.wait(says("new"), LONG)
    assert found is not None
    assert (found[0], found[1].line) == ({"level": "ERROR", "message": "new"}, 4)
