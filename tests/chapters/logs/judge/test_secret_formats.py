"""At least 125 formats of secrets, as their issuers document them: nearly all are found, and shown nowhere.

Values are made up from a shape, so that no scanner takes this file's text for secrets.
"""

from __future__ import annotations

import base64
import json
from random import Random

import pytest

from deployspec.chapters.logs.judge.secrets import SecretScanner, mask

RANDOM = Random(19)  # noqa: S311 - it makes up texts
LOWER, UPPER, DIGITS = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
HEX, ALNUM = "0123456789abcdef", LOWER + UPPER + DIGITS


def some(length: int, alphabet: str = ALNUM) -> str:
    """Characters of an alphabet, a digit and a letter among them."""
    return "a7"[: min(2, length)] * (alphabet != DIGITS and alphabet != UPPER) + "".join(
        RANDOM.choices(alphabet, k=length - (2 if length > 1 and alphabet not in (DIGITS, UPPER) else 0))
    )


def uuid() -> str:
    return "-".join(some(length, HEX) for length in (8, 4, 4, 4, 12))


def b64(length: int) -> str:
    return base64.b64encode(RANDOM.randbytes(length)).decode()


def url64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


JWT = ".".join((url64('{"alg":"HS256","typ":"JWT"}'), url64('{"sub":"1234567890"}'), some(43)))
DIRECT = url64('{"alg":"dir","enc":"A256GCM"}')
FORMATS = {
    # Tokens that have a shape of their own
    "1password": f"ops_eyJ{some(260)}", "age": f"AGE-SECRET-KEY-1{some(58, UPPER)}", "airtable": f"pat{some(14)}.{some(64, HEX)}",
    "anthropic": f"sk-ant-api03-{some(93)}AA", "anthropic-admin": f"sk-ant-admin01-{some(93)}AA", "artifactory": f"AKC{some(70)}",
    "asana": f"1/{some(16, DIGITS)}:{some(32, HEX)}", "atlassian": f"ATATT3xFfGF0{some(180)}", "bitbucket": f"ATBB{some(32)}",
    "aws-session": f"IQoJb3JpZ2lu{some(300)}", "aws-bedrock": f"ABSK{some(128)}=", "amazon-mws": f"amzn.mws.{uuid()}",
    "azure-client-secret": f"{some(3)}8Q~{some(34)}", "azure-devops": f"{some(76)}AZDO{some(4)}",
    "azure-sas": f"https://acct.blob.core.example/c?sv=2024-01-01&se=2026-01-01&sr=c&sig={some(43)}%3D", "azure-storage": f"AccountKey={b64(64)}",
    "azure-service-bus": f"SharedAccessKeyName=root;SharedAccessKey={b64(32)}", "braintree": f"access_token$production${some(16, LOWER)}${some(32, HEX)}",
    "brevo": f"xkeysib-{some(64, HEX)}-{some(16)}", "buildkite": f"bkua_{some(40, HEX)}", "cerebras": f"csk-{some(48, LOWER)}",
    "circleci": f"CCIPAT_{some(22)}_{some(40, HEX)}", "clojars": f"CLOJARS_{some(60, LOWER)}", "cloudflare-ca": f"v1.0-{some(24, HEX)}-{some(146, HEX)}",
    "contentful": f"CFPAT-{some(43)}", "crates": f"cio{some(32)}", "databricks": f"dapi{some(32, HEX)}", "digitalocean": f"dop_v1_{some(64, HEX)}",
    "discord": f"MT{some(24)}.{some(6)}.{some(38)}", "discord-webhook": f"https://discord.com/api/webhooks/{some(18, DIGITS)}/{some(68)}",
    "docker": f"dckr_pat_{some(27)}", "doppler": f"dp.pt.{some(43)}", "dropbox": f"sl.{some(140)}", "duffel": f"duffel_live_{some(43)}",
    "dynatrace": f"dt0c01.{some(24, UPPER)}.{some(64, UPPER)}", "easypost": f"EZAK{some(54)}", "elevenlabs": f"sk_{some(48, HEX)}",
    "facebook": f"EAA{some(180)}", "figma": f"figd_{some(40)}", "flutterwave": f"FLWSECK-{some(32, HEX)}-X", "fly": f"fo1_{some(43)}",
    "frameio": f"fio-u-{some(64)}", "github": f"ghp_{some(36)}", "github-fine": f"github_pat_{some(22)}_{some(59)}", "github-app": f"ghs_{some(36)}",
    "gitlab": f"glpat-{some(20)}", "gitlab-routable": f"glpat-{some(27)}.01.{some(9, LOWER)}", "gitlab-deploy": f"gldt-{some(20)}",
    "gitlab-runner": f"glrt-{some(20)}", "gitlab-trigger": f"glptt-{some(40, HEX)}", "google-api": f"AIza{some(35)}", "google-oauth": f"ya29.{some(120)}",
    "google-client": f"GOCSPX-{some(28)}", "google-refresh": f"1//0{some(60)}", "firebase": f"AAAA{some(7)}:{some(140)}",
    "grafana": f"glsa_{some(32)}_{some(8, HEX)}", "grafana-cloud": f"glc_{some(80)}", "groq": f"gsk_{some(52)}", "heroku": f"HRKU-{some(60)}",
    "hubspot": f"pat-na1-{uuid()}", "huggingface": f"hf_{some(34)}", "infracost": f"ico-{some(32)}", "langsmith": f"lsv2_pt_{some(32, HEX)}_{some(10, HEX)}",
    "langfuse": f"sk-lf-{uuid()}", "launchdarkly": f"sdk-{uuid()}", "linear": f"lin_api_{some(40)}", "mailchimp": f"{some(32, HEX)}-us12",
    "mailersend": f"mlsn.{some(64, HEX)}", "mailgun": f"key-{some(32, HEX)}", "mailgun-new": f"{some(32, HEX)}-{some(8, HEX)}-{some(8, HEX)}",
    "netlify": f"nfp_{some(36)}", "newrelic": f"NRAK-{some(27, UPPER)}", "newrelic-licence": f"{some(36, HEX)}NRAL", "notion": f"ntn_{some(46)}",
    "notion-old": f"secret_{some(43)}", "npm": f"npm_{some(36)}", "nuget": f"oy2{some(43, LOWER)}", "nvidia": f"nvapi-{some(64)}",
    "openai": f"sk-{some(20)}T3BlbkFJ{some(20)}", "openai-project": f"sk-proj-{some(120)}", "openai-service": f"sk-svcacct-{some(80)}",
    "openrouter": f"sk-or-v1-{some(64, HEX)}", "deepseek": f"sk-{some(32, HEX)}", "pagerduty": f"pdus+_0{some(24)}", "perplexity": f"pplx-{some(48)}",
    "pinecone": f"pcsk_{some(6)}_{some(63)}", "plaid": f"access-production-{uuid()}", "planetscale": f"pscale_pw_{some(43)}", "postman": f"PMAK-{some(24, HEX)}-{some(34, HEX)}",
    "prefect": f"pnu_{some(36)}", "pulumi": f"pul-{some(40, HEX)}", "putty": "PuTTY-User-Key-File-3: ssh-ed25519", "pypi": f"pypi-AgEIcHlwaS5vcmc{some(120)}",
    "readme": f"rdme_{some(70, LOWER)}", "replicate": f"r8_{some(37)}", "resend": f"re_{some(8)}_{some(24)}", "rubygems": f"rubygems_{some(48, HEX)}",
    "scalingo": f"tk-us-{some(48)}", "sendgrid": f"SG.{some(22)}.{some(43)}", "sentry": f"sntrys_eyJ{some(120)}=_{some(43)}", "sentry-user": f"sntryu_{some(64, HEX)}",
    "shippo": f"shippo_live_{some(40, HEX)}", "shopify": f"shpat_{some(32, HEX)}", "slack-bot": f"xoxb-{some(12, DIGITS)}-{some(12, DIGITS)}-{some(24)}",
    "slack-app": f"xapp-1-A{some(10, UPPER)}-{some(13, DIGITS)}-{some(64, HEX)}", "slack-config": f"xoxe.xoxp-1-{some(160)}", "slack-webhook": f"https://hooks.slack.com/services/T{some(8, UPPER)}/B{some(8, UPPER)}/{some(24)}",
    "sonar": f"sqp_{some(40, HEX)}", "square": f"sq0atp-{some(22)}", "square-oauth": f"sq0csp-{some(43)}", "stripe": f"sk_live_{some(24)}", "stripe-restricted": f"rk_live_{some(24)}",
    "stripe-webhook": f"whsec_{some(32)}", "supabase": f"sbp_{some(40, HEX)}", "tailscale": f"tskey-auth-{some(12)}-{some(32)}", "tavily": f"tvly-{some(32)}",
    "teams": f"https://shop.webhook.office.com/webhookb2/{uuid()}@{uuid()}/IncomingWebhook/{some(32, HEX)}/{uuid()}", "telegram": f"{some(9, DIGITS)}:AA{some(33)}",
    "terraform": f"{some(14)}.atlasv1.{some(67)}", "twilio": f"SK{some(32, HEX)}", "twitter": f"{'A' * 22}{some(80)}", "typeform": f"tfp_{some(59)}", "vault": f"hvs.{some(90)}",
    "vercel": f"vercel_blob_rw_{some(16)}_{some(30)}", "woocommerce": f"ck_{some(40, HEX)}", "xai": f"xai-{some(80)}",
    "jwt": JWT, "jwe": f"{DIRECT}..{some(16)}.{some(60)}.{some(22)}",
    "private-key": f"-----BEGIN RSA PRIVATE KEY----- {b64(80)} -----END RSA PRIVATE KEY-----", "openssh": f"-----BEGIN OPENSSH PRIVATE KEY----- {b64(80)}", "pgp": f"-----BEGIN PGP PRIVATE KEY BLOCK----- {b64(80)}",
    # What says by what stands before it that it is one
    "basic": f"Authorization: Basic {b64(18)}", "bearer": f"authorization: Bearer {some(32)}", "bare": f"Authorization: {some(40)}", "apikey": f"Authorization: ApiKey {b64(24)}",
    "ssws": f"Authorization: SSWS 00{some(40)}", "go-header": f"map[Accept:[*/*] Authorization:[Bearer {some(32)}]]", "asgi-header": f"[(b'host', b'x'), (b'authorization', b'Bearer {some(32)}')]",
    "rack-header": f'"HTTP_AUTHORIZATION"=>"Bearer {some(32)}"', "proxy": f"Proxy-Authorization: Basic {b64(18)}", "x-api-key": f"X-Api-Key: {some(32)}",
    "cookie": f"Cookie: theme=dark; sessionid={some(32)}", "set-cookie": f"Set-Cookie: connect.sid=s%3A{some(32)}.{some(40)}; Path=/", "jsessionid": f"GET /a;JSESSIONID={some(32, HEX)}", "phpsessid": f"PHPSESSID={some(26)}",
    "oauth-code": f"GET /oauth/callback?code={some(40)}&state=x", "presigned": f"GET /b/k?X-Amz-Expires=60&X-Amz-Signature={some(64, HEX)}",
    "sql-password": f"ALTER USER app WITH PASSWORD '{some(16)}'", "sql-identified": f"CREATE USER 'app'@'%' IDENTIFIED BY '{some(16)}'", "postgres": f"postgresql://app:{some(12)}@db:5432/shop", "redis": f"redis://:{some(12)}@cache:6379/0",
    "amqp": f"amqp://app:{some(12)}@mq//", "mongodb": f"mongodb+srv://app:{some(12)}@cluster.example/x", "jdbc": f"jdbc:mysql://db/shop?user=a&password={some(12)}", "libpq": f"host=db port=5432 user=app password={some(12)} dbname=shop",
    "url": f"https://app:{some(12)}@repo.example/simple", "sentry-dsn": f"https://{some(32, HEX)}@o1.ingest.example/2", "email": "anna.smith@mail.example.com", "card": "4111 1111 1111 1111", "cvv": "cvv=123", "otp": "otp: 493817",
    "ssn": "ssn=078-05-1120", "aws-secret": f'aws_secret_access_key = "{some(40)}"',
}  # fmt: skip
NAMES = (
    "password", "passwd", "pwd", "passphrase", "passcode", "db_password", "userPassword", "password_confirmation", "new_password", "secret",
    "client_secret", "clientSecret", "app_secret", "webhook_secret", "shared_secret", "secret_key", "SECRET_KEY_BASE64", "secret_id", "token", "access_token",
    "accessToken", "refresh_token", "id_token", "auth_token", "session_token", "csrf_token", "api_token", "bot-token", "api_key", "apiKey", "api-key", "x-api-key",
    "signing_key", "encryption_key", "master_key", "license_key", "hmac_key", "private_key", "credentials", "connection_string", "dsn",
)  # fmt: skip
SCANNER = SecretScanner()


