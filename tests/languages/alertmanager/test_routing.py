"""The routing table: its rows, their verdicts, and what it leaves out."""

from __future__ import annotations

import pytest

from deployspec.languages.alertmanager.routes import read_routes
from deployspec.languages.alertmanager.routing import (
    AmtoolRun,
    judge_config,
    judge_route,
    read_routing,
    uncovered,
)
from deployspec.model.verdict import Outcome

TABLE = """\
- id: critical
  labels: {alertname: X, severity: critical}
  receivers: [pager, chat]
- {id: default, labels: {severity: 1}, receivers: [mail]}
"""


def run(output: str = "", errors: str = "", status: int | None = 0) -> AmtoolRun:
    """What amtool said."""
    return AmtoolRun(status, output, errors, "amtool …")


def test_rows():
    """Each row with its place; a label's value is a text, whatever YAML would make of it."""
    table = read_routing(TABLE, "routing.yml")
    assert table.problems == ()
    assert [(row.id, dict(row.labels), row.receivers, str(row.place)) for row in table.rows] == [
        ("critical", {"alertname": "X", "severity": "critical"}, ("pager", "chat"), "routing.yml:1:3"),
        ("default", {"severity": "1"}, ("mail",), "routing.yml:4:3"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "r.yml:1:1: found nothing", id="empty"),
        pytest.param("[]", "r.yml:1:1: found no row", id="no-row"),
        pytest.param("a: b", "r.yml:1:1: found a mapping; expected a routing table", id="mapping"),
        pytest.param("- a: b: c", "r.yml:1:7: found broken YAML", id="broken"),
        pytest.param("- a", 'r.yml:1:3: found "a"; expected a row of the routing table', id="word"),
        pytest.param("- {labels: {a: b}, receivers: [c]}", "r.yml:1:3: found a row of the routing table without `id`", id="no-id"),
        pytest.param("- {id: x, receivers: [c]}", "r.yml:1:3: found a row of the routing table without `labels`", id="no-labels"),
        pytest.param("- {id: x, labels: {}, receivers: [c]}", "r.yml:1:3: found a row of the routing table without `labels`", id="empty-labels"),
        pytest.param("- {id: x, labels: {a: b}}", "r.yml:1:3: found a row of the routing table without `receivers`", id="no-receivers"),
        pytest.param("- {id: x, labels: {a: b}, receivers: []}", "r.yml:1:3: found a row of the routing table without `receivers`",
                     id="empty-receivers"),
        pytest.param("- {id: x, labels: {a: b}, receivers: c}", 'r.yml:1:38: found "c"; expected a list of receivers',
                     id="receivers-a-word"),
        pytest.param("- {id: x, labels: {a: [b]}, receivers: [c]}", "r.yml:1:23: found a list; expected a text in labels and their values",
                     id="label-a-list"),
        pytest.param("- {id: x, labels: {a: b}, receiver: [c], receivers: [c]}", "r.yml:1:27: found the unknown field `receiver`",
                     id="unknown-key"),
        pytest.param("- {id: x, labels: {a: b}, receivers: [c]}\n- {id: x, labels: {a: b}, receivers: [c]}",
                     "r.yml:2:3: found the id x for the second time", id="id-twice"),
    ],
)  # fmt: skip
def test_problems(text, expected):
    """A table that cannot be understood has a problem with its place."""
    assert expected in "\n".join(map(str, read_routing(text, "r.yml").problems))


