"""Slack, by an incoming webhook, and what takes Slack's messages as well: what has changed, or any other text."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from deployspec.base.shown import counted as numbered
from deployspec.deployment.push import Push
from deployspec.outputs.mrkdwn import MOST_TEXT, escaped
from deployspec.sinks.changes import Change, News, counted, tell
from deployspec.sinks.delivering import until_sent
from deployspec.sinks.requests import Address, said
from deployspec.sinks.sending import Deadline, NotSent, Report, Waits

MOST_LISTED = 10
"""Checks of which a message says more than their number."""
_ROOM_FOR_THE_REST = 200
"""Characters for what stands below the checks."""
_LONGEST_POST = 30.0
"""Seconds for a text that somebody waits for."""
_WORST = ("BREACHED", "UNMEASURED", None, "MET")
_FINAL = frozenset(
    {
        *("invalid_payload", "no_text", "invalid_blocks", "invalid_token", "msg_too_long", "too_many_attachments"),
        *("no_service", "no_service_id", "no_active_hooks", "no_team", "team_disabled", "user_not_found"),
        *("channel_not_found", "channel_is_archived", "action_prohibited", "posting_to_general_channel_denied"),
    }
)  # fmt: skip
"""Errors that another attempt would bring again. By https://docs.slack.dev, "Sending messages using incoming webhooks"."""


class Slack:
    """Posts one message a run that has changes."""

    def __init__(self, push: Push) -> None:
        self._address = Address(push)
        self._after: int = push.data["after"]

    def send(self, report: Report, memory: Any) -> Any:
        """Tell what has changed since the last message."""

        def post(news: News) -> None:
            _post(self._address, report, text(report, news))

        return tell(report, memory, self._after, post)


def post_text(push: Push, text: str, within: float = _LONGEST_POST) -> None:
    """Post a text, in Slack's mrkdwn, to a sink of the deployment file, again where another attempt may help. Raises
    :class:`NotSent` where it was not taken in ``within`` seconds."""
    address, deadline = Address(push), Deadline(time.monotonic() + within)
    until_sent(lambda: _post(address, deadline, text), deadline.deadline)


def _post(address: Address, limit: Waits, text: str) -> None:
    """Post a text once. An answer other than ``ok`` is none."""
    # What a reason quotes is not looked up by Slack.
    body = {"text": text, "unfurl_links": False, "unfurl_media": False}
    answer = address.post(limit, address.url, json.dumps(body).encode(), {})
    if answer.body.strip() != b"ok":
        words = re.findall(r"[a-z_]+", answer.body[:1000].decode("utf-8", "replace"))
        found = said(answer, address.hide) or ": nothing"
        raise NotSent(
            f"status {answer.status}, found{found[1:]}; expected ok", final=not _FINAL.isdisjoint(words)
        )


def text(report: Report, news: News) -> str:
    """The message, in Slack's mrkdwn, of at most ``MOST_TEXT`` characters: each check's newest change, the worst first."""
    newest = {change.check: change for change in news.untold}
    changes = sorted(newest.values(), key=lambda change: _WORST.index(change.verdict))
    lines = [f"*{escaped(report.deployment)}* (location {escaped(report.location)}): {counted(news.untold)}"]
    room, listed = MOST_TEXT - _ROOM_FOR_THE_REST - len(lines[0]), 0
    for change in changes[:MOST_LISTED]:
        block = "\n".join(["", *_lines(change)])
        room -= len(block) + 1
        if room < 0:
            break
        lines.append(block)
        listed += 1
    if len(changes) > listed:
        lines += ["", f"and {len(changes) - listed} more"]
    if news.dropped:
        lines += ["", f"{numbered(news.dropped, 'older change')} could not be sent and had to be dropped"]
    return "\n".join(lines)


def _lines(change: Change) -> list[str]:
    facts = [f"{name} {text}" for name in ("measured", "limit") if (text := escaped(getattr(change, name)))]
    before = "told for the first time" if change.before is None else f"before: {change.before}"
    lines = [f"*{change.verdict or 'GONE'}* {escaped(change.check)} ({before}), {escaped(change.time)}"]
    if change.promise:
        lines.append(f"_{escaped(change.promise)}_")
    lines.append(escaped(change.reason) + (f" ({', '.join(facts)})" if facts else ""))
    if change.reproduce:
        lines.append(f"```{escaped(change.reproduce)}```")
    return lines
