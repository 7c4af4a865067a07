"""Secrets and personal data in log lines: searched for in whole blocks, confirmed line by line, always masked.

hyperscan looks for all candidates at once, at the speed of reading. Only a line with a candidate is looked at closely:
by the detectors of detect-secrets, by ours for what has no shape of its own (``password=…``, connection strings,
bearer tokens), by check digits for card numbers; also behind JSON's escapes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from deployspec.base import disclosure
from deployspec.chapters.logs.judge.harmless import is_harmless
from deployspec.chapters.logs.judge.personal_data import PERSONAL, Personal
from deployspec.chapters.logs.judge.searching import hits
from deployspec.chapters.logs.judge.secret_patterns import (
    ADDRESS,
    CANDIDATES,
    CARD_NUMBER,
    CREDENTIAL,
    KEY_ID,
    URL,
    Detector,
    address_at,
    addresses,
    cards,
    detectors,
    detectors_of,
)

_PIECE = 4096
"""Characters that are looked at at a time: no pattern takes more than linear time in a longer line."""
_OVERLAP = 1024
"""Characters that two such pieces have in common: what stands across the cut is found in one of them."""
_LAYERS = 4
"""How often JSON's escapes are resolved, less one: JSON is put into JSON."""

Span = tuple[str, int, int]
"""Kind, start and end."""


class AllowListError(ValueError):
    """An entry of the allow-list is not a regular expression. ``str()`` says which, and why."""


class Match(NamedTuple):
    """Something that must not be logged."""

    kind: str
    """What it is, with its article: ``an e-mail address``."""
    start: int
    """Where it begins, as an offset in bytes."""
    end: int


class SecretScanner:
    """Finds secrets and personal data.

    ``allowed`` are regular expressions: what one of them matches as a whole is no finding. ``personal`` are names of
    ``PERSONAL``: what else is looked for. Raises AllowListError.
    """

    def __init__(self, allowed: tuple[str, ...] = (), personal: tuple[str, ...] = ()) -> None:
        self._personal = _named(personal)
        self._patterns = _PATTERNS + tuple(one.candidate for one in self._personal)
        self._allowed = []
        for pattern in allowed:
            try:
                self._allowed.append(re.compile(pattern))
            except re.error as error:
                raise AllowListError(f"{pattern!r} is not a regular expression: {error}") from None

    def scan(self, data: bytes) -> list[Match]:
        """Everything in a block of whole lines that must not be logged, in the order of its places.

        No two matches overlap. Each lies within one line.
        """
        matches: list[Match] = []
        done = 0
        for end, number, begin in sorted(set(hits(self._patterns, data, begins=_BEGINS))):
            if end <= done:
                continue
            kinds = CANDIDATES[number].kinds if number < len(CANDIDATES) else ()
            if kinds == ADDRESS:
                if _is_no_address(data, end):
                    continue
            elif kinds and (_is_hidden(data, end, kinds) or _shows_nothing(data, begin, end, kinds)):
                continue
            start = data.rfind(b"\n", 0, end - 1) + 1
            stop = data.find(b"\n", max(start, end - 1))
            stop = len(data) if stop < 0 else stop
            matches += self._in_line(data[start:stop], start)
            done = stop + 1  # a candidate may end with the line break
        return matches

    def _in_line(self, line: bytes, offset: int) -> Iterator[Match]:
        text = line.decode("utf-8", "surrogateescape")
        spans = _spans(text, self._allowed, self._personal)
        if len(text) == len(line):
            yield from (Match(kind, offset + start, offset + end) for kind, start, end in spans)
            return
        at_text = at = 0
        for kind, start, end in spans:
            at += len(text[at_text:start].encode("utf-8", "surrogateescape"))
            length = len(text[start:end].encode("utf-8", "surrogateescape"))
            yield Match(kind, offset + at, offset + at + length)
            at, at_text = at + length, end


