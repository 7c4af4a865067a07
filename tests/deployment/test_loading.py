"""What a valid deployment file means."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.app import OURS
from deployspec.base.errors import DeploymentFileError, UsageError
from deployspec.base.places import Places
from deployspec.chapters.alerts.part import RULES
from deployspec.chapters.health.model import (
    Clock,
    Flag,
    HealthFields,
    Pointer,
    QueueDepth,
    Statuses,
    Version,
)
from deployspec.chapters.health.part import HEALTH
from deployspec.chapters.logs.part import LOGS
from deployspec.chapters.slo.part import LOAD, SLOS
from deployspec.deployment import PROMETHEUS, Deployment, find, load, names_in
from tests.deployment.conftest import BASE, Reader, Refusal
from tests.suite import ROOT
from tests.trials import trials

LOADED = (
    "load: {arrival_rate: 5, requests: [{name: snap, path: /x, method: POST, writes: false, body: '{}'}]}"
)

OAUTH2 = "auth: {oauth2: {token_url: 'https://login.example/t', client_id: a, client_secret: s3same}}"


def test_only_base_url_is_required(read: Reader) -> None:
    """Every part that is left out is absent in the model, and nothing is allowed."""
    deployment = read(BASE)
    assert deployment.name == "there"
    assert deployment.base_url == "https://deal-scout.example"
    assert deployment.allow == frozenset()
    assert deployment.ca is None
    assert (dict(deployment.headers), dict(deployment.parts)) == ({}, {})
    assert [deployment.get(part) for part in (HEALTH, LOGS, RULES, SLOS, LOAD, PROMETHEUS)] == [None] * 6


@pytest.mark.parametrize(
    ("part", "schema"),
    [
        ("{}", ROOT / "schemas" / "health.schema.json"),
        ("{path: /ready}", ROOT / "schemas" / "health.schema.json"),
        ("{fields: {time: now}}", {"type": "object"}),
        ("{fields: {ok: up, parts: null, queue_depth: null, time: null, version: null}}", {"type": "object"}),
        ("{fields: {ok: null, parts: null, queue_depth: null, time: null, version: null}}", None),
    ],
)
def test_the_guides_schema_is_for_the_guides_fields(read: Reader, part: str, schema: object) -> None:
    """Who names other fields has not promised the guide's; who names none promises nothing of the body."""
    deployment = read(f"{BASE}health: {part}")
    found = deployment.require(HEALTH)[0].schema
    assert (found.resolve() if isinstance(found, Path) else found) == schema
    assert deployment.describes("health.schema") == (schema is not None)


def test_an_empty_health_part_has_the_guides_values(read: Reader) -> None:
    """``health: {}`` is the guide's own endpoint; what has no default is None."""
    health = read(BASE + "health: {}").require(HEALTH)[0]
    assert vars(health) == {
        "name": "",
        "path": "/health",
        "timeout": 2.0,
        "max_response_time": None,
        "expect_version": None,
        "retries": 0,
        "calls": 5,
        "concurrency": 5,
        "max_clock_skew": 5.0,
        "recovery": 5.0,
        "schema": Places(ROOT).health_schema,
        "status": Statuses((200,), (503,)),
        "body": "json",
        "content_type": ("application/json", "+json"),
        "expect_text": None,
        "depends_on": None,
        "fields": HealthFields(
            ok=Flag("ok", Pointer(("ok",))),
            parts=(Flag("db", Pointer(("db",))), Flag("redis", Pointer(("redis",)))),
            queue_depth=QueueDepth(Pointer(("queue_depth",)), "redis"),
            time=Clock(Pointer(("time",))),
            version=Version(Pointer(("version",))),
        ),
    }


def test_rules_and_exporters(read: Reader, tmp_path: Path) -> None:
    """Patterns and paths of rules become absolute; an exporter is described by its name once any are said."""
    (tmp_path / "alertmanager.yml").touch()
    deployment = read(
        BASE
        + "rules: {files: ['rules/*.yml'], runbooks: books, alertmanager: alertmanager.yml}\n"
        + "prometheus: {url: 'http://there', exporters: [postgres]}"
    )
    rules = deployment.get(RULES)
    assert rules is not None
    assert rules.files == (str(tmp_path / "rules/*.yml"),)
    assert (rules.tests, rules.routing) == ((), None)
    assert (rules.runbooks, rules.alertmanager) == (tmp_path / "books", tmp_path / "alertmanager.yml")
    assert deployment.describes("prometheus.exporters.postgres")
    assert not deployment.describes("prometheus.exporters.cadvisor")
    none = read(BASE + "prometheus: {url: 'http://there', exporters: []}")
    assert none.get(PROMETHEUS) is not None
    assert none.require(PROMETHEUS).exporters == ()
    assert not none.describes("prometheus.exporters.postgres")


