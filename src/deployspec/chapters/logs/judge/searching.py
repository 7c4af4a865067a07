"""Searches whole blocks for many patterns at once, at the speed of reading."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import hyperscan


def ends(patterns: tuple[bytes, ...], data: bytes, *, once: bool = False) -> list[int]:
    """Where the matches of patterns for hyperscan end; ``once``: one of each pattern."""
    return [end for end, _ in hits(patterns, data, once=once)]


def hits(patterns: tuple[bytes, ...], data: bytes, *, once: bool = False) -> list[tuple[int, int]]:
    """Where the matches of patterns for hyperscan end, each with the number of its pattern, from 0."""
    found: list[tuple[int, int]] = []

    def take(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
        found.append((end, number))

    _database(patterns, once).scan(data, match_event_handler=take)
    return found


@cache
def _database(patterns: tuple[bytes, ...], once: bool) -> hyperscan.Database:
    import hyperscan

    flag = hyperscan.HS_FLAG_SINGLEMATCH if once else hyperscan.HS_FLAG_MULTILINE
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=list(patterns),
        ids=list(range(len(patterns))),
        elements=len(patterns),
        flags=[flag] * len(patterns),
    )
    return database
