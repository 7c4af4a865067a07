"""Any text, posted to a sink of the kind slack: taken, tried again, or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deployspec.deployment.push import Push
from deployspec.sinks.sending import NotSent
from deployspec.sinks.slack import post_text
from tests.sinks.recording import SECRET, Answer, Recording, described, recording

OK = Answer(200, b"ok")


def _push(folder: Path, server: Recording) -> Push:
    return described(folder, f"{{name: there, kind: slack, url: '{server.url}/services/T0/B0/{SECRET}'}}")


def test_it_is_posted_once(tmp_path: Path) -> None:
    """As it is, and Slack looks up nothing that is in it."""
    with recording(OK) as server:
        post_text(_push(tmp_path, server), "*production*: MET")
    bodies = [json.loads(asked.body) for asked in server.asked]
    assert bodies == [{"text": "*production*: MET", "unfurl_links": False, "unfurl_media": False}]


def test_it_is_tried_again_where_that_may_help(tmp_path: Path) -> None:
    """Until it is taken."""
    with recording(OK) as server:
        server.answers = [Answer(500), Answer(200, b"internal_error")]
        post_text(_push(tmp_path, server), "text")
    assert len(server.asked) == 3


@pytest.mark.parametrize("answer", [Answer(404, b"no_service"), Answer(200, b"no_text")])
def test_what_is_refused_for_good_is_not_tried_again(answer: Answer, tmp_path: Path) -> None:
    """It says why, without the secret in the address."""
    with recording(answer) as server:
        with pytest.raises(NotSent, match="no_") as raised:
            post_text(_push(tmp_path, server), "text")
        assert len(server.asked) == 1
    assert SECRET not in raised.value.reason


def test_nobody_waits_for_longer_than_the_limit(tmp_path: Path) -> None:
    """Where another attempt would have no second left, the last one's reason is told."""
    with recording(Answer(503)) as server:
        with pytest.raises(NotSent, match="status 503"):
            post_text(_push(tmp_path, server), "text", within=1.1)
        assert len(server.asked) == 1
