"""Is the service healthy? It asks PostgreSQL and Redis, at the same time, and answers within a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from . import __version__
from .beat import KEY, SILENT
from .database import Database

T = TypeVar("T")
log = structlog.get_logger("deal_scout.health")
QUEUE = "celery"


class Shared(Generic[T]):
    """One call at a time to something that may hang, shared by all who ask meanwhile.

    A call that hangs is never cancelled: cancelling a query waits for the server that hangs. It is joined by
    the next callers instead of being piled upon, and when the server resumes, or dies, it ends by itself.
    """

    def __init__(self, call: Callable[[], Awaitable[T]]) -> None:
        self._call = call
        self._task: asyncio.Task[T] | None = None

    async def within(self, seconds: float) -> T:
        """Wait for the running call, or a new one.

        Raises:
            TimeoutError: when it did not end within `seconds`; and whatever the call raised.
        """
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
            self._task.add_done_callback(_retrieve)
        task = self._task
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            raise TimeoutError(f"no answer within {seconds:g} s")
        return task.result()

    async def _run(self) -> T:
        return await self._call()


def _retrieve(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()  # its callers may all have given up by now


@dataclass(frozen=True)
class HealthReport:
    """What `/health` says, field by field."""

    ok: bool
    db: bool
    redis: bool
    queue_depth: int | None
    version: str
    time: str

    def as_dict(self) -> dict[str, Any]:
        """Give the fields in the guide's order."""
        return asdict(self)


class Health:
    """Asks the dependencies how they are."""

    def __init__(self, database: Database, redis_url: str, limit: float) -> None:
        self._redis = Redis.from_url(
            redis_url,
            socket_timeout=limit,
            socket_connect_timeout=limit,
            # A pooled connection that a restart broke is replaced once; a silent server is not asked twice.
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        )
        self._limit = limit
        self._db_ping = Shared(database.ping)
        self._broker = Shared(self._ask_redis)
        self._was_up: dict[str, bool] = {}

    async def report(self) -> HealthReport:
        """Ask both dependencies at once; the slower one decides how long it takes, up to the limit."""
        db, broker = await asyncio.gather(self._database_answers(), self.broker())
        redis = broker is not None
        return HealthReport(
            ok=db and redis,
            db=db,
            redis=redis,
            queue_depth=None if broker is None else broker[0],
            version=__version__,
            time=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )

    async def broker(self) -> tuple[int, int] | None:
        """Count the waiting tasks and the workers; None when Redis does not answer in time."""
        try:
            counts = await self._broker.within(self._limit)
        except (RedisError, OSError, TimeoutError) as error:
            self._note("redis", up=False, error=error)
            return None
        self._note("redis", up=True)
        return counts

    async def close(self) -> None:
        """Let the connections go."""
        await self._redis.aclose()

    async def _database_answers(self) -> bool:
        try:
            await self._db_ping.within(self._limit)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            self._note("database", up=False, error=error)
            return False
        self._note("database", up=True)
        return True

    async def _ask_redis(self) -> tuple[int, int]:
        asked = self._redis.pipeline(transaction=False).llen(QUEUE)
        length, workers = await asked.zcount(KEY, time.time() - SILENT, "+inf").execute()
        return int(length), int(workers)

    def _note(self, part: str, *, up: bool, error: BaseException | None = None) -> None:
        """Log a change once, not every probe. The guide calls a database that is down CRITICAL."""
        if self._was_up.get(part, True) != up:
            if up:
                log.info("dependency reachable again", dependency=part)
            else:
                level = log.critical if part == "database" else log.error
                level("dependency unreachable", dependency=part, reason=type(error).__name__)
        self._was_up[part] = up
