"""A candidate that is harmless does not make its line looked at as a whole, which takes twenty times as long."""

from __future__ import annotations

import json

import pytest

from deployspec.chapters.logs.judge import secrets

HARMLESS = [
    "received by celery@worker-1.shop.internal",
    "token=None, password: null",
    "Mozilla/5.0 (compatible; Shopbot/1.0; help@bots.example.org)",
    "GET /search?next_page_token=CAUQAA",
    "connected to amqp://shop:**@10.0.0.5:5672//",
    "Engine(postgresql+psycopg2://shop:***@db:5432/shop)",
    "dials redis://:xxxxx@10.0.0.5:6379/0",
    "jdbc:postgresql://db:5432/shop?user=app&password=***",
    "postgresql://app:$DB_PASSWORD@db/shop",
    "host=db port=5432 dbname=shop",
    "Authorization: Bearer ***",
    "authorization: [REDACTED]",
    "no bearer token was sent",
    "cloned ssh://git@code.example.com/app.git",
    "clones git@code.example.com:app.git",
    "<password>***</password><token/>",
    "GET /go?to=%2Fa%3Ftoken%3D",
    "signed with AKIAQWERTYUIOP234567, access_key_id=AKIAQWERTYUIOP234567",
    "read secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-x1Y2z3",
    "Started user@1000.service",
    '{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db"}}}',
    '192.0.2.7 - - "GET / HTTP/1.1" 200 5 "-" "Mozilla/5.0 (compatible; Shopbot/1.0; help@bots.example.org)"',
]


@pytest.mark.parametrize("text", HARMLESS)
@pytest.mark.parametrize("escapes", [0, 1, 2])
def test_a_harmless_candidate_is_passed_over(
    text: str, escapes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(escapes):
        text = json.dumps({"message": text})
    assert not secrets._spans(text)
    monkeypatch.setattr(secrets, "_spans", lambda *_: pytest.fail("the whole line is looked at"))
    assert secrets.SecretScanner().scan(f"so\n{text}\nso\n".encode()) == []
