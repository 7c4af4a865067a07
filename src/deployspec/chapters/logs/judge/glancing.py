"""A glance at a candidate: what its own bytes show to be harmless, at a tenth of what a look around it costs.

Logs repeat themselves, and so do their harmless candidates: node names, ciphers, units, the URL of a broker. What a text
shows that nothing around it can change is remembered by that text, in bounded memory. Only what is surely harmless, behind
escapes too, is told; all else is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from deployspec.chapters.logs.judge.harmless import VARIABLE, is_harmless
from deployspec.chapters.logs.judge.secret_patterns import (
    HEADER,
    KEY_ID,
    NAMED,
    OF_HOST,
    SQL,
    Candidate,
    address_at,
    is_issued,
)

_REMEMBERED = 4096
"""How many texts are remembered, of each kind: some hundred bytes each."""
_ENDS = rb"(?:[\s\"',;&<>(){}\[\]]|\\{1,4}[\"'nrt]|\Z)"
_HIDDEN = rb"\*{2,}|\[?(?:REDACTED|FILTERED|redacted|filtered|hidden|masked)\]?"
_END = rb"(?(quote)(?P=quote)|" + _ENDS + rb")"
_NO_VALUE = re.compile(
    # Ruby prints ``"password"=>"[FILTERED]"``.
    rb">?\s{0,8}(?P<quote>\\{0,4}[\"'])?"
    rb"(?:HIDDEN|[Nn]one|null|true|false|nil|(?(quote)(?=(?P=quote))|(?!))"
    # What stands for a value that is not there.
    rb"|%[sdvqr]|\$VARIABLE|\$\{VARIABLE\}|(?:var|local)\.VARIABLE)END".replace(
        b"VARIABLE", VARIABLE.encode()
    )
    .replace(b"HIDDEN", _HIDDEN)
    .replace(b"END", _END)
)
"""A value that begins like one of these and goes on is none of them."""
_NO_CREDENTIAL = re.compile(
    rb">?\s{0,4}(?P<quote>\\{0,4}[\"'])?(?:(?i:basic|bearer|token)\s{1,4})?(?:" + _HIDDEN + rb")" + _END
)
_PAGE = re.compile(
    rb"[^A-Za-z0-9\\](?:(?:next|prev|previous)[_-]?page|continuation|pagination|next|initial[_-]cluster)[_-]?token"
    rb"(?:\\{0,4}[\"'])?\s{0,8}[:=]\Z",
    re.IGNORECASE,
)
"""Where a list goes on, whatever its value."""
_PAGE_REACH = len(" initial-cluster-")
_KEY_ID = re.compile(rb"\s?(?:\\{0,4}[\"'])?(?:AKIA|ASIA)[0-9A-Z]{16}" + _ENDS)
_ENDS_OPTION = re.compile(rb"[\s;\"']")
_PASSWORDS = (b"@", b"passw", b"pwd", b"accountkey", b"accesskey")
_WORDS = bytes(
    ord("a") if (one < 128 and chr(one).isalnum()) or one in b"/+" else ord(" ") for one in range(256)
)
_SECRET_KEY = b"a" * 40
"""A word as long as one, when all letters are one."""
_LONGEST = 2048
"""The longest line, in bytes, that is searched for such a word."""
_LOCAL = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-"
_LOCAL_REACH = 64
_GOES_ON = re.compile(rb"[A-Za-z0-9.@_%+-]{0,255}")
_ESCAPED = re.compile(rb"\\+[\"'nrt]")
"""What ends a word, however often escapes are resolved."""
_ROBOT, _ROBOT_REACH = b"(compatible;", 380
_ENDS_ROBOT = re.compile(rb"[()\"\\\n]")
_MESSAGE_ID = re.compile(
    rb"(?<![\w\x80-\xff-])(?:(?:resent-)?message-?id|msg-?id|mid(?==<)|in-reply-to)(?:\\{0,4}[\"'])?[:=]\s?(?:\\{0,4}[\"'])?<?\Z",
    re.IGNORECASE,
)
_MESSAGE_ID_REACH, _ENDS_NAME = 32, b"<:=\"' "
_DIGIT = re.compile(rb"[0-9]")
_BACKSLASH = ord("\\")


Glance = Callable[[bytes, int, int], bool]
"""Whether a candidate of whole lines, with its begin, where that counts, and its end, is surely harmless."""


def glance_of(candidate: Candidate) -> Glance | None:
    """The glance at a candidate; None: there is none."""
    if candidate.look == "address":
        return _is_no_persons
    if candidate.look == "card number":
        return _is_no_card
    glances = {
        NAMED: _tells_nothing,
        SQL: _is_hidden,
        KEY_ID: _is_lone,
        HEADER: _has_no_credential,
        OF_HOST: _has_no_password,
    }
    return glances.get(candidate.rule) if candidate.rule else None


def _tells_nothing(data: bytes, begin: int, end: int) -> bool:
    if _is_page(data, begin, end):
        return True
    if b"A" in data[end : end + 4] and _KEY_ID.match(data, end):
        return _is_alone(data, end)
    return _NO_VALUE.match(data, end) is not None


def _is_hidden(data: bytes, begin: int, end: int) -> bool:
    del begin
    return _NO_VALUE.match(data, end) is not None


def _has_no_credential(data: bytes, begin: int, end: int) -> bool:
    # A candidate that begins with ``bearer`` ends in its value.
    return data[begin : begin + 1] in b"aA" and _NO_CREDENTIAL.match(data, end) is not None


def _has_no_password(data: bytes, begin: int, end: int) -> bool:
    del begin
    stop = _ENDS_OPTION.search(data, end)
    text = data[data.rfind(b"\n", 0, end) + 1 : stop.start() if stop else len(data)].lower()
    return b"\\" not in text and not any(word in text for word in _PASSWORDS)


def _is_no_card(data: bytes, begin: int, end: int) -> bool:
    """Of digits without anything between them: a number that no issuer gives."""
    del begin
    stop = end if data[end - 1 : end].isdigit() else end - 1
    near = data[max(0, stop - 20) : stop]
    digits = near[len(near.rstrip(b"0123456789")) :]
    return 13 <= len(digits) <= 17 and not is_issued(digits.decode())


def _is_lone(data: bytes, begin: int, end: int) -> bool:
    return _KEY_ID.match(data, begin) is not None and _is_alone(data, end)


def _is_page(data: bytes, begin: int, end: int) -> bool:
    return data[begin : begin + 5].lower() == b"token" and _leads_on(data[max(0, begin - _PAGE_REACH) : end])


@lru_cache(maxsize=_REMEMBERED)
def _leads_on(name: bytes) -> bool:
    return bool(_PAGE.search(name))


def _is_alone(data: bytes, end: int) -> bool:
    """Whether nothing in the line may be the secret of a key's id."""
    start, stop = data.rfind(b"\n", 0, end) + 1, data.find(b"\n", end)
    line = data[start : len(data) if stop < 0 else stop]
    return len(line) <= _LONGEST and _has_short_words(line)


