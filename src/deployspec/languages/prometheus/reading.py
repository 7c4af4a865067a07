"""The answer of ``/api/v1/rules``, read strictly in what is used, and without a look at what is not."""

from __future__ import annotations

from collections.abc import Mapping

from deployspec.base import shown
from deployspec.languages.prometheus.answers import NUMBER, NotUnderstood, field
from deployspec.languages.prometheus.model import LoadedGroup, LoadedRule, LoadedRules, Unavailable

_KINDS = {"alerting": "alert", "recording": "record"}


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
    except NotUnderstood as error:
        return Unavailable(f"the loaded rules could not be understood: {error}")


def _group(found: object, where: str) -> LoadedGroup:
    return LoadedGroup(
        name=field(found, "name", where, str),
        file=field(found, "file", where, str, ""),
        interval=float(field(found, "interval", where, NUMBER)),
        rules=tuple(
            _rule(rule, f"{where}.rules[{position}]")
            for position, rule in enumerate(_list(found, "rules", where))
        ),
    )


def _rule(found: object, where: str) -> LoadedRule:
    kind = field(found, "type", where, str)
    if kind not in _KINDS:
        raise NotUnderstood(f"{where} is of the type {shown.value(kind)}, neither alerting nor recording")
    alerting = kind == "alerting"
    return LoadedRule(
        kind=_KINDS[kind],
        name=field(found, "name", where, str),
        expr=field(found, "query", where, str),
        for_=float(field(found, "duration", where, NUMBER)) if alerting else 0.0,
        keep_firing_for=float(field(found, "keepFiringFor", where, NUMBER, 0.0)) if alerting else 0.0,
        labels=_texts(found, "labels", where),
        annotations=_texts(found, "annotations", where) if alerting else {},
        health=field(found, "health", where, str),
        last_error=field(found, "lastError", where, str, ""),
    )


def _list(found: object, key: str, where: str) -> list[object]:
    # None is how Go writes a list that nothing was put into.
    empty: list[object] | None = [] if isinstance(found, dict) and key in found else None
    read: list[object] = field(found, key, where, list, empty)
    return read


def _texts(found: object, key: str, where: str) -> Mapping[str, str]:
    value = found.get(key) if isinstance(found, dict) else None
    if value is not None and not (
        isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
    ):
        raise NotUnderstood(f"{where} has {key} whose values are not texts")
    return value or {}
