"""Why a value does not fit, in the two halves of the sentence that the user reads."""

from __future__ import annotations


class Unfit(ValueError):  # noqa: N818  (a reason, not a breakdown)
    """A value that cannot be used.

    ``found`` says what is wrong with ``{}`` in the place of the value, because whoever reports it knows whether
    the value may be shown. ``expected`` says what would do.
    """

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found, expected)
        self.found = found
        self.expected = expected

    def __str__(self) -> str:
        return f"found {self.found.replace('{}', 'a value')}; expected {self.expected}"
