"""The part ``health``: what does not go together, and what is meant where little is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deployspec.app import OURS
from deployspec.base.errors import DeploymentFileError
from deployspec.chapters.health.forms import FORMS
from deployspec.chapters.health.model import Flag, Pointer, Statuses
from deployspec.chapters.health.part import FAULTS, HEALTH, Health
from deployspec.deployment import Deployment, load

Read = Callable[[str], Deployment]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Load a file with this below its base_url."""

    def loaded(text: str) -> Deployment:
        file = tmp_path / "there.yaml"
        file.write_text(f"base_url: http://there\n{text}\n")
        return load(file, {}, OURS, ())

    return loaded


def endpoints(deployment: Deployment) -> dict[str, Health]:
    """The endpoints by name."""
    return {one.name: one for one in deployment.require(HEALTH)}


# what the file says below base_url; place, what was found and what was expected
UNFIT = [
    ("field-in-a-text", "health: {body: text, fields: {ok: up}}", "2:35",
     "found the field ok in a body of text; expected body: json, or null; expect_text can say what a healthy text is"),
    ("pointer-in-a-text", "health: {form: text, fields: {parts: {db: /db}}}", "2:38",
     "found the field parts in a body of text; expected body: json, or null; expect_text can say what a healthy text is"),
    ("field-in-no-body", "health: {body: none, fields: {time: now}}", "2:37",
     "found the field time in a body of none; expected body: json, or null"),
    ("text-of-json", "health: {form: json, expect_text: OK}", "2:35",
     "found expect_text with a body of json; expected body: text, or no expect_text"),
    ("text-of-no-body", "health: {body: none, expect_text: OK}", "2:35",
     "found expect_text with a body of none; expected body: text, or no expect_text"),
    ("schema-of-a-text", "health: {form: text, schema: there.yaml}", "2:30",
     "found a JSON Schema for a body of text; expected body: json, or no schema"),
    ("status-twice", "health: {status: {healthy: [200, 503]}}", "2:18",
     "found the status 503 as healthy and as unhealthy; expected each status once"),
    ("204-with-json", "health: {status: {healthy: [204]}}", "2:18",
     "found a body of json with status 204, which has none; expected body: none, or another status"),
    ("healthy-without-each", "health: {fields: {parts: {healthy: [UP]}}}", "2:26",
     "found no key each; expected each: a field's name, or a JSON pointer such as /components/db/status"),
    ("unknown-dependency", "health: {depends_on: [dbb]}", "2:23",
     "found dbb, which is not in health.fields.parts; expected db or redis; did you mean db?"),
    ("unknown-part-of-a-fault", "health: {}\nfaults: {x: {inject: [a], restore: [b], part: rediss}}", "3:47",
     "found rediss, which is not in health.fields.parts; expected db or redis; did you mean redis?"),
    ("path-beside-endpoints", "health: {path: /a, endpoints: {a: {}}}", "2:16",
     "found path beside endpoints, each of which has its own; expected the path in one of the endpoints"),
    ("version-of-a-text", "health: {form: livez, expect_version: '1'}", "2:39",
     "found expect_version, and health.fields.version is null; expected where the version is"),
    ("version-of-an-endpoint", "health: {endpoints: {a: {form: livez, expect_version: '1'}}}", "2:55",
     "found expect_version, and health.endpoints.a.fields.version is null; expected where the version is"),
    ("too-slow-endpoint", "health: {timeout: 1s, endpoints: {a: {max_response_time: 2s}}}", "2:58",
     "found 2s, which is longer than timeout; expected at most timeout (1s), or a longer timeout"),
    ("media-type", "health: {content_type: [json]}", "2:25",
     "found json; expected a media type such as text/plain or +json, without parameters"),
    ("wildcard", "health: {content_type: ['text/*']}", "2:25",
     'found text/*; expected a media type such as text/plain or +json, without parameters'),
    ("part-beside-each", "health: {fields: {queue_depth: null, parts: {each: /c, at: s, db: /db}}}", "2:67",
     "found the part db beside each, which says where all parts are; expected each, or db"),
    ("version-of-no-endpoint", "health: {expect_version: '1', endpoints: {a: {form: livez}}}", "2:26",
     "found expect_version, and no endpoint has a fields.version; expected where the version is"),
    ("tilde", "health: {fields: {ok: {at: /a~b}}}", "2:28",
     "found /a~b, which has a ~ that is neither ~0 nor ~1; expected ~0 where a key has a ~, and ~1 where it has a /"),
    ("misspelt-form", "health: {form: actuater}", "2:16",
     "found actuater; expected deal-scout, json, actuator, health-json, dockerflow, livez or text; did you mean actuator?"),
    ("false-is-no-name", "health: {fields: {ok: false}}", "2:23",
     'found false without quotes; expected quotes around a text: "false"'),
    ("pointer-of-a-flag", "health: {fields: {ok: /a~b}}", "2:23",
     "found /a~b, which has a ~ that is neither ~0 nor ~1; expected ~0 where a key has a ~, and ~1 where it has a /"),
    ("a-text-is-no-status", "health: {status: {healthy: [ok]}}", "2:29", "found ok; expected a whole number from 200 to 599"),
    ("empty-parts", "health: {fields: {parts: {}}}", "2:26",
     "found an empty mapping; expected a list of texts, or a mapping of names to values, or null; a mapping has at least one key"),
    ("text-beside-endpoints", "health: {expect_text: OK, endpoints: {a: {form: json}, b: {form: actuator}}}", "2:23",
     "found expect_text with a body of json; expected body: text, or no expect_text"),
    ("nothing-for-endpoints", "health: {endpoints: }", "2:21",
     "found nothing; expected a mapping of names to values, or leave the key out"),
    ("no-status", "health: {status: {healthy: [99]}}", "2:29", "found 99; expected a whole number from 200 to 599"),
    ("no-endpoint", "health: {endpoints: {}}", "2:21",
     "found an empty mapping; expected a mapping of names to values; a mapping has at least one key"),
    ("endpoint-in-capitals", "health: {endpoints: {Ready: {}}}", "2:22",
     "found a name of another form; expected small letters and digits, joined by hyphens, as in redis-hung"),
    ("null-is-no-state", "health: {fields: {ok: {at: a, healthy: [null]}}}", "2:41", "found nothing; expected a text, a number, or true or false"),
    ("backspace", 'health: {form: text, expect_text: "^ok\\b"}', "2:35",
     "found a backspace, which \\b in double quotes is; expected the expression in single quotes"),
    ("redirect", "health: {status: {healthy: [302]}}", "2:18",
     "found the status 302, a redirect; expected the status of the answer to which it leads, because redirects are followed"),
    ("regex", "health: {form: text, expect_text: '('}", "2:35",
     "found (, which is not a regular expression (missing ), unterminated subpattern); expected a regular expression in Python's syntax"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "said"), [row[1:] for row in UNFIT], ids=[row[0] for row in UNFIT])
