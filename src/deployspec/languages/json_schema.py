"""JSON Schemas that a user wrote, compiled, or why they cannot be used."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from deployspec.base.shown import one_line

if TYPE_CHECKING:
    from jsonschema_rs import Validator

MASK = "***"
"""What stands for a value in the validator's own words."""


class SchemaUnusableError(Exception):
    """A schema of the user's is itself at fault. ``str()`` says which, and how."""


def validator(schema: Mapping[str, Any], called: str) -> Validator:
    """The schema, compiled. Raises SchemaUnusableError, which begins with ``called``."""
    # Imported here: some 7 ms that few checks need.
    from jsonschema_rs import validator_for

    with using(called):
        return validator_for(dict(schema), mask=MASK, offline=True)


@contextlib.contextmanager
def using(called: str) -> Iterator[None]:
    """What the validator cannot do with the schema ``called`` so becomes a SchemaUnusableError."""
    from jsonschema_rs import ReferencingError

    try:
        yield
    except (ValueError, TypeError, ReferencingError) as unusable:
        reason = one_line(str(unusable).partition("\n")[0], 160)
        raise SchemaUnusableError(f"{called} cannot be used: {reason}") from None
