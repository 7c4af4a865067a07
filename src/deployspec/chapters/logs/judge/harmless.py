"""What has the shape of a secret or of a person's address, and is none: told by what stands around it.

Each kind was seen in public logs (docs/proven-on.md). What is harmless is described narrowly: a secret that is passed
over is worse than a false alarm.
"""

from __future__ import annotations

import re

_BEFORE = 200
"""Characters before a finding that are looked at."""
_AFTER = 40


def is_harmless(kind: str, text: str, start: int, end: int) -> bool:
    """Whether what was found at ``text[start:end]`` tells nothing that must not be told."""
    match kind:
        case "an e-mail address":
            return _is_no_person(text, start, end)
        case "a credential":
            return _is_no_credential(text, start, end)
        case "an AWS access key":
            # The id, not the key: AWS itself logs it, to tell keys apart.
            return _KEY_ID.fullmatch(text, start, end) is not None
        case "a URL with credentials":
            return _SCHEME_OF_NAMES.search(
                text, max(0, start - _BEFORE), start
            ) is not None and not _SAYS_PASSWORD.search(text, start, end)
    return False


_KEY_ID = re.compile(r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}")
_SCHEME_OF_NAMES = re.compile(
    r"(?:\b(?:akka(?:\.\w{1,10})?|spark|pekko(?:\.\w{1,10})?|ssh|sftp|git\+ssh|svn\+ssh|rsync|sips?|xmpp)://)\Z",
    re.I,
)
"""Where a name before the host is an address, and no secret."""
_SAYS_PASSWORD = re.compile(r":|%3a", re.IGNORECASE)


def _is_no_person(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - _BEFORE) : start]
    address = text[start:end]
    after = text[end : end + _AFTER]
    local, _, host = address.lower().partition("@")
    # What is quick to see comes first.
    if after.startswith((":/", ":~")):
        return True  # an account at a host, as scp and rsync write it
    if host in _OF_ALGORITHMS and _ALGORITHM.fullmatch(local):
        return True  # an algorithm of SSH, by the name of who made it
    if "gent" in before and _USER_AGENT.search(before):
        return True
    if before.endswith("user=") and _BUILT.search(before):
        return True
    if "(" in before and (
        # Who compiled the kernel, and where.
        _LINUX_VERSION.search(before) or (_BOT.search(before) and _CLOSED.match(after))
    ):
        return True
    if before.endswith("<") and _MESSAGE_ID.search(before):
        return True
    if before.endswith(" ") and _SSH.search(before):
        return True
    if local.isdigit() and len(local) <= _EXTENSION and _SIP.search(before):
        return True
    return (
        '" "' in text[max(0, start - _AGENT) : start]
        and _COMBINED.search(text, max(0, start - _AGENT), start) is not None
        and _LAST.match(text, end) is not None
    )


_AGENT = 1024
"""The longest user agent that is looked at."""
_OF_ALGORITHMS = frozenset(
    (
        "openssh.com",
        "libssh.org",
        "lysator.liu.se",
        "ssh.com",
        "putty.projects.tartarus.org",
        "tinyssh.org",
        "matt.ucc.asn.au",
    )
)
_ALGORITHM = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)+|zlib|none")
_LINUX_VERSION = re.compile(r"\bversion \d\S{0,60} \(\Z")
_BUILT = re.compile(r"\b(?:build_?context|go=go[\d.]+|platform=\w+/\w+)[^\n]{0,120}\buser=\Z")
"""Who built a program, as Prometheus and others say when they start."""
_SSH = re.compile(r"\b(?:ssh|scp|sftp|rsync|ssh-copy-id)(?: -\w+(?: [\w./-]+)?){0,4} \Z")
_MESSAGE_ID = re.compile(
    r"\b(?:message-?id|resent-message-id|in-reply-to|references)[\"']?\s?[:=]\s?[\"']?<\Z", re.IGNORECASE
)
_EXTENSION = 6
"""Digits of an extension, which is no telephone number."""
_SIP = re.compile(r"\bsips?:\Z", re.IGNORECASE)
_USER_AGENT = re.compile(r"user[_-]?agent[\"']?\s?[:=]\s?[\"'][^\"']*\Z", re.IGNORECASE)
"""What a client says of itself: whom to ask about a crawler, not who uses it."""
_COMBINED = re.compile(r"\" \d{3} (?:\d+|-) \"[^\"]*\" \"[^\"]*\Z")
"""A line of an access log in the combined form, up to somewhere in its last field, the user agent."""
_LAST = re.compile(r"[^\"]*\"")
_BOT = re.compile(
    r"\((?:compatible; |[^()]*\b\w*(?:bot|crawler|spider)\b)[^()\"]*\Z|\b\w*(?:[Bb]ot|[Cc]rawler|[Ss]pider)/[\d.]+ \([^()\"]*\Z"
)
_CLOSED = re.compile(r"[^()\"]{0,40}[;)]")


