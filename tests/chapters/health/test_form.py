"""The form of the answer: media type, JSON, schema, caches, and what it gives away."""

from __future__ import annotations

import json

import pytest

from deployspec.chapters.health.judge.form import (
    body_fits_schema,
    body_is_strict_json,
    content_type_is_expected,
    discloses_nothing,
    not_from_a_cache,
)
from deployspec.chapters.health.judge.schema import violations
from deployspec.model.verdict import Outcome
from tests.chapters.health.answers import SCHEMA, answered, promise
from tests.suite import ROOT

EXAMPLES = ROOT / "schemas" / "examples" / "health"
BARE = promise(ok="ok", parts=(), queue_depth=None, time=None, version=None)
"""No field is named but ok: what is found is the schema's own."""


@pytest.mark.parametrize(
    ("values", "outcome", "reason"),
    [
        pytest.param(["application/json"], Outcome.MET, "", id="plain"),
        pytest.param(["Application/JSON"], Outcome.MET, "", id="case"),
        pytest.param(["application/json; charset=utf-8"], Outcome.MET, "", id="utf-8"),
        pytest.param(['application/json ; Charset="UTF-8"'], Outcome.MET, "", id="utf-8-quoted"),
        pytest.param(["application/json;charset=utf8"], Outcome.MET, "", id="utf8"),
        pytest.param(['application/json; profile="a; charset=latin1"; x=y;'], Outcome.MET, "", id="other-parameters"),
        pytest.param([], Outcome.BREACHED, "no Content-Type", id="missing"),
        pytest.param([""], Outcome.BREACHED, "Content-Type is empty", id="empty"),
        pytest.param(["application/json"] * 2, Outcome.BREACHED, "2 Content-Type headers", id="twice"),
        pytest.param(["application/json, text/html"], Outcome.BREACHED, "expected application/json", id="two-in-one"),
        pytest.param(["text/plain"], Outcome.BREACHED, "Content-Type is text/plain; expected", id="text"),
        pytest.param(["application/problem+json"], Outcome.BREACHED, "expected application/json", id="problem-json"),
        pytest.param(["application/jsonx"], Outcome.BREACHED, "expected application/json", id="longer-name"),
        pytest.param(["application/json; charset=latin1"], Outcome.BREACHED, "JSON is UTF-8", id="other-charset"),
        pytest.param(["application/json; charset=utf-8; charset=x"], Outcome.BREACHED, "JSON is UTF-8", id="two-charsets"),
        pytest.param(["application/json; charset"], Outcome.BREACHED, "malformed", id="malformed-parameter"),
        pytest.param(["text/\x1b[31mred"], Outcome.BREACHED, "text/\\x1b[31mred", id="escape-sequence"),
    ],
)  # fmt: skip
def test_content_type(values, outcome, reason):
    """The media type is application/json, once, in UTF-8 where it says so."""
    call = answered(headers=tuple(("content-type", found) for found in values))
    verdict = content_type_is_expected(call, promise())
    assert verdict.outcome is outcome
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("headers", "outcome", "reason"),
    [
        pytest.param([], Outcome.MET, "", id="none"),
        pytest.param([("age", "0")], Outcome.MET, "", id="age-0"),
        pytest.param([("age", "1")], Outcome.BREACHED, "Age is 1 s: a cache answered", id="age-1"),
        pytest.param([("age", "9" * 5000)], Outcome.BREACHED, "Age is 9999", id="age-of-5000-digits"),
        pytest.param([("age", "0"), ("age", "3")], Outcome.BREACHED, "Age is 3 s", id="second-age"),
        pytest.param([("age", "0, 3")], Outcome.BREACHED, "Age is 3 s", id="age-list"),
        pytest.param([("age", "soon")], Outcome.BREACHED, "Age is soon: a cache answered", id="age-malformed"),
        pytest.param([("age", "-1")], Outcome.BREACHED, "Age is -1", id="age-negative"),
        pytest.param([("age", "\u0663")], Outcome.BREACHED, "Age is \u0663", id="age-arabic"),
        pytest.param([("cache-control", "no-store")], Outcome.MET, "", id="no-store"),
        pytest.param([("cache-control", "no-cache, max-age=0, must-revalidate")], Outcome.MET, "", id="max-age-0"),
        pytest.param([("cache-control", "max-age=1")], Outcome.BREACHED, "Cache-Control has max-age=1", id="max-age-1"),
        pytest.param([("cache-control", 'Max-Age="60"')], Outcome.BREACHED, "max-age=60", id="quoted"),
        pytest.param([("cache-control", "public,s-maxage=060")], Outcome.BREACHED, "s-maxage=060", id="s-maxage"),
        pytest.param([("cache-control", "no-store"), ("cache-control", "max-age=9")], Outcome.BREACHED, "max-age=9",
                     id="second-header"),
        pytest.param([("cache-control", "no-store, max-age=60")], Outcome.BREACHED, "max-age=60", id="contradiction"),
        pytest.param([("cache-control", "max-age=soon, max-age, max-age=-1")], Outcome.MET, "", id="malformed-is-stale"),
        pytest.param([("cache-control", 'private="max-age=60", no-store')], Outcome.MET, "", id="inside-quotes"),
        pytest.param([("cache-control", "x-max-age=60")], Outcome.MET, "", id="other-directive"),
    ],
)  # fmt: skip
def test_caches(headers, outcome, reason):
    """No cache answered, and none is invited to."""
    verdict = not_from_a_cache(answered(headers=tuple(headers)), promise())
    assert verdict.outcome is outcome
    assert reason in verdict.reason


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("valid/*.json")), ids=lambda path: path.stem)
def test_valid_examples_fit_the_schema(path):
    """What stands under valid/ fits the schema."""
    assert violations(json.loads(path.read_bytes()), BARE) == ()


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("invalid/*.json")), ids=lambda path: path.stem)
def test_invalid_examples_break_the_schema_for_one_reason(path):
    """Each file under invalid/ breaks the schema at the field that its name says, and nowhere else."""
    import jsonschema_rs

    errors = list(jsonschema_rs.validator_for(SCHEMA).iter_errors(json.loads(path.read_bytes())))
    assert len(errors) == 1
    named = path.stem.split("-is-")[0].removesuffix("-missing").replace("-", "_")
    assert named == "an_array" or named in (*errors[0].instance_path, errors[0].message.split('"')[1])


