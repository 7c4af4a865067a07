"""What is searched for in log lines: candidates that are quick to find, and detectors that confirm them.

A candidate is a pattern for hyperscan over raw bytes, which knows neither look-around nor check digits; it finds all
that a detector could, and more. A detector is a regular expression of Python's over the text of one line: those of
detect-secrets for keys of a known shape, those of ``deployspec.base.disclosure_rules`` for the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Literal, NamedTuple

from deployspec.base.disclosure_rules import NAMES, RULES, Rule
from deployspec.chapters.logs.judge.secret_shapes import SHAPES

_QUOTE = rb"(?:\\{0,4}[\"']|\\{1,4}u002[27])?"
"""After a name, perhaps behind escapes."""
_SPACE = rb"(?:\s|\\{1,4}[nrt])"
"""Also behind escapes."""
_COOKIES = (
    r"jsessionid|phpsessid|connect\.sid|asp\.net_sessionid|laravel_session|django_session|rack\.session|_\w{1,40}_session"
    r"|sessionid|remember_user_token"
)
"""What frameworks call the cookie that stands for a person who has logged in."""
_COOKIE_WORDS = ("sess", "connect.sid", "remember_user_token")
_UP_TO_CREDENTIALS = rb"[^\s\"'<>]*(?:[^\s\"'<>*](?:@|%40)|(?i:password|passwd|pwd|accountkey|accesskey)\s{0,4}=\s{0,4}[^\s*;&])"
_USER = rb"[^\s/?#\"'<>@"
_UNHIDDEN_USER = rb"(?:USER]*USER*]|USER:]*:USER]*USER*]\*+)".replace(b"USER", _USER)
"""Before the at sign of a URL: not a password of stars alone."""
_SCHEMES = next(rule.pattern for rule in RULES if "jdbc:" in rule.words).partition(r"(?!")[0]
"""How a connection string begins."""
_VALUE = r"(?=[\w%.+/-]{0,64}[0-9])"
_ONLY_IN_LOGS = (
    # As containers' descriptions list the environment.
    Rule(
        "a credential",
        ("value",),
        rf"(?i:{NAMES}[\"']\s{{0,4}},\s{{0,4}}[\"']value[\"']\s{{0,4}}:\s{{0,4}}\"(?P<hide1>[^\"\\]+))",
    ),
    # XML, forms inside URLs, and command lines: there, prose follows a name, too, but seldom a digit.
    Rule(
        "a credential",
        ("</", "<\\/"),
        rf"(?i:{NAMES}(?:\s[^<>\n]{{0,100}})?>(?P<hide1>[^<>\n]{{1,200}})<\\?/)",
    ),
    Rule("a credential", ("%3d",), rf"(?i:{NAMES}%3d(?P<hide1>(?:[\w.~+*!$-]|%(?!26)[0-9a-f]{{2}})+))"),
    Rule(
        "a credential",
        ("--",),
        rf"(?i:--(?:[a-z0-9]{{1,20}}-){{0,3}}{NAMES}\s(?P<hide1>(?=[^\s\"']{{0,100}}[0-9])[^\s\"'\\,-][^\s\"'\\,]+))",
    ),
    Rule(
        "a session cookie",
        _COOKIE_WORDS,
        rf"(?i:\b(?:{_COOKIES})=(?:s%3A)?{_VALUE}(?P<hide1>[\w%.+/=-]{{16,}}))",
    ),
    Rule(
        "a session cookie",
        ("cookie",),
        rf"(?i:cookie(?:(?!cookie)[^\n]){{1,400}}?(?:sess|sid|token|auth)\w{{0,30}}={_VALUE}(?P<hide1>[\w%.+/=-]{{16,}}))",
    ),
    Rule(
        "an authorization code",
        ("code=",),
        r"(?i:(?:callback|oauth|oidc|sign-?in|login|redirect|authorize)[^\s\"'<>]{0,300}[?&]code=(?P<hide1>[\w./~%-]{10,}))",
    ),
    Rule(
        "a signature",
        ("x-amz-", "x-goog-"),
        r"(?i:x-(?:amz|goog)-(?:signature|security-token)(?:=|%3d)(?P<hide1>[\w%+/=-]{16,}))",
    ),
    Rule(
        "a card's check number",
        ("cv",),
        r"(?i:\b(?:cvv2?|cvc2?|cvn)[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?P<hide>[0-9]{3,4})\b)",
    ),
    Rule(
        "a one-time password", ("otp",), r"(?i:\bt?otp[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?P<hide>[0-9]{4,8})\b)"
    ),
    Rule(
        "a social security number",
        ("ssn", "social"),
        r"(?i:\b(?:ssn|social[ _-]?security(?:[ _-]?(?:number|no))?)[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?P<hide>[0-9]{3}-?[0-9]{2}-?[0-9]{4})\b)",
    ),
)


Look = Literal["none", "address", "card number", "rule", "rule in a word", "rule at begin"]
"""How a candidate is looked at, before its line is looked at as a whole. ``none``: not at all, since it is so rare, or so
long. ``rule``: by its rule, which may match from anywhere before the candidate's end; ``in a word``: and no blank and no
quote; ``at begin``: where the candidate begins, or not at all."""


class Candidate(NamedTuple):
    """What is searched for in whole blocks."""

    pattern: bytes
    """For hyperscan. ``.`` stops at line breaks."""
    look: Look = "none"
    rule: Rule | None = None
    """The rule by which it is looked at. What others find there has candidates of its own."""


def _rule(kind: str, word: str) -> Rule:
    return next(rule for rule in (*RULES, *_ONLY_IN_LOGS) if rule.kind == kind and word in rule.words)


NAMED, SQL = _rule("a credential", "passphrase"), _rule("a credential", "identified")
"""Whose value follows their candidates."""
IN_LIST, IN_QUERY = _rule("a credential", "value"), _rule("a credential", "%3d")
OF_HOST = _rule("a connection string", "host=")
KEY_ID = _rule("an AWS access key", "akia")
HEADER = _rule("a credential in a header", "authorization")

HIDING = rb"(?i:2[0-58-9a-f]|3[0-9abdf]|[4-7][0-9a-f])"
"""The numbers of characters that an escape may hide a secret by. Those of < > & ' and of letters beyond ASCII are common,
and hide nothing."""

CANDIDATES: tuple[Candidate, ...] = (
    Candidate(rb"PRIVATE KEY"),
    # Celery and others log where they are connected to; only a user or a password in it counts, and no stars.
    Candidate(
        _SCHEMES.replace(r"\b", "").replace(r"\\?/", r"\\{0,4}/").encode() + _UP_TO_CREDENTIALS,
        "rule in a word",
        _rule("a connection string", "jdbc:"),
    ),
    Candidate(
        rb"(?i)(?:host|server|data source)=[^\"\n]+(?:database|dbname|initial catalog|user id)=",
        "rule",
        OF_HOST,
    ),
    Candidate(
        rb":(?:\\{0,4}/){2}" + _UNHIDDEN_USER + rb"@",
        "rule in a word",
        _rule("a URL with credentials", "://"),
    ),
    Candidate(rb"(?i)authorization" + _QUOTE + rb"\s{0,4}[:=,]", "rule at begin", HEADER),
    Candidate(rb"(?i)bearer" + _SPACE + rb"{1,4}(?:\\{0,4}[a-z0-9_.~+/=-]){16}", "rule at begin", HEADER),
    Candidate(
        rb"(?i)(?:password|identified\s{1,4}(?:with\s{1,4}\S{1,60}\s{1,4})?(?:by|as))\s{1,4}\\{0,4}'",
        "rule at begin",
        SQL,
    ),
    Candidate(rb"eyJ[A-Za-z0-9_-]{8,256}\."),
    Candidate(rb"eyJ[A-Za-z0-9_-]{256}"),
    Candidate(rb"(?:AKIA|ASIA)[0-9A-Z]{16}", "rule at begin", KEY_ID),
    Candidate(rb"AIza[\w-]{35}"),
    Candidate(rb"ya29\.[\w-]{20}"),
    Candidate(rb"gh[pousr]_[A-Za-z0-9_]{36}"),
    Candidate(rb"github_pat_\w{22}"),
    Candidate(rb"gl(?:pat|dt|ft|ffct|soat|rt|imt|ptt|agent|oas|cbt)-[A-Za-z0-9_-]{20}"),
    Candidate(rb"GR1348941[A-Za-z0-9_-]{20}"),
    Candidate(rb"(?i)xox[abeoprs]-"),
    Candidate(rb"(?i)hooks\.slack\.com"),
    Candidate(rb"[rs]k_(?:live|test)_[0-9a-zA-Z]{16}"),
    Candidate(rb"(?i)" + NAMES.encode() + _QUOTE + _SPACE + rb"{0,8}\\{0,4}[:=]", "rule at begin", NAMED),
    Candidate(
        rb"(?i)" + NAMES.encode() + _QUOTE + rb"\s{0,4},\s{0,4}" + _QUOTE + rb"value",
        "rule at begin",
        IN_LIST,
    ),
    # Stars alone hide a value.
    Candidate(rb"(?i)" + NAMES.encode() + rb"(?:\s[^<>\n]*)?>\**[^*<>\n][^<>\n]*<\\{0,4}/"),
    Candidate(rb"(?i)" + NAMES.encode() + rb"%3d", "rule at begin", IN_QUERY),
    Candidate(
        rb"(?i)--(?:[a-z0-9]{1,20}-){0,3}" + NAMES.encode() + rb"\s[^\s\"'-]",
        "rule at begin",
        _rule("a credential", "--"),
    ),
    Candidate(rb"(?i)aws.*(?:key|pwd|pw|password|pass|token).*['\"][0-9a-zA-Z/+]{40}\\{0,4}['\"]"),
    Candidate(rb"AccountKey=[a-zA-Z0-9+/=]{88}"),
    Candidate(rb"[0-9a-z]{32}-us[0-9]"),
    Candidate(rb"T3BlbkFJ"),
    Candidate(rb"pypi-Ag[EN]"),
    Candidate(rb"SG\.[a-zA-Z0-9_-]{22}\.[a-zA-Z0-9_-]{43}"),
    Candidate(rb"sq0csp-[0-9A-Za-z\\_-]{43}"),
    Candidate(rb"(?:AC|SK)[a-z0-9]{32}"),
    Candidate(rb"[0-9]{8}:[0-9A-Za-z_-]{35}"),
    Candidate(rb"(?i)(?:" + _COOKIES.encode() + rb")=[^\s;\"']{16}"),
    Candidate(rb"(?i)cookie.*(?:sess|sid|token|auth)\w{0,30}=[^\s;\"']{16}"),
    Candidate(
        rb"(?i)(?:callback|oauth|oidc|sign-?in|login|redirect|authorize)[^\s\"'<>]*[?&]code=[\w./~%-]{10}"
    ),
    Candidate(rb"(?i)x-(?:amz|goog)-(?:signature|security-token)(?:=|%3d)[\w%+/=-]{16}"),
    Candidate(rb"(?i)(?:cvv2?|cvc2?|cvn)" + _QUOTE + rb"\s{0,4}[:=]\s{0,4}" + _QUOTE + rb"[0-9]{3}"),
    Candidate(rb"(?i)(?:otp|totp)" + _QUOTE + rb"\s{0,4}[:=]\s{0,4}" + _QUOTE + rb"[0-9]{4}"),
    Candidate(
        rb"(?i)(?:ssn|social[ _-]?security(?:[ _-]?(?:number|no))?)"
        + _QUOTE
        + rb"\s{0,4}[:=]\s{0,4}"
        + _QUOTE
        + rb"[0-9]{3}"
    ),
    # Up to the first label behind a dot that begins as the last one does: a match for each at sign, and not for each label.
    Candidate(
        rb"[A-Za-z0-9_%+-](?:@|%40)[A-Za-z0-9-]{1,63}\.(?:[0-9-][A-Za-z0-9-]{0,62}\.){0,7}[A-Za-z]",
        "address",
    ),
    Candidate(
        rb"(?:^|[^0-9A-Za-z.-]|\\[bfnrt]|\\u[0-9A-Fa-f]{4})[2-6][0-9]{3}[ -]?[0-9]{4,6}[ -]?[0-9]{4,5}[ -]?[0-9]{0,4}(?:[^0-9A-Za-z]|\\|$)",
        "card number",
    ),
    # An escape may hide any of them.
    Candidate(rb"\\u00" + HIDING),
    # The least that each needs: what follows is for the detector.
    *(Candidate(re.sub(r"\{(\d+),\d+\}(?=\||$)", r"{\1}", shape.pattern).encode()) for shape in SHAPES),
)

_LIBRARY = (
    ("aws", "AWSKeyDetector", "an AWS secret key", ("aws",)),
    ("azure_storage_key", "AzureStorageKeyDetector", "an Azure storage key", ("accountkey=",)),
    (
        "github_token",
        "GitHubTokenDetector",
        "a GitHub or GitLab token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
    ),
    ("gitlab_token", "GitLabTokenDetector", "a GitHub or GitLab token", ("gl", "gr1348941")),
    ("mailchimp", "MailchimpDetector", "a Mailchimp key", ("-us",)),
    ("openai", "OpenAIDetector", "an OpenAI key", ("t3blbkfj",)),
    ("pypi_token", "PypiTokenDetector", "a PyPI token", ("pypi-ag",)),
    ("sendgrid", "SendGridDetector", "a SendGrid key", ("sg.",)),
    ("slack", "SlackDetector", "a Slack token", ("xox", "hooks.slack.com")),
    ("square_oauth", "SquareOAuthDetector", "a Square secret", ("sq0csp-",)),
    ("stripe", "StripeDetector", "a Stripe key", ("k_live_",)),
    ("telegram_token", "TelegramBotTokenDetector", "a Telegram token", (":",)),
    ("twilio", "TwilioKeyDetector", "a Twilio key", ("ac", "sk")),
)
"""The detectors of detect-secrets whose patterns have a shape of their own: module, class, our name, words."""
_WHOLE = ("a Mailchimp key", "a Telegram token", "a Twilio key")
"""Found only where nothing follows: a longer run of letters and digits is a hash or an id."""
_IN_LOGS = ("stack trace", "source file")
"""What the world must not see in an answer belongs into a log."""


class Detector(NamedTuple):
    """Finds one kind of secret in the text of a line."""

    kind: str
    """With its article: ``an e-mail address``."""
    words: tuple[str, ...]
    """In lower case. Without one of them, the pattern cannot match."""
    pattern: re.Pattern[str]
    own: bool
    """Of our rules: a group says what is to be hidden. Else one of the library's: all of it."""


