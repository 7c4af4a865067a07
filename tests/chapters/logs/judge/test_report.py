"""Tallies and other pieces, added up."""

from __future__ import annotations

import json

from deployspec.chapters.logs.judge.model import LongLine, Trouble, Unfinished
from deployspec.chapters.logs.judge.report import Report
from deployspec.chapters.logs.judge.secrets import masked_window
from tests.chapters.logs.judge.blocks import NOW, block, record, reported


def test_sums() -> None:
    """Lines, bytes, levels and times add up over all blocks."""
    one, two = (
        block(record(), "x"),
        block(record(level="ERROR", timestamp="2026-11-24T03:58:00.000Z"), stream="b"),
    )
    report = reported([one, two])
    assert (report.lines, report.valid, report.invalid) == (3, 2, 1)
    assert report.size == len(one.data) + len(two.data)
    assert report.levels == {"INFO": 1, "ERROR": 1}
    assert (report.oldest, report.newest) == (NOW - 120, NOW - 60)


def test_other_pieces() -> None:
    """A line that is too long is counted and masked, an unfinished one is not judged, a trouble is kept."""
    report = Report()
    for number in range(5):
        report.add(LongLine("app.log", number + 1, 300_000, b"password=hunter2hunter2 " * 100))
    report.add(Unfinished("app.log", 6, b'{"a":'))
    trouble = Trouble("b.log", 0, "it is a directory")
    report.add(trouble)
    assert (report.lines, report.invalid, report.unfinished, report.troubles) == (5, 5, 1, [trouble])
    ((reason, found),) = report.found.items()
    assert (reason.check, reason.what, found.count) == ("length", "longer than 256 KiB", 5)
    assert [str(place) for place in found.places] == ["app.log:1:1", "app.log:2:1", "app.log:3:1"]
    assert not [place for place in found.places if "hunter2" in place.excerpt or len(place.excerpt) > 200]


def test_chosen_personal_data_is_masked() -> None:
    """What ``personal_data`` names is shown nowhere: not where it was found, not beside it, not in a line too long."""
    said = ("GB82 WEST 1234 5698 7654 32", "+44 20 7946 0958", "93.184.216.34", "2606:2800:220:1::1")
    chosen = ("iban", "phone", "ip")
    report = reported(
        [block(record(message="; ".join(said)), f"no JSON: {said}")], secrets=True, personal_data=chosen
    )
    report.add(LongLine("app.log", 3, 300_000, "; ".join(said).encode()))
    excerpts = [place.excerpt for found in report.found.values() for place in found.places]
    assert {reason.what for reason in report.found if reason.check == "secret"} == {
        "an IBAN", "a telephone number", "an IP address",
    }  # fmt: skip
    assert len(excerpts) >= 5
    assert not [
        (one, excerpt) for one in said for excerpt in excerpts if one in excerpt or one[:11] in excerpt
    ]
    for cut in range(1, 400):
        shown = masked_window(
            f"{'x ' * 60}{said[0]}, {said[1]}, {said[2]}.{' y' * 60}", cut - 40, cut, chosen
        )
        assert not [one for one in said if one[4:9] in shown]


def test_as_json() -> None:
    """The report has a form that JSON can have: the reasons most often found come first."""
    report = reported([block(record(), "x", "y", record(logger=None))])
    document = json.loads(json.dumps(report.to_dict()))
    assert [one["count"] for one in document["reasons"]] == [2, 1]
    assert document["reasons"][0]["first"][0] == {
        "file": "app.log", "line": 2, "column": 1, "excerpt": "x",
    }  # fmt: skip
    assert document["newest"] == "2026-11-24T03:59:00.000Z"
    assert Report().to_dict()["newest"] is None
