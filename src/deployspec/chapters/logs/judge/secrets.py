"""Secrets and personal data in log lines: searched for in whole blocks, confirmed line by line, always masked.

hyperscan looks for all candidates at once, at the speed of reading. Only a line with a candidate is looked at closely:
by the detectors of detect-secrets, by ours for what has no shape of its own (``password=…``, connection strings,
bearer tokens), by check digits for card numbers; also behind JSON's escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple

from deployspec.base import disclosure
from deployspec.base.disclosure_rules import BEGINS
from deployspec.chapters.logs.judge.confirming import Span, confirmed
from deployspec.chapters.logs.judge.escapes import LAYERS, Resolved
from deployspec.chapters.logs.judge.harmless import is_harmless
from deployspec.chapters.logs.judge.looking import quick_look_of, shows_nothing
from deployspec.chapters.logs.judge.personal_data import PERSONAL, Personal
from deployspec.chapters.logs.judge.searching import hits
from deployspec.chapters.logs.judge.secret_patterns import (
    CANDIDATES,
    Candidate,
    Detector,
    addresses,
    cards,
    detectors,
)

_PIECE = 4096
"""Characters that are looked at at a time: no pattern takes more than linear time in a longer line."""
_OVERLAP = 1024
"""Characters that two such pieces have in common: what stands across the cut is found in one of them."""


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
        self._candidates = CANDIDATES + tuple(Candidate(one.candidate) for one in self._personal)
        self._patterns = tuple(one.pattern for one in self._candidates)
        self._glances = tuple(map(quick_look_of, self._candidates))
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
        for end, number, begin in sorted(hits(self._patterns, data, begins=_BEGINS)):
            if end <= done:
                continue
            glance = self._glances[number]
            if glance is not None and glance(data, begin, end):
                continue
            if shows_nothing(data, begin, end, self._candidates[number]):
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


_BEGINS = frozenset(number for number, one in enumerate(CANDIDATES) if one.look == "rule at begin")


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
    rf"|{BEGINS}eyJ[\w-]{{0,4096}}(?:\.[\w-]{{0,4096}}){{0,2}}"
    rf"|{BEGINS}(?:AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|[sr]k_(?:live|test)_|AIza|SG\.)[\w.-]{{0,100}}"
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
    layers: list[Resolved] = []
    while True:
        found = _found(layers[-1].text if layers else text, allowed, personal)
        for layer in reversed(layers):
            found = [(kind, layer.origin(start), layer.origin(end)) for kind, start, end in found]
        spans += found
        last = layers[-1].text if layers else text
        if "\\" not in last or len(layers) == LAYERS - 1:
            break
        layers.append(Resolved(last))
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
    for detector in _that_may_match(lowered):
        for match in detector.pattern.finditer(text, start, end):
            span = confirmed(detector, match, text)
            if span is not None:
                yield span
    if "@" in lowered or "%40" in lowered:
        yield from addresses(text, start, end)
    yield from cards(text, start, end)


def _that_may_match(lowered: str) -> Iterator[Detector]:
    """The detectors that have a word in a text: to look for all words at once takes a tenth of the time."""
    words, of_words = _words()
    found = hits(words, lowered.encode("utf-8", "surrogatepass"), once=True)
    numbers = {detector for _, number, _ in found for detector in of_words[number]}
    return map(detectors().__getitem__, sorted(numbers))


@cache
def _words() -> tuple[tuple[bytes, ...], list[list[int]]]:
    """The words of all detectors, for hyperscan; and by word, the numbers of those that have it."""
    by_word: dict[str, list[int]] = {}
    for number, detector in enumerate(detectors()):
        for word in detector.words:
            by_word.setdefault(word, []).append(number)
    return tuple(re.escape(word).encode() for word in by_word), list(by_word.values())