_BEGINS = r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2}))"
"""No part of a word, as which a URL's ``%3D`` does not count."""


@cache
def detectors() -> tuple[Detector, ...]:
    """All of them. Importing detect-secrets takes a fifth of a second, so it waits for the first candidate."""
    ours = (
        detector_of(rule)
        for rule in (*RULES, *_ONLY_IN_LOGS)
        if not any(word in rule.kind for word in _IN_LOGS)
    )
    shapes = (
        Detector(
            one.kind,
            one.words,
            re.compile(rf"{_BEGINS}(?:{one.pattern})(?![A-Za-z0-9_-])", re.ASCII),
            False,
        )
        for one in SHAPES
    )
    return (*shapes, *_of_library(), *ours)


@cache
def detector_of(rule: Rule) -> Detector:
    """A rule of ours, ready to be used."""
    return Detector(rule.kind, rule.words, re.compile(rule.pattern), True)


def _of_library() -> Iterator[Detector]:
    from importlib import import_module

    for module, name, kind, words in _LIBRARY:
        detector = getattr(import_module(f"detect_secrets.plugins.{module}"), name)
        for pattern in detector.denylist:
            if kind == "an AWS secret key" and "aws" not in pattern.pattern:
                continue  # that of the key's id
            end = r"(?![A-Za-z0-9_-])" if kind in _WHOLE else ""
            flags = (pattern.flags & ~re.UNICODE) | re.ASCII
            yield Detector(kind, words, re.compile(f"{_BEGINS}(?:{pattern.pattern}){end}", flags), False)


