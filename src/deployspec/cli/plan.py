"""``deployspec plan``: what ``deployspec check`` with the same options would do, and does nothing of it."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from deployspec.base.errors import UsageError
from deployspec.base.places import Places
from deployspec.base.shown import cut, one_line
from deployspec.cli.check import pytest_arguments
from deployspec.deployment.auth import CommandToken
from deployspec.model.chapter import imported
from deployspec.model.plan import ELSEWHERE, Planned, merged, request

if TYPE_CHECKING:
    from deployspec.cli.collecting import Collected
    from deployspec.deployment import Deployment
    from deployspec.deployment.auth import TokenSource

_USAGE = "usage: deployspec plan [--format text|json] [OPTIONS AND PATHS OF deployspec check]"
_FORMATS = ("text", "json")
_WIDTH = 160
"""Characters that are shown of a path or a command."""
_SECTIONS = {
    "command": "commands on this machine",
    "write": "writes to the deployment",
    "fault": "faults",
    "file": "files read",
}


class _Plan(NamedTuple):
    name: str
    """The deployment's; empty where none is needed."""
    command: str
    planned: list[Planned]
    not_said: list[str]
    """Sentences on whatever may do more than is planned."""
    not_selected: Mapping[str, str]
    empty_markers: Sequence[str]
    """Those in ``-m`` that select no check, for which the run would fail."""


def run(arguments: Sequence[str]) -> int:
    """Print the plan; returns the exit status. Raises UsageError where the run could not begin either."""
    from deployspec.cli.collecting import collected

    if arguments[:1] in (["-h"], ["--help"]):
        print(
            f"{_USAGE}\n\nSay what `deployspec check` would send, run and write with the same options, and do nothing of it."
        )
        return 0
    form, rest = _form(arguments)
    plan = _plan(collected(pytest_arguments(rest, Places(Path.cwd()))), rest)
    if form == "json":
        print(json.dumps(_document(plan), indent=2))
    else:
        print("\n".join(_text(plan)))
    return 0


