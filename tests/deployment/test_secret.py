"""A Secret is never printed by accident, and redaction finds it in every form."""

from __future__ import annotations

import base64
import copy
import html
import json
import os
import pickle
import pprint
import shlex
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from deployspec.base.secret import Secret, redact
from tests.deployment.conftest import BASE, Reader

VALUE = 'tök/en"hunter22'


# columns: what somebody may do with a secret
@pytest.mark.parametrize(
    "write",
    [
        pytest.param(repr, id="repr"),
        pytest.param(str, id="str"),
        pytest.param(lambda secret: f"{secret}", id="f-string"),
        pytest.param(lambda secret: f"{secret!r:>40}", id="f-string-repr"),
        pytest.param(lambda secret: f"{secret:>40}", id="f-string-spec"),
        pytest.param(lambda secret: "%s %r" % (secret, secret), id="percent"),  # noqa: UP031
        pytest.param(lambda secret: f"{[secret]} { ({'a': secret}) }", id="in-a-collection"),
        pytest.param(pprint.pformat, id="pprint"),
        pytest.param(lambda secret: json.dumps(secret, default=str), id="json-default"),
        pytest.param(lambda secret: repr(copy.deepcopy([secret])), id="deepcopy"),
        pytest.param(lambda secret: repr(copy.copy(secret)), id="copy"),
    ],
)
def test_no_way_of_writing_shows_the_value(write: Callable[[Secret], str]) -> None:
    """Whatever turns a secret into text gives stars."""
    assert "***" in write(Secret(VALUE))
    assert "hunter22" not in write(Secret(VALUE))


# columns: what must refuse a secret
@pytest.mark.parametrize(
    "write",
    [
        pytest.param(json.dumps, id="json"),
        pytest.param(pickle.dumps, id="pickle"),
        pytest.param(lambda secret: secret.__getstate__(), id="getstate"),
        pytest.param(vars, id="vars"),
        pytest.param(hash, id="hash"),
        pytest.param(lambda secret: {secret}, id="set"),
    ],
)
def test_what_would_write_the_value_down_is_refused(write: Callable[[Secret], object]) -> None:
    """Serialisers and hashes raise TypeError, whose text has no value in it."""
    with pytest.raises(TypeError) as caught:
        write(Secret(VALUE))
    assert "hunter22" not in str(caught.value)


def test_reveal_gives_the_value() -> None:
    """The one way to the value is asked for by name."""
    assert Secret(VALUE).reveal() == VALUE


def test_secrets_compare_by_value_and_only_with_secrets() -> None:
    """Equal values are equal, and a plain text is never equal to a secret."""
    assert Secret(VALUE) == Secret(VALUE)
    assert Secret(VALUE) != Secret("another")
    assert Secret(VALUE) != VALUE


def test_a_secret_does_not_change() -> None:
    """Setting and deleting attributes is refused."""
    secret = Secret(VALUE)
    with pytest.raises(AttributeError):
        secret._value = "other"
    with pytest.raises(AttributeError):
        del secret._value
    assert secret.reveal() == VALUE


# columns: the form in which the value stands in a text
@pytest.mark.parametrize(
    "form",
    [
        pytest.param(VALUE, id="as-it-is"),
        pytest.param("t%C3%B6k%2Fen%22hunter22", id="percent-encoded"),
        pytest.param("t%c3%b6k%2fen%22hunter22", id="percent-encoded-small-letters"),
        pytest.param("t%C3%B6k/en%22hunter22", id="percent-encoded-but-slash"),
        pytest.param(json.dumps(VALUE)[1:-1], id="json-ascii"),
        pytest.param(json.dumps(VALUE, ensure_ascii=False)[1:-1], id="json"),
        pytest.param(base64.b64encode(VALUE.encode()).decode(), id="base64"),
        pytest.param(repr([VALUE])[2:-2], id="python"),
    ],
)
def test_redaction_finds_every_form(form: str) -> None:
    """A secret vanishes however a library has written it down; the text around it stays."""
    assert redact(f"before {form} after", [Secret(VALUE)]) == "before *** after"


BOTH = 'it\'s "hunter22"\u200b, ü'


