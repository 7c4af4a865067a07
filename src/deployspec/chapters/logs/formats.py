"""The forms of log records that are known by name: what the deployment file means where it says no more.

Keys and values are those of a log source in the deployment file, and ``syntax``; each was held against what its emitter
writes (``make proven``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from deployspec.chapters.logs.form import RFC3339, WRAPPED_AT, WRAPPERS, Fields

GUIDE_LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
"""The guide's levels ("Log Levels"), ascending."""
GUIDE_ACCESS = {"method": "method", "path": "path", "status": "status", "duration": "duration_ms"}
_GUIDE: dict[str, Any] = {
    "syntax": "json",
    "fields": asdict(Fields()),
    "levels": GUIDE_LEVELS,
    "time_format": RFC3339,
    "access": GUIDE_ACCESS,
}
_LOWER = {
    "trace": "TRACE", "debug": "DEBUG", "info": "INFO", "warn": "WARNING", "warning": "WARNING", "error": "ERROR",
    "fatal": "CRITICAL", "critical": "CRITICAL",
}  # fmt: skip
_UPPER = {said.upper(): name for said, name in _LOWER.items()}
_NODE = {"10": "TRACE", "20": "DEBUG", "30": "INFO", "40": "WARNING", "50": "ERROR", "60": "CRITICAL"}
_SYSLOG = {
    "7": "DEBUG", "6": "INFO", "5": "NOTICE", "4": "WARNING", "3": "ERROR", "2": "CRITICAL", "1": "CRITICAL",
    "0": "CRITICAL",
}  # fmt: skip
_SYSLOG_WORDS = {
    "debug": "DEBUG", "info": "INFO", "notice": "NOTICE", "warn": "WARNING", "warning": "WARNING", "error": "ERROR",
    "err": "ERROR", "crit": "CRITICAL", "alert": "CRITICAL", "emerg": "CRITICAL",
}  # fmt: skip
_POSTGRESQL = {
    "DEBUG5": "DEBUG",
    "DEBUG4": "DEBUG",
    "DEBUG3": "DEBUG",
    "DEBUG2": "DEBUG",
    "DEBUG1": "DEBUG",
    "INFO": "INFO",
    "LOG": "INFO",
    "NOTICE": "NOTICE",
    "WARNING": "WARNING",
    "ERROR": "ERROR",
    "FATAL": "CRITICAL",
    "PANIC": "CRITICAL",
}
_COMBINED = (
    r'(?P<client>\S+) \S+ (?P<user>.+?) \[(?P<timestamp>[^\]]+)\] "(?:(?P<method>[A-Z]+) (?P<path>\S+)(?: HTTP/[\d.]+)?'
    r'|(?P<bad_request>(?:[^"\\]|\\.)*))" (?P<status>\d{3}) (?P<size>\d+|-)(?: "(?P<referer>(?:[^"\\]|\\.)*)"'
    r' "(?P<user_agent>(?:[^"\\]|\\.)*)")?(?: .*)?'
)
_OF_COMBINED = {
    "syntax": "text",
    "pattern": _COMBINED,
    "fields": {"timestamp": "timestamp"},
    "time_format": "%d/%b/%Y:%H:%M:%S %z",
}
FORMATS: dict[str, dict[str, Any]] = {
    "json": _GUIDE,
    "logfmt": {
        "syntax": "logfmt",
        "fields": {"timestamp": "time", "level": "level", "message": "msg"},
        "levels": {**_LOWER, **_UPPER},
        "time_format": "iso8601",
    },
    "text": {"syntax": "text", "fields": {}},
    # Node.js
    "pino": {
        "syntax": "json",
        "fields": {"timestamp": "time", "level": "level", "message": "msg", "request_id": "/req/id"},
        "levels": _NODE,
        "time_format": "epoch_ms",
        "access": {
            "method": "/req/method",
            "path": "/req/url",
            "status": "/res/statusCode",
            "duration": "responseTime",
        },
    },
    "bunyan": {
        "syntax": "json",
        "fields": {
            "timestamp": "time",
            "level": "level",
            "logger": "name",
            "message": "msg",
            "request_id": "req_id",
        },
        "levels": _NODE,
        "time_format": RFC3339,
    },
    "winston": {
        "syntax": "json",
        "fields": {"timestamp": "timestamp", "level": "level", "message": "message"},
        "levels": ["silly", "debug", "verbose", "http", "info", "warn", "error"],
        "time_format": RFC3339,
    },
    # Python
    "python-json-logger": {
        "syntax": "json",
        "optional": ["logger"],
        "fields": {"timestamp": "asctime", "level": "levelname", "logger": "name", "message": "message"},
        "levels": GUIDE_LEVELS,
        "time_format": "iso8601",
    },
    "structlog": {
        "syntax": "json",
        "fields": {"timestamp": "timestamp", "level": "level", "message": "event"},
        "levels": _LOWER,
        "time_format": "iso8601",
    },
    "django-structlog": {
        "syntax": "json",
        "fields": {
            "timestamp": "timestamp",
            "level": "level",
            "logger": "logger",
            "message": "event",
            "request_id": "request_id",
        },
        "levels": _LOWER,
        "time_format": "iso8601",
    },
    "loguru": {
        "syntax": "json",
        "fields": {
            "timestamp": "/record/time/timestamp",
            "level": "/record/level/name",
            "logger": "/record/name",
            "message": "/record/message",
            "request_id": "/record/extra/request_id",
        },
        "levels": ["TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL"],
        "time_format": "epoch",
    },
    "ecs": {
        "syntax": "json",
        "fields": {
            "timestamp": "@timestamp",
            "level": "log.level",
            "logger": "log.logger",
            "message": "message",
            "request_id": "http.request.id",
        },
        "levels": {**_LOWER, **_UPPER},
        "time_format": "iso8601",
        "access": {
            "method": "http.request.method",
            "path": "url.original",
            "status": "http.response.status_code",
            "duration": "event.duration",
        },
        "unit": "ns",
    },
    "gcp": {
        "syntax": "json",
        # Its first record tells of the library.
        "optional": ["message"],
        "fields": {"level": "severity", "message": "message", "request_id": "logging.googleapis.com/trace"},
        "levels": [
            "DEFAULT",
            "DEBUG",
            "INFO",
            "NOTICE",
            "WARNING",
            "ERROR",
            "CRITICAL",
            "ALERT",
            "EMERGENCY",
        ],
    },
    "powertools": {
        "syntax": "json",
        "fields": {
            "timestamp": "timestamp",
            "level": "level",
            "logger": "service",
            "message": "message",
            "request_id": "function_request_id",
        },
        "levels": GUIDE_LEVELS,
        "time_format": "iso8601",
    },
    "mozlog": {
        "syntax": "json",
        "fields": {
            "timestamp": "Timestamp",
            "level": "Severity",
            "logger": "Logger",
            "message": "/Fields/msg",
            "request_id": "/Fields/rid",
        },
        "levels": _SYSLOG,
        "time_format": "epoch_ns",
    },
    "loguru-text": {
        "syntax": "text",
        "pattern": r"(?P<timestamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) \| (?P<level>[A-Z]+) *\| (?P<logger>[^:]*):(?P<function>[^:]*):"
        r"(?P<line>\d+) - (?P<message>.*)",
        "fields": {"timestamp": "timestamp", "level": "level", "logger": "logger", "message": "message"},
        "levels": ["TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL"],
        "time_format": "%Y-%m-%d %H:%M:%S.%f",
    },
    "uvicorn": {
        "syntax": "text",
        "pattern": r"(?P<level>[A-Z]+): +(?P<message>.*)",
        "fields": {"level": "level", "message": "message"},
        "levels": _UPPER,
    },
    "gunicorn": {
        "syntax": "text",
        "pattern": r"\[(?P<timestamp>[^\]]+)\] \[(?P<pid>\d+)\] \[(?P<level>[A-Z]+)\] (?P<message>.*)",
        "fields": {"timestamp": "timestamp", "level": "level", "message": "message"},
        "levels": _UPPER,
        "time_format": "%Y-%m-%d %H:%M:%S %z",
    },
    "gunicorn-access": _OF_COMBINED,
    "celery": {
        "syntax": "text",
        # Its banner, and warnings of Python's.
        "continuation": r"(?!\[\d{4}-)",
        "pattern": r"\[(?P<timestamp>[^:]+:\d\d:\d\d,\d+): (?P<level>[A-Z]+)/(?P<logger>[^\]]+)\] (?P<message>.*)",
        "fields": {"timestamp": "timestamp", "level": "level", "message": "message"},
        "levels": _UPPER,
        "time_format": "iso8601",
    },
    # Java
    "log4j2-json": {
        "syntax": "json",
        "fields": {
            "timestamp": "/instant/epochSecond",
            "level": "level",
            "logger": "loggerName",
            "message": "message",
        },
        "levels": ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"],
        "time_format": "epoch",
    },
    "logback": {
        "syntax": "text",
        "pattern": r"\d\d:\d\d:\d\d\.\d{3} \[(?P<thread>[^\]]*)\] (?P<level>[A-Z]+) +(?P<logger>\S+) - (?P<message>.*)",
        "fields": {"level": "level", "logger": "logger", "message": "message"},
        "levels": ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"],
    },
    # Go
    "zap": {
        "syntax": "json",
        "fields": {"timestamp": "ts", "level": "level", "message": "msg"},
        "levels": {
            "debug": "DEBUG",
            "info": "INFO",
            "warn": "WARNING",
            "error": "ERROR",
            "dpanic": "CRITICAL",
            "panic": "CRITICAL",
            "fatal": "CRITICAL",
        },
        "time_format": "epoch",
    },
    "slog": {
        "syntax": "json",
        "fields": {"timestamp": "time", "level": "level", "message": "msg"},
        "levels": ["DEBUG", "INFO", "WARN", "ERROR"],
        "time_format": RFC3339,
    },
    "logrus": {
        "syntax": "json",
        "fields": {"timestamp": "time", "level": "level", "message": "msg"},
        "levels": {
            "trace": "TRACE",
            "debug": "DEBUG",
            "info": "INFO",
            "warning": "WARNING",
            "error": "ERROR",
            "fatal": "CRITICAL",
            "panic": "CRITICAL",
        },
        "time_format": RFC3339,
    },
    "zerolog": {
        "syntax": "json",
        "fields": {"timestamp": "time", "level": "level", "message": "message"},
        "levels": {
            "trace": "TRACE",
            "debug": "DEBUG",
            "info": "INFO",
            "warn": "WARNING",
            "error": "ERROR",
            "fatal": "CRITICAL",
            "panic": "CRITICAL",
        },
        "time_format": RFC3339,
    },
    "caddy": {
        "syntax": "json",
        "optional": ["logger"],
        "fields": {
            "timestamp": "ts",
            "level": "level",
            "logger": "logger",
            "message": "msg",
            "request_id": "/request/headers/X-Request-Id/0",
        },
        "levels": {
            "debug": "DEBUG",
            "info": "INFO",
            "warn": "WARNING",
            "error": "ERROR",
            "panic": "CRITICAL",
            "fatal": "CRITICAL",
        },
        "time_format": "epoch",
        "access": {
            "method": "/request/method",
            "path": "/request/uri",
            "status": "status",
            "duration": "duration",
        },
        "unit": "s",
    },
    "go-kit": {
        "syntax": "logfmt",
        "optional": ["message"],
        "fields": {"timestamp": "ts", "level": "level", "message": "msg"},
        "levels": {"debug": "DEBUG", "info": "INFO", "warn": "WARNING", "error": "ERROR"},
        "time_format": RFC3339,
    },
    # Servers
    "nginx": _OF_COMBINED,
    "nginx-error": {
        "syntax": "text",
        "pattern": r"(?P<timestamp>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(?P<level>[a-z]+)\] (?P<pid>\d+)#(?P<tid>\d+): "
        r"(?P<message>.*)",
        "fields": {"timestamp": "timestamp", "level": "level", "message": "message"},
        "levels": _SYSLOG_WORDS,
        "time_format": "%Y/%m/%d %H:%M:%S",
    },
    "haproxy": {
        "syntax": "text",
        # By syslog, or on standard output.
        "pattern": r"(?:<\d+>)?(?:\w{3} [ \d]\d \d\d:\d\d:\d\d (?:\S+ )?haproxy\[\d+\]: )?"
        r"(?P<client>\S+) \[(?P<timestamp>\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d\.\d+)\] (?P<frontend>\S+) "
        r"(?P<backend>[^/ ]+)/(?P<server>\S+) (?P<timers>[-+/\d]+/(?P<duration_ms>\+?\d+)) (?P<status>-?\d+) (?P<size>\+?\d+)"
        r' \S+ \S+ \S+ \S+ \S+(?: \{[^}]*\})* "(?P<request>(?:(?P<method>[A-Z]+) (?P<path>\S+)(?: HTTP/[\d.]+)?|[^"]*))"',
        "fields": {"timestamp": "timestamp"},
        "time_format": "%d/%b/%Y:%H:%M:%S.%f",
    },
    "postgresql": {
        "syntax": "text",
        # log_line_prefix as Debian sets it (%m [%p] %q%u@%d ), and as PostgreSQL does (%m [%p] ).
        "pattern": r"(?P<timestamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \S+) \[(?P<pid>\d+)\] "
        r"(?:(?P<user>\S+)@(?P<database>\S+) )?(?P<level>[A-Z0-9]+):  (?P<message>.*)",
        # What more is said of a message, and the further lines of all of these.
        "continuation": r"\t|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \S+ \[\d+\] (?:\S+@\S+ )?"
        r"(?:DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION|BACKTRACE):  ",
        "fields": {"timestamp": "timestamp", "level": "level", "message": "message"},
        "levels": _POSTGRESQL,
        "time_format": "%Y-%m-%d %H:%M:%S.%f %Z",
    },
    "postgresql-json": {
        "syntax": "json",
        "fields": {"timestamp": "timestamp", "level": "error_severity", "message": "message"},
        "levels": _POSTGRESQL,
        "time_format": "%Y-%m-%d %H:%M:%S.%f %Z",
    },
    "journald": {
        "syntax": "json",
        # What writes to the journal by itself, such as the kernel's audit, gives none.
        "optional": ["level", "logger"],
        "fields": {
            "timestamp": "__REALTIME_TIMESTAMP",
            "level": "PRIORITY",
            "logger": "SYSLOG_IDENTIFIER",
            "message": "MESSAGE",
        },
        "levels": _SYSLOG,
        "time_format": "epoch_us",
    },
    "redis": {
        "syntax": "text",
        "continuation": r"\d+:signal-handler \(",
        "pattern": r"(?P<pid>\d+):(?P<role>[A-Z]) (?P<timestamp>\d\d \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3}) (?P<level>[.*#-]) "
        r"(?P<message>.*)",
        "fields": {"timestamp": "timestamp", "level": "level", "message": "message"},
        "levels": {".": "DEBUG", "-": "VERBOSE", "*": "NOTICE", "#": "WARNING"},
        "time_format": "%d %b %Y %H:%M:%S.%f",
    },
}
"""By name, what is not said in the file."""


