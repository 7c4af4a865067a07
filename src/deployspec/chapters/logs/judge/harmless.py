"""What looks like a secret or a person's address in a log line, and is none: told by what stands around it.

Each kind here was met in logs that others published (``proven/corpora.py``). Each is narrow, since a secret that is taken for
harmless is worse than a false alarm: without what stands around it, the same text is a finding again.
"""

from __future__ import annotations

import re

_AROUND = 400
"""Characters before and after a span that may say what it is."""
_SECRET_WITHIN = 1000
"""Characters before and after the id of a key in which its secret is looked for."""


def is_harmless(kind: str, text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]``, which a detector of this kind would hide, is neither a secret nor a person's address.

    ``text`` is a line or a piece of it, ``kind`` as the detectors name it: ``an e-mail address``.
    """
    found = text[start:end]
    before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    if "\\" in before:
        before = _BREAK.sub(" ", before)
    match kind:
        case "an e-mail address":
            return _is_no_persons_address(found, before, after)
        case "an AWS access key":
            return _is_lone_key_id(found, text, start, end)
        case "a credential":
            return _is_lone_key_id(found, text, start, end) or _is_no_credential(found, before, after)
        case "a credential in a header":
            return bool(_STANDS_FOR.fullmatch(found) or _HIDDEN.fullmatch(found))
        case "a connection string" | "a URL with credentials":
            return _has_no_password(found, before)
        case "a card number":
            return bool(_TRACE.search(before))
        case "a Mailgun key":
            return found.startswith("key-") and bool(_KEYS.search(before))
    return False


_BREAK = re.compile(r"\\+[nrt]")
"""A line break or tab behind an escape: its letter begins no name."""
_TRACE = re.compile(
    r"(?<![A-Za-z0-9])(?:trace|span|parent|request|correlation)[_-]?id\\*[\"']?[:=]\s?\\*[\"']?\Z",
    re.IGNORECASE,
)
"""Ids made of digits by chance: one in some thousands looks like a card's number."""

_KEYS = re.compile(r"[A-Za-z0-9][_-]\Z")
"""``cache-key-…``: a key by which something is found, whose name ends with a hash."""

_ALGORITHM = re.compile(
    r"(?:(?:aes\d+|chacha20|rijndael|hmac|umac|rsa|ssh|sk|ecdsa|webauthn|curve25519|sntrup\d+\w*|mlkem\d+\w*|kex|ext|hostkeys)"
    r"(?:-[a-z0-9]+)+|zlib|eow|keepalive|f?statvfs|fsync|hardlink|posix-rename|no-more-sessions)@(?:openssh\.com|libssh\.org|lysator\.liu\.se|ssh\.com)"
)
"""Of SSH, whose private algorithms and requests are named after a domain."""
_UNIT = re.compile(r".*\.(?:service|socket|mount|automount|timer|slice|scope|device|swap)")
"""systemd's, made from a template: ``getty@tty1.service``. None of these is a top-level domain."""
_BUILT = re.compile(r"(?:Linux version|gcc(?: version)?|clang version) \d[^()]{1,100}\(\Z")
"""Who built a kernel, and on which host."""
_BUILT_BY = re.compile(r"\b(?:build_?context|go=go[\d.]+|platform=\w+/\w+)[^\n]{0,120}\buser=\Z")
"""Who built a program, as Prometheus and others say when they start."""
_NEAR = 64
"""Characters before a span that may say what it is: the longest name, and what is between."""
_EXTENSION = re.compile(r"\bsips?:\Z", re.IGNORECASE)
"""Before the extension of a telephone system."""
_LOGINS = ("ssh", "scp", "sftp", "rsync")
_LOGIN = re.compile(r"(?<![\w./-])(?:ssh|scp|sftp|rsync)(?: -[A-Za-z]\w*(?: [\w./-]+)?){0,8} \Z")
_MACHINE = re.compile(r"[a-z_][a-z0-9_-]{0,31}@[\w-]+(?:\.[\w-]+){2,}")
_REMOTE_PATH = re.compile(r":[/~]")
"""``deploy@web1.example.com:/srv``, as scp, rsync and prompts write it."""
_MESSAGE_ID = re.compile(
    r"(?<![\w-])(?:(?:resent-)?message-?id|msg-?id|mid(?==<)|in-reply-to|call-id)[\"']?[:=]\s?[\"']?<?\Z",
    re.IGNORECASE,
)
_VISITOR = re.compile(r"\" \d{3} (?:\d+|-) \\*\"[^\"]*\" \\*(?P<quote>\")(?P<said>[^\"]*)\Z")
"""The last part of an access log's line in the combined form."""
_IDS = ("id", "in-reply-to")
_AGENT = re.compile(
    r"user[_-]?agent(?:\\*[\"'])?\s?[:=]\s?\\*(?P<quote>[\"'])(?P<said>[^\"]*)\Z", re.IGNORECASE
)
"""The field of that name elsewhere."""
_ROBOT = re.compile(r"bot\b|bot[/-]|crawl|spider|compatible;|https?://|\bour scans\b", re.IGNORECASE)
_IN_URL = re.compile(r"(?P<before>:(?:\\?/){2})(?P<user>[^\s/?#\"'<>\\@]{1,100})\Z")
"""``https://u:$API_KEY@api.example.com`` has no address in it."""
_PRODUCT = re.compile(r"[\w.-]{1,60}[/_ ]v?\d[^\"()]{0,60}\(\Z")
"""``crawler_2.6 (``: a program, its version, and whom to ask."""
_COMPATIBLE = re.compile(r"\(compatible;[^()\"]*\Z")


