"""A candidate for a secret is looked at alone, with what is around it: most are harmless, and to look at a whole line takes
twenty times as long.

Only what is surely harmless is passed over; where it is not sure, the line is looked at as a whole.
"""

from __future__ import annotations

import re
from functools import lru_cache, partial

from deployspec.chapters.logs.judge.confirming import confirmed
from deployspec.chapters.logs.judge.escapes import LAYERS, resolved
from deployspec.chapters.logs.judge.glancing import Glance, glance_of
from deployspec.chapters.logs.judge.harmless import is_harmless
from deployspec.chapters.logs.judge.secret_patterns import (
    HIDING,
    IN_LIST,
    IN_QUERY,
    KEY_ID,
    NAMED,
    SQL,
    Candidate,
    Detector,
    address_at,
    cards,
    detector_of,
)

_AROUND = 480
"""Bytes before and behind the end of a candidate that show whether it is one: the values that are looked for, and what
stands around them, are shorter."""
_WORD = 300
"""The longest word, in bytes, that is looked at by itself, and remembered."""
_NEAR = 64
"""Bytes before and behind the end of a candidate that come again in other lines: others hold numbers and times."""
_CARD, _NAME = 32, 48
"""The longest number of a card, and the longest name before it, with what is between, in bytes."""
_REMEMBERED = 4096
"""How much is remembered, of each kind: some hundred bytes each."""
_LOOKS_NEAR = (NAMED, SQL, IN_LIST, IN_QUERY)
"""Rules that are not to look farther ahead than the beginning of their values."""
_ENDS_WORD = re.compile(rb"[\s\"]")
_KEY_ID = re.compile(rb"A3T|ABIA|ACCA|AKIA|ASIA")
_SHAPE = bytes.maketrans(b"123456789", b"000000000")
_LINE_BREAK = ord("\n")
_HIDING = re.compile(rb"\\u00" + HIDING)
_LOCAL = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-"


def shows_nothing(data: bytes, begin: int, end: int, candidate: Candidate) -> bool:
    """Whether a candidate is surely harmless.

    ``data`` are whole lines; ``begin``: where the candidate begins, which counts for a look at its begin only.
    """
    look, rule = candidate.look, candidate.rule
    if look == "none":
        return False
    if look == "card number":
        return _digits_show_nothing(data, end, candidate)
    if _is_harmless_near(data, begin, end, candidate):
        return True
    start = max(data.rfind(b"\n", 0, end - 1) + 1, end - _AROUND)
    stop = data.find(b"\n", end - 1, end + _AROUND)
    around = data[start : end + _AROUND if stop < 0 else stop]
    starts_line = start == 0 or data[start - 1] == _LINE_BREAK
    goes_on = stop < 0 and end + _AROUND < len(data)
    if (b"\\u00" in around and _HIDING.search(around)) or (rule is KEY_ID and (goes_on or not starts_line)):
        return False  # the secret of a key's id may be anywhere in the line
    if look == "address":
        at = _at_sign(around, end - start)
    else:
        at = (begin if look == "rule at begin" else end) - start
    if at < 0:
        return False
    return _layers_show_nothing(candidate, around[:at], around[at:], starts_line, goes_on)


def quick_look_of(candidate: Candidate) -> Glance | None:
    """What is asked before ``shows_nothing``, and costs a tenth of it; None: there is nothing."""
    if candidate.look == "rule in a word":
        return partial(_word_shows_nothing, candidate)
    return glance_of(candidate)


def _word_shows_nothing(candidate: Candidate, data: bytes, begin: int, end: int) -> bool:
    """As ``shows_nothing``, of no more than the word in which a candidate ends: its rule takes no blank and no quote."""
    del begin
    first = max(0, end - _WORD)
    start = 1 + max(data.rfind(b" ", first, end), data.rfind(b'"', first, end), data.rfind(b"\n", first, end))
    stop = _ENDS_WORD.search(data, end, end + _WORD)
    return (
        start > 0
        and stop is not None
        and _is_harmless_word(data[start : stop.start()], end - start, candidate)
    )


@lru_cache(maxsize=_REMEMBERED)
def _is_harmless_word(word: bytes, end: int, candidate: Candidate) -> bool:
    return not _HIDING.search(word) and _layers_show_nothing(candidate, word[:end], word[end:], True, False)


def _at_sign(text: bytes, end: int) -> int:
    """Where the last one before ``end`` is, as itself or as URLs write it; below 0: nowhere."""
    return max(text.rfind(b"@", 0, end), text.rfind(b"%40", 0, end))


