"""What the routes take and give, as JSON."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from .models import Condition, SnapStatus

Title = Annotated[str, Field(min_length=1, max_length=200)]
Category = Annotated[str, Field(min_length=1, max_length=50, pattern=r"^[a-z-]+$")]


class ListingOut(BaseModel):
    """A listing; prices are in euros."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    category: str
    condition: Condition
    price: float
    created_at: datetime


class ListingsOut(BaseModel):
    """Listings, cheapest first."""

    items: list[ListingOut]
    count: int


class SnapIn(BaseModel):
    """An item that a seller wants priced."""

    title: Title
    category: Category
    condition: Condition = Condition.GOOD


class SnapOut(BaseModel):
    """A snap and where it is in its life."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    status: SnapStatus
    title: str
    category: str
    condition: Condition
    suggested_price: float | None
    problem: str | None
    created_at: datetime


class SnapAccepted(BaseModel):
    """The job that was queued."""

    id: str
    status: SnapStatus


class PricingIn(BaseModel):
    """An item to price at once."""

    category: Category
    condition: Condition = Condition.GOOD


class PricingOut(BaseModel):
    """A suggested price in euros, and the range that comparable listings ask for."""

    suggested_price: float
    low: float
    high: float
    comparables: int
