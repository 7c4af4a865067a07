"""Files for node_exporter: Debian's reads them, as its own user, too."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployspec.base import durable
from deployspec.sinks.delivering import Delivery
from deployspec.sinks.sending import NotSent
from tests.sinks.recording import run_of, sent_to
from tests.sinks.servers import group, node_exporter, scraped
from tests.sinks.test_pushgateway import VERDICT, report

NOBODY = 65534


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter: pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="textfiles-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def textfile(folder: Path, where: str) -> Any:
    """The sink that a deployment file in this folder describes."""
    return sent_to(folder, f"{{name: there, kind: textfile, {where}}}")


def test_node_exporter_reads_it_as_a_user_of_its_own(open_folder: Path) -> None:
    """Whatever our umask is; two locations and deployments stand beside each other, and a run takes the place of the last."""
    sink = textfile(open_folder, "dir: '.'")
    before = os.umask(0o077)
    try:
        for deployment, location in (("a-b", "c"), ("a", "b-c"), ("ü/x", "東京")):
            sink.send(report(run_of(1, {"gone": "MET"}), deployment, location), None)
            sink.send(report(run_of(2, {"a": "MET", "b": "BREACHED"}), deployment, location), None)
    finally:
        os.umask(before)
    assert sorted(file.name for file in open_folder.glob("*.prom*")) == [
        "deployspec-%C3%BC%2Fx@%E6%9D%B1%E4%BA%AC.prom",
        "deployspec-a-b@c.prom",
        "deployspec-a@b-c.prom",
    ]
    assert sink.remark == ""
    with node_exporter(open_folder, NOBODY if os.geteuid() == 0 else None) as url:
        series = scraped(url)
    assert series["node_textfile_scrape_error"] == {(): 0}
    for deployment, location in (("a-b", "c"), ("a", "b-c"), ("ü/x", "東京")):
        found = group(series, VERDICT, deployment=deployment, location=location)
        assert sorted({one["check"] for one in found}) == ["a", "b"]
    assert len(series["deployspec_run_interval_seconds"]) == 3


def test_the_file_can_be_named(tmp_path: Path) -> None:
    """And the folder is one from the deployment file's."""
    (tmp_path / "out").mkdir()
    textfile(tmp_path, "dir: out, file: shop.prom").send(report(run_of(1)), None)
    (file,) = (tmp_path / "out").iterdir()
    assert file.name == "shop.prom"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_it_says_that_others_cannot_enter_the_folder(tmp_path: Path) -> None:
    """Beside the run that arrived: node_exporter may be the same user."""
    closed = tmp_path / "closed"
    (closed / "in").mkdir(parents=True)
    closed.chmod(0o700)
    sink = textfile(tmp_path, "dir: closed/in")
    (outcome,) = Delivery({"there": sink}, tmp_path / "sinks").send(report(run_of(1)))
    assert outcome.ok
    assert outcome.remark.startswith("others than its owner and group cannot enter /")


@pytest.mark.parametrize("where", ["dir: missing", "dir: there.yaml"])
def test_a_folder_that_is_none(where: str, tmp_path: Path) -> None:
    """It is refused for good, with its path."""
    with pytest.raises(NotSent) as raised:
        textfile(tmp_path, where).send(report(run_of(1)), None)
    assert raised.value.final
    assert raised.value.reason.startswith(f"{tmp_path}/")
    assert raised.value.reason.endswith("; expected a folder that can be written")


def test_a_full_disk_keeps_the_old_file_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A draft never has a name that node_exporter would read."""
    sink = textfile(tmp_path, "dir: '.', file: shop.prom")
    sink.send(report(run_of(1, {"a": "MET"})), None)
    before = (tmp_path / "shop.prom").read_bytes()
    drafts: list[str] = []

    def full(_: int) -> None:
        drafts.extend(
            file.name for file in tmp_path.iterdir() if file.name not in ("shop.prom", "there.yaml")
        )
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable.os, "fsync", full)
    with pytest.raises(NotSent, match="No space left on device"):
        sink.send(report(run_of(2)), None)
    assert drafts
    assert not any(name.endswith(".prom") for name in drafts)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["shop.prom", "there.yaml"]
    assert (tmp_path / "shop.prom").read_bytes() == before
