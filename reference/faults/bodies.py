"""Faults of the health answer's status and body."""

from datetime import datetime, timedelta

from .answer import Answer
from .registry import Call, Fault, alters, behaves


def _shifted(answer: Answer, seconds: int) -> Answer:
    moment = datetime.fromisoformat(answer.fields["time"]) + timedelta(seconds=seconds)
    return answer.with_fields({"time": moment.strftime("%Y-%m-%dT%H:%M:%SZ")})


@alters("ok-false-with-200")
def ok_false_with_200(answer: Answer) -> Answer:
    """`ok` is false although both parts are up, and the status is 200."""
    return answer.with_fields({"ok": False}).with_status(200)


@alters("status-503-when-ok")
def status_503_when_ok(answer: Answer) -> Answer:
    """The status is 503 over a body that says all is well."""
    return answer.with_status(503)


@alters("status-500")
def status_500(answer: Answer) -> Answer:
    """The status is 500 over a body that says all is well."""
    return answer.with_status(500)


@alters("db-false-but-ok")
def db_false_but_ok(answer: Answer) -> Answer:
    """`db` is false, and `ok` stays true, with status 200."""
    return answer.with_fields({"db": False})


@alters("all-false-200")
def all_false_200(answer: Answer) -> Answer:
    """Everything is down, rightly told in the body, with status 200."""
    return answer.saying_down("db", "redis").with_status(200)


@alters("ok-as-string")
def ok_as_string(answer: Answer) -> Answer:
    """`ok` is the string "true"."""
    return answer.with_fields({"ok": "true"})


@alters("ok-missing")
def ok_missing(answer: Answer) -> Answer:
    """There is no `ok`."""
    return answer.without_field("ok")


@alters("db-missing")
def db_missing(answer: Answer) -> Answer:
    """There is no `db`."""
    return answer.without_field("db")


@alters("unknown-field-type")
def unknown_field_type(answer: Answer) -> Answer:
    """`queue_depth` is the string "42"."""
    return answer.with_fields({"queue_depth": "42"})


@alters("queue-depth-negative")
def queue_depth_negative(answer: Answer) -> Answer:
    """`queue_depth` is -1."""
    return answer.with_fields({"queue_depth": -1})


@alters("queue-depth-fraction")
def queue_depth_fraction(answer: Answer) -> Answer:
    """`queue_depth` is 1.5."""
    return answer.with_fields({"queue_depth": 1.5})


@alters("queue-depth-null")
def queue_depth_null(answer: Answer) -> Answer:
    """`queue_depth` is null although Redis is up."""
    return answer.with_fields({"queue_depth": None})


@alters("nan")
def nan(answer: Answer) -> Answer:
    """`queue_depth` is NaN, which is no JSON."""
    return answer.with_fields({"queue_depth": float("nan")})


@alters("time-missing")
def time_missing(answer: Answer) -> Answer:
    """There is no `time`."""
    return answer.without_field("time")


@alters("time-without-offset")
def time_without_offset(answer: Answer) -> Answer:
    """`time` does not say in which time zone it is."""
    return answer.with_fields({"time": answer.fields["time"].removesuffix("Z")})


@alters("time-not-a-time")
def time_not_a_time(answer: Answer) -> Answer:
    """`time` is text that is no time."""
    return answer.with_fields({"time": "just now"})


@alters("time-behind")
def time_behind(answer: Answer) -> Answer:
    """`time` is ten seconds behind."""
    return _shifted(answer, -10)


@alters("time-ahead")
def time_ahead(answer: Answer) -> Answer:
    """`time` is ten seconds ahead."""
    return _shifted(answer, 10)


@behaves("time-frozen")
class TimeFrozen(Fault):
    """`time` stands still, from the first answer on."""

    def __init__(self) -> None:
        self._time: str | None = None

    async def answer(self, call: Call) -> Answer:
        """Repeat the first answer's time."""
        answer = await call.real()
        self._time = self._time or answer.fields["time"]
        return answer.with_fields({"time": self._time})


@alters("version-empty")
def version_empty(answer: Answer) -> Answer:
    """`version` is empty."""
    return answer.with_fields({"version": ""})


@alters("version-other")
def version_other(answer: Answer) -> Answer:
    """`version` is 0.0.9: the deploy did not happen."""
    return answer.with_fields({"version": "0.0.9"})


@alters("version-missing")
def version_missing(answer: Answer) -> Answer:
    """There is no `version`."""
    return answer.without_field("version")


@alters("duplicate-key")
def duplicate_key(answer: Answer) -> Answer:
    """`ok` stands there twice, first false, then true."""
    return answer.with_body(b'{"ok":false,' + answer.body[1:])


@alters("trailing-garbage")
def trailing_garbage(answer: Answer) -> Answer:
    """A second object follows the first."""
    return answer.with_body(answer.body + b'{"ok":false}')


@alters("invalid-utf8")
def invalid_utf8(answer: Answer) -> Answer:
    """A further field is written in Latin-1, so the body is no UTF-8."""
    return answer.with_body(answer.body[:-1] + b',"note":"caf\xe9"}')


@alters("bom")
def bom(answer: Answer) -> Answer:
    """A byte order mark comes before the JSON."""
    return answer.with_body(b"\xef\xbb\xbf" + answer.body)


@alters("empty-body")
def empty_body(answer: Answer) -> Answer:
    """The body is empty."""
    return answer.with_body(b"")


@alters("html-body")
def html_body(answer: Answer) -> Answer:
    """The body is a friendly HTML page."""
    page = b"<!doctype html>\n<html><body><h1>Deal Scout is up</h1></body></html>\n"
    return answer.with_body(page).with_header(b"content-type", b"text/html; charset=utf-8")


@alters("array-body")
def array_body(answer: Answer) -> Answer:
    """The body is an array that holds the right object."""
    return answer.with_json([answer.fields])


@alters("leaks-connection-string")
def leaks_connection_string(answer: Answer) -> Answer:
    """A further field holds a connection string with its password."""
    return answer.with_fields({"detail": "connection to postgresql://deal:hunter2@10.0.0.5/deals failed"})


@alters("leaks-stack-trace")
def leaks_stack_trace(answer: Answer) -> Answer:
    """A further field holds a stack trace."""
    trace = (
        "Traceback (most recent call last):\n"
        '  File "/srv/deal_scout/health.py", line 87, in report\n'
        "    depth = await self._ask_redis()\n"
        "redis.exceptions.TimeoutError: Timeout reading from socket"
    )
    return answer.with_fields({"detail": trace})


@alters("leaks-credential")
def leaks_credential(answer: Answer) -> Answer:
    """A further field holds a bearer token."""
    token = "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzZWxsZXIifQ.c2lnbmF0dXJlLW1hZGUtdXA"  # noqa: S105 - made up
    return answer.with_fields({"token": token})