def _form(arguments: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The format, and what is left for pytest."""
    at = next((n for n, one in enumerate(arguments) if one.partition("=")[0] == "--format"), None)
    if at is None:
        return "text", arguments
    _, equals, said = arguments[at].partition("=")
    form = said if equals else " ".join(arguments[at + 1 : at + 2])
    if form not in _FORMATS:
        raise UsageError(f"{_USAGE}\n--format: found {form or 'nothing'}; expected {' or '.join(_FORMATS)}")
    return form, [*arguments[:at], *arguments[at + (1 if equals else 2) :]]


def _plan(found: Collected, arguments: Sequence[str]) -> _Plan:
    from deployspec.base.secret import redact
    from deployspec.plugin.deployments import named, obtained
    from deployspec.plugin.options import chapters, is_check
    from deployspec.plugin.selection import SELECTION, id_of

    deployment = obtained(found.config)
    by_id = {id_of(item): item for item in found.items if is_check(item)}
    left = dict(by_id)
    planned: list[Planned] = []
    not_said: list[str] = []
    for chapter in chapters(found.config).values():
        own = {one: left.pop(one) for one in list(left) if one.partition("[")[0] in chapter.checks}
        if own and not chapter.plans:
            not_said.append(f"{chapter.name}: does not say what it will send")
        elif own:
            values = {one: _values(item) for one, item in own.items()}
            planned += imported(chapter.plans)(found.config, deployment, values)
    if deployment is not None:
        planned = [*_with_credentials(deployment, planned, by_code=bool(left))]
    not_said += [f"own check {one}: asks what its code asks" for one in left]
    if ordinary := len(found.items) - len(by_id):
        not_said.append(f"{ordinary} other tests, which are no checks: do what their code does")
    secrets = () if deployment is None else deployment.secrets()
    planned = [
        one._replace(
            host=redact(one.host, secrets), what=redact(one.what, secrets), why=redact(one.why, secrets)
        )
        for one in merged(planned, _processes(found.config))
    ]
    not_said += [one.what for one in planned if one.kind == "unknown"]
    return _Plan(
        deployment.name if deployment is not None else Path(named(found.config) or "").stem,
        redact(shlex.join(["deployspec", "check", *arguments]), secrets),
        [one for one in planned if one.kind != "unknown"],
        not_said,
        found.not_described,
        found.config.stash[SELECTION].empty_markers,
    )


def _with_credentials(
    deployment: Deployment, planned: Sequence[Planned], *, by_code: bool
) -> Iterator[Planned]:
    """The same with what is done for tokens: they are obtained, and what refuses one is asked once more.

    ``by_code``: checks of one's own may ask the deployment as well.
    """
    from deployspec.deployment import PROMETHEUS

    prometheus = deployment.get(PROMETHEUS)
    sources = {_host(deployment.base_url): deployment.auth} | (
        {} if prometheus is None else {_host(prometheus.url): prometheus.auth}
    )
    obtained: Counter[TokenSource] = Counter()
    for one in planned:
        source = sources.get(one.host)
        if source is None:
            yield one
            continue
        obtained[source] += 2 * one.most
        yield one._replace(most=2 * one.most) if one.of_probe else one
    if by_code and deployment.auth is not None:
        obtained[deployment.auth] += 1
    for source, most in obtained.items():
        why = f"a token, for {source.key}"
        if isinstance(source, CommandToken):
            yield Planned("command", "", shlex.join(source.argv), 0, most, why, per_process=True)
        else:
            yield request("POST", source.token_url, 0, most, why, per_process=True)


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _values(item: Any) -> Mapping[str, Any]:
    """The values of a check's parameters."""
    callspec = getattr(item, "callspec", None)
    return {} if callspec is None else callspec.params


def _processes(config: Any) -> int:
    """How many of pytest-xdist's processes there would be, by its ``--tx``, which ``-n`` fills."""
    if config.getoption("dist", "no") == "no":
        return 1
    counts = (re.match(r"(\d+)\*", each) for each in config.getoption("tx", None) or ())
    return sum(int(count[1]) if count else 1 for count in counts) or 1


def _document(plan: _Plan) -> dict[str, Any]:
    return {
        "deployment": plan.name or None,
        "command": plan.command,
        "planned": [
            {name: value for name, value in one._asdict().items() if name not in ("per_process", "of_probe")}
            for one in plan.planned
        ],
        "not_said": plan.not_said,
        "not_selected": dict(plan.not_selected),
        "empty_markers": list(plan.empty_markers),
    }


def _text(plan: _Plan) -> Iterator[str]:
    for name in plan.empty_markers:
        yield f"-m {name} selects no check that asks the deployment, so the run would fail; it would make"
    if not plan.empty_markers:
        yield f"{plan.name or 'no deployment'}: {plan.command} would make"
    yield ""
    requests = [one for one in plan.planned if one.kind == "request"]
    hosts = sorted({one.host for one in requests} - {ELSEWHERE})
    for host in [*hosts, *{one.host for one in requests if one.host == ELSEWHERE}]:
        yield host
        yield from _table([one for one in requests if one.host == host])
    for kind, title in _SECTIONS.items():
        rows = [one for one in plan.planned if one.kind == kind]
        if rows or kind in ("command", "write"):
            yield title
        if kind in ("fault", "file"):
            yield from (f"  {cut(row.what, _WIDTH)}" for row in rows)
        elif kind == "write":
            yield from _table([row._replace(what=f"{row.host} {row.what}") for row in rows])
        else:
            yield from _table(rows)
        if not rows and kind in ("command", "write"):
            yield "  none"
    if plan.not_said:
        yield "not said"
        yield from (f"  {one_line(each, _WIDTH)}" for each in plan.not_said)
    yield "nothing else is sent" + (" by any other check" if plan.not_said else "")


def _table(rows: Sequence[Planned]) -> Iterator[str]:
    shown = [(one_line(row.what, _WIDTH), _count(row), row.why) for row in rows]
    widths = [max((len(row[column]) for row in shown), default=0) for column in (0, 1)]
    for what, count, why in shown:
        yield f"  {what:{widths[0]}}  {count:{widths[1]}}  {why}"


def _count(one: Planned) -> str:
    if one.least == one.most:
        return f"{one.most:,}"
    return f"{one.least:,} to {one.most:,}" if one.least else f"at most {one.most:,}"
