"""The health endpoint keeps its contract.

Chapter of the guide: "Health Checks". Where the guide is silent, the docstring says "our own choice".
"""

from __future__ import annotations

import pytest

from deployspec.base.lazy import Lazy

clock = Lazy("deployspec.chapters.health.judge.clock")
form = Lazy("deployspec.chapters.health.judge.form")
meaning = Lazy("deployspec.chapters.health.judge.meaning")
repeat = Lazy("deployspec.chapters.health.judge.repeat")
transport = Lazy("deployspec.chapters.health.judge.transport")
pytestmark = [pytest.mark.health, pytest.mark.needs("health")]


def test_answers_in_time(health, judge):
    """One call to the health path gets a complete answer within `timeout`, from name lookup to last byte.

    Source: our own choice; the kubelet gives a probe 1 s unless it is configured otherwise.
    Limit: at most `timeout`; exactly `timeout` is in time.
    Measured: one GET of the health path on a new connection, timed from name lookup to last byte; after retries,
    the last attempt.
    Fault: hangs: the service accepts the call and never answers.
    Keys: health.path, health.timeout, health.retries
    """
    judge(transport.answers_in_time(health.first, health.promise), health.first, **health.how())


def test_answer_is_its_own(health, judge):
    """The final answer comes from the deployment's own host and path: a redirect to a login page is not health.

    Source: our own choice; the guide's probes ask exactly this path.
    Limit: the host of `base_url` and the health path, after any redirects.
    Measured: the address that the first call's answer finally came from.
    Fault: redirect-login: the health path redirects to a login page.
    Keys: base_url, health.path
    """
    judge(transport.answer_is_its_own(health.first, health.promise), health.first, **health.how())


def test_healthy_now(health, judge):
    """One call finds the service healthy: status 200, and `ok` and every part true; without these, only the status.

    Source: the guide, "API Health Endpoint" and "Debugging Checklist" 1.
    Limit: status 200, with `ok` and every part true.
    Measured: the status and body of the first call.
    Fault: all-false-200: the status is 200, but `ok` and both parts are false.
    Keys: health.path, health.fields.ok, health.fields.parts
    """
    judge(meaning.healthy_now(health.first, health.promise), health.first, **health.how())


@pytest.mark.needs("health.fields.ok")
def test_status_tells_ok(health, judge):
    """Every answer has status 200 exactly when its `ok` is true, and 503 when it is not.

    Source: the guide's Kubernetes probes read only the status; 503 is our own choice.
    Limit: 200 when `ok` is true, 503 when it is false, and no other status.
    Measured: the status and `ok` of the first call, the calls in a row and the calls at once.
    Fault: status-503-when-ok: the status is 503 while `ok` is true.
    Keys: health.fields.ok, health.calls, health.concurrency
    """
    judge(meaning.status_tells_ok(health.every, health.promise), *health.every, **health.how())


def test_content_type_is_json(health, judge):
    """Every answer says `Content-Type: application/json`.

    Source: the guide, "API Health Endpoint" shows JSON; the media type is RFC 8259's.
    Limit: `application/json`, given once; a charset, if there is one, is UTF-8.
    Measured: the Content-Type header of the first call, the calls in a row and the calls at once.
    Fault: text-plain: the body is right, but is sent as plain text.
    Keys: health.path, health.calls, health.concurrency
    """
    verdict = repeat.on_every_call(form.content_type_is_json, health.every, health.promise)
    judge(verdict, *health.every, **health.how())


def test_body_is_strict_json(health, judge):
    """Every body is one JSON object as RFC 8259 defines it: UTF-8, no NaN, no duplicate keys, nothing after it.

    Source: the guide, "API Health Endpoint"; strictness is our own choice: lenient parsers disagree.
    Limit: one JSON object and nothing else.
    Measured: the bytes of the body of the first call, the calls in a row and the calls at once.
    Fault: duplicate-key: the body says `ok` twice.
    Keys: health.path, health.calls, health.concurrency
    """
    verdict = repeat.on_every_call(form.body_is_strict_json, health.every, health.promise)
    judge(verdict, *health.every, **health.how())


@pytest.mark.needs("health.schema")
def test_body_fits_schema(health, judge):
    """Every body, of the first call, calls in a row and calls at once, fits the deployment's JSON Schema for health.

    A deployment file that names fields and no schema promises these fields, and no other.
    Source: the guide, "API Health Endpoint", as schemas/health.schema.json.
    Limit: no violation of the schema, and every field that is named is there.
    Measured: the body of the first call, the calls in a row and the calls at once, validated against the schema.
    Fault: ok-missing: the body has no `ok`.
    Keys: health.schema, health.fields, health.calls, health.concurrency
    """
    verdict = repeat.on_every_call(form.body_fits_schema, health.every, health.promise_of_schema)
    judge(verdict, *health.every, **health.how())


