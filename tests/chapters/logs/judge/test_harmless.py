"""What only looks like a secret is no finding, and its twin beside it, which is one, is still found."""

from __future__ import annotations

import json

import pytest

from deployspec.chapters.logs.judge.secrets import SecretScanner, mask

SCANNER = SecretScanner()
KEY_ID = "AKIA" + "QWERTYUIOP234567"
SECRET_KEY = "q7Rk2LmZ8vXw1TnB4cYd6FgH9jKs3PuE5aWo0Ix/"
ACCESS = '192.0.2.7 - - [02/May/2026:08:00:00 +0000] "GET {path} HTTP/1.1" 200 512 "-" "{agent}"'
ADDRESS = "an e-mail address"
CREDENTIAL = "a credential"
URL = "a URL with credentials"
STRING = "a connection string"

AMZ = "GET /a?X-Amz-Credential={}%2F20260102%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Expires=60"
TWINS = [
    # Of nothing
    ("GET /shop?token=undefined 401", "GET /shop?token=undefined7 401", CREDENTIAL),
    ("Authorization: Bearer null", "Authorization: Bearer nullq7Rk2LmZ8v", "a credential in a header"),
    ("  + db_password = (sensitive value)", "  + db_password = (sensitiveq7 value)", CREDENTIAL),
    ("  + api_key = (known after apply)", "  + api_key = (known2 after apply)", CREDENTIAL),
    ("  ~ secret_key = (sensitive value)", "  ~ secret_key = sensitive value", CREDENTIAL),
    ("token=[object Object]", "token=[object2 Object]", CREDENTIAL),
    (
        "clone https://x-access-token:***@git.example/shop.git",
        "clone https://x-access-token:q7Rk2LmZ8vXw@git.example/shop.git",
        URL,
    ),
    (AMZ.format(KEY_ID), f"{AMZ.format(KEY_ID)} {SECRET_KEY}", "an AWS access key"),
    ("Call-ID: 7b1e-5@pbx.example.net", "call 7b1e-5@pbx.example.net", ADDRESS),
    # Of mail
    ("to=<x>, relay=mx1, dsn=5.1.1, stat=gone", "dsn=https-key-5.1.1@sentry", CREDENTIAL),
    ("msgid=<20260502.4711@mx1.example.net>, size=9", "from=<20260502.4711@mx1.example.net>, size=9", ADDRESS),
    ("Message-ID: <77aa.1@shop.example.net> queued", "Message-ID: <anna@shop.example.net> queued", ADDRESS),
    ("spamd: score=2,mid=<4.5.6f@lists.example.net>,auto", "spamd: mid <4.5.6f@lists.example.net>", ADDRESS),
    # Of robots
    (
        ACCESS.format(path="/", agent="Mozilla/5.0 (compatible; FindBot/2.1; ask@findbot.example.com)"),
        ACCESS.format(path="/?to=ask@findbot.example.com", agent="Mozilla/5.0 (compatible; FindBot/2.1)"),
        ADDRESS,
    ),
    (
        ACCESS.format(path="/", agent="Reader (crawl@reader.example.com; see https://reader.example.com)"),
        ACCESS.format(path="/", agent="anna@reader.example.com"),
        ADDRESS,
    ),
    (
        '{"user_agent": "TinySpider/1 (ops@tiny.example.com)"}',
        '{"user_agent": "TinySpider/1", "user": "ops@tiny.example.com"}',
        ADDRESS,
    ),
    ("agent Mozilla/4.0+(compatible;+SlowBot;+hi@slow.example.com)", "agent (anna; hi@slow.example.com)", ADDRESS),
    (
        "user_agent='TinySpider/1 (ops@tiny.example.com)'",
        "user_agent='TinySpider/1' user=ops@tiny.example.com",
        ADDRESS,
    ),
    (
        ACCESS.format(path="/", agent="Embedder +hello@embed.example.com"),
        ACCESS.format(path="/", agent="+hello@embed.example.com"),
        ADDRESS,
    ),
    (
        ACCESS.format(path="/", agent="seeker_2.6 (mail@seeker.example.com)"),
        ACCESS.format(path="/", agent="anna (mail@seeker.example.com)"),
        ADDRESS,
    ),
    # Of machines
    (
        "Linux version 6.1.9-shop (builder@host7.example.com) (gcc 12.2)",
        "Linux user group (builder@host7.example.com) (gcc 12.2)",
        ADDRESS,
    ),
    ("gcc version 12.2 (maker@ci.example.com) #1 SMP", "asked gcc people (maker@ci.example.com) #1", ADDRESS),
    ("offer: aes256-gcm@openssh.com,none", "offer: anna@openssh.com,none", ADDRESS),
    ("macs hmac-sha2-512-etm@openssh.com", "macs hmac-sha2-512-etm@example.com", ADDRESS),
    ("kex curve25519-sha256@libssh.org", "kex of anna-sha256@libssh.org", ADDRESS),
    ("Started getty@tty4.service", "Started by getty@tty4.services", ADDRESS),
    ("runs ssh -p 2222 deploy@web1.example.com uptime", "runs for deploy@web1.example.com uptime", ADDRESS),
    ("copied to deploy@web1.example.com:/srv/app", "copied to deploy@web1.example.com: done", ADDRESS),
    ("deploy@web1.example.com:~$ ls", "anna@example.com:/login failed", ADDRESS),
    ("listens on akka.tcp://driver@10.0.0.1:5000", "listens on http://driver@10.0.0.1:5000", URL),
    ("driver at spark://sparkDriver@node3:7077", "driver at spark://sparkDriver:hunter2@node3:7077", URL),
    ("node akka://Orders-2@10.0.0.2:2552/user", "node akka://zq81Lw0pXs@10.0.0.2:2552/user", URL),
    ("clones ssh://git-user@code.example.com/a", "clones ssh://git-user:hunter2@code.example.com/a", URL),
    # Of programs' own words
    ("pam_unix(chpasswd:chauthtok): changed for u1", "chpasswd:hunter2", CREDENTIAL),
    ("Token: Token { kind: Block, service: 10.0.0.1 }", "Token: Token9a4f", CREDENTIAL),
    ("Supplied credentials: [UserPasswordCredential(name=u1)]", "credentials: UserPasswordCredential", CREDENTIAL),
    ("window token=WindowToken{1f2e3d}", "window token=windowtoken{1f2e3d}", CREDENTIAL),
    ("Token: Token { id: 4 }", "Token: Token { password: hunter2 }", CREDENTIAL),
    ("bad token: app.view.Binder@1f2e3d", "bad token: app.view.Binder@hunter2", CREDENTIAL),
    ("stream/token: com.example.system.task/77", "stream/token: com.example/hunter2", CREDENTIAL),
    ('{"password":"__REDACTED__"}', '{"password":"__REDACTED__2"}', CREDENTIAL),
    # Of formats and variables
    ("token=%s", "token=%sunny", CREDENTIAL),
    ("password=%(db_password)s,", 'password="%(db)shunter2"', CREDENTIAL),
    ("runs with password=$DB_PASSWORD", "runs with password=$DB_PASS9WORD", CREDENTIAL),
    ("runs with password=$PGPASSWORD", "runs with password=$Password", CREDENTIAL),
    ('"token": "${{ secrets.X }}"', '"token": "${{ secrets.X }}hunter2"', CREDENTIAL),
    ('"api_key": "{api_key}"', '"api_key": "{apikey9}"', CREDENTIAL),
    ("Authorization: Bearer $TOKEN", "Authorization: Bearer $T0KEN", "a credential in a header"),
    ("postgresql://%s:%s@%s/%s", "postgresql://app:hunter2@%s/%s", STRING),
    ("mysql://app:$DB_PASSWORD@db/shop", "mysql://app:$DB_PASSWORD@db/shop?password=hunter2", STRING),
    ("https://u:$API_KEY@api.example.com", "https://$API_KEY:hunter2@api.example.com", URL),
    # Of what hides values
    ("postgres://app:xxxxx@db/shop", "postgres://app:xxxxx1@db/shop", STRING),
    ("https://u:%2A%2A%2A@api.example.com", "https://u:%2A%2A%2Ahunter2@api.example.com", URL),
    ("token=******1234", "token=**1234", CREDENTIAL),
    ("Authorization: Bearer [FILTERED]", "Authorization: Bearer [FILTERED1]", "a credential in a header"),
    # Of parsers, browsers and caches
    ("Unexpected token: 'SELECT'", "Unexpected token: 'SELECT9'", CREDENTIAL),
    ("unexpected token: 'SELECT'", "invalid token: 'SELECT'", CREDENTIAL),
    ('"credentials": "same-origin"', '"password": "same-origin"', CREDENTIAL),
    (f"cache-key-{'0a1b' * 8} missed", f"sent key-{'0a1b' * 8}", "a Mailgun key"),
    # Of lists and clusters
    ("GET /v1/items?next_page_token=Cq81Lw0pXs", "GET /v1/items?login_page_token=Cq81Lw0pXs", CREDENTIAL),
    ('{"nextPageToken": "Cq81Lw0pXs"}', '{"nextPageToken": "Cq81", "token": "Cq81Lw0pXs"}', CREDENTIAL),
    ("continuation_token=Cq81Lw0pXs", "discontinuation_token=Cq81Lw0pXs", CREDENTIAL),
    ('"initial-cluster-token":"etcd-cluster"', '"cluster-join-token":"etcd-cluster"', CREDENTIAL),
    ("level=debug traceID=4111111111111111 ok", "level=debug card=4111111111111111 ok", "a card number"),
    ('"request_id": "4111111111111111"', '"paid": "4111111111111111"', "a card number"),
    ("Registration from sip:301@pbx.example.com failed", "Registration from sip:anna@pbx.example.com failed", ADDRESS),
    # Of programs
    (
        'level=info build_context="(go=go1.19.8, platform=linux/amd64, user=team@tracker.example.org, date=20260101)"',
        "level=info by (go=go1.19.8, platform=linux/amd64), to team@tracker.example.org",
        ADDRESS,
    ),
    ("secret_key = var.aws_secret_key", "secret_key = var7aws", CREDENTIAL),
    ('private_key = "~/.ssh/id_rsa"', 'private_key = "MIIEpAIBAAKCAQEA7"', CREDENTIAL),
    ("access_key_file=/etc/shop/access.key", "access_key=/etc/shop/access.key", CREDENTIAL),
    # Of AWS
    (f"signed with {KEY_ID}", f"signed with {KEY_ID}:{SECRET_KEY}", "an AWS access key"),
    (f"access_key_id={KEY_ID}", f"access_key_id={KEY_ID}9", CREDENTIAL),
    (
        "read arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-x1Y2z3",
        "read secret:shop/db-x1Y2z3",
        CREDENTIAL,
    ),
    ("secret=arn:aws:ssm:eu-west-1:123456789012:parameter/db", "secret=arn:hunter2", CREDENTIAL),
]  # fmt: skip


