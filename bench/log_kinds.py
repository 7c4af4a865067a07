"""What lines of many kinds cost, beside the usual one; and the records that real emitters write, beside bare loops."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import orjson
from jsonschema import Draft202012Validator

from bench.log_corpus import schema
from bench.processes import spread
from deployspec.chapters.logs import formats
from deployspec.chapters.logs.judge.judging import LineJudge
from deployspec.chapters.logs.judge.model import Block, LogPromise
from deployspec.chapters.logs.judge.schema import described, validator
from deployspec.chapters.logs.part import source_of_data

ROOT = Path(__file__).resolve().parent.parent
RECORDED = ROOT / "tests" / "chapters" / "logs" / "recorded"
LINES, ROUNDS, LIMIT = 4000, 15, 4.0
_TRACEBACK = (
    "Traceback (most recent call last):\n"
    + "".join(
        f'  File "/srv/app/part{number}.py", line {number}, in work\n    return work(order)\n'
        for number in range(8)
    )
    + "    raise Refused(token=None)\nshop.Refused: order 17"
)


def _record(number: int, **more: Any) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-24T03:59:00.{number % 1000:03}Z", "level": "INFO", "logger": "shop.api",
        "message": "request completed", "request_id": f"{number * 7919:032x}", **more,
    }  # fmt: skip


_PAGES = ("next_page", "previous_page", "continuation", "pagination", "next")
KINDS: dict[str, Callable[[int], dict[str, Any]]] = {
    "usual: an access record": lambda n: _record(n, method="GET", path=f"/listings/{n}", status=200, duration_ms=1.5),
    "the name of a Celery node": lambda n: _record(n, message=f"task {n} received by celery@worker-1.shop.internal"),
    "a password that is masked": lambda n: _record(n, body={"user": f"u{n}", "password": "***"}),
    "a token that is none": lambda n: _record(n, message=f"user u{n}: token=None, password: null"),
    "JSON in JSON": lambda n: _record(n, message=json.dumps({"order": n, "items": [1, 2], "password": "***", "by": {"id": 5}})),
    "a traceback": lambda n: _record(n, level="ERROR", exception=_TRACEBACK),
    "JSON in JSON, with a traceback": lambda n: _record(n, level="ERROR", message=json.dumps({"order": n, "exception": _TRACEBACK})),
    "a crawler's user agent": lambda n: _record(n, user_agent="Mozilla/5.0 (compatible; Shopbot/1.0; help@bots.example.org)"),
    "where a broker is": lambda n: _record(n, message="Connected to redis://10.0.0.5:6379/0"),
    "where a broker is, with a password that is masked": lambda n: _record(n, message="Connected to amqp://shop:**@10.0.0.5:5672//"),
    "a header that is masked": lambda n: _record(n, headers={"authorization": "Bearer ***", "host": "shop.example"}),
    "the environment of a container": lambda n: _record(n, env=[{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db"}}}]),
    "a repository": lambda n: _record(n, message=f"cloned ssh://git@code.shop.internal/app{n}.git"),
    "a unit of systemd": lambda n: _record(n, message=f"Started user@{n}.service - User Manager"),
    "XML": lambda n: _record(n, message=f"<user id='{n}'><password>***</password><token/></user>"),
    "a URL with a query": lambda n: _record(n, path=f"/search?q=chair&page={n}&next_page_token=CAUQAA"),
    "five page tokens": lambda n: _record(n, message=" ".join(f"{name}_token=Cq81{n}Lw" for name in _PAGES)),
    "three algorithms of SSH": lambda n: _record(n, message=f"kex: curve25519-sha256@libssh.org, chacha20-poly1305@openssh.com, hmac-sha2-256-etm@openssh.com, port {n}"),
    "how Prometheus was built": lambda n: _record(n, build_date="20260101", build_context=f"(go=go1.21.{n}, platform=linux/amd64, user=root@3f9d.build.example.org, date=20260101-14:44:44, tags=netgo)"),
    "the id of an access key": lambda n: _record(n, message=f"upload {n} with access_key_id=AKIAQWERTYUIOP234567"),
    "the id of an access key, its secret masked": lambda n: _record(n, AccessKeyId="AKIAQWERTYUIOP234567", SecretAccessKey="***", part=n),
    "an access record of a crawler": lambda n: _record(n, path=f"/listings/{n}", status=200, user_agent="Mozilla/5.0 (compatible; shopbot/2.0; +http://bots.example.org/bot.htm; shopbot@bots.example.org)"),
    "a crawler in the combined form": lambda n: _record(n, message=f'10.0.0.1 - - [24/Nov/2026:03:59:00 +0000] "GET /listings/{n} HTTP/1.1" 200 512 "-" "Mozilla/5.0 (compatible; shopbot/7.0; shopbot@bots.example.org)"'),
    "a variable in a URL": lambda n: _record(n, message=f"connects to postgresql://app:$DB_PASSWORD@db:5432/shop, attempt {n}"),
    "a URL as Go masks it": lambda n: _record(n, message=f"dial redis://:xxxxx@10.0.0.5:6379/0, attempt {n}: connection refused"),
    "a message's id": lambda n: _record(n, message=f"removed: message-id=<20261124035900.4A1B{n}@mail.shop.example.org>"),
    "a delivery status": lambda n: _record(n, message=f"postfix/smtp[{n}]: 4XyZ12: to=<***>, relay=mx1[192.0.2.1]:25, delay=1.2, dsn=2.0.0, status=sent"),
    "units of systemd": lambda n: _record(n, message=f"Started postgresql@15-main.service, openvpn@client.service, wg-quick@wg0.service in {n} ms"),
    "nodes of RabbitMQ": lambda n: _record(n, message=f"node rabbit@rabbit-{n}.rabbit.shop.svc up, peer rabbit@rabbit-0.rabbit.shop.svc"),
    "nodes of Akka": lambda n: _record(n, message=f"Member is Up [akka://shop@10.0.0.{n}:2552], leader akka://shop@10.0.0.1:2552"),
    "Spark's executor": lambda n: _record(n, message=f"Registered executor {n} of spark://CoarseGrainedScheduler@driver.shop.example.org:7078"),
    "Kafka's configuration": lambda n: _record(n, message=f"sasl.jaas.config = [hidden] ssl.key.password = null ssl.keystore.password = [hidden] ssl.truststore.password = null {n}"),
    "the parameters of Rails": lambda n: _record(n, message=f'Parameters: {{"authenticity_token"=>"[FILTERED]", "user"=>{{"password"=>"[FILTERED]"}}, "id"=>"{n}"}}'),
    "PAM": lambda n: _record(n, message=f"pam_unix(passwd:chauthtok): password changed for user{n}"),
    "Celery's banner": lambda n: _record(n, message=f"celery@api-{n} transport: redis://:**@redis:6379/0 results: redis://:**@redis:6379/1"),
    "a callback of OAuth": lambda n: _record(n, message=f"GET /oauth/callback?code={{code}}&access_token=%s&refresh_token=%s for {n}"),
    "variables of Terraform": lambda n: _record(n, message=f"password = var.db_password; token = var.api_token; apply {n}"),
    "ARNs": lambda n: _record(n, message=f"read {n} arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-x1Y2z3 as arn:aws:iam::123456789012:role/shop"),
    "names of secrets": lambda n: _record(n, has_password=True, token=None, access_token=False, prompt_tokens=n, secrets=f"db-{n}"),
    "headers": lambda n: _record(n, headers={"authorization": "[REDACTED]", "x-api-key": "***", "cookie": "sessionid=***", "n": n}),
    "etcd": lambda n: _record(n, **{"initial-cluster-token": "etcd-cluster", "data-dir": f"/var/lib/etcd{n}"}),
    "Vault": lambda n: _record(n, auth={"client_token": "***", "token_type": "service", "token_ttl": n}),
    "MySQL": lambda n: _record(n, message=f"Access denied for user 'app'@'10.0.0.{n}' (using password: YES)"),
    "sshd": lambda n: _record(n, message=f"Accepted publickey for deploy from 10.0.0.5 port {n} ssh2: ED25519 SHA256:Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"),
    "a login by ssh": lambda n: _record(n, message=f"{n}: ssh -p 22 deploy@web1.shop.example.org uptime"),
    "files of a page": lambda n: _record(n, message=f"loaded logo@2x.png icon@3x.png sprite@2x.webp in {n} ms"),
    "where keys are": lambda n: _record(n, message=f"{n}: private_key=/etc/shop/ssl/private.key token_file=/run/secrets/token"),
    "a connection of PostgreSQL": lambda n: _record(n, message=f"host=db port=5432 dbname=shop user=app password=*** attempt {n}"),
    "a parser's complaint": lambda n: _record(n, message=f"Unexpected token: 'SELECT' at {n}"),
    "letters beyond ASCII, in JSON": lambda n: _record(n, message=json.dumps(f"Jürgen: <b>token=%s</b>, password: '***' & {n}")),
    "a UUID and a long number": lambda n: _record(n, message=f"order 1700000000{n:06} of 01234567-89ab-cdef-0123-456789abcdef"),
    "a long text": lambda n: _record(n, message="all is well. " * 120),
}  # fmt: skip
EMITTERS = ("pino", "bunyan", "structlog", "loguru", "ecs-logging", "zap", "slog", "caddy", "journald-json")


def run() -> str:
    """Measure, and return the results as Markdown."""
    promise = LogPromise(schema=schema(ROOT), log_level="INFO", request_scoped=("shop.api",))
    blocks = {
        kind: [json.dumps(make(n), separators=(",", ":")).encode() for n in range(LINES)]
        for kind, make in KINDS.items()
    }
    times = _alternating({kind: _judge(promise, lines) for kind, lines in blocks.items()})
    usual = next(iter(KINDS))
    rows = []
    for kind, lines in blocks.items():
        over = [one / base for one, base in zip(times[kind], times[usual], strict=True)]
        size = statistics.mean(map(len, lines))
        kept = "" if kind == usual else "yes" if statistics.median(over) <= LIMIT else "NO"
        rows.append(f"| {kind} | {size:.0f} | {spread(_micro(times[kind]))} | {spread(over, 1)} | {kept} |")
    emitters = [_of_emitter(name) for name in EMITTERS]
    return f"""## What kinds of lines cost