# columns: the form in which a value with both quotes and a letter without a width stands in a text
@pytest.mark.parametrize(
    "form",
    [
        pytest.param(repr(BOTH)[1:-1], id="python"),
        pytest.param(repr(BOTH.encode())[2:-1], id="python-bytes"),
        pytest.param(json.dumps(json.dumps(BOTH))[3:-3], id="json-in-json"),
        pytest.param(shlex.quote(BOTH)[1:-1], id="shell"),
        pytest.param(html.escape(BOTH), id="html"),
        pytest.param(quote(quote(BOTH)), id="percent-encoded-twice"),
        pytest.param(BOTH.encode().decode("latin-1"), id="a-header"),
    ],
)
def test_redaction_finds_quotes_however_escaped(form: str) -> None:
    """The escapes of Python differ from those of JSON and of a shell."""
    assert redact(f"before {form} after", [Secret(BOTH)]) == "before *** after"


# columns: secrets, text, redacted text
@pytest.mark.parametrize(
    ("values", "text", "expected"),
    [
        pytest.param(["abcd"], "xabcdx", "x***x", id="four-characters"),
        pytest.param(["abc"], "xabcx", "xabcx", id="three-characters-stay"),
        pytest.param(["abcd", "abcdefgh"], "abcdefgh", "***", id="longest-first"),
        pytest.param(["abcdef", "defghi"], "abcdefghi.", "***.", id="overlapping"),
        pytest.param(["aaaa"], "aaaaaa", "***", id="overlapping-itself"),
        pytest.param(["abcd", "efgh"], "abcdefgh", "******", id="side-by-side"),
        pytest.param(["****"], "a****b", "a***b", id="stars"),
        pytest.param([], "text", "text", id="no-secrets"),
        pytest.param(["a.c("], "abc( a.c(", "abc( ***", id="no-pattern"),
    ],
)
def test_redaction_replaces_whole_values(values: list[str], text: str, expected: str) -> None:
    """Each occurrence becomes three stars, and no tail of a longer or overlapping one remains."""
    assert redact(text, [Secret(value) for value in values]) == expected


FULL = (
    BASE
    + """
headers: {Authorization: "Bearer ${TOKEN}", Accept: application/json}
prometheus: {url: "https://p.example", headers: {Authorization: "Basic cHJvbTpzd29yZGZpc2g="}}
logs: [{name: a, command: [psql, "postgres://u:open-sesame@db.example/x", "--key=${API_KEY}"]}]
load: {arrival_rate: 1, requests: [{name: a, path: /, headers: {X-Key: "${UUID}"}}]}
"""
)
VARIABLES = {"TOKEN": "hunter22-t", "API_KEY": "hunter22-k", "UUID": "hunter22-u"}


def test_no_secret_is_in_the_repr_of_a_deployment(read: Reader) -> None:
    """Neither headers nor a command's credentials appear."""
    shown = repr(read(FULL, **VARIABLES))
    for secret in ("hunter22", "sesame", "swordfish", "cHJvbT"):
        assert secret not in shown


def test_redaction_of_a_deployment_knows_all_of_them(read: Reader) -> None:
    """Tokens without their scheme, both halves of Basic, passwords in URLs, and telling variables are redacted."""
    deployment = read(FULL, **VARIABLES)
    text = "hunter22-t hunter22-k hunter22-u swordfish open-sesame application/json cHJvbTpzd29yZGZpc2g="
    assert deployment.redact(text) == "*** *** *** *** *** application/json ***"
    assert redact(text, deployment.secrets()) == deployment.redact(text)


def test_harmless_words_are_not_redacted(read: Reader) -> None:
    """A header of ``true`` must not blank out every true of a report."""
    assert read(BASE + 'headers: {X-Synthetic: "true"}').redact("ok: true") == "ok: true"