_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+@-])(?<!//)(?<!/\\/)(?:(?<=\\)(?:u[0-9A-Fa-f]{4}|[bfnrt]))?(?P<local>[A-Za-z0-9_%+](?:[A-Za-z0-9._%+-]{0,62}[A-Za-z0-9_%+-])?)"
    r"(?:@|%40)(?P<domain>(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}(?P<top>[A-Za-z]{2,24}))(?![A-Za-z0-9@-])"
)
_NOT_PEOPLE = re.compile(r"git|celery\d*|worker[\w.-]*|root|gen\d+", re.IGNORECASE)
"""Before the ``@`` of what is no person's address: a repository's, and the names of Celery's nodes."""
_ASSIGNED = re.compile(r"(?!.*%3A).*%23\w+%3D(?:.*%28)?", re.IGNORECASE)
"""Before the ``@`` of code in a URL, which sets a variable: ``#a=@org.example.Main``, ``#a=…(@org.example.Main``. Behind a colon it may
be a password."""
_NO_DOMAINS = frozenset((
    "png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "js", "mjs", "ts", "css", "map", "json", "html", "py", "tgz",
    "gz", "zip", "whl", "conf", "yaml", "yml", "log", "txt", "xml", "toml", "ini", "cfg", "jar", "exe", "dll", "local", "localdomain", "localhost", "internal", "lan", "svc",
))  # fmt: skip
"""What ends a file's name, or a host's that no mail reaches."""

