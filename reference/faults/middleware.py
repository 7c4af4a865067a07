"""Health-endpoint faults."""

from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send


class HealthFaults:
    """Lets everything pass, for now."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self.app = app
        self.folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