# columns: the file, whose error must not show the value
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("base_url: https://user:hunter22@h.example\n", id="url-with-credentials"),
        pytest.param("base_url: user:hunter22@h.example\n", id="credentials-without-scheme"),
        pytest.param("base_url: https://h.example?token=hunter22\n", id="query"),
        pytest.param(BASE + "headers: {Authorization:Bearer hunter22}\n", id="missing-space-in-headers"),
        pytest.param(BASE + "headers: Bearer hunter22\n", id="headers-as-text"),
        pytest.param(BASE + 'headers: {A: "hunter22\\n"}\n', id="line-break-in-header"),
        pytest.param(BASE + "prometheus: {url:https://p.example/hunter22}\n", id="missing-space-in-url"),
        pytest.param(BASE + "push: {heartbeat: hunter22}\n", id="key-that-is-not-read"),
        pytest.param(BASE + "headers: {A: !hunter22 x}\n", id="tag"),
        pytest.param(BASE + "headers: {A: *hunter22}\n", id="alias"),
        pytest.param(BASE + "headers: {A: pa$hunter22}\n", id="dollar"),
        pytest.param(BASE + 'headers: {A: "x${hunter22"}\n', id="broken-variable"),
        pytest.param(BASE + "headers: {A: 'hunter22\n", id="open-quote"),
        pytest.param(BASE + "headers: {A: 'x' 'hunter22'}\n", id="two-texts"),
        pytest.param(BASE + 'health: {timeout: "${PASSWORD}"}\n', id="variable-as-duration"),
        pytest.param(BASE + 'health: {retries: "${PASSWORD}"}\n', id="variable-as-number"),
        pytest.param(BASE + 'allow: ["${PASSWORD}"]\n', id="variable-as-enum"),
        pytest.param(BASE + 'ca: "${PASSWORD}"\n', id="variable-as-file"),
        pytest.param(BASE + 'pasword: "hunter22"\n', id="value-of-unknown-key"),
        pytest.param(BASE + "auth=hunter22: x\n", id="key-with-equals-sign"),
        pytest.param("base_url:https://h.example/hunter22", id="only-a-text"),
    ],
)
def test_no_error_shows_a_secret(read: Reader, text: str) -> None:
    """Whatever is wrong around a secret, the message does not quote it; nor does the traceback's own chain."""
    with pytest.raises(Exception, match="found ") as caught:
        read(text, PASSWORD="hunter22")
    assert "hunter22" not in str(caught.value)
    assert "hunter22" not in "".join(traceback.format_exception_only(caught.value))


def test_a_pytest_failure_with_locals_shows_no_secret(tmp_path: Path) -> None:
    """``pytest -l`` prints locals and compared values: a deployment, its headers and a failed load give nothing away."""
    (tmp_path / "d.yaml").write_text(FULL)
    (tmp_path / "broken.yaml").write_text(FULL + "unknown: 1\n")
    (tmp_path / "test_it.py").write_text(
        "import os\n"
        "from pathlib import Path\n"
        "from deployspec.app import OURS\n"
        "from deployspec.chapters.slo.part import LOAD\n"
        "from deployspec.deployment import load\n"
        "HERE = Path(__file__).parent\n"
        "def test_locals():\n"
        "    deployment = load(HERE / 'd.yaml', os.environ, OURS, ())\n"
        "    headers = deployment.headers\n"
        "    secrets = deployment.secrets()\n"
        "    assert deployment.get(LOAD).routes[0].headers['X-Key'] == headers['Authorization']\n"
        "def test_load():\n"
        "    load(HERE / 'broken.yaml', os.environ, OURS, ())\n"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-l",
            "-vv",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(tmp_path),
            "test_it.py",
        ],
        cwd=tmp_path,
        env={**os.environ, **VARIABLES, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "2 failed" in done.stdout, done.stdout + done.stderr
    assert "Secret(***)" in done.stdout
    assert "unknown key unknown" in done.stdout
    for secret in ("hunter22", "sesame", "swordfish"):
        assert secret not in done.stdout + done.stderr


def test_variables_that_gave_secrets_are_known_by_name(read: Reader) -> None:
    """Those that are set: by their name, or by where they stand. A default is no variable's value."""
    deployment = read(
        "base_url: https://${WHERE}.example/${HOOK_TOKEN}/${OTHER_TOKEN:-by-default}\n"
        'headers: {X-Key: "${KEY}", X-More: "${MORE:-unset}"}\n',
        WHERE="hooks",
        HOOK_TOKEN="open-sesame",
        KEY="k7Qm-2xVf",
    )
    assert {name: secret.reveal() for name, secret in deployment.secret_variables.items()} == {
        "HOOK_TOKEN": "open-sesame",
        "KEY": "k7Qm-2xVf",
    }
    assert "open-sesame" not in repr(deployment.secret_variables)
    assert "by-default" not in deployment.redact(deployment.base_url)