def names_of(said: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The wrapper and the format that a source names."""
    names = said.get("format") or ()
    names = [names] if isinstance(names, str) else names
    wrapper = next((name for name in names if name in WRAPPERS), None)
    return wrapper, next((name for name in names if name not in WRAPPERS), None)


def described(said: Mapping[str, Any], completed: Mapping[str, Any]) -> dict[str, Any]:
    """What is meant of one source: ``completed``, with what depends on its format."""
    wrapper, name = names_of(said)
    if name is None and "pattern" in said:
        # One who describes a text does not speak of the guide's records.
        name = "text"
    base = _GUIDE if name is None else FORMATS.get(name, _GUIDE)
    meant = {key: value for key, value in base.items() if key not in ("fields", "access", "unit")}
    meant |= completed
    meant.setdefault("levels", GUIDE_LEVELS)
    meant.setdefault("time_format", RFC3339)
    fields: dict[str, str | None] = {**dict.fromkeys(asdict(Fields())), **base["fields"]}
    # What a format says of its own records counts for more than what stands before them.
    fields |= {group: group for group in _groups(said) if group in fields and fields[group] is None}
    fields |= said.get("fields") or {}
    if wrapper is not None and fields["timestamp"] is None and "timestamp" not in (said.get("fields") or {}):
        fields["timestamp"], meant["time_format"] = WRAPPED_AT[wrapper], RFC3339
    meant["fields"] = fields
    if "access" in completed:
        own = completed["access"]
        fields_of_access = {**GUIDE_ACCESS, **base.get("access", {}), **own.get("fields", {})}
        meant["access"] = {"unit": base.get("unit", "ms"), **own, "fields": fields_of_access}
    if "error_level" not in meant:
        names, _ = levels_of(meant["levels"])
        meant["error_level"] = next((name for name in names if name.casefold() in _ERROR), None)
    return meant


def _groups(said: Mapping[str, Any]) -> Iterator[str]:
    for key in ("prefix", "pattern"):
        if key in said:
            yield from re.compile(said[key]).groupindex


_ERROR = ("error", "err")


def levels_of(said: Any) -> tuple[tuple[str, ...], dict[str, str]]:
    """The names of levels in ascending order, and the name by what records say, where that is not the name."""
    if isinstance(said, Mapping):
        return tuple(dict.fromkeys(said.values())), dict(said)
    names = tuple(map(str, said))
    return names, {name: name for name in names} if any(map(str.isdecimal, names)) else {}
