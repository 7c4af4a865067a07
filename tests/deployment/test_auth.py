"""`auth` and `client_certificate`: what they become, what is objected to, and that no secret of theirs is told."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from deployspec.base.errors import DeploymentFileError
from deployspec.deployment import PROMETHEUS
from deployspec.deployment.auth import CommandToken, OAuth2Token
from tests.deployment.conftest import BASE, Reader, Refusal

SECRET = "s3same-0pen-please"


def oauth2(more: str = "") -> str:
    """An `auth` of this form."""
    return f"auth: {{oauth2: {{token_url: https://login.example/t, client_id: a, client_secret: {SECRET}{more}}}}}\n"


# id, what stands in auth, the header that it makes
FIXED = [
    ("bearer", f"{{bearer: {SECRET}}}", f"Bearer {SECRET}"),
    ("basic", f"{{basic: {{user: probe, password: {SECRET}}}}}", "Basic " + base64.b64encode(f"probe:{SECRET}".encode()).decode()),
]  # fmt: skip


@pytest.mark.parametrize(("said", "header"), [row[1:] for row in FIXED], ids=[row[0] for row in FIXED])
def test_what_is_known_is_a_header(read: Reader, said: str, header: str) -> None:
    """Of the deployment and of its Prometheus, beside the others; a secret with all that it is made of."""
    text = f"headers: {{X-A: b}}\nauth: {said}\nprometheus: {{url: http://a.test, auth: {said}}}\n"
    deployment = read(BASE + text)
    assert {name: value.reveal() for name, value in deployment.headers.items()} == {
        "X-A": "b",
        "Authorization": header,
    }
    assert deployment.require(PROMETHEUS).headers["Authorization"].reveal() == header
    assert deployment.auth is None
    for text in (SECRET, header):
        assert deployment.redact(f"a {text} b") == "a *** b"
    assert SECRET not in f"{deployment!r} {deployment.require(PROMETHEUS)}"


def test_a_command(read: Reader) -> None:
    """Its words, how long a token lasts, and how long it may take."""
    said = "auth: {command: [vault, read, -field=token], lifetime: 15m, timeout: 3s}\n"
    source = read(BASE + said).auth
    assert isinstance(source, CommandToken)
    assert (source.key, source.argv) == ("auth.command", ("vault", "read", "-field=token"))
    assert (source.lifetime, source.timeout) == (900, 3)
    once = read(BASE + "prometheus: {url: http://a.test, auth: {command: [x]}}\n").require(PROMETHEUS).auth
    assert isinstance(once, CommandToken)
    assert (once.key, once.lifetime, once.timeout) == ("prometheus.auth.command", None, 10)


def test_oauth2(read: Reader) -> None:
    """All that the token endpoint is told; the client's secret is one."""
    deployment = read(BASE + oauth2(", scope: read metrics, audience: https://a.test, client_auth: body"))
    source = deployment.auth
    assert isinstance(source, OAuth2Token)
    assert (source.token_url, source.client_id, source.client_secret.reveal()) == ("https://login.example/t", "a", SECRET)  # fmt: skip
    assert (source.scope, source.audience, source.in_body) == ("read metrics", "https://a.test", True)
    assert SECRET not in repr(deployment)
    assert deployment.redact(SECRET) == "***"


def test_client_certificate(read: Reader, tmp_path: Path) -> None:
    """Files from the file's folder; the key's password is a secret."""
    for name in ("c.pem", "c.key"):
        (tmp_path / name).touch()
    said = f"client_certificate: {{certificate: c.pem, key: c.key, password: {SECRET}}}\n"
    deployment = read(BASE + said + "auth: {bearer: abcdefgh}\n")
    own = deployment.client_certificate
    assert own is not None
    assert own.password is not None
    assert (own.certificate, own.key) == (tmp_path / "c.pem", tmp_path / "c.key")
    assert own.password.reveal() == SECRET
    assert SECRET not in repr(deployment)
    assert deployment.redact(SECRET) == "***"


