"""Reads one line of an exposition that begins with ``#``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from deployspec.languages.exposition.families import ROLES
from deployspec.languages.exposition.lines import NAME, Fault, Unreadable
from deployspec.languages.exposition.model import Format

_WORD = re.compile(rb"#([ \t]*)(HELP|TYPE)(?=[ \t\r]|$)")
_OPENMETRICS = re.compile(rb"# (HELP|TYPE|UNIT)(.*)", re.DOTALL)
_UNIT = re.compile(rb"[a-zA-Z0-9_:]*")
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)+)"')
_ESCAPE = {
    Format.TEXT: re.compile(rb"(?:[^\\]|\\[\\n])*+(\\.?)", re.DOTALL),
    Format.OPENMETRICS: re.compile(rb'(?:[^"\\]|\\.)*+(")', re.DOTALL),
}
_TYPES = {form: frozenset(kind.encode() for kind in kinds) for form, kinds in ROLES.items()}


@dataclass(slots=True)
class Metadata:
    """What TYPE, HELP or UNIT says of a family."""

    word: bytes
    name: bytes
    text: bytes
    faults: list[Fault] = field(default_factory=list)


def metadata(line: bytes, start: bytes, form: Format) -> Metadata | None:
    """What a line says; None for a comment. ``start`` is the line without blanks before it.

    Raises :class:`Unreadable` for what is neither.
    """
    if form is Format.OPENMETRICS:
        found = _OPENMETRICS.fullmatch(line)
        if found is None:
            raise Unreadable(
                "comment", 0, line[:40], "{} is a comment; expected # TYPE, # UNIT, # HELP or # EOF alone"
            )
        word, rest, gap = found[1], found[2], 1
    else:
        spelled = _WORD.match(start)
        if spelled is None:
            return None
        word, rest = spelled[2], start[spelled.end() :]
        if not spelled[1] or not rest.strip(b"\r"):
            what = "has no blank behind #" if not spelled[1] else "names no metric"
            text = f"{{}} {what}, and so is a comment to Prometheus; expected # {word.decode()} and a name"
            raise Unreadable("metadata-ignored", 0, start[:40], text)
        gap = len(rest) - len(rest.lstrip(b" \t"))
    return _named(word, rest, gap, form, len(line) - len(rest))


def _named(word: bytes, rest: bytes, gap: int, form: Format, at: int) -> Metadata:
    name = NAME.match(rest, gap) if rest[:gap].strip(b" \t") == b"" and len(rest) >= gap else None
    faults = []
    if name is not None:
        key = name[0]
    elif (name := _QUOTED.match(rest, gap)) is not None:
        key = name[1]
        text = "the name {} stands in quotes, which text 0.0.4 and OpenMetrics 1.0 do not have"
        faults.append(Fault("quoted-name", at + gap + 1, key, text))
    else:
        text = f"{{}} is no name of a metric; expected one behind {word.decode()}"
        raise Unreadable("metadata", at + gap, rest[gap : gap + 40], text)
    said = rest[name.end() :]
    begin = at + name.end()
    is_apart = said[:1] in ((b" ",) if form is Format.OPENMETRICS else (b" ", b"\t"))
    if word == b"HELP":
        return _help(key, said, begin, form, faults, is_apart=is_apart)
    if not is_apart and (said or word == b"UNIT" or form is Format.OPENMETRICS):
        what = "UNIT's text" if word == b"UNIT" else "a type"
        raise Unreadable("metadata", begin, said[:40], f"{{}} follows the name; expected a blank and {what}")
    if word == b"UNIT":
        if _UNIT.fullmatch(said, 1) is None:
            raise Unreadable("unit", begin + 1, said[1:41], "{} is no unit; expected letters, digits and _")
        return Metadata(word, key, said[1:], faults)
    written = said[1:]
    kind = written.strip(b" \t")
    if kind not in _TYPES[form]:
        if kind.rstrip(b"\r") in _TYPES[form]:
            raise Unreadable("carriage-return", begin, b"", "the line ends in CR LF; expected LF alone")
        expected = ", ".join(one.decode() for one in sorted(_TYPES[form]))
        raise Unreadable("type-name", begin + 1, written[:40], f"{{}} is no type; expected one of {expected}")
    if kind != written:
        text = (
            "more blanks than one stand around the type {}, which no Prometheus reads; expected one before it"
        )
        faults.append(Fault("blanks-in-type", begin + 1, kind, text))
    return Metadata(word, key, kind, faults)


def _help(
    key: bytes, said: bytes, begin: int, form: Format, faults: list[Fault], *, is_apart: bool
) -> Metadata:
    if said.strip(b"\r") and not is_apart:
        text = "{} follows the name; expected a blank and the text"
        raise Unreadable("metadata-ignored" if form is Format.TEXT else "metadata", begin, said[:40], text)
    if not said and form is Format.OPENMETRICS:
        raise Unreadable("metadata", begin, b"", "nothing follows the name; expected a blank and the text")
    if said.endswith(b"\r") and form is Format.OPENMETRICS:
        text = "the line ends in CR LF; expected LF alone"
        faults.append(Fault("carriage-return-in-help", begin + len(said), b"", text))
    escape = _ESCAPE[form].match(said, 1)
    if escape is not None and escape[1]:
        right = r"\\ or \n" if form is Format.TEXT else r"\" for a quote"
        text = f"{{}} stands in a HELP; expected {right}"
        rule = "escape" if form is Format.TEXT else "quote-in-help"
        faults.append(Fault(rule, begin + escape.start(1) + 1, escape[1], text))
    return Metadata(b"HELP", key, said[1:].strip(b" \t") if form is Format.TEXT else said[1:], faults)
