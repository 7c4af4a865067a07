"""Logging: one JSON object a line, the same for this service, uvicorn and Celery.

`app.log` or `celery.log` takes what its process says; `error.log` takes the ERROR and CRITICAL records of both.
"""

import logging
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_FIRST = ("timestamp", "level", "logger", "message", "request_id")


class LineFileHandler(WatchedFileHandler):
    """Appends each record with a single write, so that two processes can share a file without mixing lines.

    A file that was moved away (logrotate) is opened anew.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, mode="ab", encoding=None, delay=False)

    stream: Any  # a raw binary file, where the standard library has text

    def _open(self) -> Any:
        return Path(self.baseFilename).open("ab", buffering=0)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; a record that cannot be written is reported on stderr, as logging does."""
        try:
            self.reopenIfNeeded()
            self.stream.write(self.format(record).encode() + b"\n")
        except Exception:  # noqa: BLE001 - logging must not break what it describes
            self.handleError(record)


def configure_logging(log_dir: Path, file_name: str, level: int) -> None:
    """Send every record of this process to `log_dir/file_name`, and errors to `log_dir/error.log` too."""
    log_dir.mkdir(parents=True, exist_ok=True)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.processors.ExceptionRenderer(),
            structlog.processors.StackInfoRenderer(),
            _finish,
            structlog.processors.JSONRenderer(),
        ],
    )
    everything = LineFileHandler(log_dir / file_name)
    errors = LineFileHandler(log_dir / "error.log")
    errors.setLevel(logging.ERROR)
    for handler in (everything, errors):
        handler.setFormatter(formatter)

    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(everything)
    root.addHandler(errors)
    root.setLevel(level)
    _adopt_foreign_loggers()
    logging.captureWarnings(True)

    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _adopt_foreign_loggers() -> None:
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # Our own access record, with the request id, replaces uvicorn's.
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    # "Task received" is logged before the task's request id is known; the task's own records follow at once.
    logging.getLogger("celery.worker.strategy").setLevel(logging.WARNING)
    # At DEBUG these describe every byte and every poll.
    for name in ("asyncio", "kombu", "amqp", "psycopg", "celery.bootsteps", "celery.utils.functional"):
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLogger().level))


def _finish(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Order the fields as the guide shows them, and stamp the record with the time it was made."""
    record: logging.LogRecord = event.pop("_record")
    event.pop("_from_structlog", None)
    moment = datetime.fromtimestamp(record.created, UTC)
    event["timestamp"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    event["level"] = record.levelname
    event["logger"] = record.name
    event["message"] = event.pop("event")
    return {**{key: event[key] for key in _FIRST if key in event}, **event}
