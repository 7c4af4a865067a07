"""What is shown beside files: annotations for GitHub, and GitLab's report on code quality."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.model.entry import Accepted, Entry
from deployspec.outputs.annotations import MOST, annotation_lines
from deployspec.outputs.code_quality import code_quality
from deployspec.outputs.findings import Finding, Gravity, findings_of
from deployspec.record.record import Run
from tests.github import obeyed
from tests.trials import trials

THERE = {"rules/api.rules.yml", "deployments/shop.yaml"}
ACCEPTED = Accepted("ann", "known", "2026-12-31", "accepted.yaml:2")


def entry(name: str, verdict: str, reason: str = "why", **more: object) -> Entry:
    """A check's entry."""
    return Entry(f"checks/test_x.py::{name}", f"alerts.{name}", "alerts", name, verdict, reason, source="checks/test_x.py:1", **more)  # type: ignore[arg-type]  # fmt: skip


def found(*entries: Entry, refused: str = "", **more: object) -> list[Finding]:
    """The findings of a run with these entries."""
    run = Run("", "shop", entries={one.check: one for one in entries}, **more)  # type: ignore[arg-type]
    return findings_of(run, refused, lambda path: path.removeprefix("./") if path.removeprefix("./") in THERE else None)  # fmt: skip


def test_the_gravest_come_first() -> None:
    """BREACHED before UNMEASURED before the run as a whole before what is accepted; what is plainly MET is none."""
    findings = found(
        entry("a", "BREACHED", accepted=ACCEPTED),
        entry("b", "UNMEASURED"),
        entry("c", "MET"),
        entry("d", "BREACHED"),
        entry("e", "MET", met_again="MET again"),
        empty_markers=["slo"],
        markers="slo",
    )
    assert [(one.gravity, one.id) for one in findings] == [
        (Gravity.BREACHED, "alerts.d"),
        (Gravity.UNMEASURED, "alerts.b"),
        (Gravity.RUN, "alerts.e"),
        (Gravity.RUN, "run"),
        (Gravity.ACCEPTED, "alerts.a"),
    ]
    assert findings[-1].message == "why (accepted until 2026-12-31 by ann: known (accepted.yaml:2))"


# text: a reason; place: file, line and column that it is shown at; message: what is left of it.
@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        pytest.param("rules/api.rules.yml:12:7: found x; expected y", ("rules/api.rules.yml", 12, 7), "found x; expected y", id="rules"),
        pytest.param("./rules/api.rules.yml:12: found x", ("rules/api.rules.yml", 12, 0), "found x", id="no-column"),
        pytest.param("/etc/passwd:1:1: found x", ("", 1, 0), "/etc/passwd:1:1: found x", id="elsewhere"),
        pytest.param("it says rules/api.rules.yml:12:7: x", ("", 1, 0), "it says rules/api.rules.yml:12:7: x", id="inside"),
        pytest.param("http://shop:80: refused", ("", 1, 0), "http://shop:80: refused", id="address"),
        pytest.param("rules/api.rules.yml:0:7: x", ("", 1, 0), "rules/api.rules.yml:0:7: x", id="no-line"),
    ],
)  # fmt: skip
def test_a_place_in_the_repository_is_where_it_is_shown(
    text: str, place: tuple[str, int, int], message: str
) -> None:
    """That with which a reason begins; what is elsewhere stays in the text."""
    (finding,) = found(entry("a", "BREACHED", text))
    assert (finding.file, finding.line, finding.column) == place
    assert finding.message == message


def test_each_problem_of_a_deployment_file_is_one() -> None:
    """Nothing else is said of a run that could not begin."""
    findings = found(refused="deployments/shop.yaml:3:1: found x\ndeployments/shop.yaml:5:2: found y")
    assert [(one.gravity, one.line) for one in findings] == [(Gravity.REFUSED, 3), (Gravity.REFUSED, 5)]


