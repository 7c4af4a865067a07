"""The summary at the end of a run."""

from __future__ import annotations

import pytest

from deployspec.model.entry import Entry
from deployspec.outputs.terminal import summary, verdict_lines
from deployspec.record.record import Run


def entry(name: str, verdict: str, **more: object) -> Entry:
    """A check's entry; ``source`` keeps the order in which they are made."""
    entry.line += 1  # type: ignore[attr-defined]
    return Entry(f"checks/test_x.py::test_{name}", f"health.{name}", "health", name, verdict, "why", source=f"checks/test_x.py:{entry.line}", **more)  # type: ignore[arg-type, attr-defined]  # fmt: skip


entry.line = 0  # type: ignore[attr-defined]


def run(*entries: Entry, **more: object) -> Run:
    """A run with these entries."""
    return Run("2026-01-01T00:00:00Z", "staging", "https://staging.example", entries={one.check: one for one in entries}, **more)  # type: ignore[arg-type]  # fmt: skip


LONG = "a value that is much longer than a narrow terminal can hold on one line of it"


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_the_table_keeps_to_the_width(width: int) -> None:
    """No line of the table is wider than the terminal, but for the names and verdicts themselves."""
    lines = summary(
        run(entry("a", "MET", measured=LONG, limit=LONG), entry("b", "BREACHED", measured=LONG, limit=LONG)),
        width,
    )
    table = [line.text for line in lines[: [line.text for line in lines].index("")]]
    assert max(map(len, table)) <= max(width, 46)


def test_nothing_is_cut_on_a_pipe() -> None:
    """It has no edge: each check is one line, with every word of it."""
    entries = [entry("a" * 60, "MET", measured=LONG, limit=LONG), entry("b", "BREACHED", measured=LONG)]
    lines = [line.text for line in summary(run(*entries), None)]
    assert lines[1].startswith("health.b ")
    assert LONG in lines[1]
    assert lines[2].count(LONG) == 2
    assert "a" * 60 in lines[2]
    assert lines[3] == ""


def test_the_name_gives_way_to_what_was_measured() -> None:
    """On a narrow terminal a long name is cut, and then the limit; what was measured is there to the last word."""
    name = "alertmanager-accepts-its-configuration"
    one = entry(name, "MET", measured="11 rows, 3 receivers", limit="all of them are reached")
    row = next(line.text for line in summary(run(one), 80) if "MET" in line.text)
    assert "11 rows, 3 receivers" in row
    assert len(row) <= 80
    narrow = [line.text for line in summary(run(one), 40)]
    text = " ".join(" ".join(narrow[1 : narrow.index("")]).split())
    assert all(word in text for word in ("11", "rows,", "3", "receivers")), narrow


def test_what_is_not_met_stands_first() -> None:
    """Breaches and what could not be measured, in the specification's order, and then the rest in theirs."""
    entries = [entry("a", "MET"), entry("b", "BREACHED"), entry("c", "MET"), entry("d", "UNMEASURED")]
    rows = [line.text.split()[0] for line in summary(run(*entries), 80)[1:5]]
    assert rows == ["health.b", "health.d", "health.a", "health.c"]


def test_what_is_not_met_is_told_whole() -> None:
    """A long limit of a MET check is cut; that of a BREACHED one is folded, every word of it there."""
    lines = summary(run(entry("a", "MET", limit=LONG), entry("b", "BREACHED", limit=LONG)), 60)
    text = "\n".join(line.text for line in lines)
    assert "…" in text
    folded = " ".join(line.text for line in lines if line.colour == "red")
    assert all(word in folded for word in LONG.split())


# entries: verdicts of a run; more: what else is known of it; colour: of the line that sums it up.
@pytest.mark.parametrize(
    ("entries", "more", "colour"),
    [
        pytest.param([entry("a", "MET")], {}, "green", id="met"),
        pytest.param([entry("a", "MET", flaky=True)], {}, "yellow", id="flaky"),
        pytest.param([entry("a", "MET"), entry("b", "UNMEASURED")], {}, "yellow", id="unmeasured"),
        pytest.param([entry("a", "UNMEASURED"), entry("b", "BREACHED")], {}, "red", id="breached"),
        pytest.param([], {}, "yellow", id="nothing"),
        pytest.param([entry("a", "MET")], {"empty_markers": ["slo"]}, "yellow", id="empty-marker"),
        pytest.param([entry("a", "MET")], {"cut_short": "interrupted"}, "yellow", id="cut-short"),
    ],
)
def test_only_a_whole_plain_green_is_green(
    entries: list[Entry], more: dict[str, object], colour: str
) -> None:
    """The last line is green when all that was asked for was measured and met, at the first attempt."""
    assert verdict_lines(run(*entries, **more))[0].colour == colour


def test_the_table_is_in_the_order_of_the_specification() -> None:
    """Whatever order workers finish in."""
    first, second = entry("first", "MET"), entry("second", "MET")
    lines = [line.text.split()[0] for line in summary(run(second, first), 80)[1:3]]
    assert lines == ["health.first", "health.second"]


@pytest.mark.parametrize(("met", "rows"), [(8, 8), (9, 1)], ids=["eight have rows", "nine share one"])
def test_many_parameters_share_a_row(met: int, rows: int) -> None:
    """Of a check with more than eight parameters, those that are MET share one row that says how many there are."""
    cases = [entry(f"case[{number}]", "MET") for number in range(met)]
    lines = [line.text for line in summary(run(*cases), 100)]
    table = lines[1 : lines.index("")]
    assert len(table) == rows
    assert table[0].split() == (["health.case", "MET", "9", "of", "9", "all"] if rows == 1 else ["health.case[0]", "MET", "-", "-"])  # fmt: skip


def test_what_is_not_met_keeps_its_own_row() -> None:
    """Among many parameters, each that is not MET has its row beside the shared one."""
    cases = [entry(f"case[{number}]", "BREACHED" if number == 3 else "MET") for number in range(10)]
    lines = [line.text for line in summary(run(*cases), 100)]
    assert [line.split()[:2] for line in lines[1:3]] == [
        ["health.case[3]", "BREACHED"],
        ["health.case", "MET"],
    ]
    assert "9 of 10" in lines[2]


def test_what_is_not_selected_many_times_has_one_line() -> None:
    """Up to four parameters of a check that is not selected are told one by one, more of them as their number."""
    few = {f"health.a[{number}]": "health" for number in range(4)}
    many = {f"health.b[{number}]": "a deployment" for number in range(5)}
    lines = [line.text for line in summary(run(entry("c", "MET"), not_described={**few, **many}), 100)]
    assert [line for line in lines if line.startswith("  health.a[")] == [
        f"  health.a[{n}] (needs health)" for n in range(4)
    ]
    assert "  health.b, 5 times (needs a deployment)" in lines


def test_a_marker_that_selected_nothing() -> None:
    """Whether -m, -k or --deselect left none of its checks, and whether others read files alone: it asked nothing."""
    told = [line.text for line in summary(run(entry("a", "MET"), empty_markers=["slo"]), 100)]
    assert "-m slo selected no checks that ask staging, so slo was not measured" in told