def test_examples_are_there():
    """An empty folder of examples would pass unseen."""
    assert len(list(EXAMPLES.glob("valid/*.json"))) >= 4
    assert len(list(EXAMPLES.glob("invalid/*.json"))) >= 16


def test_every_violation_is_listed():
    """All violations are found at once, by place, with what was found and expected; the reason says how many more."""
    document = {"ok": 1, "db": None, "redis": "x" * 100, "queue_depth": [], "version": {}}
    found = violations(document, promise())
    assert found == (
        "$.db: found null, expected true or false",
        "$.ok: found 1, expected true or false",
        "$.queue_depth: found an array of 0 items, expected an integer or null",
        f'$.redis: found "{"x" * 39}…", expected true or false',
        "$.time is missing",
        "$.version: found an object of 0 fields, expected a string",
    )
    verdict = body_fits_schema(answered(json.dumps(document).encode()), promise())
    assert verdict.outcome is Outcome.BREACHED
    assert verdict.reason.endswith("; and 3 more")
    assert verdict.measured == "6 violations"


def test_named_fields_are_asked_for_though_the_schema_is_silent():
    """A field that the deployment file names must be there with its type, whatever a user's schema leaves out."""
    found = violations({"ok": "yes", "queue_depth": True, "db": True}, promise(schema={}))
    assert found == (
        '$.ok: found "yes", expected true or false',
        "$.queue_depth: found true, expected a number or null",
        "$.redis is missing",
        "$.time is missing",
        "$.version is missing",
    )


