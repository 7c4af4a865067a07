"""Why a line is not right, in words, and where in it.

Words and places are made of the code and of the schema, never of what a log says: a million different values are one
reason. Only the excerpt quotes the log, masked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from deployspec.base.shown import cut, one_line
from deployspec.chapters.logs.judge.model import Reason

if TYPE_CHECKING:
    import orjson
    from jsonschema_rs import ValidationError

EXCERPT = 200
"""The longest excerpt, in characters."""
_BEFORE = 60
_DEEP = 8
"""How many steps of a place are told."""

Path = list[str | int]


def names_of(schema: object) -> frozenset[str]:
    """The names of fields that a schema speaks of, anywhere in it."""
    names: set[str] = set()
    rest = [schema]
    while rest:
        one = rest.pop()
        if isinstance(one, Mapping):
            for keyword in ("properties", "dependentRequired", "dependentSchemas"):
                if isinstance(one.get(keyword), Mapping):
                    names.update(one[keyword])
            if isinstance(one.get("required"), list):
                names.update(name for name in one["required"] if isinstance(name, str))
            rest += one.values()
        elif isinstance(one, list):
            rest += one
    return frozenset(names)


def place_of(path: Iterable[str | int], known: frozenset[str], *, tells: bool = False) -> str:
    """A path into a record, with ``*`` for what is not known by name: ``$.frames[*].line``.

    ``tells``: names of which there are few, whatever logs say, are known as well: ``$.user.password``.
    """
    steps = []
    for number, step in enumerate(path):
        if number == _DEEP:
            steps.append("…")
            break
        if isinstance(step, int):
            steps.append("[*]")
        elif step not in known and not (tells and _TELLING.fullmatch(step)):
            steps.append(".*")
        else:
            steps.append(f".{step}" if _PLAIN.fullmatch(step) else f'["{one_line(step, 40)}"]')
    return "$" + "".join(steps)


_WORDS_OF_KEYS = (
    "access", "account", "address", "api", "app", "args", "auth", "authorization", "aws", "bearer", "body", "card", "client", "config",
    "connection", "contact", "context", "cookie", "cookies", "credential", "credentials", "customer", "data", "database", "db", "details?",
    "dsn", "e-?mail", "env", "error", "event", "exception", "extra", "from", "headers?", "host", "http", "iban", "id", "input", "ip", "json",
    "key", "kwargs", "login", "mail", "message", "meta(?:data)?", "msg", "new", "number", "old", "options", "owner", "params", "pass",
    "passphrase", "password", "passwd", "payload", "payment", "phone", "private", "profile", "proxy", "pwd", "query", "recipient", "redis",
    "refresh", "remote", "req(?:uest)?", "res(?:ponse)?", "result", "secret", "sender", "session", "settings", "sql", "statement", "tags",
    "text", "to", "token", "uri", "url", "user", "username", "value", "webhook", "x",
)  # fmt: skip
_TELLING = re.compile(rf"(?:(?:{'|'.join(_WORDS_OF_KEYS)})[_.-]?){{1,3}}", re.IGNORECASE)
"""What keys are called under which secrets and people are found: told, because the place is of no use without."""
_PLAIN = re.compile(r"[A-Za-z_@][A-Za-z0-9_@-]{0,63}")


def of_json(error: orjson.JSONDecodeError, line: bytes) -> tuple[str, int]:
    """Why a line is not strict JSON, and the offset of that in its text."""
    if not line:
        return "the line is empty", 0
    if line.isspace():
        return "the line is blank", 0
    if line.startswith(b"\xef\xbb\xbf"):
        return "the line starts with a byte order mark", 0
    try:
        line.decode()
    except UnicodeDecodeError as fault:
        return "the line is not UTF-8", len(line[: fault.start].decode("utf-8", "replace"))
    if b"\0" in line and not line.strip(b"\0"):
        return "the line is nothing but NUL bytes", 0
    if _PRETTY.fullmatch(line):
        return "a line of a JSON object that is printed over many lines; expected each object on one line", 0
    if not line.lstrip(b" \t\r").startswith(b"{"):
        return "the line is not JSON", 0
    return f"the line is not strict JSON: {_WORDS.get(error.msg, error.msg)}", error.pos


_PRETTY = re.compile(
    rb"[ \t]*[{}\]\[]{1,2},?\r?"  # the brackets of an object
    rb'|[ \t]+"(?:[^"\\]|\\.){1,200}"[ \t]?:[ \t].*'  # one of its fields
)
_WORDS = {
    "unexpected end of data": "it ends too early",
    "unexpected content after document": "something follows the JSON value",
    "number is infinity when parsed as double": "a number is too large: most readers turn it into infinity",
    "depth limit exceeded": "nested more than 1024 deep",
    "no low surrogate in string": "a string holds half of a surrogate pair",
    "invalid high surrogate in string": "a string holds half of a surrogate pair",
    "invalid low surrogate in string": "a string holds half of a surrogate pair",
}
"""orjson's messages that a reader may not understand. All of them are words of its code, none is the log's."""

_KINDS = {list: "an array", str: "a string", int: "a number", float: "a number", bool: "a boolean"}


def of_value(value: object) -> str:
    """Why a JSON value is not a record."""
    return f"expected a JSON object, found {_KINDS.get(type(value), 'null')}"


def of_schema(error: ValidationError, schema: Mapping[str, Any] | None = None) -> str:
    """Which rule of the schema a record breaks, without its value; for a pattern, what ``schema`` says of it."""
    kind: Any = error.kind
    keyword = kind.name
    match keyword:
        case "required":
            return cut(f"{kind.property} is missing", 80)
        case "type":
            return "expected " + " or ".join(kind.types)
        case "enum":
            return cut(f"expected one of {', '.join(map(_plain, kind.options))}", 120)
        case "const":
            return cut(f"expected {_plain(kind.value)}", 120)
        case "pattern":
            described = None if schema is None else _description(schema, error.schema_path)
            return cut(f"expected {described}" if described else f"does not match {kind.pattern}", 120)
        case "additionalProperties" | "unevaluatedProperties":
            return "a field that the schema does not know"
        case "falseSchema":
            return "the schema allows nothing here"
        case "propertyNames":
            return "a field's name is not one that the schema allows"
        case "anyOf" | "oneOf":
            return f"fits {'more than one' if 'Multiple' in type(kind).__name__ else 'none'} of the schema's {keyword}"
    limit = getattr(kind, "limit", getattr(kind, "multiple_of", getattr(kind, "format", None)))
    of_limit = f" of {_plain(limit)}" if isinstance(limit, str | int | float) else ""
    return cut(f"breaks the schema's {keyword}{of_limit}", 120)


def _description(schema: Any, path: Iterable[str | int]) -> str | None:
    """What a schema says in words, where it says it, of the place that a path to one of its keywords leads to."""
    *steps, _ = path
    for step in steps:
        try:
            schema = schema[step]
        except (LookupError, TypeError):
            return None
    described = schema.get("description") if isinstance(schema, Mapping) else None
    return described.rstrip(".") if isinstance(described, str) and described else None


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def _values(text: str) -> Iterator[tuple[Path, int, int]]:
    """The path, start and end of each value of a JSON text; of a container, those of its bracket. The path changes
    with the next step."""
    path: Path = []
    key = False
    for token in _TOKEN.finditer(text):
        first = token[0][0]
        if key and first == '"':
            path[-1], key = json.loads(token[0]), False
        elif first in "{[":
            yield path, *token.span()
            key = first == "{"
            path.append("" if key else 0)
        elif first in "}]":
            path.pop()
            key = False
        elif first == ",":
            last = path[-1]
            if isinstance(last, int):
                path[-1] = last + 1
            else:
                key = True
        elif first != ":":
            yield path, *token.span()


def offset_of(text: str, path: Path) -> int:
    """Where the value at a path stands in a strict JSON text, in characters; 0 where there is none."""
    return next((start for at, start, _ in _values(text) if at == path), 0)


def path_at(text: str, offset: int) -> Path:
    """The path of the value that stands at an offset of a strict JSON text; of a key, that of its object."""
    within: Path = []
    for path, start, end in _values(text):
        if start > offset:
            break
        if offset < end:
            return path.copy()
        within = path.copy() if end - start == 1 and text[start] in "{[" else path[:-1]
    return within


def excerpt(text: str, at: int, personal: Iterable[str] = ()) -> str:
    """At most 200 characters around a place in a line, everything secret masked, on one line.

    ``personal``: what else is masked, as a promise's ``personal_data`` names it.
    """
    from deployspec.chapters.logs.judge.secrets import masked_window

    width = EXCERPT - 20
    start = max(0, min(at - _BEFORE, len(text) - width))
    end = min(len(text), start + width)
    shown = cut(masked_window(text, start, end, personal), EXCERPT - 2)
    return f"{'…' if start else ''}{shown}{'…' if end < len(text) else ''}"


OF_STACK_TRACE = Reason("stack-trace", "$", "a line of a stack trace")
_OF_TRACE = (
    rb"Traceback \(most recent call last\):"
    rb"|^(?:During handling of the above exception|The above exception was the direct cause)"
    rb'|^\s*File "[^"]{1,500}", line \d+'
    rb"|^\s+at (?:async |new )?[\w$.<>/`\[\]-]{1,300} ?\([^)]{0,300}\)"
    rb"|^\s+at \S{1,300}:\d+:\d+\s*$"
    rb"|^(?:Caused by|Suppressed): [\w.$]+"
    rb"|^\s+\.\.\. \d+ (?:more|common frames omitted)"
    rb"|^Exception in thread "
    rb"|^goroutine \d+ \[|^\s+\S{1,300}\.go:\d+(?: \+0x[0-9a-f]+)?\s*$"
    rb"|^\s*(?:from )?\S{1,300}\.rb:\d+:in "
    rb"|^#\d{1,3} \S{1,300}\.php\(\d+\):"
    rb"|^stack backtrace:|^thread '[^']{0,100}' panicked at "
    rb"|^\s*--- End of (?:inner exception )?stack trace"
)
STACK_TRACE = re.compile(_OF_TRACE + rb"|^(?:\w{1,100}\.){0,10}\w{0,100}(?:Error|Exception)(?:: .*)?\s*$")
"""A line that is not a record and looks like one of a stack trace: of Python, Java, JavaScript, .NET, Go, Ruby, PHP, Rust."""
STACK_TRACE_IN_RECORD = re.compile(_OF_TRACE)
"""A record that is such a line: an exception's name and words alone are a message like any other."""
