"""structlog in JSON, with the processors that its page on performance names."""

import logging

import structlog

structlog.configure(
    cache_logger_on_first_use=True,
    wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.JSONRenderer(),
    ],
)
log = structlog.get_logger()
log.debug("not shown by default")
log.info("started")
log.info("listening", port=8000)
log.warning("disk nearly full", used=0.91)
log.error("payment refused", order=17)
structlog.contextvars.bind_contextvars(request_id="a1b2")
try:
    {}["total"]
except KeyError:
    log.exception("order failed", order=18)
log.critical("shutting down")
