"""Notes what is found in a block: how often, and where first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from deployspec.base import strict_json
from deployspec.chapters.logs.judge import reasons
from deployspec.chapters.logs.judge.model import BACKWARDS, Block, Found, Place, Reason


class Noting:
    """Notes in ``found``. ``placed`` counts the places that earlier blocks have given of each reason."""

    def __init__(
        self,
        found: dict[Reason, Found],
        block: Block,
        lines: Sequence[bytes],
        placed: Counter[Reason],
        kept: int,
    ) -> None:
        self._found, self._placed, self._kept = found, placed, kept
        self.block, self.lines = block, lines

    def note(self, reason: Reason, number: int, at: int | list[str | int] | None) -> None:
        """Count a reason. ``at``: where in the line, as an offset in characters or as a path into its record; None:
        where the strict reader finds a fault."""
        found = self._found.setdefault(reason, Found())
        found.count += 1
        # Places are dear. Those of earlier blocks come first; but which times go back, later ones may change.
        before = 0 if reason.check == BACKWARDS else self._placed[reason]
        if len(found.places) >= self._kept or before >= self._kept:
            return
        self._placed[reason] += 1
        text = self.lines[number].decode("utf-8", "replace")
        match at:
            case int():
                offset = at
            case None:
                fault = strict_json.parse(self.lines[number])
                offset = fault.offset if isinstance(fault, strict_json.Fault) else 0
            case _:
                offset = reasons.offset_of(text, at)
        found.places.append(
            Place(self.block.file, self.block.line + number, offset + 1, reasons.excerpt(text, offset))
        )