def test_what_does_not_go_together_is_one_error(read: Read, text: str, place: str, said: str) -> None:
    """It names the place, what was found and what was expected."""
    with pytest.raises(DeploymentFileError) as caught:
        read(text)
    (line,) = str(caught.value).splitlines()
    assert line.partition("there.yaml:")[2] == f"{place}: {said}"


@pytest.mark.parametrize("name", FORMS)
def test_each_form_is_known_by_its_name(read: Read, name: str) -> None:
    """What a form says holds where the file says no more."""
    (health,) = read(f"health: {{form: {name}}}").require(HEALTH)
    form = FORMS[name]
    assert health.path == form["path"]
    assert (list(health.status.healthy), list(health.status.unhealthy)) == tuple(form["status"].values())
    assert (health.body, health.expect_text) == (form["body"], form.get("expect_text"))


def test_what_a_form_says_can_be_overridden_key_by_key(read: Read) -> None:
    """One of its statuses, one of its fields."""
    (health,) = read("health: {form: actuator, status: {unhealthy: [500]}, fields: {version: /v}}").require(
        HEALTH
    )
    assert health.status == Statuses((200,), (500,))
    assert health.fields.ok == Flag("status", Pointer(("status",)), ("UP",))
    assert health.fields.version is not None
    assert health.path == "/actuator/health"


