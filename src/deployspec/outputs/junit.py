"""The file that pytest writes for ``--junitxml``, with the verdicts of a run in it.

pytest writes ``failure`` for each check that is not MET, counts what subtests say of their check beside it, and has
nothing of checks that did not run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree as ET

from deployspec.model.entry import Entry
from deployspec.model.verdict import Outcome
from deployspec.outputs.failure import failure_text
from deployspec.outputs.troubles import troubles_of
from deployspec.record.record import Run

BREACHED, MET_AGAIN = (f"deployspec.{name}" for name in ("Breached", "MetAgain"))
"""The types of a ``failure``: the promise is broken, or is kept again although an acceptance says that it is not."""
UNMEASURED, DEFECT, NOT_RUN, RUN = (
    f"deployspec.{name}" for name in ("Unmeasured", "Defect", "NotRun", "Run")
)
"""Those of an ``error``: the deployment could not be measured, the suite or the check is itself at fault, the check did not
run, and the run as a whole was not what it was to be."""
ACCEPTED = "deployspec.Accepted"
"""That of ``skipped``."""
_ILLEGAL = re.compile(r"[^\t\n\r -\x7e\x80-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML has no place for, even as a reference; and DEL, which a terminal obeys."""
_OUTPUT = ("system-out", "system-err")


def rewritten(document: bytes, run: Run, prefix: str = "", refused: str = "") -> bytes:
    """pytest's document with one test case for each check of the run, those that did not run included, and one for each
    way in which the run as a whole was not what it was to be. Other tests are as pytest wrote them.

    ``prefix`` is what ``--junitprefix`` says, ``refused`` why no check could begin. Raises ValueError where the document is not pytest's.
    """
    try:
        root = ET.fromstring(document)  # noqa: S314 - pytest has just written it
    except ET.ParseError as error:
        raise ValueError(f"it is no XML: {error}") from None
    suite = next(root.iter("testsuite"), None)
    if suite is None:
        raise ValueError("it has no testsuite")
    written: dict[tuple[str, str], list[ET.Element]] = {}
    for case in suite.findall("testcase"):
        suite.remove(case)
        # One that was interrupted has no name.
        if "name" in case.attrib:
            written.setdefault((case.get("classname", ""), case.get("name", "")), []).append(case)
    for entry in run.ordered():
        suite.append(_case(entry, written.pop(_address(entry.check, prefix), [])))
    for missing in run.not_run:
        written.pop(_address(missing.check, prefix), None)
        properties = {"id": missing.id, "verdict": Outcome.UNMEASURED.value, "promise": missing.promise}
        case = _new(_address(missing.check, prefix), properties)
        _say(case, "error", NOT_RUN, f"it did not run: {run.cut_short}")
        suite.append(case)
    for trouble in [refused] if refused else troubles_of(run):
        case = _new(("deployspec", "run"), {})
        _say(case, "error", RUN, trouble)
        suite.append(case)
    for cases in written.values():
        suite.extend(cases)
    for name, count in counts(suite).items():
        suite.set(name, str(count))
    whole: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return whole


def counts(suite: ET.Element) -> dict[str, int]:
    """How many test cases a suite has, and how many of them in which state. Each is counted once."""
    cases = suite.findall("testcase")
    errors = [case for case in cases if case.find("error") is not None]
    failures = [case for case in cases if case not in errors and case.find("failure") is not None]
    skipped = [case for case in cases if case not in errors + failures and case.find("skipped") is not None]
    return {
        "tests": len(cases),
        "errors": len(errors),
        "failures": len(failures),
        "skipped": len(skipped),
    }


def _address(node: str, prefix: str) -> tuple[str, str]:
    """``classname`` and ``name`` of a node id, as pytest writes them."""
    base, bracket, parameter = node.partition("[")
    file, *names = base.split("::")
    *classes, name = names or [""]
    path = file.replace("/", ".").removesuffix(".py")
    classname = ".".join([*([prefix] if prefix else []), path, *classes])
    return _legal(classname), _legal(name + bracket + parameter)


def _case(entry: Entry, written: list[ET.Element]) -> ET.Element:
    """A check's test case; of what pytest wrote of it, the time and the output are kept."""
    case = _new(("", ""), dict(entry.properties()))
    address = _address(entry.check, "")
    case.attrib = {"classname": address[0], "name": address[1], "time": f"{entry.duration:.3f}"}
    if written:
        case.attrib = dict(written[0].attrib)
    if entry.accepted:
        ET.SubElement(case, "skipped", {"type": ACCEPTED, "message": _legal(entry.accepted.in_words())})
    elif entry.met_again:
        _say(case, "failure", MET_AGAIN, entry.met_again, failure_text(entry))
    elif entry.fails and entry.verdict == Outcome.BREACHED:
        _say(case, "failure", BREACHED, entry.reason, failure_text(entry))
    elif entry.fails:
        _say(case, "error", DEFECT if entry.defect else UNMEASURED, entry.reason, failure_text(entry))
    case.extend(_output(written))
    return case


def _output(written: list[ET.Element]) -> Iterator[ET.Element]:
    for tag in _OUTPUT:
        for case in written:
            yield from case.findall(tag)


def _new(address: tuple[str, str], properties: Mapping[str, str]) -> ET.Element:
    case = ET.Element("testcase", {"classname": address[0], "name": address[1], "time": "0.000"})
    said = {name: value for name, value in properties.items() if value}
    if said:
        node = ET.SubElement(case, "properties")
        for name, value in said.items():
            ET.SubElement(node, "property", {"name": name, "value": _legal(value)})
    return case


def _say(case: ET.Element, tag: str, kind: str, message: str, text: str = "") -> None:
    node = ET.SubElement(case, tag, {"type": kind, "message": _legal(message)})
    node.text = _legal(text or message)


def _legal(text: str) -> str:
    """The text with what XML cannot hold escaped as Python does."""
    return _ILLEGAL.sub(lambda match: ascii(match[0])[1:-1], text)
