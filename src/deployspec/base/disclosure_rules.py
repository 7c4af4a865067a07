"""The shapes of what must not be told, as data for ``deployspec.base.disclosure``.

Each pattern runs in time linear in the text: no repetition is unbounded where its match can still fail.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Rule(NamedTuple):
    kind: str
    words: tuple[str, ...]
    """In lower case. Without one of them, the pattern cannot match."""
    pattern: str
    """Its group ``hide`` is what is to be hidden; without groups, all of it. A value in a group of another name
    (``hide1`` and so on, one of which matches) is no finding where it tells nothing."""


NAMES = (
    r"(?:pass(?:word|wd|phrase|code)|pwd|secret(?:[_-]?(?:access[_-]?)?key|[_-]?id)?|token|credentials?"
    r"|(?:api|signing|encryption|decryption|master|shared|license|consumer|hmac|service[_-]?role|function)[_-]?key"
    r"|access[_-]?key(?:[_-]?id)?|private[_-]?key|conn(?:ection)?[_-]?str(?:ing)?|dsn|mnemonic|seed[_-]?phrase)"
    r"(?:[_-]?(?:value|confirm(?:ation)?|raw|plain(?:text)?|b(?:ase)?64|hash|[0-9]))?"
)
BEGINS = r"(?:\b|(?<=%[0-9A-Fa-f]{2}))"
"""The beginning of a word; behind a URL's ``%3D``, too."""
_NAME_WORDS = (
    "password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "credential", "key",
    "connstr", "conn_str", "conn-str", "connectionstr", "connection_str", "connection-str", "dsn", "mnemonic", "seed",
)  # fmt: skip
_DATABASES = (
    "postgres", "postgresql", "mysql", "mariadb", "mongodb", "mongodb+srv", "redis", "rediss", "valkey", "amqp", "amqps",
    "mssql", "sqlserver", "oracle", "cockroachdb", "clickhouse", "memcached", "ldap", "ldaps",
)  # fmt: skip

