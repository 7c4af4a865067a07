"""What becomes of the file that pytest writes for JUnit."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.model.entry import Accepted, Entry
from deployspec.model.verdict import Proportion
from deployspec.outputs.junit import counts, rewritten
from deployspec.record.record import Run, Selected
from tests.trials import trials

EMPTY = b'<testsuites name="pytest tests"><testsuite name="pytest" errors="0" failures="0" skipped="0" tests="0" time="1.000" /></testsuites>'


def entry(name: str, verdict: str, **more: object) -> Entry:
    """A check's entry."""
    return Entry(f"checks/test_x.py::test_{name}[a::b/c.py]", f"health.{name}", "health", name, verdict, "why", source="checks/test_x.py:1", **more)  # type: ignore[arg-type]  # fmt: skip


def suite_of(*entries: Entry, document: bytes = EMPTY, **more: object) -> ET.Element:
    """The suite of a run with these entries."""
    run = Run("2026-01-01T00:00:00Z", "shop", entries={one.check: one for one in entries}, **more)  # type: ignore[arg-type]
    suite = ET.fromstring(rewritten(document, run)).find("testsuite")  # noqa: S314
    assert suite is not None
    assert {name: int(suite.get(name, "")) for name in counts(suite)} == counts(suite)
    return suite


# one: an entry; tag: of what says that it is not passed; kind: its type.
@pytest.mark.parametrize(
    ("one", "tag", "kind"),
    [
        pytest.param(entry("a", "MET"), None, None, id="met"),
        pytest.param(entry("a", "BREACHED"), "failure", "deployspec.Breached", id="breached"),
        pytest.param(entry("a", "UNMEASURED"), "error", "deployspec.Unmeasured", id="unmeasured"),
        pytest.param(entry("a", "UNMEASURED", defect=True), "error", "deployspec.Defect", id="defect"),
        pytest.param(entry("a", "BREACHED", accepted=Accepted("ann", "known", "2026-12-31", "a.yaml:2")), "skipped", "deployspec.Accepted", id="accepted"),
        pytest.param(entry("a", "MET", met_again="MET again"), "failure", "deployspec.MetAgain", id="met-again"),
    ],
)  # fmt: skip
def test_a_verdict_in_words_of_junit(one: Entry, tag: str | None, kind: str | None) -> None:
    """BREACHED is a failure, UNMEASURED an error, the suite's own fault another one; what is accepted is skipped."""
    (case,) = suite_of(one).findall("testcase")
    assert (case.get("classname"), case.get("name")) == ("checks.test_x", "test_a[a::b/c.py]")
    assert [(node.tag, node.get("type")) for node in case if node.tag != "properties"] == (
        [(tag, kind)] if tag else []
    )


def test_properties_hold_what_was_measured() -> None:
    """By the names of the record, with the interval of a share, and why a verdict is accepted."""
    share = Proportion("latency", "load", 97, 100, 0.95, 0.9151, 0.9893)
    accepted = Accepted("ann", "known", "2026-12-31", "a.yaml:2")
    one = entry("a", "UNMEASURED", measured="97%", limit="at least 95%", proportion=share, accepted=accepted)
    properties = {node.get("name"): node.get("value") for node in suite_of(one).iter("property")}
    assert properties == {
        "id": "health.a",
        "promise": "a",
        "chapter": "health",
        "verdict": "UNMEASURED",
        "reason": "why",
        "measured": "97%",
        "limit": "at least 95%",
        "interval": "91.51% to 98.93%",
        "accepted": "accepted until 2026-12-31 by ann: known (a.yaml:2)",
    }


def test_what_pytest_wrote_of_other_tests_stays() -> None:
    """And of a check its time and its output; both cases of one that failed twice become one."""
    check = '<testcase classname="checks.test_x" name="test_a[a::b/c.py]" time="0.250"'
    document = (
        '<testsuites><testsuite errors="9" failures="9" skipped="9" tests="9">'
        f'{check}><failure message="x" /><system-out>said</system-out></testcase>{check}><error message="y" /></testcase>'
        '<testcase classname="tests.test_y" name="test_b" time="0.5"><skipped message="later" /></testcase><testcase time="0.1" />'
        "</testsuite></testsuites>"
    )
    suite = suite_of(entry("a", "MET"), document=document.encode())
    first, other = suite.findall("testcase")
    assert (first.get("time"), [node.tag for node in first]) == ("0.250", ["properties", "system-out"])
    assert (
        ET.tostring(other)
        == b'<testcase classname="tests.test_y" name="test_b" time="0.5"><skipped message="later" /></testcase>'
    )
    assert counts(suite) == {"tests": 2, "errors": 0, "failures": 0, "skipped": 1}


def test_what_did_not_run_is_an_error() -> None:
    """Each check, by its name, and the run as a whole: nobody takes a run that was cut short for a green one."""
    missing = Selected("health.b", "health", "It is b.", "checks/test_x.py::test_b", "checks/test_x.py:9")
    suite = suite_of(
        entry("a", "MET"), cut_short="interrupted", not_run=[missing], empty_markers=["slo"], markers="slo"
    )
    told = [(case.get("name"), node.get("type"), node.get("message")) for case in suite for node in case.iter("error")]  # fmt: skip
    assert told == [
        ("test_b", "deployspec.NotRun", "it did not run: interrupted"),
        ("run", "deployspec.Run", "incomplete: interrupted"),
        ("run", "deployspec.Run", "-m slo selected no checks, so slo was not measured"),
    ]


@settings(max_examples=trials(200), deadline=None)
@given(st.text(st.characters() | st.sampled_from("\x00\x1b\x7f\ud800\ufffe&<]]>\r\n")))
def test_any_text_can_be_read_back(text: str) -> None:
    """Whatever a deployment sends, it is XML, and what XML can hold is there."""
    one = entry("a", "BREACHED", measured=text)
    assert suite_of(one).find("testcase/failure") is not None
    plain = "".join(character for character in text if character.isprintable())
    value = next((node.get("value", "") for node in suite_of(one).iter("property") if node.get("name") == "measured"), "")  # fmt: skip
    position = 0
    for character in plain:
        position = value.index(character, position) + 1


def test_what_is_not_pytests_is_refused() -> None:
    """It is no XML, or has no suite."""
    for document in (b"", b"<a>", b"<a/>"):
        with pytest.raises(ValueError, match="it "):
            rewritten(document, Run(""))
