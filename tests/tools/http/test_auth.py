"""Tokens: obtained when they are first wanted, kept, renewed, hidden; and what is said where there is none."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import trustme

from deployspec.base import disclosure
from deployspec.base.secret import Secret
from deployspec.deployment.auth import ClientCertificate, CommandToken, OAuth2Token
from deployspec.model.http import Failure, FailureKind, Phase
from deployspec.tools.http import Proxies, call, call_concurrently, curl_line
from deployspec.tools.http.auth import FAILURE_STANDS, Tokens
from deployspec.tools.http.budget import CallFailed
from deployspec.tools.http.client import DeploymentClient
from tests.raw_server import Connection, Server, serve
from tests.raw_server.server import health_body
from tests.tools.http.asking import answered, ask, failed, request_to

SECRET = "s3same 0pen+please"
Now = list[float]


@pytest.fixture
def counting(tmp_path: Path) -> CommandToken:
    """A command that prints ``token-number-1`` at its first run, then ``token-number-2`` and so on."""
    return printing(
        f"from pathlib import Path; p = Path({str(tmp_path / 'runs')!r}); p.open('a').write('x'); "
        "print('token-number-%d' % len(p.read_text()))"
    )


def printing(code: str, *, lifetime: float | None = None, timeout: float = 20.0) -> CommandToken:
    """A command that is this Python."""
    return CommandToken("auth.command", (sys.executable, "-S", "-c", code), lifetime, timeout)


def refused(tokens: Tokens, **more: Any) -> str:
    """Why there is no token."""
    with pytest.raises(CallFailed) as caught:
        tokens.header(**more)
    assert caught.value.kind is FailureKind.PROBER
    assert caught.value.reason.isprintable()
    assert SECRET not in caught.value.reason
    assert caught.value.__cause__ is None
    return caught.value.reason


def test_a_command_is_asked_once(counting: CommandToken) -> None:
    """Without a lifetime, for the whole run; what it printed is hidden from then on, and in no repr."""
    now = [0.0]
    tokens = Tokens(counting, None, call, lambda: now[0])
    assert disclosure.redact("token-number-1") == "token-number-1"
    header = tokens.header()
    now[0] = 1e6
    assert tokens.header().reveal() == header.reveal() == "Bearer token-number-1"
    assert disclosure.redact("got token-number-1!") == "got ***!"
    assert "token-number" not in f"{tokens!r} {header!r} {counting!r}"


@pytest.mark.parametrize(("lifetime", "usable"), [(600, 590), (20, 18)], ids=["10-seconds", "a-tenth"])
def test_a_command_is_asked_again(counting: CommandToken, lifetime: float, usable: float) -> None:
    """A little before its lifetime ends."""
    now = [1000.0]
    source = CommandToken(counting.key, counting.argv, lifetime, counting.timeout)
    tokens = Tokens(source, None, call, lambda: now[0])
    seen = []
    for moment in (0.0, usable - 0.1, usable, 2 * usable - 0.1):
        now[0] = 1000 + moment
        seen.append(tokens.header().reveal()[-1])
    assert seen == ["1", "1", "2", "2"]


def test_threads_share_a_token(counting: CommandToken) -> None:
    """Calls at the same moment run the command once."""
    with serve() as server:
        for made in call_concurrently(request_to(server, auth=counting), 5):
            answered(made.result)
    assert {head.header("authorization") for head in server.requests} == {"Bearer token-number-1"}


# id, Python, a piece of the reason
FAILING = [
    ("status", "import sys; sys.exit('permission\\ndenied')", "ended with status 1; run it by hand to see why"),
    ("nothing", "print()", "printed nothing; expected the token alone on standard output"),
    ("lines", "print('a-token\\nand-more')", "printed 2 lines; expected the token alone"),
    ("space", f"print({SECRET!r})", "printed a token with a space in it; expected the token alone, without Bearer before it"),
    ("character", "print('tok\\x01en')", "printed a token with a character that a header cannot carry"),
    ("slow", "import signal; signal.pause()", "did not end within 0.5 s; run it by hand, or raise auth.timeout"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "reason"), [row[1:] for row in FAILING], ids=[row[0] for row in FAILING])
def test_a_command_without_a_token(code: str, reason: str) -> None:
    """One line that says what to do."""
    timeout = 0.5 if "0.5" in reason else 20.0
    found = refused(Tokens(printing(code, timeout=timeout), None, call))
    assert found.startswith("auth.command (python")
    assert reason in found


def test_a_command_that_there_is_not() -> None:
    """It is named."""
    source = CommandToken("auth.command", ("/none/vault", "x"), None, 1.0)
    assert (
        refused(Tokens(source, None, call))
        == "auth.command could not be started: vault: No such file or directory"
    )


def test_a_failure_stands_for_a_while(tmp_path: Path) -> None:
    """So that not every check waits for it; then it is asked again."""
    runs, now = tmp_path / "runs", [0.0]
    code = f"open({str(runs)!r}, 'a').write('x'); import sys; sys.exit(len(open({str(runs)!r}).read()) < 2 or print('a-token'))"
    tokens = Tokens(printing(code), None, call, lambda: now[0])
    assert refused(tokens) == refused(tokens)
    assert runs.read_text() == "x"
    now[0] = FAILURE_STANDS
    assert tokens.header().reveal() == "Bearer a-token"


def test_the_call_without_a_token() -> None:
    """It is the prober's failure, and nothing is sent."""
    with serve() as server:
        result = ask(server, auth=printing("print()"))
        assert isinstance(result, Failure)
        assert result.kind is FailureKind.PROBER
        assert "printed nothing" in result.reason
    assert server.requests == []