def _is_harmless_near(data: bytes, begin: int, end: int, candidate: Candidate) -> bool:
    """As ``shows_nothing``, by what is near enough to come again in other lines, and only where it has come before: all digits are one, since no
    value becomes a secret by another digit."""
    if candidate.rule not in _LOOKS_NEAR and candidate.look != "address":
        return False
    start = max(data.rfind(b"\n", 0, end - 1) + 1, end - _NEAR)
    stop = data.find(b"\n", end - 1, end + _NEAR)
    near = data[start : end + _NEAR if stop < 0 else stop]
    at = _at_sign(near, end - start) if candidate.look == "address" else begin - start
    if at <= 0 or b"\\u00" in near:
        return False
    starts_line = start == 0 or data[start - 1] == _LINE_BREAK
    goes_on = stop < 0 and end + _NEAR < len(data)
    shape = near.translate(_SHAPE)
    shown = _shown_by(shape, at, end - start, starts_line, goes_on, candidate.pattern)
    if not shown:
        shown.append(False)
    elif len(shown) == 1:
        # A letter at the cut: what seems to begin there may begin farther away.
        before = near[:at] if starts_line else b"A" + near[:at]
        shown.append(
            # The secret of a key's id may be far from it.
            _KEY_ID.search(near) is None
            and _layers_show_nothing(candidate, before, near[at:], starts_line, goes_on)
        )
    return shown[-1]


@lru_cache(maxsize=_REMEMBERED)
def _shown_by(
    shape: bytes, at: int, end: int, starts_line: bool, goes_on: bool, pattern: bytes
) -> list[bool]:
    """What was shown: nothing before it has come twice, since most that differs from line to line never does."""
    del shape, at, end, starts_line, goes_on, pattern
    return []


def _digits_show_nothing(data: bytes, end: int, candidate: Candidate) -> bool:
    """As ``shows_nothing``, of what may be a card's number: all digits before, and what says whose they are."""
    start = max(data.rfind(b"\n", 0, end - 1) + 1, end - _AROUND)
    stop = data.find(b"\n", end - 1, end + _CARD)
    before = data[start : max(start, end - _CARD)].rstrip(b"0123456789 -\\")
    if not before and start > 0 and data[start - 1] != _LINE_BREAK:
        return False
    around = data[max(start, start + len(before) - _NAME) : end + _CARD if stop < 0 else stop]
    goes_on = stop < 0 and end + _CARD < len(data)
    return not _HIDING.search(around) and _layers_show_nothing(candidate, around, b"", True, goes_on)


def _layers_show_nothing(
    candidate: Candidate, before: bytes, behind: bytes, starts_line: bool, goes_on: bool
) -> bool:
    """As ``shows_nothing``, of the text before and behind the place where the rule, or the at sign, is expected."""
    texts = before.decode("utf-8", "replace"), behind.decode("utf-8", "replace")
    for _ in range(LAYERS):
        if not _layer_shows_nothing(candidate, *texts, starts_line, goes_on):
            return False
        if "\\" not in texts[0] and "\\" not in texts[1]:
            break
        texts = resolved(texts[0]), resolved(texts[1])
    return True


def _layer_shows_nothing(
    candidate: Candidate, before: str, behind: str, starts_line: bool, goes_on: bool
) -> bool:
    """As ``shows_nothing``, with escapes as they are, and ``behind`` the place where the rule, or the at sign, is expected."""
    text, at = before + behind, len(before)
    if candidate.look == "card number":
        return all(
            not (goes_on and span[2] == len(text)) and is_harmless(*span[:1], text, *span[1:])
            for span in cards(text, 0, len(text))
        )
    if candidate.look == "address":
        at = len(before.rstrip(_LOCAL))
        address = address_at(text, at)
        if address is None:
            return at > 0 or starts_line
        return not (goes_on and address[1] == len(text)) and is_harmless("an e-mail address", text, *address)
    assert candidate.rule is not None  # noqa: S101 - so each of these has
    detector = detector_of(candidate.rule)
    if candidate.look == "rule at begin":
        match = detector.pattern.match(text, at)
        return match is None or _is_nothing(detector, match, text, goes_on)
    begin = 1 + max(before.rfind(" "), before.rfind('"')) if candidate.look == "rule in a word" else 0
    if begin == 0 and not starts_line:
        return False  # it may begin farther away
    while begin < at and (match := detector.pattern.search(text, begin)) and match.start() < at:
        if not _is_nothing(detector, match, text, goes_on):
            return False
        begin = match.end()
    return True


def _is_nothing(detector: Detector, match: re.Match[str], text: str, goes_on: bool) -> bool:
    if goes_on and match.end() == len(text):
        return False  # what follows may tell something
    span = confirmed(detector, match, text)
    return span is None or is_harmless(span[0], text, span[1], span[2])
