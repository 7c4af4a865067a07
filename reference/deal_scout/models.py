"""The tables, and the listings that a fresh database starts with."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import count

from sqlalchemy import DateTime, Integer, Numeric, String, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The base of all tables."""


class Condition(StrEnum):
    """How worn an item is."""

    NEW = "new"
    GOOD = "good"
    FAIR = "fair"


class SnapStatus(StrEnum):
    """Where a snap is in its life: queued, priced, or impossible to price."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


class Listing(Base):
    """Something for sale."""

    __tablename__ = "listings"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    category: Mapped[str] = mapped_column(String(50), index=True)
    condition: Mapped[str] = mapped_column(String(10))
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2), index=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Snap(Base):
    """A seller's item on its way to a listing: the worker finds its price."""

    __tablename__ = "snaps"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    category: Mapped[str] = mapped_column(String(50))
    condition: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(10), default=SnapStatus.PENDING.value)
    suggested_price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    problem: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


_ITEMS: dict[str, tuple[tuple[str, str], ...]] = {
    "bikes": (
        ("City bike, 7 gears", "140.00"),
        ("Cargo bike with box", "980.00"),
        ("Gravel bike, carbon fork", "760.00"),
        ("Children's bike, 16 inch", "55.00"),
        ("Folding bike", "310.00"),
    ),
    "books": (
        ("Crime novels, box of twelve", "18.00"),
        ("Atlas of birds", "24.50"),
        ("Cookbook, signed", "32.00"),
        ("Comics, complete series", "75.00"),
    ),
    "electronics": (
        ("Mirrorless camera, 24 MP", "420.00"),
        ("Noise-cancelling headphones", "110.00"),
        ("27 inch monitor", "165.00"),
        ("Turntable, belt drive", "190.00"),
        ("Mechanical keyboard", "64.00"),
    ),
    "furniture": (
        ("Oak table for six", "350.00"),
        ("Reading lamp", "28.00"),
        ("Armchair, green", "145.00"),
        ("Bookcase, five shelves", "80.00"),
    ),
}
_WEAR = {Condition.NEW: Decimal("1.25"), Condition.GOOD: Decimal("1.00"), Condition.FAIR: Decimal("0.70")}


def seed_listings() -> list[dict[str, object]]:
    """Give the rows of a fresh database: every item in every condition, with ids that never change."""
    numbers = count(1)
    return [
        {
            "id": next(numbers),
            "title": title,
            "category": category,
            "condition": condition.value,
            "price": (Decimal(price) * wear).quantize(Decimal("0.01")),
        }
        for category, items in _ITEMS.items()
        for title, price in items
        for condition, wear in _WEAR.items()
    ]
