"""Reads one line of an exposition exactly: a sample, and whatever is wrong with how it is written."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from deployspec.languages.exposition.model import Format

_BLANKS = re.compile(rb"[ \t]*")
NAME = re.compile(rb"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL_NAME = re.compile(rb"[a-zA-Z_][a-zA-Z0-9_]*")
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_NUMBER = rb"[+-]?(?:[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)"
_SPECIAL = rb"[+-]?[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN]"
NUMBER = re.compile(rb"(?:%b|%b)" % (_NUMBER, _SPECIAL))
REAL = re.compile(_NUMBER)
_WHOLE = re.compile(rb"[0-9]{1,18}")
_SIGNED = re.compile(rb"[+-][0-9]{1,18}")
_TOKEN = re.compile(rb"[^ \t]+")
_LABELS = rb'\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\.)*+"(?:,(?=[^}])|(?=\})))*+\}'
_STRICT = re.compile(
    rb"[a-zA-Z_:][a-zA-Z0-9_:]*(?:%b)?+ [^ \t{]+(?: [^ \t#{]+)?(?: # %b [^ \t]+(?: [^ \t]+)?)?"
    % (_LABELS, _LABELS),
    re.DOTALL,
)
"""A sample of OpenMetrics, as far as blanks and commas go."""
_UNKNOWN_ESCAPE = re.compile(rb'\\(?![n"\\])')
_ANY_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)

OPEN = "a quote that is not closed"
"""What is found in the first line of a label's value that goes on in the next."""

Labels = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class Fault:
    """What is wrong at a place of a line."""

    rule: str
    column: int
    found: bytes
    """What stands there; empty where the text says it."""
    text: str
    """What was found and what is expected; ``{}`` is what stands there, quoted."""


@dataclass(slots=True)
class Sample:
    """A sample, as it is written."""

    name: bytes
    labels: Labels
    """Names and values, those escaped as in canonical text; empty ones are left out, as no label is the same."""
    value: float
    stamp: bytes = b""
    """The timestamp as it is written; empty where there is none."""
    exemplar: tuple[Labels, float, bytes] | None = None
    faults: list[Fault] = field(default_factory=list)


class Unreadable(Exception):  # noqa: N818 - what it says of a line
    """A line that is no sample."""

    def __init__(self, rule: str, at: int, found: bytes, text: str) -> None:
        super().__init__(text)
        self.fault = Fault(rule, at + 1, found, text)


def number_of(text: bytes) -> float | None:
    """The value of a number as both formats have it; None for what is none, or beyond what 64 bits hold."""
    if NUMBER.fullmatch(text) is None:
        return None
    value = float(text)
    return None if value in (float("inf"), float("-inf")) and REAL.fullmatch(text) else value


def sample(line: bytes, form: Format) -> Sample:
    """The sample of a line, without its line break. Raises :class:`Unreadable` for what is none.

    Blanks are taken wherever both formats' readers could make sense of them: what the format has against them is among
    the faults.
    """
    found = Sample(b"", [], 0.0)
    at = _skip(line, 0)
    if at:
        found.faults.append(
            Fault(
                "blank-before",
                1,
                line[:40],
                "{} begins with a blank; expected the name at the line's beginning",
            )
        )
    begin = at
    name = NAME.match(line, at)
    if name is not None:
        found.name, at = name[0], _skip(line, name.end())
    elif line[at : at + 1] != b"{":
        raise Unreadable(
            "syntax", at, _near(line, at), "{} is no name of a metric; expected letters, digits, _ and :"
        )
    if line[at : at + 1] == b"{":
        at = _labels(line, at + 1, found, is_exemplar=False)
    if not found.name:
        raise Unreadable(
            "syntax", begin, _near(line, begin), "{} has no name of a metric; expected one before the labels"
        )
    if len({key for key, _ in found.labels} | {b"__name__"}) <= len(found.labels):
        _twice(found, begin)
    _rest(line, at, found, form)
    found.labels = [(key, value) for key, value in found.labels if value]
    if (
        form is Format.OPENMETRICS
        and all(one.rule == "escape" for one in found.faults)
        and _STRICT.fullmatch(line) is None
    ):
        found.faults.append(
            Fault("blanks", 1, line[:60], "{} has other blanks than one before each value and none elsewhere")
        )
    return found


def canonical(name: bytes, labels: Labels) -> bytes:
    """The text that a series has wherever it stands, whatever the order of its labels."""
    legacy = NAME.fullmatch(name) is not None
    pairs = [b'%b="%b"' % (_key(key), value) for key, value in sorted(labels)]
    if not legacy:
        return b'{"%b"%b}' % (name, b"".join(b"," + pair for pair in pairs))
    return b"%b{%b}" % (name, b",".join(pairs)) if pairs else name


def _key(name: bytes) -> bytes:
    return name if LABEL_NAME.fullmatch(name) else b'"%b"' % name


def _skip(line: bytes, at: int) -> int:
    found = _BLANKS.match(line, at)
    return at if found is None else found.end()


def _near(line: bytes, at: int) -> bytes:
    return line[at : at + 40]


def _twice(found: Sample, at: int) -> None:
    numbers = Counter(key for key, _ in found.labels)
    key = next((key for key, number in numbers.items() if number > 1 or key == b"__name__"), b"")
    found.faults.append(
        Fault("label-twice", at + 1, key, "the label {} stands twice; expected each label once")
    )


