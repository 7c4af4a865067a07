"""What Grafana sends for a query: variables and macros in place.

As Grafana 12 has it (``interpolateQueryExpr`` of ``packages/grafana-prometheus/src/escaping.ts``, the formats of
``@grafana/scenes``): ``$x``, ``${x}`` and ``[[x]]`` alike, the last two with a format behind a colon. Without a format:

- one value of a variable that can have only one is written as it is, but for ``\\`` and ``'``, which are escaped;
- of a variable that can have several, each value is escaped as a regular expression in a string, and several stand in
  brackets with ``|`` between them: ``(a|b)``;
- an ``allValue`` is written as it is.

Grafana leaves a name that it does not know as it stands, as it must for the ``$1`` of ``label_replace``; Prometheus then
refuses the query, or takes it for text. Here such a name is told, unless it begins with a digit. Macros of time are put in
place last, also where a variable's value is one: ``$__rate_interval`` among the values of ``$interval``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from deployspec.languages.grafana.macros import auto_interval, backend_macro, moment
from deployspec.languages.grafana.model import Chosen, Scope

REFERENCE = re.compile(
    r"\$(?P<plain>\w+)|\[\[(?P<old>\w+?)(?::(?P<oldformat>\w+))?\]\]"
    r"|\$\{(?P<name>\w+)(?:\.(?P<field>[^:^}]+))?(?::(?P<format>[^}]+))?\}",
    re.ASCII,
)
_BACKEND = re.compile(r"\$(?P<plain>\w+)|\$\{(?P<braced>\w+)\}", re.ASCII)
_IN_REGEX = re.compile(r"[$^*{}\[\]+?.()|]")
_ESCAPED_BY_REGEX = re.compile(r"[\\^$*+?.()|\[\]{}/]")
_ESCAPED_BY_LUCENE = re.compile(r"""([!*+\-=<>\s&|()\[\]{}^~?:\\/"])""")
_DEPTH = 10
"""How far values may name other variables: further is a circle."""
MOST_TEXT = 1_000_000
"""Characters of a query: beyond that, no server takes one."""


@dataclass(frozen=True, slots=True)
class Expanded:
    """What is sent."""

    text: str
    used: tuple[str, ...] = ()
    """The variables whose values stand in it, each once; macros are none."""


@dataclass(frozen=True, slots=True)
class Unexpanded:
    """What cannot be put in place."""

    names: tuple[str, ...]
    """As they are written, each once: ``$job``, ``${__user.login}``."""


def expand(text: str, scope: Scope) -> Expanded | Unexpanded:
    """The query as Prometheus gets it."""
    writer = _Writer(scope)
    written = writer.backend(writer.frontend(text))
    if writer.unknown:
        return Unexpanded(tuple(writer.unknown))
    return Expanded(written, tuple(writer.used))


def references(text: str) -> tuple[str, ...]:
    """The names that a text refers to, macros among them, each once, in their order."""
    names = (_name(found) for found in REFERENCE.finditer(text))
    return tuple(dict.fromkeys(name for name in names if not name[0].isdigit()))


def has_references(text: str) -> bool:
    """Whether there is anything to put in place."""
    return bool(references(text))


class _Writer:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._depth = 0
        self._room = MOST_TEXT
        self.used: dict[str, None] = {}
        self.unknown: dict[str, None] = {}

    def frontend(self, text: str) -> str:
        return REFERENCE.sub(self._put, text)

    def backend(self, text: str) -> str:
        def put(found: re.Match[str]) -> str:
            value = backend_macro(found["plain"] or found["braced"], self._scope)
            if value is None:
                return found[0]
            self.unknown.pop(found[0], None)
            return value

        return _BACKEND.sub(put, text)

    def _put(self, found: re.Match[str]) -> str:
        if self._room < 0:
            return ""
        name, form = _name(found), found["oldformat"] or found["format"] or ""
        written = self._written(name, form, found)
        if written is None:
            # The $1 of label_replace is Prometheus'.
            if not name[0].isdigit():
                self.unknown[found[0]] = None
            return found[0]
        # What is short, or empty, takes time, too.
        self._room -= max(10, len(written))
        if self._room < 0:
            self.unknown[f"{found[0]} (more than {MOST_TEXT} characters)"] = None
            return ""
        return written

    def _written(self, name: str, form: str, found: re.Match[str]) -> str | None:
        if (at := moment(name, form, self._scope)) is not None:
            return at
        if name not in ("__rate_interval", "__rate_interval_ms") and backend_macro(name, self._scope):
            return f"${name}"
        chosen = self._scope.values.get(name)
        if chosen is None or not chosen.values or (found["field"] or "value") not in ("value", "text"):
            return None
        self.used[name] = None
        if chosen.auto is not None:
            return auto_interval(self._scope.end - self._scope.begin, *chosen.auto)
        if found["field"] == "text" and chosen.texts:
            chosen = Chosen(chosen.texts, chosen.many)
        if chosen.raw and form not in ("text", "percentencode"):
            return self._nested(chosen.values[0])
        return _formatted(name, chosen, form)

    def _nested(self, text: str) -> str | None:
        if self._depth >= _DEPTH:
            return None
        self._depth += 1
        try:
            return self.frontend(text)
        finally:
            self._depth -= 1


def _name(found: re.Match[str]) -> str:
    return str(found["plain"] or found["old"] or found["name"])


def _formatted(name: str, chosen: Chosen, form: str) -> str | None:
    kind, _, argument = form.partition(":")
    values, many = list(chosen.values), chosen.many
    first = values[0]

    def each(write: Callable[[str], str], joint: str) -> str:
        return joint.join(map(write, values if many else [first]))

    match kind:
        case "":
            if not many:
                return first.replace("\\", "\\\\").replace("'", "\\\\'")
            return _alternatives(
                [_IN_REGEX.sub(r"\\\\\g<0>", value.replace("\\", "\\\\\\\\")) for value in values]
            )
        case "regex":
            return _alternatives([_ESCAPED_BY_REGEX.sub(r"\\\g<0>", value) for value in values])
        case "raw" | "csv" | "pipe" | "join":
            return each(str, {"pipe": "|", "join": argument or ","}.get(kind, ","))
        case "distributed":
            return first + "".join(f",{name}={value}" for value in values[1:])
        case "glob":
            return f"{{{','.join(values)}}}" if many and len(values) > 1 else first
        case "json":
            return json.dumps(values, ensure_ascii=False, separators=(",", ":")) if many else first
        case "text":
            return " + ".join(chosen.texts or values)
        case "queryparam":
            return each(lambda value: f"var-{name}={_encoded(value)}", "&")
        case "singlequote":
            return each(lambda value: "'" + value.replace("'", "\\'") + "'", ",")
        case "doublequote":
            return each(lambda value: '"' + value.replace('"', '\\"') + '"', ",")
        case "sqlstring":
            return each(lambda value: "'" + value.replace("'", "''").replace('"', '\\"') + "'", ",")
        case "percentencode":
            return _encoded(f"{{{','.join(values)}}}" if many else first)
        case "lucene":
            if not many:
                return _lucene(first)
            return "(" + " OR ".join(f'"{_lucene(value)}"' for value in values) + ")"
        case _:
            return None


def _alternatives(values: list[str]) -> str:
    return values[0] if len(values) == 1 else f"({'|'.join(values)})"


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def _lucene(text: str) -> str:
    return _ESCAPED_BY_LUCENE.sub(r"\\\1", text)
