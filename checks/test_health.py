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


@pytest.mark.needs("health.fields.version")
def test_version_arrived(judge, version_arrival):
    """All replicas say the version that the run was told to wait for, in one round of questions, within the time.

    Selected only with `--wait-for-version`. Where it does not arrive, nothing else of the deployment is measured.
    Source: our own choice; a gate right after a rollout would check the old version, or half of each.
    Limit: each replica of each endpoint that has a version says this one, within `--within` (5m by default).
    Measured: the version, of all replicas at once, about once a second; who they are is found out anew every 5 s.
    Fault: a replica that stays behind: one of them goes on to say the old version.
    Keys: health.fields.version, replicas, health.endpoints
    """
    judge(version_arrival)


def test_answers_in_time(health, judge):
    """One call to the health path gets a complete answer within `timeout`, from name lookup to last byte.

    Source: our own choice; the kubelet gives a probe 1 s unless it is configured otherwise.
    Limit: at most `timeout`; exactly `timeout` is in time.
    Measured: one GET of the health path on a new connection, timed from name lookup to last byte; after retries,
    the last attempt.
    Fault: hangs: the service accepts the call and never answers.
    Keys: health.path, health.timeout, health.retries
    """
    health.judge_each(
        judge, "first", lambda one: (transport.answers_in_time(one.first, one.promise), one.first)
    )


def test_answer_is_its_own(health, judge):
    """The final answer comes from the deployment's own host and path: a redirect to a login page is not health.

    Source: our own choice; the guide's probes ask exactly this path.
    Limit: the host of `base_url` and the health path, after any redirects.
    Measured: the address that the first call's answer finally came from.
    Fault: redirect-login: the health path redirects to a login page.
    Keys: base_url, health.path
    """
    health.judge_each(
        judge, "first", lambda one: (transport.answer_is_its_own(one.first, one.promise), one.first)
    )


def test_healthy_now(health, judge):
    """One call finds the service healthy: its status, and `ok`, every part and `expect_text`, where these are described.

    Source: the guide, "API Health Endpoint" and "Debugging Checklist" 1.
    Limit: a healthy status (200), with `ok` and every part healthy (true), or with the text that is expected.
    Measured: the status and body of the first call.
    Fault: all-false-200: the status is 200, but `ok` and both parts are false.
    Keys: health.path, health.status, health.fields.ok, health.fields.parts, health.expect_text
    """
    health.judge_each(judge, "first", lambda one: (meaning.healthy_now(one.first, one.promise), one.first))


@pytest.mark.needs("health.fields.ok or health.expect_text")
def test_status_tells_ok(health, judge):
    """Every answer has a healthy status (200) exactly when its `ok` or its text is healthy, and else an unhealthy one (503).

    Source: the guide's Kubernetes probes read only the status; 503 is our own choice.
    Limit: a healthy status when `ok` is true or the text is as expected, an unhealthy one when not, and no other status.
    Measured: the status and `ok` of the first call, the calls in a row and the calls at once.
    Fault: status-503-when-ok: the status is 503 while `ok` is true.
    Keys: health.status, health.fields.ok, health.expect_text, health.calls, health.concurrency
    """
    health.judge_each(
        judge, "every", lambda one: (meaning.status_tells_ok(one.every, one.promise), *one.every)
    )


@pytest.mark.needs("health.content_type")
def test_content_type_is_expected(health, judge):
    """Every answer has a Content-Type of `content_type`: of JSON (also `+json`), or of text, unless the file says another.

    Source: the guide, "API Health Endpoint" shows JSON; the media types are RFC 8259's and RFC 6839's.
    Limit: one of the types, given once; a charset of JSON, if there is one, is UTF-8.
    Measured: the Content-Type header of the first call, the calls in a row and the calls at once.
    Fault: text-plain: the body is right, but is sent as plain text.
    Keys: health.content_type, health.body, health.calls, health.concurrency
    """
    health.judge_every_call(judge, form.content_type_is_expected)