# id, lines behind the first, the problem's position, what was found, what was expected
WRONG = [
    ("none", "auth: {}\n", "2:7", "neither bearer nor basic nor command nor oauth2", "exactly one of the keys"),
    ("two", f"auth: {{bearer: {SECRET}, command: [x]}}\n", "2:36", "bearer and command", "exactly one of the keys bearer, basic, command"),
    ("unknown", f"auth: {{token: {SECRET}}}\n", "2:8", "the unknown key token", "one of the keys bearer"),
    ("text", f"auth: {SECRET}\n", "2:7", "a text", "a mapping with the keys bearer"),
    ("scheme", f"auth: {{bearer: Bearer {SECRET}}}\n", "2:16", "a value with a space in it", "the token alone, without Bearer before it"),
    ("lines", f'auth: {{bearer: "{SECRET}\\n"}}\n', "2:16", "a value with a line break at its end", "one line"),
    ("number", "auth: {bearer: 12345678}\n", "2:16", "a value without quotes", "quotes around a text"),
    ("no-password", "auth: {basic: {user: a}}\n", "2:15", "no key password", "password: a text"),
    ("colon", f'auth: {{basic: {{user: "a:b", password: {SECRET}}}}}\n', "2:22", "with a colon in it", "a user's name without a colon"),
    ("no-command", "auth: {command: []}\n", "2:17", "an empty list", "at least one item"),
    ("lifetime", f"auth: {{bearer: {SECRET}, lifetime: 5m}}\n", "2:36", "lifetime beside bearer", "lifetime only beside command"),
    ("timeout", f"auth: {{bearer: {SECRET}, timeout: 5m}}\n", "2:36", "timeout beside bearer", "timeout only beside command or oauth2"),
    ("no-url", "auth: {oauth2: {client_id: a, client_secret: b}}\n", "2:16", "no key token_url", "token_url: a URL"),
    ("bad-url", "auth: {oauth2: {token_url: /t, client_id: a, client_secret: b}}\n", "2:28", "/t", "http:// or https://"),
    ("client-auth", oauth2(", client_auth: basic"), "2:115", "basic", "header or body"),
    ("header", f"headers: {{authorization: {SECRET}}}\nauth: {{command: [x]}}\n", "2:11", "the header authorization beside auth, which makes it", "one of the two"),
    ("prometheus", f"prometheus: {{url: 'http://a.test', auth: {{bearer: {SECRET}}}, headers: {{Authorization: abcd}}}}\n", "2:82", "the header Authorization beside auth", "one of the two"),
    ("no-file", f"client_certificate: {{certificate: none.pem, password: {SECRET}}}\n", "2:35", "none.pem, and there is no such file", "a file's path"),
    ("no-certificate", "client_certificate: {key: a}\n", "2:21", "no key certificate", "certificate: a file's path"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "position", "found", "expected"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_problems(refusal: Refusal, text: str, position: str, found: str, expected: str) -> None:
    """One each, where it is, and without the value."""
    lines = refusal(BASE + text)
    assert len(lines) == 1 + ("unknown key" in found)  # which leaves none of those that are known
    line = lines[-1]
    assert line.startswith(f"{position}: ")
    assert found in line
    assert expected in line
    assert SECRET not in "".join(lines)


def test_a_header_that_is_called_auth_is_none(read: Reader) -> None:
    """Nor is anything else objected to for its name."""
    assert set(read(BASE + "headers: {auth: abcd, Authorization: abcd}\n").headers) == {
        "auth",
        "Authorization",
    }


def test_an_unset_variable(read: Reader) -> None:
    """It is named, as anywhere."""
    with pytest.raises(DeploymentFileError, match=r"\$\{STAGING_TOKEN\}"):
        read(BASE + 'auth: {bearer: "${STAGING_TOKEN}"}\n')