@pytest.mark.needs("health.fields.ok", "health.fields.parts")
def test_ok_is_all_parts(health, judge):
    """In every answer `ok` is true exactly when every part (`db` and `redis`) is.

    Source: the guide, "API Health Endpoint", whose example has all three; the rule is our own choice.
    Limit: no answer in which `ok` and the parts disagree.
    Measured: `ok` and the parts in the body of the first call, the calls in a row and the calls at once.
    Fault: db-false-but-ok: the database is reported down while `ok` is true.
    Keys: health.fields.ok, health.fields.parts, health.calls, health.concurrency
    """
    verdict = repeat.on_every_call(meaning.ok_is_all_parts, health.every, health.promise)
    judge(verdict, *health.every, **health.how())


@pytest.mark.needs("health.fields.queue_depth")
def test_queue_depth_is_known(health, judge):
    """In every answer `queue_depth` is a whole number, at least 0, if Redis is up, and null exactly when it is down.

    Source: the guide, "API Health Endpoint"; null is our own choice: a number that nobody
    can know at that moment is either old or made up.
    Limit: a whole number, 0 or more, while the part that holds the queue is up; null while it is down.
    Measured: the queue depth and that part in the body of the first call, the calls in a row and the calls at once.
    Fault: queue-depth-null: the depth is null while Redis is up.
    Keys: health.fields.queue_depth, health.calls, health.concurrency
    """
    verdict = repeat.on_every_call(meaning.queue_depth_is_known, health.every, health.promise)
    judge(verdict, *health.every, **health.how())


@pytest.mark.needs("health.fields.time")
def test_time_is_current(health, judge):
    """Every `time` is RFC 3339 with an offset, and differs from the prober's clock by at most `max_clock_skew`.

    The check allows for the round trip and the stamp's own precision (whole seconds in the guide).
    Source: the guide, "API Health Endpoint"; the 5 s are our own choice.
    Limit: at most `max_clock_skew` from the prober's clock; exactly that much is allowed.
    Measured: the smallest skew that explains the time stamp, for the body of the first call, the calls in a row and
    the calls at once.
    Fault: time-behind: the service's clock is ten seconds slow.
    Keys: health.max_clock_skew, health.fields.time, health.calls, health.concurrency
    """
    verdict = repeat.on_every_call(clock.time_is_current, health.every, health.promise)
    judge(verdict, *health.every, **health.how())


@pytest.mark.needs("health.fields.time")
def test_time_moves_on(health, judge):
    """If two calls are further apart than the stamp's precision, the second has the later `time`.

    Source: our own choice; a stamp that does not move comes from a cache or a constant.
    Limit: any later time.
    Measured: the time stamps of the first call and a later one; if no call in a row shows the clock moving, one
    more is made once the stamp's precision and 25 ms have passed.
    Fault: time-frozen: every answer has the time of the first one.
    Keys: health.fields.time, health.calls
    """
    later = health.later
    judge(
        clock.time_moves_on(health.first, later, health.promise),
        health.first,
        later,
        **health.how(),
        waited=health.waited,
    )


@pytest.mark.needs("health.fields.version")
def test_version_is_stated(health, judge):
    """`version` is not empty in any answer.

    Source: the guide, "API Health Endpoint".
    Limit: at least one character that is not white space.
    Measured: the version in the body of the first call, the calls in a row and the calls at once.
    Fault: version-empty: the version is an empty text.
    Keys: health.fields.version, health.calls, health.concurrency
    """
    verdict = repeat.on_every_call(meaning.version_is_stated, health.every, health.promise)
    judge(verdict, *health.every, **health.how())


@pytest.mark.needs("health.fields.version", "health.expect_version")
def test_version_is_expected(health, judge):
    """Every `version` is the one that the deployment file expects: the deploy has arrived everywhere.

    Source: the guide, "API Health Endpoint", and its Sentry release "deal-scout@0.1.0".
    Limit: exactly `expect_version`.
    Measured: the version in the body of the first call, the calls in a row and the calls at once.
    Fault: version-other: an older version is still running.
    Keys: health.expect_version, health.fields.version, health.calls, health.concurrency
    """
    verdict = repeat.on_every_call(meaning.version_is_expected, health.every, health.promise)
    judge(verdict, *health.every, **health.how())


