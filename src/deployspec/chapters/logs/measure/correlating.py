"""A request, or a job, followed from where the logs stood into the records that it must leave."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from deployspec.base.shown import one_line
from deployspec.chapters.logs.form import value_at
from deployspec.chapters.logs.judge.model import Place
from deployspec.chapters.logs.judge.verdicts import Sent, Sought, job_is_logged, request_is_logged
from deployspec.chapters.logs.measure.following import Follower, Predicate
from deployspec.chapters.logs.measure.reading import Log
from deployspec.deployment import Deployment
from deployspec.model.http import Answer, Call
from deployspec.model.verdict import Unmeasured, Verdict
from deployspec.tools.http import Request, call, curl_line, proxies_from

_UNMISTAKABLE = 8
"""Characters of an id that stands nowhere by chance."""
_TIMEOUT = 10.0
"""Seconds for the request itself: how quick it is has checks of its own."""


@dataclass(frozen=True)
class Followed:
    """What became of a request: the verdict, and the call."""

    verdict: Verdict
    call: Call
    reproduce: str


def follow_request(deployment: Deployment, log: Log) -> Followed:
    """Send one request with a fresh id, and look for its access record.

    Raises Unmeasured where the request brings no answer of its own.
    """
    access = log.log_source.access
    assert access is not None  # noqa: S101 - selected for such sources alone
    request_id = f"deployspec-{uuid.uuid4().hex}"
    names, own = access.fields, log.log_source.fields.request_id
    wanted = (names.method, names.path, names.status, names.duration)
    form = log.log_source.form
    with Follower(log.source, form) as follower:
        call, answer, reproduce = _ask(deployment, access.path, {access.header: request_id})

        def has_it(record: dict[str, Any]) -> bool:
            return bool(value_at(record, own) == request_id)

        def says(record: dict[str, Any], name: str) -> bool:
            return value_at(record, name) is not None

        # Other records of the request, an error's perhaps, may have some of these fields.
        found = follower.wait(
            lambda record: has_it(record) and all(says(record, name) for name in wanted), access.within
        ) or follower.wait(lambda record: has_it(record) and any(says(record, name) for name in wanted), 0)
        sought = _sought(found, log, follower, request_id, has_it)
    logged = value_at(sought.record or {}, names.path)
    sent = Sent("GET", _path(deployment, access.path, logged), answer.status, request_id)
    of_text = form.syntax != "json"
    verdict = request_is_logged(sent, sought, within=access.within, names=names, of_text=of_text)
    return Followed(verdict, call, reproduce)


def follow_job(deployment: Deployment, log: Log) -> Followed:
    """Queue one job, and look for its id in the worker's records.

    Raises Unmeasured where it cannot be queued, or the answer does not tell its id.
    """
    jobs = log.log_source.jobs
    assert jobs is not None  # noqa: S101 - selected for such sources alone
    of_text = log.log_source.form.syntax != "json"
    with Follower(log.source, log.log_source.form) as follower:
        call, answer, reproduce = _ask(deployment, jobs.path, {}, jobs.body)
        job = _job_id(answer, jobs.id)

        def has_it(record: dict[str, Any]) -> bool:
            found = value_at(record, jobs.field)
            return bool(found == job or (of_text and found == str(job)))

        found = follower.wait(has_it, jobs.within)
        # One that has it is too late, and no other record of the job.
        sought = replace(_sought(found, log, follower, str(job), has_it), others=0)
    return Followed(job_is_logged(str(job), sought, within=jobs.within), call, reproduce)


def _sought(
    found: tuple[dict[str, Any], Place] | None, log: Log, follower: Follower, text: str, has_it: Predicate
) -> Sought:
    """What was found, or else where an id stands. A short one may stand there for something else."""
    if found is not None:
        return Sought(found[0], str(found[1]))
    mentions = follower.mentions(text, has_it) if len(text) >= _UNMISTAKABLE else ([], [], [])
    lines, records, others = mentions
    first, first_other = (next(map(str, places), "") for places in ((*lines, *records), others))
    # What kept the log from being read at all; old rotations that cannot be read hide nothing that is new.
    hides = log.log_source.files is None or log.report.lines == 0
    troubles = tuple(log.report.troubles) if hides else ()
    return Sought(None, "", troubles, len(lines), len(records), first, len(others), first_other)


def _ask(
    deployment: Deployment, path: str, headers: dict[str, str], post: str | None = None
) -> tuple[Call, Answer, str]:
    own = {name.lower() for name in headers}
    theirs = {name: value for name, value in deployment.headers.items() if name.lower() not in own}
    request = Request(
        url=deployment.base_url + path,
        headers={**theirs, **headers},
        timeout=_TIMEOUT,
        ca=deployment.ca,
        auth=deployment.auth,
        credentials=deployment.credentials,
        client_certificate=deployment.client_certificate,
        proxies=proxies_from(os.environ),
        post=None if post is None else post.encode(),
    )
    made = call(request)
    answer = made.result
    if not isinstance(answer, Answer):
        raise Unmeasured(f"the request brought no answer, so nothing can be looked for: {answer.reason}")
    if answer.hops:
        raise Unmeasured(
            f"the request was redirected to {answer.hops[-1].location}; expected a path that answers itself"
        )
    return made, answer, curl_line(request, ours=headers)


def _job_id(answer: Answer, field: str) -> str | int:
    if not 200 <= answer.status < 300:
        raise Unmeasured(f"no job was queued: the answer has status {answer.status}")
    try:
        job = json.loads(answer.body)[field]
    except (ValueError, LookupError, TypeError, RecursionError):
        job = None
    if not isinstance(job, str | int) or isinstance(job, bool) or job == "":
        raise Unmeasured(f"a job was queued, but the answer's field {one_line(field, 40)} has no id of it")
    return job


def _path(deployment: Deployment, path: str, logged: object) -> str:
    """The path that must be logged. A proxy may take the prefix of base_url off before the service sees it."""
    prefix = urlsplit(deployment.base_url).path
    return prefix + path if isinstance(logged, str) and logged.startswith(f"{prefix}/") else path
