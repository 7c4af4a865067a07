"""PostgreSQL for the API: every use of it ends in time, even when the server hangs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from sqlalchemy import exc, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from .metrics import observe_queries
from .models import Base, Listing, seed_listings

T = TypeVar("T")
log = structlog.get_logger("deal_scout.database")

# A server that vanished without a word (a pulled cable, a dropped firewall state) is noticed by the
# kernel, since nothing else would ever end a read from it.
CONNECT_ARGS: dict[str, Any] = {
    "connect_timeout": 2,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}
QUERY_TIME_LIMIT = 3.0
POOL_SIZE = 5
_SEED_LOCK = 20240115  # any number: it only has to be the same in every process that seeds


class DatabaseUnavailableError(Exception):
    """PostgreSQL refused, broke off, or did not answer within its time limit."""


class Database:
    """The API's access to PostgreSQL."""

    def __init__(self, url: URL) -> None:
        self.engine: AsyncEngine = create_async_engine(
            url,
            connect_args={**CONNECT_ARGS, "application_name": "deal-scout-api"},
            pool_pre_ping=True,
            pool_size=POOL_SIZE,
            # Connections beyond the pool's size are closed after each use, and to open one costs most of all.
            max_overflow=0,
            pool_timeout=2,
        )
        # A connection apart, so that requests which hold the whole pool cannot make the database look down.
        self._ping_engine: AsyncEngine = create_async_engine(
            url,
            connect_args={**CONNECT_ARGS, "application_name": "deal-scout-health"},
            pool_pre_ping=True,
            pool_size=1,
            max_overflow=0,
        )
        observe_queries(self.engine.sync_engine)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Do `work` in one transaction.

        Raises:
            DatabaseUnavailableError: also when there was no answer within three seconds. The work then goes on
                unobserved: cancelling it would wait for the very server that hangs.
        """
        task = asyncio.create_task(self._transaction(work))
        self._running.add(task)
        task.add_done_callback(self._finished)
        done, _ = await asyncio.wait({task}, timeout=QUERY_TIME_LIMIT)
        if not done:
            raise DatabaseUnavailableError(f"no answer within {QUERY_TIME_LIMIT:g} s")
        try:
            return task.result()
        except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
            raise DatabaseUnavailableError("connection failed") from error

    async def ping(self) -> None:
        """Ask PostgreSQL for one row; takes as long as PostgreSQL takes, so callers bring their own limit."""
        try:
            await self._ask()
        except exc.DBAPIError:
            # The pooled connection may have broken between its check and its use; a fresh one decides.
            await self._ask()

    async def prepare(self, wait: float) -> None:
        """Create the tables and the first listings, waiting up to `wait` seconds for PostgreSQL.

        Raises:
            DatabaseUnavailableError: when it did not come up in that time.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + wait
        while True:
            try:
                await self.run(_create_and_seed)
            except DatabaseUnavailableError:
                if clock() >= deadline:
                    raise
                await asyncio.sleep(0.05)
            else:
                log.info("database ready", listings=len(seed_listings()))
                return

    async def close(self) -> None:
        """Let the pooled connections go."""
        await self.engine.dispose()
        await self._ping_engine.dispose()

    async def _transaction(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        async with self._sessions.begin() as session:
            return await work(session)

    async def _ask(self) -> None:
        async with self._ping_engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # an error nobody waits for any more is no news


async def _create_and_seed(session: AsyncSession) -> None:
    # Several API processes may start at once; only one of them creates.
    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SEED_LOCK})
    connection = await session.connection()
    await connection.run_sync(Base.metadata.create_all)
    await session.execute(insert(Listing).on_conflict_do_nothing(), seed_listings())
