"""google-cloud-logging's handler that writes structured JSON to the standard output."""

import logging

from google.cloud.logging_v2.handlers import StructuredLogHandler, setup_logging

setup_logging(StructuredLogHandler(project_id="shop"), log_level=logging.INFO)
log = logging.getLogger("shop")
log.debug("not shown by default")
log.info("started")
log.info("listening", extra={"json_fields": {"port": 8000}, "labels": {"stage": "test"}})
log.info({"message": "listening", "port": 8000})
log.warning("disk nearly full")
log.error("payment refused")
try:
    {}["total"]
except KeyError:
    log.exception("order failed")
