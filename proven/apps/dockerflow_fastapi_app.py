"""Dockerflow in FastAPI, with one check."""

from pathlib import Path

from dockerflow import checks
from dockerflow.fastapi import router
from fastapi import FastAPI

app = FastAPI()
app.include_router(router)
app.state.APP_DIR = str(Path.cwd())


@checks.register
def database() -> list[checks.CheckMessage]:
    """Stands for a real dependency."""
    return [checks.Error("connection refused", id="example.E001")] if Path("sick").exists() else []
