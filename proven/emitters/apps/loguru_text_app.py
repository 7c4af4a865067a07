"""loguru as it is without options, to a file: its text has no colours there."""

from loguru import logger

logger.debug("cache is cold")
logger.info("started")
logger.success("all orders were sent")
logger.warning("disk nearly full")
logger.error("payment refused")
try:
    {}["total"]
except KeyError:
    logger.exception("order failed")