def _is_no_credential(text: str, start: int, end: int) -> bool:
    value = text[start:end]
    before = text[max(0, start - _BEFORE) : start]
    named = _NAMED.search(before)
    name = named[1].lower() if named else ""
    return bool(
        _PLACEHOLDER.fullmatch(value)
        or _HIDDEN.fullmatch(value)
        or _KEY_ID.fullmatch(value)
        # pam_unix(gdm-password:session)
        or _PAM.search(before)
        or (name.endswith("dsn") and _DELIVERY_STATUS.fullmatch(value))
        or _OF_PAGES.fullmatch(name)
        or (name in _OF_CLUSTERS and not any(map(str.isdigit, value)))
        or _ARN.search(before)
        # The name of a type, before its fields.
        or (text[end : end + 2].lstrip(" ")[:1] in _OPENS and _TYPE.fullmatch(value))
        or _OBJECT.fullmatch(value)
        or (_OF_FILES.search(name) and _PATH.fullmatch(value))
    )


_NAMED = re.compile(r"([\w.-]+)[\"'\\]{0,3}\s{0,8}(?::|=>?)\s{0,8}[\[(]?\s{0,8}[\"'\\]{0,3}\Z")
_PLACEHOLDER = re.compile(
    r"\$\{?[A-Za-z_]\w*\}?|\$\([^)]*\)|%(?:\(\w+\))?[-\d.]*[sdrvq]|%[A-Z_]{2,}%|\{\w*(?:![rsa])?\}|\{\{ ?[\w.$ ]+ ?\}\}|<[\w .-]+>|:\w+|\?"
    r"|(?:var|local|env|process\.env|os\.environ|secrets|config|settings|vault|data)\.[A-Za-z_][\w.]*"
)
"""What stands for a value that is put in elsewhere."""
_HIDDEN = re.compile(
    r"[_\[<(*]*(?:redacted|masked|hidden|filtered|removed|sanitized|scrubbed|obfuscated|omitted|xxx+)[_\])>*]*",
    re.IGNORECASE,
)
_PAM = re.compile(r"\bpam_\w+\([\w-]*:\Z")
_DELIVERY_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_OF_PAGES = re.compile(
    r"(?:\S*[^a-z])?(?:next|prev(?:ious)?|page|paging|pagination|continuation|continue|sync|resume|cursor|cancel(?:l?ation)?|fencing"
    r"|nextpage|next_page|next-page|unexpected|parse)[_-]?token"
)
"""Tokens that say where a list goes on, or what a parser has read."""
_OF_CLUSTERS = ("initial-cluster-token", "initial_cluster_token", "initialclustertoken")
_ARN = re.compile(r"\barn:aws[\w-]*:[\w:/.-]*\Z")
_OPENS = ("{", "(", "[")
_OBJECT = re.compile(
    r"(?:com|org|net|io|android|javax?|sun|jdk|kotlin|scala)(?:\.[\w$-]+)+(?:@[0-9a-f]{4,8}|/\d{1,9}:?)?:?"
)
"""A class of Java's, perhaps with the address of an object; a name that begins with a domain."""
_TYPE = re.compile(r"[A-Za-z_$][A-Za-z_$.]*")
_OF_FILES = re.compile(r"private[_-]?key|key[_-]?file|[_-](?:file|path)\Z")
_PATH = re.compile(r"(?:~|\.{1,2})?(?:/[\w.@-]+){2,}/?")