@lru_cache(maxsize=4)  # a line has several candidates, one after the other
def _has_short_words(line: bytes) -> bool:
    if b"\\/" in line or b"\\u" in line:
        return False  # an escaped slash, or a character by its number, is a part of a word
    return _SECRET_KEY not in line.translate(_WORDS)


def _is_no_persons(data: bytes, begin: int, end: int) -> bool:
    del begin
    at = data.rfind(b"@", max(0, end - 600), end)
    if at < _LOCAL_REACH:
        return False
    before = data[at - _LOCAL_REACH : at]
    start = at - len(before) + len(before.rstrip(_LOCAL))
    stop = _GOES_ON.match(data, at).end()  # type: ignore[union-attr]  # it may be empty
    if stop < end or start == at - len(before) or data[start - 1] == _BACKSLASH or stop - at > 250:
        return False
    if data[stop : stop + 1] == b"\\" and not _ESCAPED.match(data, stop):
        return False
    first = max(0, start - 3)
    if _names_no_person(data[first : stop + 2], start - first):
        return True
    robot = data.rfind(_ROBOT, max(0, start - _ROBOT_REACH), start)
    if robot >= 0 and not _ENDS_ROBOT.search(data, robot + len(_ROBOT), start):
        return True
    return (
        data[start - 1] in _ENDS_NAME
        and _MESSAGE_ID.search(data, max(0, start - _MESSAGE_ID_REACH), start) is not None
        and _DIGIT.search(data, start, at) is not None
    )


@lru_cache(maxsize=_REMEMBERED)
def _names_no_person(around: bytes, begin: int) -> bool:
    """Whether what begins there, with three bytes before and two after it, is no person's address, whatever else is around."""
    before = around[:begin].decode("utf-8", "replace")
    text = before + around[begin:].decode("utf-8", "replace")
    address = address_at(text, len(before))
    return address is None or is_harmless("an e-mail address", text, *address)