_PATTERNS = tuple(candidate.pattern for candidate in CANDIDATES)
_BEGINS = frozenset(number for number, candidate in enumerate(CANDIDATES) if candidate.kinds == CREDENTIAL)
_AROUND = 480
"""Bytes before and behind the end of a candidate that show whether it is one: the values that are looked for, and what
stands around them, are shorter."""
_LINE_BREAK = ord("\n")
_HIDDEN_VALUE = re.compile(
    rb"\s{0,8}(?P<quote>\\{0,4}[\"'])?"
    rb"(?:\*{2,}|[Nn]one|null|true|false|nil|\[?(?:REDACTED|FILTERED|redacted|filtered|hidden|masked)\]?)"
    rb"(?(quote)(?P=quote)|(?:[\s\"',;&<>(){}\[\]]|\\{1,4}[\"'nrt]|\Z))"
)
"""A value that begins like one of these and goes on is none of them."""


def _is_hidden(data: bytes, end: int, kinds: tuple[str, ...]) -> bool:
    """Whether the value that follows a name is hidden already, or none."""
    return kinds == CREDENTIAL and _HIDDEN_VALUE.match(data, end) is not None


def _shows_nothing(data: bytes, begin: int, end: int, kinds: tuple[str, ...]) -> bool:
    """Whether a candidate that is likely to be harmless is so, by a look at what is around it.

    Where it is not sure, the line is looked at as a whole. ``begin``: where it begins, if its pattern says that.
    """
    start, around = _around(data, end)
    is_cut = _is_cut(data, start, around)
    if is_cut and kinds == KEY_ID:
        return False  # its secret may be anywhere in the line
    if kinds == URL and b"/" not in around[: end - start]:
        return False  # it begins farther away
    at = begin - start if begin else 0
    before, behind = around[:at].decode("utf-8", "replace"), around[at:].decode("utf-8", "replace")
    if "\\u00" in before or "\\u00" in behind:
        return False
    for _ in range(_LAYERS):
        if not _layer_shows_nothing(before, behind, kinds, is_whole=not begin, is_cut=is_cut):
            return False
        if "\\" not in before and "\\" not in behind:
            break
        before, behind = _Resolved(before).text, _Resolved(behind).text
    return True


def _layer_shows_nothing(
    before: str, behind: str, kinds: tuple[str, ...], *, is_whole: bool, is_cut: bool
) -> bool:
    """As ``_shows_nothing``, with escapes as they are. ``is_whole``: a match may begin anywhere."""
    text = before + behind
    if kinds == CARD_NUMBER:
        return next(cards(text, 0, len(text)), None) is None
    for detector in detectors_of(kinds):
        # What begins elsewhere has a candidate of its own.
        at_begin = detector.pattern.match(text, len(before))
        for found in detector.pattern.finditer(text) if is_whole else (at_begin,) if at_begin else ():
            if is_cut and found.end() == len(text):
                return False  # what follows may tell something
            span = _confirmed(detector, found, text)
            if span is not None and not is_harmless(span[0], text, span[1], span[2]):
                return False
    return True


def _around(data: bytes, end: int) -> tuple[int, bytes]:
    """What of a line is around a candidate, and where that begins."""
    start = max(data.rfind(b"\n", 0, end - 1) + 1, end - _AROUND)
    stop = data.find(b"\n", end - 1, end + _AROUND)
    return start, data[start : end + _AROUND if stop < 0 else stop]


def _is_cut(data: bytes, start: int, around: bytes) -> bool:
    """Whether the line goes on behind what is around a candidate."""
    stop = start + len(around)
    return stop < len(data) and data[stop] != _LINE_BREAK


def _is_no_address(data: bytes, end: int) -> bool:
    """Whether what stands around the at sign of a candidate is surely no person's address; as the raw line has it."""
    start, around = _around(data, end)
    text = around.decode("latin-1")
    at = text.rfind("@", 0, end - start)
    at = max(at, text.rfind("%40", at + 1, end - start))
    begin = len(text[:at].rstrip(_LOCAL))
    if at < 0 or (begin == 0 and start > 0 and data[start - 1] != _LINE_BREAK):
        return False  # it begins farther away
    found = address_at(text, begin)
    if found is None:
        return True
    if "\\" in text or (found[1] == len(text) and _is_cut(data, start, around)):
        return False
    return is_harmless(ADDRESS[0], text, *found)