def test_fields_may_be_renamed_or_absent(read: Reader) -> None:
    """Each field of the answer has its own name, or null where the service has none."""
    text = (
        "health: {fields: {ok: up, parts: [database], queue_depth: {field: backlog}, time: null, version: ~}}"
    )
    health = read(BASE + text).require(HEALTH)[0]
    assert health is not None
    assert health.fields == HealthFields(
        Flag("up", Pointer(("up",))),
        (Flag("database", Pointer(("database",))),),
        queue_depth=QueueDepth(Pointer(("backlog",)), None),
    )


# columns: the text after base_url, a dotted name, whether it is described
@pytest.mark.parametrize(
    ("text", "dotted", "described"),
    [
        pytest.param("", "base_url", True, id="base-url"),
        pytest.param("", "health", False, id="absent-part"),
        pytest.param("", "health.fields.time", False, id="below-an-absent-part"),
        pytest.param("health: {}", "health", True, id="part"),
        pytest.param("health: {}", "health.timeout", True, id="default"),
        pytest.param("health: {}", "health.retries", True, id="default-of-zero"),
        pytest.param("health: {}", "health.max_response_time", False, id="no-default"),
        pytest.param("health: {max_response_time: 1s}", "health.max_response_time", True, id="given"),
        pytest.param("health: {}", "health.fields.time", True, id="field"),
        pytest.param("health: {fields: {time: null}}", "health.fields.time", False, id="null-field"),
        pytest.param("health: {}", "health.fields.parts.db", True, id="named-part"),
        pytest.param("health: {}", "health.fields.parts.disk", False, id="another-part"),
        pytest.param("", "allow.faults", False, id="nothing-allowed"),
        pytest.param("allow: [load]", "allow.faults", False, id="something-else-allowed"),
        pytest.param("allow: [faults]", "allow.faults", True, id="allowed"),
        pytest.param("", "allow", False, id="empty-list"),
        pytest.param("", "headers", False, id="no-headers"),
        pytest.param("headers: {A: b}", "headers.A", True, id="header"),
        pytest.param("", "faults.redis-hung", False, id="no-faults"),
        pytest.param(
            "faults: {redis-hung: {inject: [a], restore: [b]}}", "faults.redis-hung", True, id="fault"
        ),
        pytest.param(
            "faults: {redis-hung: {inject: [a], restore: [b]}}", "faults.x", False, id="other-fault"
        ),
        pytest.param("logs: [{name: api, files: [x]}]", "logs.api", True, id="log-by-name"),
        pytest.param("logs: [{name: api, files: [x]}]", "logs.worker", False, id="other-log"),
        pytest.param(LOADED, "load.arrival_rate", True, id="key-of-another-name-in-the-model"),
        pytest.param(LOADED, "load.requests.snap", True, id="request"),
        pytest.param(LOADED, "load.requests.snap.body", True, id="key-of-a-request"),
        pytest.param(LOADED, "load.requests.snap.keep", False, id="key-that-it-lacks"),
        pytest.param(LOADED, "load.requests.other", False, id="other-request"),
        pytest.param(OAUTH2, "auth.oauth2.client_auth.header", True, id="word-by-default"),
        pytest.param(OAUTH2, "auth.oauth2.client_auth.body", False, id="another-word"),
        pytest.param("", "auth.oauth2.client_auth.body", False, id="word-of-an-absent-part"),
    ],
)
def test_describes_says_what_a_check_can_use(read: Reader, text: str, dotted: str, described: bool) -> None:
    """A part counts as described when the file or a default says something of it."""
    assert read(BASE + text).describes(dotted) is described


@pytest.mark.parametrize(
    "dotted",
    [
        pytest.param("helth", id="part"),
        pytest.param("health.max_response", id="key"),
        pytest.param("health.path.x", id="below-a-text"),
        pytest.param("allow.fault", id="word"),
        pytest.param("auth.oauth2.client_auth.head", id="word-of-a-key"),
        pytest.param("auth.oauth2.client_auth.body.x", id="below-a-word"),
        pytest.param("", id="empty"),
    ],
)
def test_a_misspelt_part_is_an_error_and_not_undescribed(read: Reader, dotted: str) -> None:
    """A check with a typing error in its needs would otherwise never be selected, on no deployment."""
    with pytest.raises(ValueError, match="no deployment file can describe"):
        read(BASE).describes(dotted)