def kinds(text: str) -> list[str]:
    """What is found in a line."""
    return [match.kind for match in SCANNER.scan(text.encode())]


@pytest.mark.parametrize(("harmless", "twin", "kind"), TWINS)
@pytest.mark.parametrize("escapes", [0, 1])
def test_twins(harmless: str, twin: str, kind: str, escapes: int) -> None:
    """The same in JSON, where its quotes are escaped; and what is no finding is not hidden."""
    for _ in range(escapes):
        harmless, twin = json.dumps({"message": harmless}), json.dumps({"message": twin})
    assert kinds(harmless) == []
    assert mask(f"a {harmless} z") == f"a {harmless} z"
    assert kind in kinds(twin)


def test_a_key_id_far_from_a_secret_key() -> None:
    """A secret key makes a finding of the ids near it alone: looking through a long line for each would take too long."""
    assert kinds(f"{KEY_ID} {'a ' * 600}{KEY_ID}:{SECRET_KEY}") == ["an AWS access key"]


def test_a_key_id_beside_a_digest() -> None:
    """A commit's digest has forty characters, too, but only small ones."""
    assert kinds(f"{KEY_ID} built d41d8cd98f00b204e9800998ecf8427ed41d8cd9") == []


@pytest.mark.parametrize(
    "harmless", ["next_page_token=Cq81Lw0pXs", "arn:aws:secretsmanager:eu-west-1:1:secret:shop/db"]
)
@pytest.mark.parametrize("escape", [r"\n", r"\t", r"\\n"])
def test_a_line_break_behind_an_escape(harmless: str, escape: str) -> None:
    """Its letter is no part of what follows, also where the whole line is looked at."""
    assert kinds(f'{{"m": "so{escape}{harmless} for anna@example.org"}}') == ["an e-mail address"]
