"""A glance at a candidate: what its own bytes show to be harmless, at a tenth of what a look around it costs.

Logs repeat themselves, and so do their harmless candidates: node names, ciphers, units, the URL of a broker. What a text
shows that nothing around it can change is remembered by that text, in bounded memory. Only what is surely harmless, behind
escapes too, is told; all else is looked at.
"""

from __future__ import annotations

import re
from functools import lru_cache

from deployspec.chapters.logs.judge.harmless import VARIABLE, is_harmless
from deployspec.chapters.logs.judge.secret_patterns import (
    KEY_ID,
    NAMED,
    SQL,
    Candidate,
    address_at,
)

_REMEMBERED = 4096
"""How many texts are remembered, of each kind: some hundred bytes each."""
_ENDS = rb"(?:[\s\"',;&<>(){}\[\]]|\\{1,4}[\"'nrt]|\Z)"
_NO_VALUE = re.compile(
    # Ruby prints ``"password"=>"[FILTERED]"``.
    rb">?\s{0,8}(?P<quote>\\{0,4}[\"'])?"
    rb"(?:\*{2,}|[Nn]one|null|true|false|nil|\[?(?:REDACTED|FILTERED|redacted|filtered|hidden|masked)\]?"
    # What stands for a value that is not there.
    rb"|%[sdvqr]|\$VARIABLE|\$\{VARIABLE\}|(?:var|local)\.VARIABLE)"
    rb"(?(quote)(?P=quote)|ENDS)".replace(b"VARIABLE", VARIABLE.encode()).replace(b"ENDS", _ENDS)
)
"""A value that begins like one of these and goes on is none of them."""
_PAGE = re.compile(
    rb"(?:^|[^A-Za-z0-9\\])(?:(?:next|prev|previous)[_-]?page|continuation|pagination|next|initial[_-]cluster)[_-]?token"
    rb"(?:\\{0,4}[\"'])?\s{0,8}[:=]\Z",
    re.IGNORECASE,
)
"""Where a list goes on, whatever its value."""
_PAGE_REACH = 40
_KEY_ID = re.compile(rb"\s?(?:\\{0,4}[\"'])?(?:AKIA|ASIA)[0-9A-Z]{16}" + _ENDS)
_SHORT_WORDS = re.compile(rb"(?:[^A-Za-z0-9/+]++|[A-Za-z0-9/+]{1,39}+(?![A-Za-z0-9/+]))*+")
"""No word as long as a secret key."""
_LONGEST = 2048
"""The longest line, in bytes, that is searched for such a word."""
_LOCAL = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-"
_LOCAL_REACH = 64
_GOES_ON = re.compile(rb"[A-Za-z0-9.@_%+-]{0,255}")
_ESCAPED = re.compile(rb"\\+[\"'nrt]")
"""What ends a word, however often escapes are resolved."""
_ROBOT, _ROBOT_REACH = b"(compatible;", 380
_ENDS_ROBOT = re.compile(rb"[()\"\\\n]")
_BREAK = ord("\n")
_BACKSLASH = ord("\\")


def is_nothing(data: bytes, begin: int, end: int, candidate: Candidate) -> bool:
    """Whether a glance shows that a candidate is harmless. As ``looking.shows_nothing``, which asks this first."""
    rule = candidate.rule
    if rule is NAMED:
        if _NO_VALUE.match(data, end) or _is_page(data, begin, end):
            return True
        return bool(_KEY_ID.match(data, end)) and _is_alone(data, end)
    if rule is SQL:
        return bool(_NO_VALUE.match(data, end))
    if rule is KEY_ID:
        return bool(_KEY_ID.match(data, begin)) and _is_alone(data, end)
    return candidate.look == "address" and _is_no_persons(data, end)


def _is_page(data: bytes, begin: int, end: int) -> bool:
    return data[begin : begin + 5].lower() == b"token" and bool(
        _PAGE.search(data, max(0, end - _PAGE_REACH), end)
    )


def _is_alone(data: bytes, end: int) -> bool:
    """Whether nothing in the line may be the secret of a key's id."""
    start, stop = data.rfind(b"\n", 0, end) + 1, data.find(b"\n", end)
    line = data[start : len(data) if stop < 0 else stop]
    return len(line) <= _LONGEST and _has_short_words(line)


@lru_cache(maxsize=4)  # of a line that has several
def _has_short_words(line: bytes) -> bool:
    found = _SHORT_WORDS.match(line)
    # An escaped slash, or a character by its number, is a part of a word.
    return found is not None and found.end() == len(line) and b"\\/" not in line and b"\\u" not in line


def _is_no_persons(data: bytes, end: int) -> bool:
    at = data.rfind(b"@", max(0, end - 600), end)
    if at < 0:
        return False
    before = data[max(0, at - _LOCAL_REACH) : at]
    start = at - len(before) + len(before.rstrip(_LOCAL))
    stop = _GOES_ON.match(data, at).end()  # type: ignore[union-attr]  # it may be empty
    if stop < end or start == at - len(before) or data[start - 1] == _BACKSLASH or stop - at > 250:
        return False
    if data[stop : stop + 1] == b"\\" and not _ESCAPED.match(data, stop):
        return False
    robot = data.rfind(_ROBOT, max(0, start - _ROBOT_REACH), start)
    if robot >= 0 and not _ENDS_ROBOT.search(data, robot + len(_ROBOT), start):
        return True
    first = max(0, start - 3)
    return _names_no_person(data[first : stop + 2], start - first)


@lru_cache(maxsize=_REMEMBERED)
def _names_no_person(around: bytes, begin: int) -> bool:
    """Whether what begins there, with three bytes before and two after it, is no person's address, whatever else is around."""
    before = around[:begin].decode("utf-8", "replace")
    text = before + around[begin:].decode("utf-8", "replace")
    address = address_at(text, len(before))
    return address is None or is_harmless("an e-mail address", text, *address)