_LOCAL = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-"


def mask(text: str, personal: Iterable[str] = ()) -> str:
    """The text with everything hidden that must not be logged; a stack trace is left to be read.

    ``personal`` are names of ``PERSONAL``: what else is hidden.
    What looks like the rest of a secret at a cut, at the beginning or the end of the text, is hidden too.
    """
    text = disclosure.redact(text)
    masked = _without(text, 0, len(text), [span[1:] for span in _spans(text, (), _named(personal))])
    masked = _CUT_END.sub(disclosure.HIDDEN, masked)
    return _CUT_START.sub(disclosure.HIDDEN, masked)


def masked_window(text: str, start: int, end: int, personal: Iterable[str] = ()) -> str:
    """``text[start:end]`` with everything hidden that ``mask`` hides, also what the window cuts in two."""
    first = max(0, start - _PIECE)
    around = text[first : end + _PIECE]
    start, end = max(0, start) - first, min(end, len(text)) - first
    known = [(from_ - first, to - first) for from_, to in disclosure.hidden()(text)]
    spans = disclosure.merged([*known, *(span[1:] for span in _spans(around, (), _named(personal)))])
    return mask(_without(around, start, end, spans), personal)


def _named(personal: Iterable[str]) -> list[Personal]:
    return [PERSONAL[name] for name in personal]


def _without(text: str, start: int, end: int, spans: Iterable[tuple[int, int]]) -> str:
    """``text[start:end]`` without what stands at ``spans``, which are apart and in order."""
    pieces = []
    for hide_from, hide_to in spans:
        if hide_to > start and hide_from < end:
            pieces += [text[start : max(start, hide_from)], disclosure.HIDDEN]
            start = min(hide_to, end)
    return "".join([*pieces, text[start:end]])


_CUT_END = re.compile(
    r"(?:[\w.%+-]{1,64}(?:@|%40)[A-Za-z0-9.-]{0,255}"
    r"|\beyJ[\w-]{0,4096}(?:\.[\w-]{0,4096}){0,2}"
    r"|\b(?:AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|[sr]k_(?:live|test)_|AIza|SG\.)[\w.-]{0,100}"
    r"|(?<![\w.+/=-])[3-6]\d{3}(?:[ -]\d{4,6}){1,3}[ -]?\d{0,4}"
    r"|\bbearer\s{1,4}[\w.~+/=-]{0,4096}|://[^\s/?#\"'<>\\@]{0,100}:[^\s/?#\"'<>\\@]{1,100})\Z",
    re.IGNORECASE,
)
_CUT_START = re.compile(
    r"\A(?:[\w.%+-]{0,64}(?:@|%40)(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}|[\w-]{20,}\.[\w-]{20,})"
)


def _spans(
    text: str, allowed: Sequence[re.Pattern[str]] = (), personal: Sequence[Personal] = ()
) -> list[Span]:
    """What a line's text must not hold, apart from one another and in order; what hides behind escapes, too."""
    spans: list[Span] = []
    layers: list[_Resolved] = []
    while True:
        found = _found(layers[-1].text if layers else text, allowed, personal)
        for layer in reversed(layers):
            found = [(kind, layer.origin(start), layer.origin(end)) for kind, start, end in found]
        spans += found
        last = layers[-1].text if layers else text
        if "\\" not in last or len(layers) == _LAYERS - 1:
            break
        layers.append(_Resolved(last))
    # Where two find the same piece, the outermost layer's first detector names it.
    apart: list[Span] = []
    for kind, start, end in sorted(spans, key=lambda span: span[1]):
        if apart and start < apart[-1][2]:
            kind, start, before = apart.pop()
            end = max(end, before)
        apart.append((kind, start, end))
    return apart


