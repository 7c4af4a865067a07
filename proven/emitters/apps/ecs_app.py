"""ecs-logging's formatter for Python's logging, as its documentation begins."""

import logging

import ecs_logging

handler = logging.StreamHandler()
handler.setFormatter(ecs_logging.StdlibFormatter())
log = logging.getLogger("shop")
log.setLevel(logging.DEBUG)
log.addHandler(handler)
log.debug("cache is cold")
log.info("started")
log.info("listening", extra={"server.port": 8000, "http.request.method": "get"})
log.warning("disk nearly full", extra={"used": 0.91})
log.error("payment refused", extra={"order": 17})
try:
    {}["total"]
except KeyError:
    log.exception("order failed")
