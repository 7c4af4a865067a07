"""Lists and numbers in reasons."""

from __future__ import annotations

from collections.abc import Iterable


def listed(found: Iterable[object], most: int) -> str:
    """The first of them one by one, and how many more there are."""
    texts = [str(one) for one in found]
    more = f"; and {len(texts) - most} more" if len(texts) > most else ""
    return "; ".join(texts[:most]) + more


def count(number: int, thing: str) -> str:
    """``1 rule``, ``3 rules``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