def test_github_shows_ten_of_a_kind() -> None:
    """A line says how many more there are."""
    findings = found(
        *(entry(f"b{number:02}", "BREACHED", accepted=ACCEPTED) for number in range(11)),
        *(entry(f"a{number:02}", "UNMEASURED") for number in range(12)),
    )
    *lines, last = annotation_lines(findings, "shop")
    assert [line.partition(" ")[0] for line in lines] == ["::error"] * MOST + ["::notice"] * MOST
    assert last == "not annotated, because GitHub shows 10 of a kind: 2 more errors, 1 more notice"
    assert list(annotation_lines([], "shop")) == []


def test_an_annotation_as_github_reads_it() -> None:
    """With file, line and column where it has them."""
    lines = annotation_lines(
        found(entry("a[x, y: z]", "BREACHED", "rules/api.rules.yml:12:7: 100% of it")), "shop"
    )
    assert list(lines) == [
        "::error title=alerts.a[x%2C y%3A z] (shop),file=rules/api.rules.yml,line=12,col=7::100%25 of it"
    ]


@settings(max_examples=trials(200), deadline=None)
@given(st.lists(st.sampled_from(["::", "##[error]", "%0A", "%", ",", "\n", "\r", "\x1b", "title=", "é"]) | st.text(max_size=5), min_size=1).map("".join))  # fmt: skip
def test_a_text_in_an_annotation_is_a_text(text: str) -> None:
    """One command, whose title and message are what was said, but for what does not print."""
    (line,) = annotation_lines([Finding(Gravity.BREACHED, text, text)], "")
    ((command, properties, message),) = obeyed(line)
    assert (command, properties, message) == ("error", {"title": text}, text)


def test_gitlabs_report() -> None:
    """What it needs of each: words, a name, a fingerprint, a severity, and a place in the repository."""
    findings = found(
        entry("a[x]", "BREACHED", "rules/api.rules.yml:12:7: took 3 s"),
        entry("b", "BREACHED", accepted=ACCEPTED),
    )
    first, second = json.loads(code_quality(findings, "shop", "deployments/shop.yaml"))
    assert len(first.pop("fingerprint")) == 64
    assert first == {
        "description": "alerts.a[x]: took 3 s",
        "check_name": "alerts.a",
        "severity": "critical",
        "location": {"path": "rules/api.rules.yml", "lines": {"begin": 12}},
    }
    assert (second["severity"], second["location"]) == (
        "info",
        {"path": "deployments/shop.yaml", "lines": {"begin": 1}},
    )
    assert json.loads(code_quality([], "shop", "x")) == []


def test_fingerprints_last() -> None:
    """Whatever was measured, wherever it stands; another check, deployment or problem has another."""

    def prints(findings: list[Finding], deployment: str = "shop") -> list[str]:
        return [one["fingerprint"] for one in json.loads(code_quality(findings, deployment, "x"))]

    first = prints(found(entry("a", "BREACHED", "rules/api.rules.yml:12:7: took 3 s")))
    assert first == prints(found(entry("a", "UNMEASURED", "no answer after 2.5 s")))
    assert first != prints(found(entry("b", "BREACHED", "rules/api.rules.yml:12:7: took 3 s")))
    assert first != prints(found(entry("a", "BREACHED")), "other")
    many = prints(found(refused="a: found 1\na: found 1\na: found x"))
    assert len(set(many)) == 3


def test_the_tests_read_a_line_as_github_does() -> None:
    """Blanks before it are passed over, the old form is looked for anywhere, and nothing is obeyed while it is paused."""
    text = "  ::error file=a%2Cb::x%0Ay\nsaid ##[warning]z\n::stop-commands::t\n::error::no\n::t::\n::nosuch::\n::notice::end"
    assert obeyed(text) == [
        ("error", {"file": "a,b"}, "x\ny"),
        ("warning", {}, "z"),
        ("notice", {}, "end"),
    ]