def _ending(pattern: re.Pattern[str], before: str, word: str, reach: int = 0) -> re.Match[str] | None:
    """What ends a text, and has this word, in lower case, at most ``reach`` characters after its begin.

    A pattern is tried at each place, which takes far longer than to look for a word.
    """
    lowered = before.lower()
    at = lowered.find(word)
    # Some letters are two in lower case.
    return pattern.search(before, max(0, at - reach + len(before) - len(lowered))) if at >= 0 else None


def _is_no_persons_address(found: str, before: str, after: str) -> bool:
    if _ALGORITHM.fullmatch(found) or _UNIT.fullmatch(found):
        return True
    # Patterns that look back cost more than a look at the last character, or for a word.
    if "(compatible;" in before and _COMPATIBLE.search(before):
        return True
    last = before[-1:]
    if last == "(" and _BUILT.search(before) and after.startswith(")"):
        return True
    if before.endswith("user=") and _BUILT_BY.search(before):
        return True
    if last == " " and any(word in before for word in _LOGINS) and _LOGIN.search(before):
        return True
    if _REMOTE_PATH.match(after) and _MACHINE.fullmatch(found):
        return True
    if last == ":" and found.partition("@")[0].isdigit() and _EXTENSION.search(before[-_NEAR:]):
        return True
    if before[-_NEAR:].rstrip(" \t<:=\"'").lower().endswith(_IDS) and _MESSAGE_ID.search(before[-_NEAR:]):
        # Those that programs make have a number or a date in them.
        return any(character.isdigit() for character in found.partition("@")[0])
    if "//" in before.replace("\\", "") and (url := _IN_URL.search(before)):
        return _has_no_password(url["user"] + found, url["before"])
    agent = (_VISITOR.search(before) if '" ' in before else None) or _ending(_AGENT, before, "agent", 5)
    if not agent or agent["quote"] in agent["said"]:
        return False
    asked = agent["said"] and (
        found.startswith("+") or (_PRODUCT.fullmatch(agent["said"]) and after.startswith(")"))
    )
    return bool(asked or _ROBOT.search(agent["said"] + found + after.partition('"')[0]))


_KEY_ID = re.compile(
    r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}(?:(?P<cut>%2F|/)\d{8}(?P=cut)[a-z0-9-]{1,30}(?P=cut)[a-z0-9-]{1,30}(?P=cut)aws4_request)?"
)
"""With its scope, as a signature's credential has it."""
_SHORTER = re.compile(r"(?:[^A-Za-z0-9/+]++|[A-Za-z0-9/+]{1,39}+(?![A-Za-z0-9/+]))*+")
"""No word as long as a secret key: told in a fifth of the time."""
_SECRET_KEY = re.compile(
    r"(?<![A-Za-z0-9/+])(?=[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+]))(?=[^a-z\s]{0,39}[a-z])[^A-Z\s]{0,39}[A-Z]"
)


