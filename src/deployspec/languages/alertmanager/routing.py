"""The routing table: which alert reaches which receivers, row by row, judged by what amtool says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deployspec.base.problems import Place, Problem, Problems
from deployspec.base.shown import cut, names, one_line
from deployspec.base.yaml_tree import Node
from deployspec.languages.alertmanager.document import compose
from deployspec.languages.alertmanager.routes import Routes
from deployspec.languages.fields import Fields, items_of, scalar_of
from deployspec.model.verdict import Verdict, breached, met, unmeasured


@dataclass(frozen=True)
class RoutingRow:
    """An alert's labels, and the receivers that it has to reach."""

    id: str
    labels: Mapping[str, str]
    receivers: tuple[str, ...]
    """In any order. A receiver that two routes lead to is there twice: it is notified twice."""
    place: Place


@dataclass(frozen=True)
class RoutingTable:
    """The rows of a routing table."""

    path: str
    rows: tuple[RoutingRow, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class AmtoolRun:
    """What amtool said."""

    exit_status: int | None
    """None where it did not end within its time limit, or could not be started; negative: the signal that killed it."""
    output: str
    """Its standard output."""
    errors: str
    """Its standard error, or why it did not end."""
    reproduce: str
    """A command line for a shell that asks the same."""


def read_routing(text: str, path: str) -> RoutingTable:
    """Read a routing table: a list of ``{id, labels, receivers}``. Never raises for what the text is."""
    problems = Problems(path)
    rows: dict[str, RoutingRow] = {}
    top = compose(text, problems)
    if top is not None:
        for node in items_of(top, problems, "a routing table: a list of rows with id, labels and receivers"):
            row = _row(node, problems)
            if row is None:
                continue
            if row.id in rows:
                problems.add(node, f"the id {cut(row.id, 60)} for the second time", "each id once")
            else:
                rows[row.id] = row
        if not rows and not problems:
            problems.add(top, "no row", "at least one row, that of the default route")
    return RoutingTable(path, tuple(rows.values()), tuple(problems))


def _row(node: Node, problems: Problems) -> RoutingRow | None:
    before = len(problems)
    found = Fields(node, problems, "a row of the routing table", ("id", "labels", "receivers"))
    name = found.text("id", "the row's id", required=True)
    labels = found.texts("labels", "labels and their values")
    items = found.items("receivers", "a list of receivers")
    receivers = [scalar.text for item in items if (scalar := scalar_of(item, problems, "a receiver's name"))]
    if "" in receivers:
        found.add("receivers", "an empty name", "a receiver's name")
    if len(problems) == before and not labels:
        found.require("labels", "the alert's labels, at least its alertname or its severity")
    if len(problems) == before and not receivers:
        found.require("receivers", "the receivers that the alert has to reach")
    if len(problems) > before:
        return None
    return RoutingRow(name, labels, tuple(receivers), problems.place(node))


def judge_route(row: RoutingRow, run: AmtoolRun) -> Verdict:
    """Whether the alert reaches exactly the row's receivers, as ``amtool config routes test`` says. Any order."""
    failed = _failed(run)
    if failed is not None:
        return failed
    got = run.output.removesuffix("\n")
    if not got or "\n" in got or run.exit_status != 0:
        return unmeasured(f"amtool printed something unexpected: {_shown(run.output or run.errors)}")
    limit = ", ".join(sorted(row.receivers))
    if sorted(got.split(",")) == sorted(row.receivers):
        return met(f"the alert reaches {names(row.receivers)}", measured=got, limit=limit)
    return breached(
        f"the alert reaches {one_line(names(got.split(',')))}; expected {names(row.receivers)}",
        measured=got,
        limit=limit,
    )


def judge_config(run: AmtoolRun) -> Verdict:
    """Whether Alertmanager accepts the configuration, as ``amtool check-config`` says."""
    text = f"{run.output}\n{run.errors}"
    if run.exit_status == 0 and "SUCCESS" in run.output:
        return met("amtool accepts the configuration")
    if run.exit_status == 1 and "FAILED" in text:
        return breached(
            f"amtool rejects the configuration: {_shown(text.partition('FAILED')[2].lstrip(': '))}"
        )
    failed = _failed(run)
    if failed is not None:
        return failed
    return unmeasured(f"amtool printed something unexpected: {_shown(text)}")


def _failed(run: AmtoolRun) -> Verdict | None:
    if run.exit_status is None:
        return unmeasured(f"amtool did not answer: {_shown(run.errors)}")
    if run.exit_status < 0:
        return unmeasured(f"amtool was killed by signal {-run.exit_status}")
    refusal = run.errors.partition("amtool: error:")[2]
    if run.exit_status == 1 and refusal:
        return breached(f"amtool rejects it: {_shown(refusal)}")
    if run.exit_status != 0:
        return unmeasured(f"amtool ended with status {run.exit_status}: {_shown(run.errors or run.output)}")
    return None


def _shown(text: str) -> str:
    return one_line(" ".join(text.split()) or "nothing")


def uncovered(rows: Sequence[RoutingRow], routes: Routes) -> tuple[Problem, ...]:
    """What the table leaves out: a receiver that no row reaches; the default route; names that amtool cannot tell."""
    found = []
    reached = {receiver for row in rows for receiver in row.receivers}
    for receiver, place in routes.receivers.items():
        if "," in receiver:
            found.append(
                Problem(
                    place,
                    f'the receiver "{receiver}"',
                    "a name without a comma, because amtool separates names by commas",
                )
            )
        elif receiver not in reached:
            expected = "a row of the routing table that reaches it, or no such receiver"
            found.append(Problem(place, f'the receiver "{receiver}", which no row reaches', expected))
    if routes.root is not None and not any(_is_default(row, routes) for row in rows):
        expected = f'a row whose labels no route matches, and whose receivers are ["{routes.root.receiver}"]'
        found.append(Problem(routes.root.place, "a default route that no row reaches", expected))
    return tuple(found)


def _is_default(row: RoutingRow, routes: Routes) -> bool:
    return routes.only_default(lambda label: row.labels.get(label, ""))
