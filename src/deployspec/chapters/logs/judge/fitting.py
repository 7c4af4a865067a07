"""Whether records fit their schema: many at a time, each by itself only where one of them does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from deployspec.chapters.logs.judge import reasons
from deployspec.chapters.logs.judge.model import Reason
from deployspec.chapters.logs.judge.noting import Noting
from deployspec.chapters.logs.judge.schema import of_lists
from deployspec.languages.json_schema import validator

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

_VALIDATED = 16
"""How many records are validated at a time."""
_ERRORS = 50
"""How many breaches of the schema are told of one record, or of as many as are validated at a time."""
_TOO_DEEP_TO_TELL = Reason("schema", "$", "does not fit, and is nested too deep to tell where")

_Breaches = list[tuple[reasons.Path, str]]
"""Where in a record, and what is wrong there."""


class Fitting:
    """One schema for every record. Raises SchemaUnusableError where it cannot be used."""

    def __init__(self, schema: Mapping[str, Any], known: frozenset[str]) -> None:
        self._schema, self._known = schema, known
        self._list_schema = of_lists(schema)
        self._one = validator(schema, "the schema of records")
        self._many = validator(self._list_schema, "the schema of records")

    def misfits(self, numbers: Sequence[int], records: list[dict[str, Any]], noting: Noting) -> int:
        """Note what does not fit the schema; returns how many records do not."""
        misfits = 0
        for start in range(0, len(records), _VALIDATED):
            some = records[start : start + _VALIDATED]
            if self._many.is_valid(some):
                continue
            for index, breaches in self._breaches(some):
                misfits += 1
                self._note(numbers[start + index], breaches, noting)
        return misfits

    def _breaches(self, records: list[dict[str, Any]]) -> Iterator[tuple[int, _Breaches]]:
        """The index of each record that does not fit, in their order, and what is wrong with it."""
        errors = _first_errors(self._many, records)
        if errors is None or len(errors) >= _ERRORS:
            for at, record in enumerate(records):
                if not self._one.is_valid(record):
                    own = _first_errors(self._one, record) or ()
                    yield at, [(list(one.instance_path), reasons.of_schema(one, self._schema)) for one in own]
            return
        by_record: dict[int, _Breaches] = {}
        for error in errors:
            index, *path = error.instance_path
            by_record.setdefault(int(index), []).append((path, reasons.of_schema(error, self._list_schema)))
        yield from sorted(by_record.items())

    def _note(self, number: int, breaches: _Breaches, noting: Noting) -> None:
        found: dict[Reason, reasons.Path] = {}
        for path, what in breaches:
            found.setdefault(Reason("schema", reasons.place_of(path, self._known), what), path)
        for reason, path in found.items():
            noting.note(reason, number, path)
        if not found:
            noting.note(_TOO_DEEP_TO_TELL, number, 0)


def _first_errors(one: Validator, value: object) -> list[ValidationError] | None:
    """The first breaches; None where the value is nested deeper than jsonschema-rs can tell them."""
    try:
        return list(islice(one.iter_errors(value), _ERRORS))
    except ValueError:
        return None