def _is_lone_key_id(found: str, text: str, start: int, end: int) -> bool:
    """An access key id is an identifier, as a user's name is. Near what may be its secret key, it is a finding."""
    if not _KEY_ID.fullmatch(found):
        return False
    near = text[max(0, start - _SECRET_WITHIN) : end + _SECRET_WITHIN]
    shorter = _SHORTER.match(near)
    return (shorter is not None and shorter.end() == len(near)) or not _SECRET_KEY.search(near)


_SECRETS_NAME = (
    r"(?:PASS(?:WORD|WD|PHRASE)?|PWD|SECRET|TOKEN|CREDENTIALS?|(?:API|ACCESS|PRIVATE|SECRET)_?KEY|DSN)"
)
_UPPER = rf"(?:[A-Z][A-Z0-9]*_)*(?:PG|MYSQL|DB)?{_SECRETS_NAME}"
VARIABLE = rf"(?:{_UPPER}|{_UPPER.lower()})"
"""In one case: ``$Password`` may be one."""
_CONVERSION = r"%(?:\([A-Za-z_]\w{0,40}\))?[#+]?[sdvqr@]"
_STANDS_FOR = re.compile(
    rf"\${VARIABLE}|\$\{{{VARIABLE}\}}|%{VARIABLE}%|\{{(?:{VARIABLE}|\d)?\}}|\$?\{{\{{[^{{}}]{{1,100}}\}}\}}"
    rf"|{_CONVERSION}(?:[:/.]{_CONVERSION}){{0,3}}[.,]?|(?:var|local|process\.env|os\.environ)\.{VARIABLE}"
)
"""Variables, and what a format puts a value in the place of."""
_HIDDEN = re.compile(
    r"[\W_]*(?:redacted|masked|hidden|filtered|removed|scrubbed|sanitized|omitted)[\W_]*|x{5,}|(?:\*|%2A)+|\*{4,}\w{1,4}"
    r"|undefined|null|none|nil",
    re.IGNORECASE,
)
"""``xxxxx`` is what Go writes in a URL; some leave the last four characters to be seen. The last are what there is where nothing is."""
_WORDS = {"sensitive": ("(", " value)"), "known": ("(", " after apply)"), "object": ("[", " Object]")}
"""What Terraform prints of a value that it hides, or does not know yet, and JavaScript of an object: by the first word, what
is around it."""
_USER_OF_URL = re.compile(r":(?:\\?/){2}[^\s/?#\"'<>\\@:]{1,60}:\Z")
_FETCH = re.compile(r"\bcredentials\\*[\"']?\s{0,8}[:=]\s{0,8}\\*[\"']?\Z", re.IGNORECASE)
_FETCHED = ("include", "omit", "same-origin")
"""Whether a browser is to send cookies."""
_PARSER = re.compile(
    r"\b(?:unexpected|unrecognized|illegal|extraneous)\s(?:\w{1,20}\s)?token\W{1,4}\Z", re.IGNORECASE
)
_PARSED = re.compile(r"[A-Za-z_]{1,20}")
"""``Unexpected token: 'SELECT'``: a word of what was parsed."""
_OF_FILES = re.compile(
    r"(?:private[_-]?key|[_-](?:file|path))\\*[\"']?\s{0,8}[:=]\s{0,8}\\*[\"']?\Z", re.IGNORECASE
)
_PATH = re.compile(r"(?:~|\.{1,2})?(?:/[\w.@-]+){2,}/?")
"""Where a key is kept, and not the key."""
_PAM = re.compile(r"\bpam_\w{1,30}\([\w.-]{0,30}(?:passwd|password):\Z")
"""A module of PAM with the service that it serves: ``pam_unix(chpasswd:chauthtok)``."""
_DELIVERY = re.compile(r"\bdsn\s?[:=]\s?\Z", re.IGNORECASE)
_DELIVERY_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
"""A mail server's delivery status notification, where others have the source of their data."""
_TYPE = re.compile(r"(?:[A-Z][a-z]+){0,6}(?:Token|Credentials?|Secret|Password)")
_OPENS = re.compile(r" ?[{(\[]")
"""``Token { kind: …``, ``UsernamePasswordCredential(…``: a value's type, before its fields. Those are searched, too."""
_OBJECT = re.compile(
    r"(?:[a-z]\w*\.){1,8}[A-Z][\w$]*@[0-9a-f]{1,8}|(?:com|org|net)(?:\.[a-z]{2,20}){2,4}/\d{1,8}:?"
)
"""What Java prints of an object without a text; an activity of macOS."""
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d*:[\w/:.+@*-]+")
_IN_ARN = re.compile(r"\barn:aws[a-z-]*:secretsmanager:[a-z0-9-]*:\d*:secret:\Z")
_IN_ARN_NAME = re.compile(r"[\w/+.@-]+(?::[\w-]*){0,3}")
_PAGE = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:next|prev|previous)[_-]?page|continuation|pagination|next|initial[_-]cluster)[_-]?token"
    r"\\*[\"']?\s{0,8}(?::|=>?)\s{0,8}[\[(]?\s{0,8}\\*[\"']?\Z",
    re.IGNORECASE,
)
"""Where a list goes on, and the name of a cluster of etcd: who knows it may nothing."""


