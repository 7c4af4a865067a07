"""What must not be told is found and hidden; what may be told is left alone."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.base import disclosure
from deployspec.base.disclosure import findings, hide_also, mask, masked_window, redact
from deployspec.base.secret import Secret
from deployspec.base.shown import cut, excerpt, one_line, place, seconds, value
from tests.trials import trials

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"
SECRET = "hunter2-XyZ"

# secret: what must be gone from the masked text.
DISCLOSURES = [
    pytest.param(f"https://me:{SECRET}@scout.example/x", "a URL with credentials", SECRET, id="url-with-password"),
    pytest.param(f"https://{SECRET}@sentry.example/1", "a URL with credentials", SECRET, id="url-with-key"),
    pytest.param(f"https:\\/\\/me:{SECRET}@scout.example", "a URL with credentials", SECRET, id="url-with-escaped-slashes"),
    pytest.param(f"https://me:p@{SECRET}@scout.example", "a URL with credentials", SECRET, id="password-with-an-at"),
    pytest.param(f"postgresql+psycopg://scout:{SECRET}@db/scout", "a connection string", SECRET, id="sqlalchemy-url"),
    pytest.param(f"redis://:{SECRET}@cache:6379/0", "a connection string", SECRET, id="redis-url"),
    pytest.param("redis://cache-7.internal:6379/0", "a connection string", "cache-7", id="redis-url-without-password"),
    pytest.param("jdbc:postgresql://db-7.internal/scout", "a connection string", "db-7", id="jdbc"),
    pytest.param("host=db-7 port=5432 dbname=scout user=me", "a connection string", "db-7", id="libpq-dsn"),
    pytest.param("Server=db-7;Database=scout;Integrated Security=true", "a connection string", "db-7", id="ado-dsn"),
    pytest.param(f"host=db-7 password={SECRET}", "a credential", SECRET, id="dsn-with-password"),
    pytest.param(f"Authorization: Basic {SECRET}", "a credential in a header", SECRET, id="basic"),
    pytest.param('{"authorization": "Bearer abc.DEF-' + SECRET + '"}', "a credential in a header", SECRET, id="bearer-in-json"),
    pytest.param("sent bearer 0123456789abcdef0123", "a credential in a header", "0123456789abcdef", id="bearer-alone"),
    pytest.param(JWT, "a JSON Web Token", "eyJzdWIi", id="jwt"),
    pytest.param("key AKIAIOSFODNN7EXAMPLE.", "an AWS access key", "AKIAIOSFODNN7", id="aws"),
    pytest.param("AIza" + "a" * 35, "a Google key", "aaaa", id="google-api-key"),
    pytest.param("ghp_" + "a1" * 18, "a GitHub or GitLab token", "a1a1", id="github"),
    pytest.param("glpat-" + "a1" * 10, "a GitHub or GitLab token", "a1a1", id="gitlab"),
    pytest.param("xoxb-" + "1234567890-abc", "a Slack token", "1234567890", id="slack"),
    pytest.param("https://hooks.slack.com/services/T0/B0/abc", "a Slack token", "T0/B0", id="slack-hook"),
    pytest.param("sk_" + "live_" + "a1" * 8, "a Stripe key", "a1a1", id="stripe"),
    pytest.param("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "a private key", "MIIE", id="pem"),
    pytest.param("-----BEGIN PRIVATE KEY-----\nMIIE cut", "a private key", "MIIE", id="pem-cut-off"),
    pytest.param(json.dumps({"db_password": SECRET}), "a credential", SECRET, id="field"),
    pytest.param(json.dumps({"password": 'a"' + SECRET}), "a credential", SECRET, id="field-with-an-escaped-quote"),
    pytest.param(json.dumps({"apiKey": SECRET}), "a credential", SECRET, id="field-in-camel-case"),
    pytest.param(json.dumps({"secret": [SECRET]}), "a credential", SECRET, id="field-with-an-array"),
    pytest.param(json.dumps({"token": 12345678}), "a credential", "12345678", id="field-with-a-number"),
    pytest.param(json.dumps({"note": json.dumps({"password": SECRET})}), "a credential", SECRET, id="json-in-json"),
    pytest.param(json.dumps(json.dumps({"note": json.dumps({"password": SECRET})})), "a credential", SECRET,
                 id="json-in-json-in-json"),
    pytest.param('{"note": "pass\\u0077ord=' + SECRET + '"}', "a credential", SECRET, id="behind-escapes"),
    pytest.param(f"SECRET_KEY={SECRET}", "a credential", SECRET, id="environment"),
    pytest.param(f"{{'password': '{SECRET}'}}", "a credential", SECRET, id="python-repr"),
    pytest.param(f"https://scout.example/?api_key={SECRET}&x=1", "a credential", SECRET, id="query"),
    pytest.param('Traceback (most recent call last):\n  File "/app/api.py", line 3, in ask\nValueError: no',
                 "a Python stack trace", "/app/api.py", id="python"),
    pytest.param(json.dumps({"error": 'File "/app/api.py", line 3, in ask'}), "a Python stack trace", "/app/api.py",
                 id="python-in-json"),
    pytest.param("x.Y: no\n\tat com.scout.Api.ask(Api.java:42)", "a Java stack trace", "Api.java:42", id="java"),
    pytest.param("Error: no\n    at ask (/app/api.js:4:7)", "a JavaScript stack trace", "/app/api.js", id="javascript"),
    pytest.param("    at file:///app/api.mjs:4:7", "a JavaScript stack trace", "/app/api.mjs", id="javascript-anonymous"),
    pytest.param("goroutine 1 [running]:\nmain.main()", "a Go stack trace", "goroutine 1 [running]", id="go"),
    pytest.param("   at Scout.Api.Ask(String q) in C:\\app\\Api.cs:line 42", "a .NET stack trace", "Api.cs:line", id="dotnet"),
    pytest.param("thread 'main' panicked at src/main.rs:4:5", "a Rust stack trace", "' panicked at", id="rust"),
    pytest.param("app.rb:4:in `ask'", "a Ruby stack trace", ":in `ask'", id="ruby"),
    pytest.param("#0 /app/api.php(42): ask()", "a PHP stack trace", "/app/api.php", id="php"),
    pytest.param("failed at /srv/app/api.py:42", "a source file's path", "/api.py:42", id="source-path"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "secret"), DISCLOSURES)
def test_disclosures_are_found_and_hidden(text, kind, secret):
    """What must not be told is named, hidden in its own finding, and gone from the masked text."""
    found = findings(text)
    assert kind in [finding.kind for finding in found]
    assert secret not in mask(text)
    assert all(secret not in finding.context for finding in found)
    assert findings(mask(text)) == ()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            '{"ok": true, "db": true, "redis": true, "queue_depth": 42, "version": "0.1.0"}', id="guide"
        ),
        pytest.param('{"version": "1.2.3-rc.1+build.20240115.a1b2c3d4e5f6a7b8c9d0"}', id="version-with-hash"),
        pytest.param('{"request_id": "7f3c1d9e-8a4b-4c2d-9e1f-0a1b2c3d4e5f"}', id="request-id"),
        pytest.param('{"queue": "celery@worker-1.internal"}', id="queue-with-an-at"),
        pytest.param('{"queue": "redis:default", "broker": "redis"}', id="queue-name"),
        pytest.param('{"docs": "https://scout.example/@team/health?x=a@b.example"}', id="at-after-the-host"),
        pytest.param(
            '{"secrets": true, "token": null, "password": "", "api_key": "valid"}', id="states-of-secrets"
        ),
        pytest.param('{"token": "***", "password": "[hidden]", "secret": "<redacted>"}', id="masked-already"),
        pytest.param("postgresql://***@db/scout", id="masked-url"),
        pytest.param('{"tokens_left": 4200, "token_count": 42000}', id="counts-of-tokens"),
        pytest.param('{"error": "password authentication failed"}', id="prose-with-password"),
        pytest.param('{"error": "Bearer authentication is required"}', id="prose-with-bearer"),
        pytest.param('{"error": "connection refused at 10:30:45"}', id="prose-with-at-and-colons"),
        pytest.param('{"time": "2024-01-15T10:30:45.123Z", "uptime": "3:04:05"}', id="times"),
        pytest.param('{"host": "api-1", "user": "scout"}', id="host-and-user"),
        pytest.param('{"commit": "4f8a1b2c3d4e5f60718293a4b5c6d7e8f9012345"}', id="commit"),
        pytest.param('{"traceback": null, "line": 3}', id="traceback-null"),
        pytest.param("see /docs/api.py for more", id="path-without-a-line"),
    ],
)
def test_what_may_be_told_is_left_alone(text):
    """Versions, ids, names, states and prose are no findings, and are not masked."""
    assert findings(text) == ()
    assert mask(text) == text


def test_one_piece_is_one_finding():
    """A connection string is a URL with credentials too, but is told once."""
    assert [finding.kind for finding in findings("redis://a:b@c/0 redis://d:e@f/1")] == [
        "a connection string"
    ]


def test_each_kind_is_told_once():
    """Of many findings of one kind, the first is told."""
    assert [finding.kind for finding in findings("password=abcd token=efgh AKIAIOSFODNN7EXAMPLE")] == [
        "an AWS access key",
        "a credential",
    ]


def test_a_window_hides_what_it_cuts_in_two():
    """A secret that reaches into an excerpt is hidden, though the excerpt alone would not show what it is."""
    text = '{"password": "' + "s3cret" * 20 + '"} NaN'
    assert masked_window(text, 40, len(text)) == '***"} NaN'
    assert "s3cret" not in excerpt(text, 100)
    assert "s3cret" not in excerpt('{"pass\\u0077ord": "' + "s3cret" * 20, 60)


@settings(deadline=None, max_examples=trials(300))
@given(st.lists(st.sampled_from([case.values[0] for case in DISCLOSURES]) | st.text(max_size=6), max_size=6))
def test_masked_text_has_no_findings(pieces):
    """However secrets and other text are put together, nothing is found after masking."""
    assert findings(mask("".join(pieces))) == ()


@pytest.mark.parametrize(
    "piece", ['password="', "at a.", "host=a b=", "a://b", "' panicked at", "/a.py:1 ", "\\u005c"]
)
def test_time_is_linear_in_the_text(piece):
    """A megabyte made to trip a pattern takes seconds at most, not minutes."""
    text = piece * (1_000_000 // len(piece))
    started = time.perf_counter()
    findings(text)
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a\nb\tc", "a\\nb\\tc", id="newline-and-tab"),
        pytest.param("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m", id="escape-sequence"),
        pytest.param("\x9b31m", "\\x9b31m", id="one-byte-control-sequence"),
        pytest.param("a\u202eb\u2028c", "a\\u202eb\\u2028c", id="direction-and-line-separator"),
        pytest.param("\ud800", "\\ud800", id="half-surrogate"),
        pytest.param("grün 😀", "grün 😀", id="letters-stay"),
        pytest.param("x" * 300, "x" * 199 + "…", id="cut"),
    ],
)
def test_a_strangers_text_is_one_harmless_line(text, shown):
    """What a terminal would obey is escaped, and a long text is cut."""
    assert one_line(text) == shown
    assert cut(text, 200) == shown


@pytest.mark.parametrize(
    ("found", "name", "shown"),
    [
        pytest.param("up", "", '"up"', id="string"),
        pytest.param(None, "", "null", id="null"),
        pytest.param(True, "", "true", id="true"),
        pytest.param(1.5, "", "1.5", id="number"),
        pytest.param([1], "", "an array of 1 item", id="array"),
        pytest.param({"a": 1, "b": 2}, "", "an object of 2 fields", id="object"),
        pytest.param("hunter2", "db_password", "***", id="password"),
        pytest.param(98765432, "token", "***", id="token-of-digits"),
        pytest.param("redis://a:b@c", "", '"redis://***"', id="connection-string"),
    ],
)
def test_values_are_shown_as_json_without_secrets(found, name, shown):
    """A value is shown as JSON writes it; a secret is not, by its name or its shape."""
    assert value(found, name=name) == shown


def test_places_are_shown_as_paths():
    """A place in a document is a path; keys that are no names are quoted, long paths are cut."""
    assert place(("a", 2, "b c")) == '$.a[2]["b c"]'
    assert len(place(("x" * 50,) * 20)) <= 64


@pytest.mark.parametrize(
    ("amount", "limit", "shown"),
    [
        pytest.param(1.0, 1.0, "1 s", id="at-the-limit"),
        pytest.param(1.0004, 1.0, "1.0004 s", id="just-above"),
        pytest.param(0.9996, 1.0, "0.9996 s", id="just-below"),
        pytest.param(1.0004, None, "1 s", id="no-limit"),
        pytest.param(-0.0, None, "0 s", id="minus-zero"),
    ],
)
def test_seconds_are_never_rounded_across_a_limit(amount, limit, shown):
    """What is above a limit is shown above it, and what is below, below."""
    assert seconds(amount, limit) == shown


KNOWN = "alpha-beta gamma-delta epsilon-zeta"


@pytest.fixture
def known_secret() -> None:
    """A secret that is known to be one, and has blanks in it, at which the rules end a value."""
    disclosure.hide(lambda text: [match.span() for match in re.finditer(KNOWN, text)])


@pytest.mark.usefixtures("known_secret")
@pytest.mark.parametrize("limit", range(8, 64, 7))
@pytest.mark.parametrize("before", ["", "it said ", "password=", '{"token": "', "https://a:"])
@pytest.mark.parametrize("show", [one_line, cut])
def test_known_secrets_go_before_a_text_is_masked_or_cut(
    show: Callable[[str, int], str], before: str, limit: int
) -> None:
    """Masked first, a value would lose its beginning only; cut first, it would lose its end only: the rest is shown."""
    text = show(f"{before}{KNOWN} and more", limit)
    assert not any(KNOWN[at : at + 5] in text for at in range(len(KNOWN) - 4)), text


@pytest.mark.xdist_group("turns")
@pytest.mark.parametrize("turn", ["first", "second"])
def test_what_one_test_makes_known_is_hidden_in_no_other(turn: str) -> None:
    """Otherwise their order would decide what a text says."""
    assert redact(KNOWN) == KNOWN, turn
    hide_also(Secret(KNOWN))
    assert redact(KNOWN) == "***"