def test_not_from_a_cache(health, judge):
    """Every answer is fresh and must not be cached: no `Age` above 0, no `max-age` above 0.

    Source: our own choice (RFC 9111): a cached answer describes the past.
    Limit: `Age`, `max-age` and `s-maxage` are 0 or absent.
    Measured: the Age and Cache-Control headers of the first call, the calls in a row and the calls at once.
    Fault: cached-max-age: the answer may be cached for a minute.
    Keys: health.path, health.calls, health.concurrency
    """
    verdict = repeat.on_every_call(form.not_from_a_cache, health.every, health.promise)
    judge(verdict, *health.every, **health.how())


def test_discloses_nothing(health, judge):
    """No body contains credentials, connection strings or stack traces, because anyone can read it.

    Source: our own choice; the guide's health endpoint asks for no token.
    Limit: none.
    Measured: the body of the first call, the calls in a row and the calls at once, searched for the known forms of
    credentials, connection strings and stack traces.
    Fault: leaks-connection-string: the body contains a database address with its password.
    Keys: health.path, health.calls, health.concurrency
    """
    verdict = repeat.on_every_call(form.discloses_nothing, health.every, health.promise)
    judge(verdict, *health.every, **health.how())


@pytest.mark.needs("health.max_response_time")
def test_answers_within_max_response_time(health, judge):
    """Each of the steady calls is complete within `max_response_time`, from name lookup to last byte.

    Source: our own choice; an orchestrator's probe gives up after 1 s by default.
    Limit: at most `max_response_time`; exactly that long is in time.
    Measured: the slowest of the calls in a row, the first one included.
    Fault: slow-sometimes: every third answer takes more than a second.
    Keys: health.max_response_time, health.calls, health.timeout
    """
    judge(
        transport.answers_within_max_response_time(health.steady, health.promise),
        *health.steady,
        **health.how(),
    )


def test_steady(health, judge):
    """`health.calls` calls in a row (5 by default), each on a new connection, agree on status, `ok` and parts.

    If the deployment file names no such field, they agree on the whole body, except times and counters.
    If a service flaps once in ten calls, five calls have a 41% chance of catching it (1 - 0.9^5), and 29 calls 95%.
    Source: our own choice; a load balancer with one sick backend flaps like this.
    Limit: no call differs from the first.
    Measured: calls made one after the other, each on a new connection.
    Fault: flapping: every second answer says that the database is down.
    Keys: health.calls, health.fields.ok, health.fields.parts
    """
    judge(repeat.steady(health.steady, health.promise), *health.steady, **health.how())


def test_holds_under_concurrency(health, judge):
    """`health.concurrency` calls at once (5 by default) are complete within `max_response_time`, and agree with the first.

    Without `max_response_time`, the limit is `timeout`. They must agree in the same way as steady calls.
    Source: our own choice; kubelet, load balancer and prober ask at the same time.
    Limit: each within `max_response_time` (or `timeout`), and none differs from the first call.
    Measured: calls started at the same moment, after the calls in a row.
    Fault: one-at-a-time: the service answers one call after the other, so the last caller waits too long.
    Keys: health.concurrency, health.max_response_time, health.timeout
    """
    judge(
        repeat.holds_under_concurrency(health.first, health.concurrent, health.promise),
        *health.concurrent,
        **health.how(),
    )


# fault: its name under `faults:` in the deployment file; part: what must be said to be down, and nothing else.
@pytest.mark.parametrize(
    ("fault", "part"),
    [
        pytest.param("redis-stopped", "redis", marks=pytest.mark.needs("faults.redis-stopped"), id="redis-stopped"),
        pytest.param("redis-hung", "redis", marks=pytest.mark.needs("faults.redis-hung"), id="redis-hung"),
        pytest.param("postgres-stopped", "db", marks=pytest.mark.needs("faults.postgres-stopped"), id="postgres-stopped"),
        pytest.param("postgres-hung", "db", marks=pytest.mark.needs("faults.postgres-hung"), id="postgres-hung"),
    ],
)  # fmt: skip
@pytest.mark.needs("allow.faults")
def test_outage_is_told(health, outage, judge, fault, part):
    """With one part down, health answers 503 in time with exactly that part false; after its return, 200 again soon.

    If the deployment file names no parts, only the status (and `ok`) shows it.
    "In time" is `timeout`; "soon" is `recovery`, 5 s by default. "Hung" means frozen, with its connections open.
    Source: the guide, "API Health Endpoint" and its readiness probe; the limits are our own choice.
    Limit: 503 within `timeout` while the part is down, and 200 within `recovery` of its return.
    Measured: the deployment file's command breaks the part, one call is made, a second command mends it, and calls
    are repeated until the answer is healthy or `recovery` is over.
    Fault: blames-both: with one part down, both are said to be.
    Keys: allow, faults, health.timeout, health.recovery, health.fields.ok, health.fields.parts
    """
    verdict, calls = outage(fault, part)
    judge(verdict, *calls, **health.how())
