"""mozlog: the JSON formatter of dockerflow, as its documentation configures it."""

import logging.config

logging.config.dictConfig(
    {
        "version": 1,
        "formatters": {"json": {"()": "dockerflow.logging.JsonLogFormatter", "logger_name": "shop"}},
        "handlers": {"console": {"level": "DEBUG", "class": "logging.StreamHandler", "formatter": "json"}},
        "loggers": {"shop.orders": {"handlers": ["console"], "level": "DEBUG"}},
    }
)
log = logging.getLogger("shop.orders")
log.debug("cache is cold")
log.info("started")
log.info("listening", extra={"port": 8000})
log.warning("disk nearly full", extra={"used": 0.91})
log.error("payment refused", extra={"order": 17})
try:
    {}["total"]
except KeyError:
    log.exception("order failed")