def _is_no_credential(found: str, before: str, after: str) -> bool:
    before = before[-_NEAR:]
    if "@" in found and _USER_OF_URL.search(before):
        found = found.partition("@")[0]
    if _STANDS_FOR.fullmatch(found) or _HIDDEN.fullmatch(found):
        return True
    opens, closes = _WORDS.get(found, ("", ""))
    if opens and before.endswith(opens) and after.startswith(closes):
        return True
    if _ending(_PAGE, before, "token", len("initial-cluster-")) or _ending(_PAM, before, "pam_"):
        return True
    if _PATH.fullmatch(found) and _OF_FILES.search(before):
        return True
    if found in _FETCHED and _ending(_FETCH, before, "credentials"):
        return True
    if _PARSED.fullmatch(found) and _ending(_PARSER, before, "token", len("unrecognized ") + 21):
        return True
    if _ending(_DELIVERY, before, "dsn"):
        return bool(_DELIVERY_STATUS.fullmatch(found))
    if _TYPE.fullmatch(found) and _OPENS.match(after):
        return True
    if _OBJECT.fullmatch(found) or _ARN.fullmatch(found):
        return True
    return bool(_ending(_IN_ARN, before, "arn:aws") and _IN_ARN_NAME.fullmatch(found))


_OF_NODES, _OF_SHELLS = ("akka:", "pekko:", "spark:", "tcp:", "udp:"), ("ssh:", "sftp:", "scp:", "rsync:")
_NODES = re.compile(r"\b(?:akka(?:\.(?:ssl\.)?(?:tcp|udp))?|pekko(?:\.(?:ssl\.)?tcp)?|spark):(?:\\?/){2}\Z")
_NODE = re.compile(r"[A-Za-z]{1,40}(?:[_-][A-Za-z]{1,40}){0,4}[_-]?\d{0,4}")
"""Systems of actors, each of which has a name before its host."""
_SHELLS = re.compile(r"\b(?:(?:git|svn|bzr|hg)\+)?(?:ssh|sftp|scp|rsync):(?:\\?/){2}\Z")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")


def _has_no_password(found: str, before: str) -> bool:
    user, at, host = found.rpartition("@")
    if not at:
        user, host = host, ""
    scheme = before[-_NEAR:].rstrip("\\/")
    if scheme.endswith(_OF_NODES) and _NODES.search(before[-_NEAR:]):
        return bool(_NODE.fullmatch(user))
    if scheme.endswith(_OF_SHELLS) and _SHELLS.search(before[-_NEAR:]):
        return bool(_USER.fullmatch(user))
    password = user.partition(":")[2] or user
    is_none = _STANDS_FOR.fullmatch(password) or _HIDDEN.fullmatch(password)
    return bool(is_none) and "=" not in host
