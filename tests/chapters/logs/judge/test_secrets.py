"""Secrets and personal data are found, wherever in a block, and nothing of them is shown."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.chapters.logs.judge.secret_patterns import detectors
from deployspec.chapters.logs.judge.secrets import AllowListError, SecretScanner, _spans, mask, masked_window
from tests.trials import trials

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
FOUND = {
    "a credential": [("password=", "hunter2hunter2"), ('"api_key": "', "k3y-of-the-shop"), ("token: ", "a81bc81b-dead-4e5d")],
    "a credential in a header": [("Authorization: Basic ", "dXNlcjpodW50ZXIy"), ("bearer ", "abcdefgh12345678ijkl")],
    "a JSON Web Token": [("got ", JWT)],
    "a connection string": [("postgresql://", "app:hunter2@db/shop"), ("redis://", ":hunter2@cache:6379/0")],
    "a URL with credentials": [("https://", "anna:hunter2@shop.example.com")],
    "a GitHub or GitLab token": [("used ", "ghp_" + "a1B2" * 9), ("used ", "glpat-" + "a1B2c" * 4)],
    "a Slack token": [("to ", "xoxb-123456789012-123456789012-abcdefghijklmnopqrstuvwx")],
    "a Stripe key": [("with ", "sk_live_" + "a1B2c3D4" * 3), ("GET /?to=%2F%3Fk%3D", "sk_live_" + "a1B2c3D4" * 3)],
    "a Google key": [("with ", "AIza" + "a1B2c" * 7), ("GET /?to=%2F%3Fk%3D", "AIza" + "a1B2c" * 7)],
    "an e-mail address": [("mail to ", "anna.smith+shop@mail.example.com"), ("GET /reset?email=", "anna.smith%40mail.example.com"), ("GET /?to=", "anna%2Bshop%40mail.example.com"), ("GET /?to=", "andr%C3%A9%40mail.example.com"), ("GET /?to=", "o%27%40mail.example.com"), ("GET /?to=", "alic%65@mail.example.com")],
    "a card number": [("card ", "4111 1111 1111 1111"), ("card ", "5500005555555559"), ("card ", "378282246310005"), ("pay?card=", "4111111111111111")],
}  # fmt: skip
EVERY = [(kind, before, secret) for kind, cases in FOUND.items() for before, secret in cases]
SOUND = [
    "deadbeef-dead-4e5d-8a81-bc81bdeadbee", "d41d8cd98f00b204e9800998ecf8427e", "celery@worker-1.local", "git@github.com:a/b.git",
    "key AKIAIOSFODNN7EXAMPLE", "token expired", "password=***", "password: <hidden>", '"token": true', "secret=${SECRET}", "redis://127.0.0.1:6379/0",
    "redis://:**@cache:6379/0", "4111 1111 1111 1112", "order 4111111111111112", "1.2.3@rc1", "logo@2x.png", "1700000000000000",
    "2024-01-15T10:30:45.123Z", "host=db port=5432 dbname=shop", "https://shop.example/a?b=c", "/u/celery%40worker-1.local", "/?id=4111111111111112", "/?next=%40home.html", "lodash@4.17.21", "req_0123456789ab",
    "GET /%24%7B%28%23a%3D%40org.example.Main%40run%28%29%7D HTTP/1.1", "GET /%28%23a%3D%40org.example.Main%40run%28%40org.example.Other%40get HTTP/1.1",
]  # fmt: skip
SCANNER = SecretScanner()


def scanned(text: str, scanner: SecretScanner = SCANNER) -> list[tuple[str, str]]:
    """Kinds and texts of what is found."""
    data = text.encode()
    return [(match.kind, data[match.start : match.end].decode()) for match in scanner.scan(data)]


@pytest.mark.parametrize(("kind", "before", "secret"), EVERY)
@pytest.mark.parametrize("escapes", [0, 1, 2])
def test_found(kind: str, before: str, secret: str, escapes: int) -> None:
    """Each is found in the middle of a block, once, exactly; behind escapes of JSON in JSON as well."""
    text = f"a {before}{secret} z" if not before.endswith('"') else f'{{{before}{secret}"}}'
    for _ in range(escapes):
        text = json.dumps({"message": text})
    found = scanned(f"nothing\n{text}\nnothing\n")
    assert len(found) == 1
    assert secret.partition("@")[0] in found[0][1]
    assert found[0][0] == kind or {found[0][0], kind} <= {"a connection string", "a URL with credentials"}
    for shown in (mask(text), masked_window(text, 3, len(text) - 3)):
        assert secret not in shown


@pytest.mark.parametrize("text", SOUND)
def test_sound(text: str) -> None:
    """What only looks alike is none."""
    assert scanned(f"{text}\n") == []
    assert scanned(json.dumps({"message": f"so {text} it is"}) + "\n") == []


@pytest.mark.parametrize("one", [*string.ascii_letters, *string.digits, "-", "_", "%", "="])
def test_one_character_over_and_over(one: str) -> None:
    """Zeros in Base64, or a rule across the page: not a token, however long."""
    assert scanned("".join(f"{one * length} " for length in range(1, 200)) + "\n") == []


@pytest.mark.parametrize(("kind", "before", "secret"), EVERY)
def test_no_cut_shows_a_secret(kind: str, before: str, secret: str) -> None:
    """Wherever a window begins and ends, no long piece of a secret is seen in it."""
    text = f"{'x ' * 30}{before}{secret} {'y ' * 30}"
    at = text.index(secret)
    for cut in range(at - 2, at + len(secret) + 2):
        for shown in (masked_window(text, cut, cut + 80), masked_window(text, cut - 60, cut)):
            pieces = {secret[i : i + 8] for i in range(len(secret) - 7)}
            assert not [piece for piece in pieces if piece in shown], kind


def test_allow_list() -> None:
    """What an entry matches as a whole is allowed; a part of it is not enough."""
    text = "mail to anna@shop.example.com and bert@shop.example.com\n"
    assert len(scanned(text)) == 2
    assert scanned(text, SecretScanner((r"anna@shop\.example\.com",))) == [("an e-mail address", "bert@shop.example.com")]  # fmt: skip
    assert len(scanned(text, SecretScanner(("anna", "shop")))) == 2
    assert scanned(text, SecretScanner((r"\w+@shop\.example\.com",))) == []
    with pytest.raises(AllowListError, match="is not a regular expression"):
        SecretScanner(("(",))


library = st.sampled_from([one for one in detectors() if not one.own])


@given(library.flatmap(lambda one: st.tuples(st.just(one), st.from_regex(one.pattern))))
@settings(deadline=None, max_examples=trials(300))
def test_every_detector_has_its_candidate(found: tuple[object, str]) -> None:
    """What a detector of the library matches in a line is found in a block, too."""
    detector, text = found
    line = text.replace("\n", " ").replace("\r", " ").encode("utf-8", "ignore").decode()
    pattern = detector.pattern  # type: ignore[attr-defined]
    if pattern.search(line):
        assert scanned(f"before\n{line}\nafter\n"), line


@given(
    st.lists(
        st.sampled_from([*SOUND, *(f"a {before}{secret} z" for _, before, secret in EVERY)]), max_size=12
    )
)
@settings(deadline=None, max_examples=trials(100))
def test_a_block_is_its_lines(lines: list[str]) -> None:
    """In a block the same is found as in each of its lines alone."""
    alone = [one for line in lines for one in scanned(f"{line}\n")]
    assert scanned("".join(f"{line}\n" for line in lines)) == alone


def test_long_lines() -> None:
    """A line of 250 KiB is searched to its end, in linear time."""
    text = "x " * 120_000 + "password=hunter2hunter2"
    assert scanned(text) == [("a credential", "hunter2hunter2")]


AWS_SECRET = "a1B2c3D4" * 5
NOT_HIDDEN = [
    ("password=**hunter2", "**hunter2"),
    ("token: null@hunter2", "null@hunter2"),
    ("token=true:hunter2", "true:hunter2"),
    ('{"password": "None of yours"}', "None of yours"),
    ('{"m": "password=***\\/hunter2"}', "hunter2"),
    (r'{"password": "\"hunter2"}', "hunter2"),
    (r"password\=hunter2", "hunter2"),
    (r'{"m": "bearer q7Rk\/2LmZ8vXw1TnB4c"}', "2LmZ8vXw1TnB4c"),
    (r'{"m": "password\n= hunter2"}', "hunter2"),
    ("amqp://shop:**@a,amqp://shop:hunter2@b", "hunter2"),
    ("https://u:hunter2**@git.example.com/", "hunter2"),
    ("https://u::**hunter2@git.example.com/", "hunter2"),
    ("https://a:b:**@git.example.com/", "a:b:**"),
    ("xredis://a,redis://b:hunter2@c", "hunter2"),
    ("jdbc:x://db/shop?password=***&password=hunter2", "hunter2"),
    ("dbhost=x host=db dbname=shop password=hunter2", "hunter2"),
    ("<password>**hunter2</password>", "hunter2"),
    ("--a--db-token hunter2", "hunter2"),
    ("anna@b.1.c.example.org", "anna@b.1.c.example.org"),
    ("https://oauth:" + "a1b2" * 150 + "@git.example.com/", "a1b2"),
    ("password=" + "*" * 600 + "hunter2", "hunter2"),
    (f"id AKIAIOSFODNN7EXAMPLE {'x ' * 300}{AWS_SECRET}", "AKIAIOSFODNN7EXAMPLE"),
    (r'{"m": "\u003c4111111111111111\u003e"}', "4111111111111111"),
    (r'{"m": "it said 4111111111111111\Z"}', "4111111111111111"),
]


@pytest.mark.parametrize(("text", "secret"), NOT_HIDDEN)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_look_around_hides_nothing(text: str, secret: str, end: str) -> None:
    """What follows a word that hides, stands far away or behind an escape is found."""
    assert secret in "".join(found for _, found in scanned(f"so\n{text}{end}"))


HIDDEN_VALUES = [
    "password=***",
    'token: "null"',
    "secret=[REDACTED],",
    '{\\"token\\":null}',
    r'{"m":"token=null\n"}',
]


@pytest.mark.parametrize("text", HIDDEN_VALUES)
def test_a_hidden_value_is_none(text: str) -> None:
    assert scanned(f"{text}\n") == []


ESCAPED_ADDRESSES = [
    (r'{"m": "Cloning\ngit@github.com: denied"}', []),
    (r'{"m": "by \u003cgit@github.com\u003e"}', []),
    (r'{"m": "by \u003canna@example.org\u003e"}', ["anna@example.org"]),
    (r'{"m": "to:\nanna@example.org"}', ["anna@example.org"]),
    (r'{"m": "{\"to\": \"a\\nanna@example.org\"}"}', ["anna@example.org"]),
]


@pytest.mark.parametrize(("text", "found"), ESCAPED_ADDRESSES)
def test_an_address_begins_behind_an_escape(text: str, found: list[str]) -> None:
    assert [address for _, address in scanned(f"{text}\n")] == found


PIECES = [
    *SOUND, *(f"{before}{secret}" for _, before, secret in EVERY), *(text for text, _ in NOT_HIDDEN), *HIDDEN_VALUES,
    "password", "api_key", "Authorization", "dsn", "next_page_token", "cookie: sessionid", "otp", "user_agent", "https://", "ssh://",
    "null", "***", "[REDACTED]", "${DB_PASSWORD}", "%s", "Basic dXNlcjpodW50ZXIy", "arn:aws:secretsmanager:eu:1:secret:shop/db",
    '"', "'", r"\"", r"\\\"", r"\\n", r"\u0022", r"\u003d", r"\/", " ", "=", ": ", ":", ",", "{", "}", "(", "[", "<", ">", "@", "%40",
    "amqp://", "jdbc:x:", "shop:", "*", "x*", "@db", "?password=", "<password>", "</password>", "--db-token ", "--", "bearer ", "host=db ",
    " dbname=x", "AKIAQWERTYUIOP234567", "q7Rk2LmZ8vXw1TnB4cYd6FgH9jKs3PuE5aWo0Ix/", "celery@", "anna@", "w1.c2.", "example.org", "agent: ", "message-id: <",
    "é",
    "next_page_token=", "message-id=<", "(compatible; ", "ssh -p 22 ", "pam_unix(passwd:", "dsn=2.0.0", "x.service", "@openssh.com",
    "aes128-gcm", "var.db_password", "$DB_PASSWORD", "4111111111111111", "20261124035900", "user=root", "7", "A3T0QWERTYUIOP2345",
    ".", "-", "_", "/", "&", "?", "x" * 100 + " ", "y" * 480, "é" * 300, "\r",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.integers(0, 2))
@settings(deadline=None, max_examples=trials(300))
def test_a_block_hides_nothing_of_a_line(pieces: list[str], escapes: int) -> None:
    """What a look at the whole line finds, the search in blocks finds, too; also where it is remembered."""
    line = "".join(pieces)
    for _ in range(escapes):
        line = json.dumps({"message": line})
    if _spans(line):
        found = scanned(f"so\n{line}\nso\n")
        assert found
        assert scanned(f"so\n{line}\nso\n" * 3) == found * 3


def test_a_line_is_looked_at_once() -> None:
    """A card number at the end of a line is one finding, though its candidate may take in the line break."""
    assert scanned("order=4111111111111111\nso\n") == [("a card number", "4111111111111111")]


IN_PATHS = [
    ("GET /users/anna@example.org HTTP/1.1", ["anna@example.org"]),
    (r'{"path": "\/users\/anna@example.org"}', ["anna@example.org"]),
    ("GET /etc/app/main@web.conf HTTP/1.1", []),
    ("ssh://deploy@web1.example.com/srv", []),
    (r'{"url": "ssh:\/\/deploy@web1.example.com"}', []),
    ("/node_modules/.pnpm/express@4.18.2/index.js", []),
    ("/lib/systemd/system/getty@tty1.service", []),
]


@pytest.mark.parametrize(("text", "found"), IN_PATHS)
def test_addresses_in_paths(text: str, found: list[str]) -> None:
    assert [address for _, address in scanned(f"{text}\n")] == found


@pytest.mark.parametrize("end", ["", "%21", "%24%24", "%3D", "%3D%3D", "%23a%3D"])
def test_a_password_in_a_url_in_a_url(end: str) -> None:
    """Whatever sign it ends in; before the same sign, code is none."""
    text = f"GET /?next=postgres%3A%2F%2Fadmin%3Ahunter2{end}%40db.example.org%2Fapp HTTP/1.1"
    assert len(scanned(f"{text}\n")) == 1
    assert "hunter2" not in mask(text)


LISTED = [
    ('{"name":"DB_PASSWORD","value":"hunter2x"}', "hunter2x"),
    ('{"key": "api-key", "value": "hunter2x"}', "hunter2x"),
    ("<wsse:Password Type='text'>hunter2x</wsse:Password>", "hunter2x"),
    ("GET /go?to=%2Flogin%3Fpassword%3Dhunter2x%26a%3Db", "hunter2x"),
    ("runs app --db-password hunter2x --verbose", "hunter2x"),
]
NOT_LISTED = [
    '{"name":"DB_PASSWORD","valueFrom":{"secretKeyRef":{"name":"db"}}}', '{"name":"DB_PASSWORD","value":""}', '{"name":"LEVEL","value":"hunter2x"}',
    "<password>***</password>", "<token/>", "<p>token</p>", "to=%3Ftoken%3D%26a%3Db", "use --token to log in", "--password string   the password",
    "--token-file /run/token1", "--token --verbose2",
]  # fmt: skip


@pytest.mark.parametrize(("text", "secret"), LISTED)
@pytest.mark.parametrize("escapes", [0, 1, 2])
def test_other_ways_to_name(text: str, secret: str, escapes: int) -> None:
    """Environments in JSON, XML, URLs in URLs and command lines name secrets, too."""
    for _ in range(escapes):
        text = json.dumps({"message": text})
    assert scanned(f"{text}\n") == [("a credential", secret)]


@pytest.mark.parametrize("text", NOT_LISTED)
def test_other_names_tell_nothing(text: str) -> None:
    assert scanned(f"{text}\n") == []
