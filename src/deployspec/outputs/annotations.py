"""Annotations: what GitHub shows beside the files of a change, as commands in a step's log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deployspec.base.shown import counted
from deployspec.outputs.findings import Finding, Gravity

MOST = 10
"""Of one kind, GitHub shows as many a step, and drops what comes after without a word."""


def annotation_lines(findings: Iterable[Finding], deployment: str) -> Iterator[str]:
    """The lines for findings, the gravest first: errors, and notices for what is accepted. Where there are more than
    GitHub shows, the last says how many."""
    kinds: dict[str, list[Finding]] = {"error": [], "notice": []}
    for finding in findings:
        kinds["notice" if finding.gravity is Gravity.ACCEPTED else "error"].append(finding)
    for kind, those in kinds.items():
        yield from (_line(kind, finding, deployment) for finding in those[:MOST])
    beyond = {kind: len(those) - MOST for kind, those in kinds.items() if len(those) > MOST}
    if beyond:
        yield f"not annotated, because GitHub shows {MOST} of a kind: {', '.join(counted(number, f'more {kind}') for kind, number in beyond.items())}"


def paused(token: str) -> str:
    """The line after which GitHub obeys no command, until there is one that is :func:`resumed`.

    Nothing less keeps a text from being a command: blanks before ``::`` are passed over, and ``##[`` is looked for
    anywhere in a line. The token is one that nobody can guess.
    """
    return f"::stop-commands::{token}"


def resumed(token: str) -> str:
    """The line after which GitHub obeys commands again."""
    return f"::{token}::"


def _line(kind: str, finding: Finding, deployment: str) -> str:
    title = f"{finding.id} ({deployment})" if deployment else finding.id
    properties = {"title": title}
    if finding.file:
        properties |= {"file": finding.file, "line": str(finding.line)}
        properties |= {"col": str(finding.column)} if finding.column else {}
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{kind} {said}::{_data(finding.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