@pytest.mark.needs("health.body.json")
def test_body_is_strict_json(health, judge):
    """Every body is one JSON object as RFC 8259 defines it: UTF-8, no NaN, no duplicate keys, nothing after it.

    Where no field is named in it, it may be an array, too, and any JSON where the body itself is a field's value.
    Source: the guide, "API Health Endpoint"; strictness is our own choice: lenient parsers disagree.
    Limit: one JSON object and nothing else.
    Measured: the bytes of the body of the first call, the calls in a row and the calls at once.
    Fault: duplicate-key: the body says `ok` twice.
    Keys: health.body, health.fields, health.calls, health.concurrency
    """
    health.judge_every_call(judge, form.body_is_strict_json)


@pytest.mark.needs("health.body.none")
def test_body_is_empty(health, judge):
    """No answer has a body, where the file says `body: none`.

    Source: our own choice, for endpoints whose status says all, such as nginx's `return 204`.
    Limit: 0 bytes.
    Measured: the body of the first call, the calls in a row and the calls at once.
    Fault: a body where none is promised: a page is sent with the status of a healthy service.
    Keys: health.body, health.calls, health.concurrency
    """
    health.judge_every_call(judge, form.body_is_empty)


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
    health.judge_every_call(judge, health.with_schema(form.body_fits_schema))


@pytest.mark.needs("health.fields.ok", "health.fields.parts")
def test_ok_is_all_parts(health, judge):
    """In every answer `ok` is true exactly when every part (`db` and `redis`) is, of those in `depends_on`, if it is there.

    Source: the guide, "API Health Endpoint", whose example has all three; the rule is our own choice.
    Limit: no answer in which `ok` and the parts disagree.
    Measured: `ok` and the parts in the body of the first call, the calls in a row and the calls at once.
    Fault: db-false-but-ok: the database is reported down while `ok` is true.
    Keys: health.fields.ok, health.fields.parts, health.depends_on, health.calls, health.concurrency
    """
    health.judge_every_call(judge, meaning.ok_is_all_parts)


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
    health.judge_every_call(judge, meaning.queue_depth_is_known)


@pytest.mark.needs("health.fields.time")
def test_time_is_current(health, judge):
    """Every `time` is in its format (RFC 3339 with an offset), and at most `max_clock_skew` from the prober's clock.

    The check allows for the round trip and the stamp's own precision (whole seconds in the guide).
    Source: the guide, "API Health Endpoint"; the 5 s are our own choice.
    Limit: at most `max_clock_skew` from the prober's clock; exactly that much is allowed.
    Measured: the smallest skew that explains the time stamp, for the body of the first call, the calls in a row and
    the calls at once.
    Fault: time-behind: the service's clock is ten seconds slow.
    Keys: health.max_clock_skew, health.fields.time, health.calls, health.concurrency
    """
    health.judge_every_call(judge, clock.time_is_current)


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
    health.judge_each(
        judge,
        "later",
        lambda one: (clock.time_moves_on(one.first, one.later, one.promise), one.first, one.later),
    )


@pytest.mark.needs("health.fields.version")
def test_version_is_stated(health, judge):
    """`version` is not empty in any answer of the health endpoint, or of the path that the file names for it.

    Source: the guide, "API Health Endpoint".
    Limit: at least one character that is not white space.
    Measured: the version in the body of the first call, the calls in a row and the calls at once.
    Fault: version-empty: the version is an empty text.
    Keys: health.fields.version, health.calls, health.concurrency
    """
    health.judge_version(judge, meaning.version_is_stated)


@pytest.mark.needs("health.fields.version", "health.expect_version")
def test_version_is_expected(health, judge):
    """Every `version` is the one that the deployment file expects: the deploy has arrived everywhere.

    Source: the guide, "API Health Endpoint", and its Sentry release "deal-scout@0.1.0".
    Limit: exactly `expect_version`.
    Measured: the version in the body of the first call, the calls in a row and the calls at once.
    Fault: version-other: an older version is still running.
    Keys: health.expect_version, health.fields.version, health.calls, health.concurrency
    """
    health.judge_version(judge, meaning.version_is_expected)


