"""What is searched for in log lines: candidates that are quick to find, and detectors that confirm them.

A candidate is a pattern for hyperscan over raw bytes, which knows neither look-around nor check digits; it finds all
that a detector could, and more. A detector is a regular expression of Python's over the text of one line: those of
detect-secrets for keys of a known shape, those of ``deployspec.base.disclosure_rules`` for the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from deployspec.base.disclosure_rules import NAMES, RULES

_QUOTE = rb"(?:\\{0,4}[\"']|\\{1,4}u002[27])?"
"""After a name, perhaps behind escapes."""
_SCHEMES = next(rule.pattern for rule in RULES if "jdbc:" in rule.words).partition(r"(?!")[0]
"""How a connection string begins."""

CANDIDATES: tuple[bytes, ...] = (
    rb"PRIVATE KEY",
    _SCHEMES.replace(r"\b", "").replace(r"\\?/", r"\\{0,4}/").encode(),
    rb"(?i)(?:host|server|data source)=[^\"\n]{1,300}(?:database|dbname|initial catalog|user id)=",
    rb":(?:\\{0,4}/){2}[^\s/?#\"'<>@]{1,300}@",
    rb"(?i)authorization" + _QUOTE + rb"\s{0,4}[:=]",
    rb"(?i)bearer\s{1,4}[a-z0-9_.~+/=-]{16}",
    rb"eyJ[A-Za-z0-9_-]{8,256}\.",
    rb"eyJ[A-Za-z0-9_-]{256}",
    rb"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}",
    rb"AIza[\w-]{35}",
    rb"ya29\.[\w-]{20}",
    rb"gh[pousr]_[A-Za-z0-9_]{36}",
    rb"github_pat_\w{22}",
    rb"gl(?:pat|dt|ft|soat|rt|imt|ptt|agent|oas|cbt)-[A-Za-z0-9_-]{20}",
    rb"GR1348941[A-Za-z0-9_-]{20}",
    rb"(?i)xox[abeoprs]-",
    rb"(?i)hooks\.slack\.com",
    rb"[rs]k_(?:live|test)_[0-9a-zA-Z]{16}",
    rb"(?i)" + NAMES.encode() + _QUOTE + rb"\s{0,8}[:=]",
    rb"(?i)aws.{0,80}(?:key|pwd|pw|password|pass|token).{0,80}['\"][0-9a-zA-Z/+]{40}\\{0,4}['\"]",
    rb"AccountKey=[a-zA-Z0-9+/=]{88}",
    rb"[0-9a-z]{32}-us[0-9]",
    rb"T3BlbkFJ",
    rb"pypi-Ag[EN]",
    rb"SG\.[a-zA-Z0-9_-]{22}\.[a-zA-Z0-9_-]{43}",
    rb"sq0csp-[0-9A-Za-z\\_-]{43}",
    rb"(?:AC|SK)[a-z0-9]{32}",
    rb"[0-9]{8}:[0-9A-Za-z_-]{35}",
    rb"[A-Za-z0-9_%+-](?:@|%40)(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2}",
    rb"(?:^|[^0-9A-Za-z.-]|\\[bfnrt])[2-6][0-9]{3}[ -]?[0-9]{4,6}[ -]?[0-9]{4,5}[ -]?[0-9]{0,4}(?:[^0-9A-Za-z]|\\|$)",
    # An escape may hide any of them. Those of < > & ' and of letters beyond ASCII are common, and hide nothing.
    rb"\\u00(?i:2[0-58-9a-f]|3[0-9abdf]|[4-7][0-9a-f])",
)
"""Searched for in whole blocks at once. ``.`` stops at line breaks."""

_LIBRARY = (
    ("aws", "AWSKeyDetector", "an AWS access key", ("a3t", "abia", "acca", "akia", "asia", "aws")),
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


@cache
def detectors() -> tuple[Detector, ...]:
    """All of them. Importing detect-secrets takes a fifth of a second, so it waits for the first candidate."""
    ours = (
        Detector(rule.kind, rule.words, re.compile(rule.pattern), True)
        for rule in RULES
        if not any(word in rule.kind for word in _IN_LOGS)
    )
    return (*_of_library(), *ours)


def _of_library() -> Iterator[Detector]:
    from importlib import import_module

    for module, name, kind, words in _LIBRARY:
        detector = getattr(import_module(f"detect_secrets.plugins.{module}"), name)
        for pattern in detector.denylist:
            end = r"(?![A-Za-z0-9_-])" if kind in _WHOLE else ""
            flags = (pattern.flags & ~re.UNICODE) | re.ASCII
            yield Detector(
                kind, words, re.compile(f"(?<![A-Za-z0-9])(?:{pattern.pattern}){end}", flags), False
            )


_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+@/-])(?P<local>[A-Za-z0-9_%+](?:[A-Za-z0-9._%+-]{0,62}[A-Za-z0-9_%+-])?)"
    r"(?:@|%40)(?P<domain>(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}(?P<top>[A-Za-z]{2,24}))(?![A-Za-z0-9@-])"
)
_NOT_PEOPLE = re.compile(r"git|celery\d*|worker[\w.-]*|root|gen\d+", re.IGNORECASE)
"""Before the ``@`` of what is no person's address: a repository's, and the names of Celery's nodes."""
_NO_DOMAINS = frozenset((
    "png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "js", "mjs", "ts", "css", "map", "json", "html", "py", "tgz",
    "gz", "zip", "whl", "local", "localdomain", "localhost", "internal", "lan", "svc",
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
        if (
            not _NOT_PEOPLE.fullmatch(match["local"])
            and match["top"].lower() not in _NO_DOMAINS
            and not match["domain"].split(".")[0].isdigit()
        ):
            yield "an e-mail address", *match.span()


def cards(text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """Card numbers: an issuer's, of its length, with a right check digit, in one piece or grouped as cards print."""
    for match in _CARD.finditer(text, start, end):
        groups = _SEPARATORS.split(match[0])
        digits = "".join(groups)
        alike = len(groups) == 1 or [len(group) for group in groups] in ([4, 4, 4, 4], [4, 6, 5], [4, 6, 4])
        one_separator = not (" " in match[0] and "-" in match[0])
        if alike and one_separator and _ISSUERS.fullmatch(digits) and _luhn(digits):
            yield "a card number", *match.span()


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