@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        pytest.param({"properties": {"n": {"minimum": 0}}}, "$.n: found -1, which is less than the minimum of 0", id="minimum"),
        pytest.param({"properties": {"n": {"enum": [1, 2]}}}, "$.n: found -1, which is not one of 1 or 2", id="enum"),
        pytest.param({"properties": {"s": {"pattern": "^a"}}}, '$.s: found "b", which does not match "^a"', id="pattern"),
        pytest.param({"properties": {"ok": True}, "additionalProperties": False}, "$: Additional properties are not allowed",
                     id="additional"),
        pytest.param({"properties": {"password": {"type": "null"}}}, "$.password: found ***, expected null", id="secret-by-name"),
        pytest.param({"properties": {"url": {"type": "null"}}}, '$.url: found "redis://***", expected null', id="secret-by-form"),
    ],
)  # fmt: skip
def test_a_users_own_keywords_are_told(keywords, text):
    """Whatever keyword a user's schema has, its violation names place and finding, without secrets."""
    document = {"ok": True, "n": -1, "s": "b", "password": "hunter2", "url": "redis://:hunter2@cache"}
    (found,) = violations(
        document, promise(schema=keywords, parts=(), queue_depth=None, time=None, version=None)
    )
    assert found.startswith(text)
    assert "hunter2" not in found


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        pytest.param({"type": "bool"}, "the schema cannot be used", id="no-such-type"),
        pytest.param({"pattern": "("}, "the schema cannot be used", id="broken-pattern"),
        pytest.param(
            {"$ref": "http://127.0.0.1:9/x.json"}, "the schema cannot be used", id="reference-to-a-host"
        ),
        pytest.param({"$ref": "file:///etc/hostname"}, "the schema cannot be used", id="reference-to-a-file"),
    ],
)
def test_a_schema_that_cannot_be_used_is_not_the_deployments_fault(schema, reason):
    """A user's broken schema leaves the promise unmeasured; nothing is fetched for it."""
    verdict = body_fits_schema(answered(), promise(schema=schema))
    assert verdict.outcome is Outcome.UNMEASURED
    assert reason in verdict.reason


def test_a_schema_in_another_file_is_not_read(tmp_path):
    """A judge does no I/O: a reference to a file is not followed, though the file is there."""
    other = tmp_path / "other.json"
    other.write_text("{}", "utf-8")
    verdict = body_fits_schema(answered(), promise(schema={"$ref": other.as_uri()}))
    assert verdict.outcome is Outcome.UNMEASURED
    assert "the schema cannot be used" in verdict.reason


def test_the_reason_shows_the_fault_without_secrets_and_escapes():
    """Line, column, path and an excerpt; neither a password nor an escape sequence reaches the terminal."""
    verdict = body_is_strict_json(
        answered(b'{"ok": true,\n "password": "hunter2", "x": \x1b[31m}'), promise()
    )
    assert verdict.reason == (
        "the body is not strict JSON: found '\\x1b', expected a value (line 2 column 30, at $.x): "
        '…sword": "***", "x": \\x1b[31m}'
    )


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<h1>500</h1> redis://:hunter2@cache:6379/0 \xff\xfe", id="not-utf-8"),
        pytest.param('{"dsn": "redis://:hunter2@cache:6379/0"}'.encode("utf-16"), id="utf-16"),
        pytest.param(b'{"ok": true, "dsn": "redis:\\/\\/:hunter2@cache:6379/0"}', id="escaped"),
    ],
)
def test_any_body_is_searched_for_secrets(body):
    """JSON or not, in whatever encoding, a secret is found and not repeated."""
    verdict = discloses_nothing(answered(body), promise())
    assert verdict.outcome is Outcome.BREACHED
    assert verdict.reason.startswith("the body discloses a ")
    assert "hunter2" not in verdict.reason + verdict.measured


@pytest.mark.parametrize(
    ("schema", "named", "outcome"),
    [
        pytest.param({}, None, Outcome.UNMEASURED, id="empty"),
        pytest.param({"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "health"}, None,
                     Outcome.UNMEASURED, id="words-alone"),
        pytest.param({}, "ok", Outcome.MET, id="a-field-is-named"),
        pytest.param({"type": "object"}, None, Outcome.UNMEASURED, id="an-object"),
        pytest.param({"type": ["object", "array"], "required": [], "additionalProperties": True,
                      "properties": {"status": {"description": "how it is"}, "more": True}}, None,
                     Outcome.UNMEASURED, id="names-alone"),
        pytest.param({"properties": {"ok": {"const": True}}}, None, Outcome.MET, id="a-value"),
        pytest.param({"minProperties": 1}, None, Outcome.MET, id="a-keyword"),
    ],
)  # fmt: skip
def test_a_schema_that_asks_for_nothing_proves_nothing(schema, named, outcome):
    """What no body could break is not met."""
    asked = promise(ok=named, parts=(), queue_depth=None, time=None, version=None, schema=schema)
    assert body_fits_schema(answered(), asked).outcome is outcome


def test_what_was_not_found_is_all_that_is_said():
    """Headers tell of no cache that keeps silent, and patterns find what they know."""
    call = answered(b"{}")
    assert not_from_a_cache(call, promise()).reason == "Age and max-age are 0 or absent"
    assert discloses_nothing(call, promise()).reason == (
        "found no credentials, connection strings or stack traces in the body"
    )