_CARD = re.compile(r"(?<![\w.+/-])(?:\d[ -]?){13,15}\d(?![\w/=]|[.-]\d)", re.ASCII)
_ISSUERS = re.compile(
    r"4\d{15}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|62\d{14}"
)
"""Visa, Mastercard (two ranges), American Express, Discover, JCB, Diners Club, UnionPay; at their usual lengths."""
_SEPARATORS = re.compile("[ -]")


def addresses(text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """E-mail addresses of people: not the names of nodes, repositories, packages or files."""
    for match in _EMAIL.finditer(text, start, end):
        if _is_persons(match):
            yield "an e-mail address", match.start("local"), match.end()


def address_at(text: str, begin: int) -> tuple[int, int] | None:
    """A person's address that begins there, or behind an escape there."""
    match = _EMAIL.match(text, begin)
    return (match.start("local"), match.end()) if match is not None and _is_persons(match) else None


def _is_persons(match: re.Match[str]) -> bool:
    return (
        not _NOT_PEOPLE.fullmatch(match["local"])
        and not _ASSIGNED.fullmatch(match["local"])
        and match["top"].lower() not in _NO_DOMAINS
        and not match["domain"].split(".")[0].isdigit()
    )


def is_issued(digits: str) -> bool:
    """Whether a card's number may be so, check digit left out."""
    return _ISSUERS.fullmatch(digits) is not None


def cards(text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """Card numbers: an issuer's, of its length, with a right check digit, in one piece or grouped as cards print."""
    for match in _CARD.finditer(text, start, end):
        groups = _SEPARATORS.split(match[0])
        digits = "".join(groups)
        alike = len(groups) == 1 or [len(group) for group in groups] in ([4, 4, 4, 4], [4, 6, 5], [4, 6, 4])
        one_separator = not (" " in match[0] and "-" in match[0])
        if alike and one_separator and is_issued(digits) and _luhn(digits):
            yield "a card number", *match.span()


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