def wanting(*accepted: str) -> Callable[[Connection], None]:
    """A server that answers 401 to every other token."""

    def handler(connection: Connection) -> None:
        said = connection.read_head().header("authorization")
        body = health_body()
        status = "200 OK" if said in {f"Bearer {token}" for token in accepted} else "401 Unauthorized"
        connection.send(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    return handler


def test_a_token_that_is_refused_is_renewed_once(counting: CommandToken) -> None:
    """One that was revoked early is replaced, and the refusal is told; where the next one is refused too, that is the
    answer from then on."""
    with serve(wanting("token-number-2")) as server:
        calls = [call(request_to(server, auth=counting)) for _ in range(2)]
        assert [[one.status for one in call.attempts] for call in calls] == [[401, 200], [200]]  # type: ignore[union-attr]
        assert [call.flaky for call in calls] == [True, False]
    with serve(wanting()) as server:
        assert [answered(ask(server, auth=counting)).status for _ in range(2)] == [401, 401]
        told = [head.header("authorization") for head in server.requests]
        assert told == ["Bearer token-number-2", "Bearer token-number-3", "Bearer token-number-3"]


def test_an_endpoint_that_refuses_now_and_then_is_flaky(counting: CommandToken) -> None:
    """However often: each time that a token was refused, the call says so."""
    asked: list[Connection] = []

    def alternating(connection: Connection) -> None:
        asked.append(connection)
        connection.read_head()
        status = "401 Unauthorized" if len(asked) % 2 else "200 OK"
        connection.send(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

    with serve(alternating) as server:
        calls = [call(request_to(server, auth=counting)) for _ in range(3)]
    assert [[one.status for one in call.attempts] for call in calls] == [[401, 200]] * 3  # type: ignore[union-attr]
    assert all(call.flaky for call in calls)


@pytest.mark.parametrize("form", ["auth.bearer", "auth.command"])
def test_refused_credentials_tell_nothing_of_the_deployment(counting: CommandToken, form: str) -> None:
    """Which key, and what to do; where the file has no `auth`, the status is the deployment's answer."""
    source = counting if form == "auth.command" else None
    with serve(wanting()) as server:
        reason = f"the credentials of {form} were refused (status 401); see whether they are right"
        failed(ask(server, auth=source, credentials=form), FailureKind.PROBER, Phase.HEADERS, reason)
        assert answered(ask(server)).status == 401


def test_a_token_that_was_revoked_and_cannot_be_renewed(tmp_path: Path) -> None:
    """The source's own trouble is told, and not a status that it has led to."""
    once = tmp_path / "once"
    code = f"import pathlib,sys; p=pathlib.Path({str(once)!r}); p.exists() and sys.exit('vault sealed'); p.touch(); print('token-number-1')"
    with serve(wanting()) as server:
        result = ask(server, auth=printing(code), credentials="auth.command")
    failed(result, FailureKind.PROBER, Phase.LOOKUP, "ended with status 1; run it by hand")


@pytest.mark.parametrize("ending", ["", "; import sys; sys.exit(3)", "; print('and more')"])
def test_what_a_command_prints_is_not_told_by_its_errors(ending: str) -> None:
    """A token that it repeats there is hidden, whole and in pieces."""
    token = "vt-Real-Tok-55667788"
    code = f"import sys; print('hint'); print('{token}'); print('x' * 90, 'using {token}', file=sys.stderr){ending}"
    reason = refused(Tokens(printing(code), None, call))
    assert "Real-Tok" not in reason
    assert "vt-Re" not in reason


def test_a_post_is_sent_once(counting: CommandToken) -> None:
    """Whatever is answered."""
    with serve(wanting()) as server:
        assert answered(ask(server, auth=counting, post=b"{}")).status == 401
        assert len(server.requests) == 1


def test_no_other_host_is_told(counting: CommandToken) -> None:
    """Neither by the probe nor by the client for checks of one's own; a check's own header goes before."""
    with serve() as other:

        def leading(connection: Connection) -> None:
            connection.read_head()
            connection.send(
                f"HTTP/1.1 302 Found\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n".encode()
            )

        with serve(leading) as server:
            answered(ask(server, auth=counting))
            with DeploymentClient(server.base_url, auth=counting, proxies=Proxies()) as client:
                assert client.get("/health", follow_redirects=True).status_code == 200
                client.get("/health", headers={"Authorization": "Basic eDp5"})
    assert [head.header("authorization") for head in other.requests] == [None, None]
    told = [head.header("authorization") for head in server.requests]
    assert told == ["Bearer token-number-1", "Bearer token-number-1", "Basic eDp5"]


def test_the_client_without_a_token() -> None:
    """A check of one's own is UNMEASURED by it."""
    with serve() as server, DeploymentClient(server.base_url, auth=printing("print()"), proxies=Proxies()) as client:  # fmt: skip
        with pytest.raises(httpx.RequestError, match="printed nothing") as caught:
            client.get("/health")
        failure = client.failure_of(caught.value)
    assert failure is not None
    assert failure.kind is FailureKind.PROBER


def test_the_line_for_a_shell(counting: CommandToken) -> None:
    """The token is put in by hand; nothing is asked for it."""
    own = ClientCertificate(Path("/a/c.pem"), Path("/a/c.key"), Secret(SECRET))
    line = curl_line(request_to("https://a.test/", auth=counting, client_certificate=own))
    assert "--header 'Authorization: ***'" in line
    assert "--cert /a/c.pem --key /a/c.key" in line
    assert SECRET not in line


@contextmanager
def token_endpoint(
    *answers: tuple[int, object],
) -> Iterator[tuple[str, list[tuple[str | None, dict[str, Any]]]]]:
    """A server that gives these answers, the last one for ever: its URL, and what it was sent."""
    seen: list[tuple[str | None, dict[str, Any]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
            seen.append((self.headers["Authorization"], parse_qs(body)))
            status, answer = answers[min(len(seen), len(answers)) - 1]
            raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/token", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def oauth2(url: str, *, scope: str | None = None, in_body: bool = False) -> OAuth2Token:
    """A client of such a server."""
    return OAuth2Token("auth.oauth2", url, "an id", Secret(SECRET), scope, None, in_body, 10.0)


def granted(token: str, **more: object) -> tuple[int, object]:
    """Its answer."""
    return 200, {"access_token": token, "token_type": "bearer", **more}


def test_oauth2_by_basic() -> None:
    """The client's id and secret are form-encoded within; a token is kept until it expires, and hidden."""
    now = [0.0]
    answers = granted("token-number-1", expires_in=100), granted("token-number-2", expires_in="100")
    with token_endpoint(*answers) as (url, seen):
        tokens = Tokens(oauth2(url, scope="read metrics"), None, call, lambda: now[0])
        for moment, number in ((0, 1), (89, 1), (90, 2), (179, 2)):
            now[0] = moment
            assert tokens.header().reveal() == f"Bearer token-number-{number}"
    basic = base64.b64encode(b"an+id:s3same+0pen%2Bplease").decode()
    assert seen == [(f"Basic {basic}", {"grant_type": ["client_credentials"], "scope": ["read metrics"]})] * 2
    assert disclosure.redact(f"token-number-2 {basic}") == "*** ***"


def test_oauth2_in_the_body() -> None:
    """For servers that want it there. Without expires_in a token is kept."""
    with token_endpoint(granted("token-number-1")) as (url, seen):
        tokens = Tokens(oauth2(url, in_body=True), None, call)
        assert tokens.header() == tokens.header()
    form = {"grant_type": ["client_credentials"], "client_id": ["an id"], "client_secret": [SECRET]}
    assert seen == [(None, form)]


# id, status and body of the answer, a piece of the reason
ANSWERS = [
    ("error", (401, {"error": "invalid_client", "error_description": f"no {SECRET} here"}), "answered invalid_client (status 401), no *** here; see client_id, client_secret and scope"),
    ("error-200", (200, {"error": "invalid_scope"}), "invalid_scope (status 200); see client_id"),
    ("status", (500, {}), "answered (status 500); see"),
    ("html", (200, b"<html>"), "answered with no JSON object (status 200); see whether token_url is right"),
    ("list", (200, [1]), "no JSON object"),
    ("none", (200, {"token_type": "Bearer"}), "answered without an access_token"),
    ("type", (200, {"access_token": "abcdefgh", "token_type": "mac"}), "a token of the type mac; only Bearer can be sent"),
    ("value", (200, {"access_token": "abcd efgh"}), "answered with a token with a space in it"),
    ("expiry", (200, {"access_token": "abcdefgh", "expires_in": "soon"}), "an expires_in of soon; expected seconds, more than 0"),
    ("no-time", (200, {"access_token": "abcdefgh", "expires_in": 0}), "an expires_in of 0; expected seconds"),
    ("endless", (200, {"access_token": "abcdefgh", "expires_in": "inf"}), "an expires_in of inf; expected seconds"),
    ("redirect", (302, {}), "did not answer, status 302 redirects elsewhere"),
]  # fmt: skip


@pytest.mark.parametrize("in_body", [False, True], ids=["basic", "body"])
@pytest.mark.parametrize(("answer", "reason"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_oauth2_without_a_token(answer: tuple[int, object], reason: str, in_body: bool) -> None:
    """One line that says what to do, without the secret."""
    with token_endpoint(answer) as (url, _):
        found = refused(Tokens(oauth2(url, in_body=in_body), None, call))
    assert found.startswith(f"auth.oauth2 ({url}) ")
    assert reason in found


def test_oauth2_that_is_not_there() -> None:
    """The transport's own reason."""
    with token_endpoint(granted("x")) as (url, _):
        pass
    assert "connection refused by 127.0.0.1" in refused(Tokens(oauth2(url), None, call))


def test_a_run_that_outlasts_its_token(counting: CommandToken) -> None:
    """A fresh one is taken where the kept one would end too soon; where that would too, it is said."""
    now = [0.0]
    source = CommandToken(counting.key, counting.argv, 100.0, counting.timeout)
    tokens = Tokens(source, None, call, lambda: now[0])
    tokens.header()
    now[0] = 60
    assert tokens.header(50).reveal() == "Bearer token-number-2"
    assert refused(tokens, lasting=91) == (
        "the token from auth.command may be used for 90 s, and the run may take 91 s: "
        "make the run shorter, or the token's lifetime longer"
    )


@pytest.fixture
def own(tmp_path: Path) -> tuple[trustme.CA, ClientCertificate]:
    """A client's certificate, and who has signed it."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    authority = trustme.CA()
    leaf = authority.issue_cert("prober.test")
    leaf.cert_chain_pems[0].write_to_path(str(folder / "c.pem"))
    leaf.private_key_pem.write_to_path(str(folder / "plain.key"))
    command = ["openssl", "pkey", "-in", folder / "plain.key", "-aes256", "-passout", f"pass:{SECRET}", "-out", folder / "c.key"]  # fmt: skip
    subprocess.run(command, check=True)
    return authority, ClientCertificate(folder / "c.pem", folder / "c.key", Secret(SECRET))


@contextmanager
def asking_for_a_certificate(authority: trustme.CA) -> Iterator[Server]:
    """A server that takes no client without one."""
    with serve(tls="ok") as server:
        assert server._context is not None
        authority.configure_trust(server._context)
        server._context.verify_mode = ssl.CERT_REQUIRED
        yield server


def test_client_certificate(own: tuple[trustme.CA, ClientCertificate]) -> None:
    """Shown to the deployment, by the probe and by the client for checks of one's own."""
    authority, mine = own
    with asking_for_a_certificate(authority) as server:
        assert answered(ask(server, client_certificate=mine)).status == 200
        ca = Path(server.ca_file)
        with DeploymentClient(server.base_url, ca=ca, client_certificate=mine, proxies=Proxies()) as client:
            assert client.get("/health").status_code == 200
        without = ask(server)
        assert isinstance(without, Failure)
        # As it is read before or after the end of the connection.
        names_it = "wants a client certificate (`client_certificate:` names one)"
        assert any(
            text in without.reason for text in (names_it, "closed the connection", "reset the connection")
        )


def test_client_certificate_that_is_refused(own: tuple[trustme.CA, ClientCertificate]) -> None:
    """The server has nothing to object to in itself: nothing is known of the deployment."""
    _, mine = own
    with asking_for_a_certificate(trustme.CA()) as server:
        result = ask(server, client_certificate=mine)
    assert isinstance(result, Failure)
    # As it is read before or after the end of the connection.
    if "closed the connection" not in result.reason and "reset the connection" not in result.reason:
        assert result.kind is FailureKind.PROBER, result
        assert "refused the client certificate (unknown ca); see `client_certificate:`" in result.reason


def test_client_certificate_goes_to_no_other_host(own: tuple[trustme.CA, ClientCertificate]) -> None:
    """A redirect shows it to nobody else."""
    authority, mine = own
    with asking_for_a_certificate(authority) as other:

        def leading(connection: Connection) -> None:
            connection.read_head()
            connection.send(
                f"HTTP/1.1 302 Found\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n".encode()
            )

        with serve(leading, tls="ok") as server:
            result = ask(server, client_certificate=mine)
        assert isinstance(result, Failure)
        assert result.hops
        assert other.requests == []


# id, file of the key, password, a piece of the reason
UNUSABLE = [
    ("wrong-password", "c.key", "wrong", "an encrypted key needs the right `password:`"),
    ("no-password", "c.key", None, "an encrypted key needs the right `password:`"),
    ("no-key", "c.pem", None, "expected PEM form, with a private key"),
    ("gone", "none.key", None, "cannot be read: No such file"),
    ("another", "other.key", None, "the key belongs to another certificate"),
    ("long", "c.key", "x" * 2000, "longer than OpenSSL takes"),
]


@pytest.mark.parametrize(
    ("key", "password", "reason"), [r[1:] for r in UNUSABLE], ids=[r[0] for r in UNUSABLE]
)
def test_client_certificate_that_cannot_be_used(
    own: tuple[trustme.CA, ClientCertificate], tmp_path: Path, key: str, password: str | None, reason: str
) -> None:
    """The prober's failure, in one line, which says what to do however long the paths are; nobody is asked for a password."""
    folder = tmp_path / ("a-long-name-" * 12)
    own[1].certificate.parent.rename(folder)
    trustme.CA().issue_cert("b.test").private_key_pem.write_to_path(str(folder / "other.key"))
    said = None if password is None else Secret(password)
    mine = ClientCertificate(folder / own[1].certificate.name, folder / key, said)
    with serve(tls="ok") as server:
        result = ask(server, client_certificate=mine)
        assert isinstance(result, Failure)
        failed(result, FailureKind.PROBER, result.phase, reason)