RULES = (
    Rule(
        "a private key",
        ("private key",),
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?s:.*?)"
        r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    ),
    Rule(
        "a connection string",
        ("://", ":\\/\\/", "jdbc:"),
        r"(?i:\b(?:"
        + "|".join(re.escape(name) for name in _DATABASES)
        + r")(?:\+[a-z0-9_]{1,20})?:(?:\\?/){2}"
        r"|\bjdbc:[a-z0-9]{1,20}:(?:\\?/){0,2})(?!\*\*\*)(?P<hide>(?:[^\s\"'<>\\]|\\/)+)",
    ),
    Rule(
        "a connection string",
        ("host=", "server=", "data source="),
        r"(?i:\b(?:host|server|data source)=(?!\*\*\*)(?P<hide>[^\s;\"']{1,200}"
        r"(?:[\s;]{1,4}[a-z][a-z ]{0,30}=[^\s;\"']{1,200}){0,8}?[\s;]{1,4}(?:dbname|database|initial catalog|user id)"
        r"=[^\s;\"']{1,200}))",
    ),
    Rule(
        "a URL with credentials",
        ("://", ":\\/\\/"),
        r":(?:\\?/){2}(?P<hide>(?!@|[^\s/?#\"'<>\\@:]*:?\*+@)[^\s/?#\"'<>\\]+)@",
    ),
    Rule(
        "a credential in a header",
        ("authorization", "bearer"),
        # As HTTP has it, and as Go, ASGI and Rack print it.
        r"(?i:authorization[\"']?\s{0,4}(?:=>|[:=,])\s{0,4}[\[(]?\s{0,4}b?[\"']?"
        r"(?:(?:basic|bearer|digest|negotiate|token|apikey|ssws|hmac)\s{1,4}(?!\*\*\*)(?P<hide>[^\s\"',\])]+)"
        r"|(?=[\w.~+/=-]{0,200}[0-9])(?P<hide1>[\w.~+/=-]{16,}))"
        r"|\bbearer\s{1,4}(?=[a-z_.~+/=-]{0,200}[0-9])(?P<hide2>[a-z0-9_.~+/=-]{16,}))",
    ),
    Rule(
        "a credential",
        ("password", "identified"),
        # SQL, as databases log it.
        r"(?i:\b(?:password|identified\s{1,4}(?:with\s{1,4}[\w\"'`]{1,60}\s{1,4})?(?:by|as))\s{1,4}'(?!\*)(?P<hide1>[^'\n]{1,200})')",
    ),
    Rule(
        "a JSON Web Token",
        ("eyj",),
        BEGINS + r"eyJ[\w-]{8,}\.(?:[\w-]{8,}(?:\.[\w-]*)*|\.[\w-]{8,}\.[\w-]+\.[\w-]+)",
    ),
    Rule("an AWS access key", ("akia", "asia"), r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    Rule("a Google key", ("aiza", "ya29."), BEGINS + r"(?:AIza[\w-]{35}|ya29\.[\w-]{20,})"),
    Rule(
        "a GitHub or GitLab token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "gl"),
        r"gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,}|gl(?:pat|dt|ft|ffct|soat|rt|imt|ptt|agent|oas|cbt)-[\w-]{20,}(?:\.[0-9a-z]{2}\.[0-9a-z]{7,12})?",
    ),
    Rule(
        "a Slack token",
        ("xox", "hooks.slack.com"),
        BEGINS + r"xox[abeoprs]-[\w-]{10,}|hooks\.slack\.com(?:\\?/)services(?:\\?/)(?P<hide>\w[\w/\\]+)",
    ),
    Rule("a Stripe key", ("k_live_", "k_test_"), BEGINS + r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    Rule(
        "a credential",
        _NAME_WORDS,
        r"(?i:" + NAMES + r")[\"']?\s{0,8}(?::|=>?)\s{0,8}[\[(]?\s{0,8}"
        r"(?:\"(?P<hide1>[^\"\\]*(?:\\.[^\"\\]*)*)|'(?P<hide2>[^'\\]*(?:\\.[^'\\]*)*)"
        r"|(?P<hide3>[^\s\"',;&<>(){}\[\]\\]+))",
    ),
    Rule(
        "a Python stack trace",
        ("traceback", ", line "),
        r"Traceback \(most recent call last\):?|File \\*\"[^\"\n]{1,500}\", line \d+(?:, in [^\n\"\\]{1,200})?",
    ),
    Rule(
        "a Java stack trace",
        (".java:", ".kt:", ".scala:", ".groovy:", "native method", "unknown source", "exception in thread"),
        r"\bat [\w$.<>/@-]{3,300}\((?:[\w$-]{1,100}\.(?:java|kt|scala|groovy):\d+|Native Method|Unknown Source)\)"
        r"|Exception in thread \"",
    ),
    Rule(
        "a .NET stack trace",
        (":line ", "end of"),
        r"\bat [\w.`<>+\[\],]{3,300}\([^)\n]{0,300}\) in [^\n\"]{1,300}:line \d+"
        r"|--- End of (?:inner exception )?stack trace",
    ),
    Rule(
        "a JavaScript stack trace",
        ("at ",),
        r"\bat (?:(?:async |new )?[\w$.<>\[\] ]{1,200} \()?(?:file://|node:|webpack:|[A-Za-z]:\\|/)"
        r"[^\s()\"']{1,500}:\d+:\d+\)?",
    ),
    Rule(
        "a Go stack trace", ("goroutine ", ".go:"), r"goroutine \d+ \[[^\]\n]{1,60}\]:|\.go:\d+ \+0x[0-9a-f]+"
    ),
    Rule("a Rust stack trace", ("panicked at", "stack backtrace:"), r"' panicked at|stack backtrace:"),
    Rule("a Ruby stack trace", (".rb:",), r"\.rb:\d+:in [`'][^'\n]{1,100}'"),
    Rule("a PHP stack trace", (".php(",), r"#\d{1,3} [^\s()]{1,300}\.php\(\d+\):"),
    Rule(
        "a source file's path",
        (".py:", ".java:", ".kt:", ".rb:", ".go:", ".rs:", ".cs:", ".php:", "site-packages"),
        r"/[\w.-]{1,100}\.(?:py|java|kt|rb|go|rs|cs|php):\d+\b|/site-packages/",
    ),
)

SAYS_NOTHING = frozenset((
    "ok", "okay", "up", "down", "true", "false", "yes", "no", "on", "off", "none", "null", "nil", "n/a",
    "na", "valid", "invalid", "expired", "missing", "present", "absent", "set", "unset", "configured",
    "unconfigured", "required", "optional", "healthy", "unhealthy", "pass", "passed", "fail", "failed",
    "error", "enabled", "disabled", "unknown", "loaded", "found", "rotated", "active", "inactive",
    "connected", "disconnected", "available", "unavailable", "degraded", "incorrect", "wrong", "must",
    "not", "is", "was", "redacted", "hidden", "masked", "filtered", "secretstr", "str", "string",
))  # fmt: skip
"""Values, in lower case, that tell of a secret without telling it: ``"token": "expired"``."""