def _found(text: str, allowed: Sequence[re.Pattern[str]], personal: Sequence[Personal]) -> list[Span]:
    found: list[Span] = []
    for start in range(0, max(1, len(text) - _OVERLAP), _PIECE - _OVERLAP):
        end = min(len(text), start + _PIECE)
        following = start + _PIECE - _OVERLAP
        lowered = text[start:end].lower()
        # What touches the cut is found whole in the next piece, unless it is longer than what they share.
        found += [
            span
            for span in chain(
                _in_piece(text, lowered, start, end), *(one.find(text, start, end) for one in personal)
            )
            if (span[2] < end or end == len(text) or span[1] < following)
            and not any(one.fullmatch(text, span[1], span[2]) for one in allowed)
            and not is_harmless(span[0], text, span[1], span[2])
        ]
    return found


def _in_piece(text: str, lowered: str, start: int, end: int) -> Iterator[Span]:
    for detector in detectors():
        for word in detector.words:  # any() with a generator takes five times as long
            if word in lowered:
                break
        else:
            continue
        for match in detector.pattern.finditer(text, start, end):
            span = _confirmed(detector, match, text)
            if span is not None:
                yield span
    if "@" in lowered or "%40" in lowered:
        yield from addresses(text, start, end)
    yield from cards(text, start, end)


def _confirmed(detector: Detector, match: re.Match[str], text: str) -> Span | None:
    """What a detector finds; None where that tells nothing."""
    if detector.kind == "a connection string" and not _CREDENTIALS.search(match[0]):
        return None
    span = _hide(match, text) if detector.own else match.span()
    return None if span is None else (detector.kind, *span)


def _hide(match: re.Match[str], text: str) -> tuple[int, int] | None:
    """What is to be hidden of a match of one of our rules; None where its value tells nothing."""
    name = match.lastgroup
    if name is None:
        return match.span()
    value = match[name]
    if name == "hide":
        return None if value == "git" else match.span(name)
    if disclosure.is_innocuous(value) or _TELLS_NOTHING.fullmatch(value):
        return None
    start, end = match.span(name)
    if (
        name == "hide3"
        and text[start - 2 : start] == ": "
        and _PROSE.fullmatch(value)
        and _GOES_ON.match(text, end)
    ):
        return None
    if value.startswith("/") and match[0][:3].lower() == "pwd":
        return None  # the working directory
    return start, end


_CREDENTIALS = re.compile(
    r"//(?![^\s/?#@]*:?\*+@)[^\s/?#@]+@|(?:password|passwd|pwd|accountkey|accesskey)\s{0,4}=\s{0,4}[^\s*;&]",
    re.IGNORECASE,
)
"""Celery and others log where they are connected to; without a user or a password that is not a secret."""
_TELLS_NOTHING = re.compile(r"(?:redacted|masked|hidden|filtered|removed|not set|\W*)", re.IGNORECASE)
_PROSE = re.compile(r"[A-Za-z][a-z]+[.,]?")
_GOES_ON = re.compile(r" [a-z]+")
"""``invalid token: expected a string`` is a sentence, no token."""


class _Resolved:
    """A text with JSON's escapes resolved once, and where its characters come from."""

    def __init__(self, text: str) -> None:
        pieces: list[str] = []
        self._at: list[int] = []
        self._from: list[int] = []
        at = length = 0
        for match in _ESCAPE.finditer(text):
            kept = text[at : match.start()]
            character = chr(int(match[1], 16)) if match[1] else _LETTERS.get(match[2], match[2])
            pieces += [kept, character]
            length += len(kept) + 1
            at = match.end()
            self._at += [length - 1, length]
            self._from += [match.start(), at]
        self.text = "".join([*pieces, text[at:]])

    def origin(self, place: int) -> int:
        """Where a character of this text stands in the one that it was made of."""
        known = bisect_right(self._at, place) - 1
        return place if known < 0 else self._from[known] + place - self._at[known]


_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
