"""The text of a check that is not MET."""

from __future__ import annotations

from dataclasses import replace

from deployspec.model.entry import Entry, Evidence
from deployspec.outputs.failure import failure_text

ENTRY = Entry(
    "checks/test_health.py::test_steady", "health.steady", "health", "", "BREACHED", "call 2: status 503"
)


def test_what_is_not_known_is_left_out() -> None:
    """Neither an empty line nor a label without a text."""
    assert failure_text(ENTRY) == "BREACHED: call 2: status 503\n  check     health.steady"


def test_texts_are_wrapped_and_a_command_is_not() -> None:
    """A command is copied from the terminal, so it stays on one line, however long."""
    command = "curl " + " ".join(["--header X-Name:value"] * 12)
    whole = replace(
        ENTRY,
        promise="five calls agree " * 12,
        source="the guide",
        reproduce=command,
        evidence=(Evidence("call 1", "status 200\nbody {}"),),
    )
    lines = failure_text(whole).splitlines()
    assert f"  reproduce {command}" in lines
    promise = lines[1 : lines.index("  check     health.steady (the guide)")]
    assert [line[:12] for line in promise] == ["  promise   ", " " * 12, " " * 12]
    assert " ".join(line[12:] for line in promise) == ("five calls agree " * 12).strip()
    assert max(map(len, promise)) <= 110
    assert lines[-4:] == ["", "  call 1", "    status 200", "    body {}"]