{LINES:,} lines of one kind, all of them well, all checks of a line with the search for secrets; {ROUNDS} rounds, in each of
them all kinds one after the other; median (smallest to largest), one core. Limit: {LIMIT:g} times the usual line.

| kind | bytes | µs a line | times the usual | kept |
| --- | --- | --- | --- | --- |
{chr(10).join(rows)}

Records as real emitters write them by default (`tests/chapters/logs/recorded`; those that are well, over and over), by the
format of that name; beside them, line by line, `json.loads` with `jsonschema`, and `orjson.loads` with `jsonschema_rs`, by
the same schema:

| emitter | bytes | µs a line | of the time of `json` and `jsonschema` | times that of the bare loop |
| --- | --- | --- | --- | --- |
{chr(10).join(emitters)}
"""


def _judge(promise: LogPromise, lines: list[bytes]) -> Callable[[], None]:
    judge, data = LineJudge(promise), b"".join(line + b"\n" for line in lines)

    def judged() -> None:
        found = judge.judge(Block(data, "app.log", 1, "app.log", 2e9)).found
        assert not found, found  # noqa: S101 - a bench

    return judged


def _of_emitter(name: str) -> str:
    said = {"format": {"ecs-logging": "ecs", "journald-json": "journald"}.get(name, name)}
    source = source_of_data(formats.described(said, {"name": "", "timeout": "1m", **said}), ROOT)
    told = described(source.fields, source.levels, source.form)
    promise = LogPromise(schema=told, fields=source.fields, form=source.form, levels=source.levels)
    well = [
        line
        for line in (RECORDED / f"{name}.log").read_bytes().splitlines()
        if not LineJudge(promise).judge(Block(line + b"\n", "app.log", 1, "app.log", 2e9)).found
    ]
    lines = list(islice(cycle(well), LINES))
    one, is_valid = Draft202012Validator(told), validator(told, "the schema").is_valid
    times = _alternating(
        {
            "ours": _judge(_without_order(promise), lines),
            "plain": lambda: [one.is_valid(json.loads(line)) for line in lines],
            "bare": lambda: [is_valid(orjson.loads(line)) for line in lines],
        }
    )

    def over(other: str) -> list[float]:
        return [ours / theirs for ours, theirs in zip(times["ours"], times[other], strict=True)]

    size = statistics.mean(map(len, lines))
    return f"| {name} | {size:.0f} | {spread(_micro(times['ours']))} | {spread(over('plain'))} | {spread(over('bare'), 1)} |"


def _without_order(promise: LogPromise) -> LogPromise:
    """Records that come over and over go back in time, which costs a place each: not what is measured."""
    from dataclasses import replace

    return replace(promise, fields=replace(promise.fields, timestamp=None))


def _alternating(ways: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for number in range(ROUNDS):
        names = list(ways)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            began = time.perf_counter()
            ways[name]()
            times[name].append(time.perf_counter() - began)
    return times


def _micro(seconds: Iterable[float]) -> list[float]:
    return [one / LINES * 1e6 for one in seconds]