# columns: the value as written, the variable X, the value read
@pytest.mark.parametrize(
    ("written", "variable", "value"),
    [
        pytest.param("${X}", "1.2", "1.2", id="text-stays-a-text"),
        pytest.param("${X}", "0123", "0123", id="leading-zero"),
        pytest.param("${X}", "true", "true", id="true-stays-a-text"),
        pytest.param("${X}", "null", "null", id="null-stays-a-text"),
        pytest.param("v${X}-rc", "1", "v1-rc", id="inside"),
        pytest.param("${X}${X}", "ab", "abab", id="twice"),
        pytest.param("${X}", "a: {b: [c]} # d", "a: {b: [c]} # d", id="no-yaml-from-a-variable"),
        pytest.param("${X}", "${X} $$", "${X} $$", id="not-replaced-again"),
        pytest.param("${X:-d}", "a", "a", id="default-unused"),
        pytest.param("${X:-d}", "", "d", id="default-for-empty"),
        pytest.param("${X:-d}", None, "d", id="default-for-unset"),
        pytest.param("${X:-a:-b $ c}", None, "a:-b $ c", id="any-default"),
        pytest.param("$${X}", "a", "${X}", id="escaped"),
        pytest.param("$$$${X}", "a", "$${X}", id="escaped-twice"),
        pytest.param("$$${X}", "a", "$a", id="escaped-and-replaced"),
        pytest.param("5 $", None, "5 $", id="dollar-at-the-end"),
        pytest.param("$5 $. $-", None, "$5 $. $-", id="dollar-before-no-letter"),
    ],
)
@pytest.mark.parametrize("quotes", [pytest.param("", id="plain"), pytest.param("'", id="quoted")])
def test_variables_are_replaced_in_texts(
    read: Reader, written: str, variable: str | None, value: str, quotes: str
) -> None:
    """A text that comes from a variable is that text, whatever is in it."""
    environ = {} if variable is None else {"X": variable}
    health = read(f"{BASE}health:\n  expect_version: {quotes}{written}{quotes}\n", **environ).require(HEALTH)[
        0
    ]
    assert health is not None
    assert health.expect_version == value


# columns: the value as written, the variable X, the number read
@pytest.mark.parametrize(
    ("written", "variable", "number"),
    [
        pytest.param("${X}", "3", 3, id="variable"),
        pytest.param("${X:-1}", None, 1, id="default"),
        pytest.param("'${X:-1}'", "2", 2, id="quoted-for-braces"),
        pytest.param("1${X}", "0", 10, id="pieces"),
    ],
)
def test_a_variable_is_a_number_where_one_is_wanted(
    read: Reader, written: str, variable: str | None, number: int
) -> None:
    """The schema, not the look of the value, decides that it is a number."""
    environ = {} if variable is None else {"X": variable}
    health = read(f"{BASE}health:\n  retries: {written}\n", **environ).require(HEALTH)[0]
    assert health is not None
    assert health.retries == number


def test_a_variable_that_is_no_number_is_told_by_its_name(refusal: Refusal) -> None:
    """The value of a variable is never shown."""
    (line,) = refusal(BASE + "health:\n  retries: ${N}\n", N="many")
    assert line == "3:12: found a value from ${N}; expected a whole number from 0 to 10"


def test_a_variable_that_is_no_utf8_is_told(refusal: Refusal) -> None:
    """Bytes that Python smuggles through the environment cannot be sent anywhere."""
    (line,) = refusal(BASE + "ca: ${X}\n", X="a\udcff")
    assert line.startswith("2:5: found ${X}, whose value is not UTF-8; expected")


def test_variables_cannot_fill_the_memory(refusal: Refusal) -> None:
    """A long value that is used often is refused once it adds up to more than 1 MiB."""
    (line,) = refusal(BASE + "ca: '" + "${X}" * 100_000 + "'\n", X="x" * 100_000)
    assert line.startswith("2:5: found variables with very long values; expected at most 1 MiB")


def test_files_are_relative_to_the_deployment_file(read: Reader, tmp_path: Path) -> None:
    """The private authority, the schema and log patterns are found from the file's own folder."""
    (tmp_path / "ca.pem").touch()
    (tmp_path / "own.json").touch()
    text = "ca: ca.pem\nhealth: {schema: own.json}\nlogs: [{name: a, files: ['logs/*.log', /var/log/x]}]\n"
    deployment = read(BASE + text)
    assert deployment.get(HEALTH)
    assert (deployment.ca, deployment.require(HEALTH)[0].schema) == (
        tmp_path / "ca.pem",
        tmp_path / "own.json",
    )
    assert deployment.require(LOGS)[0].files == (str(tmp_path / "logs/*.log"), "/var/log/x")


