"""Lists in reasons."""

from __future__ import annotations

from collections.abc import Iterable


def listed(found: Iterable[object], most: int) -> str:
    """The first of them one by one, and how many more there are."""
    texts = [str(one) for one in found]
    more = f"; and {len(texts) - most} more" if len(texts) > most else ""
    return "; ".join(texts[:most]) + more
