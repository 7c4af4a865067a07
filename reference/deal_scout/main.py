"""The API: `uvicorn reference.deal_scout.main:create_app --factory`."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp

from . import __version__
from .admission import Admission, OverloadedError, RefuseEarly, refuse
from .database import POOL_SIZE, Database, DatabaseUnavailableError
from .health import Health
from .logs import configure_logging
from .middleware import RequestMiddleware
from .queueing import QueueUnavailableError
from .routes import public, sellers
from .settings import Settings

log = structlog.get_logger("deal_scout.api")
STARTUP_WAIT = 30.0


def create_app(around_routes: Callable[[ASGIApp], ASGIApp] = RequestMiddleware) -> FastAPI:
    """Build the application, from the settings in the environment.

    `around_routes` makes what stands around the routes, and sees every request before they do.

    Raises:
        SettingsError: when the environment does not describe a runnable service.
    """
    settings = Settings.from_environment()
    configure_logging(settings.log_dir, "app.log", settings.log_level_number)
    app = FastAPI(title="Deal Scout", version=__version__, lifespan=_lifespan, redirect_slashes=False)
    app.state.settings = settings
    # Each request uses one connection at a time: with more of them they would wait for one another.
    app.state.admission = Admission(at_once=POOL_SIZE)
    app.state.routes = [*public.routes, *sellers.routes]
    app.include_router(public)
    app.include_router(sellers)
    app.add_middleware(RefuseEarly, admission=app.state.admission)
    app.add_middleware(around_routes)
    app.add_exception_handler(DatabaseUnavailableError, _dependency_down)
    app.add_exception_handler(QueueUnavailableError, _dependency_down)
    app.add_exception_handler(OverloadedError, refuse)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    database = Database(settings.database_url)
    health = Health(database, settings.redis_url, settings.health_timeout)
    app.state.database = database
    app.state.health = health
    try:
        await database.prepare(wait=STARTUP_WAIT)
    except DatabaseUnavailableError:
        log.critical("database did not come up", waited_s=STARTUP_WAIT)
        raise
    log.info("started", version=__version__, log_level=settings.log_level)
    yield
    log.info("stopping")
    await health.close()
    await database.close()


async def _dependency_down(_request: Request, error: Exception) -> JSONResponse:
    log.error("dependency failed", error=type(error).__name__, exc_info=error)
    return JSONResponse(
        {"detail": "A part of the service is down; try again later."},
        status_code=503,
        headers={"Retry-After": "5"},
    )