def test_another_kind_of_body_is_another_form(read: Read) -> None:
    """Whoever says that the body is no JSON does not speak of Deal Scout's fields."""
    (health,) = read("health: {body: text}").require(HEALTH)
    assert (health.content_type, health.fields.says_parts, health.schema) == (("text/plain",), False, None)
    (health,) = read("health: {form: actuator, body: none, status: {healthy: [204]}}").require(HEALTH)
    assert (health.path, health.content_type, health.fields.ok) == ("/actuator/health", None, None)


def test_what_is_nearest_to_an_endpoint_holds(read: Read) -> None:
    """Its own keys, then its form, then what health says; times and numbers always from there."""
    said = endpoints(
        read(
            "health: {form: actuator, timeout: 1s, calls: 9, status: {unhealthy: [500]}, endpoints: "
            "{a: {}, b: {form: livez}, c: {form: livez, path: /c, calls: 3}, d: {fields: {parts: {db: /db}}}}}"
        )
    )
    assert [(one.timeout, one.calls) for one in said.values()] == [(1, 9), (1, 9), (1, 3), (1, 9)]
    assert [one.path for one in said.values()] == ["/actuator/health", "/livez", "/c", "/actuator/health"]
    assert said["a"].status == said["d"].status == Statuses((200,), (500,))
    assert said["b"].status == said["c"].status == Statuses((200,), (500, 503))
    assert said["d"].fields.ok == said["a"].fields.ok
    assert [one.name for one in said["d"].fields.parts] == ["db"]


def test_a_schema_is_made_of_the_fields(read: Read) -> None:
    """Where none is given, and none is wanted where that is said."""
    cases = {
        "{form: json}": None,
        "{form: json, fields: {ok: up}}": {"type": "object"},
        "{form: json, fields: {parts: {each: ''}}}": {"type": ["array", "object"]},
        "{form: json, fields: {ok: up}, schema: null}": None,
    }
    for text, schema in cases.items():
        (health,) = read(f"health: {text}").require(HEALTH)
        assert health.schema == schema, text


def test_a_schema_is_made_of_each_endpoints_own_fields(read: Read) -> None:
    """The one that is meant of all does not fit an endpoint with other fields; one that is said does."""
    none = "parts: null, queue_depth: null, time: null, version: null"
    said = endpoints(read(f"health: {{endpoints: {{a: {{fields: {{ok: up, {none}}}}}, b: {{}}}}}}"))
    assert said["a"].schema == {"type": "object"}
    assert isinstance(said["b"].schema, Path)
    said = endpoints(read("health: {form: json, endpoints: {a: {fields: {ok: up}}, b: {}}}"))
    assert (said["a"].schema, said["b"].schema) == ({"type": "object"}, None)
    said = endpoints(
        read("health: {form: json, schema: there.yaml, endpoints: {a: {fields: {ok: up}}, b: {}}}")
    )
    assert {one.name: isinstance(one.schema, Path) for one in said.values()} == {"a": True, "b": True}


def test_an_endpoint_of_a_form_of_its_own_depends_on_nothing_of_others(read: Read) -> None:
    """What another form's parts are, its own need not have."""
    said = endpoints(read("health: {depends_on: [db], endpoints: {a: {form: livez}, b: {path: /b}}}"))
    assert (said["a"].depends_on, said["b"].depends_on) == (None, ("db",))


def test_a_fault_has_the_name_that_it_is_given(read: Read) -> None:
    """The guide's have their parts, and any other is of no one part."""
    faults = read(
        "health: {}\nfaults: {redis-hung: {inject: [a], restore: [b]}, "
        "disk-full: {inject: [a], restore: [b], expect_status: 507}}"
    ).require(FAULTS)
    assert [(one.name, one.part, one.expect_status) for one in faults.values()] == [
        ("redis-hung", "redis", None),
        ("disk-full", None, 507),
    ]
