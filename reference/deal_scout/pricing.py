"""What is a fair price? The middle half of what comparable listings ask for, adjusted for wear."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, func, select

from .models import Condition, Listing

_FACTOR = {Condition.NEW: Decimal("1.15"), Condition.GOOD: Decimal("1.00"), Condition.FAIR: Decimal("0.80")}


@dataclass(frozen=True)
class Suggestion:
    """A price and the range around it, from `comparables` listings."""

    price: Decimal
    low: Decimal
    high: Decimal
    comparables: int


def comparables(category: str) -> Select[Any]:
    """Select how many listings a category has, and the quartiles of their prices."""
    quartiles: list[Any] = [
        func.percentile_cont(share).within_group(Listing.price) for share in (0.25, 0.5, 0.75)
    ]
    return select(func.count(), *quartiles).where(Listing.category == category)


def suggest(row: Row[Any], condition: Condition) -> Suggestion | None:
    """Turn the answer to `comparables` into a price; None when nothing compares."""
    number = row[0]
    if not number:
        return None
    factor = _FACTOR[condition]
    low, middle, high = (_cents(row[position], factor) for position in (1, 2, 3))
    return Suggestion(price=middle, low=low, high=high, comparables=number)


def _cents(price: float, factor: Decimal) -> Decimal:
    return (Decimal(str(price)) * factor).quantize(Decimal("0.01"))