def _labels(line: bytes, at: int, found: Sample, *, is_exemplar: bool) -> int:
    """Read what stands in braces, from behind the first one to behind the last."""
    labels: Labels = []
    comma, begin = True, at
    while True:
        at = _skip(line, at)
        if line[at : at + 1] == b"}":
            if comma and labels:
                text = "{} ends in a comma; expected the brace behind the last label"
                found.faults.append(Fault("comma-last", at + 1, _near(line, begin), text))
            found.labels = labels
            return at + 1
        key = LABEL_NAME.match(line, at) or _QUOTED.match(line, at)
        if key is None:
            raise Unreadable("syntax", at, _near(line, at), _no_label(line, at))
        if not comma:
            text = "before {} a comma is missing"
            found.faults.append(Fault("comma-missing", at + 1, _near(line, at), text))
        name = key[0] if key.re is LABEL_NAME else key[1]
        if key.re is _QUOTED:
            text = "the name {} stands in quotes, which text 0.0.4 and OpenMetrics 1.0 do not have"
            found.faults.append(Fault("quoted-name", at + 1, name, text))
        begin, at = at, _skip(line, key.end())
        if line[at : at + 1] == b"=":
            at = _skip(line, at + 1)
            value = _QUOTED.match(line, at)
            if value is None:
                is_open = line[at : at + 1] == b'"'
                why = OPEN if is_open else "{} is no value of a label; expected one in double quotes"
                raise Unreadable("syntax", at, _near(line, at), why)
            labels.append((name, _plain(value[1], at, found)))
            at = _skip(line, value.end())
        elif key.re is _QUOTED and not is_exemplar and not found.name and name:
            found.name = name
        else:
            raise Unreadable(
                "syntax", at, _near(line, begin), "the label {} has no =; expected a value in double quotes"
            )
        comma = line[at : at + 1] == b","
        at += comma


def _no_label(line: bytes, at: int) -> str:
    if at >= len(line):
        return "the labels do not end; expected a closing brace"
    return "{} is no name of a label; expected letters, digits and _"


def _plain(value: bytes, at: int, found: Sample) -> bytes:
    """A label's value with no other escapes than there have to be."""
    if b"\n" in value:
        value = value.replace(b"\n", rb"\n")
    if b"\\" not in value:
        return value
    escaped = [match for match in _ANY_ESCAPE.finditer(value) if match[1] not in b'n"\\']
    if escaped:
        text = r"the escape {} does not exist; expected \\, \" or \n"
        found.faults.append(Fault("escape", at + 1, escaped[0][0], text))
        value = _ANY_ESCAPE.sub(lambda one: one[0] if one[1] in b'n"\\' else b"\\\\" + one[1], value)
    return value


def _rest(line: bytes, at: int, found: Sample, form: Format) -> None:
    """Read what stands behind name and labels."""
    tokens = [(one.start(), one[0]) for one in _TOKEN.finditer(line, at)]
    marked = next((place for place, (_, text) in enumerate(tokens) if text.startswith(b"#")), None)
    if marked:
        where = tokens[marked][0]
        if form is Format.TEXT:
            text = "{} stands behind the value; expected no exemplar in the text format, nor a comment there"
            raise Unreadable("exemplar-in-text", where, _near(line, where), text)
        _exemplar(line, where, found)
        tokens = tokens[:marked]
    if not tokens:
        raise Unreadable("syntax", at, b"", "there is no value behind the name; expected a number")
    where, written = tokens[0]
    value = number_of(written.rstrip(b"\r"))
    if written.endswith(b"\r") or (len(tokens) > 1 and tokens[-1][1].endswith(b"\r")):
        raise Unreadable("carriage-return", len(line) - 1, b"", "the line ends in CR LF; expected LF alone")
    if value is None:
        text = "{} is no number; expected one such as 1, 0.5, 1e-05, NaN or +Inf, within 64 bits"
        raise Unreadable("value", where, written[:40], text)
    found.value = value
    if len(tokens) > 2:
        where = tokens[2][0]
        raise Unreadable(
            "syntax",
            where,
            _near(line, where),
            "{} stands behind value and timestamp; expected the line's end",
        )
    if len(tokens) == 2:
        found.stamp = _stamp(*tokens[1], form)


def _stamp(where: int, written: bytes, form: Format) -> bytes:
    if form is Format.OPENMETRICS:
        if REAL.fullmatch(written) is None:
            raise Unreadable(
                "timestamp", where, written[:40], "{} is no timestamp; expected seconds since 1970"
            )
    elif _SIGNED.fullmatch(written):
        text = "{} is a timestamp with a sign, which no Prometheus reads; expected milliseconds since 1970"
        raise Unreadable("timestamp-sign", where, written[:40], text)
    elif _WHOLE.fullmatch(written) is None:
        text = "{} is no timestamp; expected whole milliseconds since 1970"
        raise Unreadable("timestamp", where, written[:40], text)
    return written


_EXEMPLAR = re.compile(rb" # (%b) ([^ \t]+)(?: ([^ \t]+))?" % _LABELS, re.DOTALL)


def _exemplar(line: bytes, where: int, found: Sample) -> None:
    """Read what stands behind ``#``."""
    read = _EXEMPLAR.fullmatch(line, where - 1)
    value = None if read is None else number_of(read[2])
    if read is None or value is None or (read[3] is not None and REAL.fullmatch(read[3]) is None):
        text = '{} is no exemplar; expected such as # {trace_id="abc"} 0.67 1520879607.789'
        raise Unreadable("exemplar", where, line[where : where + 60], text)
    inner = Sample(b"", [], 0.0)
    _labels(line, where + 3, inner, is_exemplar=True)
    found.faults += inner.faults
    found.exemplar = inner.labels, value, read[3] or b""