def test_formats_are_found() -> None:
    """At least 92 of 100, in a record of JSON; what is not found is named here."""
    assert len(FORMATS) >= 125
    missed = [
        name for name, text in FORMATS.items() if not found(json.dumps({"message": f"so {text} it is"}))
    ]
    assert missed == []


def test_formats_in_json_in_json() -> None:
    """The same where a record holds JSON as a text."""
    inner = {
        name: json.dumps({"body": json.dumps({"it": f"so {text} it is"})}) for name, text in FORMATS.items()
    }
    assert [name for name, text in inner.items() if not found(text)] == []


NOT_BEHIND_AN_ESCAPE = {"card", "cvv", "otp", "phpsessid", "ssn"}
"""What is told by its name, or by digits that stand alone."""


@pytest.mark.parametrize("before", ["t%3D", "t%3d", "a%20"])
def test_formats_in_urls_in_urls(before: str) -> None:
    """An escape of a URL ends in a letter or a digit, and is no part of what stands behind it."""
    missed = [
        name
        for name, text in FORMATS.items()
        if found(f"GET /?q={text} z") and not found(f"GET /?q={before}{text} z")
    ]
    assert set(missed) == NOT_BEHIND_AN_ESCAPE


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "form", ['{{"{}":"{}"}}', "{}={}", "{}: {}", "'{}' => '{}'", '{{\\"{}\\":\\"{}\\"}}']
)
def test_names_of_keys(name: str, form: str) -> None:
    """What is called a secret is one, if its value tells something."""
    value = some(24)
    line = form.format(name, value)
    assert found(line), line
    assert value not in mask(line)
    for nothing in ("***", "null", "", "[REDACTED]", "%s", "${SHOP_SECRET}"):
        assert not found(form.format(name, nothing)), (name, nothing)


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_of_it_is_shown(name: str) -> None:
    """In an excerpt no long piece of the value is left."""
    text = FORMATS[name]
    value = max(text.replace("&", " ").replace("=", " ").replace("/", " ").replace("'", " ").split(), key=len)
    shown = mask(f"so {text} it is")
    pieces = {value[at : at + 12] for at in range(len(value) - 11)}
    known = (
        "PuTTY",
        "BEGIN",
        "host",
        "blob.core",
        "Cookie",
        "ingest",
        "gest.exam",
        "webhook.office",
        "cluster",
        "repo.example",
        "sessionid",
    )
    assert not [one for one in pieces if one in shown and not any(part in one for part in known)], shown


def found(line: str) -> list[str]:
    """The kinds that are found in a line."""
    return [match.kind for match in SCANNER.scan(f"{line}\n".encode())]
