"""Notes what is found in a block: how often, and where first."""

from __future__ import annotations

from collections import Counter

from deployspec.base import strict_json
from deployspec.chapters.logs.judge import reasons
from deployspec.chapters.logs.judge.model import BACKWARDS, Block, Found, Place, Reason
from deployspec.chapters.logs.judge.parsing import lines_of
from deployspec.chapters.logs.judge.syntax import Syntax
from deployspec.chapters.logs.judge.texts import Texts


class Noting:
    """Notes in ``found``. ``placed`` counts the places that earlier blocks have given of each reason. ``personal``: the
    personal data that no excerpt may show."""

    def __init__(
        self,
        found: dict[Reason, Found],
        block: Block,
        texts: Texts,
        syntax: Syntax,
        placed: Counter[Reason],
        kept: int,
        personal: tuple[str, ...] = (),
    ) -> None:
        self._found, self._placed, self._kept = found, placed, kept
        self._syntax, self._personal = syntax, personal
        self.block, self.texts = block, texts

    def note(self, reason: Reason, number: int, at: int | list[str | int] | None) -> None:
        """Count a reason. ``at``: where in the text of the line, as an offset in characters, below 0 in what stands
        before it, or as a path into its record; None: where the strict reader finds a fault."""
        found = self._found.setdefault(reason, Found())
        found.count += 1
        # Places are dear. Those of earlier blocks come first; but which times go back, later ones may change.
        before = 0 if reason.check == BACKWARDS else self._placed[reason]
        if len(found.places) >= self._kept or before >= self._kept:
            return
        self._placed[reason] += 1
        line = self.texts.lines[number]
        text = line.decode("utf-8", "replace")
        match at:
            case int():
                offset = at
            case None:
                fault = strict_json.parse(line)
                offset = fault.offset if isinstance(fault, strict_json.Fault) else 0
            case _:
                offset = self._syntax.offset_of(text, at)
        begin = self.texts.begins[number] if self.texts.begins else 0
        if offset == 0 and isinstance(at, list) and at:
            begin = 0  # what a prefix says, or what is missing
        elif offset < 0:
            text = lines_of(self.block.data)[number].decode("utf-8", "replace")
            offset, begin = begin + offset, 0
        shown = reasons.excerpt(text, offset, self._personal)
        found.places.append(Place(self.block.file, self.block.line + number, begin + offset + 1, shown))
