"""The fields of a JSON document that say how a service is, recognized in two answers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from deployspec.base import rfc3339
from deployspec.base.shown import names, one_line
from deployspec.model.http import Answer

SICK = re.compile(
    r"\b(not|no|un\w+|fail\w*|err\w*|down|degraded|starting|stopp\w+|maintenance|warn\w*)\b", re.IGNORECASE
)
"""Words of something that is not well."""
_FLAGS = ("ok", "healthy", "up", "alive", "ready")
"""Fields that are true when all is well."""
_STATES = ("status", "state", "health", "result", "message", *_FLAGS)
"""Fields that say in a word whether all is well."""
_ENTRY = ("status", "state", "health", "result", "passed", "success", *_FLAGS)
"""The same, in the entry of one part."""
_WELL = {
    *(
        "ok",
        "up",
        "healthy",
        "pass",
        "passed",
        "passing",
        "success",
        "green",
        "alive",
        "ready",
        "true",
        "working",
    ),
    *("operational", "pong"),
}
"""Words of a service, or of a part, that is well."""
_COLOURS = {"green", "true"}
"""Those of them that mean something else beside the service's own state: a slot, a switch."""
_EACH = ("components", "checks", "services", "dependencies", "details", "results", "entries", "parts")
"""Where the parts are."""
_NAMES = ("name", "checker", "component", "service", "id", "key", "title")
"""Where, in an entry, a part's name is."""
_KEYS_OF_EACH = ("each", "name", "at", "healthy")
"""What no part may be called in a deployment file."""
_VERSION = ("version", "release", "build")
_QUEUE_DEPTH = ("queue_depth", "queue_length", "queue_size", "queue", "backlog")
_CLOCK = ("time", "timestamp", "now", "date", "datetime", "current_time", "server_time", "ts", "epoch")
_SKEW = 5
"""Seconds: ``health.max_clock_skew``'s default."""

Pair = tuple[Any, Any]
"""The same value in two answers."""


def is_plain(text: str) -> bool:
    """Whether a word of the service's may be written down: short, on one line, and without secrets."""
    return bool(text) and one_line(text, 120) == text


def is_text(value: object) -> bool:
    """Whether a value is a text that says something."""
    return isinstance(value, str) and bool(value.strip())


def fields_of(
    was: Any, now: Any, first: Answer, second: Answer, version: Mapping[str, str] | None
) -> tuple[dict[str, Any], str]:
    """What the part ``fields`` of the deployment file says of the documents ``was`` and ``now``, without what is null.

    And what the service says just now that is wrong with it, in words.
    """
    both: dict[str, Pair] = {}
    if isinstance(was, dict) and isinstance(now, dict):
        both = {name: (was[name], now[name]) for name in was if name in now and is_plain(name)}
    flags = {name: pair for name, pair in both.items() if all(type(one) is bool for one in pair)}
    fields: dict[str, Any] = {}
    ok, just_now = "", ""
    if flag := _named(_FLAGS, flags):
        ok, fields["ok"] = flag, _place(flag)
        just_now = "" if all(flags[flag]) else f"{flag} is false"
    elif word := _named(_STATES, [name for name, pair in both.items() if _words(pair)]):
        ok, fields["ok"] = word, {"at": _pointer(word), "healthy": _words(both[word])}
    elif len(flags) == 1 and all(*flags.values()) and not _each(was, now):
        ok = next(iter(flags))
        fields["ok"] = _place(ok)
    elif words := _words((was, now)):
        fields["ok"] = {"at": "", "healthy": words}
    else:
        says = {name: now for name, (_, now) in both.items() if isinstance(now, str) and SICK.search(now)}
        if word := _named(_STATES, says):
            just_now = f"{word} is {one_line(says[word], 40)}"
    well = not just_now
    if parts := _parts(was, now, both, ok, well=well):
        fields["parts"] = parts
    off = [name for name, pair in flags.items() if name != ok and not all(pair)]
    if ok and well and off:
        # Such as `debug`; but it may be a part that the service forgets.
        just_now = f"{names(off)} {'is' if len(off) == 1 else 'are'} false and not taken for a part"
    depths = [name for name, pair in both.items() if all(type(one) is int and one >= 0 for one in pair)]
    if depth := _named(_QUEUE_DEPTH, depths):
        fields["queue_depth"] = {"field": _place(depth)}
    if clock := _clock(both, first, second):
        fields["time"] = clock
    texts = [name for name, (one, other) in both.items() if is_text(one) and one == other]
    if name := _named(_VERSION, texts):
        fields["version"] = _place(name)
    elif version:
        fields["version"] = dict(version)
    return fields, just_now


