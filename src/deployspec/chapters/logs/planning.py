"""What the checks of the chapter logs would do, by what ``measure`` does. Nothing is asked or run here."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from deployspec.chapters.logs.measure.following import AGAIN
from deployspec.chapters.logs.part import LOGS
from deployspec.model.plan import Planned, following, request
from deployspec.tools.http.curl import MAX_REDIRECTS

if TYPE_CHECKING:
    from deployspec.chapters.logs.part import LogSource
    from deployspec.deployment import Deployment

_REQUEST, _JOB = "logs.request-is-logged", "logs.job-is-logged"


def planned(
    _config: Any, deployment: Deployment, checks: Mapping[str, Mapping[str, Any]]
) -> Iterator[Planned]:
    """Everything that these checks would do."""
    sources = {source.name: source for source in deployment.require(LOGS)}
    whole: dict[str, int] = {}
    for check in checks:
        name, _, parameter = check.partition("[")
        source = sources[parameter.removesuffix("]")]
        if name == _REQUEST and source.access is not None:
            asked = request(
                "GET", deployment.base_url + source.access.path, 1, 1, "logs: a request with an id"
            )
            yield from following(asked, MAX_REDIRECTS)
            # A second look for a record that has a part of what is wanted, and one for where else its id stands.
            yield from _read(source, 1, _until_found(source.access.within) + 2, "until the request is found")
        elif name == _JOB and source.jobs is not None:
            yield request("POST", deployment.base_url + source.jobs.path, 1, 1, "logs: a job")
            yield from _read(source, 1, _until_found(source.jobs.within) + 1, "until the job is found")
        else:
            whole |= dict.fromkeys((source.name, *source.errors_of), 1)
            continue
        # Where it is not found, what keeps the source from being read is told.
        whole.setdefault(source.name, 0)
    for name, least in whole.items():
        yield from _read(sources[name], least, 1, "read as a whole", per_process=True)


def _until_found(within: float) -> int:
    """How often a command is run until ``within`` seconds are over, AGAIN seconds apart, and once at the end."""
    return math.floor(within / AGAIN) + 3


def _read(
    source: LogSource, least: int, most: int, how: str, *, per_process: bool = False
) -> Iterator[Planned]:
    why = f"logs: source {source.name}, {how}"
    for file in source.files or ():
        yield Planned("file", "", file, least, most, why, per_process)
    if source.command is not None:
        limited = f"{why} (time limit {source.timeout:g} s)"
        yield Planned("command", "", shlex.join(source.command), least, most, limited, per_process)
    if source.source is not None:
        kind, _, rest = source.source.partition(":")
        if kind == "command":
            yield Planned("command", "", rest, least, most, why, per_process)
        else:
            yield Planned("file", "", source.source, least, most, why, per_process)