# columns: base_url as written, as read
@pytest.mark.parametrize(
    ("written", "url"),
    [
        pytest.param("https://h.example/", "https://h.example", id="slash"),
        pytest.param("HTTPS://h.example", "https://h.example", id="capital-scheme"),
        pytest.param("http://127.0.0.1:8000", "http://127.0.0.1:8000", id="ipv4"),
        pytest.param("http://[::1]:8000/", "http://[::1]:8000", id="ipv6"),
        pytest.param("https://h.example/api/v1/", "https://h.example/api/v1", id="path-prefix"),
        pytest.param("https://h:65535", "https://h:65535", id="highest-port"),
        pytest.param("http://my_service:1", "http://my_service:1", id="underscore-and-lowest-port"),
    ],
)
def test_base_urls_are_ready_to_append_a_path(read: Reader, written: str, url: str) -> None:
    """No slash at the end, scheme in small letters, path prefix kept."""
    assert read(f"base_url: '{written}'").base_url == url


def test_aliases_and_core_tags_are_read(read: Reader) -> None:
    """YAML's own repetition is allowed; a core tag says which kind of scalar is meant."""
    deployment = read(
        BASE + "health: {expect_version: !!str 1.10, retries: !!int 2, timeout: &t 3s, max_response_time: *t}"
    )
    assert deployment.get(HEALTH)
    assert (deployment.require(HEALTH)[0].expect_version, deployment.require(HEALTH)[0].retries) == (
        "1.10",
        2,
    )
    assert deployment.require(HEALTH)[0].max_response_time == 3


def test_a_byte_order_mark_is_skipped(read: Reader) -> None:
    """Some editors put one at the beginning of UTF-8."""
    assert read(b"\xef\xbb\xbf" + BASE.encode()).base_url == "https://deal-scout.example"


@pytest.mark.parametrize(
    "name",
    [pytest.param("staging", id="staging"), pytest.param("production", id="production")],
)
def test_the_projects_own_deployments_are_valid(name: str) -> None:
    """The examples that stand in deployments/ can be used once their variables are set."""
    variables = {"STAGING_TOKEN": "t", "PRODUCTION_TOKEN": "t", "HEARTBEAT_ID": "1"}
    deployment = load(find(name, ROOT / "deployments"), variables, OURS, ())
    assert deployment.name == name
    assert deployment.base_url.endswith(".example")
    assert "faults" not in deployment.allow


def test_a_load_run_has_defaults(read: Reader) -> None:
    """Only the rate and the requests are required."""
    told = read(BASE + "load: {arrival_rate: 50, requests: [{name: a, path: /}]}").get(LOAD)
    assert told is not None
    assert (told.duration, told.warm_up, told.timeout, told.processes, told.seed) == (
        30.0,
        2.0,
        10.0,
        1,
        None,
    )
    assert [route.name for route in told.routes] == ["a"]


def test_rules_and_objectives_may_be_null(read: Reader, tmp_path: Path) -> None:
    """null says what leaving them out says: there are none; patterns of objectives become absolute."""
    deployment = read(BASE + "rules: null\nslos: null")
    assert (deployment.get(RULES), deployment.get(SLOS)) == (None, None)
    slos = read(BASE + "slos: {files: ['slos/*.yaml']}").get(SLOS)
    assert slos is not None
    assert slos.files == (str(tmp_path / "slos/*.yaml"),)


def test_a_request_of_a_load_run(read: Reader) -> None:
    """Every key arrives in the model; a POST that only looks needs no allow: [write]."""
    told = read(
        BASE
        + "load: {arrival_rate: 0.5, arrivals: poisson, warm_up: null, requests: [{name: a, method: POST, path: /a, "
        "weight: 2, headers: {X-Key: sesame-open}, body: '{}', writes: false, keep: id, expect_status: [200, 202], "
        "expect_text: ok}]}"
    )
    assert told.get(LOAD) is not None
    (request,) = told.require(LOAD).routes
    assert (told.require(LOAD).poisson, told.require(LOAD).warm_up) == (True, 0.0)
    assert (request.method, request.weight, request.body) == ("POST", 2, "{}")
    assert (request.keep, request.expect_status, request.expect_text) == ("id", (200, 202), "ok")
    assert request.headers["X-Key"].reveal() == "sesame-open"
    assert told.redact("sesame-open") == "***"


