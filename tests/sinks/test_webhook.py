"""The webhook: one message for all changes of a run, as its schema says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from deployspec.sinks import changes
from deployspec.sinks.delivering import Delivery
from deployspec.sinks.sending import NotSent
from tests.sinks.recording import SECRET, Answer, entry, recording, report_of, run_of, sender
from tests.suite import ROOT

SCHEMA = json.loads(Path(changes.__file__).with_name("changes.schema.json").read_text(encoding="utf-8"))
MESSAGES = jsonschema_rs.validator_for(SCHEMA)


def _message(body: bytes) -> Any:
    message = json.loads(body)
    MESSAGES.validate(message)
    return message


def test_all_changes_of_a_run_are_one_message(tmp_path: Path) -> None:
    """With all that one needs to act on each; and a run that changes nothing sends none."""
    with recording(Answer(204, b"")) as server:
        sink = sender(
            tmp_path, "webhook", f"{server.url}/hook/{SECRET}?to=us", ", headers: {X-Key: 'k1234567'}"
        )
        memory = sink.send(report_of(run_of(1, {"a": "MET", "b": "MET", "c": "MET"})), None)
        run = run_of(2, {"a": "BREACHED", "b": "UNMEASURED", "c": "MET"})
        memory = sink.send(report_of(run), memory)
        run.id = "another"
        sink.send(report_of(run), memory)
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", f"/hook/{SECRET}?to=us")
    assert (asked.headers["Content-Type"], asked.headers["X-Key"]) == ("application/json", "k1234567")
    change = {
        "run": "0e1f2a3b-0000-4000-8000-000000000002",
        "time": "2026-11-29T05:02:09Z",
        "check": "a",
        "promise": "it works",
        "verdict": "BREACHED",
        "before": "MET",
        "reason": "as it is",
        "measured": "3 s",
        "limit": "at most 2 s",
        "reproduce": "curl x",
    }
    assert _message(asked.body) == {
        "format": "deployspec.changes/1",
        "deployment": "production",
        "location": "cellar",
        "run": "0e1f2a3b-0000-4000-8000-000000000002",
        "time": "2026-11-29T05:02:09Z",
        "counts": {"MET": 1, "BREACHED": 1, "UNMEASURED": 1},
        "dropped": 0,
        "changes": [change, {**change, "check": "b", "verdict": "UNMEASURED"}],
    }


@pytest.mark.parametrize(
    ("answer", "final"), [(Answer(500), False), (Answer(429), False), (Answer(401), True), (None, False)]
)
def test_what_was_refused_is_in_the_next_message(answer: Answer | None, final: bool, tmp_path: Path) -> None:
    """Whatever the refusal: what a person repairs, or the receiver, brings all of it."""
    with recording() as server:
        sink = sender(tmp_path, "webhook", server.url, ", timeout: 500ms")
        server.answers = [answer]
        with pytest.raises(NotSent) as raised:
            sink.send(report_of(run_of(1, {"a": "BREACHED"})), None)
        assert raised.value.final == final
        memory = sink.send(report_of(run_of(2, {"a": "MET"})), json.loads(json.dumps(raised.value.memory)))
        sink.send(report_of(run_of(3, {"a": "MET"})), memory)
    first, second = (_message(asked.body) for asked in server.asked)
    assert [change["verdict"] for change in first["changes"]] == ["BREACHED"]
    assert [(change["time"][14:16], change["verdict"]) for change in second["changes"]] == [
        ("01", "BREACHED"),
        ("02", "MET"),
    ]


def test_past_the_time_limit_the_changes_are_kept(tmp_path: Path) -> None:
    """Nothing was asked, and nothing is lost."""
    with recording() as server:
        sink = sender(tmp_path, "webhook", server.url)
        with pytest.raises(NotSent) as raised:
            sink.send(report_of(run_of(1, {"a": "BREACHED"}), limit=-1), None)
        sink.send(report_of(run_of(2, {"a": "BREACHED"})), raised.value.memory)
    (asked,) = server.asked
    assert _message(asked.body)["changes"][0]["time"] == "2026-11-29T05:01:09Z"


def test_a_message_of_gone_checks_and_of_strange_texts_is_valid(tmp_path: Path) -> None:
    """Lone surrogates, control characters and names without end among them."""
    strange = "\ud800 \x00 \u2028 \N{SNOWMAN} " + "z" * 5000
    with recording() as server:
        sink = sender(tmp_path, "webhook", server.url)
        run = run_of(1)
        run.entries["x"] = entry(
            strange, "BREACHED", strange, promise=strange, measured=strange, limit=strange, reproduce=strange
        )
        memory = sink.send(report_of(run), None)
        sink.send(report_of(run_of(2, {"a": "MET"})), memory)
    first, second = (_message(asked.body) for asked in server.asked)
    assert first["changes"][0]["reason"].startswith("\\ud800 \\x00 \\u2028 \N{SNOWMAN} zz")
    (gone,) = second["changes"]
    assert (gone["check"], gone["verdict"], gone["before"]) == (
        first["changes"][0]["check"],
        None,
        "BREACHED",
    )


def test_the_schema_is_valid_and_describes_each_key() -> None:
    """A description of every property, as a reader of the message needs it."""
    jsonschema_rs.meta.validate(SCHEMA)
    change = SCHEMA["properties"]["changes"]["items"]
    assert set(change["properties"]) == set(change["required"]) == set(changes.Change._fields)
    for properties in (
        SCHEMA["properties"],
        SCHEMA["properties"]["counts"]["properties"],
        change["properties"],
    ):
        assert all(place["description"].endswith(".") for place in properties.values())
    for name, most in changes.LONGEST.items():
        assert change["properties"][name]["maxLength"] == most
    assert SCHEMA["properties"]["format"]["const"] == changes.FORMAT
    assert SCHEMA["properties"]["changes"]["maxItems"] == changes.MOST_KEPT


def test_the_pages_example_is_a_message() -> None:
    """What the documentation shows fits the schema."""
    page = (ROOT / "docs" / "deployment-file.md").read_text(encoding="utf-8")
    _message(page.split("### Webhook and Slack")[1].split("```json\n")[1].split("```")[0].encode())


def test_delivery_tells_each_change_once_however_often_it_has_to_try(tmp_path: Path) -> None:
    """Within a run, and from one process to the next one, where the first was asked to come later than it may."""
    with recording() as server:
        sink = sender(tmp_path, "webhook", server.url)
        server.answers = [Answer(500), Answer(429, headers={"Retry-After": "0"})]
        (outcome,) = Delivery({"there": sink}, tmp_path / "sinks").send(
            report_of(run_of(1, {"a": "BREACHED"}))
        )
        assert (outcome.ok, len(server.asked)) == (True, 3)
        server.answers = [Answer(429, headers={"Retry-After": "60"})]
        (outcome,) = Delivery({"there": sink}, tmp_path / "sinks").send(report_of(run_of(2, {"a": "MET"})))
        assert not outcome.ok
        before = len(server.asked)
        for number in (3, 4):
            list(Delivery({"there": sink}, tmp_path / "sinks").send(report_of(run_of(number, {"a": "MET"}))))
    assert {asked.body for asked in server.asked[:3]} == {server.asked[0].body}
    (last,) = server.asked[before:]
    assert [(change["time"][14:16], change["verdict"]) for change in _message(last.body)["changes"]] == [
        ("02", "MET")
    ]
