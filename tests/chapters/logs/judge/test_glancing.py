"""What a glance shows to be harmless, and that beside it which it does not."""

from __future__ import annotations

import json

import pytest

from deployspec.chapters.logs.judge import secrets
from deployspec.chapters.logs.judge.secrets import SecretScanner

KEY_ID = "AKIA" + "QWERTYUIOP234567"
SECRET_KEY = "q7Rk2LmZ8vXw1TnB4cYd6FgH9jKs3PuE5aWo0Ix/"
TWINS = [
    ("next_page_token=Cq81Lw0pXs", "homepage_token=Cq81Lw0pXs"),
    ("nextToken: Cq81Lw0pXs", "clientToken: Cq81Lw0pXs"),
    ("password=***, user=u", "password=***x7Lq, user=u"),
    ('params "password"=>"[FILTERED]"', 'params "password"=>"[FILTERED]x7"'),
    ("access_token=%s&id=5", "access_token=%s7Lq&id=5"),
    ("token = var.api_token", "token = var.api7Lq"),
    ('"api_key":""', '"api_key":" 7Lq"'),
    (f"access_key_id={KEY_ID} of u", f"access_key_id={KEY_ID} {SECRET_KEY}"),
    (f"signed by {KEY_ID} of u", f"signed by {KEY_ID}:{SECRET_KEY}"),
    ("so authorization: [REDACTED]", "so authorization: Basic dXNlcjpodW50ZXIy"),
    ("ping celery@worker-1.shop.example.org", "ping anna@worker-1.shop.example.org"),
    ("offer aes128-gcm@openssh.com", "offer aes128gcm@openssh.com"),
    ("Started getty@tty1.service", "Started getty@tty1.services.com"),
    ("of Mozilla/5.0 (compatible; Bot/1; a@bot.example.org)", "of Mozilla/5.0 (compatible; Bot/1) a@bot.example.org"),
    ("in message-id=<4A1B@mail.example.org>", "in message-id=<anna@mail.example.org>"),
    ("host=db port=5432 dbname=shop", "host=db password=x7Lq dbname=shop"),
    ("is at 20261124035900.4A", "is at 30569309025904"),
    ("dial redis://:xxxxx@10.0.0.5:6379/0", "dial redis://:hunter2@10.0.0.5:6379/0"),
]  # fmt: skip
BEFORE = "so " * 30


@pytest.mark.parametrize(("harmless", "twin"), TWINS)
@pytest.mark.parametrize("escapes", [0, 1])
def test_twins(harmless: str, twin: str, escapes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A glance is enough for what is harmless, and passes over nothing else."""
    harmless, twin = BEFORE + harmless, BEFORE + twin
    for _ in range(escapes):
        harmless, twin = json.dumps({"m": harmless}), json.dumps({"m": twin})
    assert SecretScanner().scan(f"{twin}\n".encode() * 3)
    monkeypatch.setattr(secrets, "shows_nothing", lambda *_: pytest.fail("it is looked at"))
    assert SecretScanner().scan(f"{harmless}\n".encode() * 3) == []


def test_a_text_before_a_glance_ends_with_its_line() -> None:
    """What stands in the line before says nothing of an address."""
    line = b"so so so so so so so so so so so so so so so so (compatible;\nask anna@bot.example.org)\n"
    assert [match.kind for match in SecretScanner().scan(line)] == ["an e-mail address"]


@pytest.mark.parametrize(
    ("harmless", "twin"),
    [
        ("ssh -p 22 deploy@web1.shop.example.org uptime 7", "sss -p 22 deploy@web1.shop.example.org uptime 7"),
        ("pam_unix(passwd:chauthtok): changed for user7", "pam unix(passwd:chauthtok): changed for user7"),
        ("private_key=/etc/shop/ssl/private.key n=7", "private_key=MIIEpAIBAAKCAQEA7 n=7"),
    ],
)  # fmt: skip
def test_what_is_remembered(harmless: str, twin: str) -> None:
    """The third of some lines that differ by digits is judged as the first was."""
    scanner = SecretScanner()
    for text, found in ((harmless, 0), (twin, 1)):
        lines = [f"{BEFORE}{text.replace('7', digit)}\n".encode() for digit in "12345"]
        assert [len(scanner.scan(line)) for line in lines] == [found] * 5
