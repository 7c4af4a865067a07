"""Contents that are no deployment: each problem with its place, its own reason, and what to do."""

from __future__ import annotations

import pytest
import yaml

from tests.deployment.conftest import BASE, Refusal


@pytest.fixture(params=["libyaml", "python"])
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers that PyYAML may come with."""
    if request.param == "python":
        monkeypatch.delattr(yaml, "CSafeLoader")


# columns: the file's text, then line:column, a piece of what was found, a piece of what was expected
@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize(
    ("text", "position", "found", "expected"),
    [
        pytest.param("", "1:1", "nothing (an empty file", "base_url", id="empty"),
        pytest.param("# one\n# two\n", "1:1", "nothing (an empty file", "base_url", id="only-comments"),
        pytest.param("---\n", "1:1", "nothing (an empty file", "base_url", id="only-a-document-start"),
        pytest.param("- a\n", "1:1", "a list at the top", "a mapping", id="list"),
        pytest.param("words\n", "1:1", "a single text at the top", "a mapping", id="text"),
        pytest.param(
            BASE + "health:\n\ttimeout: 2s\n", "3:1", "a tab in the indentation", "spaces", id="tab"
        ),
        pytest.param(BASE + "health:\n  \ttimeout: 2s\n x", "3:3", "a tab", "spaces", id="tab-after-spaces"),
        pytest.param(
            BASE + "ca: a: b\n", "2:6", "broken YAML (mapping values", "needs quotes", id="two-colons"
        ),
        pytest.param(BASE + "ca: 'open\n", "", "broken YAML", "needs quotes", id="open-quote"),
        pytest.param(
            BASE + "ca: {a: ${B}}\n", "", "broken YAML", "a value with ${…} needs quotes", id="bare-in-braces"
        ),
        pytest.param(BASE + "---\na: 1\n", "2:1", "a second document", "one document", id="two-documents"),
        pytest.param(
            BASE + BASE,
            "2:1",
            "a key for the second time (the first is at line 1, column 1)",
            "once",
            id="duplicate",
        ),
        pytest.param(
            BASE + 'health:\n  timeout: 2s\n  "timeout": 3s\n',
            "4:3",
            "a key for the second time (the first is at line 3, column 3)",
            "each key once",
            id="duplicate-inside",
        ),
        pytest.param(
            BASE + "1.5: x\n", "2:1", "a key that YAML may read as a number", "in quotes", id="number-as-key"
        ),
        pytest.param(
            BASE + "on: x\n",
            "2:1",
            "a key that YAML may read as a number, a boolean",
            "quotes",
            id="on-as-key",
        ),
        pytest.param(
            BASE + "? [a]\n: b\n", "2:3", "a list or a mapping as a key", "a word", id="list-as-key"
        ),
        pytest.param(BASE + "ca: &a x\n*a : y\n", "3:1", "an alias as a key", "a word", id="alias-as-key"),
        pytest.param(BASE + "<<: {ca: x}\n", "2:1", "a merge key (<<)", "written out", id="merge-key"),
        pytest.param(
            BASE + "${A}: x\n", "2:1", "a variable in a key", "only in values", id="variable-in-key"
        ),
        pytest.param(
            BASE + "ca: !!python/object/apply:os.system [ls]\n",
            "2:5",
            "a YAML tag",
            "plain data",
            id="tag-list",
        ),
        pytest.param(
            BASE + "ca: !!python/name:os.system ''\n", "2:5", "a YAML tag", "plain data", id="tag-scalar"
        ),
        pytest.param(BASE + "health: !own {}\n", "2:9", "a YAML tag", "plain data", id="own-tag"),
        pytest.param(BASE + "ca: !!binary aGk=\n", "2:5", "a YAML tag", "plain data", id="binary"),
        pytest.param(
            BASE + "allow: &a [*a]\n", "2:12", "an alias inside its own anchor", "ends", id="recursive-alias"
        ),
        pytest.param(
            BASE + "ca: *x\n",
            "2:5",
            "an alias of an anchor that does not exist",
            "begins with *",
            id="unknown-alias",
        ),
        pytest.param(BASE + 'ca: "a\\0b"\n', "2:5", "a NUL character", "without it", id="nul-escape"),
        pytest.param(BASE + 'ca: "\\ud800"\n', "", "character", "", id="half-a-character"),
        pytest.param(BASE + 'ca: "\\U00110000"\n', "", "YAML", "YAML", id="beyond-unicode"),
        pytest.param(
            BASE + "ca: " + "[" * 40 + "]" * 40, "2:36", "more than 32 levels", "flatter", id="just-too-deep"
        ),
        pytest.param(BASE + "ca: " + "[" * 100_000, "2:36", "more than 32 levels", "flatter", id="very-deep"),
        pytest.param(
            "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
            "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
            "5:5",
            "more than 10000 values, with aliases expanded",
            "smaller",
            id="billion-laughs",
        ),
        pytest.param(
            BASE + "a: &a '" + "x" * 100_000 + "'\nb: [" + "*a, " * 100 + "]\n",
            "3:101",
            "more than 10000 values",
            "smaller",
            id="aliases-of-a-long-text",
        ),
    ],
)
def test_what_is_no_plain_yaml_mapping_is_refused(
    refusal: Refusal, text: str, position: str, found: str, expected: str
) -> None:
    """YAML is read as plain data only, within bounds, and each problem points at its place."""
    lines = [line for line in refusal(text, A="x") if "unknown key" not in line]
    assert len(lines) == 1
    assert lines[0].startswith(f"{position}: found {found}" if position else "")
    assert found in lines[0]
    assert expected in lines[0].partition("expected")[2]


# columns: the file's bytes, then line:column, a piece of what was found, a piece of what was expected
@pytest.mark.parametrize(
    ("text", "position", "found", "expected"),
    [
        pytest.param(b"a: 1\nb: \xff", "2:4", "a byte that is not UTF-8 (0xff)", "UTF-8", id="latin"),
        pytest.param(
            "base_url: x".encode("utf-16"), "1:1", "a byte that is not UTF-8 (0xff)", "UTF-8", id="utf-16"
        ),
        pytest.param(
            "é: b\n".encode() + b"\xc3", "2:1", "a byte that is not UTF-8 (0xc3)", "UTF-8", id="cut-off"
        ),
        pytest.param(b"a: b\0", "1:5", "the control character U+0000", "printable", id="nul"),
        pytest.param(b"a: 1\nb: \x1b[31m", "2:4", "the control character U+001B", "printable", id="escape"),
        pytest.param("a: \u0080".encode(), "1:4", "the control character U+0080", "printable", id="c1"),
    ],
)
def test_what_is_no_printable_utf8_is_refused(
    refusal: Refusal, text: bytes, position: str, found: str, expected: str
) -> None:
    """Bytes that are no text are named with their place; columns count characters, not bytes."""
    (line,) = refusal(text)
    assert line.startswith(f"{position}: found {found}; expected ")
    assert expected in line


# columns: the lines after base_url, then line:column, what was found, a piece of what was expected
@pytest.mark.parametrize(
    ("text", "position", "found", "expected"),
    [
        pytest.param("healht: {}", "2:1", "the unknown key healht", "did you mean health?", id="near-miss-key"),
        pytest.param("zzz: {}", "2:1", "the unknown key zzz", "slos, load or dashboards", id="unknown-key"),
        pytest.param("Health: {}", "2:1", "the unknown key Health", "did you mean health?", id="capital-key"),
        pytest.param("health: {max-response-time: 1s}", "2:10", "the unknown key max-response-time", "max_response_time?", id="hyphens"),
        pytest.param("health: {tiemout: 1s}", "2:10", "the unknown key tiemout", "did you mean timeout?", id="near-miss-inside"),
        pytest.param("allow: [fault]", "2:9", "fault", "load, write or faults; did you mean faults?", id="near-miss-value"),
        pytest.param("allow: [load, reboot]", "2:15", "reboot", "load, write or faults", id="unknown-value"),
        pytest.param("allow: [load, write, load]", "2:22", "load for the second time", "each item once", id="twice"),
        pytest.param("allow: load", "2:8", "a text", "a list of load, write or faults", id="text-for-list"),
        pytest.param("health:", "2:8", "nothing", "{} for its defaults, or leave the key out", id="null-part"),
        pytest.param("health: []", "2:9", "a list", "a mapping with the keys form, path", id="list-for-mapping"),
        pytest.param("health: 5", "2:9", "a number or a word such as true", "a mapping", id="number-for-mapping"),
        pytest.param("health: {path: }", "2:16", "nothing", "leave the key out", id="null-value"),
        pytest.param("health: {path: [a]}", "2:16", "a list", "a path such as /health", id="list-for-text"),
        pytest.param("health: {timeout: 2}", "2:19", "2 without a unit", "a duration such as 2s, 500ms", id="unitless"),
        pytest.param("health: {timeout: -2s}", "2:19", "-2s, which is negative", "longer than 0", id="negative"),
        pytest.param("health: {timeout: 0}", "2:19", "0", "longer than 0", id="zero"),
        pytest.param('health: {timeout: ""}', "2:19", "an empty duration", "a duration such as", id="empty-duration"),
        pytest.param("health: {timeout: 1.5s}", "2:19", "1.5s with a fraction", "1500ms", id="fraction"),
        pytest.param("health: {timeout: yes}", "2:19", "yes, which is not a duration", "a duration such as", id="yes-as-duration"),
        pytest.param("health: {max_response_time: 2001ms}", "2:29", "2001ms, which is longer than timeout", "at most timeout (its default, 2s)", id="limit-beyond-timeout"),
        pytest.param("health: {timeout: 1s, max_response_time: 2s}", "2:42", "2s, which is longer than timeout", "at most timeout (1s)", id="limit-beyond-given-timeout"),
        pytest.param("health: {retries: two}", "2:19", "two", "a whole number from 0 to 10", id="word-for-number"),
        pytest.param('health: {retries: "2"}', "2:19", "the text 2 in quotes", "a whole number from 0 to 10", id="quoted-number"),
        pytest.param("health: {retries: 1.0}", "2:19", "1.0", "a whole number from 0 to 10", id="float-for-integer"),
        pytest.param("health: {retries: -1}", "2:19", "-1", "a whole number from 0 to 10", id="below-least"),
        pytest.param("health: {retries: 11}", "2:19", "11", "a whole number from 0 to 10", id="above-most"),
        pytest.param("health: {retries: 010}", "2:19", "010", "a whole number from 0 to 10", id="octal"),
        pytest.param("health: {retries: true}", "2:19", "true", "a whole number from 0 to 10", id="true-for-number"),
        pytest.param("health: {retries: " + "9" * 5000 + "}", "2:19", "9999", "a whole number from 0 to 10", id="very-long-number"),
        pytest.param("health: {calls: 1}", "2:17", "1", "a whole number from 2 to 1000", id="one-call"),
        pytest.param("health: {expect_version: 1.10}", "2:26", "1.10 without quotes", '"1.10"', id="version-as-number"),
        pytest.param("health: {expect_version: no}", "2:26", "no without quotes", '"no"', id="no-as-text"),
        pytest.param("health: {expect_version: 2024-01-01}", "2:26", "2024-01-01 without quotes", "quotes", id="date-as-text"),
        pytest.param("health: {expect_version: 1:30}", "2:26", "1:30 without quotes", "quotes", id="sexagesimal-as-text"),
        pytest.param('health: {expect_version: ""}', "2:26", "an empty text", "not empty", id="empty-version"),
        pytest.param("health: {path: health}", "2:16", "health without a / at its beginning", "/health", id="relative-path"),
        pytest.param("health: {path: //evil.example}", "2:16", "//evil.example with two slashes", "own host", id="two-slashes"),
        pytest.param("health: {path: /a#b}", "2:16", "/a#b with a fragment", "never sent", id="path-with-fragment"),
        pytest.param('health: {path: "/a b"}', "2:16", '"/a b" with a space', "a path", id="path-with-space"),
        pytest.param("health: {path: /ä}", "2:16", '"/\\u00e4" with characters outside ASCII', "percent-encoded", id="path-beyond-ascii"),
        pytest.param("health: {schema: no.json}", "2:18", "no.json, and there is no such file", "from this file's folder", id="no-schema-file"),
        pytest.param("ca: no.pem", "2:5", "no.pem, and there is no such file", "from this file's folder", id="no-ca-file"),
        pytest.param("ca: .", "2:5", "., and there is no such file", "from this file's folder", id="folder-for-ca"),
        pytest.param("ca: " + "x" * 5000, "2:5", "xxx", "from this file's folder", id="too-long-a-path"),
        pytest.param("health: {fields: {parts: [a, a], queue_depth: null}}", "2:30", "a for the second time", "each item once", id="part-twice"),
        pytest.param("health: {fields: {parts: []}}", "2:26", "an empty list", "or null", id="no-parts"),
        pytest.param("health: {fields: {parts: [db]}}", "2:18", "queue_depth's default part, redis, which is not in health.fields.parts", "db; set queue_depth: null", id="default-part-not-there"),
        pytest.param("health: {fields: {queue_depth: {field: q, part: rediss}}}", "2:49", "rediss, which is not in health.fields.parts", "db or redis; did you mean redis?", id="part-not-there"),
        pytest.param("health: {expect_version: 0.1.0, fields: {version: null}}", "2:26", "expect_version, and health.fields.version is null", "where the version is", id="version-of-no-field"),
        pytest.param("headers: {A: 0123}", "2:14", "a value without quotes", "quotes around a text", id="number-as-header"),
        pytest.param('headers: {A: ""}', "2:14", "an empty value", "no such header", id="empty-header"),
        pytest.param('headers: {A: "x\\ry"}', "2:14", "a value with a line break", "one line", id="header-with-cr"),
        pytest.param('headers: {A: "x\\n"}', "2:14", "a value with a line break at its end", "one line", id="header-with-lf-at-end"),
        pytest.param('headers: {A: "x "}', "2:14", "a value with a space at its beginning or end", "one line", id="header-with-space"),
        pytest.param("headers: {A: ä}", "2:14", "a value with a character that a header cannot carry", "ASCII", id="header-beyond-ascii"),
        pytest.param('headers: {"A B": x}', "2:11", "a header's name with invalid characters", "hyphens", id="header-name"),
        pytest.param("headers: {A:b}", "2:11", "a header's name with a colon in it", "a space after the colon", id="missing-space"),
        pytest.param("headers: {Accept: x, accept: y}", "2:22", "the header accept, which is Accept again", "once", id="header-twice"),
        pytest.param("faults: {Redis_1: {inject: [a], restore: [b]}}", "2:10", "a name of another form", "redis-hung", id="fault-name"),
        pytest.param("faults: {a: {inject: [a]}}", "2:13", "no key restore", "restore: a list of texts", id="no-restore"),
        pytest.param("faults: {a: {inject: a, restore: [b]}}", "2:22", "a text", "a list of texts", id="command-as-text"),
        pytest.param("faults: {a: {inject: [sleep, 5], restore: [b]}}", "2:30", "5 without quotes", '"5"', id="number-as-argument"),
        pytest.param("faults: {a: {inject: [], restore: [b]}}", "2:22", "an empty list", "a list of texts", id="empty-command"),
        pytest.param("faults: {a: {inject: ['', x], restore: [b]}}", "2:23", "an empty text", "a text that is not empty", id="empty-program"),
        pytest.param("faults: {redis-hung: {inject: [a], restore: [b], part: rediss}}\nhealth: {}", "2:56", "rediss, which is not", "did you mean redis?", id="fault-of-no-part"),
        pytest.param("logs: [{name: a}]", "2:8", "neither files nor command", "exactly one of", id="log-from-nowhere"),
        pytest.param("logs: [{name: a, files: [x], command: [z]}]", "2:30", "files and command", "exactly one of", id="log-from-two"),
        pytest.param("logs: [{name: a, files: [x]}, {name: a, files: [z]}]", "2:38", "the name a for the second time", "its own", id="log-name-twice"),
        pytest.param("logs: []", "2:7", "an empty list", "a list of mappings", id="no-logs"),
        pytest.param("load: {arrival_rate: .inf, requests: [{name: a, path: /}]}", "2:22", ".inf", "a number above 0", id="infinite"),
        pytest.param("load: {arrival_rate: .nan, requests: [{name: a, path: /}]}", "2:22", ".nan", "a number above 0", id="nan"),
        pytest.param("load: {arrival_rate: 1e999, requests: [{name: a, path: /}]}", "2:22", "1e999", "a number above 0", id="overflow"),
        pytest.param("load: {arrival_rate: 0, requests: [{name: a, path: /}]}", "2:22", "0", "a number above 0", id="no-arrivals"),
        pytest.param("load: {arrival_rate: 1, requests: [{name: a, path: /, method: get}]}", "2:63", "get", "did you mean GET?", id="method"),
        pytest.param("load: {arrival_rate: 1e300, requests: [{name: a, path: /}]}", "2:22", "1e300", "at most 100000", id="absurd-rate"),
        pytest.param("load: {arrival_rate: 90000, duration: 1h, requests: [{name: a, path: /}]}", "2:22", "90000, with which the load run has 324,180,000 requests", "at most 50,000,000", id="too-many-arrivals"),
        pytest.param("load: {arrival_rate: 0.00001, requests: [{name: a, path: /}]}", "2:22", "0.00001, with which the load run takes 23.1 days, warm-up included", "at most 7 days", id="endless-warm-up"),
        pytest.param("load: {arrival_rate: 1, duration: 2w, requests: [{name: a, path: /}]}", "2:22", "1, with which the load run takes 14 days", "at most 7 days", id="endless"),
        pytest.param("load: {arrival_rate: 1, requests: [{name: a, path: /, weight: 1e300}]}", "2:63", "1e300", "at most 1000000", id="absurd-weight"),
        pytest.param("load: {arrival_rate: -1, requests: [{name: a, path: /}]}", "2:22", "-1", "a number above 0", id="negative-arrivals"),
        pytest.param("load: {duration: 1m, requests: [{name: a, path: /}]}", "2:7", "no key arrival_rate", "a number above 0", id="no-rate"),
        pytest.param("load: {arrival_rate: 1, duration: -5s, requests: [{name: a, path: /}]}", "2:35", "-5s, which is negative", "longer than 0", id="negative-duration"),
        pytest.param("load: {arrival_rate: 1, duration: 0s, requests: [{name: a, path: /}]}", "2:35", "0s", "a duration longer than 0", id="no-duration"),
        pytest.param("load: {arrival_rate: 1, arrivals: random, requests: [{name: a, path: /}]}", "2:35", "random", "constant or poisson", id="arrivals"),
        pytest.param("load: {arrival_rate: 1, processes: 0, requests: [{name: a, path: /}]}", "2:36", "0", "a whole number from 1 to 64", id="no-processes"),
        pytest.param("load: {arrival_rate: 1, seed: 1.5, requests: [{name: a, path: /}]}", "2:31", "1.5", "a whole number from 0 to 4294967295", id="seed"),
        pytest.param("load: {arrival_rate: 1, abort_on_breach: maybe, requests: [{name: a, path: /}]}", "2:42", "maybe", "true or false", id="no-boolean"),
        pytest.param("load: {arrival_rate: 1, locustfile: gone.py, requests: [{name: a, path: /}]}", "2:37", "gone.py, and there is no such file", "a file's path", id="no-locustfile"),
        pytest.param("load: {arrival_rate: 1, requests: []}", "2:35", "an empty list", "a list of mappings", id="no-requests"),
        pytest.param("load: {arrival_rate: 1, requests: [{name: a, path: /, weight: 0}]}", "2:63", "0", "a number above 0", id="no-weight"),
        pytest.param("load: {arrival_rate: 1, requests: [{name: a, path: /}, {name: a, path: /}]}", "2:63", "the name a for the second time", "its own", id="request-twice"),
        pytest.param("load: {arrival_rate: 1, requests: [{name: a, path: /, body: '{'}]}", "2:61", "a text that is not JSON", "JSON in quotes", id="body"),
        pytest.param("load: {arrival_rate: 1, requests: [{name: a, path: /, expect_status: [20]}]}", "2:71", "20", "a whole number from 100 to 599", id="status"),
        pytest.param("load: {arrival_rate: 1, requests: [{name: a, path: '/{b}'}]}", "2:52", "{b}, and no request of that name keeps anything", "the name of a request with keep", id="placeholder"),
        pytest.param("load: {arrival_rate: 1, requests: [{name: snap, path: /, keep: id}, {name: a, path: '/{snip}'}]}", "2:85", "{snip}", "did you mean snap?", id="placeholder-near-miss"),
        pytest.param("load: {arrival_rate: 1, max_in_flight: 1, processes: 2, requests: [{name: a, path: /}]}", "2:40", "1, which is less than processes", "at least 2", id="no-room"),
        pytest.param("load: {arrival_rate: 1, requests: [{name: a, path: '/{b}', keep: id}, {name: b, path: /, keep: id}]}", "2:52", "a {NAME} in the path of a request that keeps something itself", "wait for each other", id="placeholder-cycle"),
        pytest.param("load: {arrival_rate: 1, requests: [{name: a, path: /, method: POST}]}", "2:63", "a request that writes (POST), and allow has no write", "writes: false", id="writing"),
        pytest.param("load: {arrival_rate: 1, requests: [{name: a, path: /, writes: true}]}", "2:36", "a request that writes (GET)", "allow: [load, write]", id="writing-by-its-own-word"),
        pytest.param("load: {arrival_rate: 1, requests: [{name: a, path: /, headers: {A: b, a: c}}]}", "2:71", "the header a, which is A again", "each header once", id="request-header-twice"),
        pytest.param("prometheus: {}", "2:13", "no key url", "url: a URL such as", id="no-url"),
        pytest.param("push: {heartbeat: x}", "2:7", "a mapping", "a list of mappings", id="push"),
        pytest.param("alertmanager: {url: 'http://a'}", "2:1", "the key alertmanager, which this version", "a file without it", id="alertmanager"),
        pytest.param("load: {arrival_rate: 1}", "2:7", "no key requests", "requests: a list of mappings", id="requests-missing"),
        pytest.param("slos: {files: []}", "2:15", "an empty list", "a list has at least one item", id="no-slos"),
        pytest.param("rules: {tests: [a]}", "2:8", "no key files", "files: a list of texts", id="rules-without-files"),
        pytest.param("ca: ${A}", "2:5", "${A}, and the variable is not set", "${A:-…}", id="unset-variable"),
        pytest.param("ca: ${EMPTY}", "2:5", "${EMPTY}, and the variable is empty", "${EMPTY:-…}", id="empty-variable"),
        pytest.param("ca: ${A", "2:5", "a broken ${", "$${", id="open-variable"),
        pytest.param("ca: ${}", "2:5", "a broken ${", "$${", id="nameless-variable"),
        pytest.param("ca: ${1A}", "2:5", "a broken ${", "$${", id="variable-with-a-digit-first"),
        pytest.param("ca: ${A:?no}", "2:5", "a broken ${", "$${", id="other-shell-forms"),
        pytest.param("ca: ${A:-${B:-x}}", "2:5", "a broken ${", "$${", id="nested-variable"),
        pytest.param("ca: $A", "2:5", "a $ before a letter", "${NAME}", id="no-braces"),
        pytest.param("health: {expect_version: '${A:-}'}", "2:26", "a value from ${A}", "not empty", id="empty-default"),
    ],
)  # fmt: skip
def test_each_wrong_value_has_its_place_and_reason(
    refusal: Refusal, text: str, position: str, found: str, expected: str
) -> None:
    """Exactly one problem is told, at the offending key or value, in words of its own."""
    (line,) = refusal(f"{BASE}{text}\n", EMPTY="")
    assert line.startswith(f"{position}: found {found}")
    assert expected in line.partition("; expected ")[2]


# columns: the URL, what was found, a piece of what was expected
@pytest.mark.parametrize(
    ("url", "found", "expected"),
    [
        pytest.param("deal-scout.example", "deal-scout.example without a scheme", "http:// or https://", id="no-scheme"),
        pytest.param("localhost:8000", "localhost:8000 without a scheme", "http:// or https://", id="host-and-port"),
        pytest.param("//h.example", "//h.example without a scheme", "http:// or https://", id="no-scheme-but-slashes"),
        pytest.param("https:/h", "https:/h without a scheme", "http:// or https://", id="one-slash"),
        pytest.param("ftp://h", "ftp://h with another scheme", "http:// or https://", id="ftp"),
        pytest.param("file:///etc/passwd", "file:///etc/passwd with another scheme", "https://", id="file"),
        pytest.param("https://", "https:// without a host", "a URL such as", id="no-host"),
        pytest.param("https:///x", "https:///x without a host", "a URL such as", id="no-host-but-path"),
        pytest.param("https://:80", "https://:80 without a host", "a URL such as", id="only-a-port"),
        pytest.param("https://u:p@h", "a URL with credentials", "put credentials into headers", id="credentials"),
        pytest.param("https://u@h", "a URL with credentials", "put credentials into headers", id="user"),
        pytest.param("https://@h", "a URL with credentials", "put credentials into headers", id="empty-user"),
        pytest.param("https://h#f", "https://h#f with a fragment", "never sent", id="fragment"),
        pytest.param("https://h?a=b", "https://h?… with a query", "appended", id="query"),
        pytest.param("https://h//a", "https://h//a with two slashes before its path", "a URL with one", id="two-slashes"),
        pytest.param("https://h/{a}", "https://h/{a} with braces in its path", "%7B and %7D", id="braces"),
        pytest.param("https://h:0", "https://h:0 with an impossible port", "1 to 65535", id="port-0"),
        pytest.param("https://h:65536", "https://h:65536 with an impossible port", "1 to 65535", id="port-above"),
        pytest.param("https://h:x", "https://h:x with an impossible port", "1 to 65535", id="port-no-number"),
        pytest.param("https://h:", "https://h: with an impossible port", "1 to 65535", id="port-empty"),
        pytest.param("https://h:-1", "https://h:-1 with an impossible port", "1 to 65535", id="port-negative"),
        pytest.param("https://a b", '"https://a b" with a space', "a URL such as", id="space"),
        pytest.param("https://h/a\tb", '"https://h/a\\tb" with a space', "a URL such as", id="tab"),
        pytest.param("https://bücher.example", '"https://b\\u00fccher.example" with characters outside ASCII', "xn--", id="idn"),
        pytest.param("https://a..b", "https://a..b with a host that there is not", "a URL such as", id="empty-label"),
        pytest.param("https://-a", "https://-a with a host that there is not", "a URL such as", id="hyphen-first"),
        pytest.param("https://999.1.1.1", "https://999.1.1.1 with a host that there is not", "a URL", id="no-ipv4"),
        pytest.param("https://[::g]", "https://[::g] with a host that there is not", "a URL such as", id="no-ipv6"),
        pytest.param("https://[::1", "https://[::1 with a host that there is not", "a URL such as", id="open-bracket"),
        pytest.param("https://[127.0.0.1]", "https://[127.0.0.1] with a host that there is not", "a URL", id="ipv4-in-brackets"),
        pytest.param("https://h\\\\x", "https://h\\\\x with a backslash", "a URL such as", id="backslash"),
        pytest.param("", "an empty URL", "a URL such as", id="empty"),
    ],
)  # fmt: skip
def test_each_wrong_url_has_its_own_reason(refusal: Refusal, url: str, found: str, expected: str) -> None:
    """A base URL that cannot be asked says why."""
    escaped = url.replace("\t", "\\t")
    (line,) = refusal(f'base_url: "{escaped}"\n')
    assert line.replace("\\\\", "\\").startswith(f"1:11: found {found}".replace("\\\\", "\\"))
    assert expected in line.partition("; expected ")[2]


def test_all_problems_are_told_at_once_in_the_files_order(refusal: Refusal) -> None:
    """Structure, variables, shape and consistency: one run tells them all."""
    lines = refusal(
        "headers: {A: ${UNSET:-x}}\n".replace("${UNSET:-x}", '"${UNSET}"')
        + "base_ulr: https://h.example\n"
        + "health: {timeout: 2}\n"
        + "allow: [lode]\n"
        + "allow: []\n"
        + "logs: [{name: a, files: [x]}, {name: a, files: [x]}]\n"
        + "ca: no.pem\n"
    )
    assert [line.split(": ")[0] for line in lines] == ["1:14", "2:1", "3:19", "4:9", "5:1", "6:38", "7:5"]


def test_a_missing_key_is_told_where_no_near_miss_explains_it(refusal: Refusal) -> None:
    """Without base_url the error stands at the document's beginning; a misspelt one is told once, not twice."""
    (missing,) = refusal("allow: []\n")
    assert missing.startswith("1:1: found no key base_url; expected base_url: a URL")
    (misspelt,) = refusal("base-url: https://h.example\n")
    assert misspelt.startswith("1:1: found the unknown key base-url; expected one of the keys base_url")
    assert misspelt.endswith("did you mean base_url?")


def test_a_flood_of_problems_is_cut_off_with_their_number(refusal: Refusal) -> None:
    """Nobody reads thousands of lines; how many there are is said."""
    lines = refusal(BASE + "".join(f"unknown{number}: 1\n" for number in range(250)))
    assert len(lines) == 101
    assert lines[-1] == "and 150 more problems"
