"""Settings, read from the environment once and validated as a whole."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
MINIMUM_TOKEN_LENGTH = 16


class SettingsError(Exception):
    """The environment does not describe a runnable service; the message names every variable at fault."""


@dataclass(frozen=True)
class Settings:
    """What differs between two deployments of the service. Secrets stay out of the representation."""

    database_url: URL = field(repr=False)
    redis_url: str = field(repr=False)
    api_token: str = field(repr=False)
    log_level: str = "INFO"
    log_dir: Path = Path("/var/log/deal-scout")
    health_timeout: float = 0.7
    """Seconds that a dependency has to answer a health check; the whole answer is promised within one."""
    snap_seconds: float = 0.2
    """Seconds that the worker spends on a snap's picture. It stands in for the recognition service."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings.

        Raises:
            SettingsError: naming every missing or malformed variable, never its value.
        """
        environ = os.environ if environ is None else environ
        problems: list[str] = []
        database_url = _database_url(environ.get("DATABASE_URL", ""), problems)
        redis_url = environ.get("REDIS_URL", "")
        if not redis_url.startswith(("redis://", "rediss://", "unix://")):
            problems.append("REDIS_URL must be a redis://, rediss:// or unix:// URL")
        api_token = environ.get("API_TOKEN", "")
        if len(api_token) < MINIMUM_TOKEN_LENGTH:
            problems.append(f"API_TOKEN must have at least {MINIMUM_TOKEN_LENGTH} characters")
        log_level = environ.get("LOG_LEVEL", cls.log_level).upper()
        if log_level not in LOG_LEVELS:
            problems.append(f"LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}")
        health_timeout = _seconds(environ, "HEALTH_TIMEOUT", cls.health_timeout, problems)
        snap_seconds = _seconds(environ, "SNAP_SECONDS", cls.snap_seconds, problems)
        if problems:
            raise SettingsError("; ".join(problems))
        return cls(
            database_url=database_url,
            redis_url=redis_url,
            api_token=api_token,
            log_level=log_level,
            log_dir=Path(environ.get("LOG_DIR") or cls.log_dir),
            health_timeout=health_timeout,
            snap_seconds=snap_seconds,
        )

    @property
    def log_level_number(self) -> int:
        """The log level as the standard library counts it."""
        return logging.getLevelNamesMapping()[self.log_level]


def _database_url(text: str, problems: list[str]) -> URL:
    try:
        url = make_url(text)
    except ArgumentError:
        problems.append("DATABASE_URL must be a postgresql:// URL")
        return URL.create("postgresql+psycopg")
    if url.get_backend_name() not in ("postgresql", "postgres"):
        problems.append("DATABASE_URL must be a postgresql:// URL")
    # The same variable serves psql, which knows nothing of SQLAlchemy's driver names.
    return url.set(drivername="postgresql+psycopg")


def _seconds(environ: Mapping[str, str], name: str, default: float, problems: list[str]) -> float:
    text = environ.get(name, "")
    if not text:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 60:
        problems.append(f"{name} must be a number of seconds between 0 and 60")
    return seconds
