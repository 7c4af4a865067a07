"""A heartbeat, in the form of healthchecks.io: that a run began, and how it ended. What does not hear of it raises the alarm."""

from __future__ import annotations

import re
from typing import Any

from deployspec.base.shown import counted, one_line
from deployspec.deployment.push import Push
from deployspec.model.verdict import Outcome
from deployspec.sinks.requests import Address, said
from deployspec.sinks.sending import NotSent, Report

MOST_TEXT = 10_000
"""Bytes of a text: what healthchecks.io keeps at least."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_URL = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://\S*")


class Heartbeat:
    """Tells by a POST each, the first one of the start, the second one of the exit status."""

    def __init__(self, push: Push) -> None:
        self._address = Address(push)

    def begin(self, report: Report) -> None:
        """Say that the run begins, so that one which never ends is known, and how long it took."""
        self._post(report, "start", b"")

    def send(self, report: Report, memory: Any) -> Any:
        """Say how the run ended: its exit status, or that it failed where it is incomplete, with a short text."""
        # In a maintenance window an incomplete run may be all well.
        incomplete = report.run.cut_short and report.status
        ending = "fail" if incomplete or not 0 <= report.status <= 255 else str(report.status)
        self._post(report, ending, text(report))
        return memory

    def _post(self, report: Report, ending: str, body: bytes) -> None:
        url, _, query = self._address.url.partition("?")
        # Anything else than a UUID is refused, and the ping with it.
        run = f"rid={report.run.id}" if _UUID.fullmatch(report.run.id) else ""
        asked = "&".join(filter(None, (query, run)))
        answer = self._address.post(
            report,
            f"{url.rstrip('/')}/{ending}{'?' if asked else ''}{asked}",
            body,
            {"Content-Type": "text/plain; charset=utf-8"},
        )
        # healthchecks.io answers 200 for a check that it does not know, too: "OK (not found)", "OK (rate limited)".
        if answer.body[:4] == b"OK (":
            raise NotSent(
                f"status {answer.status}{said(answer, self._address.hide)}; expected OK",
                final=b"rate limited" not in answer.body,
            )


def text(report: Report) -> bytes:
    """The counts, and the checks that fail, by their ids: no reasons, no URLs, at most ``MOST_TEXT`` bytes."""
    run, counts = report.run, report.run.counts()
    lines = [
        f"deployment {_plain(report.deployment)}, location {_plain(report.location)}, exit status {report.status}",
        f"{counted(len(run.entries), 'check')}: "
        + ", ".join(f"{counts[outcome.value]} {outcome.value}" for outcome in Outcome)
        + (f" ({counts['accepted']} accepted)" if counts["accepted"] else ""),
    ]
    if run.cut_short:
        lines.append(f"incomplete: {_plain(run.cut_short)}")
    if run.maintenance:
        lines.append(f"in the maintenance window {_plain(run.maintenance)}")
    failing = [
        f"{entry.verdict}{' AGAIN' if entry.met_again else ''} {_plain(entry.id)}"
        for entry in run.ordered()
        if entry.fails
    ]
    room = MOST_TEXT - len("\n".join(lines).encode()) - len(f"\nand {len(failing)} more")
    for index, line in enumerate(failing):
        room -= len(line.encode()) + 1
        if room < 0:
            lines.append(f"and {len(failing) - index} more")
            break
        lines.append(line)
    return "\n".join(lines).encode()


def _plain(text: str) -> str:
    return _URL.sub("(URL)", one_line(text))