def test_not_from_a_cache(health, judge):
    """Every answer is fresh and must not be cached: no `Age` above 0, no `max-age` above 0.

    Source: our own choice (RFC 9111): a cached answer describes the past.
    Limit: `Age`, `max-age` and `s-maxage` are 0 or absent.
    Measured: the Age and Cache-Control headers of the first call, the calls in a row and the calls at once.
    Fault: cached-max-age: the answer may be cached for a minute.
    Keys: health.path, health.calls, health.concurrency
    """
    health.judge_every_call(judge, form.not_from_a_cache)


def test_discloses_nothing(health, judge):
    """No body contains credentials, connection strings or stack traces, because anyone can read it.

    Source: our own choice; the guide's health endpoint asks for no token.
    Limit: none.
    Measured: the body of the first call, the calls in a row and the calls at once, searched for the known forms of
    credentials, connection strings and stack traces.
    Fault: leaks-connection-string: the body contains a database address with its password.
    Keys: health.path, health.calls, health.concurrency
    """
    health.judge_every_call(judge, form.discloses_nothing)


@pytest.mark.needs("health.max_response_time")
def test_answers_within_max_response_time(health, judge):
    """Each of the steady calls is complete within `max_response_time`, from name lookup to last byte.

    Source: our own choice; an orchestrator's probe gives up after 1 s by default.
    Limit: at most `max_response_time`; exactly that long is in time.
    Measured: the slowest of the calls in a row, the first one included.
    Fault: slow-sometimes: every third answer takes more than a second.
    Keys: health.max_response_time, health.calls, health.timeout
    """
    health.judge_each(
        judge,
        "steady",
        lambda one: (transport.answers_within_max_response_time(one.steady, one.promise), *one.steady),
    )


def test_steady(health, judge):
    """`health.calls` calls in a row (5 by default), each on a new connection, agree on status, `ok` and parts.

    If the deployment file names no such field, they agree on the whole body, except times and counters; with
    `expect_text`, on whether the text matches.
    If a service flaps once in ten calls, five calls have a 41% chance of catching it (1 - 0.9^5), and 29 calls 95%.
    Source: our own choice; a load balancer with one sick backend flaps like this.
    Limit: no call differs from the first.
    Measured: calls made one after the other, each on a new connection.
    Fault: flapping: every second answer says that the database is down.
    Keys: health.calls, health.fields.ok, health.fields.parts
    """
    health.judge_each(judge, "steady", lambda one: (repeat.steady(one.steady, one.promise), *one.steady))


def test_holds_under_concurrency(health, judge):
    """`health.concurrency` calls at once (5 by default) are complete within `max_response_time`, and agree with the first.

    Without `max_response_time`, the limit is `timeout`. They must agree in the same way as steady calls.
    Source: our own choice; kubelet, load balancer and prober ask at the same time.
    Limit: each within `max_response_time` (or `timeout`), and none differs from the first call.
    Measured: calls started at the same moment, after the calls in a row.
    Fault: one-at-a-time: the service answers one call after the other, so the last caller waits too long.
    Keys: health.concurrency, health.max_response_time, health.timeout
    """
    health.judge_each(
        judge,
        "every",
        lambda one: (repeat.holds_under_concurrency(one.first, one.concurrent, one.promise), *one.concurrent),
    )


# fault: its name under `faults:` in the deployment file.
@pytest.mark.needs("faults", "allow.faults")
def test_outage_is_told(outage, judge, fault):
    """With a part down, health says so: an unhealthy status (503) in time, exactly that part false; 200 again soon after.

    An endpoint that does not depend on the part (`depends_on`), such as a liveness probe's, stays healthy. If the
    deployment file names no parts, only the status (and `ok`, or the text) shows it.
    "In time" is `timeout`; "soon" is `recovery`, 5 s by default. "Hung" means frozen, with its connections open.
    Source: the guide, "API Health Endpoint" and its readiness probe; the limits are our own choice.
    Limit: 503 within `timeout` while the part is down, and 200 within `recovery` of its return.
    Measured: the deployment file's command breaks the part, one call of each endpoint is made, a second command mends
    it, and calls are repeated until the answer is healthy or `recovery` is over.
    Fault: blames-both: with one part down, both are said to be.
    Keys: allow, faults, health.timeout, health.recovery, health.status, health.depends_on, health.fields.ok,
    health.fields.parts
    """
    outage(judge, fault)
