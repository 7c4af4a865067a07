"""The Logger of AWS Lambda Powertools, with a service and without further options."""

from aws_lambda_powertools import Logger

log = Logger(service="shop")
log.debug("not shown by default")
log.info("started")
log.info("listening", port=8000)
log.info({"event": "listening", "port": 8000})
log.warning("disk nearly full", extra={"used": 0.91})
log.error("payment refused")
log.append_keys(order=18)
try:
    {}["total"]
except KeyError:
    log.exception("order failed")
