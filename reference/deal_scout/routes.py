"""The routes."""

import uuid
from decimal import Decimal
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client.exposition import choose_encoder
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.pool import QueuePool

from .admission import admitted
from .database import Database
from .health import Health
from .metrics import scrape_registry
from .models import Listing, Snap, SnapStatus
from .pricing import Suggestion, comparables, suggest
from .queueing import QueueUnavailableError, queue_snap
from .schemas import ListingOut, ListingsOut, PricingIn, PricingOut, SnapAccepted, SnapIn, SnapOut
from .security import seller

log = structlog.get_logger("deal_scout.api")
public = APIRouter()
# A turn ends with the work: a client that is slow to read its answer holds up nobody.
own_turn = Depends(admitted, scope="function")
sellers = APIRouter(prefix="/seller", dependencies=[Depends(seller), own_turn])


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _health(request: Request) -> Health:
    health: Health = request.app.state.health
    return health


Db = Annotated[Database, Depends(_database)]


@public.get("/ping")
async def ping() -> dict[str, str]:
    """Say that the process is alive; asks nothing of anyone."""
    return {"ping": "pong"}


@public.get("/health", response_class=JSONResponse)
async def health(checker: Annotated[Health, Depends(_health)]) -> JSONResponse:
    """Say whether the service can work: 200 when it can, 503 when a part of it is down."""
    report = await checker.report()
    return JSONResponse(
        report.as_dict(), status_code=200 if report.ok else 503, headers={"Cache-Control": "no-store"}
    )


@public.get("/metrics", response_class=Response)
async def metrics(request: Request, database: Db, checker: Annotated[Health, Depends(_health)]) -> Response:
    """Give all metrics to Prometheus."""
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)  # noqa: S101 - narrows the type
    registry = scrape_registry(pool, await checker.broker())
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), media_type=content_type)


@public.get("/listings", dependencies=[own_turn])
async def listings(
    database: Db,
    category: Annotated[str | None, Query(max_length=50)] = None,
    price_max: Annotated[Decimal | None, Query(ge=0, le=10_000_000)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> ListingsOut:
    """Find listings, cheapest first."""
    query = select(Listing).order_by(Listing.price, Listing.id).limit(limit)
    if category is not None:
        query = query.where(Listing.category == category)
    if price_max is not None:
        query = query.where(Listing.price <= price_max)

    async def find(session: AsyncSession) -> list[Listing]:
        return list(await session.scalars(query))

    items = [ListingOut.model_validate(listing) for listing in await database.run(find)]
    return ListingsOut(items=items, count=len(items))


@sellers.post("/snap", status_code=202)
async def create_snap(body: SnapIn, database: Db) -> SnapAccepted:
    """Take an item to be priced; the worker does it, `GET /seller/snap/{id}` tells when."""
    snap_id = uuid.uuid4().hex

    async def insert(session: AsyncSession) -> None:
        session.add(Snap(id=snap_id, **body.model_dump(mode="json")))

    async def withdraw(session: AsyncSession) -> None:
        await session.execute(delete(Snap).where(Snap.id == snap_id))

    # The worker may be quicker than we are: the row has to be there before the task is.
    await database.run(insert)
    try:
        await queue_snap(snap_id)
    except QueueUnavailableError:
        await database.run(withdraw)
        raise
    log.info("snap queued", snap_id=snap_id)
    return SnapAccepted(id=snap_id, status=SnapStatus.PENDING)


@sellers.get("/snap/{snap_id}")
async def get_snap(snap_id: str, database: Db) -> SnapOut:
    """Tell where a snap is in its life."""

    async def find(session: AsyncSession) -> Snap | None:
        return await session.get(Snap, snap_id)

    snap = await database.run(find)
    if snap is None:
        raise HTTPException(404, "There is no such snap.")
    return SnapOut.model_validate(snap)


@sellers.delete("/snap/{snap_id}", status_code=204, response_class=Response)
async def delete_snap(snap_id: str, database: Db) -> None:
    """Withdraw a snap, priced or not."""

    async def remove(session: AsyncSession) -> Snap | None:
        snap = await session.get(Snap, snap_id)
        if snap is not None:
            await session.delete(snap)
        return snap

    if await database.run(remove) is None:
        raise HTTPException(404, "There is no such snap.")


@sellers.post("/pricing/suggest")
async def suggest_price(body: PricingIn, database: Db) -> PricingOut:
    """Suggest a price from comparable listings, at once."""

    async def compare(session: AsyncSession) -> Suggestion | None:
        return suggest((await session.execute(comparables(body.category))).one(), body.condition)

    found = await database.run(compare)
    if found is None:
        raise HTTPException(404, "There are no comparable listings.")
    return PricingOut(
        suggested_price=float(found.price),
        low=float(found.low),
        high=float(found.high),
        comparables=found.comparables,
    )
