"""Slack: what a message says, that it calls nobody, and which answers are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deployspec.outputs.mrkdwn import MOST_TEXT
from deployspec.sinks.sending import NotSent
from tests.sinks.recording import SECRET, Answer, Recording, entry, recording, report_of, run_of, sender

OK = Answer(200, b"ok")
JOINER = "\u2060"


def _texts(server: Recording) -> list[str]:
    bodies: list[Any] = [json.loads(asked.body) for asked in server.asked]
    # Slack looks up what a text links to unless it is told not to.
    assert all(body["unfurl_links"] is False and body["unfurl_media"] is False for body in bodies)
    return [body["text"] for body in bodies]


def test_a_message_says_what_has_changed_the_worst_first(tmp_path: Path) -> None:
    """With reason, measured value, limit, and the command that repeats it."""
    with recording(OK) as server:
        sink = sender(tmp_path, "slack", f"{server.url}/services/T0/B0/{SECRET}")
        memory = sink.send(report_of(run_of(1, {"a": "MET", "b": "BREACHED", "c": "UNMEASURED"})), None)
        sink.send(report_of(run_of(2, {"a": "BREACHED", "b": "MET"})), memory)
    first, second = _texts(server)
    assert first.splitlines()[0] == "*production* (location cellar): 1 BREACHED, 1 UNMEASURED"
    assert second == "\n".join(
        [
            "*production* (location cellar): 1 BREACHED, 1 MET again, 1 gone",
            "",
            "*BREACHED* a (before: MET), 2026-11-29T05:02:09Z",
            "_it works_",
            "as it is (measured 3 s, limit at most 2 s)",
            "```curl x```",
            "",
            "*GONE* c (before: UNMEASURED), 2026-11-29T05:02:09Z",
            "the check is gone: the run had no such check any more",
            "",
            "*MET* b (before: BREACHED), 2026-11-29T05:02:09Z",
            "_it works_",
            "as it is (measured 3 s, limit at most 2 s)",
            "```curl x```",
        ]
    )


def test_what_was_measured_calls_nobody_and_ends_no_block(tmp_path: Path) -> None:
    """A service that answers with Slack's own signs has no way into the channel."""
    reason = "<!channel> <@U1> @here @Channel a@there.example <https://evil|good> ``` & @everyone"
    with recording(OK) as server:
        run = run_of(1)
        run.entries["a"] = entry("a", "BREACHED", reason, promise=reason, reproduce=reason)
        sender(tmp_path, "slack", server.url).send(report_of(run), None)
    (text,) = _texts(server)
    assert "<" not in text
    assert ">" not in text
    assert text.count("```") == 2
    assert (
        f"&lt;!channel&gt; &lt;@U1&gt; @{JOINER}here @{JOINER}Channel a@there.example "
        f"&lt;https://evil|good&gt; `{JOINER}`{JOINER}` &amp; @{JOINER}everyone"
    ) in text


@pytest.mark.parametrize("sign", ["x", "&"])
def test_a_message_lists_ten_checks_and_is_bounded(sign: str, tmp_path: Path) -> None:
    """Also where each sign is escaped by five; the number of the others is told."""
    with recording(OK) as server:
        run = run_of(1)
        long = sign * 5000
        for number in range(1500):
            run.entries[str(number)] = entry(
                f"c{number}", "BREACHED", long, promise=long, measured=long, limit=long, reproduce=long
            )
        sender(tmp_path, "slack", server.url).send(report_of(run), None)
    (text,) = _texts(server)
    assert len(text) <= MOST_TEXT
    listed = text.count("*BREACHED* ")
    assert listed == 10 if sign == "x" else 1 <= listed < 10
    assert f"\nand {1000 - listed} more\n" in text
    assert text.endswith("500 older changes could not be sent and had to be dropped")


def test_of_a_check_that_changed_more_than_once_its_newest_change_is_told(tmp_path: Path) -> None:
    """Whoever reads it wants to know how it stands."""
    with recording(OK) as server:
        sink = sender(tmp_path, "slack", server.url)
        memory = sink.send(report_of(run_of(1, {"a": "MET"})), None)
        server.answers = [Answer(500)]
        with pytest.raises(NotSent) as raised:
            sink.send(report_of(run_of(2, {"a": "BREACHED"})), memory)
        sink.send(report_of(run_of(3, {"a": "MET"})), raised.value.memory)
    assert _texts(server)[-1].splitlines()[0] == "*production* (location cellar): 1 MET again"


@pytest.mark.parametrize(
    ("answer", "reason", "final", "after"),
    [
        (Answer(200, b"no_text"), "status 200, found no_text; expected ok", True, None),
        (Answer(200, b'{"ok":false,"error":"channel_not_found"}'), '"channel_not_found"}; expected ok', True, None),
        (Answer(200, b'{"ok":false,"error":"internal_error"}'), '"internal_error"}; expected ok', False, None),
        (Answer(200, b"<html>"), "found an HTML page", False, None),
        (Answer(200, b""), "status 200, found nothing; expected ok", False, None),
        (Answer(400, b"invalid_payload"), "status 400: invalid_payload", True, None),
        (Answer(410, b"channel_is_archived"), "status 410: channel_is_archived", True, None),
        (Answer(500, b"rollup_error"), "status 500: rollup_error", False, None),
        (Answer(429, b"ratelimited", {"Retry-After": "30"}), "status 429: ratelimited", False, 30.0),
        (Answer(404, f"no /services/T0/B0/{SECRET}".encode()), "status 404: no /***", True, None),
        (None, "", False, None),
    ],
)  # fmt: skip
def test_an_answer_other_than_ok_is_none(
    answer: Answer | None, reason: str, final: bool, after: float | None, tmp_path: Path
) -> None:
    """Final where Slack says that it will not change; told again with the next run all the same."""
    with recording(OK) as server:
        sink = sender(tmp_path, "slack", f"{server.url}/services/T0/B0/{SECRET}", ", timeout: 500ms")
        server.answers = [answer]
        with pytest.raises(NotSent) as raised:
            sink.send(report_of(run_of(1, {"a": "BREACHED"})), None)
        failed = raised.value
        assert reason in failed.reason
        assert (failed.final, failed.after) == (final, after)
        assert SECRET not in failed.reason
        sink.send(report_of(run_of(2, {"a": "BREACHED"})), failed.memory)
    assert len(_texts(server)) == 2
    assert "05:01:09Z" in _texts(server)[1]