def test_a_deployment_is_a_key_and_can_be_renamed(read: Reader) -> None:
    """Identity compares deployments; a copy with another name keeps its secrets."""
    deployment = read(BASE + "headers: {A: hunter22}")
    other = dataclasses.replace(deployment, name="reference")
    assert {deployment: 1, other: 2}[other] == 2
    assert other.redact("hunter22") == "***"


def test_find_takes_names_and_paths(tmp_path: Path) -> None:
    """A name is the stem of a file in the folder; a slash or a suffix makes it a path."""
    for name in ("staging.yaml", "production.yml", ".hidden.yaml", "notes.txt"):
        (tmp_path / name).touch()
    assert names_in(tmp_path) == ["production", "staging"]
    assert find("staging", tmp_path) == tmp_path / "staging.yaml"
    assert find("production", tmp_path) == tmp_path / "production.yml"
    assert find("other/place", tmp_path) == Path("other/place")
    assert find("here.yaml", tmp_path) == Path("here.yaml")
    assert find("here.yml", tmp_path) == Path("here.yml")


# columns: the name, the names known elsewhere, the whole error
@pytest.mark.parametrize(
    ("name", "also", "error"),
    [
        pytest.param("stagin", [], "found no deployment stagin; expected production or staging; did you mean staging?", id="near-miss"),
        pytest.param("refrence", ["reference"], "found no deployment refrence; expected production, reference or staging; did you mean reference?", id="near-miss-elsewhere"),
        pytest.param("zzz", [], "found no deployment zzz; expected production or staging", id="unknown"),
        pytest.param("", [], "found no deployment with an empty name; expected production or staging", id="empty"),
        pytest.param("a\x1bb", [], "found no deployment a\\x1bb; expected production or staging", id="control-character"),
        pytest.param("..", [], "found no deployment ..; expected production or staging", id="dots"),
    ],
)  # fmt: skip
def test_an_unknown_name_lists_what_there_is(tmp_path: Path, name: str, also: list[str], error: str) -> None:
    """The error says which deployments there are, and which was probably meant."""
    (tmp_path / "staging.yaml").touch()
    (tmp_path / "production.yaml").touch()
    with pytest.raises(UsageError) as caught:
        find(name, tmp_path, also=also)
    assert str(caught.value) == error


def test_find_without_any_deployment_says_so(tmp_path: Path) -> None:
    """An empty or missing folder is named."""
    with pytest.raises(UsageError, match=r"there is none: .*nowhere has no \.yaml file"):
        find("staging", tmp_path / "nowhere")


def test_find_refuses_to_choose_between_two_files(tmp_path: Path) -> None:
    """staging.yaml beside staging.yml is an error, not a guess."""
    (tmp_path / "staging.yaml").touch()
    (tmp_path / "staging.yml").touch()
    with pytest.raises(UsageError, match="expected one file for the deployment staging"):
        find("staging", tmp_path)


_WORDS = st.sampled_from(
    [
        *[
            "base_url",
            "health",
            "timeout",
            "headers",
            "allow",
            "faults",
            "logs",
            "load",
            "slos",
            "fields",
            "parts",
            "https://h.example",
            "2s",
            "1",
            ".inf",
        ],
        *[
            "null",
            "yes",
            "~",
            ":",
            "{",
            "}",
            "[",
            "]",
            ",",
            "'",
            '"',
            "|",
            ">",
            "#",
            "%",
            "@",
            "`",
            "<<",
            "${A}",
            "${B:-x}",
            "${",
            "$",
            "$$",
            "\\x",
            "\\ud800",
        ],
        *(": ", "- ", "? ", "&a ", "*a ", "!!str ", "!x ", "---\n", "...\n", "\n", "\n  ", "\n    ", "\t"),
        *("\0", "\x85", "\u2028", "\ufeff", "é", "\U0001f600"),
    ]
)
_TEXTS = st.lists(_WORDS, max_size=40).map("".join).map(str.encode)


@settings(deadline=None, max_examples=trials(300))
@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
    | _TEXTS
    | _TEXTS.map(lambda text: BASE.encode() + text)
)
def test_no_content_can_break_the_loader(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever the bytes are, the answer is a deployment or a DeploymentFileError that points into the file."""
    path = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    path.write_bytes(content)
    with contextlib.suppress(DeploymentFileError):
        assert isinstance(load(path, {"A": "x\ny: [1"}, OURS, ()), Deployment)