@pytest.mark.parametrize(
    ("said", "outcome", "reason"),
    [
        pytest.param(run("pager,chat\n"), Outcome.MET, "the alert reaches pager and chat", id="as-expected"),
        pytest.param(run("chat,pager\n"), Outcome.MET, "the alert reaches pager and chat", id="any-order"),
        pytest.param(run("pager\n"), Outcome.BREACHED, "the alert reaches pager; expected pager and chat", id="too-few"),
        pytest.param(run("pager,chat,mail\n"), Outcome.BREACHED, "reaches pager, chat and mail; expected", id="too-many"),
        pytest.param(run("pager,chat,chat\n"), Outcome.BREACHED, "reaches pager, chat and chat; expected", id="twice"),
        pytest.param(run("mail\n"), Outcome.BREACHED, "reaches mail; expected pager and chat", id="another"),
        pytest.param(run("", "amtool: error: yaml: line 1: did not find\n", 1), Outcome.BREACHED,
                     "amtool rejects it: yaml: line 1: did not find", id="refused"),
        pytest.param(run("", "ended after its time limit of 1 s", None), Outcome.UNMEASURED,
                     "amtool did not answer: ended after its time limit of 1 s", id="hung"),
        pytest.param(run("pager,chat\n", "", -9), Outcome.UNMEASURED, "amtool was killed by signal 9", id="killed"),
        pytest.param(run("", "panic: x", 2), Outcome.UNMEASURED, "amtool ended with status 2: panic: x", id="panic"),
        pytest.param(run("pager,chat\n", "", 1), Outcome.UNMEASURED, "amtool ended with status 1", id="status-without-words"),
        pytest.param(run(""), Outcome.UNMEASURED, "printed something unexpected: nothing", id="silent"),
        pytest.param(run("pager,chat\nmore\n"), Outcome.UNMEASURED, "something unexpected: pager,chat more", id="two-lines"),
    ],
)  # fmt: skip
def test_a_row(said, outcome, reason):
    """MET only where amtool answered with exactly the row's receivers."""
    (row, _) = read_routing(TABLE, "routing.yml").rows
    verdict = judge_route(row, said)
    assert verdict.outcome is outcome
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("said", "outcome", "reason"),
    [
        pytest.param(run("Checking 'a.yml'  SUCCESS\nFound:\n"), Outcome.MET, "accepts", id="success"),
        pytest.param(run("Checking 'a.yml'  FAILED: no route\n", "amtool: error: failed to validate 1 file(s)", 1),
                     Outcome.BREACHED, "amtool rejects the configuration: no route", id="failed"),
        pytest.param(run("", "amtool: error: path 'a.yml' does not exist", 1), Outcome.BREACHED, "does not exist", id="missing"),
        pytest.param(run("Checking 'a.yml'  SUCCESS\n", "", 1), Outcome.UNMEASURED, "status 1", id="success-with-status-1"),
        pytest.param(run("Checking 'a.yml'  FAILED: x\n"), Outcome.UNMEASURED, "something unexpected", id="failed-with-status-0"),
        pytest.param(run(""), Outcome.UNMEASURED, "something unexpected: nothing", id="silent"),
        pytest.param(run("", "", None), Outcome.UNMEASURED, "did not answer", id="hung"),
    ],
)  # fmt: skip
def test_a_configuration(said, outcome, reason):
    """MET only where amtool says so in both ways."""
    verdict = judge_config(said)
    assert verdict.outcome is outcome
    assert reason in verdict.reason


CONFIG = """\
route:
  receiver: mail
  routes: [{matchers: [severity="critical"], receiver: pager}]
receivers: [{name: mail}, {name: pager}]
"""
PAGER = "- {id: a, labels: {severity: critical}, receivers: [pager]}\n"
MAIL = "- {id: b, labels: {severity: none}, receivers: [mail]}\n"


@pytest.mark.parametrize(
    ("config", "table", "expected"),
    [
        pytest.param(CONFIG, PAGER + MAIL, [], id="all-reached"),
        pytest.param(CONFIG, MAIL, ['am.yml:4:34: found the receiver "pager", which no row reaches'], id="a-receiver-unreached"),
        pytest.param(CONFIG, PAGER, ['am.yml:4:20: found the receiver "mail", which no row', "am.yml:2:3: found a default route"],
                     id="default-unreached"),
        pytest.param(CONFIG, PAGER + MAIL.replace("none", "critical"), ["am.yml:2:3: found a default route that no row reaches"],
                     id="the-row-of-the-default-enters-another-route"),
        pytest.param(CONFIG.replace("pager", "'p,q'"), PAGER.replace("pager", "'p,q'") + MAIL,
                     ['found the receiver "p,q"; expected a name without a comma'], id="comma"),
    ],
)  # fmt: skip
def test_uncovered(config, table, expected):
    """Each receiver has a row that reaches it, and the default route has one."""
    found = [
        str(problem)
        for problem in uncovered(read_routing(table, "r.yml").rows, read_routes(config, "am.yml"))
    ]
    assert len(found) == len(expected)
    assert all(piece in text for piece, text in zip(expected, found, strict=True))
