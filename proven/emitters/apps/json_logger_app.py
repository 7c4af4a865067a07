"""python-json-logger: first as its quick start has it, then with time and level named in the format."""

import logging

from pythonjsonlogger.json import JsonFormatter


def speak(formatter: logging.Formatter) -> None:
    """Log one of each through this formatter."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    log = logging.getLogger("shop")
    log.handlers, log.propagate = [handler], False
    log.setLevel(logging.INFO)
    log.debug("not shown by default")
    log.info("started")
    log.info("listening on %s", "127.0.0.1", extra={"port": 8000})
    log.warning("disk nearly full", extra={"used": 0.91})
    log.error("payment refused", extra={"order": 17})
    try:
        {}["total"]
    except KeyError:
        log.exception("order failed", extra={"order": 18})


speak(JsonFormatter())
speak(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
speak(JsonFormatter("{asctime}{levelname}{message}", style="{", timestamp=True))
