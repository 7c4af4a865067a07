"""Searches whole blocks for many patterns at once, at the speed of reading."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import hyperscan


Hit = tuple[int, int, int]
"""Where a match ends, which pattern it is of, and where it begins, if that was asked for. One is made for each match: a
plain tuple takes a third of a named one's time."""


def ends(patterns: tuple[bytes, ...], data: bytes, *, once: bool = False) -> list[int]:
    """Where the matches of patterns for hyperscan end; ``once``: one of each pattern."""
    return [end for end, *_ in hits(patterns, data, once=once)]


def hits(
    patterns: tuple[bytes, ...], data: bytes, *, begins: frozenset[int] = frozenset(), once: bool = False
) -> list[Hit]:
    """The matches of patterns for hyperscan. ``begins``: the numbers, from 0, of those whose first character counts."""
    found: list[Hit] = []

    def take(number: int, start: int, end: int, _flags: int, _context: object) -> None:
        found.append((end, number, start))

    _database(patterns, begins, once).scan(data, match_event_handler=take)
    return found


@cache
def _database(patterns: tuple[bytes, ...], begins: frozenset[int], once: bool) -> hyperscan.Database:
    import hyperscan

    flag = hyperscan.HS_FLAG_SINGLEMATCH if once else hyperscan.HS_FLAG_MULTILINE
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=list(patterns),
        ids=list(range(len(patterns))),
        elements=len(patterns),
        flags=[flag | (hyperscan.HS_FLAG_SOM_LEFTMOST if n in begins else 0) for n in range(len(patterns))],
    )
    return database
