"""The answer of ``/api/v1/rules``, read strictly in what is used, and without a look at what is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployspec.base import shown
from deployspec.languages.prometheus.model import LoadedGroup, LoadedRule, LoadedRules, Unavailable

_KINDS = {"alerting": "alert", "recording": "record"}


class _NotUnderstood(Exception):  # noqa: N818 - a signal within this module
    pass


def read_loaded(data: object) -> LoadedRules | Unavailable:
    """Read the ``data`` of an answer of ``/api/v1/rules``, as Prometheus 2.42 to 3.x, and what speaks as it does, give it.

    Unavailable where something is missing or of another type: rules that were not understood must not pass for none.
    """
    try:
        return LoadedRules(
            tuple(
                _group(group, f"groups[{position}]")
                for position, group in enumerate(_list(data, "groups", "the answer"))
            )
        )
    except _NotUnderstood as error:
        return Unavailable(f"the loaded rules could not be understood: {error}")


def _group(found: object, where: str) -> LoadedGroup:
    return LoadedGroup(
        name=_text(found, "name", where),
        file=_text(found, "file", where, ""),
        interval=_number(found, "interval", where),
        rules=tuple(
            _rule(rule, f"{where}.rules[{position}]")
            for position, rule in enumerate(_list(found, "rules", where))
        ),
    )


def _rule(found: object, where: str) -> LoadedRule:
    kind = _text(found, "type", where)
    if kind not in _KINDS:
        raise _NotUnderstood(f"{where} is of the type {shown.value(kind)}, neither alerting nor recording")
    alerting = kind == "alerting"
    return LoadedRule(
        kind=_KINDS[kind],
        name=_text(found, "name", where),
        expr=_text(found, "query", where),
        for_=_number(found, "duration", where) if alerting else 0.0,
        keep_firing_for=_number(found, "keepFiringFor", where, 0.0) if alerting else 0.0,
        labels=_texts(found, "labels", where),
        annotations=_texts(found, "annotations", where) if alerting else {},
        health=_text(found, "health", where),
        last_error=_text(found, "lastError", where, ""),
    )


def _field(found: object, key: str, where: str, default: object = None) -> Any:
    if not isinstance(found, dict):
        raise _NotUnderstood(f"{where} is {shown.value(found)}, no object")
    value = found.get(key)
    return default if value is None else value


def _list(found: object, key: str, where: str) -> list[object]:
    value = _field(found, key, where)
    if value is None and isinstance(found, dict) and key in found:
        return []  # how Go writes a list that nothing was put into
    if not isinstance(value, list):
        raise _NotUnderstood(f"{where} has no list {key}")
    return value


def _text(found: object, key: str, where: str, default: str | None = None) -> str:
    value = _field(found, key, where, default)
    if not isinstance(value, str):
        raise _NotUnderstood(f"{where} has no text {key}")
    return value


def _number(found: object, key: str, where: str, default: float | None = None) -> float:
    value = _field(found, key, where, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _NotUnderstood(f"{where} has no number {key}")
    return float(value)


def _texts(found: object, key: str, where: str) -> Mapping[str, str]:
    value = _field(found, key, where, {})
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise _NotUnderstood(f"{where} has {key} that are no texts by name")
    return value
