"""Slow queries: the database's answers reach the application late, inside what it measures of them."""

import asyncio
import time
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.util import await_only

from .switch import OFF, QUERIES

SLOWER = 0.6
"""Seconds: more than the half second up to which a request is quick, less than a query may take."""
_PING = "SELECT 1"


def install(folder: Path) -> None:
    """Let the switch in the deployment's folder slow down each query of this process, pings apart.

    It has to be installed before engines are made: their own listeners then come after ours.
    """

    @event.listens_for(Engine, "after_cursor_execute")
    def hold_back(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if QUERIES.read(folder) == OFF or statement == _PING:
            return
        if connection.dialect.is_async:
            await_only(asyncio.sleep(SLOWER))
        else:
            time.sleep(SLOWER)