def _parts(was: Any, now: Any, both: Mapping[str, Pair], ok: str, *, well: bool) -> Any:
    """What the file says of the parts; None where no parts are seen."""
    if each := _each(was, now):
        return each
    # A flag that is false while all is well, such as `debug`, is no part; while all is not, it may be the reason.
    flags = [
        name
        for name, pair in both.items()
        if name != ok and all(type(one) is bool for one in pair) and (all(pair) or not well)
    ]
    words = {
        name: found
        for name, pair in both.items()
        if name.lower() not in (ok.lower(), *_STATES)
        and (found := _words(pair))
        and not _COLOURS & {one.lower() for one in found}
    }
    if not words:
        return flags or None
    if not ok and not flags and len(both) == len(words) == len(was) == len(now):
        return {"each": "", "healthy": _union(words.values())}
    return {
        name: {"at": _pointer(name)} | ({"healthy": words[name]} if name in words else {})
        for name in both
        if (name in flags or name in words) and name not in _KEYS_OF_EACH
    } or None


def _each(was: Any, now: Any) -> dict[str, Any] | None:
    """An array or object that has an entry for each part, all of them well."""
    if isinstance(was, list):
        return _entries("", was, now)
    if not isinstance(was, dict) or not isinstance(now, dict):
        return None
    by_name = {name.lower(): name for name in was if name in now}
    for key in _EACH:
        name = by_name.get(key)
        if name is not None and (found := _entries(f"/{name}", was[name], now[name])):
            return found
    return None


def _entries(at: str, was: Any, now: Any) -> dict[str, Any] | None:
    if type(was) is not type(now) or not was or not now:
        return None
    name = None
    if isinstance(was, dict) and was.keys() == now.keys():
        entries = [*was.values(), *now.values()]
        if all(isinstance(one, list) and one for one in entries):
            entries = [entry for one in entries for entry in one]
    elif isinstance(was, list) and len(was) == len(now):
        entries = [*was, *now]
        if not all(isinstance(one, dict) for one in entries):
            return None
        name = next((key for key in _NAMES if all(is_text(one.get(key)) for one in entries)), None)
        if name is not None and [one[name] for one in was] != [one[name] for one in now]:
            return None
    else:
        return None
    said = {"each": at} | ({"name": name} if name else {})
    if healthy := _healthy(entries):
        return said | _healthy_said(healthy)
    if all(isinstance(one, dict) for one in entries):
        for key in _ENTRY:
            if all(key in one for one in entries) and (healthy := _healthy([one[key] for one in entries])):
                return said | {"at": key} | _healthy_said(healthy)
    return None


def _healthy(values: list[Any]) -> list[Any] | None:
    """The values, each once, where all are true, or all are words of something that is well."""
    if all(one is True for one in values):
        return [True]
    return _words(values)


def _healthy_said(healthy: list[Any]) -> dict[str, Any]:
    return {} if healthy == [True] else {"healthy": healthy}


def _words(values: Iterable[Any]) -> list[str] | None:
    """The words, each once, where all say that something is well."""
    found = list(values)
    if not all(isinstance(one, str) and one.lower() in _WELL for one in found):
        return None
    return list(dict.fromkeys(found))


def _union(lists: Iterable[list[str]]) -> list[str]:
    return list(dict.fromkeys(one for words in lists for one in words))


def _clock(both: Mapping[str, Pair], first: Answer, second: Answer) -> str | dict[str, str] | None:
    """The field that is the service's clock, rather than the time of its start or its build."""
    stamps: dict[str, tuple[bool, bool]] = {}
    formats: dict[str, str] = {}
    for name, (was, now) in both.items():
        for form in ("rfc3339", "epoch_s", "epoch_ms"):
            one, other = _stamp(was, form), _stamp(now, form)
            if one is None or other is None:
                continue
            moved = other.order > one.order
            current = _is_current(one, first) and _is_current(other, second)
            if form == "rfc3339" or current:
                stamps[name], formats[name] = (moved, current), form
    by_its_name = _named(_CLOCK, [name for name, seen in stamps.items() if any(seen)])
    found = by_its_name or next((name for name, seen in stamps.items() if all(seen)), None)
    if found is None:
        return None
    return _place(found) if formats[found] == "rfc3339" else {"at": _pointer(found), "format": formats[found]}


def _stamp(value: Any, form: str) -> rfc3339.Stamp | None:
    found: object = None
    if form == "rfc3339":
        found = rfc3339.parse(value) if isinstance(value, str) else None
    elif type(value) in (int, float):
        found = rfc3339.from_epoch(value, 1 if form == "epoch_s" else 1000)
    return found if isinstance(found, rfc3339.Stamp) else None


def _is_current(stamp: rfc3339.Stamp, answer: Answer) -> bool:
    early, late = Fraction(answer.sent_at) - _SKEW - 1, Fraction(answer.received_at) + _SKEW
    return early <= stamp.moment <= late


def _named(names: Iterable[str], fields: Iterable[str]) -> str | None:
    by_name = {name.lower().replace("-", "_"): name for name in fields}
    return next((by_name[name] for name in names if name in by_name), None)


def _pointer(name: str) -> str:
    return f"/{name.replace('~', '~0').replace('/', '~1')}"


def _place(name: str) -> str:
    """A field's name, or a pointer where the name alone would be taken for one."""
    return _pointer(name) if name.startswith("/") else name
